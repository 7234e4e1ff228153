/*
 * guest/memory.h - a guest's RAM: which host frames stand behind which guest-physical addresses.
 *
 * Pure. RAM starts at guest-physical 0 and goes up to 3 GiB; the rest follows from 4 GiB up, so
 * that the space below 4 GiB has room for devices. It is made of chunks: naturally aligned
 * power-of-two blocks of host frames, the largest that the allocator has, so that EPT can use
 * large leaves. Set-up and tear-down: one caller. Access functions: any vCPU of the VM at any
 * time, no lock. ROM is made of chunks too, outside of RAM; it can be read and run, not written,
 * and the A20 line does not touch it. Not here: what is neither (MMIO); the access functions say
 * ERR_RANGE or NULL there.
 */
#pragma once

#include "guest/written.h"
#include "mm/ept.h"
#include "mm/frames.h"

#define GUEST_MEMORY_LOW_END    (3 * GIB) /* RAM below the hole ends here at the latest */
#define GUEST_MEMORY_HIGH_START (4 * GIB) /* and goes on here */
#define GUEST_MEMORY_MAX        (1 * TIB)
#define GUEST_A20_BIT           BIT(20) /* of an address: it reads as 0 with the A20 line low */
#define GUEST_MEMORY_CHUNKS     512u    /* chunks that are always possible; 1 more for every GiB */

struct guest_chunk {
	gpa_t start;
	hpa_t at;
	uint64_t len_bytes; /* 4 KiB << order, both addresses are multiples of it */
	bool rom;
};

/* A page that the CPU runs as other bytes than it has (toolkit/hook.h, toolkit/redirect.h). */
struct guest_code {
	gpa_t page;
	const uint8_t *bytes; /* 4 KiB */
};

struct guest_memory {
	struct frames *frames;
	struct guest_chunk *chunks; /* sorted by start, without overlap */
	uint32_t count, capacity;
	uint32_t last;         /* the chunk that was found last: a hint, atomic */
	uint32_t table_order;  /* size of the frames block that holds chunks[] */
	uint64_t len_bytes;    /* all RAM, without ROM */
	uint64_t address_mask; /* all ones, or without bit 20 while the A20 line is low */
	/* Where writes by the functions below are noted; NULL, as after guest_memory_init(). */
	struct guest_written *written;
	const struct guest_code *code; /* for who fetches instructions in the CPU's place */
	uint32_t code_count;
};

/* Takes len_bytes of zeroed RAM out of frames. ERR_ALIGNMENT: not a multiple of 4 KiB; ERR_RANGE: 0
 * or more than GUEST_MEMORY_MAX; ERR_NO_MEMORY; ERR_FULL: the free frames are too scattered for the
 * chunk table. After an error everything has gone back. */
MUST_CHECK enum status guest_memory_init(struct guest_memory *m, struct frames *frames,
					 uint64_t len_bytes);

/*
 * Puts a copy of the image into frames of its own at an address where nothing is yet. Set-up only:
 * no vCPU runs, and guest_memory_map() comes later. at and len_bytes are multiples of 4 KiB
 * (ERR_ALIGNMENT). ERR_RANGE: empty, or it ends above 4 GiB; ERR_EXISTS: RAM or ROM is in the way;
 * ERR_NO_MEMORY, ERR_FULL as above. After an error nothing has changed.
 */
MUST_CHECK enum status guest_memory_add_rom(struct guest_memory *m, gpa_t at, const void *image,
					    uint64_t len_bytes);

/* Is this byte ROM? A guest's write to it goes nowhere. */
bool guest_memory_is_rom(const struct guest_memory *m, gpa_t at);

/* Gives all frames back. Nobody may map or use them any more. Fine on a zeroed struct. */
void guest_memory_free(struct guest_memory *m);

/* Copies out of guest RAM or ROM, or into RAM. ERR_RANGE if any byte of the range is not: then
 * nothing was copied. The A20 line (below) is obeyed. len_bytes 0 is OK anywhere. */
MUST_CHECK enum status guest_memory_read(struct guest_memory *m, gpa_t at, void *to,
					 uint64_t len_bytes);
MUST_CHECK enum status guest_memory_write(struct guest_memory *m, gpa_t at, const void *from,
					  uint64_t len_bytes);

/* A pointer to len_bytes (1 or more) of RAM that lie in one piece of host memory, else NULL: for
 * writing, and noted as such. A range within one 4 KiB page never fails for being in pieces. */
void *guest_memory_ptr(struct guest_memory *m, gpa_t at, uint64_t len_bytes);

/* Is the whole range RAM? */
bool guest_memory_contains(struct guest_memory *m, gpa_t at, uint64_t len_bytes);

/* The same in RAM or ROM, for reading only. */
const void *guest_memory_read_ptr(struct guest_memory *m, gpa_t at, uint64_t len_bytes);

/* The bytes from at to its page's end as they are run, if they are others; NULL. */
static inline const uint8_t *guest_memory_code(const struct guest_memory *m, gpa_t at)
{
	uint64_t seen = at.raw & m->address_mask;

	for (uint32_t i = 0; i < m->code_count; i++) {
		if (seen - m->code[i].page.raw < PAGE_4K)
			return m->code[i].bytes + (seen - m->code[i].page.raw);
	}
	return NULL;
}

/* Maps all RAM into e, write-back, with all rights, and ROM without the right to write. Also takes
 * the last shadow of guest_memory_map_a20_off() away, so the two may be called in turn on one EPT.
 * The caller holds the VM's lock and flushes (INVEPT) if anything was mapped before. Errors as
 * ept_map(). */
MUST_CHECK enum status guest_memory_map(struct guest_memory *m, struct ept *e);

/* The same with the A20 line low: bit 20 of every address reads as 0, so each odd MiB shows the
 * even one below it. Costs one EPT table for each 2 MiB of RAM. */
MUST_CHECK enum status guest_memory_map_a20_off(struct guest_memory *m, struct ept *e);

/* In an EPT that one of the two above has made: the RAM that is mapped there has these rights
 * (EPT_READ...), ROM may be read and run. Errors as ept_protect(). Caller as above. */
MUST_CHECK enum status guest_memory_protect(struct guest_memory *m, struct ept *e, bool a20_off,
					    unsigned rights);

/* What the access functions above make of bit 20 of an address: the emulator's view of the A20
 * line. Mapping does not change it. High (true) after guest_memory_init(). */
void guest_memory_set_a20(struct guest_memory *m, bool high);
