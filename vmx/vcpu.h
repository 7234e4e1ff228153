/*
 * vmx/vcpu.h - one virtual CPU: its registers, its VMCS, and the loop that runs it.
 *
 * A vCPU belongs to one core (v->core), and only that core calls anything here or touches the VMCS.
 * All calls come with interrupts off.
 */
#pragma once

#include "guest/cpu_state.h"
#include "guest/cpuid.h"
#include "kernel/cpu.h"
#include "kernel/status.h"
#include "vmx/caps.h"
#include "vmx/exit_stats.h"

struct vm;

/* What the run loop does after an exit. */
enum exit_action {
	EXIT_SKIP,      /* the instruction is done: move RIP past it */
	EXIT_RETRY,     /* run on at the same RIP (or at the one the handler set) */
	EXIT_BLOCK,     /* the instruction is done, and the vCPU sleeps until an interrupt */
	EXIT_YIELD,     /* back to the core's loop, which may run somebody else first */
	EXIT_STOP,      /* the VM has ended; vm->end_text says why */
	EXIT_UNHANDLED, /* nobody knows this exit: the VM ends with a dump */
};

/* For vcpu->prepare. */
#define PREPARE_EVENTS   1u /* an event, a window or a flush */
#define PREPARE_TURN     2u /* it is the first of a turn: serial bytes, and when the turn ends */
#define PREPARE_ALL      (PREPARE_EVENTS | PREPARE_TURN)

/* For vcpu->stepping. */
#define STEP_OVER_WRITE  1u  /* a write to unclaimed memory is let through for one instruction */
#define STEP_OVER_POINT  2u  /* an instruction may pass breakpoints and watched pages */
#define STEP_FOR_USER    4u  /* a debugger's */
#define STEP_BY_HAND     8u  /* not a step: events by hand wait until they can be taken */
#define STEP_FOR_TOOL    16u /* the toolkit's */
#define STEP_ANY         (STEP_OVER_WRITE | STEP_OVER_POINT | STEP_FOR_USER | STEP_FOR_TOOL)

#define VCPU_PARKED_MSRS 8u
#define EXIT_HISTORY     32u

/* Why no exit may take the short way: bits of vcpu->slow. */
#define SLOW_WANTED      1u /* without=fast-path, or a trace that the short way does not know */
#define SLOW_STEPPING    2u /* the guest's next instruction needs care */

/* An event for the next VM entry, in the format of the VM-entry interruption-information field. */
struct vcpu_event {
	uint32_t info; /* bit 31: there is one */
	uint32_t error_code;
	uint32_t instruction_length; /* software interrupts and exceptions only */
};

#define BY_HAND_EXCEPTIONS 4u
#define BY_HAND_INTERRUPTS 16u

/* vmx/by_hand.c: what waits, the first at 0. */
struct vcpu_by_hand {
	struct vcpu_hand_exception {
		uint8_t vector;
		uint32_t error_code;
	} exceptions[BY_HAND_EXCEPTIONS];
	uint8_t interrupts[BY_HAND_INTERRUPTS];
	uint8_t exception_count, interrupt_count;
};

/* vmx/step.c; all but the first two are of this entry. */
struct vcpu_step {
	bool waits;        /* for an event: in HLT for what wakes it, or by lets_in */
	bool lets_in;      /* an interrupt or NMI that can come may come first, and is the step */
	bool delivers;     /* the entry brings an event, and that is all of the step */
	bool tf_is_ours;   /* RFLAGS.TF is set for the step */
	bool guest_tf;     /* what the guest has there */
	bool guest_if;     /* and in RFLAGS.IF */
	bool after_sti;    /* it was an STI that counts: no interrupt yet */
	bool over;         /* the exit was the end of it */
	bool delivered;    /* and it was a delivery */
	bool trap_is_ours; /* the #DB that the exit brings is not the guest's */
	uint8_t kind;      /* enum step_kind */
	uint32_t bitmap;   /* the exception bitmap without the step, and its mask and match */
	uint32_t pf_mask, pf_match;
	uint64_t rcx; /* at the exit */
};

struct vcpu {
	uint64_t gpr[GPR_COUNT]; /* vmx/vcpu_layout.inc; RSP lives in the VMCS */
	uint64_t host_stack;     /* entry.asm: the host's RSP while the guest runs */
	uint8_t launched;

	/* For the fast path of vmx/entry.asm, which finds them by vmx/vcpu_layout.inc. */
	uint8_t history_at;    /* 8 times the number of the last exit in history */
	uint8_t slow;          /* SLOW_...; vcpu_set_slow() alone changes it */
	uint8_t stepping;      /* STEP_...: what vmx/step.h is at work for */
	uint8_t timer_shift;   /* vmx_caps.preemption_shift */
	uint32_t deadline_tsc; /* leave the guest by then; the low half is enough (vmx/run.c) */
	uint32_t turn_ticks;   /* the longest turn; what is further away is over */
	uint32_t fixed_leaves; /* CPUID: bit n says that leaf_answers[n] is the whole answer */
	const struct cpuid_regs *leaf_answers;
	struct exit_record history[EXIT_HISTORY]; /* a ring */

	/* The ring's records from the first of these up to the last exit are not in stats yet. */
	unsigned fold_from;
	uint64_t folded; /* exits since vcpu_create() that are */
	struct exit_stats *stats;

	uint8_t prepare;     /* what must be looked at before the next entry: PREPARE_... */
	bool halted;         /* in HLT: not runnable until an interrupt comes */
	bool in_hlt;         /* the same, but it waits in the guest, alone on its core */
	uint8_t least_ticks; /* of the preemption timer; 0: leave before the first instruction */
	struct vcpu_step step;
	bool nmi_pending;        /* an NMI waits for its turn */
	bool nmi_came;           /* one went in, and may still block others */
	bool flush_ept;          /* INVEPT before the next entry */
	bool flush_vpid;         /* INVVPID before the next entry */
	uint64_t rip;            /* at the last exit */
	uint64_t qualification;  /* at the last exit that has one */
	uint32_t turn_start_tsc; /* low half */
	uint64_t turn_start_ns;  /* the same moment */
	uint32_t turn_end_tsc;   /* by then at the latest, whatever the devices ask for */
	uint64_t turn_end_ns;    /* the same moment */
	uint64_t device_ns;      /* the devices' wish that deadline_tsc was made of; 0: none yet */
	uint64_t sample_ns;      /* the toolkit wants an exit by then; 0: it does not */
	uint64_t ran_until_ns;   /* the guest was really running until then; 0: until now */
	uint64_t slice_end_ns;
	uint64_t wake_ns;        /* while halted: when to look again */
	uint32_t proc_controls;  /* what VMCS_PROC_CONTROLS holds now */
	uint32_t proc_kept;      /* of these, what the toolkit wants on */
	struct vcpu_event event; /* to be delivered at the next entry */
	struct vcpu_by_hand by_hand;

	uint16_t trace;          /* for this run: BIT(enum trace_kind), TRACE_TO_LOG */
	uint64_t trace_pics;     /* vmx/trace.c: the PICs as they were noted last */
	uint64_t trace_halt_tsc; /* asleep since then; 0: it is not */
	uint64_t trace_irqs;     /* of its core, up to the last note */

	uint64_t code_page; /* vmx/exit_fast_mmio.c: the last instruction lay there */
	const uint8_t *code_bytes;

	struct vm *vm;
	hpa_t vmcs;
	unsigned core;
	uint16_t vpid;
	uint64_t efer_ours, efer_hidden; /* vcpu_hide_efer(); and what the guest has set of it */
	uint8_t invvpid; /* the type where some of what is cached has to go; 0: it has no VPID */
	uint32_t vpid_flushes;
	uint64_t cr8;
	uint8_t *vtpr; /* with the TPR shadow: CR8 is in its bits 7:4 instead; else NULL */
	uint64_t tsc_multiplier; /* what VMCS_TSC_MULTIPLIER holds; 0: TSC scaling is off */

	/* Not in the VMCS and not touched by Lintel: changed only when another vCPU takes the
	 * core. */
	struct {
		uint64_t cr2, dr[4], dr6;
		uint64_t msr[VCPU_PARKED_MSRS]; /* in the order of msr_caller_switches() */
		uint64_t xcr0;
	} parked;
	void *fpu; /* XSAVE area, one page */
	unsigned fpu_order;

	uint64_t entry_failures;

	struct vcpu *next_on_core;
};

/* Makes the VMCS for a vCPU that starts in the given state. Uses this core's current VMCS slot, so
 * it runs on the vCPU's core. ERR_NO_MEMORY; ERR_INVALID if the CPU refuses the VMCS. */
MUST_CHECK enum status vcpu_create(struct vcpu *v, struct vm *vm, unsigned core, uint16_t vpid,
				   const struct guest_cpu_state *start);

/* INIT: the vCPU goes on in the given state, and what waited for it is forgotten. It is loaded on
 * this core. */
void vcpu_reset(struct vcpu *v, const struct guest_cpu_state *start);

/* Gives back what vcpu_create() took. On its core; the vCPU is not loaded afterwards. */
void vcpu_destroy(struct vcpu *v);

/* Runs the guest until it blocks, ends, its slice is over or the core is wanted (EXIT_BLOCK,
 * EXIT_STOP, EXIT_YIELD). */
enum exit_action vcpu_run(struct vcpu *v);

/* Moves RIP behind an instruction that was carried out for the guest: ends STI and MOV SS blocking,
 * and owes a #DB if TF is set. A handler that calls it returns EXIT_RETRY. */
void vcpu_advance(struct vcpu *v, uint64_t next_rip);

/* The same behind the instruction that caused the last exit. */
void vcpu_skip(struct vcpu *v);

/* After anything that the devices' next deadline depends on: the guest is left in time for it. now
 * is the time; the VM's lock is held. Cheap where nothing has changed. */
void vcpu_set_deadline(struct vcpu *v, uint64_t now);

/* Has the guest run for as long as it may before the host looks after its own work? tsc: the low
 * half, now. */
static inline bool vcpu_turn_is_over(const struct vcpu *v, uint32_t tsc)
{
	return tsc - v->turn_start_tsc >= v->turn_end_tsc - v->turn_start_tsc;
}

/* No exit goes the short way while a bit is set. The vCPU is loaded on this core. */
void vcpu_set_slow(struct vcpu *v, uint8_t why, bool slow);

/* Works out anew what the trace and the toolkit see of its exits. The same. */
void vcpu_follow_trace(struct vcpu *v);

/* The last exit in the history; vmx/entry.asm has begun its record. */
static inline struct exit_record *vcpu_last_exit(const struct vcpu *v)
{
	return (struct exit_record *)((uintptr_t)v->history + v->history_at * 4u);
}

/* Notes the last exit, at v->rip. key: see struct exit_record. */
static inline void vcpu_record_exit(struct vcpu *v, uint32_t reason, uint64_t qualification,
				    uint32_t key)
{
	struct exit_record *r = vcpu_last_exit(v);

	r->rip = v->rip;
	r->qualification = qualification;
	r->reason = reason;
	r->key = key;
}

/* Folds all records up to the last into v->stats; the last one ends now. Between two runs of the
 * guest, or after the last. */
void vcpu_fold_exits(struct vcpu *v);

/* How many exits there were since vcpu_create(). */
uint64_t vcpu_exits(const struct vcpu *v);

/* A halted vCPU: looks at the devices; true if an interrupt can be delivered now, and then it is
 * runnable again. Otherwise v->wake_ns says when to look next. */
bool vcpu_try_wake(struct vcpu *v);

/* The whole architectural state out of the VMCS and back; the vCPU must be loaded on this core.
 * Write changes only what the guest could have changed by its instructions. */
void vcpu_read_state(struct vcpu *v, struct guest_cpu_state *s);
void vcpu_write_state(struct vcpu *v, const struct guest_cpu_state *s);

/* DR0 to DR3 as the CPU has them. */
void vcpu_read_breakpoints(const struct vcpu *v, uint64_t dr[4]);
void vcpu_write_breakpoints(struct vcpu *v, const uint64_t dr[4]);

/* CR8, wherever it is. A write turns "CR8-load exiting" on for the TPR shadow, whose threshold is
 * then 0 (toolkit/tpr.c sets both anew). The vCPU is loaded. */
uint64_t vcpu_cr8(const struct vcpu *v);
void vcpu_set_cr8(struct vcpu *v, uint64_t value);

/* EFER as the guest sees it. The bits that are hidden (0: none) are clear in the VMCS, whatever the
 * guest sets there; VMCS_GUEST_EFER alone is right for all other bits. The vCPU is loaded. */
uint64_t vcpu_efer(const struct vcpu *v);
void vcpu_set_efer(struct vcpu *v, uint64_t efer);
void vcpu_hide_efer(struct vcpu *v, uint64_t bits);

/* The four PDPTEs out of memory, as a MOV to CR0, CR3 or CR4 loads them. False: #GP. */
bool vcpu_load_pdptes(struct vcpu *v);

/* Of the same only what it takes to reach memory through one segment: RFLAGS, the mode, paging, and
 * the segment. CR3, CR4 and the PDPTEs only with paging; nothing else of s is written. */
void vcpu_read_memory_state(struct vcpu *v, struct guest_cpu_state *s,
			    enum guest_segment_name segment);

/* Of the same what it takes to carry out an instruction for the guest: the general registers, RIP,
 * RFLAGS, the mode, paging, and the segments but LDTR and TR; no selectors. */
void vcpu_read_instruction_state(struct vcpu *v, struct guest_cpu_state *s);

/* And back: the general registers and RFLAGS; not RIP. */
void vcpu_write_instruction_state(struct vcpu *v, const struct guest_cpu_state *s);

/* What RDMSR would read there. False: #GP. */
bool vcpu_read_msr(struct vcpu *v, uint32_t index, uint64_t *value);

/* The mode in words: "real mode", "64-bit mode", ... */
const char *vcpu_mode_text(const struct guest_cpu_state *s);

/* Logs registers, segments, controls and the last exits, at level error. */
void vcpu_dump(struct vcpu *v);
