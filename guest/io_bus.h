/*
 * guest/io_bus.h - the 64 Ki I/O ports of a guest: who answers where.
 *
 * Pure. Most devices are byte-wide: the bus takes word and dword accesses apart into byte accesses,
 * low port first, wrapping at FFFFh, as an ISA bridge does. A device that says it is wide gets
 * those whole that begin and end in its claim. A port that nobody claims reads all ones, ignores
 * writes, and is counted. A lookup is two table loads. The caller holds the VM's lock.
 */
#pragma once

#include "guest/io.h"
#include "kernel/status.h"

#define IO_BUS_CLAIMS    48u /* most claims on one bus */
#define IO_BUS_GROUPS    16u /* most groups of 256 ports that hold a claimed port */
#define IO_BUS_UNCLAIMED 64u /* different unclaimed ports that are counted one by one */

struct io_claim {
	const char *name;
	io_access_fn access;
	void *state;
	uint16_t first;  /* first port */
	uint16_t count;  /* number of ports */
	uint16_t offset; /* the register number that the first port has in the device */
	bool wide;       /* takes words and dwords as they are */
	io_some_fn some; /* NULL, or how it does many elements of INS and OUTS at once */
};

struct io_unclaimed {
	uint16_t port;
	uint64_t reads, writes;
};

struct io_bus {
	struct io_claim claims[1 + IO_BUS_CLAIMS]; /* claims[0] has no name: nobody's */
	uint8_t claim_count;                       /* with claims[0] */
	uint8_t group_count;                       /* with the group of nobody's ports */
	uint8_t group_of[256];                     /* port >> 8 → index in claim_of */
	uint8_t claim_of[1 + IO_BUS_GROUPS][256];  /* → index in claims; all 0 in group 0 */
	struct io_unclaimed unclaimed[IO_BUS_UNCLAIMED];
	uint8_t unclaimed_count;
	uint64_t unclaimed_total; /* all accesses to unclaimed ports, also those past the table */
};

void io_bus_init(struct io_bus *bus);

/* Gives ports first to first + count - 1 to a device. ERR_EXISTS if one has an owner, ERR_RANGE
 * past FFFFh or count 0, ERR_FULL if a table is full; then nothing changes. */
MUST_CHECK enum status io_bus_claim(struct io_bus *bus, const struct io_claim *claim);

/* For io_bus_access(): words and dwords. */
bool io_bus_access_wide(struct io_bus *bus, struct io_access *io);

/* Whose a port is; claims[0] if it is nobody's. */
static inline const struct io_claim *io_bus_claim_at(const struct io_bus *bus, uint16_t port)
{
	return &bus->claims[bus->claim_of[bus->group_of[port >> 8]][port & 0xff]];
}

/* One access of size 1 with a value below 100h. Leaves io->port changed, and what a device set
 * above a byte in io->value. Returns true if somebody answered. */
static inline bool io_bus_access_byte(struct io_bus *bus, struct io_access *io)
{
	const struct io_claim *claim = io_bus_claim_at(bus, io->port);

	io->port = (uint16_t)(io->port - claim->first + claim->offset);
	claim->access(claim->state, io);
	return claim != bus->claims;
}

/* One access of 1, 2 or 4 bytes; never fails. Returns true if a device answered (each byte of) it,
 * false if any byte was unclaimed (the caller may trace it). Of a value that is written, the bits
 * above size are ignored. */
static inline bool io_bus_access(struct io_bus *bus, struct io_access *io)
{
	uint16_t port = io->port;
	bool answered;

	if (UNLIKELY(io->size != 1))
		return io_bus_access_wide(bus, io);
	io->value &= 0xff;
	answered = io_bus_access_byte(bus, io);
	io->value &= 0xff;
	io->port = port;
	return answered;
}

/* count accesses of size bytes to a port where nobody answers, at once: they are counted, and a
 * read's answer is all ones. False, and nothing is done, if the first byte has an owner, or for a
 * size above 1. */
bool io_bus_access_nobody(struct io_bus *bus, uint16_t port, uint8_t size, bool write,
			  uint64_t count);

/* Hands a run to a device that does many elements at once; returns how many of them are done,
 * perhaps none: those that are left go by io_bus_access(). */
uint64_t io_bus_access_some(struct io_bus *bus, const struct io_run *run);

/* The name of the device that answers at port, or NULL. */
const char *io_bus_owner(const struct io_bus *bus, uint16_t port);
