/* vmx/hypercall.c - VMCALL: the calls of guest/hypercall.h. vmx/entry.asm answers HYPERCALL_VERSION
 * and the numbers that nobody has; what is above them, the toolkit may. */
#include "guest/hypercall.h"

#include "guest/linear.h"
#include "guest/segment.h"
#include "kernel/log.h"
#include "vmx/by_hand.h"
#include "vmx/exit.h"
#include "vmx/tools.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"

static uint32_t log_line(struct vcpu *v)
{
	uint32_t len_bytes = (uint32_t)v->gpr[RCX];
	uint64_t at = v->gpr[RBX];
	char line[HYPERCALL_LOG_MAX];
	struct guest_cpu_state s;
	struct guest_fault fault;

	if (len_bytes > HYPERCALL_LOG_MAX)
		return HYPERCALL_BAD;
	vcpu_read_state(v, &s);
	if (!guest_is_64bit(&s))
		at = (uint32_t)at;
	else if (!guest_is_canonical(at) || !guest_is_canonical(at + len_bytes))
		return HYPERCALL_FAULT;
	if (guest_linear_read(&s, &v->vm->memory, gva(at), line, len_bytes, walk_access(&s),
			      &fault) != GUEST_OK)
		return HYPERCALL_FAULT;
	for (uint32_t i = 0; i < len_bytes; i++)
		line[i] = line[i] ? line[i] : '?'; /* as the log shows the other control codes */
	log_info(LOG_GUEST, "%s: says: %.*s", v->vm->config.name, (int)len_bytes, line);
	return 0;
}

static uint32_t inject(struct vcpu *v)
{
	uint32_t what = (uint32_t)v->gpr[RBX];

	if (what & ~(uint32_t)(HYPERCALL_WITH_ERROR | 0xff))
		return HYPERCALL_BAD;
	switch (by_hand_inject(v, (uint8_t)what, (what & HYPERCALL_WITH_ERROR) != 0,
			       (uint32_t)v->gpr[RCX])) {
	case OK:
		return 0;
	case ERR_FULL:
		return HYPERCALL_FULL;
	default:
		return HYPERCALL_BAD;
	}
}

static uint32_t ask_toolkit(struct vcpu *v, uint32_t number)
{
	uint32_t answer = HYPERCALL_UNKNOWN;

	if (!is_hypercall(number) || !v->vm->tools || !vmx_tools->hypercall(v, number, &answer))
		log_debug(LOG_GUEST, "%s: unknown hypercall %#x at %#llx", v->vm->config.name,
			  number, (unsigned long long)v->rip);
	return answer;
}

/* To the core's loop, at the end of its queue. */
static enum exit_action yield(struct vcpu *v)
{
	v->gpr[RAX] = 0;
	v->slice_end_ns = 0;
	vcpu_skip(v);
	return EXIT_YIELD;
}

enum exit_action exit_vmcall(struct vcpu *v)
{
	uint32_t number = (uint32_t)v->gpr[RAX], answer = 0;

	if (vmcs_read_cpl() != 0)
		return inject_ud(v);
	switch (number) {
	case HYPERCALL_VERSION:
		answer = HYPERCALL_INTERFACE;
		break;
	case HYPERCALL_END:
		return vm_end(v->vm, (uint32_t)v->gpr[RBX] == 0, "ended by hypercall, status %u",
			      (uint32_t)v->gpr[RBX]);
	case HYPERCALL_NMI:
		inject_nmi(v);
		break;
	case HYPERCALL_LOG:
		/* No line of another guest is lost for one of this: it comes back to the call. */
		if (log_crowded())
			return EXIT_YIELD;
		answer = log_line(v);
		break;
	case HYPERCALL_YIELD:
		return yield(v);
	case HYPERCALL_INJECT:
		answer = inject(v);
		break;
	case HYPERCALL_TSC_OFFSET: {
		uint64_t offset = vmcs_read(VMCS_TSC_OFFSET);

		v->gpr[RCX] = (uint32_t)offset;
		v->gpr[RDX] = offset >> 32;
		break;
	}
	default:
		answer = ask_toolkit(v, number);
		break;
	}
	v->gpr[RAX] = answer;
	return EXIT_SKIP;
}
