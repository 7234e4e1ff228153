/* tests/decode/zydis_view.c - what Zydis says, compared field by field. */
#include "tests/decode/zydis_view.h"

#include <stdlib.h>

#include "guest/cpu_state.h"

static ZydisDecoder decoders[3];

void zydis_view_init(void)
{
	if (!ZYAN_SUCCESS(ZydisDecoderInit(&decoders[DECODE_16], ZYDIS_MACHINE_MODE_LEGACY_16,
					   ZYDIS_STACK_WIDTH_16)) ||
	    !ZYAN_SUCCESS(ZydisDecoderInit(&decoders[DECODE_32], ZYDIS_MACHINE_MODE_LEGACY_32,
					   ZYDIS_STACK_WIDTH_32)) ||
	    !ZYAN_SUCCESS(ZydisDecoderInit(&decoders[DECODE_64], ZYDIS_MACHINE_MODE_LONG_64,
					   ZYDIS_STACK_WIDTH_64)))
		abort();
}

struct name {
	ZydisMnemonic mnemonic;
	enum decode_op op;
};

static const struct name names[] = {
	{ZYDIS_MNEMONIC_ADD, DECODE_ADD},         {ZYDIS_MNEMONIC_OR, DECODE_OR},
	{ZYDIS_MNEMONIC_ADC, DECODE_ADC},         {ZYDIS_MNEMONIC_SBB, DECODE_SBB},
	{ZYDIS_MNEMONIC_AND, DECODE_AND},         {ZYDIS_MNEMONIC_SUB, DECODE_SUB},
	{ZYDIS_MNEMONIC_XOR, DECODE_XOR},         {ZYDIS_MNEMONIC_CMP, DECODE_CMP},
	{ZYDIS_MNEMONIC_TEST, DECODE_TEST},       {ZYDIS_MNEMONIC_NOT, DECODE_NOT},
	{ZYDIS_MNEMONIC_NEG, DECODE_NEG},         {ZYDIS_MNEMONIC_INC, DECODE_INC},
	{ZYDIS_MNEMONIC_DEC, DECODE_DEC},         {ZYDIS_MNEMONIC_BT, DECODE_BT},
	{ZYDIS_MNEMONIC_BTS, DECODE_BTS},         {ZYDIS_MNEMONIC_BTR, DECODE_BTR},
	{ZYDIS_MNEMONIC_BTC, DECODE_BTC},         {ZYDIS_MNEMONIC_XCHG, DECODE_XCHG},
	{ZYDIS_MNEMONIC_CMPXCHG, DECODE_CMPXCHG}, {ZYDIS_MNEMONIC_XADD, DECODE_XADD},
	{ZYDIS_MNEMONIC_MOV, DECODE_MOV},         {ZYDIS_MNEMONIC_MOVNTI, DECODE_MOVNTI},
	{ZYDIS_MNEMONIC_MOVZX, DECODE_MOVZX},     {ZYDIS_MNEMONIC_MOVSX, DECODE_MOVSX},
	{ZYDIS_MNEMONIC_MOVSXD, DECODE_MOVSX},    {ZYDIS_MNEMONIC_PUSH, DECODE_PUSH},
	{ZYDIS_MNEMONIC_POP, DECODE_POP},         {ZYDIS_MNEMONIC_MOVSB, DECODE_MOVS},
	{ZYDIS_MNEMONIC_MOVSW, DECODE_MOVS},      {ZYDIS_MNEMONIC_MOVSD, DECODE_MOVS},
	{ZYDIS_MNEMONIC_MOVSQ, DECODE_MOVS},      {ZYDIS_MNEMONIC_CMPSB, DECODE_CMPS},
	{ZYDIS_MNEMONIC_CMPSW, DECODE_CMPS},      {ZYDIS_MNEMONIC_CMPSD, DECODE_CMPS},
	{ZYDIS_MNEMONIC_CMPSQ, DECODE_CMPS},      {ZYDIS_MNEMONIC_STOSB, DECODE_STOS},
	{ZYDIS_MNEMONIC_STOSW, DECODE_STOS},      {ZYDIS_MNEMONIC_STOSD, DECODE_STOS},
	{ZYDIS_MNEMONIC_STOSQ, DECODE_STOS},      {ZYDIS_MNEMONIC_LODSB, DECODE_LODS},
	{ZYDIS_MNEMONIC_LODSW, DECODE_LODS},      {ZYDIS_MNEMONIC_LODSD, DECODE_LODS},
	{ZYDIS_MNEMONIC_LODSQ, DECODE_LODS},      {ZYDIS_MNEMONIC_SCASB, DECODE_SCAS},
	{ZYDIS_MNEMONIC_SCASW, DECODE_SCAS},      {ZYDIS_MNEMONIC_SCASD, DECODE_SCAS},
	{ZYDIS_MNEMONIC_SCASQ, DECODE_SCAS},
};

/* In the order of the conditions, 0 to 15. */
static const ZydisMnemonic conditions[] = {
	ZYDIS_MNEMONIC_SETO, ZYDIS_MNEMONIC_SETNO, ZYDIS_MNEMONIC_SETB,  ZYDIS_MNEMONIC_SETNB,
	ZYDIS_MNEMONIC_SETZ, ZYDIS_MNEMONIC_SETNZ, ZYDIS_MNEMONIC_SETBE, ZYDIS_MNEMONIC_SETNBE,
	ZYDIS_MNEMONIC_SETS, ZYDIS_MNEMONIC_SETNS, ZYDIS_MNEMONIC_SETP,  ZYDIS_MNEMONIC_SETNP,
	ZYDIS_MNEMONIC_SETL, ZYDIS_MNEMONIC_SETNL, ZYDIS_MNEMONIC_SETLE, ZYDIS_MNEMONIC_SETNLE,
};

static enum decode_op op_of(ZydisMnemonic mnemonic, unsigned *condition)
{
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].mnemonic == mnemonic)
			return names[i].op;
	for (unsigned i = 0; i < ARRAY_SIZE(conditions); i++)
		if (conditions[i] == mnemonic) {
			*condition = i;
			return DECODE_SETCC;
		}
	return DECODE_NONE;
}

static bool is_general(ZydisRegister reg)
{
	switch (ZydisRegisterGetClass(reg)) {
	case ZYDIS_REGCLASS_GPR8:
	case ZYDIS_REGCLASS_GPR16:
	case ZYDIS_REGCLASS_GPR32:
	case ZYDIS_REGCLASS_GPR64:
		return true;
	default:
		return false;
	}
}

/* By guest/decode.h's words, not by its tables: memory or the stack, and general registers only. */
static bool is_promised(const struct zydis_view *z)
{
	const ZydisDecodedInstruction *i = &z->instruction;
	bool memory = false, general = true;
	unsigned condition;
	enum decode_op op = op_of(i->mnemonic, &condition);

	if (op == DECODE_NONE || i->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY)
		return false;
	if (op >= DECODE_MOVS && i->opcode_map != ZYDIS_OPCODE_MAP_DEFAULT)
		return false; /* SSE has a MOVSD and a CMPSD too */
	if (i->mnemonic == ZYDIS_MNEMONIC_MOVSXD && i->operand_width == 16)
		return false; /* Intel reads 16 bits, AMD 32 */
	for (unsigned n = 0; n < i->operand_count; n++) {
		const ZydisDecodedOperand *o = &z->operands[n];

		if (o->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN && op < DECODE_PUSH)
			continue;
		memory = memory || o->type == ZYDIS_OPERAND_TYPE_MEMORY;
		if (o->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    o->visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT)
			general = general && is_general(o->reg.value);
		if (o->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    (op == DECODE_PUSH || op == DECODE_POP) &&
		    ZydisRegisterGetClass(o->reg.value) == ZYDIS_REGCLASS_SEGMENT)
			general = false;
	}
	return memory && general;
}

void zydis_view(const uint8_t *bytes, unsigned count, enum decode_mode mode, struct zydis_view *out)
{
	out->status = ZydisDecoderDecodeFull(&decoders[mode], bytes, count, &out->instruction,
					     out->operands);
	out->valid = ZYAN_SUCCESS(out->status);
	out->is_ours = out->valid && is_promised(out);
}

/* A register's number; HIGH ones as guest/decode.h has them. */
static unsigned number_of(ZydisRegister reg)
{
	if (reg == ZYDIS_REGISTER_NONE)
		return DECODE_NOTHING;
	if (reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP)
		return DECODE_RIP;
	if (reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH)
		return (unsigned)(reg - ZYDIS_REGISTER_AH) | DECODE_HIGH;
	if (reg >= ZYDIS_REGISTER_SPL && reg <= ZYDIS_REGISTER_R15B)
		return (unsigned)(reg - ZYDIS_REGISTER_SPL) + 4;
	return (unsigned)ZydisRegisterGetId(reg);
}

static uint64_t cut(uint64_t value, unsigned size)
{
	return value & (~UINT64_C(0) >> (64 - size * 8));
}

static const char *memory_differs(const ZydisDecodedOperand *o, const struct decoded *d,
				  unsigned size)
{
	if (o->type != ZYDIS_OPERAND_TYPE_MEMORY)
		return "an operand is not memory";
	if (o->size != size * 8)
		return "size of memory";
	if (o->mem.segment != (ZydisRegister)(ZYDIS_REGISTER_ES + d->segment))
		return "segment";
	return NULL;
}

/*
 * Base 101b with mod 00b means no base, whatever REX.B says (SDM 2A "Special Cases of REX
 * Encodings"). Zydis 4.0.0 obeys that for 64-bit addresses, but tells R13D and no displacement
 * for 32-bit ones; binutils has it as the manual.
 */
static bool is_r13d_of_zydis(const ZydisDecodedOperand *o, const struct decoded *d)
{
	return o->mem.base == ZYDIS_REGISTER_R13D && d->base == DECODE_NOTHING &&
	       d->address_size == 4;
}

static const char *rm_differs(const struct zydis_view *z, unsigned n, const struct decoded *d)
{
	const ZydisDecodedOperand *o = &z->operands[n];
	int64_t displacement = o->mem.disp.value;
	const char *what;

	if (!d->memory) {
		if (o->type != ZYDIS_OPERAND_TYPE_REGISTER || number_of(o->reg.value) != d->rm)
			return "register in rm";
		return o->size == d->rm_size * 8 ? NULL : "size of rm";
	}
	what = memory_differs(o, d, d->rm_size);
	if (what)
		return what;
	if (is_r13d_of_zydis(o, d))
		displacement = z->instruction.raw.disp.value;
	else if (number_of(o->mem.base) != d->base)
		return "base";
	if (number_of(o->mem.index) != d->index)
		return "index";
	if (d->index != DECODE_NOTHING && o->mem.scale != 1u << d->shift)
		return "scale";
	if (cut((uint64_t)displacement, d->address_size) != cut(d->displacement, d->address_size))
		return "displacement";
	return NULL;
}

static const char *reg_differs(const ZydisDecodedOperand *o, const struct decoded *d)
{
	if (o->type != ZYDIS_OPERAND_TYPE_REGISTER || number_of(o->reg.value) != d->reg)
		return "register";
	return o->size == d->size * 8 ? NULL : "size of the register";
}

static const char *imm_differs(const ZydisDecodedOperand *o, const struct decoded *d)
{
	/* A bit number is a byte, which Zydis does not extend. */
	unsigned size = d->op >= DECODE_BT && d->op <= DECODE_BTC ? 1 : d->size;

	if (o->type != ZYDIS_OPERAND_TYPE_IMMEDIATE ||
	    cut(o->imm.value.u, size) != cut(d->immediate, size))
		return "immediate";
	return NULL;
}

/* Source and destination of string instructions, in whatever order. */
static const char *string_differs(const struct zydis_view *z, const struct decoded *d)
{
	unsigned seen = 0;

	for (unsigned n = 0; n < z->instruction.operand_count; n++) {
		const ZydisDecodedOperand *o = &z->operands[n];

		if (o->type != ZYDIS_OPERAND_TYPE_MEMORY)
			continue;
		seen++;
		if (o->size != d->size * 8)
			return "size of an element";
		if (number_of(o->mem.base) == RDI && o->mem.segment != ZYDIS_REGISTER_ES)
			return "segment of the destination";
		if (number_of(o->mem.base) == RSI &&
		    o->mem.segment != (ZydisRegister)(ZYDIS_REGISTER_ES + d->segment))
			return "segment of the source";
	}
	return seen == (d->op == DECODE_MOVS || d->op == DECODE_CMPS ? 2 : 1) ? NULL : "operands";
}

static const char *operands_differ(const struct zydis_view *z, const struct decoded *d)
{
	const ZydisDecodedOperand *o = z->operands;
	const char *what;

	switch ((enum decode_form)d->form) {
	case DECODE_RM_REG:
		what = rm_differs(z, 0, d);
		return what ? what : reg_differs(&o[1], d);
	case DECODE_REG_RM:
		what = reg_differs(&o[0], d);
		return what ? what : rm_differs(z, 1, d);
	case DECODE_RM_IMM:
		what = rm_differs(z, 0, d);
		return what ? what : imm_differs(&o[1], d);
	case DECODE_RM:
		return rm_differs(z, 0, d);
	case DECODE_REG:
		return reg_differs(&o[0], d);
	case DECODE_IMM:
		return imm_differs(&o[0], d);
	case DECODE_STRING:
		break;
	}
	return string_differs(z, d);
}

static const char *prefixes_differ(const struct zydis_view *z, const struct decoded *d)
{
	ZydisInstructionAttributes has = z->instruction.attributes;
	bool rep = (has & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE)) != 0;
	bool repne = (has & ZYDIS_ATTRIB_HAS_REPNE) != 0;

	if (((has & ZYDIS_ATTRIB_HAS_LOCK) != 0) != ((d->prefixes & DECODE_LOCK) != 0))
		return "LOCK";
	if (d->form != DECODE_STRING)
		return NULL;
	if (rep != ((d->prefixes & DECODE_REP) != 0))
		return "REP";
	/* Only CMPS and SCAS have REPNE by the manual. */
	if (repne != ((d->prefixes & DECODE_REPNE) != 0) &&
	    (d->op == DECODE_CMPS || d->op == DECODE_SCAS))
		return "REPNE";
	return NULL;
}

const char *zydis_view_differs(const struct zydis_view *z, const struct decoded *d)
{
	const ZydisDecodedInstruction *i = &z->instruction;
	unsigned condition = 0;
	const char *what;

	if (op_of(i->mnemonic, &condition) != d->op ||
	    (d->op == DECODE_SETCC && condition != d->immediate))
		return "operation";
	if (i->length != d->length)
		return "length";
	if (i->address_width != d->address_size * 8)
		return "address size";
	/* For MOVNTI in 16-bit code Zydis tells the default; its operands are compared. */
	if (i->operand_width != d->size * 8 && d->op != DECODE_MOVNTI)
		return "operand size";
	what = operands_differ(z, d);
	return what ? what : prefixes_differ(z, d);
}
