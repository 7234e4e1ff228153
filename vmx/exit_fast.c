/*
 * vmx/exit_fast.c - exits on the short way of vmx/entry.asm: IN and OUT of a byte, the timer, the
 * interrupt window.
 *
 * The commonest accesses change nothing outside of their chip, and guest/platform_quick.h does
 * them. All others go to the board as they do on the long way (vmx/exit_io.c).
 *
 * The VM's lock is not taken. It guards the board, and only this core touches that: a VM has one
 * vCPU, which stays on its core, and nobody takes the lock but the exits of this vCPU, its loop,
 * and what a debugger has this core do (vmx/vm_debug.c). In a hold that may be in the middle of
 * an exit on the short way: so it asks for things (v->prepare, a stop) and leaves the board's
 * lines alone.
 */
#include "guest/platform_quick.h"
#include "kernel/time.h"
#include "vmx/controls.h"
#include "vmx/exit.h"
#include "vmx/inject.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"

#define IO_IN    BIT(3)
#define COM1_THR 0x3f8u

/* For vmx/entry.asm alone. */
bool exit_fast_io(struct vcpu *v, uint64_t qualification, uint64_t tsc);
bool exit_fast_events(struct vcpu *v, uint32_t reason);
bool exit_fast_string(struct vcpu *v, uint64_t qualification);
void exit_fast_fold(struct vcpu *v);

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
static NOINLINE bool access_board(struct vcpu *v, uint16_t port, bool in, uint64_t tsc)
{
	struct platform *p = &v->vm->platform;
	struct io_access io = {
		.port = port,
		.size = 1,
		.write = !in,
		.value = (uint8_t)v->gpr[RAX],
		.now_ns = vm_time_at_tsc(v->vm, tsc),
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

/* A deadline of the board's, or the guest can take what waits: prepare() of vmx/run.c, as far as it
 * is needed in the middle of a turn. */
bool exit_fast_events(struct vcpu *v, uint32_t reason)
{
	struct platform *p = &v->vm->platform;
	uint64_t tsc = cpu_rdtsc();
	uint64_t now;

	if (vcpu_turn_is_over(v, (uint32_t)tsc))
		return false;
	v->rip = vmcs_read(VMCS_GUEST_RIP);
	vcpu_record_exit(v, reason, 0, 0);
	now = vm_time_at_tsc(v->vm, tsc);
	platform_sync(p, now, now);
	inject_prepare(v);
	vcpu_set_deadline(v, now);
	return true;
}

/* RIP has moved already. tsc: the moment of the exit. */
bool exit_fast_io(struct vcpu *v, uint64_t qualification, uint64_t tsc)
{
	struct vm *vm = v->vm;
	uint16_t port = (uint16_t)(qualification >> 16);
	uint8_t *al = (uint8_t *)&v->gpr[RAX];
	bool done;

	if (!(qualification & IO_IN))
		done = port == COM1_THR ? send(vm, *al)
					: platform_quick_out(&vm->platform, port, *al);
	else if (port >= PLATFORM_PIT_FIRST && port <= PLATFORM_PIT_LAST)
		done = vpit_read_quick(&vm->platform.pit, port - PLATFORM_PIT_FIRST,
				       vm_time_at_tsc(vm, tsc), al);
	else
		done = platform_quick_in(&vm->platform, port, al);
	return LIKELY(done) || access_board(v, port, (qualification & IO_IN) != 0, tsc);
}

/* ---- REP OUTSB ---- */

#define IO_WIDTH      UINT64_C(7)
#define IO_REP        BIT(5)
#define SEGMENT_SHAPE (BIT(16) | 0x1cu) /* unusable, S, code, expand-down */
#define SEGMENT_PLAIN 0x10u             /* data that grows upwards */
#define STRING_MOST   1024u             /* elements in one exit */

/* Where the bytes are and how many; false where that takes more than a look at one segment. */
static bool find_bytes(const struct vcpu *v, uint64_t mask, uint64_t segment, gpa_t *at,
		       uint64_t *count)
{
	enum vmcs_field access = (enum vmcs_field)(VMCS_GUEST_ES_ACCESS + 2 * segment);
	enum vmcs_field limit = (enum vmcs_field)(VMCS_GUEST_ES_LIMIT + 2 * segment);
	enum vmcs_field base = (enum vmcs_field)(VMCS_GUEST_ES_BASE + 2 * segment);
	uint64_t offset = v->gpr[RSI] & mask;
	uint64_t last = offset + (v->gpr[RCX] & mask) - 1;

	*count = v->gpr[RCX] & mask;
	if (*count == 0 || *count > STRING_MOST || (vmcs_read(VMCS_GUEST_CR0) & CR0_PG) ||
	    (vmcs_read(VMCS_GUEST_RFLAGS) & RFLAGS_DF))
		return false;
	if ((vmcs_read(access) & SEGMENT_SHAPE) != SEGMENT_PLAIN ||
	    last > min_u64(mask, vmcs_read(limit)))
		return false;
	*at = gpa(vmcs_read(base) + offset);
	return at->raw + *count <= 4 * GIB;
}

/* Nobody's port and the POST code's take any number of bytes at once. RFLAGS.TF is clear. */
bool exit_fast_string(struct vcpu *v, uint64_t qualification)
{
	struct platform *p = &v->vm->platform;
	uint16_t port = (uint16_t)(qualification >> 16);
	uint64_t info = vmcs_read(VMCS_EXIT_INSTRUCTION_INFO);
	uint64_t mask = info & 0x380 ? UINT32_MAX : UINT16_MAX; /* the address size */
	uint64_t rip = vmcs_read(VMCS_GUEST_RIP), next, count;
	const uint8_t *bytes;
	gpa_t at;

	next = rip + vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH);
	if ((qualification & (IO_WIDTH | IO_IN | IO_REP)) != IO_REP || (uint32_t)next < rip ||
	    !find_bytes(v, mask, (info >> 15) & 7, &at, &count))
		return false;
	bytes = guest_memory_read_ptr(&v->vm->memory, at, count);
	if (!bytes || !platform_quick_outs(p, port, bytes, count))
		return false;
	v->gpr[RSI] = (v->gpr[RSI] & ~mask) | ((v->gpr[RSI] + count) & mask);
	v->gpr[RCX] &= ~mask;
	if (mask == UINT32_MAX) {
		v->gpr[RSI] &= mask;
		v->gpr[RCX] = 0;
	}
	v->rip = rip;
	vmcs_write(VMCS_GUEST_RIP, next);
	vcpu_record_exit(v, EXIT_REASON_IO_INSTRUCTION, qualification, 0);
	return true;
}

/* ---- statistics ---- */

static void fold(struct vcpu *v, unsigned end)
{
	struct exit_stats *s = v->stats;
	uint64_t tsc = cpu_rdtsc();

	exit_stats_add(s, &v->history[v->fold_from], end - v->fold_from);
	v->folded += end - v->fold_from;
	s->folded += end - v->fold_from;
	s->folds++;
	s->fold_ticks += cpu_rdtsc() - tsc;
	v->fold_from = end;
}

/* The ring is full, and its first record is the next. */
void exit_fast_fold(struct vcpu *v)
{
	fold(v, EXIT_HISTORY);
	v->fold_from = 0;
}

void vcpu_fold_exits(struct vcpu *v)
{
	vcpu_last_exit(v)->end_tsc = (uint32_t)cpu_rdtsc();
	fold(v, v->history_at / 8u + 1);
}
