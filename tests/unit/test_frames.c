/* tests/unit/test_frames.c - what the page frame allocator promises. */
#include "tests/unit/support.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "mm/frames.h"
#include "mm/phys.h"

#define EVERYTHING BIT(52)

static struct frames frames;
static struct regions ram;

static uint64_t block_bytes(unsigned order)
{
	return PAGE_4K << order;
}

static void add_ram(uint64_t start, uint64_t len_bytes)
{
	assert_int_equal(regions_add(&ram, start, len_bytes, REGION_RAM), OK);
}

/* RAM of len_bytes from start, and nothing else. */
static void init_with(uint64_t start, uint64_t len_bytes)
{
	regions_init(&ram);
	add_ram(start, len_bytes);
	assert_int_equal(frames_init(&frames, &ram, EVERYTHING), OK);
}

static hpa_t take(unsigned order)
{
	hpa_t at = hpa(UINT64_MAX);

	assert_int_equal(frames_alloc(&frames, order, &at), OK);
	assert_true(is_aligned(at.raw, block_bytes(order)));
	assert_true(regions_contain(&ram, at.raw, block_bytes(order)));
	return at;
}

static void give(hpa_t at, unsigned order)
{
	assert_int_equal(frames_free(&frames, at, order), OK);
}

static uint64_t blocks_free(void)
{
	uint64_t count = 0;

	for (unsigned order = 0; order < FRAMES_ORDERS; order++)
		count += frames.free_count[order];
	return count;
}

/* The lists, the states and the counters agree, and no block could be joined with its buddy. */
static void check_consistent(void)
{
	uint64_t bytes = 0;

	for (unsigned order = 0; order < FRAMES_ORDERS; order++) {
		uint64_t count = 0;

		for (uint64_t at = frames.free_head[order]; at != UINT64_MAX;
		     at = *(uint64_t *)phys_ptr(hpa(at))) {
			assert_true(is_aligned(at, block_bytes(order)));
			assert_true(regions_contain(&ram, at, block_bytes(order)));
			assert_int_equal(frames_free(&frames, hpa(at), order), ERR_DOUBLE_FREE);
			count++;
		}
		assert_int_equal(count, frames.free_count[order]);
		assert_int_equal(count != 0, (frames.free_orders >> order) & 1);
		bytes += count * block_bytes(order);
	}
	assert_int_equal(bytes, frames.free_bytes);
	assert_int_equal(bytes, frames_free_bytes(&frames));
}

static void a_block_is_aligned_to_its_size_and_lies_in_ram(void **state)
{
	(void)state;
	init_with(PAGE_4K, 63 * MIB);
	for (unsigned order = 0; block_bytes(order) <= 16 * MIB; order++)
		take(order);
	check_consistent();
}

static void blocks_do_not_overlap(void **state)
{
	hpa_t at;

	(void)state;
	init_with(3 * PAGE_4K, 4 * MIB);
	while (frames_alloc(&frames, 1, &at) == OK) {
		const uint8_t *bytes = phys_ptr(at);

		for (uint64_t i = 2 * sizeof(uint64_t); i < block_bytes(1); i++)
			assert_int_not_equal(bytes[i], 0xa5);
		memset(phys_ptr(at), 0xa5, block_bytes(1));
	}
	check_consistent();
}

static void free_bytes_after_freeing_are_what_they_were(void **state)
{
	hpa_t small, large;

	(void)state;
	init_with(MIB, 32 * MIB);
	assert_int_equal(frames.free_bytes, frames.total_bytes);
	assert_int_equal(frames.total_bytes + frames.metadata_bytes, 32 * MIB);

	small = take(0);
	large = take(9);
	assert_int_equal(frames.free_bytes, frames.total_bytes - PAGE_4K - PAGE_2M);
	assert_int_equal(frames.allocs, 2);
	give(small, 0);
	give(large, 9);
	assert_int_equal(frames.free_bytes, frames.total_bytes);
	assert_int_equal(frames.frees, 2);
	assert_int_equal(frames.failures, 0);
	check_consistent();
}

static void states_take_one_byte_a_frame_and_are_never_handed_out(void **state)
{
	uint64_t count = 0;
	hpa_t at;

	(void)state;
	init_with(16 * MIB, 32 * MIB);
	assert_int_equal(frames.metadata_bytes, 2 * PAGE_4K); /* 8192 frames */
	while (frames_alloc(&frames, 0, &at) == OK) {
		assert_true(at.raw >= 16 * MIB + 2 * PAGE_4K);
		count++;
	}
	assert_int_equal(count, 8192 - 2);
	assert_int_equal(frames_free(&frames, hpa(16 * MIB), 0), ERR_FOREIGN);
	assert_int_equal(frames_free(&frames, hpa(16 * MIB + PAGE_4K), 0), ERR_FOREIGN);
}

static void zeroed_blocks_are_zero_after_use(void **state)
{
	hpa_t at;

	(void)state;
	init_with(0, 2 * MIB);
	while (frames_alloc(&frames, 0, &at) == OK)
		memset(phys_ptr(at), 0xff, PAGE_4K);
	for (uint64_t page = PAGE_4K; page < 2 * MIB; page += PAGE_4K)
		give(hpa(page), 0);
	assert_int_equal(frames_alloc_zeroed(&frames, 8, &at), OK);
	for (uint64_t i = 0; i < block_bytes(8) / 8; i++)
		assert_int_equal(((uint64_t *)phys_ptr(at))[i], 0);
	assert_int_equal(frames_alloc_zeroed(&frames, 8, &at), ERR_NO_MEMORY);
}

static void all_frames_can_be_taken_and_given_back_in_any_order(void **state)
{
	static hpa_t all[8192];
	uint64_t seed = 7;
	size_t count = 0;
	uint64_t blocks;
	hpa_t none = hpa(42);

	(void)state;
	init_with(MIB, 30 * MIB);
	blocks = blocks_free();
	while (frames_alloc(&frames, 0, &all[count]) == OK)
		count++;
	assert_int_equal(count * PAGE_4K, frames.total_bytes);
	assert_int_equal(frames.free_bytes, 0);
	assert_int_equal(frames.failures, 1);
	assert_int_equal(frames_alloc(&frames, 0, &none), ERR_NO_MEMORY);
	assert_int_equal(none.raw, 42);

	for (size_t left = count; left > 0; left--) {
		size_t i = (size_t)random_below(&seed, left);

		give(all[i], 0);
		all[i] = all[left - 1];
	}
	assert_int_equal(frames.free_bytes, frames.total_bytes);
	assert_int_equal(blocks_free(), blocks);
	check_consistent();
}

static void frames_join_to_blocks_of_1_gib_again(void **state)
{
	static hpa_t all[4 * 512];
	size_t count = 0;

	(void)state;
	arena_open(4 * GIB);
	init_with(0, 4 * GIB);
	assert_int_equal(frames.free_count[18], 3); /* the first GiB holds the states */
	while (frames_alloc(&frames, 9, &all[count]) == OK)
		count++;
	assert_int_equal(count, 4 * 512 - 1);
	assert_int_equal(frames.free_count[18], 0);
	for (size_t i = 0; i < count; i++)
		give(all[i], 9);
	assert_int_equal(frames.free_count[18], 3);
	check_consistent();

	for (size_t i = 0; i < 3; i++)
		all[i] = take(18);
	assert_int_equal(frames_alloc(&frames, 18, &all[3]), ERR_NO_MEMORY);
	for (size_t i = 0; i < 3; i++)
		give(all[i], 18);
	check_consistent();
}

static void frames_do_not_join_across_the_end_of_a_region(void **state)
{
	(void)state;
	/* The state of the frame at 5000h follows that of 2000h, whose buddy is no RAM. */
	regions_init(&ram);
	add_ram(0, 3 * PAGE_4K);
	add_ram(5 * PAGE_4K, PAGE_4K);
	assert_int_equal(frames_init(&frames, &ram, EVERYTHING), OK);
	for (int i = 0; i < 3; i++)
		(void)take(0);
	give(hpa(5 * PAGE_4K), 0);
	give(hpa(2 * PAGE_4K), 0);
	assert_int_equal(frames.free_count[0], 2);
	check_consistent();
}

static void a_block_above_1_gib_is_out_of_range(void **state)
{
	hpa_t at;

	(void)state;
	init_with(0, 2 * MIB);
	assert_int_equal(frames_alloc(&frames, 19, &at), ERR_RANGE);
	assert_int_equal(frames_alloc(&frames, 64, &at), ERR_RANGE);
	assert_int_equal(frames_alloc_zeroed(&frames, 19, &at), ERR_RANGE);
	assert_int_equal(frames_free(&frames, hpa(0), 19), ERR_RANGE);
}

static void a_double_free_is_caught_and_changes_nothing(void **state)
{
	hpa_t one, two;
	uint64_t free_bytes;

	(void)state;
	init_with(0, 16 * MIB);
	one = take(0);
	two = take(9);
	give(one, 0);
	free_bytes = frames.free_bytes;
	assert_int_equal(frames_free(&frames, one, 0), ERR_DOUBLE_FREE);
	give(two, 9);
	assert_int_equal(frames_free(&frames, two, 9), ERR_DOUBLE_FREE);
	/* inside of what is free now, and joined with its neighbours */
	assert_int_equal(frames_free(&frames, hpa(two.raw + 5 * PAGE_4K), 0), ERR_DOUBLE_FREE);
	assert_int_equal(frames_free(&frames, hpa(two.raw + PAGE_2M / 2), 8), ERR_DOUBLE_FREE);
	assert_int_equal(frames.free_bytes, free_bytes + PAGE_2M);
	assert_int_equal(frames.frees, 2);
	check_consistent();
}

static void a_foreign_block_is_caught(void **state)
{
	(void)state;
	regions_init(&ram);
	add_ram(4 * MIB, 4 * MIB);
	add_ram(16 * MIB, 4 * MIB);
	assert_int_equal(frames_init(&frames, &ram, EVERYTHING), OK);
	assert_int_equal(frames_free(&frames, hpa(0), 0), ERR_FOREIGN);
	assert_int_equal(frames_free(&frames, hpa(4 * MIB - PAGE_4K), 0), ERR_FOREIGN);
	assert_int_equal(frames_free(&frames, hpa(8 * MIB), 0), ERR_FOREIGN);
	assert_int_equal(frames_free(&frames, hpa(20 * MIB), 0), ERR_FOREIGN);
	assert_int_equal(frames_free(&frames, hpa(BIT(51)), 18), ERR_FOREIGN);
	assert_int_equal(frames_free(&frames, hpa(UINT64_MAX), 0), ERR_FOREIGN);
	assert_int_equal(frames_free(&frames, hpa(4 * MIB), 0), ERR_FOREIGN); /* the states */
	assert_int_equal(frames.free_bytes, frames.total_bytes);
}

static void a_misaligned_block_is_caught(void **state)
{
	hpa_t at;

	(void)state;
	init_with(0, 16 * MIB);
	at = take(9);
	assert_int_equal(frames_free(&frames, hpa(at.raw + 8), 9), ERR_ALIGNMENT);
	assert_int_equal(frames_free(&frames, hpa(at.raw + 1), 0), ERR_ALIGNMENT);
	assert_int_equal(frames_free(&frames, hpa(at.raw + PAGE_4K), 1), ERR_ALIGNMENT);
	give(at, 9);
}

static void another_order_is_caught(void **state)
{
	hpa_t at;

	(void)state;
	init_with(0, 16 * MIB);
	at = take(3);
	assert_int_equal(frames_free(&frames, at, 0), ERR_INVALID);
	assert_int_equal(frames_free(&frames, at, 2), ERR_INVALID);
	assert_int_equal(frames_free(&frames, hpa(at.raw + 2 * PAGE_4K), 1), ERR_INVALID);
	assert_int_equal(frames_free(&frames, hpa(at.raw + 7 * PAGE_4K), 0), ERR_INVALID);
	give(at, 3);
	check_consistent();
}

static void writing_to_a_freed_block_is_noticed(void **state)
{
	hpa_t at;

	(void)state;
	init_with(0, 64 * PAGE_4K);
	at = take(0);
	give(at, 0);
	/* It joined its neighbours, so spoil the links of whatever is first in its list. */
	for (unsigned order = 0; order < FRAMES_ORDERS; order++) {
		if (frames.free_head[order] != UINT64_MAX)
			*((uint64_t *)phys_ptr(hpa(frames.free_head[order])) + 1) = 0;
	}
	expect_assert_failure(assert_int_equal(frames_alloc(&frames, 0, &at), OK));
}

/* The status of frames_init() for two regions. */
static enum status init_two(struct region first, struct region second)
{
	regions_init(&ram);
	ram.items[ram.count++] = first;
	ram.items[ram.count++] = second;
	return frames_init(&frames, &ram, EVERYTHING);
}

static struct region region(uint64_t start, uint64_t len_bytes, enum region_kind kind)
{
	return (struct region){.start = hpa(start), .len_bytes = len_bytes, .kind = kind};
}

static void a_map_that_is_not_normalised_is_refused(void **state)
{
	const struct region good = region(MIB, MIB, REGION_RAM);

	(void)state;
	assert_int_equal(init_two(good, region(3 * MIB, MIB, REGION_RAM)), OK);
	assert_int_equal(init_two(good, region(3 * MIB, MIB, REGION_BAD)), ERR_INVALID);
	assert_int_equal(init_two(good, region(3 * MIB, 0, REGION_RAM)), ERR_INVALID);
	assert_int_equal(init_two(good, region(3 * MIB + 1, MIB, REGION_RAM)), ERR_INVALID);
	assert_int_equal(init_two(good, region(3 * MIB, MIB + 8, REGION_RAM)), ERR_INVALID);
	assert_int_equal(init_two(good, region(0, PAGE_4K, REGION_RAM)), ERR_INVALID);
	assert_int_equal(init_two(good, region(MIB + PAGE_4K, MIB, REGION_RAM)), ERR_INVALID);
	assert_int_equal(init_two(good, region(2 * MIB, MIB, REGION_RAM)), ERR_INVALID);
	assert_int_equal(init_two(good, region(BIT(52), MIB, REGION_RAM)), ERR_INVALID);
	assert_int_equal(init_two(good, region(BIT(63), MIB, REGION_RAM)), ERR_INVALID);
	assert_int_equal(init_two(good, region(BIT(52) - MIB, 2 * MIB, REGION_RAM)), ERR_INVALID);
	assert_int_equal(frames_add_above(&frames, &ram, EVERYTHING), ERR_INVALID);
	ram.count = REGIONS_MAX + 1;
	assert_int_equal(frames_init(&frames, &ram, EVERYTHING), ERR_INVALID);
}

static void a_map_without_room_for_the_states_is_refused(void **state)
{
	hpa_t at;

	(void)state;
	regions_init(&ram);
	assert_int_equal(frames_init(&frames, &ram, EVERYTHING), ERR_NO_MEMORY);
	assert_int_equal(frames_alloc(&frames, 0, &at), ERR_NO_MEMORY);

	/* 512 pages need a page of states, which one alone takes */
	init_with(MIB, PAGE_4K);
	assert_int_equal(frames.total_bytes, 0);
	assert_int_equal(frames_alloc(&frames, 0, &at), ERR_NO_MEMORY);

	/* 8192 frames and a limit that leaves only one of them: its state fits, so that is taken */
	regions_init(&ram);
	add_ram(4 * MIB, 32 * MIB);
	assert_int_equal(frames_init(&frames, &ram, 4 * MIB), ERR_NO_MEMORY);
	assert_int_equal(frames_init(&frames, &ram, 4 * MIB + 1), ERR_ALIGNMENT);

	/* 4097 frames need two pages of states, and no region has two */
	regions_init(&ram);
	for (unsigned i = 0; i < REGIONS_MAX; i++)
		add_ram(2 * i * PAGE_4K, PAGE_4K);
	assert_int_equal(frames_init(&frames, &ram, EVERYTHING), OK);
	assert_int_equal(frames.total_bytes, (REGIONS_MAX - 1) * PAGE_4K);
	for (unsigned i = 1; i < REGIONS_MAX; i++)
		assert_int_equal(take(0).raw % (2 * PAGE_4K), 0);
}

static void states_go_to_the_lowest_region_where_they_fit(void **state)
{
	(void)state;
	regions_init(&ram);
	add_ram(MIB, PAGE_4K);
	add_ram(2 * MIB, 2 * PAGE_4K);
	add_ram(16 * MIB, 40 * MIB);
	assert_int_equal(frames_init(&frames, &ram, EVERYTHING), OK);
	assert_int_equal(frames.metadata_bytes, 3 * PAGE_4K);
	assert_int_equal(frames_free(&frames, hpa(16 * MIB), 0), ERR_FOREIGN);
	assert_int_equal(frames_free(&frames, hpa(16 * MIB + 2 * PAGE_4K), 0), ERR_FOREIGN);
	assert_int_equal(frames_free(&frames, hpa(16 * MIB + 3 * PAGE_4K), 0), ERR_DOUBLE_FREE);
	assert_int_equal(frames_free(&frames, hpa(2 * MIB), 0), ERR_DOUBLE_FREE);
	check_consistent();
}

static void only_ram_below_the_limit_is_touched_until_the_rest_is_added(void **state)
{
	static const uint64_t limit = 32 * MIB;
	hpa_t at;

	(void)state;
	regions_init(&ram);
	add_ram(MIB, 2 * MIB);
	add_ram(16 * MIB, 32 * MIB); /* on both sides */
	add_ram(56 * MIB, 4 * MIB);
	memset(phys_ptr(hpa(limit)), 0x5a, 32 * MIB);
	assert_int_equal(frames_init(&frames, &ram, limit), OK);
	assert_int_equal(frames.total_bytes + frames.metadata_bytes, 18 * MIB);
	while (frames_alloc(&frames, 0, &at) == OK)
		assert_true(at.raw < limit);
	for (uint64_t i = limit; i < 64 * MIB; i++)
		assert_int_equal(*(uint8_t *)phys_ptr(hpa(i)), 0x5a);

	assert_int_equal(frames_add_above(&frames, &ram, limit + PAGE_4K), ERR_INVALID);
	assert_int_equal(frames_add_above(&frames, &ram, limit), OK);
	assert_int_equal(frames_add_above(&frames, &ram, limit), ERR_EXISTS);
	assert_int_equal(frames.total_bytes + frames.metadata_bytes, 38 * MIB);
	check_consistent();
	while (frames_alloc(&frames, 0, &at) == OK)
		assert_true(at.raw >= limit);
	assert_int_equal(frames.allocs * PAGE_4K, frames.total_bytes);
	give(at, 0);
}

static void nothing_above_the_limit_is_fine(void **state)
{
	(void)state;
	regions_init(&ram);
	add_ram(MIB, 2 * MIB);
	assert_int_equal(frames_init(&frames, &ram, 4 * GIB), OK);
	assert_int_equal(frames_add_above(&frames, &ram, 4 * GIB), OK);
	assert_int_equal(frames.total_bytes + frames.metadata_bytes, 2 * MIB);
}

static void holes_of_a_sparse_map_cost_no_memory(void **state)
{
	(void)state;
	arena_open(TIB);
	regions_init(&ram);
	add_ram(MIB, 64 * MIB);
	add_ram(256 * GIB, 3 * GIB);
	add_ram(TIB - GIB, GIB);
	assert_int_equal(frames_init(&frames, &ram, 4 * GIB), OK);
	assert_int_equal(frames.metadata_bytes, 4 * PAGE_4K);
	assert_int_equal(frames_add_above(&frames, &ram, 4 * GIB), OK);
	assert_int_equal(frames.metadata_bytes, 4 * PAGE_4K + MIB);
	assert_int_equal(frames.free_count[18], 3); /* one of four holds the states */
	assert_int_equal(take(18).raw, TIB - GIB);
	check_consistent();
}

static void a_tebibyte_is_managed(void **state)
{
	hpa_t at;

	(void)state;
	arena_open(TIB);
	init_with(MIB, TIB - MIB);
	assert_int_equal(frames.metadata_bytes, 256 * MIB);
	assert_int_equal(frames.free_count[18], 1023);
	for (unsigned i = 0; i < 1023; i++)
		at = take(18);
	assert_int_equal(frames_alloc(&frames, 18, &at), ERR_NO_MEMORY);
	(void)take(17);
}

/* A laptop's map after the kernel and a module were cut out of it, with RAM on both sides of 4 GiB,
 * taken over in two steps: every page of it can be had, once. */
static void every_page_of_a_real_map_is_handed_out_once(void **state)
{
	static const uint64_t map[][2] = {
		{0x100000000, 0x108123000}, {0x0, 0x9fc00},           {0x100000, 0x1234567},
		{0x40400000, 0x404a3000},   {0x404a5000, 0x40cb0000}, {0x7affe000, 0x7afff000},
	};
	static struct regions firmware;
	uint64_t pages = 0;
	hpa_t at;

	(void)state;
	arena_open(5 * GIB);
	regions_init(&firmware);
	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		assert_int_equal(
			regions_add(&firmware, map[i][0], map[i][1] - map[i][0], REGION_RAM), OK);
	assert_int_equal(regions_add(&firmware, 0x40c00000, 0x1000000, REGION_RESERVED), OK);
	assert_int_equal(regions_normalise(&firmware, &ram), OK);
	assert_int_equal(regions_remove(&ram, 0, MIB), OK);
	assert_int_equal(regions_remove(&ram, MIB, 0x123456), OK);
	assert_int_equal(frames_init(&frames, &ram, 4 * GIB), OK);
	assert_int_equal(frames_add_above(&frames, &ram, 4 * GIB), OK);
	assert_int_equal(frames.total_bytes + frames.metadata_bytes, regions_total_bytes(&ram));
	check_consistent();

	while (frames_alloc(&frames, 0, &at) == OK) {
		uint64_t *first_word = phys_ptr(at);

		assert_true(regions_contain(&ram, at.raw, PAGE_4K));
		assert_int_not_equal(first_word[2], 0xfeedfacecafebeef);
		first_word[2] = 0xfeedfacecafebeef;
		pages++;
	}
	assert_int_equal(pages * PAGE_4K, frames.total_bytes);
}

static void *allocate_and_free(void *status)
{
	hpa_t at;

	*(enum status *)status = frames_alloc(&frames, 0, &at);
	if (*(enum status *)status == OK)
		*(enum status *)status = frames_free(&frames, at, 0);
	return NULL;
}

/* No test of chance: threads that fight for a fair spin lock on few cores take minutes. */
static void an_allocation_waits_for_the_lock_and_leaves_it_free(void **state)
{
	enum status result = ERR_TIMEOUT;
	pthread_t thread;

	(void)state;
	init_with(MIB, MIB);
	lock_acquire(&frames.lock);
	assert_int_equal(pthread_create(&thread, NULL, allocate_and_free, &result), 0);
	usleep(20000);
	assert_int_equal(frames.allocs, 0);
	lock_release(&frames.lock);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(result, OK);
	assert_int_equal(frames.frees, 1);

	assert_int_equal(frames_free(&frames, hpa(0), 0), ERR_FOREIGN);
	assert_int_equal(frames_alloc(&frames, 18, &(hpa_t){0}), ERR_NO_MEMORY);
	assert_int_equal(frames_add_above(&frames, &ram, 0), ERR_INVALID);
	assert_true(lock_try(&frames.lock));
}

struct taken {
	hpa_t at;
	unsigned order;
};

#define MODEL_BYTES  (64 * MIB)
#define MODEL_FRAMES (MODEL_BYTES / PAGE_4K)

static uint8_t used[MODEL_FRAMES];
static struct taken held[MODEL_FRAMES];

/* Marks a block in the model; each of its frames has to be in the other state. */
static void mark(hpa_t at, unsigned order, uint8_t value)
{
	for (uint64_t i = at.raw / PAGE_4K; i < (at.raw + block_bytes(order)) / PAGE_4K; i++) {
		if (used[i] == value)
			fail_msg("frame %llu is %u already", (unsigned long long)i, value);
		used[i] = value;
	}
}

static size_t random_take(uint64_t *seed, size_t count)
{
	unsigned order = (unsigned)random_below(seed, 4) * (unsigned)random_below(seed, 4);
	uint64_t free_bytes = frames.free_bytes;
	hpa_t at;

	if (frames_alloc(&frames, order, &at) == OK) {
		mark(at, order, 1);
		held[count++] = (struct taken){.at = at, .order = order};
		free_bytes -= block_bytes(order);
	}
	assert_int_equal(frames.free_bytes, free_bytes);
	return count;
}

static size_t random_give(uint64_t *seed, size_t count)
{
	size_t i = (size_t)random_below(seed, count);

	give(held[i].at, held[i].order);
	mark(held[i].at, held[i].order, 0);
	held[i] = held[--count];
	return count;
}

/* Frees something that must not be freed now. */
static void random_mistake(uint64_t *seed, size_t count)
{
	hpa_t at = hpa(random_below(seed, MODEL_FRAMES + 16) * PAGE_4K);
	enum status expected = ERR_FOREIGN;

	if (regions_contain(&ram, at.raw, PAGE_4K) && !used[at.raw / PAGE_4K])
		expected = ERR_DOUBLE_FREE;
	else if (regions_contain(&ram, at.raw, PAGE_4K))
		return;
	assert_int_equal(frames_free(&frames, at, 0), expected);
	if (count > 0)
		assert_int_equal(frames_free(&frames, held[0].at, held[0].order + 1) != OK, true);
}

static void a_million_random_operations_agree_with_a_model(void **state)
{
	const uint64_t first_seed = 20240601;
	uint64_t seed = first_seed;
	size_t count = 0;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)first_seed);
	regions_init(&ram);
	add_ram(PAGE_4K, 640 * KIB - 2 * PAGE_4K);
	add_ram(MIB, 15 * MIB);
	add_ram(17 * MIB + 3 * PAGE_4K, 40 * MIB - PAGE_4K);
	assert_int_equal(frames_init(&frames, &ram, EVERYTHING), OK);
	memset(used, 0, sizeof(used));
	memset(&used[frames.spans[0].states.raw / PAGE_4K], 1, frames.metadata_bytes / PAGE_4K);

	for (unsigned i = 0; i < 1000000; i++) {
		/* Phases of growing and shrinking: from empty to exhausted and back. */
		uint64_t bias = (i / 50000) % 2 == 0 ? 60 : 40;

		if (i % 64 == 0)
			random_mistake(&seed, count);
		else if (count == 0 || random_below(&seed, 100) < bias)
			count = random_take(&seed, count);
		else
			count = random_give(&seed, count);
		if (i % 50000 == 0)
			check_consistent();
	}
	while (count > 0)
		count = random_give(&seed, count);
	assert_int_equal(frames.free_bytes, frames.total_bytes);
	assert_int_equal(frames.allocs, frames.frees);
	check_consistent();
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, arena_setup, arena_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARENA(a_block_is_aligned_to_its_size_and_lies_in_ram),
		WITH_ARENA(blocks_do_not_overlap),
		WITH_ARENA(free_bytes_after_freeing_are_what_they_were),
		WITH_ARENA(states_take_one_byte_a_frame_and_are_never_handed_out),
		WITH_ARENA(zeroed_blocks_are_zero_after_use),
		WITH_ARENA(all_frames_can_be_taken_and_given_back_in_any_order),
		WITH_ARENA(frames_join_to_blocks_of_1_gib_again),
		WITH_ARENA(frames_do_not_join_across_the_end_of_a_region),
		WITH_ARENA(a_block_above_1_gib_is_out_of_range),
		WITH_ARENA(a_double_free_is_caught_and_changes_nothing),
		WITH_ARENA(a_foreign_block_is_caught),
		WITH_ARENA(a_misaligned_block_is_caught),
		WITH_ARENA(another_order_is_caught),
		WITH_ARENA(writing_to_a_freed_block_is_noticed),
		WITH_ARENA(a_map_that_is_not_normalised_is_refused),
		WITH_ARENA(a_map_without_room_for_the_states_is_refused),
		WITH_ARENA(states_go_to_the_lowest_region_where_they_fit),
		WITH_ARENA(only_ram_below_the_limit_is_touched_until_the_rest_is_added),
		WITH_ARENA(nothing_above_the_limit_is_fine),
		WITH_ARENA(holes_of_a_sparse_map_cost_no_memory),
		WITH_ARENA(a_tebibyte_is_managed),
		WITH_ARENA(every_page_of_a_real_map_is_handed_out_once),
		WITH_ARENA(an_allocation_waits_for_the_lock_and_leaves_it_free),
		WITH_ARENA(a_million_random_operations_agree_with_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
