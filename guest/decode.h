/*
 * guest/decode.h - the syntax of the x86 instructions that touch devices.
 *
 * Pure, and of the bytes alone: no register is read, no memory touched. Knows MOV (88-8B, A0-A3,
 * C6, C7), MOVNTI, MOVZX, MOVSX, MOVSXD, SETcc, ADD to CMP (00-3B and 80-83), TEST, NOT, NEG, INC,
 * DEC, BT, BTS, BTR, BTC, XCHG, CMPXCHG, XADD, PUSH, POP, MOVS, CMPS, STOS, LODS and SCAS. What it
 * does not know it says, and never guesses.
 * Not known on purpose: forms that can have no memory operand (04 ADD AL, B0 MOV AL, 40 INC), but
 * for PUSH and POP, which have the stack; segment registers; MMX, SSE, x87, VEX.
 * Spec: SDM 2A "Instruction Format", SDM 2D "Opcode Map".
 */
#pragma once

#include "kernel/x86.h"

#define DECODE_MAX_BYTES 15u /* of an instruction: SDM 2A "Instruction Format" */
#define DECODE_BUFFER    32u /* bytes that decode() may look at, whatever they are */

enum decode_mode { DECODE_16, DECODE_32, DECODE_64 }; /* the code segment's default size */

enum decode_result {
	DECODE_OK,
	DECODE_MORE,     /* the bytes end before the instruction does */
	DECODE_TOO_LONG, /* over 15 bytes: #GP(0) */
	DECODE_INVALID,  /* LOCK where it is not allowed: #UD */
	DECODE_UNKNOWN,
};

enum decode_op {
	DECODE_NONE,
	DECODE_ADD, /* the eight in the order of the opcodes */
	DECODE_OR,
	DECODE_ADC,
	DECODE_SBB,
	DECODE_AND,
	DECODE_SUB,
	DECODE_XOR,
	DECODE_CMP,
	DECODE_TEST,
	DECODE_NOT,
	DECODE_NEG,
	DECODE_INC,
	DECODE_DEC,
	DECODE_BT,
	DECODE_BTS,
	DECODE_BTR,
	DECODE_BTC,
	DECODE_XCHG,
	DECODE_CMPXCHG,
	DECODE_XADD,
	DECODE_MOV,
	DECODE_MOVNTI,
	DECODE_MOVZX,
	DECODE_MOVSX, /* also MOVSXD */
	DECODE_SETCC, /* immediate is the condition, 0 to 15 */
	DECODE_PUSH,
	DECODE_POP,
	DECODE_MOVS,
	DECODE_CMPS,
	DECODE_STOS,
	DECODE_LODS,
	DECODE_SCAS,
	DECODE_OPS
};

/* What the operands are; "rm" is memory, or a register where struct decoded says so. */
enum decode_form {
	DECODE_RM_REG, /* rm is the destination, reg the source */
	DECODE_REG_RM,
	DECODE_RM_IMM,
	DECODE_RM,     /* the only one */
	DECODE_REG,    /* PUSH and POP of reg */
	DECODE_IMM,    /* PUSH of the immediate */
	DECODE_STRING, /* segment is that of the source (MOVS, CMPS, LODS) */
};

#define DECODE_LOCK    1u /* prefixes */
#define DECODE_REP     2u /* F3: also REPE */
#define DECODE_REPNE   4u /* F2. The last of the two counts */

#define DECODE_NOTHING 0xffu /* no base, no index */
#define DECODE_RIP     0xfeu /* as base: the address of the next instruction */
#define DECODE_HIGH    0x10u /* added to 0-3 in reg or rm: AH, CH, DH, BH */

struct decoded {
	uint8_t length; /* bytes */
	uint8_t op;     /* enum decode_op */
	uint8_t form;   /* enum decode_form */
	uint8_t prefixes;
	uint8_t size;         /* of the operation: 1, 2, 4, 8 bytes */
	uint8_t rm_size;      /* of rm: less than size in MOVZX and MOVSX */
	uint8_t address_size; /* 2, 4, 8 bytes */
	uint8_t segment;     /* enum guest_segment_name, with its override, of the memory operand */
	bool memory;         /* rm is memory: base, index, shift and displacement count */
	uint8_t rm, reg;     /* enum gpr, perhaps with DECODE_HIGH */
	uint8_t base, index; /* enum gpr, DECODE_NOTHING, DECODE_RIP */
	uint8_t shift;       /* the index counts times 1 << shift */
	uint64_t displacement; /* sign-extended, but for MOV with an absolute address */
	uint64_t immediate;    /* sign-extended */
};

/*
 * The instruction that begins at bytes[0]. count of the DECODE_BUFFER bytes, at most
 * DECODE_MAX_BYTES, are the instruction's; what follows them does not matter. DECODE_MORE comes
 * only for a count below DECODE_MAX_BYTES. out is complete with DECODE_OK only.
 */
MUST_CHECK enum decode_result decode(const uint8_t bytes[static DECODE_BUFFER], unsigned count,
				     enum decode_mode mode, struct decoded *out);
