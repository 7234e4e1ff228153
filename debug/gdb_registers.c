/* debug/gdb_registers.c - registers: by number or in a row, read and written. */
#include "debug/gdb_layout.h"
#include "debug/gdb_parts.h"

#include "kernel/string.h"

#define WIRE_MAX 16u

/* One register of the table. */
struct place {
	const struct gdb_group *group;
	unsigned offset, bytes, wire;
};

static enum gdb_layout layout_of(struct gdb_server *s, uint32_t pid)
{
	struct gdb_process *p = gdb_process_of(s, pid);

	/* Without a description gdb takes the processor that it knows best: the i386. */
	return p != NULL && p->layout == GDB_LAYOUT_X86_64 ? GDB_LAYOUT_X86_64 : GDB_LAYOUT_I386;
}

static bool is_described(struct gdb_server *s, uint32_t pid)
{
	const struct gdb_process *p = gdb_process_of(s, pid);

	return p != NULL && p->layout != GDB_LAYOUT_UNREAD;
}

static bool find(enum gdb_layout layout, uint64_t number, struct place *p)
{
	for (unsigned i = 0; i < gdb_group_count; i++) {
		const struct gdb_group *g = &gdb_groups[i];

		if ((g->layouts & BIT(layout)) == 0)
			continue;
		if (number < g->count) {
			unsigned element = g->order != NULL ? g->order[number] : (unsigned)number;

			p->group = g;
			p->offset = g->offset + g->stride * element;
			p->bytes = g->bytes;
			p->wire = g->wire != 0 ? g->wire : layout == GDB_LAYOUT_X86_64 ? 8 : 4;
			/* FIP and FDP are longer than the others. */
			if (g->type == GDB_FPU_CONTROL && (element == 8 || element == 16))
				p->bytes = 4;
			return true;
		}
		number -= g->count;
	}
	return false;
}

static bool is_missing(const struct debug_registers *r, const struct place *p)
{
	return !r->has_fpu && p->group->type >= GDB_FPU && p->group->type <= GDB_MXCSR &&
	       p->group->type != GDB_EFLAGS;
}

/* gdb's RIP is linear, so that it is where breakpoints and memory are. */
static uint64_t base_of_rip(const struct debug_registers *r)
{
	return r->mode == DEBUG_64_BIT ? 0 : r->cpu.segments[GUEST_CS].base;
}

/* Two bits a register out of FXSAVE's one: valid, zero, special, empty. SDM 1 "x87 FPU Tag Word",
 * "FXSAVE Area". */
static uint16_t full_tags(const uint8_t *fpu)
{
	unsigned top = fpu[3] >> 3 & 7, tags = 0;

	for (unsigned i = 0; i < 8; i++) {
		const uint8_t *st = fpu + 32 + 16 * ((i - top) & 7);
		unsigned exponent = (unsigned)(st[8] | st[9] << 8) & 0x7fff, tag = 2;
		uint64_t fraction;

		memcpy(&fraction, st, sizeof(fraction));
		if ((fpu[4] >> i & 1) == 0)
			tag = 3;
		else if (exponent == 0 && fraction == 0)
			tag = 1;
		else if (exponent != 0 && exponent != 0x7fff && fraction >> 63 != 0)
			tag = 0;
		tags |= tag << (2 * i);
	}
	return (uint16_t)tags;
}

static void put_register(struct gdb_server *s, const struct place *p)
{
	const struct debug_registers *r = &s->registers;
	uint8_t value[WIRE_MAX] = {0};

	if (is_missing(r, p)) {
		for (unsigned i = 0; i < 2 * p->wire; i++)
			gdb_put_byte(&s->packet, 'x');
		return;
	}
	memcpy(value, (const uint8_t *)r + p->offset, p->bytes);
	if (p->group->type == GDB_CODE) {
		uint64_t rip = r->cpu.rip + base_of_rip(r);

		if (r->mode != DEBUG_64_BIT)
			rip &= UINT32_MAX;
		memcpy(value, &rip, sizeof(rip));
	} else if (p->group->type == GDB_FPU_CONTROL &&
		   p->offset == offsetof(struct debug_registers, fpu[4])) {
		uint16_t tags = full_tags(r->fpu);

		memcpy(value, &tags, sizeof(tags));
	}
	gdb_put_hex(&s->packet, value, p->wire);
}

/* What the layout has no room for stays as it is; what the register has no room for is an error.
 * ERR_UNSUPPORTED: there is no such register now. */
static enum status set_register(struct debug_registers *r, const struct place *p,
				const uint8_t *value)
{
	unsigned bytes = p->bytes < p->wire ? p->bytes : p->wire;

	if (is_missing(r, p))
		return ERR_UNSUPPORTED;
	for (unsigned i = bytes; i < p->wire; i++)
		if (value[i] != 0)
			return ERR_INVALID;
	if (p->group->type == GDB_FPU_CONTROL &&
	    p->offset == offsetof(struct debug_registers, fpu[4])) {
		r->fpu[4] = 0;
		for (unsigned i = 0; i < 8; i++)
			if ((value[i / 4] >> (i % 4 * 2) & 3) != 3)
				r->fpu[4] |= (uint8_t)BIT(i);
		return OK;
	}
	memcpy((uint8_t *)r + p->offset, value, bytes);
	if (p->group->type == GDB_CODE && r->mode != DEBUG_64_BIT)
		r->cpu.rip = (uint32_t)(r->cpu.rip - base_of_rip(r));
	return OK;
}

/* How many registers are in `g`: those before the FPU's. gdb asks for the others one by one. */
static unsigned count_in_row(enum gdb_layout layout)
{
	return layout == GDB_LAYOUT_X86_64 ? 24 : 16;
}

enum gdb_answer gdb_fetch_registers(struct gdb_server *s)
{
	enum gdb_answer answer;

	if (!gdb_choose(s) || !gdb_resolve(s, &s->general))
		return gdb_answer_of(ERR_NOT_FOUND);
	if (!s->non_stop) {
		answer = gdb_need_stopped(s, s->general);
		if (answer != GDB_OK)
			return answer;
	}
	return gdb_answer_of(
		s->target->read_registers(s->target->state, s->general, &s->registers));
}

/* RIP, RSP and RBP: with these gdb knows where it is without a question. */
void gdb_put_expedited(struct gdb_server *s, struct debug_thread t)
{
	enum gdb_layout layout = layout_of(s, t.pid);
	static const uint8_t numbers[2][3] = {{4, 5, 8}, {6, 7, 16}};
	struct place place;

	/* Before gdb has read the description, it may take the bytes for anything. */
	if (!is_described(s, t.pid) ||
	    s->target->read_registers(s->target->state, t, &s->registers) != OK)
		return;
	for (unsigned i = 0; i < 3; i++) {
		uint8_t number = numbers[layout == GDB_LAYOUT_X86_64][i];

		(void)find(layout, number, &place);
		gdb_put_hex(&s->packet, &number, 1);
		gdb_put_byte(&s->packet, ':');
		put_register(s, &place);
		gdb_put_byte(&s->packet, ';');
	}
}

/* A VM whose core is held in the middle of an exit does not come to a stop: gdb shows that it
 * cannot know the value, and goes on with its list of threads. */
static void put_unknown(struct gdb_server *s, const struct place *p)
{
	for (unsigned i = 0; i < p->wire; i++)
		gdb_put_text(&s->packet, "xx");
}

enum gdb_answer gdb_read_all(struct gdb_server *s, struct gdb_args *a)
{
	enum gdb_answer answer = gdb_fetch_registers(s);
	bool unknown = answer == GDB_LATER && gdb_is_late(s);
	enum gdb_layout layout = layout_of(s, s->general.pid);
	struct place place;

	if (answer != GDB_OK && !unknown)
		return answer;
	if (a->at < a->end)
		return GDB_WRONG;
	for (unsigned i = 0; i < count_in_row(layout) && find(layout, i, &place); i++) {
		if (unknown)
			put_unknown(s, &place);
		else
			put_register(s, &place);
	}
	return GDB_COMPOSED;
}

static enum gdb_answer write_back(struct gdb_server *s)
{
	return gdb_answer_of(
		s->target->write_registers(s->target->state, s->general, &s->registers));
}

enum gdb_answer gdb_write_all(struct gdb_server *s, struct gdb_args *a)
{
	enum gdb_answer answer = gdb_fetch_registers(s);
	enum gdb_layout layout = layout_of(s, s->general.pid);
	uint8_t value[WIRE_MAX];
	struct place place;
	size_t len;

	for (unsigned i = 0; answer == GDB_OK && i < count_in_row(layout); i++) {
		struct gdb_args one = *a;

		if (!find(layout, i, &place) || (size_t)(a->end - a->at) < 2 * place.wire)
			return GDB_WRONG;
		a->at += 2 * place.wire;
		one.end = a->at;
		if (!gdb_take_bytes(&one, value, sizeof(value), &len))
			return GDB_WRONG;
		answer = gdb_answer_of(set_register(&s->registers, &place, value));
	}
	return answer == GDB_OK ? write_back(s) : answer;
}

enum gdb_answer gdb_read_one(struct gdb_server *s, struct gdb_args *a)
{
	enum gdb_answer answer = gdb_fetch_registers(s);
	bool unknown = answer == GDB_LATER && gdb_is_late(s);
	struct place place;
	uint64_t number;

	if (answer != GDB_OK && !unknown)
		return answer;
	if (!gdb_take_number(a, &number) || a->at < a->end)
		return GDB_WRONG;
	/* Without a description gdb believes in registers that we do not have. */
	if (!find(layout_of(s, s->general.pid), number, &place) ||
	    (place.group->feature == GDB_SYSTEM && !is_described(s, s->general.pid)))
		gdb_put_text(&s->packet, "xxxxxxxx");
	else if (unknown)
		put_unknown(s, &place);
	else
		put_register(s, &place);
	return GDB_COMPOSED;
}

enum gdb_answer gdb_write_one(struct gdb_server *s, struct gdb_args *a)
{
	enum gdb_answer answer = gdb_fetch_registers(s);
	uint8_t value[WIRE_MAX];
	struct place place;
	uint64_t number;
	size_t len;

	if (answer != GDB_OK)
		return answer;
	if (!gdb_take_number(a, &number) || !gdb_take_char(a, '=') ||
	    !gdb_take_bytes(a, value, sizeof(value), &len) ||
	    !find(layout_of(s, s->general.pid), number, &place) || len != place.wire)
		return GDB_WRONG;
	answer = gdb_answer_of(set_register(&s->registers, &place, value));
	return answer == GDB_OK ? write_back(s) : answer;
}
