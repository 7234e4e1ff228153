/*
 * guest/decode_table.c - the opcodes that guest/decode.c knows.
 * Spec: SDM 2D "One, Two, and Three-Byte Opcode Maps", "Opcode Extensions For One-Byte And Two-byte
 * Opcodes".
 */
#include "guest/decode_table.h"

#define BYTE OPCODE_BYTE
#define LOCK OPCODE_LOCK

/* rm, reg and reg, rm; the first of each two for bytes. */
#define BOTH_WAYS(first, name, lock)                                                               \
	[(first) + 0] = {name, DECODE_RM_REG, BYTE | (lock)},                                      \
		   [(first) + 1] = {name, DECODE_RM_REG, (lock)},                                  \
		   [(first) + 2] = {name, DECODE_REG_RM, BYTE},                                    \
		   [(first) + 3] = {name, DECODE_REG_RM, 0}
#define RM_REG(first, name, lock)                                                                  \
	[(first) + 0] = {name, DECODE_RM_REG, BYTE | (lock)},                                      \
		   [(first) + 1] = {name, DECODE_RM_REG, (lock)}
#define STRING(first, name)                                                                        \
	[(first) + 0] = {name, DECODE_STRING, OPCODE_PLAIN | BYTE},                                \
		   [(first) + 1] = {name, DECODE_STRING, OPCODE_PLAIN}
#define EIGHT(first, ...)                                                                          \
	[(first) + 0] = __VA_ARGS__, [(first) + 1] = __VA_ARGS__, [(first) + 2] = __VA_ARGS__,     \
		   [(first) + 3] = __VA_ARGS__, [(first) + 4] = __VA_ARGS__,                       \
		   [(first) + 5] = __VA_ARGS__, [(first) + 6] = __VA_ARGS__,                       \
		   [(first) + 7] = __VA_ARGS__

const struct opcode decode_one_byte[256] = {
	BOTH_WAYS(0x00, DECODE_ADD, LOCK),
	BOTH_WAYS(0x08, DECODE_OR, LOCK),
	[0x0f] = {DECODE_NONE, FORM_ESCAPE, 0},
	BOTH_WAYS(0x10, DECODE_ADC, LOCK),
	BOTH_WAYS(0x18, DECODE_SBB, LOCK),
	BOTH_WAYS(0x20, DECODE_AND, LOCK),
	[0x26] = {PREFIX_SEGMENT, FORM_PREFIX, 0},
	BOTH_WAYS(0x28, DECODE_SUB, LOCK),
	[0x2e] = {PREFIX_SEGMENT, FORM_PREFIX, 0},
	BOTH_WAYS(0x30, DECODE_XOR, LOCK),
	[0x36] = {PREFIX_SEGMENT, FORM_PREFIX, 0},
	BOTH_WAYS(0x38, DECODE_CMP, 0),
	[0x3e] = {PREFIX_SEGMENT, FORM_PREFIX, 0},
	EIGHT(0x40, {PREFIX_REX, FORM_PREFIX, 0}),
	EIGHT(0x48, {PREFIX_REX, FORM_PREFIX, 0}),
	EIGHT(0x50, {DECODE_PUSH, DECODE_REG, OPCODE_PLAIN | OPCODE_STACK}),
	EIGHT(0x58, {DECODE_POP, DECODE_REG, OPCODE_PLAIN | OPCODE_STACK}),
	[0x63] = {DECODE_MOVSX, DECODE_REG_RM, OPCODE_64 | OPCODE_RM32},
	[0x64] = {PREFIX_FS_GS, FORM_PREFIX, 0},
	[0x65] = {PREFIX_FS_GS, FORM_PREFIX, 0},
	[0x66] = {PREFIX_66, FORM_PREFIX, 0},
	[0x67] = {PREFIX_67, FORM_PREFIX, 0},
	[0x68] = {DECODE_PUSH, DECODE_IMM, OPCODE_PLAIN | OPCODE_STACK | OPCODE_IMMZ},
	[0x6a] = {DECODE_PUSH, DECODE_IMM, OPCODE_PLAIN | OPCODE_STACK | OPCODE_IMM8},
	[0x80] = {GROUP_ARITHMETIC, FORM_GROUP, BYTE | OPCODE_IMM8},
	[0x81] = {GROUP_ARITHMETIC, FORM_GROUP, OPCODE_IMMZ},
	[0x82] = {GROUP_ARITHMETIC, FORM_GROUP, BYTE | OPCODE_IMM8 | OPCODE_NO64},
	[0x83] = {GROUP_ARITHMETIC, FORM_GROUP, OPCODE_IMM8},
	RM_REG(0x84, DECODE_TEST, 0),
	RM_REG(0x86, DECODE_XCHG, LOCK),
	BOTH_WAYS(0x88, DECODE_MOV, 0),
	[0x8f] = {GROUP_POP, FORM_GROUP, OPCODE_STACK},
	[0xa0] = {DECODE_MOV, FORM_MOFFS, BYTE},
	[0xa1] = {DECODE_MOV, FORM_MOFFS, 0},
	[0xa2] = {DECODE_MOV, FORM_MOFFS, BYTE | OPCODE_TO_RM},
	[0xa3] = {DECODE_MOV, FORM_MOFFS, OPCODE_TO_RM},
	STRING(0xa4, DECODE_MOVS),
	STRING(0xa6, DECODE_CMPS),
	STRING(0xaa, DECODE_STOS),
	STRING(0xac, DECODE_LODS),
	STRING(0xae, DECODE_SCAS),
	[0xc6] = {GROUP_MOV, FORM_GROUP, BYTE | OPCODE_IMM8},
	[0xc7] = {GROUP_MOV, FORM_GROUP, OPCODE_IMMZ},
	[0xf0] = {PREFIX_LOCK, FORM_PREFIX, 0},
	[0xf2] = {PREFIX_REPNE, FORM_PREFIX, 0},
	[0xf3] = {PREFIX_REP, FORM_PREFIX, 0},
	[0xf6] = {GROUP_TEST, FORM_GROUP, BYTE},
	[0xf7] = {GROUP_TEST, FORM_GROUP, 0},
	[0xfe] = {GROUP_INC, FORM_GROUP, BYTE},
	[0xff] = {GROUP_INC_PUSH, FORM_GROUP, 0},
};

const struct opcode decode_two_byte[256] = {
	EIGHT(0x90, {DECODE_SETCC, DECODE_RM, BYTE | OPCODE_COND}),
	EIGHT(0x98, {DECODE_SETCC, DECODE_RM, BYTE | OPCODE_COND}),
	[0xa3] = {DECODE_BT, DECODE_RM_REG, 0},
	[0xab] = {DECODE_BTS, DECODE_RM_REG, LOCK},
	RM_REG(0xb0, DECODE_CMPXCHG, LOCK),
	[0xb3] = {DECODE_BTR, DECODE_RM_REG, LOCK},
	[0xb6] = {DECODE_MOVZX, DECODE_REG_RM, OPCODE_RM8},
	[0xb7] = {DECODE_MOVZX, DECODE_REG_RM, OPCODE_RM16},
	[0xba] = {GROUP_BIT, FORM_GROUP, OPCODE_IMM8},
	[0xbb] = {DECODE_BTC, DECODE_RM_REG, LOCK},
	[0xbe] = {DECODE_MOVSX, DECODE_REG_RM, OPCODE_RM8},
	[0xbf] = {DECODE_MOVSX, DECODE_REG_RM, OPCODE_RM16},
	RM_REG(0xc0, DECODE_XADD, LOCK),
	[0xc3] = {DECODE_MOVNTI, DECODE_RM_REG, OPCODE_MOVNTI},
};

const struct opcode decode_groups[GROUPS][8] = {
	[GROUP_ARITHMETIC] =
		{
			{DECODE_ADD, DECODE_RM_IMM, LOCK},
			{DECODE_OR, DECODE_RM_IMM, LOCK},
			{DECODE_ADC, DECODE_RM_IMM, LOCK},
			{DECODE_SBB, DECODE_RM_IMM, LOCK},
			{DECODE_AND, DECODE_RM_IMM, LOCK},
			{DECODE_SUB, DECODE_RM_IMM, LOCK},
			{DECODE_XOR, DECODE_RM_IMM, LOCK},
			{DECODE_CMP, DECODE_RM_IMM, 0},
		},
	[GROUP_MOV] = {{DECODE_MOV, DECODE_RM_IMM, 0}},
	[GROUP_POP] = {{DECODE_POP, DECODE_RM, 0}},
	/* TEST has its immediate here; /1 is an old alias of it. */
	[GROUP_TEST] =
		{
			{DECODE_TEST, DECODE_RM_IMM, OPCODE_IMMZ},
			{DECODE_TEST, DECODE_RM_IMM, OPCODE_IMMZ},
			{DECODE_NOT, DECODE_RM, LOCK},
			{DECODE_NEG, DECODE_RM, LOCK},
		},
	[GROUP_INC] = {{DECODE_INC, DECODE_RM, LOCK}, {DECODE_DEC, DECODE_RM, LOCK}},
	[GROUP_INC_PUSH] =
		{
			{DECODE_INC, DECODE_RM, LOCK},
			{DECODE_DEC, DECODE_RM, LOCK},
			[6] = {DECODE_PUSH, DECODE_RM, OPCODE_STACK},
		},
	[GROUP_BIT] =
		{
			[4] = {DECODE_BT, DECODE_RM_IMM, 0},
			[5] = {DECODE_BTS, DECODE_RM_IMM, LOCK},
			[6] = {DECODE_BTR, DECODE_RM_IMM, LOCK},
			[7] = {DECODE_BTC, DECODE_RM_IMM, LOCK},
		},
};
