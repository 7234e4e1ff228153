/* debug/gdb_parse.c - the words that gdb's packets are made of. */
#include "debug/gdb_parts.h"

bool gdb_take_char(struct gdb_args *a, char c)
{
	if (a->at == a->end || *a->at != (uint8_t)c)
		return false;
	a->at++;
	return true;
}

bool gdb_take_number(struct gdb_args *a, uint64_t *value)
{
	const uint8_t *start = a->at;

	*value = 0;
	for (; a->at < a->end && gdb_digit(*a->at) >= 0; a->at++) {
		if (*value >> 60 != 0)
			return false;
		*value = *value << 4 | (uint64_t)gdb_digit(*a->at);
	}
	return a->at > start;
}

/* A number of 32 bits; 0 for 0 and for -1, which mean any and all. */
static bool take_id(struct gdb_args *a, uint32_t *id)
{
	uint64_t value;

	if (gdb_take_char(a, '-')) {
		*id = 0;
		return gdb_take_char(a, '1');
	}
	if (!gdb_take_number(a, &value) || value > UINT32_MAX)
		return false;
	*id = (uint32_t)value;
	return true;
}

bool gdb_take_pid(struct gdb_args *a, uint32_t *pid)
{
	return take_id(a, pid) && *pid != 0 && a->at == a->end;
}

bool gdb_take_thread(const struct gdb_server *s, struct gdb_args *a, struct debug_thread *t)
{
	*t = (struct debug_thread){.pid = s->general.pid};
	if (!gdb_take_char(a, 'p'))
		return take_id(a, &t->tid);
	if (!take_id(a, &t->pid))
		return false;
	return !gdb_take_char(a, '.') || take_id(a, &t->tid);
}

bool gdb_take_range(struct gdb_args *a, uint64_t *at, uint64_t *len)
{
	return gdb_take_number(a, at) && gdb_take_char(a, ',') && gdb_take_number(a, len);
}

bool gdb_take_bytes(struct gdb_args *a, void *to, size_t max, size_t *len)
{
	uint8_t *out = to;

	for (*len = 0; a->end - a->at >= 2; a->at += 2) {
		int high = gdb_digit(a->at[0]), low = gdb_digit(a->at[1]);

		if (high < 0 || low < 0 || *len >= max)
			return false;
		out[(*len)++] = (uint8_t)(high << 4 | low);
	}
	return a->at == a->end;
}
