/* tests/unit/test_memory.c - guest RAM out of frames, and its two mappings in EPT. */
#define _GNU_SOURCE /* memfd_create() */
#include "tests/unit/memory_rig.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest/memory.h"
#include "mm/phys.h"

/* A machine with RAM from 16 MiB on. */
static void start_machine(uint64_t len_bytes)
{
	open_frames(16 * MIB, len_bytes);
}

/*
 * All memory from 1 GiB up becomes the same 2 MiB, again and again, but for the first 2 MiB of each
 * GiB, where the allocator keeps its links: gigabytes can be zeroed without having them.
 */
static void share_high_memory(uint64_t len_bytes)
{
	int fd = memfd_create("shared", 0);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)PAGE_2M), 0);
	for (uint64_t at = GIB; at < len_bytes; at += PAGE_2M) {
		void *to = phys_ptr(hpa(at));

		if (at % GIB != 0)
			assert_ptr_equal(mmap(to, PAGE_2M, PROT_READ | PROT_WRITE,
					      MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0),
					 to);
	}
	close(fd);
}

static int close_machine(void **state)
{
	return arena_teardown(state);
}

static void check_chunks(void)
{
	uint64_t next = 0;

	for (uint32_t i = 0; i < memory.count; i++) {
		const struct guest_chunk *c = &memory.chunks[i];

		if (next == GUEST_MEMORY_LOW_END)
			next = GUEST_MEMORY_HIGH_START;
		assert_int_equal(c->start.raw, next);
		assert_true(is_aligned(c->start.raw, c->len_bytes));
		assert_true(is_aligned(c->at.raw, c->len_bytes));
		next += c->len_bytes;
	}
}

static void large_memory_comes_in_large_blocks(void **state)
{
	uint64_t before;

	(void)state;
	start_machine(6 * GIB);
	share_high_memory(6 * GIB);
	before = frames_free_bytes(&frames);
	assert_int_equal(guest_memory_init(&memory, &frames, 5 * GIB), OK);
	check_chunks();
	assert_int_equal(memory.count, 5);
	assert_int_equal(memory.chunks[0].len_bytes, GIB);
	assert_int_equal(memory.chunks[3].start.raw, 4 * GIB);
	assert_true(guest_memory_contains(&memory, gpa(0), 3 * GIB));
	assert_false(guest_memory_contains(&memory, gpa(0), 3 * GIB + 1));
	assert_false(guest_memory_contains(&memory, gpa(3 * GIB), GIB));
	assert_true(guest_memory_contains(&memory, gpa(4 * GIB), 2 * GIB));
	assert_false(guest_memory_contains(&memory, gpa(6 * GIB - 1), 2));
	guest_memory_free(&memory);
	assert_int_equal(frames_free_bytes(&frames), before);
	guest_memory_free(&memory);
}

static void odd_sizes_are_covered_to_the_page(void **state)
{
	uint64_t before;

	(void)state;
	start_machine(128 * MIB);
	before = frames_free_bytes(&frames);
	assert_int_equal(guest_memory_init(&memory, &frames, 3 * MIB + 20 * KIB), OK);
	check_chunks();
	assert_int_equal(memory.count, 4); /* 2 MiB, 1 MiB, 16 KiB, 4 KiB */
	assert_true(guest_memory_contains(&memory, gpa(0), 3 * MIB + 20 * KIB));
	assert_false(guest_memory_contains(&memory, gpa(0), 3 * MIB + 20 * KIB + 1));
	guest_memory_free(&memory);
	assert_int_equal(frames_free_bytes(&frames), before);
}

static void bad_sizes_are_refused(void **state)
{
	(void)state;
	start_machine(32 * MIB);
	assert_int_equal(guest_memory_init(&memory, &frames, 0), ERR_RANGE);
	assert_int_equal(guest_memory_init(&memory, &frames, 4097), ERR_ALIGNMENT);
	assert_int_equal(guest_memory_init(&memory, &frames, GUEST_MEMORY_MAX + 4096), ERR_RANGE);
}

static void too_little_memory_leaves_nothing_taken(void **state)
{
	uint64_t before;

	(void)state;
	start_machine(64 * MIB);
	before = frames_free_bytes(&frames);
	assert_int_equal(guest_memory_init(&memory, &frames, 60 * MIB), ERR_NO_MEMORY);
	assert_int_equal(frames_free_bytes(&frames), before);
	assert_int_equal(memory.count, 0);
	/* Not even the table of chunks. */
	assert_int_equal(guest_memory_init(&memory, &frames, GUEST_MEMORY_MAX), ERR_NO_MEMORY);
	assert_int_equal(frames_free_bytes(&frames), before);
	for (hpa_t at; frames_alloc(&frames, 0, &at) == OK;)
		;
	assert_int_equal(guest_memory_init(&memory, &frames, MIB), ERR_NO_MEMORY);
}

/* Every second page of the machine is taken: only single frames are left. */
static void scattered_memory_is_taken_in_small_blocks(void **state)
{
	static hpa_t pages[32 * 256];
	unsigned count = 0;
	uint64_t before;

	(void)state;
	start_machine(48 * MIB);
	assert_int_equal(guest_memory_init(&memory, &frames, MIB), OK);
	while (frames_alloc(&frames, 0, &pages[count]) == OK)
		count++;
	for (unsigned i = 0; i < count; i++)
		if (pages[i].raw & PAGE_4K)
			assert_int_equal(frames_free(&frames, pages[i], 0), OK);
	guest_memory_free(&memory); /* 1 MiB and the table in one piece */
	before = frames_free_bytes(&frames);
	assert_int_equal(guest_memory_init(&memory, &frames, 2 * MIB), OK);
	check_chunks();
	assert_true(memory.count > 200);
	guest_memory_free(&memory);
	assert_int_equal(guest_memory_init(&memory, &frames, 8 * MIB), ERR_FULL);
	assert_int_equal(frames_free_bytes(&frames), before);
}

static void ram_starts_as_zeros(void **state)
{
	static const uint8_t zeros[4096];
	uint8_t page[4096];
	hpa_t at;

	(void)state;
	start_machine(32 * MIB);
	for (unsigned i = 0; i < 8; i++) { /* dirty what will be handed out */
		assert_int_equal(frames_alloc(&frames, 8, &at), OK);
		memset(phys_ptr(at), 0xaa, MIB);
		if (i & 1)
			assert_int_equal(frames_free(&frames, at, 8), OK);
	}
	assert_int_equal(guest_memory_init(&memory, &frames, 2 * MIB), OK);
	for (uint64_t i = 0; i < 2 * MIB; i += sizeof(page)) {
		assert_int_equal(guest_memory_read(&memory, gpa(i), page, sizeof(page)), OK);
		assert_memory_equal(page, zeros, sizeof(page));
	}
}

static void what_is_written_is_read_across_chunks(void **state)
{
	static uint8_t model[3 * MIB + 64 * KIB];
	uint8_t buffer[9000];
	uint64_t seed = 7;

	(void)state;
	memset(model, 0, sizeof(model));
	start_machine(64 * MIB);
	assert_int_equal(guest_memory_init(&memory, &frames, sizeof(model)), OK);
	for (unsigned i = 0; i < 3000; i++) {
		uint64_t len = random_below(&seed, sizeof(buffer));
		uint64_t at = random_below(&seed, sizeof(model) + 2000);
		bool inside = at + len <= sizeof(model) || len == 0;

		if (random_below(&seed, 2)) {
			memset(buffer, (int)i, len);
			assert_int_equal(guest_memory_write(&memory, gpa(at), buffer, len),
					 inside ? OK : ERR_RANGE);
			if (inside && len)
				memset(model + at, (int)(i & 0xff), len);
		} else {
			assert_int_equal(guest_memory_read(&memory, gpa(at), buffer, len),
					 inside ? OK : ERR_RANGE);
			if (inside && len)
				assert_memory_equal(buffer, model + at, len);
		}
	}
	assert_int_equal(guest_memory_read(&memory, gpa(UINT64_MAX), buffer, 2), ERR_RANGE);
	assert_int_equal(guest_memory_read(&memory, gpa(1), buffer, UINT64_MAX), ERR_RANGE);
}

static void a_pointer_is_given_within_one_piece_only(void **state)
{
	uint8_t *p, byte = 0x5a;

	(void)state;
	start_machine(64 * MIB);
	assert_int_equal(guest_memory_init(&memory, &frames, 3 * MIB), OK);
	assert_int_equal(guest_memory_write(&memory, gpa(0x1234), &byte, 1), OK);
	p = guest_memory_ptr(&memory, gpa(0x1234), 4);
	assert_int_equal(*p, 0x5a);
	assert_non_null(guest_memory_ptr(&memory, gpa(2 * MIB - 4), 4));
	assert_null(guest_memory_ptr(&memory, gpa(2 * MIB - 4), 8));
	assert_null(guest_memory_ptr(&memory, gpa(3 * MIB), 1));
}

static void with_a20_low_bit_20_of_an_address_is_gone(void **state)
{
	uint32_t value = 0x11223344, seen = 0;

	(void)state;
	start_machine(64 * MIB);
	assert_int_equal(guest_memory_init(&memory, &frames, 4 * MIB), OK);
	guest_memory_set_a20(&memory, false);
	assert_int_equal(guest_memory_write(&memory, gpa(MIB + 16), &value, 4), OK);
	assert_int_equal(guest_memory_read(&memory, gpa(16), &seen, 4), OK);
	assert_int_equal(seen, value);
	/* A write over the end of MiB 0 goes on at its start. */
	assert_int_equal(guest_memory_write(&memory, gpa(MIB - 2), &value, 4), OK);
	assert_null(guest_memory_ptr(&memory, gpa(MIB - 2), 4));
	guest_memory_set_a20(&memory, true);
	assert_int_equal(guest_memory_read(&memory, gpa(0), &seen, 4), OK);
	assert_int_equal(seen, 0x1122);
	assert_int_equal(guest_memory_read(&memory, gpa(MIB + 16), &seen, 4), OK);
	assert_int_equal(seen, 0);
}

static void check_leaf(struct ept *e, uint64_t at, uint64_t expected_gpa)
{
	struct ept_leaf leaf;
	uint8_t *p = guest_memory_ptr(&memory, gpa(expected_gpa), 1);

	assert_int_equal(ept_walk(e, gpa(at), &leaf), OK);
	assert_int_equal(leaf.perm, EPT_RWX);
	assert_int_equal(leaf.type, EPT_WB);
	assert_ptr_equal((uint8_t *)phys_ptr(leaf.at) + (at - leaf.start.raw), p);
}

static void writes_are_noted_and_reads_are_not(void **state)
{
	static uint64_t bits[16];
	struct guest_written w = {.bits = bits, .pages = 4 * MIB / PAGE_4K};
	uint64_t at = 0, end;
	uint8_t text[8] = {0};

	(void)state;
	start_machine(64 * MIB);
	assert_int_equal(guest_memory_init(&memory, &frames, 4 * MIB), OK);
	assert_int_equal(guest_memory_write(&memory, gpa(0x3000), text, 8), OK);
	memory.written = &w;
	assert_int_equal(guest_memory_read(&memory, gpa(0x5000), text, 8), OK);
	assert_non_null(guest_memory_read_ptr(&memory, gpa(0x6000), 8));
	assert_true(guest_memory_contains(&memory, gpa(0), MIB));
	assert_null(guest_memory_ptr(&memory, gpa(4 * MIB - 4), 8));
	assert_int_equal(guest_memory_write(&memory, gpa(4 * MIB - 4), text, 8), ERR_RANGE);
	assert_int_equal(guest_written_count(&w), 0);
	assert_int_equal(guest_memory_write(&memory, gpa(0x8ffc), text, 8), OK);
	assert_true(guest_written_next(&w, &at, &end));
	assert_int_equal(at, 0x8000);
	assert_int_equal(end, 0xa000);
	assert_non_null(guest_memory_ptr(&memory, gpa(2 * MIB), 1));
	assert_int_equal(guest_written_count(&w), 3);
	guest_memory_set_a20(&memory, false);
	guest_written_clear(&w);
	at = 0;
	assert_non_null(guest_memory_ptr(&memory, gpa(MIB + 0x7000), 1));
	assert_true(guest_written_next(&w, &at, &end));
	assert_int_equal(at, 0x7000);
	memory.written = NULL;
	guest_memory_free(&memory);
}

static void the_map_covers_ram_and_only_ram(void **state)
{
	struct ept_leaf leaf;
	struct ept e;

	(void)state;
	start_machine(6 * GIB);
	share_high_memory(6 * GIB);
	assert_int_equal(ept_init(&e, &frames, PAGE_1G, false), OK);
	assert_int_equal(guest_memory_init(&memory, &frames, 4 * GIB + 12 * KIB), OK);
	assert_int_equal(guest_memory_map(&memory, &e), OK);
	for (uint64_t at = 0; at < 3 * GIB; at += 77 * MIB)
		check_leaf(&e, at, at);
	check_leaf(&e, 5 * GIB + 3 * PAGE_4K - 1, 5 * GIB + 3 * PAGE_4K - 1);
	assert_int_equal(ept_walk(&e, gpa(3 * GIB), &leaf), ERR_NOT_FOUND);
	assert_int_equal(ept_walk(&e, gpa(5 * GIB + 3 * PAGE_4K), &leaf), ERR_NOT_FOUND);
	assert_int_equal(e.leaves[2], 4);
	assert_int_equal(e.leaves[0], 3);
	ept_destroy(&e);
	guest_memory_free(&memory);
}

static void check_a20_off(struct ept *e, uint64_t len_bytes)
{
	for (uint64_t at = 0; at < align_up(len_bytes, 2 * MIB); at += 16 * KIB) {
		uint64_t shown = at & ~MIB;
		struct ept_leaf leaf;

		if (shown < len_bytes)
			check_leaf(e, at, shown);
		else
			assert_int_equal(ept_walk(e, gpa(at), &leaf), ERR_NOT_FOUND);
	}
}

static void check_a20_on(struct ept *e, uint64_t len_bytes)
{
	for (uint64_t at = 0; at < align_up(len_bytes, 2 * MIB); at += 16 * KIB) {
		struct ept_leaf leaf;

		if (at < len_bytes)
			check_leaf(e, at, at);
		else
			assert_int_equal(ept_walk(e, gpa(at), &leaf), ERR_NOT_FOUND);
	}
}

static void check_rights(struct ept *e, uint64_t len_bytes, unsigned rights)
{
	for (uint64_t at = 0; at < align_up(len_bytes, 2 * MIB); at += 16 * KIB) {
		struct ept_leaf leaf;

		if (ept_walk(e, gpa(at), &leaf) == OK)
			assert_int_equal(leaf.perm, rights);
	}
}

static void a20_low_shows_each_even_mib_twice_and_back(void **state)
{
	static const uint64_t sizes[] = {64 * KIB,    MIB,     MIB + 512 * KIB,    2 * MIB,
					 5 * MIB / 2, 3 * MIB, 4 * MIB + 64 * KIB, 9 * MIB};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t before, tables;
		struct ept e;

		start_machine(64 * MIB);
		before = frames_free_bytes(&frames);
		assert_int_equal(ept_init(&e, &frames, PAGE_1G, false), OK);
		assert_int_equal(guest_memory_init(&memory, &frames, sizes[i]), OK);
		assert_int_equal(guest_memory_map(&memory, &e), OK);
		tables = e.table_count;
		check_a20_on(&e, sizes[i]);
		assert_int_equal(guest_memory_map_a20_off(&memory, &e), OK);
		check_a20_off(&e, sizes[i]);
		for (unsigned rights = EPT_READ; rights <= EPT_RWX; rights += EPT_WRITE) {
			assert_int_equal(guest_memory_protect(&memory, &e, true, rights), OK);
			check_rights(&e, sizes[i], rights);
		}
		check_a20_off(&e, sizes[i]);
		assert_int_equal(guest_memory_map(&memory, &e), OK);
		check_a20_on(&e, sizes[i]);
		assert_int_equal(guest_memory_protect(&memory, &e, false, EPT_READ), OK);
		check_rights(&e, sizes[i], EPT_READ);
		assert_int_equal(e.table_count, tables);
		ept_destroy(&e);
		guest_memory_free(&memory);
		assert_int_equal(frames_free_bytes(&frames), before);
	}
}

static void mapping_without_frames_for_tables_fails(void **state)
{
	struct ept e;

	(void)state;
	start_machine(64 * MIB);
	assert_int_equal(guest_memory_init(&memory, &frames, 5 * MIB), OK);
	assert_int_equal(ept_init(&e, &frames, PAGE_1G, false), OK);
	for (hpa_t at; frames_alloc(&frames, 0, &at) == OK;)
		;
	assert_int_equal(guest_memory_map(&memory, &e), ERR_NO_MEMORY);
	assert_int_equal(guest_memory_map_a20_off(&memory, &e), ERR_NO_MEMORY);
	ept_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(large_memory_comes_in_large_blocks, close_machine),
		cmocka_unit_test_teardown(odd_sizes_are_covered_to_the_page, close_machine),
		cmocka_unit_test_teardown(bad_sizes_are_refused, close_machine),
		cmocka_unit_test_teardown(too_little_memory_leaves_nothing_taken, close_machine),
		cmocka_unit_test_teardown(scattered_memory_is_taken_in_small_blocks, close_machine),
		cmocka_unit_test_teardown(ram_starts_as_zeros, close_machine),
		cmocka_unit_test_teardown(what_is_written_is_read_across_chunks, close_machine),
		cmocka_unit_test_teardown(a_pointer_is_given_within_one_piece_only, close_machine),
		cmocka_unit_test_teardown(with_a20_low_bit_20_of_an_address_is_gone, close_machine),
		cmocka_unit_test_teardown(writes_are_noted_and_reads_are_not, close_machine),
		cmocka_unit_test_teardown(the_map_covers_ram_and_only_ram, close_machine),
		cmocka_unit_test_teardown(a20_low_shows_each_even_mib_twice_and_back,
					  close_machine),
		cmocka_unit_test_teardown(mapping_without_frames_for_tables_fails, close_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
