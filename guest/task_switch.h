/*
 * guest/task_switch.h - the hardware task switch, which VMX leaves to the hypervisor.
 *
 * Pure: works on a guest_cpu_state and guest memory. 16- and 32-bit TSSs, in every combination.
 * The privilege checks on the gate or descriptor were made by the CPU before the VM exit (SDM 3C
 * "Treatment of Task Switches") and are not repeated; all others are.
 * Not modelled: the I/O map base and the stacks of rings 0 to 2 (the CPU reads them itself later);
 * upper halves of general registers that come from a 16-bit TSS are 0 (the SDM leaves them open).
 * Spec: SDM 3A "Task Switching".
 */
#pragma once

#include "guest/linear.h"

/* As in the exit qualification for task switches, bits 31:30. */
enum task_switch_source { TASK_CALL, TASK_IRET, TASK_JMP, TASK_GATE };

struct task_switch {
	uint16_t selector; /* of the new TSS */
	enum task_switch_source source;
	uint64_t return_rip; /* EIP for the old TSS: the next instruction for CALL, JMP, IRET, INT n
				and traps; the same one for faults and interrupts */
	bool set_rf;         /* a fault through a task gate: RF is set in the saved EFLAGS */
	bool external;       /* TASK_GATE by an interrupt, NMI or exception, not INT n, INT3, INTO:
				the EXT bit of error codes */
	bool has_error_code; /* TASK_GATE: push error_code on the new task's stack */
	uint32_t error_code;
};

enum task_switch_result {
	TASK_SWITCH_OK,        /* *s is the new task */
	TASK_SWITCH_DEBUG,     /* the same, and its T bit asks for a #DB now; DR6.BT is set in s */
	TASK_SWITCH_FAULT_OLD, /* *fault in the old task: *s and memory are unchanged */
	TASK_SWITCH_FAULT_NEW, /* *fault in the new task: *s is the new task as far as it
				     loaded, fit for VM entry: what failed is unusable (CS:
				     the old limits) */
	TASK_SWITCH_UNSUPPORTED, /* 5-level paging */
};

/*
 * Carries out a task switch. *s comes with everything the guest can see, and what may change of it:
 * general registers, RIP, RFLAGS, CR0 (TS), CR3, PDPTEs, DR6, DR7, all segments, TR, LDTR. The
 * caller writes all of it back, flushes the guest's TLB entries for this vCPU if CR3 changed, and
 * for TASK_GATE drops the event in flight (its delivery is complete with OK, DEBUG and FAULT_NEW).
 * ASSERT: the guest is in protected mode and outside of IA-32e mode; the CPU has seen to that.
 */
MUST_CHECK enum task_switch_result task_switch(const struct task_switch *t,
					       struct guest_cpu_state *s, struct guest_memory *m,
					       struct guest_fault *fault);
