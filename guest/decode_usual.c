/* guest/decode_usual.c - from bytes to struct decoded: the short way, for what is met most. */
#include "guest/decode.h"

#include "guest/cpu_state.h"
#include "guest/decode_table.h"
#include "kernel/assert.h"
#include "kernel/string.h"

/*
 * What most accesses to devices are, on a short way of its own: perhaps REX, one opcode byte, ModRM
 * with a base register, perhaps a displacement. False: decode() has to look, and nothing is said.
 */
static inline bool usual(const uint8_t *bytes, unsigned count, enum decode_mode mode,
			 struct decoded *out)
{
	unsigned at = 0, mod, rm;
	const struct opcode *o;
	uint8_t modrm, rex = 0;

	if (mode == DECODE_64 && (bytes[0] & 0xf0) == 0x40)
		rex = bytes[at++];
	o = &decode_one_byte[bytes[at++]];
	modrm = bytes[at++];
	mod = modrm >> 6;
	rm = modrm & 7;
	if (mode == DECODE_16 || o->form > DECODE_REG_RM || o->op == DECODE_NONE || mod == 3 ||
	    rm == 4 || (mod == 0 && rm == 5) || (o->flags & ~(OPCODE_BYTE | OPCODE_LOCK)))
		return false;
	out->op = o->op;
	out->form = o->form;
	out->prefixes = 0;
	out->memory = true;
	out->reg = (uint8_t)((modrm >> 3 & 7) | (rex & REX_R) << 1);
	out->size = rex & REX_W ? 8 : 4;
	if (o->flags & OPCODE_BYTE) {
		out->size = 1;
		out->reg = decode_byte_register(rex, out->reg);
	}
	out->rm_size = out->size;
	out->address_size = mode == DECODE_64 ? 8 : 4;
	out->base = (uint8_t)(rm | (rex & REX_B) << 3);
	out->index = DECODE_NOTHING;
	out->shift = 0;
	out->segment = out->base == RBP ? GUEST_SS : GUEST_DS; /* RSP needs a SIB byte */
	out->displacement = 0;
	if (mod == 1) {
		out->displacement = (uint64_t)(int8_t)bytes[at++];
	} else if (mod == 2) {
		int32_t displacement;

		memcpy(&displacement, bytes + at, sizeof(displacement));
		out->displacement = (uint64_t)displacement;
		at += sizeof(displacement);
	}
	out->length = (uint8_t)at;
	return at <= count;
}

enum decode_result decode(const uint8_t bytes[static DECODE_BUFFER], unsigned count,
			  enum decode_mode mode, struct decoded *out)
{
	ASSERT(count <= DECODE_MAX_BYTES);
	if (LIKELY(usual(bytes, count, mode, out)))
		return DECODE_OK;
	return decode_any(bytes, count, mode, out);
}
