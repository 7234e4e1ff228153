/* guest/emulate_operation.h - the parts of guest/emulate.c. Only for guest/emulate*.c. */
#pragma once

#include "guest/emulate_alu.h"
#include "guest/emulate_place.h"

/* e->d is a good instruction. It is done, but for RIP. */
MUST_CHECK enum emulate_result emulate_operation(struct emulation *e);
MUST_CHECK enum emulate_result emulate_stack(struct emulation *e);  /* PUSH, POP */
MUST_CHECK enum emulate_result emulate_string(struct emulation *e); /* MOVS to SCAS */

static inline uint64_t emulate_register(const struct emulation *e, unsigned number, unsigned size)
{
	if (UNLIKELY(number & DECODE_HIGH))
		return e->s->gpr[number & 3] >> 8 & 0xff;
	return emulate_cut(e->s->gpr[number], size);
}

/* Bytes and words keep the rest of the register; 32 bits clear the upper half (SDM 1
 * "General-Purpose Registers in 64-Bit Mode"). value is cut to size. */
static inline void emulate_set_register(struct emulation *e, unsigned number, unsigned size,
					uint64_t value)
{
	uint64_t *reg = &e->s->gpr[number & 0xf];

	if (LIKELY(size >= 4))
		*reg = value;
	else if (number & DECODE_HIGH)
		e->s->gpr[number & 3] = (e->s->gpr[number & 3] & ~UINT64_C(0xff00)) | value << 8;
	else
		*reg = value | (*reg & ~(BIT(size * 8) - 1));
}

/* A register moves within an address size, which it is written with. */
static inline void emulate_advance(struct emulation *e, unsigned number, unsigned address_size,
				   uint64_t by)
{
	uint64_t value = emulate_cut(e->s->gpr[number] + by, address_size);

	emulate_set_register(e, number, address_size, value);
}
