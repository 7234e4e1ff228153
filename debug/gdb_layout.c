/* debug/gdb_layout.c - see debug/gdb_layout.h. */
#include "debug/gdb_layout.h"

#include "debug/gdb_server.h"

#define I386          BIT(GDB_LAYOUT_I386)
#define X86_64        BIT(GDB_LAYOUT_X86_64)
#define BOTH          (I386 | X86_64)

#define AT(member)    offsetof(struct debug_registers, member)
#define SEGMENT(part) AT(cpu.segments[0].part), sizeof(struct guest_segment)

static const uint8_t order_of_gpr[] = {RAX, RBX, RCX, RDX, RSI, RDI, RBP, RSP,
				       R8,  R9,  R10, R11, R12, R13, R14, R15};
static const uint8_t order_of_segments[] = {GUEST_CS, GUEST_SS, GUEST_DS,   GUEST_ES,
					    GUEST_FS, GUEST_GS, GUEST_LDTR, GUEST_TR};
/* FCW, FSW, FTW, FCS, FIP, FDS, FDP, FOP: where they are in FXSAVE's image. */
static const uint8_t order_of_fpu[] = {0, 2, 4, 12, 8, 20, 16, 6};

static const char base_names[] = "cs_base ss_base ds_base es_base fs_base gs_base";
static const char xmm_names[] = "xmm0 xmm1 xmm2 xmm3 xmm4 xmm5 xmm6 xmm7 xmm8 xmm9 xmm10 xmm11 "
				"xmm12 xmm13 xmm14 xmm15";

/* A register's number is its place in the table, among those of its layout. */
const struct gdb_group gdb_groups[] = {
	{"eax ecx edx ebx esp ebp esi edi", NULL, AT(cpu.gpr), 8, 8, 8, 0, I386, GDB_GPR, GDB_CORE},
	{"rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15", order_of_gpr, AT(cpu.gpr),
	 8, 16, 8, 0, X86_64, GDB_GPR, GDB_CORE},
	{"eip", NULL, AT(cpu.rip), 0, 1, 8, 0, I386, GDB_CODE, GDB_CORE},
	{"rip", NULL, AT(cpu.rip), 0, 1, 8, 0, X86_64, GDB_CODE, GDB_CORE},
	{"eflags", NULL, AT(cpu.rflags), 0, 1, 8, 4, BOTH, GDB_EFLAGS, GDB_CORE},
	{"cs ss ds es fs gs", order_of_segments, SEGMENT(selector), 6, 2, 4, BOTH, GDB_INT,
	 GDB_CORE},
	{"st0 st1 st2 st3 st4 st5 st6 st7", NULL, AT(fpu[32]), 16, 8, 10, 10, BOTH, GDB_FPU,
	 GDB_CORE},
	{"fctrl fstat ftag fiseg fioff foseg fooff fop", order_of_fpu, AT(fpu), 1, 8, 2, 4, BOTH,
	 GDB_FPU_CONTROL, GDB_CORE},
	{xmm_names, NULL, AT(fpu[160]), 16, 8, 16, 16, I386, GDB_VECTOR, GDB_SSE},
	{xmm_names, NULL, AT(fpu[160]), 16, 16, 16, 16, X86_64, GDB_VECTOR, GDB_SSE},
	{"mxcsr", NULL, AT(fpu[24]), 0, 1, 4, 4, BOTH, GDB_MXCSR, GDB_SSE},
	{"fs_base gs_base", order_of_segments + 4, SEGMENT(base), 2, 8, 0, X86_64, GDB_INT,
	 GDB_SEGMENTS},
	{base_names, order_of_segments, SEGMENT(base), 6, 8, 0, I386, GDB_INT, GDB_SYSTEM},
	{base_names, order_of_segments, SEGMENT(base), 4, 8, 0, X86_64, GDB_INT, GDB_SYSTEM},
	{"cs_limit ss_limit ds_limit es_limit fs_limit gs_limit ldtr_limit tr_limit",
	 order_of_segments, SEGMENT(limit), 8, 4, 4, BOTH, GDB_INT, GDB_SYSTEM},
	{"cs_access ss_access ds_access es_access fs_access gs_access ldtr_access tr_access",
	 order_of_segments, SEGMENT(access), 8, 4, 4, BOTH, GDB_INT, GDB_SYSTEM},
	{"ldtr tr", order_of_segments + 6, SEGMENT(selector), 2, 2, 4, BOTH, GDB_INT, GDB_SYSTEM},
	{"ldtr_base tr_base", order_of_segments + 6, SEGMENT(base), 2, 8, 0, BOTH, GDB_INT,
	 GDB_SYSTEM},
	{"gdtr_base idtr_base", NULL, AT(cpu.gdtr.base), sizeof(struct guest_table), 2, 8, 0, BOTH,
	 GDB_INT, GDB_SYSTEM},
	{"gdtr_limit idtr_limit", NULL, AT(cpu.gdtr.limit), sizeof(struct guest_table), 2, 2, 4,
	 BOTH, GDB_INT, GDB_SYSTEM},
	/* Four bytes: gdb sets no flags of eight, and the upper halves are empty. */
	{"cr0", NULL, AT(cpu.cr0), 0, 1, 8, 4, BOTH, GDB_CR0, GDB_SYSTEM},
	{"cr2 cr3", NULL, AT(cpu.cr2), 8, 2, 8, 0, BOTH, GDB_INT, GDB_SYSTEM},
	{"cr4", NULL, AT(cpu.cr4), 0, 1, 8, 4, BOTH, GDB_CR4, GDB_SYSTEM},
	{"cr8", NULL, AT(cpu.cr8), 0, 1, 8, 0, BOTH, GDB_INT, GDB_SYSTEM},
	{"efer", NULL, AT(cpu.efer), 0, 1, 8, 4, BOTH, GDB_EFER, GDB_SYSTEM},
	{"dr0 dr1 dr2 dr3", NULL, AT(dr), 8, 4, 8, 0, BOTH, GDB_INT, GDB_SYSTEM},
	{"dr6 dr7", NULL, AT(cpu.dr6), 8, 2, 8, 0, BOTH, GDB_INT, GDB_SYSTEM},
};

const unsigned gdb_group_count = ARRAY_SIZE(gdb_groups);

_Static_assert(sizeof(struct debug_registers) <= UINT16_MAX, "offsets have 16 bits");
_Static_assert(AT(cpu.cr3) == AT(cpu.cr2) + 8 && AT(cpu.dr7) == AT(cpu.dr6) + 8, "neighbours");
_Static_assert(AT(cpu.idtr) == AT(cpu.gdtr) + sizeof(struct guest_table), "neighbours");
