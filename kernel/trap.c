/* kernel/trap.c - see kernel/trap.h. */
#include "kernel/trap.h"

#include "kernel/assert.h"
#include "kernel/cpu.h"
#include "kernel/gdt.h"
#include "kernel/hold.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/percpu.h"
#include "kernel/stacks.h"
#include "kernel/string.h"

#define VECTORS         256u
#define FIRST_INTERRUPT 32u
#define TRAP_STUB_BYTES 8u /* kernel/trap.asm */

#define GATE_INTERRUPT  (UINT64_C(0x8e) << 40) /* present, DPL 0, 64-bit interrupt gate */

struct idt_gate {
	uint64_t low, high;
};

/* The order of the pushes in kernel/trap.asm. */
_Static_assert(offsetof(struct trap_frame, gpr[RBP]) == 5 * 8, "trap_common reads RBP there");
_Static_assert(offsetof(struct trap_frame, vector) == 16 * 8, "after 16 general registers");
_Static_assert(offsetof(struct trap_frame, rip) == 18 * 8, "what the CPU pushes");
_Static_assert(offsetof(struct trap_probe, rsp) == 48, "PROBE_RSP");
_Static_assert(offsetof(struct trap_probe, rip) == 56, "PROBE_RIP");

extern const uint8_t trap_stubs[VECTORS][TRAP_STUB_BYTES];
bool trap_probe_run(struct trap_probe *p, void (*fn)(void *arg), void *arg);
void trap_dispatch(struct trap_frame *f);

static struct idt_gate idt[VECTORS] ALIGNED(16);
static trap_handler_fn handlers[VECTOR_SELF + 1];
static bool (*debug_hook)(struct trap_frame *f);

static unsigned ist_of(unsigned vector)
{
	switch (vector) {
	case EXC_DF:
		return GDT_IST_DF;
	case EXC_NMI:
		return GDT_IST_NMI;
	case EXC_MC:
		return GDT_IST_MC;
	case EXC_DB:
	case EXC_BP:
		return GDT_IST_DEBUG; /* anywhere, where RSP is the guest's registers too */
	default:
		return 0;
	}
}

void trap_init(void)
{
	for (unsigned vector = 0; vector < VECTORS; vector++) {
		uint64_t at = (uintptr_t)trap_stubs[vector];

		idt[vector] = (struct idt_gate){
			.low = (at & 0xffff) | (uint64_t)GDT_KERNEL_CODE << 16 |
			       (uint64_t)ist_of(vector) << 32 | GATE_INTERRUPT |
			       (at >> 16 & 0xffff) << 48,
			.high = at >> 32,
		};
	}
}

void trap_load(void)
{
	const struct cpu_table_pointer pointer = {
		.limit = sizeof(idt) - 1,
		.base = (uintptr_t)idt,
	};

	cpu_lidt(&pointer);
}

void trap_set_handler(unsigned vector, trap_handler_fn handler)
{
	ASSERT(vector >= FIRST_INTERRUPT && vector < ARRAY_SIZE(handlers));
	__atomic_store_n(&handlers[vector], handler, __ATOMIC_RELEASE);
}

void trap_set_debug_hook(bool (*hook)(struct trap_frame *f))
{
	__atomic_store_n(&debug_hook, hook, __ATOMIC_RELEASE);
}

/* If another core panics, this one holds for good; if a debugger has the others held, until it lets
 * go; else it is counted and logged. */
NO_BREAKPOINT static void nmi(struct cpu *c, struct trap_frame *f)
{
	/* It may have come on the first steps of a #BP, whose frame is at the top of that stack. */
	uint64_t before = gdt_nest_debug(c);
	bool held = hold_if_asked(f);

	gdt_unnest_debug(c, before);
	c->nmi_count++;
	if (held)
		return;
	log_warn(LOG_APIC, "NMI number %llu, nobody's", (unsigned long long)c->nmi_count);
}

static void interrupt(struct trap_frame *f)
{
	trap_handler_fn handler = __atomic_load_n(&handlers[f->vector], __ATOMIC_ACQUIRE);

	if (f->vector != VECTOR_SELF) {
		this_cpu()->irq_count++;
		this_cpu()->irq_counts[f->vector % CPU_IRQ_COUNTS]++;
	}
	if (handler != NULL)
		handler(f);
	else
		log_warn(LOG_APIC, "interrupt on vector %#llx, which has no handler",
			 (unsigned long long)f->vector);
}

/* Turns the frame into a return from trap_probe_run(), on the stack and in the segments of then. */
static void leave_probe(struct trap_frame *f, struct cpu *c)
{
	struct trap_probe *p = c->probe;

	*p->caught = *f;
	c->probe = p->outer;
	f->gpr[RBX] = p->rbx;
	f->gpr[RBP] = p->rbp;
	f->gpr[R12] = p->r12;
	f->gpr[R13] = p->r13;
	f->gpr[R14] = p->r14;
	f->gpr[R15] = p->r15;
	f->rsp = p->rsp;
	f->rip = p->rip;
	f->cs = GDT_KERNEL_CODE;
	f->ss = GDT_KERNEL_DATA;
	f->rflags = RFLAGS_ONE | (f->rflags & RFLAGS_IF);
}

/* A breakpoint that is hit in here takes what is left of the stack. */
NO_BREAKPOINT static bool debug_event(struct cpu *c, struct trap_frame *f)
{
	bool (*hook)(struct trap_frame *) = __atomic_load_n(&debug_hook, __ATOMIC_ACQUIRE);
	uint64_t before;
	bool done;

	if (hook == NULL)
		return false;
	before = gdt_nest_debug(c);
	done = hook(f);
	gdt_unnest_debug(c, before);
	return done;
}

NO_BREAKPOINT void trap_dispatch(struct trap_frame *f)
{
	struct cpu *c = this_cpu();

	if ((f->vector == EXC_DB || f->vector == EXC_BP) && debug_event(c, f))
		return;
	if (f->vector >= FIRST_INTERRUPT) {
		interrupt(f);
	} else if (f->vector == EXC_NMI) {
		nmi(c, f);
	} else if (c->probe != NULL && f->vector != EXC_MC) {
		leave_probe(f, c);
	} else {
		panic_trap(f);
	}
}

bool trap_probe(void (*fn)(void *arg), void *arg, struct trap_frame *caught)
{
	struct cpu *c = this_cpu();
	struct trap_probe probe = {.caught = caught, .outer = c->probe};
	bool on = (cpu_read_flags() & RFLAGS_IF) != 0;
	uint64_t cr2 = cpu_read_cr2();
	bool faulted;

	c->probe = &probe;
	faulted = trap_probe_run(&probe, fn, arg);
	c->probe = probe.outer;
	if (faulted)
		cpu_write_cr2(cr2); /* it is a guest's */
	if (on)
		cpu_irq_on();
	else
		cpu_irq_off();
	return faulted;
}

struct copy_job {
	void *to;
	const void *from;
	size_t len_bytes;
};

static void copy(void *arg)
{
	const struct copy_job *c = arg;

	memcpy(c->to, c->from, c->len_bytes);
}

bool trap_copy(void *to, const void *from, size_t len_bytes)
{
	struct copy_job c = {.to = to, .from = from, .len_bytes = len_bytes};
	struct trap_frame caught;

	return !trap_probe(copy, &c, &caught);
}

struct msr_access {
	uint32_t index;
	uint64_t value;
};

static void read_msr(void *arg)
{
	struct msr_access *a = arg;

	a->value = cpu_rdmsr(a->index);
}

static void write_msr(void *arg)
{
	const struct msr_access *a = arg;

	cpu_wrmsr(a->index, a->value);
}

enum status cpu_rdmsr_safe(uint32_t index, uint64_t *value)
{
	struct msr_access a = {.index = index};
	struct trap_frame caught;

	if (trap_probe(read_msr, &a, &caught))
		return ERR_UNSUPPORTED;
	*value = a.value;
	return OK;
}

enum status cpu_wrmsr_safe(uint32_t index, uint64_t value)
{
	struct msr_access a = {.index = index, .value = value};
	struct trap_frame caught;

	return trap_probe(write_msr, &a, &caught) ? ERR_UNSUPPORTED : OK;
}
