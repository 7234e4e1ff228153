/* guest/emulate_alu.c - results and flags of arithmetic. */
#include "guest/emulate_alu.h"

#define FLAGS_LOGIC (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

static uint64_t flag(bool set, uint64_t which)
{
	return set ? which : 0;
}

/* The number of ones in the low byte is even. */
static bool parity(uint64_t value)
{
	value ^= value >> 4;
	return !(0x6996u >> (value & 0xf) & 1);
}

static uint64_t result_flags(unsigned size, uint64_t result)
{
	return flag(parity(result), RFLAGS_PF) | flag(result == 0, RFLAGS_ZF) |
	       flag(result >> (size * 8 - 1) & 1, RFLAGS_SF);
}

static uint64_t add(unsigned size, uint64_t a, uint64_t b, unsigned carry, uint64_t *rflags)
{
	uint64_t result = emulate_cut(a + b + carry, size);
	unsigned top = size * 8 - 1;
	uint64_t carries = (a & b) | ((a | b) & ~result);

	*rflags = (*rflags & ~FLAGS_LOGIC) | result_flags(size, result) |
		  flag(carries >> top & 1, RFLAGS_CF) | flag(carries >> 3 & 1, RFLAGS_AF) |
		  flag(((a ^ result) & (b ^ result)) >> top & 1, RFLAGS_OF);
	return result;
}

static uint64_t subtract(unsigned size, uint64_t a, uint64_t b, unsigned borrow, uint64_t *rflags)
{
	uint64_t result = emulate_cut(a - b - borrow, size);
	unsigned top = size * 8 - 1;
	uint64_t borrows = (~a & b) | (~(a ^ b) & result);

	*rflags = (*rflags & ~FLAGS_LOGIC) | result_flags(size, result) |
		  flag(borrows >> top & 1, RFLAGS_CF) | flag(borrows >> 3 & 1, RFLAGS_AF) |
		  flag(((a ^ b) & (a ^ result)) >> top & 1, RFLAGS_OF);
	return result;
}

static uint64_t logic(unsigned size, uint64_t result, uint64_t *rflags)
{
	*rflags = (*rflags & ~FLAGS_LOGIC) | result_flags(size, result);
	return result;
}

uint64_t emulate_arithmetic(enum decode_op op, unsigned size, uint64_t a, uint64_t b,
			    uint64_t *rflags)
{
	unsigned carry = (unsigned)(*rflags & RFLAGS_CF);
	uint64_t result;

	switch (op) {
	case DECODE_ADD:
		return add(size, a, b, 0, rflags);
	case DECODE_ADC:
		return add(size, a, b, carry, rflags);
	case DECODE_SUB:
	case DECODE_CMP:
		return subtract(size, a, b, 0, rflags);
	case DECODE_SBB:
		return subtract(size, a, b, carry, rflags);
	case DECODE_AND:
	case DECODE_TEST:
		return logic(size, a & b, rflags);
	case DECODE_OR:
		return logic(size, a | b, rflags);
	case DECODE_XOR:
		return logic(size, a ^ b, rflags);
	case DECODE_NEG:
		return subtract(size, 0, a, 0, rflags);
	case DECODE_INC:
		result = add(size, a, 1, 0, rflags);
		break;
	case DECODE_DEC:
		result = subtract(size, a, 1, 0, rflags);
		break;
	default: /* NOT, which leaves all flags alone */
		return emulate_cut(~a, size);
	}
	*rflags = (*rflags & ~RFLAGS_CF) | carry;
	return result;
}

uint64_t emulate_bit(enum decode_op op, uint64_t a, unsigned bit, uint64_t *rflags)
{
	*rflags = (*rflags & ~RFLAGS_CF) | flag(a >> bit & 1, RFLAGS_CF);
	switch (op) {
	case DECODE_BTS:
		return a | BIT(bit);
	case DECODE_BTR:
		return a & ~BIT(bit);
	case DECODE_BTC:
		return a ^ BIT(bit);
	default:
		return a;
	}
}

/* SDM 1 "EFLAGS Condition Codes". Odd conditions are the opposite of the even ones before. */
bool emulate_condition(unsigned condition, uint64_t rflags)
{
	bool less = !(rflags & RFLAGS_SF) != !(rflags & RFLAGS_OF);
	bool holds;

	switch (condition >> 1) {
	case 0:
		holds = rflags & RFLAGS_OF;
		break;
	case 1:
		holds = rflags & RFLAGS_CF;
		break;
	case 2:
		holds = rflags & RFLAGS_ZF;
		break;
	case 3:
		holds = rflags & (RFLAGS_CF | RFLAGS_ZF);
		break;
	case 4:
		holds = rflags & RFLAGS_SF;
		break;
	case 5:
		holds = rflags & RFLAGS_PF;
		break;
	case 6:
		holds = less;
		break;
	default:
		holds = less || (rflags & RFLAGS_ZF);
		break;
	}
	return holds != (condition & 1);
}
