/*
 * guest/decode_mov.h - MOV between a register and memory, where the address is known already.
 *
 * Pure, of the bytes alone. An exit that comes of an access knows its address: of the instruction
 * no more is needed than its length, its size, its register and its direction. guest/decode.h knows
 * the same forms and all others; what is not plain (LOCK, REP, an immediate) is left to it.
 * Spec: SDM 2B "MOV-Move", SDM 2A "Instruction Format".
 */
#pragma once

#include "guest/decode.h"

struct decoded_mov {
	uint8_t length; /* bytes */
	uint8_t size;   /* 1, 2, 4, 8 bytes */
	uint8_t reg;    /* enum gpr, perhaps with DECODE_HIGH */
	bool write;     /* to memory */
};

/* 88-8B with a memory operand, and A0-A3. All DECODE_MAX_BYTES bytes are there to be looked at.
 * False: something else, or longer than that. */
MUST_CHECK bool decode_mov(const uint8_t bytes[static DECODE_MAX_BYTES + 1], enum decode_mode mode,
			   struct decoded_mov *out);
