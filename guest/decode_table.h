/* guest/decode_table.h - the opcodes that guest/decode.h knows. Only for guest/decode*.c. */
#pragma once

#include "guest/decode.h"

/* enum decode_form goes on here. */
#define FORM_PREFIX   0x10u /* op says which */
#define FORM_ESCAPE   0x11u /* 0F: a second table */
#define FORM_MOFFS    0x12u /* an absolute address and the accumulator; with TO_RM or without */
#define FORM_GROUP    0x13u /* op is the group; ModRM.reg chooses */

#define OPCODE_BYTE   0x0001u /* operands of one byte */
#define OPCODE_LOCK   0x0002u /* takes LOCK if its destination is memory */
#define OPCODE_IMM8   0x0004u /* an immediate byte, sign-extended */
#define OPCODE_IMMZ   0x0008u /* 2 bytes, or 4 with larger operands */
#define OPCODE_RM8    0x0010u /* rm is a byte, whatever size is */
#define OPCODE_RM16   0x0020u
#define OPCODE_RM32   0x0040u /* at most 4 bytes of rm */
#define OPCODE_NO64   0x0080u /* not in 64-bit mode */
#define OPCODE_64     0x0100u /* only there */
#define OPCODE_STACK  0x0200u /* 64 bits by default in 64-bit mode, and never 32 */
#define OPCODE_MOVNTI 0x0400u /* memory only, 4 or 8 bytes, without 66, F2, F3 */
#define OPCODE_TO_RM  0x0800u
#define OPCODE_PLAIN  0x1000u /* without ModRM */
#define OPCODE_COND   0x2000u /* the opcode's low four bits are a condition */

enum decode_prefix {
	PREFIX_66,
	PREFIX_67,
	PREFIX_LOCK,
	PREFIX_REPNE,
	PREFIX_REP,
	PREFIX_SEGMENT, /* ES, CS, SS, DS */
	PREFIX_FS_GS,
	PREFIX_REX,
};

enum decode_group {
	GROUP_ARITHMETIC, /* 80-83 */
	GROUP_MOV,        /* C6, C7 */
	GROUP_POP,        /* 8F */
	GROUP_TEST,       /* F6, F7 */
	GROUP_INC,        /* FE */
	GROUP_INC_PUSH,   /* FF */
	GROUP_BIT,        /* 0F BA */
	GROUPS
};

struct opcode {
	uint8_t op, form; /* op DECODE_NONE with a form below FORM_PREFIX: not known */
	uint16_t flags;
};

extern const struct opcode decode_one_byte[256], decode_two_byte[256];
extern const struct opcode decode_groups[GROUPS][8]; /* flags are added to those of the opcode */

#define REX_W 8u
#define REX_R 4u
#define REX_X 2u
#define REX_B 1u

/* SPL, BPL, SIL, DIL need a REX prefix: without one their numbers are AH, CH, DH, BH. */
static inline uint8_t decode_byte_register(uint8_t rex, uint8_t number)
{
	bool high = number >= 4 && number < 8 && !rex;

	return high ? (uint8_t)(number - 4 + DECODE_HIGH) : number;
}

/* decode() without its short way. */
MUST_CHECK enum decode_result decode_any(const uint8_t *bytes, unsigned count,
					 enum decode_mode mode, struct decoded *out);
