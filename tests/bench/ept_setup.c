/*
 * tests/bench/ept_setup.c - what it costs to map the RAM of a guest, in instructions.
 *
 * For guests of 64 MiB to 64 GiB, with leaves of at most 1 GiB and of at most 2 MiB, it calls
 * guest_memory_map() one instruction at a time and counts. Only the tables are real; RAM is as an
 * allocator gives it that has enough of it, in naturally aligned blocks. Prints one line each:
 *
 *	ept mib=64 leaf=1G leaves=0,32,0 tables=3 steps=1234
 *
 * leaves: of 4 KiB, 2 MiB, 1 GiB. steps=0: not counted, for these would be millions.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "guest/memory.h"
#include "kernel/assert.h"
#include "mm/ept.h"
#include "mm/frames.h"
#include "mm/phys.h"

#define TABLES_BYTES (64 * MIB) /* of RAM for the tables; the guest's RAM lies above */
#define SIZES        6u
#define CHUNKS_MOST  64u
#define STEPPED_MIB  1024u /* with leaves of 2 MiB */
#define TRAP_FLAG    UINT64_C(0x100)

uintptr_t phys_window_base;

static struct frames frames;
static struct guest_chunk chunks[CHUNKS_MOST];
static struct guest_memory memory;
static struct ept ept;
static uint64_t steps; /* atomic: the handler counts while the main program runs */

void assert_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, condition);
	abort();
}

static void add_chunks(uint64_t start, uint64_t end, uint64_t *host)
{
	while (start < end) {
		uint64_t len = min_u64(end - start, GIB);

		ASSERT(memory.count < CHUNKS_MOST);
		chunks[memory.count++] = (struct guest_chunk){
			.start = gpa(start),
			.at = hpa(*host),
			.len_bytes = len,
		};
		start += len;
		*host += GIB;
	}
}

/* RAM as guest_memory_init() makes it: below 3 GiB, the rest from 4 GiB on. */
static void describe_memory(uint64_t len_bytes)
{
	uint64_t low = min_u64(len_bytes, GUEST_MEMORY_LOW_END), host = GIB;

	memory = (struct guest_memory){
		.frames = &frames,
		.chunks = chunks,
		.capacity = CHUNKS_MOST,
		.len_bytes = len_bytes,
		.address_mask = UINT64_MAX,
	};
	add_chunks(0, low, &host);
	add_chunks(GUEST_MEMORY_HIGH_START, GUEST_MEMORY_HIGH_START + len_bytes - low, &host);
}

static void prepare(uint64_t len_bytes, uint64_t max_leaf)
{
	struct regions given, ram;

	regions_init(&given);
	if (regions_add(&given, 0, TABLES_BYTES, REGION_RAM) != OK ||
	    regions_normalise(&given, &ram) != OK)
		abort();
	if (frames_init(&frames, &ram, GIB) != OK || ept_init(&ept, &frames, max_leaf, false) != OK)
		abort();
	describe_memory(len_bytes);
}

/* The trap flag makes every instruction end in a SIGTRAP (SDM 3B "Single-Stepping"). */
static void on_step(int signal)
{
	(void)signal;
	__atomic_fetch_add(&steps, 1, __ATOMIC_RELAXED);
}

/* The instructions of a call, with some for the counting itself. map: false for these alone. */
static uint64_t count_steps(bool map)
{
	enum status s = OK;

	__atomic_store_n(&steps, 0, __ATOMIC_RELAXED);
	__builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() | TRAP_FLAG);
	if (map)
		s = guest_memory_map(&memory, &ept);
	__builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~TRAP_FLAG);
	if (s != OK)
		abort();
	return __atomic_load_n(&steps, __ATOMIC_RELAXED);
}

int main(void)
{
	static const uint64_t sizes_mib[SIZES] = {64, 256, 1024, 4096, 16384, 65536};
	void *tables = mmap(NULL, TABLES_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (tables == MAP_FAILED || signal(SIGTRAP, on_step) == SIG_ERR)
		return 1;
	phys_window_base = (uintptr_t)tables;
	for (unsigned i = 0; i < 2 * SIZES; i++) {
		uint64_t mib = sizes_mib[i % SIZES], leaf = i < SIZES ? PAGE_1G : PAGE_2M;
		bool few = leaf == PAGE_1G || mib <= STEPPED_MIB;
		uint64_t counted = 0;

		prepare(mib * MIB, leaf);
		if (few)
			counted = count_steps(true) - count_steps(false);
		else if (guest_memory_map(&memory, &ept) != OK)
			return 1;
		printf("ept mib=%" PRIu64 " leaf=%s leaves=%" PRIu64 ",%" PRIu64 ",%" PRIu64
		       " tables=%" PRIu64 " steps=%" PRIu64 "\n",
		       mib, leaf == PAGE_1G ? "1G" : "2M", ept.leaves[0], ept.leaves[1],
		       ept.leaves[2], ept.table_count, counted);
		fflush(stdout);
	}
	return 0;
}
