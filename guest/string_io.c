/* guest/string_io.c - INS and OUTS, by pages where that is simple, else element by element. */
#include "guest/string_io.h"

#include "guest/segment.h"
#include "kernel/assert.h"
#include "kernel/string.h"

struct io_access io_run_element(const struct io_run *run, uint64_t index)
{
	const uint8_t *at = run->at + index * run->size;
	struct io_access io = {
		.port = run->port, .size = run->size, .write = run->write, .now_ns = run->now_ns};

	if (!run->write)
		return io;
	if (LIKELY(run->size == 1))
		io.value = *at;
	else
		memcpy(&io.value, at, run->size);
	return io;
}

void io_run_answer(const struct io_run *run, uint64_t index, const struct io_access *io)
{
	uint8_t *at = run->at + index * run->size;

	if (run->write)
		return;
	if (LIKELY(run->size == 1))
		*at = (uint8_t)io->value;
	else
		memcpy(at, &io->value, run->size);
}

struct run {
	const struct string_io *op;
	struct guest_cpu_state *s;
	struct guest_memory *m;
	struct guest_fault *fault;
	io_run_fn access;
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
static enum string_io_result in_element(struct run *r, const struct io_run *one)
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
	r->access(r->context, one);
	result = guest_linear_write(r->s, r->m, at, one->at, op->size, walk_access(r->s), r->fault);
	return result == GUEST_OK ? STRING_IO_DONE : from_memory(result);
}

static enum string_io_result out_element(struct run *r, const struct io_run *one)
{
	const struct string_io *op = r->op;
	uint64_t offset = r->s->gpr[RSI] & address_mask(op);
	enum guest_result result;
	gva_t at;

	if (!guest_segment_linear(r->s, op->segment, offset, op->size, SEGMENT_READ, &at, r->fault))
		return STRING_IO_FAULT;
	result = guest_linear_read(r->s, r->m, at, one->at, op->size, walk_access(r->s), r->fault);
	if (result != GUEST_OK)
		return from_memory(result);
	r->access(r->context, one);
	return STRING_IO_DONE;
}

static enum string_io_result element(struct run *r)
{
	const struct string_io *op = r->op;
	uint64_t step = r->s->rflags & RFLAGS_DF ? UINT64_C(0) - op->size : op->size;
	uint8_t value[4];
	const struct io_run one = {.port = op->port,
				   .size = op->size,
				   .write = op->write,
				   .now_ns = r->now_ns,
				   .count = 1,
				   .at = value};
	enum string_io_result result = op->write ? out_element(r, &one) : in_element(r, &one);

	if (result != STRING_IO_DONE)
		return result;
	add_to(op, &r->s->gpr[op->write ? RSI : RDI], step);
	if (op->rep)
		add_to(op, &r->s->gpr[RCX], UINT64_MAX);
	return STRING_IO_DONE;
}

/*
 * Where the next elements are in host memory, if at least two of them lie behind each other in one
 * page of RAM and nothing is in their way; *count, at most, becomes how many. NULL: they are for
 * element(), which also finds the fault, if there is one.
 */
static uint8_t *find_run(struct run *r, uint64_t *count)
{
	const struct string_io *op = r->op;
	uint64_t offset = r->s->gpr[op->write ? RSI : RDI] & address_mask(op);
	enum guest_segment_name segment = op->write ? op->segment : GUEST_ES;
	enum segment_access access = op->write ? SEGMENT_READ : SEGMENT_WRITE;
	struct guest_translation t;
	uint64_t len_bytes;
	gva_t at;

	if ((r->s->rflags & RFLAGS_DF) ||
	    !guest_segment_linear(r->s, segment, offset, op->size, access, &at, r->fault))
		return NULL;
	*count = min_u64(*count, (PAGE_4K - (at.raw & (PAGE_4K - 1))) / op->size);
	len_bytes = *count * op->size;
	if (*count < 2 || address_mask(op) - offset < len_bytes - 1 ||
	    !guest_segment_linear(r->s, segment, offset, len_bytes, access, &at, r->fault) ||
	    guest_walk(r->s, r->m, at, walk_access(r->s) | (op->write ? 0 : WALK_WRITE), &t,
		       r->fault) != GUEST_OK)
		return NULL;
	if (op->write) /* what a run holds is only read then, so it may be ROM */
		return (uint8_t *)(uintptr_t)guest_memory_read_ptr(r->m, t.at, len_bytes);
	return guest_memory_ptr(r->m, t.at, len_bytes);
}

/* Does up to most elements without a fault; returns how many, perhaps none. */
static uint64_t do_run(struct run *r, uint64_t most)
{
	const struct string_io *op = r->op;
	struct io_run run = {
		.port = op->port,
		.size = op->size,
		.write = op->write,
		.now_ns = r->now_ns,
		.count = most,
	};

	run.at = find_run(r, &run.count);
	if (!run.at)
		return 0;
	r->access(r->context, &run);
	add_to(op, &r->s->gpr[op->write ? RSI : RDI], run.count * op->size);
	add_to(op, &r->s->gpr[RCX], UINT64_C(0) - run.count);
	return run.count;
}

enum string_io_result string_io_run(const struct string_io *op, struct guest_cpu_state *s,
				    struct guest_memory *m, io_run_fn access, void *context,
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
	uint64_t left;

	ASSERT(op->size == 1 || op->size == 2 || op->size == 4);
	ASSERT(op->address_size == 2 || op->address_size == 4 || op->address_size == 8);
	if (!op->rep)
		return element(&r);
	/* A single-stepping guest sees every element. */
	if (s->rflags & RFLAGS_TF)
		max_elements = 1;
	while ((left = s->gpr[RCX] & address_mask(op)) != 0) {
		enum string_io_result result;
		uint64_t done;

		if (max_elements == 0)
			return STRING_IO_AGAIN;
		done = do_run(&r, min_u64(left, max_elements));
		if (done == 0) {
			result = element(&r);
			if (result != STRING_IO_DONE)
				return result;
			done = 1;
		}
		max_elements -= (unsigned)done;
	}
	return STRING_IO_DONE;
}
