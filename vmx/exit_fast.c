/*
 * vmx/exit_fast.c - IN and OUT of a byte on the short way of vmx/entry.asm.
 *
 * The commonest accesses change nothing outside of their chip, and guest/platform_quick.h does
 * them. All others go to the board as they do on the long way (vmx/exit_io.c).
 *
 * The VM's lock is not taken. It guards the board, and only this core touches that: a VM has one
 * vCPU, which stays on its core, and nobody takes the lock but the exits of this vCPU and its loop.
 */
#include "guest/platform_quick.h"
#include "kernel/time.h"
#include "vmx/controls.h"
#include "vmx/vm.h"

#define IO_IN    BIT(3)
#define COM1_THR 0x3f8u

bool exit_fast_io(struct vcpu *v, uint64_t qualification); /* for vmx/entry.asm alone */

/* A byte for the console, while nothing waits before it and nobody waits for an interrupt. */
static inline bool send(struct vm *vm, uint8_t byte)
{
	if (!vm->line || vm->screen || vm->tx_held || !platform_quick_send(&vm->platform, &byte) ||
	    !host_ops->line_put(vm->line, byte))
		return false;
	platform_quick_sent(&vm->platform);
	return true;
}

/* Lines, console and deadline, as after_access() in vmx/exit_io.c; false if the loop has to look
 * before the next entry. */
static bool follow_board(struct vcpu *v, uint64_t now)
{
	struct vm *vm = v->vm;
	struct platform *p = &vm->platform;

	if (vuart_has_tx(&p->com1))
		vm_pump_serial(vm, now);
	platform_sync(p, now, now);
	vcpu_set_deadline(v, now);
	return !p->switched;
}

/* Any access. */
static NOINLINE bool access_board(struct vcpu *v, uint16_t port, bool in)
{
	struct platform *p = &v->vm->platform;
	struct io_access io = {
		.port = port,
		.size = 1,
		.write = !in,
		.value = (uint8_t)v->gpr[RAX],
		.now_ns = now_ns(),
	};
	bool waiting = (v->proc_controls & PROC_INTERRUPT_WINDOW) != 0;
	bool go_on = true;

	io_bus_access_byte(&p->io, &io);
	if (in)
		v->gpr[RAX] = io_merge_rax(v->gpr[RAX], io.value, 1);
	if (platform_needs_sync(p))
		go_on = follow_board(v, io.now_ns);
	if (platform_intr(p) == waiting)
		return go_on;
	v->prepare |= PREPARE_EVENTS;
	return false;
}

/* RIP has moved already. */
bool exit_fast_io(struct vcpu *v, uint64_t qualification)
{
	struct vm *vm = v->vm;
	uint16_t port = (uint16_t)(qualification >> 16);
	uint8_t *al = (uint8_t *)&v->gpr[RAX];
	bool done;

	if (!(qualification & IO_IN))
		done = port == COM1_THR ? send(vm, *al)
					: platform_quick_out(&vm->platform, port, *al);
	else if (port >= PLATFORM_PIT_FIRST && port <= PLATFORM_PIT_LAST)
		done = vpit_read_quick(&vm->platform.pit, port - PLATFORM_PIT_FIRST, now_ns(), al);
	else
		done = platform_quick_in(&vm->platform, port, al);
	return LIKELY(done) || access_board(v, port, (qualification & IO_IN) != 0);
}
