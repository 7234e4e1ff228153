/* mm/radix.c - four levels of 512-entry tables. */
#include "mm/radix.h"

#include "kernel/assert.h"
#include "kernel/string.h"
#include "mm/frame_list.h"
#include "mm/phys.h"

#define ENTRIES    512u
#define ROOT_LEVEL 5u /* of the entry that the root would have: CR3, or the EPTP */

enum step { STEP_SKIP, STEP_HERE, STEP_DESCEND };

/* Bytes that one entry of a table of this level covers; level 1 holds the 4 KiB leaves. */
static uint64_t entry_span(unsigned level)
{
	return PAGE_4K << (9 * (level - 1));
}

static unsigned entry_index(uint64_t at, unsigned level)
{
	return (unsigned)(at / entry_span(level) % ENTRIES);
}

/* Where the slot that holds at ends, or end if that comes first. */
static uint64_t slot_end(uint64_t at, uint64_t end, unsigned level)
{
	return min_u64(end, align_down(at, entry_span(level)) + entry_span(level));
}

static uint64_t *table_of(uint64_t entry)
{
	return (uint64_t *)phys_ptr(hpa(entry & RADIX_ADDRESS));
}

static bool is_present(const struct radix *t, uint64_t entry)
{
	return (entry & t->present) != 0;
}

static bool is_leaf(const struct radix *t, uint64_t entry, unsigned level)
{
	return is_present(t, entry) && (level == 1 || (entry & RADIX_LARGE) != 0);
}

static bool is_table(const struct radix *t, uint64_t entry, unsigned level)
{
	return is_present(t, entry) && !is_leaf(t, entry, level);
}

static uint64_t entry_read(const uint64_t *slot)
{
	return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

/* Changes *slot if it still holds *seen; else *seen is what it holds now. */
static bool entry_replace(uint64_t *slot, uint64_t *seen, uint64_t entry)
{
	return __atomic_compare_exchange_n(slot, seen, entry, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

static uint64_t root_entry(const struct radix *t)
{
	return t->root.raw | t->table_bits;
}

/* A table that nobody walks any more: to the reserve, as long as that lacks one. */
static void give_back(const struct radix *t, hpa_t frame)
{
	struct radix_reserve *r = t->reserve;
	enum status s;

	if (r && r->count < r->size) {
		memset(phys_ptr(frame), 0, PAGE_4K);
		frame_list_push(&r->head, frame);
		r->count++;
		return;
	}
	s = frames_free(t->frames, frame, 0);
	ASSERT(s == OK);
}

static void list_free(const struct radix *t, uint64_t *head)
{
	while (*head != 0)
		give_back(t, frame_list_pop(head));
}

static enum status take_reserved(struct radix_reserve *r, uint64_t *head, uint64_t count)
{
	if (count > r->count)
		return ERR_NO_MEMORY;
	r->count -= count;
	for (; count > 0; count--)
		frame_list_push(head, frame_list_pop(&r->head));
	return OK;
}

/* Takes the tables that a change needs, before it begins. */
MUST_CHECK static enum status list_fill(const struct radix *t, uint64_t *head, uint64_t count)
{
	for (; count > 0; count--) {
		hpa_t frame;
		enum status s = frames_alloc_zeroed(t->frames, 0, &frame);

		if (s != OK) {
			list_free(t, head);
			return s;
		}
		frame_list_push(head, frame);
	}
	return OK;
}

enum status radix_reserve(const struct radix *t, uint64_t count)
{
	struct radix_reserve *r = t->reserve;
	uint64_t head = 0;
	enum status s = list_fill(t, &head, count);

	if (s != OK)
		return s;
	r->made = true;
	r->size += count;
	list_free(t, &head);
	return OK;
}

/* Takes out of use the table that an entry of this level leads to, and all under it. */
static void retire(const struct radix *t, uint64_t entry, unsigned level)
{
	const uint64_t *table = table_of(entry);

	for (unsigned i = 0; i < ENTRIES; i++) {
		uint64_t child = entry_read(&table[i]);

		if (is_table(t, child, level - 1))
			retire(t, child, level - 1);
		else if (is_present(t, child))
			t->leaves[level - 2]--;
	}
	frame_list_push(t->retired, hpa(entry & RADIX_ADDRESS));
	(*t->table_count)--;
}

/* Puts a leaf (or 0, a hole) into a slot, whatever it held. */
static void put(const struct radix *t, uint64_t *slot, unsigned level, uint64_t entry)
{
	uint64_t old = entry_read(slot);

	if (is_present(t, old) && ((old ^ entry) & ~t->sticky) == 0)
		return; /* it says so already; accessed and dirty stay */
	old = __atomic_exchange_n(slot, entry, __ATOMIC_ACQ_REL);
	if (is_present(t, old)) {
		*t->stale = true;
		if (is_table(t, old, level))
			retire(t, old, level);
		else
			t->leaves[level - 1]--;
	}
	if (entry != 0)
		t->leaves[level - 1]++;
}

/* What a change does with an entry of this level, of whose slot it concerns len_bytes from at. */
static enum step decide(const struct radix *t, const struct radix_change *c, uint64_t entry,
			unsigned level, uint64_t at, uint64_t len_bytes)
{
	uint64_t span = entry_span(level);
	bool whole = len_bytes == span;

	if (c->verb == RADIX_MAP) {
		bool fits = span <= t->max_leaf && is_aligned(c->to + (at - c->from), span);

		return whole && fits ? STEP_HERE : STEP_DESCEND;
	}
	if (!is_present(t, entry))
		return STEP_SKIP;
	if (c->verb == RADIX_UNMAP)
		return whole ? STEP_HERE : STEP_DESCEND;
	if (c->verb == RADIX_PROTECT)
		return whole && is_leaf(t, entry, level) ? STEP_HERE : STEP_DESCEND;
	return is_leaf(t, entry, level) && span <= c->size ? STEP_SKIP : STEP_DESCEND;
}

/* How many tables a change needs in [from, end), which lies in the slot of an entry of this level
 * that it descends into. */
static uint64_t tables_needed(const struct radix *t, const struct radix_change *c, uint64_t entry,
			      unsigned level, uint64_t from, uint64_t end)
{
	const uint64_t *table = is_table(t, entry, level) ? table_of(entry) : NULL;
	uint64_t count = table ? 0 : 1;
	uint64_t next;

	level--;
	if (level == 1)
		return count;
	for (uint64_t at = from; at < end; at = next) {
		/* A table that is still to be made will hold parts of the leaf, or holes. */
		uint64_t child = table ? entry_read(&table[entry_index(at, level)]) : entry;

		next = slot_end(at, end, level);
		if (decide(t, c, child, level, at, next - at) == STEP_DESCEND)
			count += tables_needed(t, c, child, level, at, next);
	}
	return count;
}

/* The table that the slot leads to. A hole becomes an empty table, a leaf one of smaller leaves. */
static uint64_t *descend(const struct radix *t, uint64_t *slot, unsigned level, uint64_t *spares)
{
	uint64_t old = entry_read(slot);
	uint64_t *table;
	hpa_t frame;

	if (is_table(t, old, level))
		return table_of(old);

	frame = frame_list_pop(spares);
	table = phys_ptr(frame);
	do {
		uint64_t child = level == 2 ? old & ~RADIX_LARGE : old;

		for (unsigned i = 0; is_present(t, old) && i < ENTRIES; i++)
			table[i] = child + i * entry_span(level - 1);
	} while (!entry_replace(slot, &old, frame.raw | t->table_bits));

	(*t->table_count)++;
	if (is_present(t, old)) {
		*t->stale = true;
		t->leaves[level - 1]--;
		t->leaves[level - 2] += ENTRIES;
	}
	return table;
}

static void retire_if_empty(const struct radix *t, uint64_t *slot, unsigned level)
{
	const uint64_t *table = table_of(*slot);

	for (unsigned i = 0; i < ENTRIES; i++) {
		if (is_present(t, table[i]))
			return;
	}
	put(t, slot, level, 0);
}

static void change_here(const struct radix *t, const struct radix_change *c, uint64_t *slot,
			unsigned level, uint64_t at)
{
	uint64_t old = entry_read(slot);
	uint64_t large = level > 1 ? RADIX_LARGE : 0;
	uint64_t entry;

	if (c->verb == RADIX_MAP) {
		put(t, slot, level, (c->to + (at - c->from)) | c->set | large);
	} else if (c->verb == RADIX_UNMAP) {
		put(t, slot, level, 0);
	} else {
		do
			entry = (old & ~c->clear) | c->set;
		while (entry != old && !entry_replace(slot, &old, entry));
		if (entry != old)
			*t->stale = true;
	}
}

static void apply(const struct radix *t, const struct radix_change *c, uint64_t *table,
		  unsigned level, uint64_t from, uint64_t end, uint64_t *spares)
{
	uint64_t next;

	for (uint64_t at = from; at < end; at = next) {
		uint64_t *slot = &table[entry_index(at, level)];
		enum step step;

		next = slot_end(at, end, level);
		step = decide(t, c, entry_read(slot), level, at, next - at);
		if (step == STEP_HERE) {
			change_here(t, c, slot, level, at);
		} else if (step == STEP_DESCEND) {
			apply(t, c, descend(t, slot, level, spares), level - 1, at, next, spares);
			if (c->verb == RADIX_UNMAP)
				retire_if_empty(t, slot, level);
		}
	}
}

enum status radix_init(struct frames *frames, hpa_t *root, uint64_t *table_count)
{
	enum status s = frames_alloc_zeroed(frames, 0, root);

	*table_count = s == OK ? 1 : 0;
	return s;
}

void radix_destroy(const struct radix *t)
{
	if (*t->table_count != 0)
		retire(t, root_entry(t), ROOT_LEVEL);
	if (t->reserve) {
		struct radix_reserve rest = *t->reserve;

		*t->reserve = (struct radix_reserve){0};
		list_free(t, &rest.head);
	}
	radix_flushed(t);
}

enum status radix_apply(const struct radix *t, const struct radix_change *c)
{
	uint64_t spares = 0;
	uint64_t needed;
	enum status s;

	if (c->from == c->end)
		return OK;
	needed = tables_needed(t, c, root_entry(t), ROOT_LEVEL, c->from, c->end);
	if (c->reserved && t->reserve->made)
		s = take_reserved(t->reserve, &spares, needed);
	else
		s = list_fill(t, &spares, needed);
	if (s != OK)
		return s;

	apply(t, c, table_of(root_entry(t)), ROOT_LEVEL - 1, c->from, c->end, &spares);
	ASSERT(spares == 0);
	return OK;
}

/* Makes one leaf of the table under a slot if its 512 leaves are one run with equal bits. */
static void join(const struct radix *t, uint64_t *slot, unsigned level)
{
	const uint64_t *table = table_of(*slot);
	uint64_t first = table[0] & ~t->sticky;
	uint64_t sticky = 0;

	if (entry_span(level) > t->max_leaf ||
	    !is_aligned(first & RADIX_ADDRESS, entry_span(level)))
		return;
	for (unsigned i = 0; i < ENTRIES; i++) {
		uint64_t child = entry_read(&table[i]);

		if (!is_leaf(t, child, level - 1) ||
		    (child & ~t->sticky) != first + i * entry_span(level - 1))
			return;
		sticky |= child & t->sticky;
	}
	put(t, slot, level, first | sticky | RADIX_LARGE);
}

unsigned radix_merge(const struct radix *t, uint64_t at)
{
	uint64_t tables_before = *t->table_count;
	uint64_t *root = table_of(root_entry(t));
	uint64_t top = entry_read(&root[entry_index(at, 4)]);
	uint64_t *slot, *directory;

	if (!is_table(t, top, 4))
		return 0;
	slot = &table_of(top)[entry_index(at, 3)];
	if (!is_table(t, *slot, 3))
		return 0;

	directory = table_of(*slot);
	for (unsigned i = 0; i < ENTRIES; i++) {
		if (is_table(t, directory[i], 2))
			join(t, &directory[i], 2);
	}
	join(t, slot, 3);
	return (unsigned)(tables_before - *t->table_count);
}

enum status radix_walk(const struct radix *t, uint64_t at, struct radix_leaf *leaf)
{
	uint64_t entry = root_entry(t);
	unsigned level = ROOT_LEVEL;

	while (is_table(t, entry, level)) {
		level--;
		entry = entry_read(&table_of(entry)[entry_index(at, level)]);
	}
	if (!is_present(t, entry))
		return ERR_NOT_FOUND;

	leaf->size = entry_span(level);
	leaf->start = align_down(at, leaf->size);
	leaf->entry = entry;
	leaf->at = hpa(entry & RADIX_ADDRESS & ~(leaf->size - 1));
	return OK;
}

void radix_flushed(const struct radix *t)
{
	list_free(t, t->retired);
	*t->stale = false;
}
