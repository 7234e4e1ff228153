/*
 * guest/io_bus.c - the 64 Ki I/O ports of a guest; see guest/io_bus.h.
 */
#include "guest/io_bus.h"

#include "kernel/assert.h"

static void count_unclaimed(struct io_bus *bus, uint16_t port, bool write, uint64_t count)
{
	struct io_unclaimed *entry = bus->unclaimed;
	struct io_unclaimed *end = entry + bus->unclaimed_count;

	bus->unclaimed_total += count;
	while (entry < end && entry->port != port)
		entry++;
	if (entry == end) {
		if (bus->unclaimed_count == IO_BUS_UNCLAIMED)
			return;
		bus->unclaimed_count++;
		*entry = (struct io_unclaimed){.port = port};
	}
	if (write)
		entry->writes += count;
	else
		entry->reads += count;
}

/* The access function of claims[0]. */
static void access_nobody(void *state, struct io_access *io)
{
	count_unclaimed(state, io->port, io->write, 1);
	if (!io->write)
		io->value = 0xff;
}

void io_bus_init(struct io_bus *bus)
{
	*bus = (struct io_bus){
		.claims = {{.access = access_nobody, .state = bus}},
		.claim_count = 1,
		.group_count = 1,
	};
}

enum status io_bus_claim(struct io_bus *bus, const struct io_claim *claim)
{
	uint32_t end = (uint32_t)claim->first + claim->count;
	unsigned new_groups = 0;

	ASSERT(claim->access != NULL);
	if (claim->count == 0 || end > 0x10000)
		return ERR_RANGE;
	for (uint32_t port = claim->first; port < end; port++)
		if (io_bus_claim_at(bus, (uint16_t)port) != bus->claims)
			return ERR_EXISTS;
	for (uint32_t group = claim->first >> 8; group <= (end - 1) >> 8; group++)
		new_groups += bus->group_of[group] == 0;
	if (bus->claim_count == ARRAY_SIZE(bus->claims) ||
	    bus->group_count + new_groups > ARRAY_SIZE(bus->claim_of))
		return ERR_FULL;

	bus->claims[bus->claim_count] = *claim;
	for (uint32_t port = claim->first; port < end; port++) {
		uint8_t *group = &bus->group_of[port >> 8];

		if (*group == 0)
			*group = bus->group_count++;
		bus->claim_of[*group][port & 0xff] = bus->claim_count;
	}
	bus->claim_count++;
	return OK;
}

/* Whose claim holds all of an access and takes it whole; NULL if there is none. */
static const struct io_claim *wide_claim(const struct io_bus *bus, uint16_t port, uint8_t size)
{
	const struct io_claim *claim = io_bus_claim_at(bus, port);

	return claim->wide && port - claim->first + size <= claim->count ? claim : NULL;
}

static uint32_t size_mask(uint8_t size)
{
	return size == 4 ? UINT32_MAX : (UINT32_C(1) << (8 * size)) - 1;
}

/* A word or a dword; on byte-wide chips one cycle after the other, low port first. */
bool io_bus_access_wide(struct io_bus *bus, struct io_access *io)
{
	const struct io_claim *claim = wide_claim(bus, io->port, io->size);
	uint16_t port = io->port;
	bool answered = true;
	uint32_t value = 0;

	ASSERT(io->size == 2 || io->size == 4);
	if (claim) {
		io->value &= size_mask(io->size);
		io->port = (uint16_t)(port - claim->first + claim->offset);
		claim->access(claim->state, io);
		io->value &= size_mask(io->size);
		io->port = port;
		return true;
	}
	for (unsigned i = 0; i < io->size; i++) {
		struct io_access byte = {
			.port = (uint16_t)(io->port + i),
			.size = 1,
			.write = io->write,
			.value = io->write ? (io->value >> (8 * i)) & 0xff : 0,
			.now_ns = io->now_ns,
		};

		answered &= io_bus_access(bus, &byte);
		value |= (byte.value & 0xff) << (8 * i);
	}
	if (!io->write)
		io->value = value;
	return answered;
}

bool io_bus_access_nobody(struct io_bus *bus, uint16_t port, uint8_t size, bool write,
			  uint64_t count)
{
	if (size != 1 || io_bus_claim_at(bus, port) != bus->claims)
		return false;
	count_unclaimed(bus, port, write, count);
	return true;
}

uint64_t io_bus_access_some(struct io_bus *bus, const struct io_run *run)
{
	const struct io_claim *claim = io_bus_claim_at(bus, run->port);
	struct io_run inside = *run;

	if (!claim->some || (run->size > 1 && !wide_claim(bus, run->port, run->size)))
		return 0;
	inside.port = (uint16_t)(run->port - claim->first + claim->offset);
	return claim->some(claim->state, &inside);
}

const char *io_bus_owner(const struct io_bus *bus, uint16_t port)
{
	return io_bus_claim_at(bus, port)->name;
}
