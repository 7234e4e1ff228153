/* toolkit/profile.c - see toolkit/profile.h. */
#include "toolkit/profile.h"

#include "kernel/string.h"

/* The first place at or behind an address. */
static uint32_t find(const struct profile *p, uint64_t at)
{
	uint32_t low = 0, high = p->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (p->places[middle].at < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void remove_place(struct profile *p, uint32_t i)
{
	p->count--;
	memmove(&p->places[i], &p->places[i + 1], (p->count - i) * sizeof(p->places[0]));
}

/* Each time from another place on, so that all newcomers have the same chance. */
static void make_room(struct profile *p)
{
	uint32_t least = p->hand % p->count;

	for (uint32_t n = 1; n < p->count && p->places[least].hits > 1; n++) {
		uint32_t i = (p->hand + n) % p->count;

		if (p->places[i].hits < p->places[least].hits)
			least = i;
	}
	p->hand = least + 1;
	p->elsewhere += p->places[least].hits;
	remove_place(p, least);
}

void profile_add(struct profile *p, const struct code_place *at)
{
	uint32_t i = find(p, at->linear);

	p->hits++;
	if (i == p->count || p->places[i].at != at->linear) {
		if (p->count == PROFILE_PLACES) {
			make_room(p);
			i = find(p, at->linear);
		}
		memmove(&p->places[i + 1], &p->places[i], (p->count - i) * sizeof(p->places[0]));
		p->places[i] = (struct profile_place){.at = at->linear};
		p->count++;
	}
	p->places[i].hits++;
	p->places[i].mode = (uint8_t)at->mode;
}

void profile_add_halted(struct profile *p)
{
	p->hits++;
	p->halted++;
}

void profile_reset(struct profile *p)
{
	p->hits = p->halted = p->elsewhere = 0;
	p->count = p->hand = 0;
}

/* To the first place behind it, unless that has a better one. */
static void give_name(struct profile *p, const struct symbol *s, uint32_t name)
{
	struct profile_place *place = &p->places[find(p, s->at)];

	if (place == &p->places[p->count] || (place->name && place->symbol_at >= s->at))
		return;
	place->symbol_at = s->at;
	place->name = name + 1;
}

void profile_name(struct profile *p, struct text symbols)
{
	struct text rest = symbols;
	struct symbol s;

	for (uint32_t i = 0; i < p->count; i++)
		p->places[i].name = 0;
	while (symbols_next(&rest, &s) && s.name.at - symbols.at < UINT32_MAX)
		give_name(p, &s, (uint32_t)(s.name.at - symbols.at));
	/* And on, up to the next one that has one. */
	for (uint32_t i = 1; i < p->count; i++) {
		if (p->places[i].name)
			continue;
		p->places[i].symbol_at = p->places[i - 1].symbol_at;
		p->places[i].name = p->places[i - 1].name;
	}
}

static uint64_t start_of(const struct profile_place *place)
{
	return place->name ? place->symbol_at : place->at;
}

/* The places of the row that begins at place i; returns how many they are. */
static uint32_t take_row(const struct profile *p, uint32_t i, struct profile_row *row,
			 uint32_t *name)
{
	const struct profile_place *first = &p->places[i];
	uint32_t n = 1;

	*row = (struct profile_row){
		.at = start_of(first), .hits = first->hits, .mode = (enum code_mode)first->mode};
	*name = first->name;
	while (first->name && i + n < p->count && p->places[i + n].name == first->name)
		row->hits += p->places[i + n++].hits;
	return n;
}

/* Does row a come before row b? */
static bool is_before(const struct profile_row *a, const struct profile_row *b)
{
	return a->hits != b->hits ? a->hits > b->hits : a->at < b->at;
}

static struct text name_at(struct text symbols, uint32_t name)
{
	size_t start = name - 1, end = start;

	while (end < symbols.len && symbols.at[end] > ' ' && symbols.at[end] <= '~')
		end++;
	return (struct text){.at = symbols.at + start, .len = end - start};
}

bool profile_next(const struct profile *p, struct text symbols, struct profile_row *row)
{
	struct profile_row best = {0}, candidate;
	uint32_t name, best_name = 0;
	bool found = false;

	for (uint32_t i = 0; i < p->count;) {
		i += take_row(p, i, &candidate, &name);
		if (!is_before(row, &candidate) || (found && !is_before(&candidate, &best)))
			continue;
		best = candidate;
		best_name = name;
		found = true;
	}
	if (!found)
		return false;
	*row = best;
	if (best_name)
		row->name = name_at(symbols, best_name);
	return true;
}

void profile_sum_text(const struct profile *p, uint64_t hits, const char *name, char *to)
{
	uint64_t permille = p->hits ? hits * 1000 / p->hits : 0;

	text_format(to, PROFILE_TEXT, "%3llu.%llu %% %9llu  %s", (unsigned long long)permille / 10,
		    (unsigned long long)permille % 10, (unsigned long long)hits, name);
}

void profile_row_text(const struct profile *p, const struct profile_row *row, char *to)
{
	char name[64];

	if (row->name.len)
		text_format(name, sizeof(name), "%.*s",
			    (int)min_u64(row->name.len, sizeof(name) - 1), row->name.at);
	else
		text_format(name, sizeof(name), "%#llx (%s)", (unsigned long long)row->at,
			    code_mode_name(row->mode));
	profile_sum_text(p, row->hits, name, to);
}
