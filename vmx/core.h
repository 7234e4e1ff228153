/*
 * vmx/core.h - VMX on one core: into root operation, the loop that runs this core's vCPUs, and out.
 */
#pragma once

#include "guest/msr.h"
#include "kernel/percpu.h"
#include "kernel/status.h"
#include "mm/frames.h"
#include "vmx/caps.h"
#include "vmx/host.h"

/* The longest sleep of a core, in the host or in a guest's HLT: a bound for kicks and input whose
 * interrupt was lost. */
#define VMX_SLEEP_MAX_NS (10 * NS_PER_MILLISECOND)

struct vcpu;
struct vm;

/* What another core wants of this one: vmx/call_core.c. */
enum { VMX_CALL_NONE, VMX_CALL_POSTED, VMX_CALL_RUNS };

struct vmx_call {
	uint32_t state; /* atomic */
	void (*fn)(void *arg);
	void *arg;
};

struct vmx_core {
	hpa_t region;           /* VMXON region */
	struct vcpu *loaded;    /* its VMCS is the current one */
	struct vcpu *fpu_owner; /* its FPU, debug and SYSCALL registers are in the CPU */
	struct vcpu *first;     /* vCPUs of this core, in the order of their turns */
	struct vm *new_vms;     /* VMs that this core has to start */
	uint64_t entries;
	unsigned times_off; /* by vmx_core_between() */
	struct vmx_call call;
	bool between_runs; /* no guest is in the middle of an exit */
};

/* What the CPU has; the same on all cores, checked by vmx_core_on(). Valid after vmx_init(). */
extern struct vmx_caps vmx_caps;
extern struct vmx_msrs vmx_cpu_msrs; /* less what without= takes away */
extern struct frames *vmx_frames;    /* where memory for VMs comes from */

/* Boot processor, once: reads the capabilities, decides, and makes what all VMs share. without:
 * words of vmx_caps_without(), separated by commas, to be left unused. On failure *reason is a
 * sentence for the user. */
MUST_CHECK enum status vmx_init(struct frames *frames, const struct host_ops *ops,
				struct text without, const char **reason);

/* This core into VMX root operation; ERR_UNSUPPORTED if it differs from the boot processor. */
MUST_CHECK enum status vmx_core_on(void);

/* And out of it. Every vCPU of this core must be gone. */
void vmx_core_off(void);

/* vmxoff=between: a run has ended, another one may follow. Out of VMX operation and into it again,
 * unless this core has more guests. */
extern bool vmx_off_between;
void vmx_core_between(void);

/* The structure of a core, for handing VMs to it before it runs its loop. */
struct vmx_core *vmx_core_of(unsigned cpu_index);

/* Runs this core's VMs until every VM of the machine has ended. */
void vmx_core_loop(void);

/* Bitmaps that all VMs share: every port exits; MSRs by the policy. */
extern hpa_t vmx_io_bitmaps; /* A, and B right behind it */
extern hpa_t vmx_msr_bitmap;

/* Every state component that some guest may use, and the size of the area that holds them. 0: the
 * CPU has no XSAVE, and FXSAVE does it. */
extern uint64_t vmx_xcr0_all;
extern unsigned vmx_fpu_order;

/* Some chip's accesses are logged (log=pic:trace, pit, uart, io). */
extern bool vmx_trace_ports;

/* After a change of log levels: works that out anew. */
void vmx_follow_log_levels(void);

/* What the MSR policy needs to know of this CPU. */
struct msr_features vmx_msr_features(void);

/* The vCPU is made this core's current one: VMCS loaded, FPU and MSRs exchanged if needed. */
void vmx_core_load(struct vcpu *v);

/* Only its VMCS, for a look in between, and back: what was loaded stays so for its user. The FPU,
 * debug and SYSCALL registers stay where they are. */
struct vcpu *vmx_core_borrow(struct vcpu *v);
void vmx_core_give_back(struct vcpu *before);

/* The vCPU goes: nothing of it stays in this core. */
void vmx_core_unload(struct vcpu *v);
