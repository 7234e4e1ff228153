/*
 * guest/syscall.h - SYSCALL and SYSRET, carried out in software.
 *
 * Pure. For 64-bit mode, where Intel's CPUs have them; EFER.SCE is the caller's to look at. The
 * caller reads the MSRs, and does what follows each instruction (RF, TF, blocking).
 * Not here: the shadow stack and the "interrupt" of FRED.
 * Spec: SDM 2B "SYSCALL-Fast System Call", "SYSRET-Return From Fast System Call".
 */
#pragma once

#include "guest/cpu_state.h"

enum syscall_kind { SYSCALL_NONE, SYSCALL_CALL, SYSCALL_RETURN };

struct syscall_instruction {
	enum syscall_kind kind;
	uint8_t length; /* with prefixes */
	bool wide;      /* REX.W: SYSRET to 64-bit mode */
};

struct syscall_msrs {
	uint64_t star, lstar, fmask;
};

/* The instruction in 64-bit mode whose first count bytes (15 are enough) are these. */
struct syscall_instruction syscall_at(const uint8_t *bytes, unsigned count);

/* RIP, RCX, R11, RFLAGS, CS and SS of s as they are behind the instruction. */
void syscall_enter(struct guest_cpu_state *s, const struct syscall_msrs *m, unsigned length);

/* The same back. False: #GP(0), and nothing has changed. */
MUST_CHECK bool syscall_return(struct guest_cpu_state *s, const struct syscall_msrs *m, bool wide);
