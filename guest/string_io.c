/* guest/string_io.c - INS and OUTS, element by element. */
#include "guest/string_io.h"

#include "guest/segment.h"
#include "kernel/assert.h"

struct run {
	const struct string_io *op;
	struct guest_cpu_state *s;
	struct guest_memory *m;
	struct guest_fault *fault;
	io_access_fn access;
	void *context;
	uint64_t now_ns;
};

static uint64_t address_mask(const struct string_io *op)
{
	return op->address_size == 8 ? UINT64_MAX : BIT(op->address_size * 8u) - 1;
}

/* A register moves within the address size: CX and SI keep the bits above, and a 32-bit result
 * clears the upper half (SDM 1 "General-Purpose Registers in 64-Bit Mode"). */
static void add_to(const struct string_io *op, uint64_t *reg, uint64_t by)
{
	uint64_t mask = address_mask(op);
	uint64_t kept = op->address_size == 2 ? *reg & ~mask : 0;

	*reg = kept | ((*reg + by) & mask);
}

static enum string_io_result from_memory(enum guest_result result)
{
	return result == GUEST_FAULT ? STRING_IO_FAULT : STRING_IO_UNSUPPORTED;
}

/* INS: nothing is taken from the port before its place in memory is sure. */
static enum string_io_result in_element(struct run *r, struct io_access *io)
{
	const struct string_io *op = r->op;
	uint64_t offset = r->s->gpr[RDI] & address_mask(op);
	enum guest_result result;
	gva_t at;

	if (!guest_segment_linear(r->s, GUEST_ES, offset, op->size, SEGMENT_WRITE, &at, r->fault))
		return STRING_IO_FAULT;
	result = guest_linear_probe(r->s, r->m, at, op->size, walk_access(r->s) | WALK_WRITE,
				    r->fault);
	if (result != GUEST_OK)
		return from_memory(result);
	r->access(r->context, io);
	result = guest_linear_write(r->s, r->m, at, &io->value, op->size, walk_access(r->s),
				    r->fault);
	return result == GUEST_OK ? STRING_IO_DONE : from_memory(result);
}

static enum string_io_result out_element(struct run *r, struct io_access *io)
{
	const struct string_io *op = r->op;
	uint64_t offset = r->s->gpr[RSI] & address_mask(op);
	enum guest_result result;
	gva_t at;

	if (!guest_segment_linear(r->s, op->segment, offset, op->size, SEGMENT_READ, &at, r->fault))
		return STRING_IO_FAULT;
	result = guest_linear_read(r->s, r->m, at, &io->value, op->size, walk_access(r->s),
				   r->fault);
	if (result != GUEST_OK)
		return from_memory(result);
	r->access(r->context, io);
	return STRING_IO_DONE;
}

static enum string_io_result element(struct run *r)
{
	const struct string_io *op = r->op;
	uint64_t step = r->s->rflags & RFLAGS_DF ? UINT64_C(0) - op->size : op->size;
	struct io_access io = {
		.port = op->port, .size = op->size, .write = op->write, .now_ns = r->now_ns};
	enum string_io_result result = op->write ? out_element(r, &io) : in_element(r, &io);

	if (result != STRING_IO_DONE)
		return result;
	add_to(op, &r->s->gpr[op->write ? RSI : RDI], step);
	if (op->rep)
		add_to(op, &r->s->gpr[RCX], UINT64_MAX);
	return STRING_IO_DONE;
}

enum string_io_result string_io_run(const struct string_io *op, struct guest_cpu_state *s,
				    struct guest_memory *m, io_access_fn access, void *context,
				    uint64_t now_ns, unsigned max_elements,
				    struct guest_fault *fault)
{
	struct run r = {.op = op,
			.s = s,
			.m = m,
			.fault = fault,
			.access = access,
			.context = context,
			.now_ns = now_ns};

	ASSERT(op->size == 1 || op->size == 2 || op->size == 4);
	ASSERT(op->address_size == 2 || op->address_size == 4 || op->address_size == 8);
	if (!op->rep)
		return element(&r);
	/* A single-stepping guest sees every element. */
	if (s->rflags & RFLAGS_TF)
		max_elements = 1;
	for (unsigned i = 0; s->gpr[RCX] & address_mask(op); i++) {
		enum string_io_result result;

		if (i == max_elements)
			return STRING_IO_AGAIN;
		result = element(&r);
		if (result != STRING_IO_DONE)
			return result;
	}
	return STRING_IO_DONE;
}
