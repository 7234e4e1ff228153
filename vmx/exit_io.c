/*
 * vmx/exit_io.c - IN, OUT, INS and OUTS.
 * Spec: SDM 3C "Exit Qualification for I/O Instructions", "VM-Exit Instruction-Information Field".
 */
#include "guest/string_io.h"
#include "kernel/log.h"
#include "kernel/time.h"
#include "vmx/exit.h"
#include "vmx/inject.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"

#define IO_IN     BIT(3)
#define IO_STRING BIT(4)
#define IO_REP    BIT(5)

static void note_unclaimed(const struct vcpu *v, const struct io_access *io)
{
	log_trace(LOG_IO, "%s: %s of %u bytes at port %#x, which nobody claims, RIP %#llx",
		  v->vm->config.name, io->write ? "write" : "read", io->size, io->port,
		  (unsigned long long)v->rip);
}

/* With the VM's lock held: what an access may have changed beside the device itself. */
static enum exit_action after_access(struct vcpu *v, enum exit_action action)
{
	struct vm *vm = v->vm;

	/* Most accesses change no line, no deadline and send nothing: then entry needs no look. */
	if (platform_needs_sync(&vm->platform) || (v->proc_controls & PROC_INTERRUPT_WINDOW))
		v->prepare = true;
	if (UNLIKELY(port92_a20(&vm->platform.port92) == vm->a20_off))
		vm_follow_a20(vm);
	if (UNLIKELY(end_port_done(&vm->platform.end)))
		return vm_end(vm, true, "ended by \"Shutdown\" at port 8900h");
	if (UNLIKELY(port92_take_reset(&vm->platform.port92)))
		return vm_end(vm, true, "reset by port 92h");
	return vm->state == VM_ENDED ? EXIT_STOP : action;
}

/* One element of INS or OUTS. */
static void string_access(void *context, struct io_access *io)
{
	struct vcpu *v = context;

	if (!platform_io(&v->vm->platform, io))
		note_unclaimed(v, io);
	if (io->write)
		vm_pump_serial(v->vm, io->now_ns);
}

static enum exit_action exit_io_string(struct vcpu *v, uint64_t now)
{
	uint64_t q = v->qualification;
	uint32_t info = (uint32_t)vmcs_read(VMCS_EXIT_INSTRUCTION_INFO);
	const struct string_io op = {
		.port = (uint16_t)(q >> 16),
		.size = (uint8_t)((q & 7) + 1),
		.write = !(q & IO_IN),
		.rep = (q & IO_REP) != 0,
		.address_size = (uint8_t)(2u << ((info >> 7) & 7)),
		.segment = (enum guest_segment_name)((info >> 15) & 7),
	};
	struct guest_cpu_state s;
	struct guest_fault fault;
	enum string_io_result result;

	vcpu_read_state(v, &s);
	result = string_io_run(&op, &s, &v->vm->memory, string_access, v, now, STRING_IO_CHUNK,
			       &fault);
	v->gpr[RCX] = s.gpr[RCX];
	v->gpr[RSI] = s.gpr[RSI];
	v->gpr[RDI] = s.gpr[RDI];
	switch (result) {
	case STRING_IO_DONE:
		return EXIT_SKIP;
	case STRING_IO_AGAIN:
		if (s.rflags & RFLAGS_TF)
			inject_after_skip(v, 0, s.rflags);
		return EXIT_RETRY;
	case STRING_IO_FAULT:
		return inject_fault(v, &fault);
	case STRING_IO_UNSUPPORTED:
		break;
	}
	return EXIT_UNHANDLED;
}

enum exit_action exit_io(struct vcpu *v)
{
	uint64_t q = v->qualification;
	struct vm *vm = v->vm;
	struct io_access io = {
		.port = (uint16_t)(q >> 16),
		.size = (uint8_t)((q & 7) + 1),
		.write = !(q & IO_IN),
		.now_ns = now_ns(),
	};
	enum exit_action action = EXIT_SKIP;

	lock_acquire(&vm->lock);
	if (UNLIKELY(q & IO_STRING)) {
		action = exit_io_string(v, io.now_ns);
	} else {
		if (io.write)
			io.value =
				(uint32_t)(v->gpr[RAX] &
					   (io.size == 4 ? UINT32_MAX : (1u << io.size * 8) - 1));
		if (UNLIKELY(!platform_io(&vm->platform, &io)))
			note_unclaimed(v, &io);
		if (!io.write)
			v->gpr[RAX] = io_merge_rax(v->gpr[RAX], io.value, io.size);
	}
	action = after_access(v, action);
	lock_release(&vm->lock);
	return action;
}
