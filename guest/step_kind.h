/*
 * guest/step_kind.h - instructions over which a single step by RFLAGS.TF needs care.
 *
 * Pure, and of the bytes alone. Who steps a guest by a TF that the guest must not see has to know
 * the instructions that show it, that load another, that go through the IDT on purpose, and STI.
 * Spec: SDM 2A "Instruction Format", "INT n/INTO/INT3/INT1", "PUSHF", "POPF", "IRET", "STI", SDM 2B
 * "SYSCALL", SDM 3B "Single-Step Exception Condition".
 */
#pragma once

#include "guest/decode.h"

enum step_kind {
	STEP_PLAIN,
	STEP_PUSHES_FLAGS,
	STEP_LOADS_FLAGS, /* POPF, IRET, SYSRET: what they load is the guest's own */
	STEP_SYSCALL,     /* flags to R11, and some of them cleared */
	STEP_STI,         /* the instruction behind it comes before an interrupt */
	STEP_INT,         /* vector says which */
	STEP_INT3,
	STEP_INTO,
	STEP_INT1,
};

struct step_instruction {
	enum step_kind kind;
	uint8_t length; /* bytes; of the last four kinds only */
	uint8_t vector;
};

/* The instruction at bytes[0]; count of them are there, and what is cut off is plain: fetching it
 * faults. */
struct step_instruction step_instruction_at(const uint8_t *bytes, unsigned count,
					    enum decode_mode mode);
