/*
 * vmx/exit.h - what is done about each VM exit.
 *
 * One table by basic exit reason; one handler for each. A handler reads, asks a model, writes back
 * and says what happens next; vmx/run.c alone moves RIP. Spec: SDM 3D appendix "VMX Basic Exit
 * Reasons".
 */
#pragma once

#include "vmx/vcpu.h"

enum exit_reason {
	EXIT_REASON_EXCEPTION_OR_NMI = 0,
	EXIT_REASON_EXTERNAL_INTERRUPT = 1,
	EXIT_REASON_TRIPLE_FAULT = 2,
	EXIT_REASON_INIT = 3,
	EXIT_REASON_SIPI = 4,
	EXIT_REASON_IO_SMI = 5,
	EXIT_REASON_OTHER_SMI = 6,
	EXIT_REASON_INTERRUPT_WINDOW = 7,
	EXIT_REASON_NMI_WINDOW = 8,
	EXIT_REASON_TASK_SWITCH = 9,
	EXIT_REASON_CPUID = 10,
	EXIT_REASON_GETSEC = 11,
	EXIT_REASON_HLT = 12,
	EXIT_REASON_INVD = 13,
	EXIT_REASON_INVLPG = 14,
	EXIT_REASON_RDPMC = 15,
	EXIT_REASON_RDTSC = 16,
	EXIT_REASON_RSM = 17,
	EXIT_REASON_VMCALL = 18,
	EXIT_REASON_VMCLEAR = 19,
	EXIT_REASON_VMLAUNCH = 20,
	EXIT_REASON_VMPTRLD = 21,
	EXIT_REASON_VMPTRST = 22,
	EXIT_REASON_VMREAD = 23,
	EXIT_REASON_VMRESUME = 24,
	EXIT_REASON_VMWRITE = 25,
	EXIT_REASON_VMXOFF = 26,
	EXIT_REASON_VMXON = 27,
	EXIT_REASON_CR_ACCESS = 28,
	EXIT_REASON_MOV_DR = 29,
	EXIT_REASON_IO_INSTRUCTION = 30,
	EXIT_REASON_RDMSR = 31,
	EXIT_REASON_WRMSR = 32,
	EXIT_REASON_INVALID_GUEST_STATE = 33,
	EXIT_REASON_MSR_LOADING = 34,
	EXIT_REASON_35 = 35, /* not used by any CPU, as 38 and 42 */
	EXIT_REASON_MWAIT = 36,
	EXIT_REASON_MTF = 37,
	EXIT_REASON_38 = 38,
	EXIT_REASON_MONITOR = 39,
	EXIT_REASON_PAUSE = 40,
	EXIT_REASON_MACHINE_CHECK_AT_ENTRY = 41,
	EXIT_REASON_42 = 42,
	EXIT_REASON_TPR_BELOW_THRESHOLD = 43,
	EXIT_REASON_APIC_ACCESS = 44,
	EXIT_REASON_VIRTUALIZED_EOI = 45,
	EXIT_REASON_GDTR_IDTR = 46,
	EXIT_REASON_LDTR_TR = 47,
	EXIT_REASON_EPT_VIOLATION = 48,
	EXIT_REASON_EPT_MISCONFIG = 49,
	EXIT_REASON_INVEPT = 50,
	EXIT_REASON_RDTSCP = 51,
	EXIT_REASON_PREEMPTION_TIMER = 52,
	EXIT_REASON_INVVPID = 53,
	EXIT_REASON_WBINVD = 54,
	EXIT_REASON_XSETBV = 55,
	EXIT_REASON_APIC_WRITE = 56,
	EXIT_REASON_RDRAND = 57,
	EXIT_REASON_INVPCID = 58,
	EXIT_REASON_VMFUNC = 59,
	EXIT_REASON_ENCLS = 60,
	EXIT_REASON_RDSEED = 61,
	EXIT_REASON_PML_FULL = 62,
	EXIT_REASON_XSAVES = 63,
	EXIT_REASON_XRSTORS = 64,
	EXIT_TABLE_SIZE
};

#define EXIT_ENTRY_FAILED BIT(31) /* in the exit reason: it is a VM-entry failure */

typedef enum exit_action (*exit_handler_fn)(struct vcpu *v);

#define EXIT_IN_DELIVERY 1u /* may come in the middle of an event's delivery */
#define EXIT_QUALIFIED   2u /* has an exit qualification */

struct exit_entry {
	const char *name;
	exit_handler_fn handler;
	uint8_t flags;
};

/* By basic exit reason; every entry has a name and a handler. */
extern const struct exit_entry exit_table[EXIT_TABLE_SIZE];

/* Ends the VM with a dump: nobody handles v's last exit. EXIT_STOP. Also the handler of such
 * exits. */
enum exit_action exit_unhandled(struct vcpu *v);

/* Logs v's last exit if the trace of exits is on. */
void exit_trace(const struct vcpu *v);

/* "CPUID", "I/O instruction"; NULL for a reason that is not in the table. */
const char *exit_reason_name(uint32_t basic_reason);

/* The handlers, by file. */
enum exit_action exit_exception_or_nmi(struct vcpu *v); /* exit_event.c */
enum exit_action exit_external_interrupt(struct vcpu *v);
enum exit_action exit_triple_fault(struct vcpu *v);
enum exit_action exit_window(struct vcpu *v);
enum exit_action exit_preemption_timer(struct vcpu *v);
enum exit_action exit_hlt(struct vcpu *v);
enum exit_action exit_task_switch(struct vcpu *v); /* exit_task.c */
enum exit_action exit_cpuid(struct vcpu *v);       /* exit_cpu.c */
enum exit_action exit_vmcall(struct vcpu *v);      /* hypercall.c */
enum exit_action exit_undefined(struct vcpu *v);
enum exit_action exit_rdpmc(struct vcpu *v);
enum exit_action exit_cache(struct vcpu *v);
enum exit_action exit_rdmsr(struct vcpu *v);
enum exit_action exit_wrmsr(struct vcpu *v);
enum exit_action exit_xsetbv(struct vcpu *v);
enum exit_action exit_cr_access(struct vcpu *v);     /* exit_cr.c */
enum exit_action exit_mov_dr(struct vcpu *v);        /* exit_dr.c */
enum exit_action exit_io(struct vcpu *v);            /* exit_io.c */
enum exit_action exit_ept_violation(struct vcpu *v); /* exit_ept.c */
enum exit_action exit_ept_misconfiguration(struct vcpu *v);
enum exit_action exit_mtf(struct vcpu *v);

/* exit_event.c: what the delivery of a #DB does to the debug registers, beside the event itself. */
void exit_debug_side_effects(struct vcpu *v, uint64_t dr6_bits);

/* exit_ept.c: the step over a write to unclaimed memory is over. */
void ept_protect_voids(struct vcpu *v);
