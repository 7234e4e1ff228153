/*
 * kernel/trap.h - exceptions and interrupts of the hypervisor itself.
 *
 * Vectors below 32 are exceptions: unexpected ones panic. Others call the handler that was set; the
 * handler runs on the interrupted stack with interrupts off and ends the interrupt itself (EOI).
 */
#pragma once

#include "kernel/status.h"
#include "kernel/x86.h"

/* Pushed by kernel/trap.asm, general registers in ModRM order reversed by the pushes. */
struct trap_frame {
	uint64_t gpr[16]; /* RAX RCX RDX RBX RSP(unused) RBP RSI RDI R8..R15: ModRM order */
	uint64_t vector;
	uint64_t error_code; /* 0 where the CPU pushes none */
	uint64_t rip, cs, rflags, rsp, ss;
};

/* The context that an expected fault returns to; kernel/trap.asm knows the first fields. */
struct trap_probe {
	uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
	struct trap_frame *caught;
	struct trap_probe *outer;
};

enum trap_vector {
	VECTOR_SPURIOUS_PIC = 0x20, /* 0x20-0x2f: the masked 8259 pair may still throw 7 and 15 */
	VECTOR_KICK = 0x40,         /* another core wants this one to look at its pending word */
	VECTOR_TIMER = 0x41,        /* local APIC timer */
	VECTOR_UART = 0x42,         /* console */
	VECTOR_APIC_ERROR = 0x43,
	VECTOR_GO = 0x44,  /* start-up: all cores are there */
	VECTOR_GDB = 0x45, /* gdb's serial port */
	VECTOR_SPURIOUS_APIC = 0xff,
	VECTOR_SELF = 0x100, /* trap_self() */
};

typedef void (*trap_handler_fn)(struct trap_frame *f);

/* Builds the IDT (once, boot processor) and loads it (every core). */
void trap_init(void);
void trap_load(void);

/* vector 32 to 255, or VECTOR_SELF; NULL takes the handler away: then the interrupt is counted and
 * logged. */
void trap_set_handler(unsigned vector, trap_handler_fn handler);

/* Calls the handler of VECTOR_SELF with this core's registers as they are right behind the call. It
 * may change them, like those of any trap. Whatever a function may, it does to other registers. */
void trap_self(void);

/* hook(f) is called first for #DB and #BP, on a stack of their own. True: it has dealt with it.
 * What it calls before it knows that no debugger's breakpoint can be hit is NO_BREAKPOINT. */
void trap_set_debug_hook(bool (*hook)(struct trap_frame *f));

/* Runs fn(arg) with faults caught. True: an exception came, *caught is filled in, and whatever fn
 * had on its stack is gone. For self tests and for probing hardware; not from interrupt handlers.
 * */
bool trap_probe(void (*fn)(void *arg), void *arg, struct trap_frame *caught);

/* memcpy() that may meet what is not mapped. False: it faulted, and a part may be done. As
 * trap_probe(). */
MUST_CHECK bool trap_copy(void *to, const void *from, size_t len_bytes);

/* In a probe only: goes to ring 3 at rip (a user page), from where an exception comes back. */
NORETURN void trap_probe_enter_user(uint64_t rip, uint64_t cs, uint64_t ss);

/* Fills f with the registers as they are, the segments and RFLAGS; RIP and RSP are the caller's. */
void trap_capture(struct trap_frame *f);

/* RDMSR and WRMSR that return ERR_UNSUPPORTED instead of the #GP. */
MUST_CHECK enum status cpu_rdmsr_safe(uint32_t index, uint64_t *value);
MUST_CHECK enum status cpu_wrmsr_safe(uint32_t index, uint64_t value);
