/* guest/emulate_place.c - operands by guest-physical address, in RAM or on the bus. */
#include "guest/emulate_place.h"

#include "guest/emulate_alu.h"
#include "kernel/string.h"
#include "mm/phys.h"

/* A stretch of memory that can be read by a pointer: host + guest-physical address. */
struct stretch {
	uintptr_t host;
	uint64_t start, len_bytes; /* guest-physical */
};

/* The chunk that was used last: page tables and code are mostly in the same one. Empty if that is
 * of no use: with A20 low a chunk does not go on as its addresses do. */
static inline struct stretch last_chunk(const struct guest_memory *m)
{
	uint32_t last = __atomic_load_n(&m->last, __ATOMIC_RELAXED);
	const struct guest_chunk *c = &m->chunks[last];

	if (UNLIKELY(last >= m->count || m->address_mask != ~UINT64_C(0)))
		return (struct stretch){0};
	return (struct stretch){.host = (uintptr_t)phys_ptr(c->at) - c->start.raw,
				.start = c->start.raw,
				.len_bytes = c->len_bytes};
}

static inline bool stretch_has(const struct stretch *s, uint64_t at)
{
	return at - s->start < s->len_bytes;
}

/* Sums of a walk's entries. */
struct sums {
	struct stretch memory;
	uint64_t entry, all, any;
};

/* One level; false: the table is not where it can be read quickly. */
static inline bool walk_level(struct guest_memory *m, uint64_t at, unsigned shift, struct sums *w)
{
	uint64_t from = (w->entry & PTE_ADDRESS) + (at >> (shift - 3) & 0xff8);

	if (UNLIKELY(!stretch_has(&w->memory, from))) {
		if (!guest_memory_read_ptr(m, gpa(from), 8)) /* which makes its chunk the last */
			return false;
		w->memory = last_chunk(m);
		if (!stretch_has(&w->memory, from))
			return false;
	}
	w->entry = __atomic_load_n((const uint64_t *)(w->memory.host + from), __ATOMIC_RELAXED);
	w->all &= w->entry;
	w->any |= w->entry;
	return true;
}

/*
 * 4-level paging where all is as usual: the tables lie in memory, the accessed and dirty flags are
 * set, and the rights allow it whatever CR0 and CR4 say. False proves nothing: guest_walk() knows.
 */
static inline bool walk_quickly(const struct guest_cpu_state *s, struct guest_memory *m,
				uint64_t at, unsigned access, gpa_t *out)
{
	struct sums w = {.memory = last_chunk(m), .entry = s->cr3, .all = UINT64_MAX, .any = 0};
	uint64_t wanted, offset_mask = PAGE_4K - 1, entry;

	if (!walk_level(m, at, 39, &w) || (w.entry & PTE_LARGE) || !walk_level(m, at, 30, &w))
		return false;
	if (UNLIKELY(w.entry & PTE_LARGE)) {
		offset_mask = PAGE_1G - 1;
	} else {
		if (!walk_level(m, at, 21, &w))
			return false;
		if (w.entry & PTE_LARGE)
			offset_mask = PAGE_2M - 1;
		else if (!walk_level(m, at, 12, &w))
			return false;
	}
	entry = w.entry;
	wanted = PTE_PRESENT | PTE_ACCESSED;
	if (access & WALK_WRITE)
		wanted |= PTE_WRITABLE;
	if (access & WALK_USER)
		wanted |= PTE_USER;
	else if ((w.all & PTE_USER) && (s->cr4 & (CR4_SMEP | CR4_SMAP)))
		return false;
	if ((w.all & wanted) != wanted)
		return false;
	if ((access & WALK_WRITE) && !(entry & PTE_DIRTY))
		return false;
	if ((w.any & PTE_NX) && ((access & WALK_FETCH) || !(s->efer & EFER_NXE)))
		return false;
	/* Address bits that the CPU does not have; in a large page also those below its size. */
	if ((w.any & PTE_ADDRESS) >> s->maxphyaddr || (entry & offset_mask) >> 13)
		return false;
	*out = gpa((entry & PTE_ADDRESS & ~offset_mask) | (at & offset_mask));
	return true;
}

static NOINLINE enum emulate_result walk(const struct guest_cpu_state *s, struct guest_memory *m,
					 gva_t at, unsigned access, gpa_t *out,
					 struct guest_fault *fault)
{
	struct guest_translation t;

	switch (guest_walk(s, m, at, access, &t, fault)) {
	case GUEST_OK:
		*out = t.at;
		return EMULATE_DONE;
	case GUEST_FAULT:
		return EMULATE_FAULT;
	case GUEST_UNSUPPORTED:
		break;
	}
	return EMULATE_UNSUPPORTED;
}

enum emulate_result emulate_translate(const struct guest_cpu_state *s, struct guest_memory *m,
				      gva_t at, unsigned access, gpa_t *out,
				      struct guest_fault *fault)
{
	if (!(s->cr0 & CR0_PG)) {
		*out = gpa(at.raw);
		return EMULATE_DONE;
	}
	if (LIKELY((s->efer & EFER_LMA) && !(s->cr4 & CR4_LA57)) &&
	    LIKELY(walk_quickly(s, m, at.raw, access, out)))
		return EMULATE_DONE;
	return walk(s, m, at, access, out, fault);
}

enum emulate_result emulate_find_two(struct emulation *e, gva_t at, unsigned access,
				     struct emulate_place *place)
{
	gva_t next = gva(at.raw + place->in_first);
	enum emulate_result result;

	if (!e->wide)
		next = gva((uint32_t)next.raw);
	result = walk(e->s, e->m, at, access | WALK_NO_UPDATE, &place->at, e->fault);
	if (result == EMULATE_DONE)
		result = walk(e->s, e->m, next, access | WALK_NO_UPDATE, &place->next, e->fault);
	if (result == EMULATE_DONE)
		result = walk(e->s, e->m, at, access, &place->at, e->fault);
	if (result == EMULATE_DONE)
		result = walk(e->s, e->m, next, access, &place->next, e->fault);
	return result;
}

static uint64_t load_host(const void *from, unsigned size)
{
	switch (size) {
	case 1:
		return *(const uint8_t *)from;
	case 2: {
		uint16_t value;

		memcpy(&value, from, sizeof(value));
		return value;
	}
	case 4: {
		uint32_t value;

		memcpy(&value, from, sizeof(value));
		return value;
	}
	default: {
		uint64_t value = 0;

		memcpy(&value, from, size);
		return value;
	}
	}
}

static void store_host(void *to, uint64_t value, unsigned size)
{
	switch (size) {
	case 1:
		*(uint8_t *)to = (uint8_t)value;
		break;
	case 2:
		memcpy(to, &value, 2);
		break;
	case 4:
		memcpy(to, &value, 4);
		break;
	case 8:
		memcpy(to, &value, 8);
		break;
	default:
		memcpy(to, &value, size);
		break;
	}
}

/* The largest access that begins at an address, is aligned there, and has at most left bytes. What
 * lies within one page is not taken apart; this is for the parts of what does not. */
static uint8_t natural_size(uint64_t at, unsigned left)
{
	uint8_t size = 1;

	while (size * 2u <= left && is_aligned(at, size * 2u))
		size = (uint8_t)(size * 2u);
	return size;
}

/* Bytes within one page that are not RAM. */
static uint64_t bus_access(struct emulation *e, gpa_t at, unsigned size, bool write, uint64_t value)
{
	uint64_t read = 0;
	unsigned done = 0;

	if (LIKELY(size == 1 || size == 2 || size == 4 || size == 8))
		return emulate_bus(e, at, size, write, emulate_cut(value, size));
	while (done < size) {
		gpa_t next = gpa(at.raw + done);
		uint8_t piece = natural_size(next.raw, size - done);

		read |= emulate_bus(e, next, piece, write, emulate_cut(value >> (done * 8), piece))
			<< (done * 8);
		done += piece;
	}
	return read;
}

static uint64_t load_part(struct emulation *e, gpa_t at, unsigned size)
{
	const void *host;

	if (!mmio_bus_was_last(e->bus, at, size)) {
		host = guest_memory_read_ptr(e->m, at, size);
		if (host)
			return load_host(host, size);
	}
	return bus_access(e, at, size, false, 0);
}

static void store_part(struct emulation *e, gpa_t at, unsigned size, uint64_t value)
{
	void *host;

	if (!mmio_bus_was_last(e->bus, at, size)) {
		host = guest_memory_ptr(e->m, at, size);
		if (host) {
			store_host(host, value, size);
			return;
		}
	}
	bus_access(e, at, size, true, value);
}

uint64_t emulate_load_parts(struct emulation *e, const struct emulate_place *place)
{
	unsigned first = place->in_first;
	uint64_t value = load_part(e, place->at, first);

	if (first < place->size)
		value |= load_part(e, place->next, place->size - first) << (first * 8);
	return value;
}

void emulate_store_parts(struct emulation *e, const struct emulate_place *place, uint64_t value)
{
	unsigned first = place->in_first;

	store_part(e, place->at, first, value);
	if (UNLIKELY(first < place->size))
		store_part(e, place->next, place->size - first, value >> (first * 8));
}

static bool compare_exchange(void *host, unsigned size, uint64_t old, uint64_t value)
{
	uint8_t old_8 = (uint8_t)old;
	uint16_t old_16 = (uint16_t)old;
	uint32_t old_32 = (uint32_t)old;

	switch (size) {
	case 1:
		return __atomic_compare_exchange_n((uint8_t *)host, &old_8, (uint8_t)value, false,
						   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	case 2:
		return __atomic_compare_exchange_n((uint16_t *)host, &old_16, (uint16_t)value,
						   false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	case 4:
		return __atomic_compare_exchange_n((uint32_t *)host, &old_32, (uint32_t)value,
						   false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	default:
		return __atomic_compare_exchange_n((uint64_t *)host, &old, value, false,
						   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	}
}

bool emulate_replace(struct emulation *e, const struct emulate_place *place, uint64_t old,
		     uint64_t value)
{
	void *host;

	if (is_aligned(place->at.raw, place->size) &&
	    !mmio_bus_was_last(e->bus, place->at, place->size)) {
		host = guest_memory_ptr(e->m, place->at, place->size);
		if (host)
			return compare_exchange(host, place->size, old, value);
	}
	emulate_store(e, place, value);
	return true;
}

bool emulate_fetch_bytes(struct guest_memory *m, gpa_t at, uint8_t *to, unsigned count)
{
	struct stretch memory = last_chunk(m);
	const uint8_t *code = UNLIKELY(m->code_count) ? guest_memory_code(m, at) : NULL;

	if (UNLIKELY(code)) {
		memcpy(to, code, min_u64(count, PAGE_4K - (at.raw & (PAGE_4K - 1))));
		return true;
	}
	/* 16 bytes in two loads rather than some by a call, where the page has them. */
	if (LIKELY((at.raw & (PAGE_4K - 1)) <= PAGE_4K - 16 && stretch_has(&memory, at.raw))) {
		memcpy(to, (const void *)(memory.host + at.raw), 16);
		return true;
	}
	return guest_memory_read(m, at, to, count) == OK;
}
