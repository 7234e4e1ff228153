/*
 * guest/emulate_alu.h - results and flags of arithmetic.
 *
 * Pure functions of numbers. Spec: SDM 1 "EFLAGS Register", SDM 2A and 2B, the pages of the
 * instructions; guest/emulate.h says what undefined flags become.
 */
#pragma once

#include "guest/decode.h"

/* The low size bytes; size is 1, 2, 4 or 8. */
static inline uint64_t emulate_cut(uint64_t value, unsigned size)
{
	return value & (~UINT64_C(0) >> (64 - size * 8));
}

/*
 * op: DECODE_ADD to DECODE_DEC. a: the destination; b: the source, of no meaning for NOT to DEC.
 * Both are cut to size bytes, and so is the result. TEST and CMP return what AND and SUB would.
 * *rflags gets the six status flags.
 */
uint64_t emulate_arithmetic(enum decode_op op, unsigned size, uint64_t a, uint64_t b,
			    uint64_t *rflags);

/* op: DECODE_BT to DECODE_BTC. bit: below size * 8. */
uint64_t emulate_bit(enum decode_op op, uint64_t a, unsigned bit, uint64_t *rflags);

/* A condition of SETcc, 0 to 15. */
bool emulate_condition(unsigned condition, uint64_t rflags);
