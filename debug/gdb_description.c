/* debug/gdb_description.c - the registers as XML, out of the table in debug/gdb_layout.c. */
#include "debug/gdb_layout.h"
#include "debug/gdb_parts.h"

/* Bits by name and number. */
static const char *const flags[GDB_TYPES - GDB_FLAGS] = {
	"i386_eflags CF:0 :1 PF:2 AF:4 ZF:6 SF:7 TF:8 IF:9 DF:10 OF:11 NT:14 RF:16 VM:17 AC:18 "
	"VIF:19 VIP:20 ID:21",
	"i386_mxcsr IE:0 DE:1 ZE:2 OE:3 UE:4 PE:5 DAZ:6 IM:7 DM:8 ZM:9 OM:10 UM:11 PM:12 FZ:15",
	"cr0_flags PE:0 MP:1 EM:2 TS:3 ET:4 NE:5 WP:16 AM:18 NW:29 CD:30 PG:31",
	"cr4_flags VME:0 PVI:1 TSD:2 DE:3 PSE:4 PAE:5 MCE:6 PGE:7 PCE:8 OSFXSR:9 OSXMMEXCPT:10 "
	"UMIP:11 LA57:12 VMXE:13 SMXE:14 FSGSBASE:16 PCIDE:17 OSXSAVE:18 SMEP:20 SMAP:21 PKE:22 "
	"CET:23 PKS:24",
	"efer_flags SCE:0 LME:8 LMA:10 NXE:11",
};

static const struct {
	const char *name, *type;
	unsigned count;
} vectors[] = {
	{"v4_float", "ieee_single", 4}, {"v2_double", "ieee_double", 2}, {"v16_int8", "int8", 16},
	{"v8_int16", "int16", 8},       {"v4_int32", "int32", 4},        {"v2_int64", "int64", 2},
};

static const char *const features[GDB_FEATURES] = {
	"org.gnu.gdb.i386.core",
	"org.gnu.gdb.i386.sse",
	"org.gnu.gdb.i386.segments",
	"org.lintel.system",
};

static void declare_vector(struct gdb_window *w)
{
	for (unsigned i = 0; i < ARRAY_SIZE(vectors); i++)
		gdb_window_text(w, "<vector id=\"%s\" type=\"%s\" count=\"%u\"/>", vectors[i].name,
				vectors[i].type, vectors[i].count);
	gdb_window_text(w, "<union id=\"vec128\">");
	for (unsigned i = 0; i < ARRAY_SIZE(vectors); i++)
		gdb_window_text(w, "<field name=\"%s\" type=\"%s\"/>", vectors[i].name,
				vectors[i].name);
	gdb_window_text(w, "<field name=\"uint128\" type=\"uint128\"/></union>");
}

static void declare_flags(struct gdb_window *w, struct text list, unsigned bytes)
{
	struct text word, name, bit;

	(void)text_next_word(&list, &word);
	gdb_window_text(w, "<flags id=\"%.*s\" size=\"%u\">", (int)word.len, word.at, bytes);
	while (text_next_word(&list, &word)) {
		name = word;
		(void)text_next_piece(&word, ':', &name);
		bit = word;
		gdb_window_text(w, "<field name=\"%.*s\" start=\"%.*s\" end=\"%.*s\"/>",
				(int)name.len, name.at, (int)bit.len, bit.at, (int)bit.len, bit.at);
	}
	gdb_window_text(w, "</flags>");
}

static void describe_type(struct gdb_window *w, const struct gdb_group *g, struct text name,
			  unsigned wire)
{
	static const char *const types[] = {
		[GDB_CODE] = "code_ptr",
		[GDB_FPU] = "i387_ext",
		[GDB_FPU_CONTROL] = "int\" group=\"float",
		[GDB_VECTOR] = "vec128",
	};
	const char last = name.at[name.len - 1];
	struct text list, word;

	if (g->type >= GDB_FLAGS) {
		list = text_from(flags[g->type - GDB_FLAGS]);
		(void)text_next_word(&list, &word);
		gdb_window_text(w, "%.*s", (int)word.len, word.at);
	} else if (g->type == GDB_GPR && last == 'p') { /* esp, rsp, ebp, rbp */
		gdb_window_text(w, "data_ptr");
	} else if (g->type <= GDB_GPR) {
		gdb_window_text(w, "int%u", wire * 8);
	} else {
		gdb_window_text(w, "%s", types[g->type]);
	}
}

static void describe_group(struct gdb_window *w, const struct gdb_group *g, unsigned number,
			   unsigned wire)
{
	struct text names = text_from(g->names), name;

	if (g->type >= GDB_FLAGS)
		declare_flags(w, text_from(flags[g->type - GDB_FLAGS]), wire);
	if (g->type == GDB_VECTOR)
		declare_vector(w);
	for (unsigned i = 0; i < g->count && text_next_word(&names, &name); i++) {
		gdb_window_text(w, "<reg name=\"%.*s\" bitsize=\"%u\" regnum=\"%u\" type=\"",
				(int)name.len, name.at, wire * 8, number + i);
		describe_type(w, g, name, wire);
		gdb_window_text(w, g->feature == GDB_SYSTEM ? "\" group=\"system\"/>" : "\"/>");
	}
}

void gdb_describe_registers(struct gdb_window *w, enum gdb_layout layout, enum debug_mode mode,
			    bool has_fpu)
{
	static const char *const architectures[] = {"i8086", "i386", "i386:x86-64"};
	unsigned number = 0, feature = GDB_FEATURES;

	gdb_window_text(w,
			"<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
			"<target version=\"1.0\"><architecture>%s</architecture>",
			architectures[mode]);
	for (unsigned i = 0; i < gdb_group_count; i++) {
		const struct gdb_group *g = &gdb_groups[i];

		if ((g->layouts & BIT(layout)) == 0)
			continue;
		if (g->feature != GDB_SSE || has_fpu) {
			if (feature != g->feature)
				gdb_window_text(w, "%s<feature name=\"%s\">",
						feature == GDB_FEATURES ? "" : "</feature>",
						features[g->feature]);
			feature = g->feature;
			describe_group(w, g, number,
				       g->wire != 0                  ? g->wire
				       : layout == GDB_LAYOUT_X86_64 ? 8u
								     : 4u);
		}
		number += g->count;
	}
	gdb_window_text(w, "</feature></target>");
}
