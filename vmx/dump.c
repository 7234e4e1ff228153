/* vmx/dump.c - a vCPU's state for the log: what somebody needs who asks why a guest died. */
#include "guest/segment.h"
#include "kernel/log.h"
#include "vmx/core.h"
#include "vmx/exit.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"

#define HISTORY_SHOWN 32u

const char *vcpu_mode_text(const struct guest_cpu_state *s)
{
	if (guest_is_real_mode(s))
		return "real mode";
	if (guest_is_v86(s))
		return "virtual-8086 mode";
	if (guest_is_64bit(s))
		return "64-bit mode";
	if (guest_is_ia32e(s))
		return "compatibility mode";
	return s->cr0 & CR0_PG ? "protected mode with paging" : "protected mode";
}

static void dump_registers(const char *name, const struct guest_cpu_state *s)
{
	static const char *const regs[GPR_COUNT] = {"RAX", "RCX", "RDX", "RBX", "RSP", "RBP",
						    "RSI", "RDI", "R8 ", "R9 ", "R10", "R11",
						    "R12", "R13", "R14", "R15"};

	for (unsigned i = 0; i < GPR_COUNT; i += 4)
		log_error(LOG_GUEST, "%s:   %s %016llx  %s %016llx  %s %016llx  %s %016llx", name,
			  regs[i], (unsigned long long)s->gpr[i], regs[i + 1],
			  (unsigned long long)s->gpr[i + 1], regs[i + 2],
			  (unsigned long long)s->gpr[i + 2], regs[i + 3],
			  (unsigned long long)s->gpr[i + 3]);
	log_error(LOG_GUEST,
		  "%s:   RIP %016llx  RFLAGS %08llx  CR0 %08llx  CR2 %llx  CR3 %llx  CR4 %llx",
		  name, (unsigned long long)s->rip, (unsigned long long)s->rflags,
		  (unsigned long long)s->cr0, (unsigned long long)s->cr2,
		  (unsigned long long)s->cr3, (unsigned long long)s->cr4);
	log_error(LOG_GUEST, "%s:   EFER %llx  DR6 %llx  DR7 %llx  GDTR %llx+%x  IDTR %llx+%x",
		  name, (unsigned long long)s->efer, (unsigned long long)s->dr6,
		  (unsigned long long)s->dr7, (unsigned long long)s->gdtr.base, s->gdtr.limit,
		  (unsigned long long)s->idtr.base, s->idtr.limit);
}

static void dump_segments(const char *name, const struct guest_cpu_state *s)
{
	static const char *const segments[GUEST_SEGMENTS] = {"ES", "CS", "SS",   "DS",
							     "FS", "GS", "LDTR", "TR"};

	for (unsigned i = 0; i < GUEST_SEGMENTS; i++)
		log_error(LOG_GUEST, "%s:   %-4s %04x  base %llx  limit %x  rights %05x", name,
			  segments[i], s->segments[i].selector,
			  (unsigned long long)s->segments[i].base, s->segments[i].limit,
			  s->segments[i].access);
}

static void dump_controls(const char *name, const struct vcpu *v)
{
	log_error(LOG_GUEST,
		  "%s:   controls: pin %08llx  proc %08llx %08llx  exit %08llx  entry %08llx", name,
		  (unsigned long long)vmcs_read(VMCS_PIN_CONTROLS),
		  (unsigned long long)vmcs_read(VMCS_PROC_CONTROLS),
		  (unsigned long long)vmcs_read(VMCS_PROC2_CONTROLS),
		  (unsigned long long)vmcs_read(VMCS_EXIT_CONTROLS),
		  (unsigned long long)vmcs_read(VMCS_ENTRY_CONTROLS));
	log_error(
		LOG_GUEST,
		"%s:   blocking %llx  activity %llx  event %08llx  interrupted %08llx  exits %llu",
		name, (unsigned long long)vmcs_read(VMCS_GUEST_INTERRUPTIBILITY),
		(unsigned long long)vmcs_read(VMCS_GUEST_ACTIVITY_STATE),
		(unsigned long long)vmcs_read(VMCS_ENTRY_INTERRUPTION_INFO),
		(unsigned long long)vmcs_read(VMCS_IDT_VECTORING_INFO),
		(unsigned long long)vcpu_exits(v));
}

static void dump_history(const char *name, const struct vcpu *v)
{
	uint64_t shown = min_u64(vcpu_exits(v), EXIT_HISTORY);
	size_t last = v->history_at / 8;

	log_error(LOG_GUEST, "%s: the last %llu exits, oldest first:", name,
		  (unsigned long long)shown);
	for (uint64_t i = shown; i-- > 0;) {
		const struct exit_record *r = &v->history[(last - i) % EXIT_HISTORY];
		const char *reason = exit_reason_name(r->reason & 0xffff);

		log_error(LOG_GUEST, "%s:   %-24s RIP %08llx  qualification %llx", name,
			  reason ? reason : "?", (unsigned long long)r->rip,
			  (unsigned long long)r->qualification);
	}
}

void vcpu_dump(struct vcpu *v)
{
	const char *name = v->vm->config.name;
	struct guest_cpu_state s;

	vcpu_read_state(v, &s);
	log_error(LOG_GUEST, "%s: %s, in %s:", name, v->vm->end_text, vcpu_mode_text(&s));
	dump_registers(name, &s);
	dump_segments(name, &s);
	dump_controls(name, v);
	dump_history(name, v);
}
