/* guest/emulate_place.c - operands by guest-physical address, in RAM or on the bus. */
#include "guest/emulate_place.h"

#include "kernel/string.h"
#include "mm/phys.h"

#define ENTRY_PRESENT  BIT(0)
#define ENTRY_WRITABLE BIT(1)
#define ENTRY_USER     BIT(2)
#define ENTRY_ACCESSED BIT(5)
#define ENTRY_DIRTY    BIT(6)
#define ENTRY_LARGE    BIT(7)
#define ENTRY_NX       BIT(63)
#define ENTRY_ADDRESS  UINT64_C(0x000ffffffffff000)

/* Memory to read, if the chunk that was used last has it. What follows in its page is there too. */
static const void *near_memory(struct guest_memory *m, uint64_t at)
{
	uint32_t last = __atomic_load_n(&m->last, __ATOMIC_RELAXED);
	const struct guest_chunk *c;

	if (UNLIKELY(last >= m->count || (at & m->address_mask) != at))
		return NULL;
	c = &m->chunks[last];
	if (UNLIKELY(at - c->start.raw >= c->len_bytes))
		return NULL;
	return (const uint8_t *)phys_ptr(c->at) + (at - c->start.raw);
}

/*
 * 4-level paging where all is as usual: the tables lie in RAM, the accessed and dirty flags are
 * set, and the rights allow it whatever CR0 and CR4 say. False proves nothing: guest_walk() knows.
 */
static bool walk_quickly(const struct guest_cpu_state *s, struct guest_memory *m, uint64_t at,
			 unsigned access, gpa_t *out)
{
	uint64_t table = s->cr3 & ENTRY_ADDRESS, all = UINT64_MAX, any = 0, wanted, offset_mask;
	unsigned shift = 39;
	uint64_t entry;

	for (;;) {
		const uint64_t *from = near_memory(m, table + (at >> shift & 0x1ff) * 8);

		if (UNLIKELY(!from))
			return false;
		entry = __atomic_load_n(from, __ATOMIC_RELAXED);
		all &= entry;
		any |= entry;
		if (shift == 12 || (entry & ENTRY_LARGE))
			break;
		table = entry & ENTRY_ADDRESS;
		shift -= 9;
	}
	wanted = ENTRY_PRESENT | ENTRY_ACCESSED;
	if (access & WALK_WRITE)
		wanted |= ENTRY_WRITABLE;
	if (access & WALK_USER)
		wanted |= ENTRY_USER;
	else if ((all & ENTRY_USER) && (s->cr4 & (CR4_SMEP | CR4_SMAP)))
		return false;
	if ((all & wanted) != wanted || shift == 39)
		return false;
	if ((access & WALK_WRITE) && !(entry & ENTRY_DIRTY))
		return false;
	if ((any & ENTRY_NX) && ((access & WALK_FETCH) || !(s->efer & EFER_NXE)))
		return false;
	offset_mask = BIT(shift) - 1;
	/* Address bits that the CPU does not have; in a large page also those below its size. */
	if ((any & ENTRY_ADDRESS) >> s->maxphyaddr || (entry & offset_mask) >> 13)
		return false;
	*out = gpa((entry & ENTRY_ADDRESS & ~offset_mask) | (at & offset_mask));
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

/* Both pages are asked before a flag of one is set. The lower address faults first. */
static NOINLINE enum emulate_result find_two(struct emulation *e, gva_t at, unsigned access,
					     struct emulate_place *place)
{
	gva_t next = gva(at.raw + place->in_first);
	enum emulate_result result;

	if (!guest_is_64bit(e->s))
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

enum emulate_result emulate_find(struct emulation *e, enum guest_segment_name segment,
				 uint64_t offset, uint8_t size, enum segment_access access,
				 struct emulate_place *place)
{
	unsigned rights = walk_access(e->s) | (access == SEGMENT_WRITE ? WALK_WRITE : 0);
	uint64_t left;
	gva_t at;

	if (!guest_segment_linear(e->s, segment, offset, size, access, &at, e->fault))
		return EMULATE_FAULT;
	left = PAGE_4K - (at.raw & (PAGE_4K - 1));
	place->size = size;
	place->in_first = size;
	if (LIKELY(left >= size))
		return emulate_translate(e->s, e->m, at, rights, &place->at, e->fault);
	place->in_first = (uint8_t)left;
	return find_two(e, at, rights, place);
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

	while (done < size) {
		bool whole = size == 1 || size == 2 || size == 4 || size == 8;
		uint8_t piece = (uint8_t)(whole ? size : natural_size(at.raw + done, size - done));
		uint64_t mask = piece == 8 ? UINT64_MAX : BIT(piece * 8u) - 1;
		struct mmio_access a = {.at = gpa(at.raw + done),
					.size = piece,
					.write = write,
					.value = write ? value >> (done * 8) & mask : 0,
					.now_ns = e->now_ns};

		(void)mmio_bus_access(e->bus, &a);
		read |= a.value << (done * 8);
		done += piece;
	}
	return read;
}

static uint64_t load_part(struct emulation *e, gpa_t at, unsigned size)
{
	const void *host;
	uint64_t value = 0;

	if (LIKELY(mmio_bus_was_last(e->bus, at, size)))
		return bus_access(e, at, size, false, 0);
	host = guest_memory_ptr(e->m, at, size);
	if (host)
		return load_host(host, size);
	if (guest_memory_read(e->m, at, &value, size) == OK) /* ROM */
		return value;
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

uint64_t emulate_load(struct emulation *e, const struct emulate_place *place)
{
	unsigned first = place->in_first;
	uint64_t value = load_part(e, place->at, first);

	if (UNLIKELY(first < place->size))
		value |= load_part(e, place->next, place->size - first) << (first * 8);
	return value;
}

void emulate_store(struct emulation *e, const struct emulate_place *place, uint64_t value)
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
	const void *from = near_memory(m, at.raw);

	/* 16 bytes in two loads rather than some by a call, where the page has them. */
	if (LIKELY(from && (at.raw & (PAGE_4K - 1)) <= PAGE_4K - 16)) {
		memcpy(to, from, 16);
		return true;
	}
	return guest_memory_read(m, at, to, count) == OK;
}
