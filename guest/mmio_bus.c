/* guest/mmio_bus.c - who answers at an address that is not RAM. */
#include "guest/mmio_bus.h"

#include "kernel/assert.h"
#include "kernel/string.h"

static uint64_t low_bytes(uint64_t value, unsigned size)
{
	return value & (~UINT64_C(0) >> (64 - size * 8));
}

void mmio_bus_init(struct mmio_bus *bus)
{
	*bus = (struct mmio_bus){0};
}

/* The number of claims that begin at or below an address. */
static uint32_t claims_up_to(const struct mmio_bus *bus, uint64_t at)
{
	uint32_t low = 0, high = bus->claim_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (bus->claims[middle].first.raw <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct mmio_claim *claim_at(const struct mmio_bus *bus, uint64_t at)
{
	uint32_t i = claims_up_to(bus, at);
	const struct mmio_claim *c;

	if (i == 0)
		return NULL;
	c = &bus->claims[i - 1];
	return at - c->first.raw < c->len_bytes ? c : NULL;
}

enum status mmio_bus_claim(struct mmio_bus *bus, const char *name, mmio_access_fn access,
			   void *state, gpa_t first, uint64_t len_bytes)
{
	uint32_t i;

	ASSERT(access != NULL);
	if (len_bytes == 0 || first.raw >> MMIO_BUS_BITS ||
	    len_bytes > BIT(MMIO_BUS_BITS) - first.raw)
		return ERR_RANGE;
	i = claims_up_to(bus, first.raw);
	if (claim_at(bus, first.raw) ||
	    (i < bus->claim_count && bus->claims[i].first.raw - first.raw < len_bytes))
		return ERR_EXISTS;
	if (bus->claim_count == ARRAY_SIZE(bus->claims))
		return ERR_FULL;
	memmove(&bus->claims[i + 1], &bus->claims[i],
		(bus->claim_count - i) * sizeof(bus->claims[0]));
	bus->claims[i] = (struct mmio_claim){.name = name,
					     .access = access,
					     .state = state,
					     .first = first,
					     .len_bytes = len_bytes};
	bus->claim_count++;
	return OK;
}

static void count_unclaimed(struct mmio_bus *bus, gpa_t at, bool write)
{
	uint64_t page = align_down(at.raw, PAGE_4K);
	struct mmio_unclaimed *entry = bus->unclaimed;
	struct mmio_unclaimed *end = entry + bus->unclaimed_count;

	bus->unclaimed_total++;
	if (entry + bus->unclaimed_last < end && entry[bus->unclaimed_last].page.raw == page)
		entry += bus->unclaimed_last;
	while (entry < end && entry->page.raw != page)
		entry++;
	if (entry == end) {
		if (bus->unclaimed_count == ARRAY_SIZE(bus->unclaimed))
			return;
		bus->unclaimed_count++;
		*entry = (struct mmio_unclaimed){.page = gpa(page)};
	}
	bus->unclaimed_last = (uint32_t)(entry - bus->unclaimed);
	if (write)
		entry->writes++;
	else
		entry->reads++;
}

/* Is any byte of an access claimed? Then one of the claim that begins last before its end is. */
static bool is_touched(const struct mmio_bus *bus, const struct mmio_access *a)
{
	uint32_t i = claims_up_to(bus, a->at.raw + a->size - 1);

	return i > 0 && bus->claims[i - 1].first.raw + bus->claims[i - 1].len_bytes > a->at.raw;
}

/* At the edge of a claim: one byte after the other, the low one first. */
static void access_bytes(struct mmio_bus *bus, struct mmio_access *a)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < a->size; i++) {
		struct mmio_access byte = {.at = gpa(a->at.raw + i),
					   .size = 1,
					   .write = a->write,
					   .value = a->write ? a->value >> (8 * i) & 0xff : 0,
					   .now_ns = a->now_ns};

		(void)mmio_bus_access(bus, &byte);
		value |= byte.value << (8 * i);
	}
	if (!a->write)
		a->value = value;
}

bool mmio_bus_search(struct mmio_bus *bus, struct mmio_access *a)
{
	const struct mmio_claim *c;
	uint32_t i;

	ASSERT(a->size == 1 || a->size == 2 || a->size == 4 || a->size == 8);
	c = bus->claim_count ? claim_at(bus, a->at.raw) : NULL;
	if (c && a->size <= c->len_bytes - (a->at.raw - c->first.raw)) {
		bus->last = (uint32_t)(c - bus->claims);
		return mmio_bus_access(bus, a);
	}
	if (a->size > 1 && bus->claim_count && is_touched(bus, a)) {
		bool all = true;

		for (i = 0; i < a->size; i++)
			all = all && claim_at(bus, a->at.raw + i);
		access_bytes(bus, a);
		return all;
	}
	count_unclaimed(bus, a->at, a->write);
	if (!a->write)
		a->value = low_bytes(UINT64_MAX, a->size);
	return false;
}

const char *mmio_bus_owner(const struct mmio_bus *bus, gpa_t at)
{
	const struct mmio_claim *c = claim_at(bus, at.raw);

	return c ? c->name : NULL;
}
