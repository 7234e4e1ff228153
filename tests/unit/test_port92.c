/*
 * tests/unit/test_port92.c - the promises of guest/port92.h.
 */
#include "tests/unit/support.h"

#include "guest/port92.h"

static void outb(struct port92 *p, unsigned value)
{
	struct io_access io = {.size = 1, .write = true, .value = value};

	port92_access(p, &io);
}

static unsigned inb(struct port92 *p)
{
	struct io_access io = {.size = 1, .value = 0x55};

	port92_access(p, &io);
	return io.value;
}

static void a20_is_on_at_power_on(void **state)
{
	struct port92 p;

	(void)state;
	port92_reset(&p);
	assert_true(port92_a20(&p));
	assert_int_equal(inb(&p), 0x02);
	assert_false(port92_take_reset(&p));
}

static void bit_1_is_the_a20_gate(void **state)
{
	struct port92 p;

	(void)state;
	port92_reset(&p);
	outb(&p, 0x00);
	assert_false(port92_a20(&p));
	assert_int_equal(inb(&p), 0x00);
	outb(&p, 0x02);
	assert_true(port92_a20(&p));
	assert_false(port92_take_reset(&p));
}

static void bit_0_resets_once_as_it_rises(void **state)
{
	struct port92 p;

	(void)state;
	port92_reset(&p);
	outb(&p, 0x03);
	assert_true(port92_take_reset(&p));
	assert_false(port92_take_reset(&p));
	assert_int_equal(inb(&p), 0x03);
	outb(&p, 0x03); /* it does not rise */
	assert_false(port92_take_reset(&p));
	outb(&p, 0x02);
	assert_false(port92_take_reset(&p));
	outb(&p, 0x01);
	assert_true(port92_take_reset(&p));
	assert_false(port92_a20(&p));
}

static void the_other_bits_read_as_zero(void **state)
{
	struct port92 p;

	(void)state;
	port92_reset(&p);
	outb(&p, 0xfe);
	assert_int_equal(inb(&p), 0x02);
}

static void it_has_one_register(void **state)
{
	struct io_access io = {.port = 1, .size = 1};
	struct port92 p;

	(void)state;
	port92_reset(&p);
	expect_assert_failure(port92_access(&p, &io));
}

static void the_other_gate_shows_here(void **state)
{
	struct port92 p;

	(void)state;
	port92_reset(&p);
	port92_set_a20(&p, false);
	assert_false(port92_a20(&p));
	port92_set_a20(&p, true);
	assert_true(port92_a20(&p));
	assert_false(port92_take_reset(&p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_other_gate_shows_here),
		cmocka_unit_test(a20_is_on_at_power_on),
		cmocka_unit_test(bit_1_is_the_a20_gate),
		cmocka_unit_test(bit_0_resets_once_as_it_rises),
		cmocka_unit_test(the_other_bits_read_as_zero),
		cmocka_unit_test(it_has_one_register),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
