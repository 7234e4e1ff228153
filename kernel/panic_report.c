/* kernel/panic_report.c - see kernel/panic_report.h. */
#include "kernel/panic_report.h"

#include "kernel/cpu.h"
#include "kernel/layout.h"
#include "kernel/log.h"
#include "kernel/stacks.h"
#include "kernel/symbols.h"
#include "kernel/trap_text.h"

#define BACKTRACE_LINES  24u
#define BACKTRACE_FRAMES 10000u

void panic_line(const char *format, ...)
{
	char line[240];
	va_list args;
	size_t len;

	va_start(args, format);
	len = text_vformat(line, sizeof(line), format, args);
	va_end(args);
	log_print_now(LOG_ERROR, line, min_u64(len, sizeof(line) - 1));
}

static void print_place(const char *before, uintptr_t at, uintptr_t look_up)
{
	uint64_t offset;
	const char *name = symbols_find(look_up, &offset);

	if (name != NULL)
		panic_line("%s0x%016llx %s+%#lx", before, (unsigned long long)at, name,
			   offset + (at - look_up));
	else
		panic_line("%s0x%016llx", before, (unsigned long long)at);
}

static bool is_frame(uintptr_t frame)
{
	return frame % 8 == 0 && stacks_contain(frame) && stacks_contain(frame + 15);
}

/* The chain of frame pointers, as far as it stays on stacks. A recursion takes two lines. */
static void backtrace(uintptr_t frame)
{
	uintptr_t last = 0;
	unsigned repeats = 0, lines = 0;

	panic_line("backtrace:");
	for (unsigned i = 0; i < BACKTRACE_FRAMES && lines < BACKTRACE_LINES && is_frame(frame);
	     i++) {
		const uintptr_t *words = (const uintptr_t *)frame;
		uintptr_t at = words[1];

		if (at == 0 || words[0] == frame)
			return;
		frame = words[0];
		if (at == last) {
			repeats++;
			continue;
		}
		if (repeats > 0)
			panic_line("  ... and %u times more", repeats);
		/* A call that does not return may end its function: look at its last byte. */
		print_place("  ", at, at - 1);
		last = at;
		repeats = 0;
		lines++;
	}
	if (repeats > 0)
		panic_line("  ... and %u times more", repeats);
}

/* Stack overflow comes as #PF if there was room to push, else as #DF; CR2 is right for both. */
static void explain_guard(const struct trap_frame *f, uint64_t cr2)
{
	struct stack_guard_hit hit;

	if (f->vector != EXC_PF && f->vector != EXC_DF)
		return;
	if (!stacks_find_guard(cr2, &hit))
		return;
	panic_line("%s: guard page %s the %s stack of core %u",
		   hit.below ? "stack overflow" : "stack underflow", hit.below ? "below" : "above",
		   stacks_name(hit.kind), hit.index);
}

/* UBSan's traps and __builtin_unreachable() are UD2 (GCC) or UD1 (clang), which nothing else uses.
 * */
static void explain_undefined(const struct trap_frame *f)
{
	const uint8_t *code = (const uint8_t *)f->rip;

	if (f->vector != EXC_UD || f->rip < (uintptr_t)kernel_text_start ||
	    f->rip + 3 >= (uintptr_t)kernel_text_end)
		return;
	if (code[0] == 0x67)
		code++;
	if (code[0] == 0x0f && (code[1] == 0x0b || code[1] == 0xb9))
		panic_line("undefined behaviour: the compiler's trap (%s)",
			   code[1] == 0x0b ? "UD2" : "UD1");
}

static void print_registers(const struct trap_frame *f)
{
	static const char *const names[GPR_COUNT] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8 ", "r9 ", "r10", "r11", "r12", "r13", "r14", "r15",
	};

	for (unsigned i = 0; i < GPR_COUNT; i += 4) {
		unsigned long long v[4];

		for (unsigned k = 0; k < 4; k++)
			v[k] = i + k == RSP ? f->rsp : f->gpr[i + k];
		panic_line("%s %016llx %s %016llx %s %016llx %s %016llx", names[i], v[0],
			   names[i + 1], v[1], names[i + 2], v[2], names[i + 3], v[3]);
	}
	panic_line("rip %016llx cs %04llx ss %04llx rflags %08llx", (unsigned long long)f->rip,
		   (unsigned long long)f->cs, (unsigned long long)f->ss,
		   (unsigned long long)f->rflags);
}

static void print_control_registers(uint64_t cr2)
{
	panic_line("cr0 %08llx cr2 %016llx cr3 %012llx cr4 %08llx",
		   (unsigned long long)cpu_read_cr0(), (unsigned long long)cr2,
		   (unsigned long long)cpu_read_cr3(), (unsigned long long)cpu_read_cr4());
}

void panic_report_trap(const struct trap_frame *f)
{
	uint64_t cr2 = cpu_read_cr2();
	char words[TRAP_TEXT_BYTES];

	trap_describe(f, cr2, words);
	panic_line("%s %s (vector %llu, error code %#llx)%s%s", trap_name(f->vector),
		   trap_words(f->vector), (unsigned long long)f->vector,
		   (unsigned long long)f->error_code, words[0] != '\0' ? ": " : "", words);
	explain_guard(f, cr2);
	explain_undefined(f);
	print_registers(f);
	print_control_registers(cr2);
	print_place("at ", f->rip, f->rip);
	backtrace(f->gpr[RBP]);
}

void panic_report_here(const struct trap_frame *f)
{
	print_registers(f);
	print_control_registers(cpu_read_cr2());
	print_place("at ", f->rip, f->rip - 1);
	backtrace(f->gpr[RBP]);
}
