/*
 * guest/mmio_bus.h - the guest-physical addresses that are not RAM: who answers where.
 *
 * Pure. A device gets an access whole if all of its bytes are the device's; else every byte goes to
 * whoever has it. An address that nobody claims reads all ones, ignores writes, and is counted by
 * its page. The A20 line does not reach this bus. The caller holds the VM's lock.
 */
#pragma once

#include "kernel/status.h"

#define MMIO_BUS_CLAIMS    32u /* most claims on one bus */
#define MMIO_BUS_UNCLAIMED 64u /* different unclaimed pages that are counted one by one */
#define MMIO_BUS_BITS      52u /* of an address */

struct mmio_access {
	gpa_t at;       /* guest-physical, in the device too */
	uint8_t size;   /* bytes: 1, 2, 4 or 8, not always aligned */
	bool write;     /* else a read: its answer goes into value */
	uint64_t value; /* above size bytes: 0 in a write; cut off by the bus after an access */
	uint64_t now_ns;
};

typedef void (*mmio_access_fn)(void *state, struct mmio_access *a);

struct mmio_claim {
	const char *name;
	mmio_access_fn access;
	void *state;
	gpa_t first;
	uint64_t len_bytes;
};

struct mmio_unclaimed {
	gpa_t page; /* a multiple of 4 KiB */
	uint64_t reads, writes;
};

struct mmio_bus {
	struct mmio_claim claims[MMIO_BUS_CLAIMS]; /* sorted by first, without overlap */
	uint32_t claim_count;
	uint32_t last; /* the claim that was found last: below claim_count, or 0 */
	struct mmio_unclaimed unclaimed[MMIO_BUS_UNCLAIMED];
	uint32_t unclaimed_count;
	uint64_t last_value;      /* of the emulator's last access; for who watches */
	uint32_t unclaimed_last;  /* the one that was counted last */
	uint64_t unclaimed_total; /* all accesses to nobody, also those past the table */
};

void mmio_bus_init(struct mmio_bus *bus);

/* Gives len_bytes from first on to a device. name is kept. ERR_RANGE: empty, or past 52 bits;
 * ERR_EXISTS: a byte of it has an owner; ERR_FULL. After an error nothing has changed. */
MUST_CHECK enum status mmio_bus_claim(struct mmio_bus *bus, const char *name, mmio_access_fn access,
				      void *state, gpa_t first, uint64_t len_bytes);

/* Does the claim that was found last have all of these bytes? Quick, and false proves nothing. */
static inline bool mmio_bus_was_last(const struct mmio_bus *bus, gpa_t at, uint64_t len_bytes)
{
	const struct mmio_claim *c = &bus->claims[bus->last];
	uint64_t offset = at.raw - c->first.raw;

	return offset < c->len_bytes && len_bytes <= c->len_bytes - offset;
}

/* For mmio_bus_access(): whoever it is for. */
bool mmio_bus_search(struct mmio_bus *bus, struct mmio_access *a);

/* One access; never fails. True if a device answered (each byte of) it, false if any byte was
 * unclaimed (the caller may trace it). Of *a only the value counts afterwards. */
static inline bool mmio_bus_access(struct mmio_bus *bus, struct mmio_access *a)
{
	unsigned size = a->size;

	if (UNLIKELY(!mmio_bus_was_last(bus, a->at, size)))
		return mmio_bus_search(bus, a);
	bus->claims[bus->last].access(bus->claims[bus->last].state, a);
	if (size < 8)
		a->value &= BIT(size * 8) - 1;
	return true;
}

/* The short way of mmio_bus_access() where there is no device and the page is the one that was
 * touched last. False: nothing was done. */
static inline bool mmio_bus_nobody_again(struct mmio_bus *bus, struct mmio_access *a)
{
	struct mmio_unclaimed *last = &bus->unclaimed[bus->unclaimed_last];

	if (bus->claim_count || !bus->unclaimed_count ||
	    (a->at.raw & ~(uint64_t)(PAGE_4K - 1)) != last->page.raw)
		return false;
	bus->unclaimed_total++;
	if (a->write) {
		last->writes++;
		return true;
	}
	last->reads++;
	a->value = UINT64_MAX >> (64 - 8 * a->size);
	return true;
}

/* The name of the device that answers at an address, or NULL. */
const char *mmio_bus_owner(const struct mmio_bus *bus, gpa_t at);
