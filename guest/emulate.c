/* guest/emulate.c - fetches an instruction, has it decoded and done, moves RIP. */
#include "guest/emulate.h"

#include "guest/emulate_operation.h"
#include "kernel/string.h"

static enum decode_mode mode_of(const struct emulation *e)
{
	if (e->wide)
		return DECODE_64;
	return e->s->segments[GUEST_CS].access & SEGMENT_DB ? DECODE_32 : DECODE_16;
}

static enum emulate_result raise(struct emulation *e, enum exception vector)
{
	guest_raise(e->s, e->fault, vector, 0);
	return EMULATE_FAULT;
}

/* How many of the 15 bytes at CS:RIP the code segment has; *at is the first one's address. 0: none,
 * and *fault is set. */
static unsigned bytes_in_segment(struct emulation *e, gva_t *at)
{
	for (unsigned count = DECODE_MAX_BYTES; count > 0; count--)
		if (emulate_linear(e, GUEST_CS, e->s->rip, count, SEGMENT_FETCH, at))
			return count;
	return 0;
}

/* Bytes from one page, behind those that the report has. */
static enum emulate_result fetch(struct emulation *e, gva_t at, unsigned count,
				 struct emulate_report *report)
{
	enum emulate_result result;
	gpa_t from;

	result = emulate_translate(e->s, e->m, at, walk_access(e->s) | WALK_FETCH, &from, e->fault);
	if (result != EMULATE_DONE)
		return result;
	if (!emulate_fetch_bytes(e->m, from, report->bytes + report->count, count))
		return EMULATE_UNKNOWN; /* code in a device */
	report->count = (uint8_t)(report->count + count);
	return EMULATE_DONE;
}

/* The bytes of the first page did not suffice. */
static NOINLINE enum emulate_result decode_over_page(struct emulation *e, gva_t at, unsigned count,
						     struct emulate_report *report,
						     enum decode_result *decoded)
{
	gva_t next = gva(at.raw + report->count);
	enum emulate_result result;

	if (!e->wide)
		next = gva((uint32_t)next.raw);
	if (report->count < count) {
		result = fetch(e, next, count - report->count, report);
		if (result != EMULATE_DONE)
			return result;
		*decoded = decode(report->bytes, report->count, mode_of(e), &e->d);
	}
	/* Still not all: the segment ends within the instruction. */
	return *decoded == DECODE_MORE ? raise(e, EXC_GP) : EMULATE_DONE;
}

static enum emulate_result fetch_and_decode(struct emulation *e, struct emulate_report *report)
{
	gva_t at;
	unsigned count = bytes_in_segment(e, &at);
	unsigned in_page = (unsigned)min_u64(count, PAGE_4K - (at.raw & (PAGE_4K - 1)));
	enum emulate_result result;
	enum decode_result decoded;

	if (count == 0)
		return EMULATE_FAULT;
	result = fetch(e, at, in_page, report);
	if (result != EMULATE_DONE)
		return result;
	decoded = decode(report->bytes, in_page, mode_of(e), &e->d);
	if (UNLIKELY(decoded == DECODE_MORE)) {
		result = decode_over_page(e, at, count, report, &decoded);
		if (result != EMULATE_DONE)
			return result;
	}
	switch (decoded) {
	case DECODE_OK:
		report->length = e->d.length;
		return EMULATE_DONE;
	case DECODE_INVALID:
		return raise(e, EXC_UD);
	case DECODE_TOO_LONG:
		return raise(e, EXC_GP);
	default:
		return EMULATE_UNKNOWN;
	}
}

enum emulate_result emulate_instruction(struct guest_cpu_state *s, struct guest_memory *m,
					struct mmio_bus *bus, uint64_t now_ns,
					struct emulate_report *report, struct guest_fault *fault)
{
	struct emulation e;
	enum emulate_result result;
	uint64_t next;

	/* Not by an initialiser: that would clear e.d, which decode() fills in. */
	e.s = s;
	e.m = m;
	e.bus = bus;
	e.fault = fault;
	e.now_ns = now_ns;
	e.wide = guest_is_64bit(s);
	report->count = 0;
	report->length = 0;
	memset(report->bytes, 0, sizeof(report->bytes));
	result = fetch_and_decode(&e, report);
	if (result != EMULATE_DONE)
		return result;
	result = emulate_operation(&e);
	if (result != EMULATE_DONE)
		return result;
	next = s->rip + e.d.length;
	s->rip = e.wide ? next : (uint32_t)next;
	return EMULATE_DONE;
}
