/*
 * vmx/exit_dr.c - MOV to and from debug registers, while a debugger has breakpoints in them.
 *
 * The guest reads and writes what is its own; the faults are those of the CPU.
 * Spec: SDM 2B "MOV-Move to/from Debug Registers"; SDM 3B "Debug Registers"; SDM 3C "Exit
 * Qualification for MOV DR".
 */
#include "guest/segment.h"
#include "kernel/cpu.h"
#include "vmx/exit.h"
#include "vmx/inject.h"
#include "vmx/vm.h"
#include "vmx/vm_break.h"
#include "vmx/vmcs.h"

#define FROM_DR BIT(4) /* of the exit qualification */

static uint64_t read_dr(struct vcpu *v, unsigned n)
{
	uint64_t dr[4];

	if (n == 7)
		return vcpu_guest_dr7(v);
	if (n == 6)
		return cpu_read_dr6();
	vcpu_guest_breakpoints(v, dr);
	return dr[n % 4];
}

static void write_dr(struct vcpu *v, unsigned n, uint64_t value)
{
	uint64_t dr[4];

	if (n == 7) {
		vcpu_set_guest_dr7(v, (value & ~DR7_ZEROS) | DR7_FIXED);
		return;
	}
	if (n == 6) {
		cpu_write_dr6((value & ~DR6_ZEROS) | DR6_FIXED);
		return;
	}
	vcpu_guest_breakpoints(v, dr);
	dr[n % 4] = value;
	vcpu_set_guest_breakpoints(v, dr);
}

static enum exit_action access_detected(struct vcpu *v)
{
	const struct guest_fault db = {.vector = EXC_DB};

	exit_debug_side_effects(v, (cpu_read_dr6() & DR6_TRAPS) | DR6_BD);
	return inject_fault(v, &db);
}

enum exit_action exit_mov_dr(struct vcpu *v)
{
	struct guest_cpu_state s;
	unsigned n = v->qualification & 7, reg = (v->qualification >> 8) & 0xf;
	bool is_64bit;
	uint64_t value;

	vcpu_read_state(v, &s);
	is_64bit = guest_is_64bit(&s);
	if (n == 4 || n == 5) {
		if (s.cr4 & CR4_DE)
			return inject_ud(v);
		n += 2;
	}
	if (guest_cpl(&s) != 0)
		return inject_gp(v, 0);
	if (s.dr7 & DR7_GD)
		return access_detected(v);
	if (v->qualification & FROM_DR) {
		value = read_dr(v, n);
		if (reg == RSP)
			vmcs_write(VMCS_GUEST_RSP, is_64bit ? value : (uint32_t)value);
		else
			v->gpr[reg] = is_64bit ? value : (uint32_t)value;
		return EXIT_SKIP;
	}
	value = is_64bit ? s.gpr[reg] : (uint32_t)s.gpr[reg];
	if (n >= 6 && value >> 32)
		return inject_gp(v, 0);
	lock_acquire(&v->vm->lock);
	write_dr(v, n, value);
	lock_release(&v->vm->lock);
	return EXIT_SKIP;
}
