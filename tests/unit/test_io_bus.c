/*
 * tests/unit/test_io_bus.c - the promises of guest/io_bus.h and guest/io.h.
 */
#include "tests/unit/support.h"

#include "guest/io_bus.h"

/* A device that writes down what comes, and answers with its register number. */
struct recorder {
	struct io_access seen[8];
	unsigned count;
	uint32_t dirt; /* bits above the byte that a careless device leaves in value */
};

static void record(void *state, struct io_access *io)
{
	struct recorder *r = state;

	r->seen[r->count++ % ARRAY_SIZE(r->seen)] = *io;
	if (!io->write)
		io->value = io->port | r->dirt;
}

static enum status claim(struct io_bus *bus, struct recorder *r, unsigned first, unsigned count,
			 unsigned offset)
{
	struct io_claim c = {
		.name = "recorder",
		.access = record,
		.state = r,
		.first = (uint16_t)first,
		.count = (uint16_t)count,
		.offset = (uint16_t)offset,
	};

	return io_bus_claim(bus, &c);
}

static uint32_t in(struct io_bus *bus, unsigned port, unsigned size)
{
	struct io_access io = {
		.port = (uint16_t)port, .size = (uint8_t)size, .value = 0xdeadbeef, .now_ns = 42};

	io_bus_access(bus, &io);
	assert_int_equal(io.port, port);
	return io.value;
}

static bool out(struct io_bus *bus, unsigned port, unsigned size, uint32_t value)
{
	struct io_access io = {.port = (uint16_t)port,
			       .size = (uint8_t)size,
			       .write = true,
			       .value = value,
			       .now_ns = 42};

	return io_bus_access(bus, &io);
}

static void a_device_sees_its_registers(void **state)
{
	struct recorder r = {.count = 0};
	struct io_bus bus;

	(void)state;
	io_bus_init(&bus);
	assert_int_equal(claim(&bus, &r, 0x3f8, 8, 0), OK);
	assert_int_equal(claim(&bus, &r, 0xa0, 2, 2), OK);
	assert_int_equal(in(&bus, 0x3fd, 1), 5);
	assert_int_equal(in(&bus, 0xa1, 1), 3);
	assert_int_equal(r.seen[0].now_ns, 42);
	assert_true(out(&bus, 0xa0, 1, 0xffffff77));
	assert_int_equal(r.seen[2].port, 2);
	assert_int_equal(r.seen[2].value, 0x77);
	assert_true(r.seen[2].write);
	assert_int_equal(r.seen[2].size, 1);
}

static void wide_accesses_are_bytes_low_port_first(void **state)
{
	struct recorder r = {.count = 0};
	struct io_bus bus;

	(void)state;
	io_bus_init(&bus);
	assert_int_equal(claim(&bus, &r, 0x100, 16, 0), OK);
	assert_int_equal(in(&bus, 0x103, 2), 0x0403);
	assert_int_equal(in(&bus, 0x101, 4), 0x04030201);
	r.count = 0;
	assert_true(out(&bus, 0x107, 4, 0x44332211));
	assert_int_equal(r.count, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(r.seen[i].port, 7 + i);
		assert_int_equal(r.seen[i].value, 0x11 * (i + 1));
		assert_int_equal(r.seen[i].size, 1);
		assert_int_equal(r.seen[i].now_ns, 42);
	}
}

static void a_wide_access_can_meet_two_devices_and_nobody(void **state)
{
	struct recorder a = {.count = 0}, b = {.count = 0};
	struct io_bus bus;

	(void)state;
	io_bus_init(&bus);
	assert_int_equal(claim(&bus, &a, 0x60, 1, 0x11), OK);
	assert_int_equal(claim(&bus, &b, 0x62, 2, 0x22), OK);
	assert_int_equal(in(&bus, 0x60, 4), 0x2322ff11);
	assert_false(out(&bus, 0x60, 4, 0));
	assert_int_equal(b.count, 4);
	assert_int_equal(bus.unclaimed_total, 2);
	assert_int_equal(bus.unclaimed[0].port, 0x61);
	assert_int_equal(bus.unclaimed[0].reads, 1);
	assert_int_equal(bus.unclaimed[0].writes, 1);
}

static void the_port_number_wraps_at_the_end(void **state)
{
	struct recorder low = {.count = 0}, high = {.count = 0};
	struct io_bus bus;

	(void)state;
	io_bus_init(&bus);
	assert_int_equal(claim(&bus, &low, 0, 2, 0x30), OK);
	assert_int_equal(claim(&bus, &high, 0xffff, 1, 0x40), OK);
	assert_int_equal(in(&bus, 0xffff, 2), 0x3040);
	assert_int_equal(in(&bus, 0xfffe, 4), 0x313040ff);
}

static void nobody_reads_all_ones_and_is_counted(void **state)
{
	struct io_bus bus;

	(void)state;
	io_bus_init(&bus);
	assert_int_equal(in(&bus, 0x80, 1), 0xff);
	assert_int_equal(in(&bus, 0x80, 2), 0xffff);
	assert_int_equal(in(&bus, 0xcf8, 4), 0xffffffff);
	assert_false(out(&bus, 0x80, 1, 1));
	assert_int_equal(bus.unclaimed_total, 8);
	assert_int_equal(bus.unclaimed_count, 6);
	assert_int_equal(bus.unclaimed[0].reads, 2);
	assert_int_equal(bus.unclaimed[0].writes, 1);
}

static void the_table_of_unclaimed_ports_may_be_full(void **state)
{
	struct io_bus bus;

	(void)state;
	io_bus_init(&bus);
	for (unsigned port = 0; port < 0x10000; port++)
		assert_int_equal(in(&bus, port, 1), 0xff);
	assert_int_equal(bus.unclaimed_count, IO_BUS_UNCLAIMED);
	assert_int_equal(bus.unclaimed_total, 0x10000);
	in(&bus, 0, 1);
	assert_int_equal(bus.unclaimed[0].reads, 2); /* those that are in it go on counting */
}

static void many_accesses_to_nobody_count_at_once(void **state)
{
	struct io_bus bus;
	const struct io_claim mine = {.name = "mine", .access = record, .first = 0x60, .count = 2};

	(void)state;
	io_bus_init(&bus);
	assert_int_equal(io_bus_claim(&bus, &mine), OK);
	assert_true(io_bus_access_nobody(&bus, 0x80, 1, true, 1000));
	assert_true(io_bus_access_nobody(&bus, 0x80, 1, false, 5));
	assert_false(io_bus_access_nobody(&bus, 0x60, 1, true, 1000));
	assert_false(io_bus_access_nobody(&bus, 0x80, 2, true, 1000)); /* 81h may have an owner */
	assert_int_equal(bus.unclaimed_total, 1005);
	assert_int_equal(bus.unclaimed[0].port, 0x80);
	assert_int_equal(bus.unclaimed[0].writes, 1000);
	assert_int_equal(bus.unclaimed[0].reads, 5);
}

/* For as many elements as its first register says. */
static uint64_t take_some(void *state, const struct io_run *run)
{
	struct recorder *r = state;

	r->seen[0] = (struct io_access){.port = run->port, .size = run->size};
	return run->count < 5 ? run->count : 5;
}

static void a_wide_device_gets_what_lies_in_its_claim_whole(void **state)
{
	struct recorder r = {.dirt = 0xabcdef00};
	struct io_claim wide = {.access = record,
				.state = &r,
				.first = 0x1f0,
				.count = 8,
				.offset = 1,
				.wide = true};
	struct io_bus bus;

	(void)state;
	io_bus_init(&bus);
	assert_int_equal(io_bus_claim(&bus, &wide), OK);
	assert_int_equal(in(&bus, 0x1f0, 2), 0xef01);
	assert_int_equal(in(&bus, 0x1f4, 4), 0xabcdef05);
	assert_int_equal(in(&bus, 0x1f0, 1), 0x01);
	assert_true(out(&bus, 0x1f0, 2, 0x12345678));
	assert_int_equal(r.count, 4);
	assert_int_equal(r.seen[3].value, 0x5678);
	assert_int_equal(r.seen[3].port, 1);
	/* The last word hangs over its end: by bytes, and the second is nobody's. */
	assert_int_equal(in(&bus, 0x1f7, 2), 0xff08);
	assert_false(out(&bus, 0x1f7, 2, 0));
}

static void a_device_may_do_many_elements_at_once(void **state)
{
	struct recorder r = {.count = 0};
	struct io_claim fast = {.access = record,
				.state = &r,
				.first = 0x511,
				.count = 1,
				.offset = 3,
				.some = take_some};
	struct io_run run = {.port = 0x511, .size = 1, .count = 3};
	struct io_bus bus;

	(void)state;
	io_bus_init(&bus);
	assert_int_equal(io_bus_claim(&bus, &fast), OK);
	assert_int_equal(io_bus_access_some(&bus, &run), 3);
	assert_int_equal(r.seen[0].port, 3);
	run.count = 9;
	assert_int_equal(io_bus_access_some(&bus, &run), 5);
	run.size = 2; /* not a wide device */
	assert_int_equal(io_bus_access_some(&bus, &run), 0);
	run.size = 1;
	run.port = 0x512; /* nobody's */
	assert_int_equal(io_bus_access_some(&bus, &run), 0);
}

static void bits_above_the_size_are_zero(void **state)
{
	struct recorder r = {.dirt = 0xabcdef00};
	struct io_bus bus;

	(void)state;
	io_bus_init(&bus);
	assert_int_equal(claim(&bus, &r, 0x70, 4, 0), OK);
	assert_int_equal(in(&bus, 0x71, 1), 1);
	assert_int_equal(in(&bus, 0x71, 2), 0x0201);
	assert_int_equal(in(&bus, 0x70, 4), 0x03020100);
}

static void a_claim_that_fails_changes_nothing(void **state)
{
	static struct io_bus bus, before;
	struct recorder r = {.count = 0};

	(void)state;
	io_bus_init(&bus);
	assert_int_equal(claim(&bus, &r, 0x20, 2, 0), OK);
	before = bus;
	assert_int_equal(claim(&bus, &r, 0x21, 4, 0), ERR_EXISTS);
	assert_int_equal(claim(&bus, &r, 0x1e, 3, 0), ERR_EXISTS);
	assert_int_equal(claim(&bus, &r, 0x40, 0, 0), ERR_RANGE);
	assert_int_equal(claim(&bus, &r, 0xffff, 2, 0), ERR_RANGE);
	assert_memory_equal(&bus, &before, sizeof(bus));
	assert_int_equal(claim(&bus, &r, 0x22, 1, 0), OK);
}

static void the_tables_end(void **state)
{
	struct recorder r = {.count = 0};
	struct io_bus bus;

	(void)state;
	io_bus_init(&bus);
	for (unsigned i = 0; i < IO_BUS_CLAIMS; i++)
		assert_int_equal(claim(&bus, &r, i, 1, 0), OK);
	assert_int_equal(claim(&bus, &r, 0x80, 1, 0), ERR_FULL);

	io_bus_init(&bus);
	for (unsigned i = 0; i < IO_BUS_GROUPS - 1; i++)
		assert_int_equal(claim(&bus, &r, i << 8, 1, 0), OK);
	assert_int_equal(claim(&bus, &r, 0x80ff, 2, 0), ERR_FULL); /* two more groups */
	assert_int_equal(claim(&bus, &r, 0x8080, 0x80, 0), OK);
	assert_int_equal(claim(&bus, &r, 0x9000, 1, 0), ERR_FULL);
	assert_int_equal(claim(&bus, &r, 0x8000, 0x80, 0), OK); /* in a group that is there */
}

static void one_device_may_have_all_groups(void **state)
{
	struct recorder r = {.count = 0};
	struct io_bus bus;

	(void)state;
	io_bus_init(&bus);
	assert_int_equal(claim(&bus, &r, 0x1080, IO_BUS_GROUPS * 0x100 - 0x100, 0x80), OK);
	assert_int_equal(in(&bus, 0x10ff, 2), 0x00ff);
	assert_int_equal(r.seen[1].port, 0x100);
}

static void an_owner_has_a_name(void **state)
{
	struct recorder r = {.count = 0};
	struct io_bus bus;

	(void)state;
	io_bus_init(&bus);
	assert_int_equal(claim(&bus, &r, 0x3f8, 8, 0), OK);
	assert_string_equal(io_bus_owner(&bus, 0x3f8), "recorder");
	assert_string_equal(io_bus_owner(&bus, 0x3ff), "recorder");
	assert_null(io_bus_owner(&bus, 0x400));
	assert_null(io_bus_owner(&bus, 0x3f7));
}

static void an_impossible_size_is_our_bug(void **state)
{
	struct io_access io = {.port = 0x80, .size = 3};
	struct io_claim nothing = {.first = 0x80, .count = 1};
	struct io_bus bus;

	(void)state;
	io_bus_init(&bus);
	expect_assert_failure(io_bus_access(&bus, &io));
	expect_assert_failure((void)!io_bus_claim(&bus, &nothing));
}

/* SDM 1, "General-Purpose Registers in 64-Bit Mode". */
static void a_byte_or_word_read_keeps_the_rest_of_rax(void **state)
{
	const uint64_t rax = UINT64_C(0x1122334455667788);

	(void)state;
	assert_int_equal(io_merge_rax(rax, 0xaa, 1), UINT64_C(0x11223344556677aa));
	assert_int_equal(io_merge_rax(rax, 0xaabb, 2), UINT64_C(0x112233445566aabb));
	assert_int_equal(io_merge_rax(rax, 0xaabbccdd, 4), 0xaabbccdd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_sees_its_registers),
		cmocka_unit_test(wide_accesses_are_bytes_low_port_first),
		cmocka_unit_test(a_wide_access_can_meet_two_devices_and_nobody),
		cmocka_unit_test(the_port_number_wraps_at_the_end),
		cmocka_unit_test(nobody_reads_all_ones_and_is_counted),
		cmocka_unit_test(the_table_of_unclaimed_ports_may_be_full),
		cmocka_unit_test(many_accesses_to_nobody_count_at_once),
		cmocka_unit_test(a_wide_device_gets_what_lies_in_its_claim_whole),
		cmocka_unit_test(a_device_may_do_many_elements_at_once),
		cmocka_unit_test(bits_above_the_size_are_zero),
		cmocka_unit_test(a_claim_that_fails_changes_nothing),
		cmocka_unit_test(the_tables_end),
		cmocka_unit_test(one_device_may_have_all_groups),
		cmocka_unit_test(an_owner_has_a_name),
		cmocka_unit_test(an_impossible_size_is_our_bug),
		cmocka_unit_test(a_byte_or_word_read_keeps_the_rest_of_rax),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
