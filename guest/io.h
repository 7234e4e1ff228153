/*
 * guest/io.h - one access to an I/O port, as a device model gets it.
 *
 * Pure. The caller fills in everything; a read's answer goes into value, and all bits above size
 * bytes are zero.
 */
#pragma once

#include "kernel/types.h"

struct io_access {
	uint16_t port; /* on the bus: the port number; in a device: its register, from 0 */
	uint8_t size;  /* bytes: 1, 2 or 4 on the bus; a byte-wide device sees 1 only */
	bool write;
	uint32_t value;
	uint64_t now_ns; /* the VM's clock at this access */
};

typedef void (*io_access_fn)(void *state, struct io_access *io);

/* Elements that go through one port one after the other: INS and OUTS with REP. */
struct io_run {
	uint16_t port; /* as in struct io_access */
	uint8_t size;  /* of an element: 1, 2 or 4 bytes */
	bool write;
	uint64_t now_ns;
	uint64_t count; /* 1 or more */
	uint8_t *at;    /* count * size bytes: what is written, or where to put what is read */
};

/* Does as many elements of a run at once as the device can, from the first on; returns how many,
 * perhaps none. The others come one by one. */
typedef uint64_t (*io_some_fn)(void *state, const struct io_run *run);

/* What IN leaves in RAX: AL and AX keep the rest, EAX clears the upper half (SDM 1,
 * "General-Purpose Registers in 64-Bit Mode"). size is 1, 2 or 4. */
static inline uint64_t io_merge_rax(uint64_t rax, uint32_t value, uint8_t size)
{
	if (size == 1)
		return (rax & ~UINT64_C(0xff)) | (value & 0xff);
	if (size == 2)
		return (rax & ~UINT64_C(0xffff)) | (value & 0xffff);
	return value;
}
