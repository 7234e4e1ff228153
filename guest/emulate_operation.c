/* guest/emulate_operation.c - instructions with a memory operand, and the stack. */
#include "guest/emulate_operation.h"

#define RACES_MAX 8u /* tries before the guest has to try again itself */

/* What the memory operand's registers and displacement add up to. */
static inline uint64_t offset_of(const struct emulation *e)
{
	const struct decoded *d = &e->d;
	uint64_t offset = d->displacement;

	if (LIKELY(d->base < GPR_COUNT))
		offset += e->s->gpr[d->base];
	else if (d->base == DECODE_RIP)
		offset += e->s->rip + d->length;
	if (d->index < GPR_COUNT)
		offset += e->s->gpr[d->index] << d->shift;
	return emulate_cut(offset, d->address_size);
}

static enum emulate_result find_memory(struct emulation *e, enum segment_access access,
				       struct emulate_place *place)
{
	return emulate_find(e, e->d.segment, offset_of(e), e->d.rm_size, access, place);
}

static uint64_t sign_extend(uint64_t value, unsigned from)
{
	unsigned shift = 64 - from * 8;

	return (uint64_t)((int64_t)(value << shift) >> shift);
}

/* What is not the memory operand: a register or the immediate. */
static uint64_t other_operand(const struct emulation *e)
{
	const struct decoded *d = &e->d;

	if (d->form == DECODE_RM_IMM)
		return emulate_cut(d->immediate, d->size);
	return emulate_register(e, d->reg, d->size);
}

/* MOV, MOVNTI and SETcc into memory. */
static enum emulate_result write_memory(struct emulation *e)
{
	struct emulate_place place;
	enum emulate_result result = find_memory(e, SEGMENT_WRITE, &place);
	uint64_t value;

	if (result != EMULATE_DONE)
		return result;
	if (e->d.op == DECODE_SETCC)
		value = emulate_condition((unsigned)e->d.immediate, e->s->rflags);
	else
		value = other_operand(e);
	emulate_store(e, &place, value);
	return EMULATE_DONE;
}

/* What only reads memory: into a register, or for the flags. */
static enum emulate_result read_memory(struct emulation *e)
{
	const struct decoded *d = &e->d;
	struct emulate_place place;
	enum emulate_result result = find_memory(e, SEGMENT_READ, &place);
	uint64_t value, a;

	if (result != EMULATE_DONE)
		return result;
	value = emulate_load(e, &place);
	if (d->op == DECODE_MOVSX)
		value = emulate_cut(sign_extend(value, d->rm_size), d->size);
	if (d->op >= DECODE_MOV) {
		emulate_set_register(e, d->reg, d->size, value);
		return EMULATE_DONE;
	}
	a = other_operand(e);
	if (d->form == DECODE_REG_RM)
		a = emulate_arithmetic(d->op, d->size, a, value, &e->s->rflags);
	else
		a = emulate_arithmetic(d->op, d->size, value, a, &e->s->rflags);
	if (d->op != DECODE_CMP && d->op != DECODE_TEST)
		emulate_set_register(e, d->reg, d->size, a);
	return EMULATE_DONE;
}

/* What goes back to memory for old, and into *reg for the register that changes with it. */
static uint64_t change(const struct emulation *e, uint64_t old, uint64_t *rflags, uint64_t *reg)
{
	const struct decoded *d = &e->d;
	uint64_t accumulator;

	*reg = old;
	switch (d->op) {
	case DECODE_XCHG:
		return other_operand(e);
	case DECODE_XADD:
		return emulate_arithmetic(DECODE_ADD, d->size, old, other_operand(e), rflags);
	case DECODE_CMPXCHG:
		accumulator = emulate_register(e, RAX, d->size);
		emulate_arithmetic(DECODE_CMP, d->size, accumulator, old, rflags);
		return accumulator == old ? other_operand(e) : old;
	case DECODE_NOT:
	case DECODE_NEG:
	case DECODE_INC:
	case DECODE_DEC:
		return emulate_arithmetic(d->op, d->size, old, 0, rflags);
	default:
		return emulate_arithmetic(d->op, d->size, old, other_operand(e), rflags);
	}
}

/*
 * SDM 2A "CMPXCHG": memory is written in any case, with what was there if the comparison fails.
 * With a device in place of memory a read and a write follow each other.
 */
static enum emulate_result change_memory(struct emulation *e)
{
	const struct decoded *d = &e->d;
	struct emulate_place place;
	enum emulate_result result = find_memory(e, SEGMENT_WRITE, &place);

	if (result != EMULATE_DONE)
		return result;
	for (unsigned i = 0; i < RACES_MAX; i++) {
		uint64_t old = emulate_load(e, &place), rflags = e->s->rflags, reg;
		uint64_t value = change(e, old, &rflags, &reg);

		if (!emulate_replace(e, &place, old, value))
			continue;
		e->s->rflags = rflags;
		if (d->op == DECODE_XCHG || d->op == DECODE_XADD)
			emulate_set_register(e, d->reg, d->size, reg);
		else if (d->op == DECODE_CMPXCHG && !(rflags & RFLAGS_ZF))
			emulate_set_register(e, RAX, d->size, reg);
		return EMULATE_DONE;
	}
	return EMULATE_AGAIN;
}

/* SDM 1 "Bit Addressing": a bit number in a register reaches beyond the operand, both ways. */
static enum emulate_result bit(struct emulation *e)
{
	const struct decoded *d = &e->d;
	uint64_t number = sign_extend(other_operand(e), d->size), offset = offset_of(e);
	unsigned within = (unsigned)number & (d->size * 8u - 1);
	struct emulate_place place;
	enum emulate_result result;

	if (d->form == DECODE_RM_REG) {
		int64_t operands = (int64_t)number >> (3 + __builtin_ctz(d->size));

		offset = emulate_cut(offset + (uint64_t)operands * d->size, d->address_size);
	}
	result = emulate_find(e, d->segment, offset, d->size,
			      d->op == DECODE_BT ? SEGMENT_READ : SEGMENT_WRITE, &place);
	if (result != EMULATE_DONE)
		return result;
	for (unsigned i = 0; i < RACES_MAX; i++) {
		uint64_t old = emulate_load(e, &place), rflags = e->s->rflags;
		uint64_t value = emulate_bit(d->op, old, within, &rflags);

		if (d->op != DECODE_BT && !emulate_replace(e, &place, old, value))
			continue;
		e->s->rflags = rflags;
		return EMULATE_DONE;
	}
	return EMULATE_AGAIN;
}

enum emulate_result emulate_operation(struct emulation *e)
{
	const struct decoded *d = &e->d;

	if (LIKELY(d->op == DECODE_MOV && d->memory))
		return d->form == DECODE_REG_RM ? read_memory(e) : write_memory(e);
	switch (d->op) {
	case DECODE_PUSH:
	case DECODE_POP:
		return emulate_stack(e);
	case DECODE_MOVS:
	case DECODE_CMPS:
	case DECODE_STOS:
	case DECODE_LODS:
	case DECODE_SCAS:
		return emulate_string(e);
	default:
		break;
	}
	if (UNLIKELY(!d->memory))
		return EMULATE_UNKNOWN;
	switch (d->op) {
	case DECODE_MOVNTI:
	case DECODE_SETCC:
		return write_memory(e);
	case DECODE_MOVZX:
	case DECODE_MOVSX:
	case DECODE_CMP:
	case DECODE_TEST:
		return read_memory(e);
	case DECODE_BT:
	case DECODE_BTS:
	case DECODE_BTR:
	case DECODE_BTC:
		return bit(e);
	default:
		return d->form == DECODE_REG_RM ? read_memory(e) : change_memory(e);
	}
}

/* Of the stack pointer. SDM 3A "Stack Segment" of "Segment Descriptors", SDM 1 "Address-Size
 * Attributes for Stack Accesses". */
static uint8_t stack_size(const struct emulation *e)
{
	if (e->wide)
		return 8;
	return e->s->segments[GUEST_SS].access & SEGMENT_DB ? 4 : 2;
}

/* The source is found, then the stack, and only then is anything read. */
static enum emulate_result push(struct emulation *e)
{
	const struct decoded *d = &e->d;
	uint8_t width = stack_size(e);
	uint64_t top = emulate_cut(e->s->gpr[RSP] - d->size, width), value;
	struct emulate_place from = {0}, to;
	enum emulate_result result;

	if (d->form == DECODE_RM) {
		result = find_memory(e, SEGMENT_READ, &from);
		if (result != EMULATE_DONE)
			return result;
	}
	result = emulate_find(e, GUEST_SS, top, d->size, SEGMENT_WRITE, &to);
	if (result != EMULATE_DONE)
		return result;
	if (d->form == DECODE_RM)
		value = emulate_load(e, &from);
	else if (d->form == DECODE_REG)
		value = emulate_register(e, d->reg, d->size);
	else
		value = emulate_cut(d->immediate, d->size);
	emulate_store(e, &to, value);
	emulate_set_register(e, RSP, width, top);
	return EMULATE_DONE;
}

/* SDM 2B "POP": an address that is made with (E/R)SP sees it after the increment; POP of (E/R)SP
 * itself leaves there what was popped. */
static enum emulate_result pop(struct emulation *e)
{
	const struct decoded *d = &e->d;
	uint8_t width = stack_size(e);
	uint64_t old = e->s->gpr[RSP];
	struct emulate_place from, to;
	enum emulate_result result;

	result = emulate_find(e, GUEST_SS, emulate_cut(old, width), d->size, SEGMENT_READ, &from);
	if (result != EMULATE_DONE)
		return result;
	emulate_advance(e, RSP, width, d->size);
	if (d->form == DECODE_REG) {
		emulate_set_register(e, d->reg, d->size, emulate_load(e, &from));
		return EMULATE_DONE;
	}
	result = find_memory(e, SEGMENT_WRITE, &to);
	if (result == EMULATE_DONE)
		emulate_store(e, &to, emulate_load(e, &from));
	else
		e->s->gpr[RSP] = old;
	return result;
}

enum emulate_result emulate_stack(struct emulation *e)
{
	if (e->d.form == DECODE_RM && !e->d.memory)
		return EMULATE_UNKNOWN; /* FF F0 and 8F C0: nobody writes them */
	return e->d.op == DECODE_PUSH ? push(e) : pop(e);
}
