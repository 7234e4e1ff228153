/* kernel/trap_text.c - see kernel/trap_text.h. Spec: SDM 3A "Exception and Interrupt Reference". */
#include "kernel/trap_text.h"

#include "kernel/text.h"

struct trap_words {
	const char *name, *words;
};

static const struct trap_words exceptions[32] = {
	[EXC_DE] = {"#DE", "divide error"},
	[EXC_DB] = {"#DB", "debug exception"},
	[EXC_NMI] = {"NMI", "non-maskable interrupt"},
	[EXC_BP] = {"#BP", "breakpoint"},
	[EXC_OF] = {"#OF", "overflow"},
	[EXC_BR] = {"#BR", "bound range exceeded"},
	[EXC_UD] = {"#UD", "invalid opcode"},
	[EXC_NM] = {"#NM", "device not available"},
	[EXC_DF] = {"#DF", "double fault"},
	[EXC_TS] = {"#TS", "invalid TSS"},
	[EXC_NP] = {"#NP", "segment not present"},
	[EXC_SS] = {"#SS", "stack segment fault"},
	[EXC_GP] = {"#GP", "general protection fault"},
	[EXC_PF] = {"#PF", "page fault"},
	[EXC_MF] = {"#MF", "x87 floating-point error"},
	[EXC_AC] = {"#AC", "alignment check"},
	[EXC_MC] = {"#MC", "machine check"},
	[EXC_XM] = {"#XM", "SIMD floating-point exception"},
	[20] = {"#VE", "virtualization exception"},
	[21] = {"#CP", "control protection exception"},
};

const char *trap_name(uint64_t vector)
{
	if (vector < ARRAY_SIZE(exceptions) && exceptions[vector].name != NULL)
		return exceptions[vector].name;
	return vector < 32 ? "#?" : "interrupt";
}

const char *trap_words(uint64_t vector)
{
	if (vector < ARRAY_SIZE(exceptions) && exceptions[vector].words != NULL)
		return exceptions[vector].words;
	return vector < 32 ? "reserved exception" : "interrupt";
}

static void describe_page_fault(uint64_t error, uint64_t cr2, char *to)
{
	const char *what = "read";
	const char *why = "page not present";

	if ((error & PF_FETCH) != 0)
		what = "instruction fetch";
	else if ((error & PF_WRITE) != 0)
		what = "write";
	if ((error & PF_RSVD) != 0)
		why = "reserved bit set in a page table";
	else if ((error & PF_PRESENT) != 0)
		why = "protection";
	text_format(to, TRAP_TEXT_BYTES, "%s%s, %s, at 0x%016llx%s", what,
		    (error & PF_USER) != 0 ? " from user mode" : "", why, (unsigned long long)cr2,
		    cr2 < PAGE_4K ? " (a null pointer?)" : "");
}

/* SDM 3A "Error Code": EXT, IDT, TI, and the index. */
static void describe_selector(uint64_t error, char *to)
{
	const char *table = "GDT";

	if (error == 0) {
		to[0] = '\0';
		return;
	}
	if ((error & BIT(1)) != 0)
		table = "IDT";
	else if ((error & BIT(2)) != 0)
		table = "LDT";
	text_format(to, TRAP_TEXT_BYTES, "%s entry %llu%s", table,
		    (unsigned long long)(error >> 3 & 0x1fff),
		    (error & BIT(0)) != 0 ? ", while an event was being delivered" : "");
}

void trap_describe(const struct trap_frame *f, uint64_t cr2, char *to)
{
	switch (f->vector) {
	case EXC_PF:
		describe_page_fault(f->error_code, cr2, to);
		break;
	case EXC_TS:
	case EXC_NP:
	case EXC_SS:
	case EXC_GP:
		describe_selector(f->error_code, to);
		break;
	default:
		to[0] = '\0';
	}
}
