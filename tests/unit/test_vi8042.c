/*
 * tests/unit/test_vi8042.c - what the guest's keyboard controller promises: its commands and its
 * status. test_vi8042_irq.c has IRQ 1, test_vkeyboard.c the keyboard and what is typed.
 */
#include "tests/unit/vi8042_rig.h"

static void power_on_is_quiet_with_a20_on(void **state)
{
	(void)state;
	assert_int_equal(status(), 0x10);
	assert_true(vi8042_a20(&chip));
	assert_false(irq());
	assert_false(vi8042_irq12(&chip));
	assert_false(vi8042_take_reset(&chip));
	assert_true(deadline() == NS_NEVER);
	command(0x20);
	expect_byte(0x03);
}

static void without_firmware_it_is_as_a_bios_leaves_it(void **state)
{
	(void)state;
	assert_int_equal(status(), 0x14);
	command(0x20);
	expect_byte(0x65);
}

static void status_tells_commands_from_data(void **state)
{
	(void)state;
	command(0x60);
	assert_int_equal(status() & COMMAND, COMMAND);
	data(0x45);
	assert_int_equal(status() & COMMAND, 0);
}

static void ram_is_written_and_read(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < 32; i++) {
		command(0x60 + i);
		data((uint8_t)(i * 5));
	}
	for (uint8_t i = 0; i < 32; i++) {
		command(0x20 + i);
		expect_byte((uint8_t)(i * 5));
	}
}

static void the_command_byte_shows_its_system_flag(void **state)
{
	(void)state;
	command(0x60);
	data(0x05);
	assert_int_equal(status() & SYSTEM, SYSTEM);
	command(0x61); /* another byte of RAM does not */
	data(0x00);
	assert_int_equal(status() & SYSTEM, SYSTEM);
	command(0x60);
	data(0x01);
	assert_int_equal(status() & SYSTEM, 0);
}

static void a_bios_finds_its_way(void **state)
{
	(void)state;
	command(0xaa);
	assert_int_equal(status(), 0x1d);
	expect_byte(0x55);
	assert_int_equal(status() & FULL, 0);
	command(0xab);
	expect_byte(0x00);
	command(0xae);
	command(0xa8);
	data(0xff);
	expect_byte(0xfa);
	expect_byte(0xaa);
	data(0xf5);
	expect_byte(0xfa);
	command(0x60);
	data(0x61);
	data(0xf4);
	expect_byte(0xfa);
	type("a");
	EXPECT(0x1e, 0x9e);
}

static void enable_and_disable_change_the_command_byte(void **state)
{
	(void)state;
	command(0xad);
	command(0xa7);
	command(0x20);
	expect_byte(0x33);
	command(0xae);
	command(0xa8);
	command(0x20);
	expect_byte(0x03);
}

static void a_disabled_keyboard_waits(void **state)
{
	(void)state;
	command(0xad);
	type("a");
	expect_nothing();
	assert_false(irq());
	assert_true(deadline() == NS_NEVER);
	command(0xe0);
	expect_byte(0x02);
	command(0xae);
	EXPECT(0x1c, 0xf0, 0x1c);
	command(0xe0);
	expect_byte(0x03);
}

static void a_byte_for_the_keyboard_enables_it(void **state)
{
	(void)state;
	command(0xad);
	data(0xee);
	expect_byte(0xee);
	command(0x20);
	expect_byte(0x03);
}

static void there_is_no_mouse(void **state)
{
	(void)state;
	command(0xa9);
	expect_byte(0x02);
	command(0xd4);
	data(0xf2);
	assert_true(vi8042_irq12(&chip));
	assert_false(irq());
	assert_int_equal(status() & (FULL | AUX | TIMEOUT), FULL | AUX | TIMEOUT);
	assert_int_equal(port_in(0), 0xfe);
	assert_int_equal(status() & (FULL | AUX | TIMEOUT), 0);
	assert_false(vi8042_irq12(&chip));
	command(0xa4);
	expect_byte(0xf1);
}

static void ports_read_as_documented(void **state)
{
	(void)state;
	command(0xc0);
	expect_byte(0xa0);
	command(0xd0);
	expect_byte(0xcf);
	command(0xd3);
	data(0x12);
	command(0xd0);
	assert_int_equal(port_in(0), 0x12);
	expect_byte(0xef); /* the aux byte was in the buffer */
	command(0xd2);
	data(0x34);
	command(0xd0);
	assert_int_equal(port_in(0), 0x34);
	expect_byte(0xdf);
	command(0xd1);
	data(0x37); /* bits 4 and 5 follow the buffer */
	command(0xd0);
	expect_byte(0x07);
}

static void the_output_buffer_is_written_as_if_by_a_device(void **state)
{
	(void)state;
	command(0x60);
	data(0x43); /* translation is for the keyboard's own bytes only */
	command(0xd2);
	data(0x1c);
	assert_true(irq());
	assert_false(vi8042_irq12(&chip));
	assert_int_equal(port_in(0), 0x1c);
	assert_int_equal(port_in(0), 0x1c); /* empty: the last one again */
	command(0xd3);
	data(0x5a);
	assert_false(irq());
	assert_true(vi8042_irq12(&chip));
	assert_int_equal(status() & (FULL | AUX | TIMEOUT), FULL | AUX);
	assert_int_equal(port_in(0), 0x5a);
}

static void a20_follows_its_commands(void **state)
{
	(void)state;
	command(0xdd);
	assert_false(vi8042_a20(&chip));
	command(0xd0);
	expect_byte(0xcd);
	command(0xdf);
	assert_true(vi8042_a20(&chip));
	command(0xd1);
	data(0xdd);
	assert_false(vi8042_a20(&chip));
	command(0xd1);
	data(0xdf);
	assert_true(vi8042_a20(&chip));
	assert_false(vi8042_take_reset(&chip));
}

static void reset_comes_by_pulse_and_by_output_port(void **state)
{
	(void)state;
	command(0xd1);
	data(0x02);
	assert_true(vi8042_take_reset(&chip));
	assert_false(vi8042_take_reset(&chip));
	for (unsigned value = 0xf0; value < 0x100; value++) {
		command((uint8_t)value);
		assert_int_equal(vi8042_take_reset(&chip), !(value & 1));
	}
	assert_true(vi8042_a20(&chip));
}

static void unknown_commands_do_nothing(void **state)
{
	(void)state;
	for (unsigned value = 0; value < 0xf0; value++) {
		if ((value >= 0x20 && value < 0x40) || (value >= 0x60 && value < 0x80) ||
		    (value >= 0xa4 && value <= 0xae) || value == 0xc0 || value >= 0xd0)
			continue;
		command((uint8_t)value);
		expect_nothing();
	}
	data(0xee);
	expect_byte(0xee);
}

static void a_command_ends_one_that_waits_for_data(void **state)
{
	(void)state;
	command(0xd1);
	command(0xae);
	data(0xee); /* for the keyboard */
	assert_false(vi8042_take_reset(&chip));
	expect_byte(0xee);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VI8042_TEST(power_on_is_quiet_with_a20_on),
		VI8042_TEST_BIOS(without_firmware_it_is_as_a_bios_leaves_it),
		VI8042_TEST(status_tells_commands_from_data),
		VI8042_TEST(ram_is_written_and_read),
		VI8042_TEST(the_command_byte_shows_its_system_flag),
		VI8042_TEST(a_bios_finds_its_way),
		VI8042_TEST(enable_and_disable_change_the_command_byte),
		VI8042_TEST(a_disabled_keyboard_waits),
		VI8042_TEST(a_byte_for_the_keyboard_enables_it),
		VI8042_TEST(there_is_no_mouse),
		VI8042_TEST(ports_read_as_documented),
		VI8042_TEST(the_output_buffer_is_written_as_if_by_a_device),
		VI8042_TEST(a20_follows_its_commands),
		VI8042_TEST(reset_comes_by_pulse_and_by_output_port),
		VI8042_TEST(unknown_commands_do_nothing),
		VI8042_TEST(a_command_ends_one_that_waits_for_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
