/* guest/decode_mov.c - the length, size and register of a MOV; see guest/decode_mov.h. */
#include "guest/decode_mov.h"

#include "guest/cpu_state.h"
#include "guest/decode_table.h"

#define MOST_PREFIXES 4u

/* ModRM, SIB and displacement; 0: no memory operand. */
static unsigned operand_length(const uint8_t *modrm, unsigned address_size)
{
	unsigned mod = modrm[0] >> 6, rm = modrm[0] & 7;
	unsigned length = 1;

	if (mod == 3)
		return 0;
	if (address_size == 2)
		return mod == 0 ? (rm == 6 ? 3 : 1) : 1 + mod;
	if (rm == 4) {
		length = 2;
		rm = modrm[1] & 7; /* the base */
	}
	if (mod == 0)
		return rm == 5 ? length + 4 : length;
	return length + (mod == 1 ? 1 : 4);
}

enum { NO_PREFIX, SEGMENT_PREFIX, SIZE_PREFIX, ADDRESS_PREFIX };

static const uint8_t prefixes[256] = {
	[0x26] = SEGMENT_PREFIX, [0x2e] = SEGMENT_PREFIX, [0x36] = SEGMENT_PREFIX,
	[0x3e] = SEGMENT_PREFIX, [0x64] = SEGMENT_PREFIX, [0x65] = SEGMENT_PREFIX,
	[0x66] = SIZE_PREFIX,    [0x67] = ADDRESS_PREFIX,
};

bool decode_mov(const uint8_t bytes[static DECODE_MAX_BYTES + 1], enum decode_mode mode,
		struct decoded_mov *out)
{
	unsigned size = mode == DECODE_16 ? 2 : 4;
	unsigned address_size = 2u << mode; /* 2, 4, 8 */
	unsigned at = 0, length;
	uint8_t rex = 0, opcode, prefix;

	/* What a segment prefix does to the address is done. */
	while (at < MOST_PREFIXES && (prefix = prefixes[bytes[at]]) != NO_PREFIX) {
		if (prefix == SIZE_PREFIX)
			size = mode == DECODE_16 ? 4 : 2;
		else if (prefix == ADDRESS_PREFIX)
			address_size = mode == DECODE_32 ? 2 : 4;
		at++;
	}
	if (mode == DECODE_64 && (bytes[at] & 0xf0) == 0x40)
		rex = bytes[at++];
	if (rex & REX_W)
		size = 8;
	opcode = bytes[at++];
	if ((opcode & 0xfc) == 0x88) {
		length = operand_length(bytes + at, address_size);
		out->write = !(opcode & 2);
		out->reg = (uint8_t)((bytes[at] >> 3 & 7) | (rex & REX_R) << 1);
		if (!(opcode & 1))
			out->reg = decode_byte_register(rex, out->reg);
	} else if ((opcode & 0xfc) == 0xa0) {
		length = address_size;
		out->write = (opcode & 2) != 0;
		out->reg = RAX;
	} else {
		return false;
	}
	out->size = (uint8_t)(opcode & 1 ? size : 1);
	out->length = (uint8_t)(at + length);
	return length != 0;
}
