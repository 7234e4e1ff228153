/*
 * vmx/exit_io.c - IN, OUT, INS and OUTS.
 * Spec: SDM 3C "Exit Qualification for I/O Instructions", "VM-Exit Instruction-Information Field".
 */
#include "guest/string_io.h"
#include "kernel/log.h"
#include "kernel/string.h"
#include "kernel/time.h"
#include "vmx/core.h"
#include "vmx/exit.h"
#include "vmx/inject.h"
#include "vmx/vm.h"
#include "vmx/vm_report.h"
#include "vmx/vm_requests.h"
#include "vmx/vmcs.h"

#define IO_WIDTH  UINT64_C(7) /* bytes, less one */
#define IO_IN     BIT(3)
#define IO_STRING BIT(4)
#define IO_REP    BIT(5)

/* log=pic:trace and the like: every access to that chip. */
static NOINLINE void trace_port(const struct vcpu *v, const struct io_access *io)
{
	const char *owner = io_bus_owner(&v->vm->platform.io, io->port);
	enum log_category category = LOG_IO;

	if (!owner)
		return; /* note_unclaimed() tells of it */
	if (strcmp(owner, "pic") == 0)
		category = LOG_PIC;
	else if (strcmp(owner, "pit") == 0)
		category = LOG_PIT;
	else if (strcmp(owner, "com1") == 0)
		category = LOG_UART;
	log_trace(category, "%s: %s %xh %s %xh, RIP %#llx", v->vm->config.name,
		  io->write ? "OUT" : "IN", io->port, io->write ? "<-" : "->", io->value,
		  (unsigned long long)v->rip);
}

static NOINLINE void note_unclaimed(const struct vcpu *v, uint16_t port, unsigned size, bool write)
{
	log_trace(LOG_IO, "%s: %s of %u bytes at port %#x, which nobody claims, RIP %#llx",
		  v->vm->config.name, write ? "write" : "read", size, port,
		  (unsigned long long)v->rip);
}

/* The board is not as it was: carries that on to the lines, the console and the timer. */
static NOINLINE enum exit_action follow_board(struct vcpu *v, uint64_t now)
{
	struct vm *vm = v->vm;

	if (vuart_has_tx(&vm->platform.com1))
		vm_pump_serial(vm, now);
	platform_sync(&vm->platform, now, now);
	vcpu_set_deadline(v, now);
	return platform_take_switched(&vm->platform) ? vm_follow_requests(v) : EXIT_SKIP;
}

/* After an access, with the VM's lock held: what it may have changed beside the device itself. */
static inline enum exit_action after_access(struct vcpu *v, uint64_t now)
{
	struct platform *p = &v->vm->platform;
	enum exit_action action = EXIT_SKIP;
	bool waiting = (v->proc_controls & PROC_INTERRUPT_WINDOW) != 0;

	if (UNLIKELY(platform_needs_sync(p)))
		action = follow_board(v, now);
	/* An interrupt goes in before the next entry, after RIP has moved. */
	if (UNLIKELY(platform_intr(p) != waiting))
		v->prepare |= PREPARE_EVENTS;
	return action;
}

/* Elements of INS or OUTS. */
static void string_access(void *context, const struct io_run *run)
{
	struct vcpu *v = context;
	struct platform *p = &v->vm->platform;
	uint64_t i;

	if (io_bus_access_nobody(&p->io, run->port, run->size, run->write, run->count)) {
		if (!run->write)
			memset(run->at, 0xff, run->count);
		note_unclaimed(v, run->port, run->size, run->write);
		return;
	}
	for (i = io_bus_access_some(&p->io, run); i < run->count; i++) {
		struct io_access io = io_run_element(run, i);

		if (!platform_io(p, &io))
			note_unclaimed(v, io.port, io.size, io.write);
		io_run_answer(run, i, &io);
		if (vuart_has_tx(&p->com1))
			vm_pump_serial(v->vm, run->now_ns);
		if (UNLIKELY(p->chipset.line_count))
			vm_report_debug_output(v->vm); /* more than a few at once would be lost */
	}
}

static enum exit_action run_string(struct vcpu *v, uint64_t now)
{
	uint64_t q = v->qualification;
	uint32_t info = (uint32_t)vmcs_read(VMCS_EXIT_INSTRUCTION_INFO);
	const struct string_io op = {
		.port = (uint16_t)(q >> 16),
		.size = (uint8_t)((q & IO_WIDTH) + 1),
		.write = !(q & IO_IN),
		.rep = (q & IO_REP) != 0,
		.address_size = (uint8_t)(2u << ((info >> 7) & 7)),
		.segment = (enum guest_segment_name)((info >> 15) & 7),
	};
	struct guest_cpu_state s;
	struct guest_fault fault;
	enum string_io_result result;

	vcpu_read_memory_state(v, &s, op.write ? op.segment : GUEST_ES);
	s.gpr[RCX] = v->gpr[RCX];
	s.gpr[RSI] = v->gpr[RSI];
	s.gpr[RDI] = v->gpr[RDI];
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

static NOINLINE enum exit_action exit_io_string(struct vcpu *v)
{
	struct vm *vm = v->vm;
	uint64_t now = vm_now_ns(vm);
	enum exit_action action, then;

	lock_acquire(&vm->lock);
	action = run_string(v, now);
	then = after_access(v, now);
	lock_release(&vm->lock);
	return then == EXIT_SKIP ? action : then;
}

/* Words and dwords. */
static NOINLINE enum exit_action exit_io_wide(struct vcpu *v)
{
	uint64_t q = v->qualification;
	struct vm *vm = v->vm;
	struct io_access io = {
		.port = (uint16_t)(q >> 16),
		.size = (uint8_t)((q & IO_WIDTH) + 1),
		.write = !(q & IO_IN),
		.value = (uint32_t)v->gpr[RAX],
		.now_ns = vm_now_ns(vm),
	};
	enum exit_action action;

	lock_acquire(&vm->lock);
	if (!platform_io(&vm->platform, &io))
		note_unclaimed(v, io.port, io.size, io.write);
	if (UNLIKELY(vmx_trace_ports))
		trace_port(v, &io);
	action = after_access(v, io.now_ns);
	lock_release(&vm->lock);
	if (!io.write)
		v->gpr[RAX] = io_merge_rax(v->gpr[RAX], io.value, io.size);
	return action;
}

/* A byte, which is what nearly all of them are, goes the short way. */
enum exit_action exit_io(struct vcpu *v)
{
	uint64_t q = v->qualification;
	struct vm *vm = v->vm;
	struct io_access io = {
		.port = (uint16_t)(q >> 16),
		.size = 1,
		.write = !(q & IO_IN),
		.value = (uint8_t)v->gpr[RAX],
	};
	enum exit_action action;

	if (UNLIKELY(q & (IO_STRING | IO_WIDTH)))
		return q & IO_STRING ? exit_io_string(v) : exit_io_wide(v);
	io.now_ns = vm_now_ns(vm);
	lock_acquire(&vm->lock);
	if (UNLIKELY(!io_bus_access_byte(&vm->platform.io, &io)))
		note_unclaimed(v, (uint16_t)(q >> 16), 1, io.write);
	action = after_access(v, io.now_ns);
	lock_release(&vm->lock);
	if (q & IO_IN)
		v->gpr[RAX] = io_merge_rax(v->gpr[RAX], io.value, 1);
	if (UNLIKELY(vmx_trace_ports)) {
		io.port = (uint16_t)(q >> 16); /* the bus has made a register number of it */
		trace_port(v, &io);
	}
	return action;
}
