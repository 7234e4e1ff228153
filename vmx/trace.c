/* vmx/trace.c - the trace points at work. */
#include "vmx/trace.h"

#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/percpu.h"
#include "vmx/inject.h"
#include "vmx/tools.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"

#define IO_WIDTH  UINT64_C(7) /* exit qualification: bytes, less one */
#define IO_IN     BIT(3)
#define IO_STRING BIT(4)
#define LOW_HALF  UINT64_C(0xffffffff)

struct vmx_trace_ops vmx_trace;

static bool wants(const struct vcpu *v, enum trace_kind kind)
{
	return (v->trace & BIT(kind)) != 0;
}

static struct trace_record begin(const struct vcpu *v, enum trace_kind kind)
{
	return (struct trace_record){
		.tsc = cpu_rdtsc(),
		.rip = v->rip,
		.vm = (uint8_t)v->vm->index,
		.kind = (uint8_t)kind,
	};
}

static void note(struct trace_record *r, uint64_t since)
{
	r->duration_ticks = (uint32_t)min_u64(cpu_rdtsc() - since, UINT32_MAX);
	vmx_trace.note(r);
}

uint16_t trace_of_run(struct vcpu *v)
{
	unsigned kinds = __atomic_load_n(&v->vm->trace, __ATOMIC_ACQUIRE);

	if (!v->trace) { /* what has been while nobody looked is not told */
		v->trace_halt_tsc = 0;
		v->trace_irqs = this_cpu()->irq_count;
	}
	return (uint16_t)(kinds | (log_enabled(LOG_TRACE, LOG_EXIT) ? TRACE_TO_LOG : 0) |
			  (v->vm->tools_on ? TRACE_TOOLS : 0));
}

/* ---- exits ---- */

static enum trace_kind kind_of(uint32_t reason)
{
	switch (reason) {
	case EXIT_REASON_IO_INSTRUCTION:
		return TRACE_IO;
	case EXIT_REASON_RDMSR:
	case EXIT_REASON_WRMSR:
		return TRACE_MSR;
	case EXIT_REASON_CPUID:
		return TRACE_CPUID;
	case EXIT_REASON_EPT_VIOLATION:
		return TRACE_MMIO;
	default:
		return TRACE_EXIT;
	}
}

static uint64_t pair(const struct vcpu *v, unsigned low, unsigned high)
{
	return (v->gpr[low] & LOW_HALF) | v->gpr[high] << 32;
}

static uint64_t io_value(const struct vcpu *v, uint64_t qualification, bool in)
{
	if ((qualification & IO_STRING) || ((qualification & IO_IN) != 0) != in)
		return 0;
	return v->gpr[RAX] & (UINT64_MAX >> (64 - 8 * ((qualification & IO_WIDTH) + 1)));
}

/* What the handler may change. */
static void look_before(const struct vcpu *v, struct trace_record *r)
{
	switch (r->reason) {
	case EXIT_REASON_IO_INSTRUCTION:
		r->value = io_value(v, r->qualification, false);
		break;
	case EXIT_REASON_WRMSR:
		r->value = pair(v, RAX, RDX);
		r->qualification = (uint32_t)v->gpr[RCX];
		break;
	case EXIT_REASON_RDMSR:
		r->qualification = (uint32_t)v->gpr[RCX];
		break;
	case EXIT_REASON_CPUID:
		r->qualification = pair(v, RAX, RCX);
		break;
	case EXIT_REASON_VMCALL:
		r->detail = (uint32_t)v->gpr[RAX];
		break;
	case EXIT_REASON_EPT_VIOLATION:
		r->detail = (uint32_t)r->qualification;
		r->qualification = vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS);
		v->vm->platform.mmio.last_value = 0;
		break;
	case EXIT_REASON_EXCEPTION_OR_NMI:
		r->detail = (uint32_t)vmcs_read(VMCS_EXIT_INTERRUPTION_INFO);
		break;
	case EXIT_REASON_CR_ACCESS:
		r->value = v->gpr[(r->qualification >> 8) & 0xf];
		break;
	}
}

static void look_after(const struct vcpu *v, struct trace_record *r)
{
	switch (r->reason) {
	case EXIT_REASON_IO_INSTRUCTION:
		r->value |= io_value(v, r->qualification, true);
		break;
	case EXIT_REASON_RDMSR:
		if (r->action == EXIT_SKIP)
			r->value = pair(v, RAX, RDX);
		break;
	case EXIT_REASON_CPUID:
		r->value = pair(v, RAX, RBX);
		break;
	case EXIT_REASON_VMCALL:
		r->value = (uint32_t)v->gpr[RAX];
		break;
	case EXIT_REASON_EPT_VIOLATION:
		r->value = v->vm->platform.mmio.last_value;
		break;
	}
}

/* The PICs as trace_record.h has them. */
static void note_pics(struct vcpu *v)
{
	const struct vpic *pic = &v->vm->platform.pic;
	const struct vpic_chip *m = &pic->master, *s = &pic->slave;
	uint64_t now = m->lines | (uint64_t)m->isr << 8 | (uint64_t)m->imr << 16 |
		       (uint64_t)s->lines << 24 | (uint64_t)s->isr << 32 | (uint64_t)s->imr << 40 |
		       (uint64_t)vpic_intr(pic) << 48;
	struct trace_record r;

	if (now == v->trace_pics || !wants(v, TRACE_IRQ))
		return;
	r = begin(v, TRACE_IRQ);
	r.qualification = v->trace_pics;
	r.value = now;
	v->trace_pics = now;
	vmx_trace.note(&r);
}

static enum exit_action handle(struct vcpu *v, uint32_t reason)
{
	const struct exit_entry *e = &exit_table[reason];

	return v->trace & TRACE_TOOLS ? vmx_tools->exit(v, e) : e->handler(v);
}

enum exit_action trace_exit(struct vcpu *v)
{
	uint32_t reason = (uint32_t)vcpu_last_exit(v)->reason;
	struct trace_record r = begin(v, kind_of(reason));
	bool wanted = wants(v, (enum trace_kind)r.kind);
	enum exit_action action;

	if (v->trace & TRACE_TO_LOG)
		exit_trace(v);
	if (wanted) {
		r.reason = reason;
		r.qualification = vcpu_last_exit(v)->qualification;
		look_before(v, &r);
	}
	action = handle(v, reason);
	if (wanted) {
		r.action = (uint8_t)action;
		look_after(v, &r);
		note(&r, r.tsc);
	}
	note_pics(v);
	return action;
}

/* ---- the rest ---- */

static void note_event(struct vcpu *v, uint32_t info)
{
	struct trace_record r = begin(v, TRACE_INJECT);

	r.rip = vmcs_read(VMCS_GUEST_RIP);
	r.reason = info;
	if (info & EVENT_ERROR_CODE)
		r.detail = (uint32_t)vmcs_read(VMCS_ENTRY_ERROR_CODE);
	if ((uint8_t)info == EXC_PF && ((info >> EVENT_TYPE_SHIFT) & 7) == EVENT_HARDWARE_EXCEPTION)
		r.qualification = cpu_read_cr2();
	vmx_trace.note(&r);
}

void trace_entry(struct vcpu *v)
{
	uint32_t info = (uint32_t)vmcs_read(VMCS_ENTRY_INTERRUPTION_INFO);
	struct trace_record r;

	note_pics(v);
	if (v->trace_halt_tsc && !v->in_hlt && wants(v, TRACE_WAKE)) {
		r = begin(v, TRACE_WAKE);
		note(&r, v->trace_halt_tsc);
	}
	if (!v->in_hlt)
		v->trace_halt_tsc = 0;
	if ((info & EVENT_VALID) && wants(v, TRACE_INJECT))
		note_event(v, info);
}

void trace_halt(struct vcpu *v)
{
	struct trace_record r = begin(v, TRACE_HALT);

	v->trace_halt_tsc = r.tsc;
	if (wants(v, TRACE_HALT))
		vmx_trace.note(&r);
}

void trace_host(struct vcpu *v)
{
	const struct cpu *c = this_cpu();
	struct trace_record r = begin(v, TRACE_HOST);

	r.reason = (uint32_t)(c->irq_count - v->trace_irqs);
	r.value = __atomic_load_n(&c->pending, __ATOMIC_RELAXED);
	v->trace_irqs = c->irq_count;
	if ((r.reason || r.value) && wants(v, TRACE_HOST))
		vmx_trace.note(&r);
}

void trace_failure(struct vcpu *v, uint32_t number, uint64_t error)
{
	struct trace_record r = begin(v, TRACE_FAIL);

	r.reason = number;
	r.value = error;
	if (number & EXIT_ENTRY_FAILED)
		r.qualification = v->qualification;
	if (wants(v, TRACE_FAIL))
		vmx_trace.note(&r);
}

void trace_vm(struct vm *vm, enum trace_vm_event event)
{
	struct trace_record r;

	if (event == TRACE_VM_START && vmx_trace.kinds_of)
		__atomic_store_n(&vm->trace, vmx_trace.kinds_of(vm), __ATOMIC_RELEASE);
	if (LIKELY(!(vm->trace & BIT(TRACE_VM))))
		return;
	r = begin(&vm->vcpu, TRACE_VM);
	r.vm = (uint8_t)vm->index;
	r.reason = event;
	r.value = vm->ended_well;
	vmx_trace.note(&r);
}
