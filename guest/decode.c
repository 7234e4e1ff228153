/*
 * guest/decode.c - from bytes to struct decoded: the general way.
 *
 * Bytes are taken without looking where they end: the buffer is longer than anything that can be
 * taken, and done() compares the length at the end.
 */
#include "guest/decode_table.h"

#include "guest/cpu_state.h"
#include "kernel/string.h"

#define NO_SEGMENT 0xffu

struct cursor {
	const uint8_t *bytes;
	unsigned at, count;
	enum decode_mode mode;
	uint8_t rex;                     /* 0, or the prefix */
	bool wide_operand, wide_address; /* 66 and 67 */
	uint8_t segment;                 /* the override, or NO_SEGMENT */
	struct decoded *out;
};

/* What to say of an instruction that was read up to c->at. */
static enum decode_result done(const struct cursor *c, enum decode_result result)
{
	if (LIKELY(c->at <= c->count))
		return result;
	return c->count < DECODE_MAX_BYTES ? DECODE_MORE : DECODE_TOO_LONG;
}

static int8_t take_8(struct cursor *c)
{
	return (int8_t)c->bytes[c->at++];
}

static int16_t take_16(struct cursor *c)
{
	int16_t value;

	memcpy(&value, c->bytes + c->at, sizeof(value));
	c->at += sizeof(value);
	return value;
}

static int32_t take_32(struct cursor *c)
{
	int32_t value;

	memcpy(&value, c->bytes + c->at, sizeof(value));
	c->at += sizeof(value);
	return value;
}

static uint64_t take_64(struct cursor *c)
{
	uint64_t value;

	memcpy(&value, c->bytes + c->at, sizeof(value));
	c->at += sizeof(value);
	return value;
}

static void take_prefix(struct cursor *c, uint8_t byte, enum decode_prefix kind)
{
	c->rex = 0; /* counts only right before the opcode */
	switch (kind) {
	case PREFIX_66:
		c->wide_operand = true;
		break;
	case PREFIX_67:
		c->wide_address = true;
		break;
	case PREFIX_LOCK:
		c->out->prefixes |= DECODE_LOCK;
		break;
	case PREFIX_REPNE:
		c->out->prefixes = (c->out->prefixes & DECODE_LOCK) | DECODE_REPNE;
		break;
	case PREFIX_REP:
		c->out->prefixes = (c->out->prefixes & DECODE_LOCK) | DECODE_REP;
		break;
	case PREFIX_SEGMENT:
		/* SDM 1 "Segmentation in 64-Bit Mode": of no effect there. */
		if (c->mode != DECODE_64)
			c->segment = byte >> 3 & 3;
		break;
	case PREFIX_FS_GS:
		c->segment = byte & 7;
		break;
	case PREFIX_REX:
		c->rex = byte;
		break;
	}
}

/* Up to and with the opcode; NULL: there is none, or it is not known. */
static const struct opcode *take_opcode(struct cursor *c)
{
	const struct opcode *o;

	for (;;) {
		uint8_t byte = c->bytes[c->at++];

		o = &decode_one_byte[byte];
		if (LIKELY(o->form != FORM_PREFIX))
			break;
		if (o->op == PREFIX_REX && c->mode != DECODE_64)
			return NULL; /* INC and DEC of registers */
		take_prefix(c, byte, o->op);
		if (c->at >= c->count) {
			c->at = c->count + 1;
			return NULL;
		}
	}
	if (o->form == FORM_ESCAPE)
		o = &decode_two_byte[c->bytes[c->at++]];
	if (o->op == DECODE_NONE && o->form < FORM_PREFIX)
		return NULL;
	return o;
}

/* SDM 2A "Addressing-Mode Encoding of ModR/M and SIB Bytes", 16-bit forms. */
static void take_address_16(struct cursor *c, unsigned mod, unsigned rm)
{
	static const uint8_t base[] = {RBX, RBX, RBP, RBP, RSI, RDI, RBP, RBX};
	static const uint8_t index[] = {RSI, RDI, RSI, RDI};
	struct decoded *d = c->out;

	d->base = base[rm];
	d->index = rm < ARRAY_SIZE(index) ? index[rm] : DECODE_NOTHING;
	d->shift = 0;
	d->displacement = 0;
	if (mod == 0 && rm == 6) {
		d->base = DECODE_NOTHING;
		mod = 2;
	}
	if (mod == 1)
		d->displacement = (uint64_t)take_8(c);
	else if (mod == 2)
		d->displacement = (uint64_t)take_16(c);
}

/* The same for 32 and 64 bits. */
static void take_address_32(struct cursor *c, unsigned mod, unsigned rm)
{
	struct decoded *d = c->out;

	d->index = DECODE_NOTHING;
	d->shift = 0;
	d->displacement = 0;
	if (rm == 4) {
		uint8_t sib = (uint8_t)take_8(c);

		rm = sib & 7;
		d->index = (uint8_t)((sib >> 3 & 7) | (c->rex & REX_X) << 2);
		if (d->index == RSP)
			d->index = DECODE_NOTHING;
		else
			d->shift = sib >> 6;
		d->base = (uint8_t)(rm | (c->rex & REX_B) << 3);
		if (rm == 5 && mod == 0) {
			d->base = DECODE_NOTHING;
			mod = 2;
		}
	} else if (UNLIKELY(rm == 5 && mod == 0)) {
		d->base = c->mode == DECODE_64 ? DECODE_RIP : DECODE_NOTHING;
		mod = 2;
	} else {
		d->base = (uint8_t)(rm | (c->rex & REX_B) << 3);
	}
	if (mod == 1)
		d->displacement = (uint64_t)take_8(c);
	else if (mod == 2)
		d->displacement = (uint64_t)take_32(c);
}

static uint8_t segment_of(const struct cursor *c, uint8_t base)
{
	if (c->segment != NO_SEGMENT)
		return c->segment;
	return base == RSP || base == RBP ? GUEST_SS : GUEST_DS;
}

static void take_modrm(struct cursor *c)
{
	struct decoded *d = c->out;
	uint8_t modrm = (uint8_t)take_8(c);
	unsigned mod = modrm >> 6, rm = modrm & 7;

	d->reg = (uint8_t)((modrm >> 3 & 7) | (c->rex & REX_R) << 1);
	if (d->size == 1)
		d->reg = decode_byte_register(c->rex, d->reg);
	d->memory = mod != 3;
	if (!d->memory) {
		d->rm = (uint8_t)(rm | (c->rex & REX_B) << 3);
		if (d->rm_size == 1)
			d->rm = decode_byte_register(c->rex, d->rm);
		return;
	}
	if (d->address_size == 2)
		take_address_16(c, mod, rm);
	else
		take_address_32(c, mod, rm);
	d->segment = segment_of(c, d->base);
}

static uint8_t address_size(const struct cursor *c)
{
	if (c->mode == DECODE_64)
		return c->wide_address ? 4 : 8;
	return (c->mode == DECODE_16) == c->wide_address ? 4 : 2;
}

static void set_sizes(struct cursor *c, unsigned flags)
{
	struct decoded *d = c->out;

	if (flags & OPCODE_BYTE)
		d->size = 1;
	else if (c->rex & REX_W)
		d->size = 8;
	else if (flags & OPCODE_MOVNTI)
		d->size = 4;
	else if ((c->mode == DECODE_16) != c->wide_operand)
		d->size = 2;
	else
		d->size = (flags & OPCODE_STACK) && c->mode == DECODE_64 ? 8 : 4;
	d->rm_size = d->size;
	if (flags & OPCODE_RM8)
		d->rm_size = 1;
	else if (flags & OPCODE_RM16)
		d->rm_size = 2;
	else if ((flags & OPCODE_RM32) && d->size == 8)
		d->rm_size = 4;
}

static void take_immediate(struct cursor *c, unsigned flags)
{
	if ((flags & OPCODE_IMM8) || c->out->size == 1)
		c->out->immediate = (uint64_t)take_8(c);
	else if (c->out->size == 2)
		c->out->immediate = (uint64_t)take_16(c);
	else
		c->out->immediate = (uint64_t)take_32(c);
}

/* A0 to A3. */
static void take_moffs(struct cursor *c, unsigned flags)
{
	struct decoded *d = c->out;

	d->form = flags & OPCODE_TO_RM ? DECODE_RM_REG : DECODE_REG_RM;
	d->reg = RAX;
	d->memory = true;
	d->base = d->index = DECODE_NOTHING;
	d->shift = 0;
	d->segment = segment_of(c, DECODE_NOTHING);
	if (d->address_size == 2)
		d->displacement = (uint16_t)take_16(c);
	else if (d->address_size == 4)
		d->displacement = (uint32_t)take_32(c);
	else
		d->displacement = take_64(c);
}

static void take_plain(struct cursor *c, uint8_t opcode)
{
	struct decoded *d = c->out;

	d->memory = false;
	d->reg = (uint8_t)((opcode & 7) | (c->rex & REX_B) << 3);
	if (d->form == DECODE_STRING)
		d->segment = segment_of(c, DECODE_NOTHING);
}

static bool lock_is_allowed(const struct decoded *d, unsigned flags)
{
	return (flags & OPCODE_LOCK) && d->memory;
}

/* For opcodes that are not always what the table says. c->at is at ModRM. */
static bool is_allowed(const struct cursor *c, unsigned flags)
{
	if (flags & OPCODE_NO64)
		return c->mode != DECODE_64;
	/* MOVSXD with 16 bits: Intel reads 16 bits of memory, AMD 32. */
	if (flags & OPCODE_64)
		return c->mode == DECODE_64 && (!c->wide_operand || (c->rex & REX_W));
	return !c->wide_operand && !(c->out->prefixes & ~DECODE_LOCK) && c->bytes[c->at] >> 6 != 3;
}

enum decode_result decode_any(const uint8_t *bytes, unsigned count, enum decode_mode mode,
			      struct decoded *out)
{
	struct cursor c = {
		.bytes = bytes, .count = count, .mode = mode, .segment = NO_SEGMENT, .out = out};
	const struct opcode *o;
	uint8_t opcode;
	unsigned flags;

	out->prefixes = 0;
	o = take_opcode(&c);
	if (!o)
		return done(&c, DECODE_UNKNOWN);
	opcode = bytes[c.at - 1];
	flags = o->flags;
	if (o->form == FORM_GROUP) {
		o = &decode_groups[o->op][bytes[c.at] >> 3 & 7];
		flags |= o->flags;
		if (o->op == DECODE_NONE) {
			c.at++;
			return done(&c, DECODE_UNKNOWN);
		}
	}
	if (UNLIKELY(flags & (OPCODE_64 | OPCODE_NO64 | OPCODE_MOVNTI))) {
		if (!is_allowed(&c, flags)) {
			c.at++;
			return done(&c, DECODE_UNKNOWN);
		}
	}
	out->op = o->op;
	out->form = o->form;
	out->address_size = address_size(&c);
	set_sizes(&c, flags);
	if (UNLIKELY(o->form == FORM_MOFFS))
		take_moffs(&c, flags);
	else if (flags & OPCODE_PLAIN)
		take_plain(&c, opcode);
	else
		take_modrm(&c);
	if (flags & (OPCODE_IMM8 | OPCODE_IMMZ))
		take_immediate(&c, flags);
	else if (flags & OPCODE_COND)
		out->immediate = opcode & 0xf;
	out->length = (uint8_t)c.at;
	if (UNLIKELY(out->prefixes & DECODE_LOCK) && !lock_is_allowed(out, flags))
		return done(&c, DECODE_INVALID);
	return done(&c, DECODE_OK);
}
