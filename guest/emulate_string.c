/*
 * guest/emulate_string.c - MOVS, CMPS, STOS, LODS and SCAS, with REP.
 *
 * F2 before MOVS, STOS and LODS is REP as well: the SDM leaves it open, and CPUs do it so.
 */
#include "guest/emulate_operation.h"

static enum emulate_result find_source(struct emulation *e, struct emulate_place *place)
{
	const struct decoded *d = &e->d;

	return emulate_find(e, d->segment, emulate_register(e, RSI, d->address_size), d->size,
			    SEGMENT_READ, place);
}

/* Always in ES. */
static enum emulate_result find_destination(struct emulation *e, enum segment_access access,
					    struct emulate_place *place)
{
	const struct decoded *d = &e->d;

	return emulate_find(e, GUEST_ES, emulate_register(e, RDI, d->address_size), d->size, access,
			    place);
}

/* All places are found before anything is read. */
static enum emulate_result element(struct emulation *e)
{
	const struct decoded *d = &e->d;
	bool has_source = d->op == DECODE_MOVS || d->op == DECODE_CMPS || d->op == DECODE_LODS;
	bool has_destination = d->op != DECODE_LODS;
	bool compares = d->op == DECODE_CMPS || d->op == DECODE_SCAS;
	uint64_t step = e->s->rflags & RFLAGS_DF ? UINT64_C(0) - d->size : d->size;
	struct emulate_place from, to;
	enum emulate_result result = EMULATE_DONE;
	uint64_t value;

	if (has_source)
		result = find_source(e, &from);
	if (result == EMULATE_DONE && has_destination)
		result = find_destination(e, compares ? SEGMENT_READ : SEGMENT_WRITE, &to);
	if (result != EMULATE_DONE)
		return result;
	value = has_source ? emulate_load(e, &from) : emulate_register(e, RAX, d->size);
	if (compares)
		emulate_arithmetic(DECODE_CMP, d->size, value, emulate_load(e, &to), &e->s->rflags);
	else if (has_destination)
		emulate_store(e, &to, value);
	else
		emulate_set_register(e, RAX, d->size, value);
	if (has_source)
		emulate_advance(e, RSI, d->address_size, step);
	if (has_destination)
		emulate_advance(e, RDI, d->address_size, step);
	return EMULATE_DONE;
}

/* SDM 2B "REP/REPE/REPZ/REPNE/REPNZ": the end of a comparison that is not by the count. */
static bool ends_early(const struct emulation *e)
{
	const struct decoded *d = &e->d;
	bool equal = e->s->rflags & RFLAGS_ZF;

	if (d->op != DECODE_CMPS && d->op != DECODE_SCAS)
		return false;
	return equal == (d->prefixes & DECODE_REPNE ? true : false);
}

enum emulate_result emulate_string(struct emulation *e)
{
	const struct decoded *d = &e->d;
	/* A single-stepping guest sees every element. */
	unsigned left = e->s->rflags & RFLAGS_TF ? 1 : EMULATE_CHUNK;

	if (!(d->prefixes & (DECODE_REP | DECODE_REPNE)))
		return element(e);
	while (emulate_register(e, RCX, d->address_size) != 0) {
		enum emulate_result result;

		if (left-- == 0)
			return EMULATE_AGAIN;
		result = element(e);
		if (result != EMULATE_DONE)
			return result;
		emulate_advance(e, RCX, d->address_size, UINT64_MAX);
		if (ends_early(e))
			break;
	}
	return EMULATE_DONE;
}
