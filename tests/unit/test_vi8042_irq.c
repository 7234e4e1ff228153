/*
 * tests/unit/test_vi8042_irq.c - what the guest's keyboard controller promises about IRQ 1, and
 * when.
 */
#include "tests/unit/vi8042_rig.h"

static void the_line_falls_between_two_bytes(void **state)
{
	(void)state;
	type("a");
	for (unsigned i = 0; i < 3; i++) {
		assert_true(irq());
		assert_true(deadline() == NS_NEVER);
		assert_int_equal(status() & FULL, FULL);
		port_in(0);
		assert_false(irq());
		assert_int_equal(status() & FULL, 0);
		if (i < 2) {
			assert_true(deadline() == now_ns + VI8042_BYTE_NS);
			now_ns = deadline() - 1;
			assert_false(irq());
			now_ns++;
		}
	}
	assert_true(deadline() == NS_NEVER);
}

static void without_its_enable_bit_the_line_stays_low(void **state)
{
	(void)state;
	command(0x60);
	data(0x00);
	type("a");
	assert_false(irq());
	assert_true(deadline() == NS_NEVER);
	assert_int_equal(status() & FULL, FULL);
	assert_false(irq());
	command(0x60);
	data(0x01);
	assert_true(irq());
}

static void a_reply_waits_for_the_reader_and_the_last_one_counts(void **state)
{
	(void)state;
	command(0xaa);
	command(0xab);
	command(0xc0);
	type("a");
	assert_int_equal(port_in(0), 0x55);
	assert_true(deadline() == now_ns + VI8042_BYTE_NS);
	expect_byte(0xa0);
	EXPECT(0x1c, 0xf0, 0x1c);
}

static void an_escape_key_has_its_deadline(void **state)
{
	const uint64_t typed_ns = now_ns;

	(void)state;
	type("\x1b");
	assert_false(irq());
	assert_true(deadline() == typed_ns + 20 * MS);
	now_ns = typed_ns + 20 * MS - 1;
	assert_false(irq());
	assert_int_equal(status() & FULL, 0);
	now_ns++;
	assert_true(irq());
	assert_true(deadline() == NS_NEVER);
	EXPECT(0x76, 0xf0, 0x76);
	type("\x1b");
	command(0xad);
	assert_true(deadline() == NS_NEVER);
	now_ns += 20 * MS;
	assert_false(irq());
	command(0xae);
	EXPECT(0x76, 0xf0, 0x76);
}

static void a_key_behind_an_unfinished_sequence_is_refused_until_there_is_room(void **state)
{
	(void)state;
	type("\x1bO");
	now_ns += 30 * MS;
	assert_true(vi8042_can_type(&chip));
	assert_false(vi8042_type(&chip, 'x', now_ns)); /* Alt-O came out first */
	assert_false(vi8042_can_type(&chip));
	EXPECT(0x11, 0x12, 0x44, 0xf0, 0x44, 0xf0, 0x11, 0xf0, 0x12);
	assert_true(vi8042_can_type(&chip));
	type("x");
	EXPECT(0x22, 0xf0, 0x22);
}

static void translation_switched_off_in_the_middle_leaves_no_break_behind(void **state)
{
	(void)state;
	type("a");
	expect_byte(0x1e);
	command(0x60);
	data(0x05);
	expect_byte(0xf0);
	command(0x60);
	data(0x45);
	expect_byte(0x1e);
	expect_nothing();
}

/* Whatever the guest and the user do: the line is low up to the deadline, and reads end. */
static void random_programs_keep_the_deadlines_promise(void **state)
{
	static const char keys[] = "aZ1\x1b[O;5~ABHx\r\t\x03\x80 ";
	uint64_t seed = 8042;

	(void)state;
	for (unsigned i = 0; i < 400000; i++) {
		uint64_t at;

		switch (random_below(&seed, 6)) {
		case 0:
			command((uint8_t)random_next(&seed));
			break;
		case 1:
			data((uint8_t)(0xed + random_below(&seed, 40))); /* most are commands */
			break;
		case 2:
			if (vi8042_type(&chip, (uint8_t)keys[random_below(&seed, sizeof(keys) - 1)],
					now_ns))
				now_ns++;
			break;
		case 3:
			status();
			break;
		default:
			port_in(0);
			break;
		}
		at = deadline();
		if (at != NS_NEVER) {
			assert_true(at > now_ns);
			assert_false(vi8042_irq(&chip, at - 1));
			if (random_below(&seed, 2))
				now_ns = at;
		}
		if (vi8042_take_reset(&chip) && random_below(&seed, 50) == 0)
			setup_bios(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VI8042_TEST(the_line_falls_between_two_bytes),
		VI8042_TEST(without_its_enable_bit_the_line_stays_low),
		VI8042_TEST(a_reply_waits_for_the_reader_and_the_last_one_counts),
		VI8042_TEST(an_escape_key_has_its_deadline),
		VI8042_TEST(a_key_behind_an_unfinished_sequence_is_refused_until_there_is_room),
		VI8042_TEST_BIOS(translation_switched_off_in_the_middle_leaves_no_break_behind),
		VI8042_TEST(random_programs_keep_the_deadlines_promise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
