/*
 * vmx/vm_break.h - a debugger's breakpoints and watchpoints in a VM.
 *
 * guest/debug_plan.h says which are in the CPU's debug registers. The others take a right away from
 * the page that is mapped there when the VM goes on: an instruction that comes to the page and is
 * not meant is done alone, with the page as it was. While there is any point the debug registers
 * are not the guest's: it reads and writes its own, and gets its own #DBs.
 *
 * Not caught by page: accesses that are not the CPU's (INS and OUTS, instructions that the emulator
 * carries out, task switches, fw_cfg), and those to a page that was mapped there later.
 *
 * All on the VM's core. Spec: SDM 3B "Debug Registers", SDM 3C "EPT Violations".
 */
#pragma once

#include "guest/debug_plan.h"
#include "vmx/vcpu.h"

struct vm_points; /* one page; vm->debug.points, NULL while there is none */

/* The guest's own DR0 to DR3 and DR7, whatever the CPU has. */
void vcpu_guest_breakpoints(const struct vcpu *v, uint64_t dr[4]);
void vcpu_set_guest_breakpoints(struct vcpu *v, const uint64_t dr[4]);
uint64_t vcpu_guest_dr7(const struct vcpu *v);
void vcpu_set_guest_dr7(struct vcpu *v, uint64_t dr7);

/* As vm_debug_insert() and vm_debug_remove(). The VMCS is the current one. */
MUST_CHECK enum status vm_break_insert(struct vm *vm, enum debug_point_kind kind, uint64_t at,
				       uint64_t len_bytes);
void vm_break_remove(struct vm *vm, enum debug_point_kind kind, uint64_t at, uint64_t len_bytes);
void vm_break_remove_all(struct vm *vm);

/* The points into the CPU and the pages, as memory is mapped now; code: breakpoints are on. Where
 * one is without effect, since its page is not there or is at odds with others, the log says so,
 * once until another point comes. */
void vm_break_refresh(struct vcpu *v, bool code);

/* The pages have all rights again. */
void vm_break_free_pages(struct vm *vm);

/* The machine goes, or the VM: then the points, too. */
void vm_break_forget_machine(struct vm *vm);
void vm_break_forget(struct vm *vm);

/* A stopped VM goes on: past a breakpoint that is right here by a step. */
void vm_break_go_on(struct vcpu *v);

/* The next three are of an exit, with the VM's lock: a debugger's hold may come in between. */

/* A #DB with these bits: true if it is (also) the debugger's, and the VM is going to stop. Takes
 * the debugger's bits away; *before: the instruction was not done. */
bool vm_break_debug_exception(struct vcpu *v, uint64_t *bits, bool *before);

/* An EPT violation: true if it is by a page of ours, and *action is what to do. */
bool vm_break_violation(struct vcpu *v, gpa_t at, enum exit_action *action);

/* The step past a point is over; true: a watchpoint was met in it, and the VM is going to stop. */
bool vm_break_after_step(struct vcpu *v);
