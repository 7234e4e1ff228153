/* tests/unit/test_mmio_bus.c - who answers at an address that is not RAM. */
#include "tests/unit/support.h"

#include <string.h>

#include "guest/mmio_bus.h"

static struct mmio_bus bus;

/* A device that notes its last access and answers with a pattern. */
struct probe {
	unsigned count;
	struct mmio_access last;
};

static struct probe one, two;

static void access_probe(void *state, struct mmio_access *a)
{
	struct probe *p = state;

	p->count++;
	p->last = *a;
	if (!a->write)
		a->value = UINT64_C(0x8877665544332211);
}

static int start(void **state)
{
	(void)state;
	mmio_bus_init(&bus);
	memset(&one, 0, sizeof(one));
	memset(&two, 0, sizeof(two));
	return 0;
}

static enum status claim(struct probe *p, uint64_t first, uint64_t len)
{
	return mmio_bus_claim(&bus, p == &one ? "one" : "two", access_probe, p, gpa(first), len);
}

static struct mmio_access read_at(uint64_t at, uint8_t size, bool *answered)
{
	struct mmio_access a = {.at = gpa(at), .size = size, .now_ns = 5};

	*answered = mmio_bus_access(&bus, &a);
	return a;
}

static void a_device_sees_the_whole_access(void **state)
{
	struct mmio_access a = {
		.at = gpa(0xfee00080), .size = 4, .write = true, .value = 0x1234, .now_ns = 9};
	bool answered;

	(void)state;
	assert_int_equal(claim(&one, 0xfee00000, 0x1000), OK);
	assert_true(mmio_bus_access(&bus, &a));
	assert_int_equal(one.count, 1);
	assert_int_equal(one.last.at.raw, 0xfee00080);
	assert_int_equal(one.last.size, 4);
	assert_true(one.last.write);
	assert_int_equal(one.last.value, 0x1234);
	assert_int_equal(one.last.now_ns, 9);
	assert_int_equal(a.value, 0x1234);
	assert_int_equal(read_at(0xfee00ff8, 8, &answered).value, 0x8877665544332211);
	assert_int_equal(read_at(0xfee00ffc, 4, &answered).value, 0x44332211);
	assert_int_equal(read_at(0xfee00fff, 1, &answered).value, 0x11);
	assert_true(answered);
	assert_int_equal(bus.unclaimed_total, 0);
}

static void the_right_one_of_many_answers(void **state)
{
	static struct probe many[MMIO_BUS_CLAIMS];
	uint64_t seed = 3;
	bool answered;

	(void)state;
	memset(many, 0, sizeof(many));
	/* from the middle outwards, so that each claim has to be sorted in */
	for (unsigned i = 0; i < MMIO_BUS_CLAIMS; i++) {
		unsigned n = i & 1 ? 15 - i / 2 : 16 + i / 2;

		assert_int_equal(mmio_bus_claim(&bus, "many", access_probe, &many[n],
						gpa(n * UINT64_C(0x8000000000)), 0x100),
				 OK);
	}
	assert_int_equal(claim(&one, 0x123456789000, 1), ERR_FULL);
	for (unsigned i = 0; i < 1000; i++) {
		unsigned n = (unsigned)random_below(&seed, MMIO_BUS_CLAIMS);
		unsigned before = many[n].count;

		read_at(n * UINT64_C(0x8000000000) + random_below(&seed, 0xf9), 8, &answered);
		assert_true(answered);
		assert_int_equal(many[n].count, before + 1);
		read_at(n * UINT64_C(0x8000000000) + 0x100, 8, &answered);
		assert_false(answered);
	}
}

static void claims_do_not_overlap_and_stay_in_range(void **state)
{
	(void)state;
	assert_int_equal(claim(&one, 0x1000, 0x1000), OK);
	assert_int_equal(claim(&two, 0x1000, 1), ERR_EXISTS);
	assert_int_equal(claim(&two, 0x1fff, 1), ERR_EXISTS);
	assert_int_equal(claim(&two, 0xfff, 2), ERR_EXISTS);
	assert_int_equal(claim(&two, 0, BIT(52)), ERR_EXISTS);
	assert_int_equal(claim(&two, 0x3000, 0), ERR_RANGE);
	assert_int_equal(claim(&two, BIT(52), 1), ERR_RANGE);
	assert_int_equal(claim(&two, 0x3000, BIT(52)), ERR_RANGE);
	assert_int_equal(claim(&two, 0x3000, UINT64_MAX), ERR_RANGE);
	assert_int_equal(claim(&two, 0, 0x1000), OK);
	assert_int_equal(claim(&two, 0x2000, BIT(52) - 0x2000), OK);
	assert_string_equal(mmio_bus_owner(&bus, gpa(0xfff)), "two");
	assert_string_equal(mmio_bus_owner(&bus, gpa(0x1000)), "one");
	assert_string_equal(mmio_bus_owner(&bus, gpa(BIT(52) - 1)), "two");
}

static void nobody_reads_all_ones_and_is_counted_by_page(void **state)
{
	struct mmio_access a = {.at = gpa(0xd0000ffe), .size = 2, .write = true, .value = 1};
	bool answered;

	(void)state;
	assert_null(mmio_bus_owner(&bus, gpa(0xd0000000)));
	assert_int_equal(read_at(0xd0000010, 1, &answered).value, 0xff);
	assert_int_equal(read_at(0xd0000010, 2, &answered).value, 0xffff);
	assert_int_equal(read_at(0xd0000010, 4, &answered).value, 0xffffffff);
	assert_int_equal(read_at(0xd0001000, 8, &answered).value, UINT64_MAX);
	assert_false(answered);
	assert_false(mmio_bus_access(&bus, &a));
	assert_int_equal(bus.unclaimed_total, 5);
	assert_int_equal(bus.unclaimed_count, 2);
	assert_int_equal(bus.unclaimed[0].page.raw, 0xd0000000);
	assert_int_equal(bus.unclaimed[0].reads, 3);
	assert_int_equal(bus.unclaimed[0].writes, 1);
	assert_int_equal(bus.unclaimed[1].reads, 1);
	for (unsigned i = 0; i < 100; i++)
		read_at(0x100000 + i * 0x1000u, 1, &answered);
	assert_int_equal(bus.unclaimed_count, MMIO_BUS_UNCLAIMED);
	assert_int_equal(bus.unclaimed_total, 105);
}

static void the_page_that_was_touched_last_has_a_short_way(void **state)
{
	struct mmio_access read = {.at = gpa(0xd0000ff8), .size = 4};
	struct mmio_access write = {.at = gpa(0xd0000000), .size = 1, .write = true, .value = 7};
	struct mmio_access other = {.at = gpa(0xd0001000), .size = 4};
	bool answered;

	(void)state;
	assert_false(mmio_bus_nobody_again(&bus, &read)); /* nothing was touched yet */
	read_at(0xd0001000, 1, &answered);
	read_at(0xd0000000, 1, &answered);
	assert_true(mmio_bus_nobody_again(&bus, &read));
	assert_int_equal(read.value, UINT32_MAX);
	assert_true(mmio_bus_nobody_again(&bus, &write));
	assert_false(mmio_bus_nobody_again(&bus, &other));
	assert_int_equal(bus.unclaimed_total, 4);
	assert_int_equal(bus.unclaimed[1].reads, 2);
	assert_int_equal(bus.unclaimed[1].writes, 1);
	assert_int_equal(claim(&one, 0x1000, 0x1000), OK);
	assert_false(mmio_bus_nobody_again(&bus, &read)); /* a device might have it */
}

static void an_access_over_an_edge_is_taken_apart(void **state)
{
	struct mmio_access a = {.at = gpa(0x1ffe), .size = 4, .write = true, .value = 0x44332211};
	bool answered;

	(void)state;
	assert_int_equal(claim(&one, 0x1000, 0x1000), OK);
	assert_int_equal(read_at(0x1ffe, 4, &answered).value, 0xffff1111);
	assert_false(answered);
	assert_int_equal(one.count, 2);
	assert_int_equal(bus.unclaimed_total, 2);
	assert_int_equal(claim(&two, 0x2000, 0x1000), OK);
	assert_true(mmio_bus_access(&bus, &a));
	assert_int_equal(a.value, 0x44332211);
	assert_int_equal(one.last.value, 0x22);
	assert_int_equal(two.last.value, 0x44);
	assert_int_equal(two.count, 2);
	/* from below into the first one */
	assert_int_equal(read_at(0xffc, 8, &answered).value, 0x11111111ffffffff);
	assert_false(answered);
}

static void a_size_that_cannot_be_is_our_bug(void **state)
{
	struct mmio_access a = {.size = 3};

	(void)state;
	expect_assert_failure((void)mmio_bus_access(&bus, &a));
	expect_assert_failure((void)!mmio_bus_claim(&bus, "none", NULL, NULL, gpa(0), 1));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, start)
	const struct CMUnitTest tests[] = {
		TEST(a_device_sees_the_whole_access),
		TEST(the_right_one_of_many_answers),
		TEST(claims_do_not_overlap_and_stay_in_range),
		TEST(the_page_that_was_touched_last_has_a_short_way),
		TEST(nobody_reads_all_ones_and_is_counted_by_page),
		TEST(an_access_over_an_edge_is_taken_apart),
		TEST(a_size_that_cannot_be_is_our_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
