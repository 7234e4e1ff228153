/*
 * guest/io_bus.c - the 64 Ki I/O ports of a guest; see guest/io_bus.h.
 */
#include "guest/io_bus.h"

#include "kernel/assert.h"

void io_bus_init(struct io_bus *bus)
{
	*bus = (struct io_bus){.claim_count = 0};
}

static const struct io_claim *claim_at(const struct io_bus *bus, uint16_t port)
{
	uint8_t group = bus->group_of[port >> 8];
	uint8_t claim = group ? bus->claim_of[group - 1][port & 0xff] : 0;

	return claim ? &bus->claims[claim - 1] : NULL;
}

enum status io_bus_claim(struct io_bus *bus, const struct io_claim *claim)
{
	uint32_t end = (uint32_t)claim->first + claim->count;
	unsigned new_groups = 0;

	ASSERT(claim->access != NULL);
	if (claim->count == 0 || end > 0x10000)
		return ERR_RANGE;
	for (uint32_t port = claim->first; port < end; port++)
		if (claim_at(bus, (uint16_t)port))
			return ERR_EXISTS;
	for (uint32_t group = claim->first >> 8; group <= (end - 1) >> 8; group++)
		new_groups += bus->group_of[group] == 0;
	if (bus->claim_count == IO_BUS_CLAIMS || bus->group_count + new_groups > IO_BUS_GROUPS)
		return ERR_FULL;

	bus->claims[bus->claim_count++] = *claim;
	for (uint32_t port = claim->first; port < end; port++) {
		uint8_t *group = &bus->group_of[port >> 8];

		if (*group == 0)
			*group = ++bus->group_count;
		bus->claim_of[*group - 1][port & 0xff] = bus->claim_count;
	}
	return OK;
}

static void count_unclaimed(struct io_bus *bus, uint16_t port, bool write)
{
	struct io_unclaimed *entry = bus->unclaimed;
	struct io_unclaimed *end = entry + bus->unclaimed_count;

	bus->unclaimed_total++;
	while (entry < end && entry->port != port)
		entry++;
	if (entry == end) {
		if (bus->unclaimed_count == IO_BUS_UNCLAIMED)
			return;
		bus->unclaimed_count++;
		*entry = (struct io_unclaimed){.port = port};
	}
	if (write)
		entry->writes++;
	else
		entry->reads++;
}

/* One byte; io->size is 1. */
static bool access_byte(struct io_bus *bus, struct io_access *io)
{
	const struct io_claim *claim = claim_at(bus, io->port);
	uint16_t port = io->port;

	if (UNLIKELY(!claim)) {
		count_unclaimed(bus, port, io->write);
		if (!io->write)
			io->value = 0xff;
		return false;
	}
	io->port = (uint16_t)(port - claim->first + claim->offset);
	claim->access(claim->state, io);
	io->port = port;
	return true;
}

/* A word or a dword on byte-wide chips: one cycle after the other, low port first. */
static bool access_wide(struct io_bus *bus, struct io_access *io)
{
	bool answered = true;
	uint32_t value = 0;

	for (unsigned i = 0; i < io->size; i++) {
		struct io_access byte = {
			.port = (uint16_t)(io->port + i),
			.size = 1,
			.write = io->write,
			.value = io->write ? (io->value >> (8 * i)) & 0xff : 0,
			.now_ns = io->now_ns,
		};

		answered &= access_byte(bus, &byte);
		value |= (byte.value & 0xff) << (8 * i);
	}
	if (!io->write)
		io->value = value;
	return answered;
}

bool io_bus_access(struct io_bus *bus, struct io_access *io)
{
	bool answered;

	ASSERT(io->size == 1 || io->size == 2 || io->size == 4);
	if (io->size != 1)
		return access_wide(bus, io);
	if (io->write)
		io->value &= 0xff;
	answered = access_byte(bus, io);
	io->value &= 0xff;
	return answered;
}

const char *io_bus_owner(const struct io_bus *bus, uint16_t port)
{
	const struct io_claim *claim = claim_at(bus, port);

	return claim ? claim->name : NULL;
}
