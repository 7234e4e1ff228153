/*
 * tests/unit/ept_rig.h - a struct ept over memory that plays the machine's, and a walker and census
 * of the test's own, written from SDM 3C "EPT Translation Mechanism".
 */
#pragma once

#include "tests/unit/support.h"

#include "mm/ept.h"
#include "mm/phys.h"

/* The SDM's words: bits 2:0 read, write, execute; 5:3 memory type and 6 ignore-PAT of a leaf; 7 "is
 * a leaf" above the last level; 8 accessed; 9 dirty; 51:12 address. */
#define ADDRESS  UINT64_C(0x000ffffffffff000)
#define TYPE(t)  ((uint64_t)(t) << 3)
#define IPAT     BIT(6)
#define LEAF     BIT(7)
#define ACCESSED BIT(8)
#define DIRTY    BIT(9)

static struct frames frames;
static struct ept ept;
static uint64_t free_at_start;

static void open_with(uint64_t ram_bytes, uint64_t max_leaf, bool exec_only)
{
	struct regions ram;

	arena_open(ram_bytes);
	regions_init(&ram);
	assert_int_equal(regions_add(&ram, 0, ram_bytes, REGION_RAM), OK);
	assert_int_equal(frames_init(&frames, &ram, BIT(52)), OK);
	free_at_start = frames.free_bytes;
	assert_int_equal(ept_init(&ept, &frames, max_leaf, exec_only), OK);
}

static inline int setup(void **state)
{
	(void)state;
	open_with(16 * MIB, PAGE_1G, false);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	ept_destroy(&ept);
	assert_int_equal(frames.free_bytes, free_at_start);
	arena_close();
	return 0;
}

static uint64_t *table(uint64_t entry)
{
	return phys_ptr(hpa(entry & ADDRESS));
}

/* The leaf entry that translates an address, and the size of its page; NULL for a violation. Fails
 * the test for what the processor would call a misconfiguration. */
static uint64_t *leaf_entry(uint64_t at, uint64_t *size)
{
	uint64_t entry = ept.root.raw;

	for (unsigned shift = 39; shift >= 12; shift -= 9) {
		uint64_t *slot = &table(entry)[(at >> shift) & 511];

		entry = *slot;
		*size = BIT(shift);
		if ((entry & EPT_RWX) == 0)
			return NULL;
		if ((entry & EPT_RWX) == EPT_WRITE || (entry & EPT_RWX) == (EPT_WRITE | EPT_EXEC))
			fail_msg("write without read at %llx", (unsigned long long)at);
		if (shift == 12 && (entry & LEAF) != 0)
			fail_msg("a leaf of 4 KiB has bit 7 at %llx", (unsigned long long)at);
		if (shift == 12 || (entry & LEAF) != 0) {
			assert_int_not_equal(shift, 39);
			if ((entry & ADDRESS & (*size - 1)) != 0)
				fail_msg("reserved bits set at %llx", (unsigned long long)at);
			return slot;
		}
		assert_int_equal(entry & 0x78, 0);          /* reserved in a table entry */
		assert_int_equal(entry & EPT_RWX, EPT_RWX); /* so the leaf alone decides */
	}
	return NULL;
}

/* Address, rights, type, accessed and dirty of the page; 0 for a violation. */
static inline uint64_t page_at(uint64_t at)
{
	uint64_t size;
	const uint64_t *entry = leaf_entry(at, &size);

	if (!entry)
		return 0;
	return (*entry & (EPT_RWX | TYPE(7) | IPAT | ACCESSED | DIRTY)) |
	       ((*entry & ADDRESS) + align_down(at & (size - 1), PAGE_4K));
}

static inline uint64_t size_at(uint64_t at)
{
	uint64_t size;

	return leaf_entry(at, &size) ? size : 0;
}

struct census {
	uint64_t tables, leaves[3];
};

static void count_tables(uint64_t entry, unsigned shift, struct census *c)
{
	bool empty = true;

	c->tables++;
	for (unsigned i = 0; i < 512; i++) {
		uint64_t child = table(entry)[i];

		empty = empty && child == 0;
		if (child == 0)
			continue;
		if (shift == 12 || (child & LEAF) != 0)
			c->leaves[(shift - 12) / 9]++;
		else
			count_tables(child, shift - 9, c);
	}
	if (empty && shift != 39)
		fail_msg("an empty table of level %u", (shift - 3) / 9);
}

/* The counters are those of the tables that are there, none of which is empty. */
static void check_census(void)
{
	struct census c = {0};

	count_tables(ept.root.raw, 39, &c);
	assert_int_equal(c.tables, ept.table_count);
	assert_memory_equal(c.leaves, ept.leaves, sizeof(c.leaves));
	if (!ept_stale(&ept))
		assert_int_equal(frames.free_bytes + (c.tables + ept.reserve.count) * PAGE_4K,
				 free_at_start);
}

static inline void map(uint64_t at, uint64_t to, uint64_t len_bytes, unsigned perm,
		       enum ept_memtype type)
{
	assert_int_equal(ept_map(&ept, gpa(at), hpa(to), len_bytes, perm, type), OK);
	check_census();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
