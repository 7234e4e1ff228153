/*
 * tests/unit/support.c - the host's side of what the pure sources expect from the kernel.
 */
#include "tests/unit/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "kernel/assert.h"
#include "mm/phys.h"

uintptr_t phys_window_base;

static void *arena_mapping;
static size_t arena_mapping_bytes;

void assert_failed(const char *condition, const char *file, int line)
{
	mock_assert(0, condition, file, line);
	abort(); /* mock_assert() does not come back; the compiler cannot know */
}

void arena_open(uint64_t len_bytes)
{
	arena_close();
	/* mmap() aligns to 4 KiB only: ask for 1 GiB more and use what lies aligned in it. */
	arena_mapping_bytes = (size_t)(align_up(len_bytes, PAGE_4K) + PAGE_1G);
	arena_mapping = mmap(NULL, arena_mapping_bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena_mapping == MAP_FAILED) {
		perror("arena_open: mmap");
		abort();
	}
	phys_window_base = (uintptr_t)align_up((uintptr_t)arena_mapping, PAGE_1G);
}

void arena_close(void)
{
	if (!arena_mapping)
		return;
	munmap(arena_mapping, arena_mapping_bytes);
	arena_mapping = NULL;
	phys_window_base = 0;
}

int arena_setup(void **state)
{
	(void)state;
	arena_open(64 * MIB);
	return 0;
}

int arena_teardown(void **state)
{
	(void)state;
	arena_close();
	return 0;
}

uint64_t random_next(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * UINT64_C(2685821657736338717);
}

uint64_t random_below(uint64_t *seed, uint64_t limit)
{
	return random_next(seed) % limit;
}
