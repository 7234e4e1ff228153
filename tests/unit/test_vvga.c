/*
 * tests/unit/test_vvga.c - what the guest's VGA promises about its registers and its text screen.
 */
#include "tests/unit/support.h"

#include "guest/vvga.h"

static struct vvga vga;
static uint64_t now_ns;

static void outb(uint16_t port, uint8_t value)
{
	struct io_access io = {.port = (uint16_t)(port - VVGA_FIRST_PORT),
			       .size = 1,
			       .write = true,
			       .value = value,
			       .now_ns = now_ns};

	vvga_access(&vga, &io);
}

static uint8_t inb(uint16_t port)
{
	struct io_access io = {.port = (uint16_t)(port - VVGA_FIRST_PORT),
			       .size = 1,
			       .value = 0xdeadbeef,
			       .now_ns = now_ns};

	vvga_access(&vga, &io);
	assert_in_range(io.value, 0, 0xff);
	return (uint8_t)io.value;
}

/* An index and data pair of ports. */
static void set(uint16_t port, uint8_t index, uint8_t value)
{
	outb(port, index);
	outb(port + 1, value);
}

static uint8_t get(uint16_t port, uint8_t index)
{
	outb(port, index);
	return inb(port + 1);
}

static void set_attribute(uint8_t index, uint8_t value)
{
	(void)inb(0x3da);
	outb(0x3c0, index);
	outb(0x3c0, value);
}

static uint8_t get_attribute(uint8_t index)
{
	(void)inb(0x3da);
	outb(0x3c0, index);
	return inb(0x3c1);
}

static struct vga_text text(void)
{
	struct vga_text t;

	assert_true(vvga_text(&vga, &t));
	return t;
}

static int setup(void **state)
{
	(void)state;
	now_ns = 0;
	vvga_power_on(&vga);
	return 0;
}

static void power_on_is_mode_3(void **state)
{
	struct vga_text t = text();

	(void)state;
	assert_int_equal(t.columns, 80);
	assert_int_equal(t.rows, 25);
	assert_int_equal(t.stride, 80);
	assert_int_equal(t.window.raw, 0xb8000);
	assert_int_equal(t.at.raw, 0xb8000);
	assert_int_equal(t.first, 0);
	assert_int_equal(t.cell_height, 16);
	assert_true(t.cursor_visible && t.blink && !t.mono);
	assert_int_equal(t.cursor_column, 0);
	assert_int_equal(t.cursor_row, 0);
	assert_int_equal(t.cursor_start, 13);
	assert_int_equal(t.cursor_end, 14);
	assert_int_equal(inb(0x3cc), 0x67);
	assert_int_equal(get(0x3d4, 0x11), 0x8e);
	assert_int_equal(inb(0x3c0), 0x20);
	assert_int_equal(inb(0x3c6), 0xff);
	assert_int_equal(inb(0x3c3), 1);
	assert_int_equal(get_attribute(6), 0x14);
}

static void registers_keep_the_bits_that_they_have(void **state)
{
	static const uint8_t sequencer[8] = {0x03, 0x3d, 0x0f, 0x3f, 0x0e};
	static const uint8_t graphics[16] = {0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff};

	(void)state;
	set(0x3d4, 0x11, 0); /* no protection */
	for (unsigned value = 0; value < 256; value += 51) {
		for (unsigned i = 0; i < 8; i++) {
			set(0x3c4, (uint8_t)i, (uint8_t)value);
			assert_int_equal(inb(0x3c5), value & sequencer[i]);
		}
		for (unsigned i = 0; i < 16; i++) {
			set(0x3ce, (uint8_t)i, (uint8_t)value);
			assert_int_equal(inb(0x3cf), value & graphics[i]);
		}
		for (unsigned i = 0; i < 256; i++) {
			if (i != 0x11)
				set(0x3d4, (uint8_t)i, (uint8_t)value);
			assert_int_equal(get(0x3d4, (uint8_t)i), i < 0x19 && i != 0x11 ? value : 0);
			assert_int_equal(inb(0x3d4), i);
		}
		outb(0x3c6, (uint8_t)value);
		assert_int_equal(inb(0x3c6), value);
		outb(0x3da, (uint8_t)value);
		assert_int_equal(inb(0x3ca), value & 0x0b);
		outb(0x3c3, (uint8_t)value);
		assert_int_equal(inb(0x3c3), value & 1);
	}
	outb(0x3c4, 0xfa);
	assert_int_equal(inb(0x3c4), 0x02);
	outb(0x3ce, 0xfa);
	assert_int_equal(inb(0x3ce), 0x0a);
}

static void crtc_protection_leaves_line_compare_open(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < 7; i++) {
		uint8_t before = get(0x3d4, i);

		set(0x3d4, i, (uint8_t)~before);
		assert_int_equal(get(0x3d4, i), before);
	}
	set(0x3d4, 0x07, 0x00);
	assert_int_equal(get(0x3d4, 0x07), 0x0f);
	set(0x3d4, 0x07, 0xff);
	assert_int_equal(get(0x3d4, 0x07), 0x1f);
	set(0x3d4, 0x08, 0x55);
	assert_int_equal(get(0x3d4, 0x08), 0x55);
	set(0x3d4, 0x11, 0x0e);
	set(0x3d4, 0x07, 0xe0);
	assert_int_equal(get(0x3d4, 0x07), 0xe0);
	set(0x3d4, 0x00, 0x12);
	assert_int_equal(get(0x3d4, 0x00), 0x12);
}

static void crtc_moves_with_the_misc_output_register(void **state)
{
	(void)state;
	set(0x3d4, 0x0f, 0x42);
	assert_int_equal(inb(0x3b4), 0xff);
	assert_int_equal(inb(0x3b5), 0xff);
	assert_int_equal(inb(0x3ba), 0xff);
	set(0x3b4, 0x0f, 0x13); /* to nobody */
	outb(0x3ba, 0x0b);
	assert_int_equal(get(0x3d4, 0x0f), 0x42);
	assert_int_equal(inb(0x3ca), 0);
	outb(0x3c2, 0xf6);
	assert_int_equal(inb(0x3cc), 0xe6); /* bit 4 does not exist */
	assert_int_equal(inb(0x3d4), 0xff);
	assert_int_equal(inb(0x3da), 0xff);
	assert_int_equal(get(0x3b4, 0x0f), 0x42);
	outb(0x3ba, 0x01);
	assert_int_equal(inb(0x3ca), 0x01);
	assert_int_not_equal(inb(0x3ba), 0xff);
}

static void places_without_a_register_are_empty(void **state)
{
	static const uint16_t empty[] = {0x3b0, 0x3b8, 0x3cb, 0x3cd, 0x3d0, 0x3d8, 0x3df};
	struct vvga before = vga;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(empty); i++) {
		outb(empty[i], 0);
		assert_int_equal(inb(empty[i]), 0xff);
	}
	outb(0x3c1, 0x12); /* for reading only */
	outb(0x3ca, 0x12);
	outb(0x3cc, 0x12);
	assert_memory_equal(&before, &vga, sizeof(vga));
	outb(0x3c2, 0x66); /* now 3Bxh is ours */
	outb(0x3b8, 0);
	assert_int_equal(inb(0x3b8), 0xff);
	assert_int_equal(inb(0x3d0), 0xff);
}

static void status_1_resets_the_attribute_flip_flop(void **state)
{
	(void)state;
	(void)inb(0x3da);
	outb(0x3c0, 0x13); /* index */
	outb(0x3c0, 0x05); /* data */
	outb(0x3c0, 0x33); /* index again, with PAS */
	assert_int_equal(inb(0x3c0), 0x33);
	assert_int_equal(inb(0x3c1), 0x05);
	(void)inb(0x3da);
	outb(0x3c0, 0x14); /* still an index */
	assert_int_equal(inb(0x3c0), 0x14);
	assert_int_equal(inb(0x3c1), 0x00);
	(void)inb(0x3ba); /* empty now: no reset */
	outb(0x3c0, 0x0f);
	assert_int_equal(inb(0x3c0), 0x14);
	assert_int_equal(inb(0x3c1), 0x0f);
}

static void palette_and_attribute_registers_read_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 32; i++) {
		uint8_t mask = i < 0x10 ? 0x3f : i == 0x10 ? 0xef : i == 0x11 ? 0xff : 0x0f;

		if (i == 0x12)
			mask = 0x3f;
		if (i > 0x14)
			mask = 0;
		set_attribute((uint8_t)i, 0xff);
		assert_int_equal(get_attribute((uint8_t)i), mask);
		set_attribute((uint8_t)i, 0x21);
		assert_int_equal(get_attribute((uint8_t)(i | 0x20)), 0x21 & mask);
	}
	outb(0x3c0, 0xff);
	(void)inb(0x3da);
	outb(0x3c0, 0xff);
	assert_int_equal(inb(0x3c0), 0x3f);
}

static void dac_colours_go_in_and_out_by_three(void **state)
{
	(void)state;
	outb(0x3c8, 0xfe);
	assert_int_equal(inb(0x3c7), 0);
	for (unsigned i = 0; i < 9; i++) /* FEh, FFh, 00h */
		outb(0x3c9, (uint8_t)(0xc0 + 10 + i));
	assert_int_equal(inb(0x3c8), 1);
	outb(0x3c7, 0xfe);
	assert_int_equal(inb(0x3c7), 3);
	for (unsigned i = 0; i < 9; i++)
		assert_int_equal(inb(0x3c9), 10 + i);
	assert_int_equal(inb(0x3c9), 0); /* blue, the second EGA colour */
	assert_int_equal(inb(0x3c9), 0);
	assert_int_equal(inb(0x3c9), 0x2a);
	outb(0x3c8, 2);
	assert_int_equal(inb(0x3c7), 0);
}

static void a_dac_colour_changes_when_it_is_whole(void **state)
{
	(void)state;
	outb(0x3c8, 0x3f);
	outb(0x3c9, 1);
	outb(0x3c9, 2);
	outb(0x3c7, 0x3f); /* begins anew */
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(inb(0x3c9), 0x3f);
	outb(0x3c8, 0x3f);
	outb(0x3c9, 9);
	outb(0x3c8, 0x3f); /* likewise */
	for (uint8_t i = 1; i <= 3; i++)
		outb(0x3c9, i);
	outb(0x3c7, 0x3f);
	for (uint8_t i = 1; i <= 3; i++)
		assert_int_equal(inb(0x3c9), i);
}

/* As a BIOS does: a medium colour in all three, then in each. */
static void switch_sense_shows_a_colour_monitor(void **state)
{
	static const struct {
		uint8_t colour[3], sense;
	} steps[] = {{{0, 0, 0}, 0x10}, {{20, 20, 20}, 0x10}, {{30, 30, 30}, 0x10},
		     {{45, 0, 0}, 0},   {{0, 45, 0}, 0},      {{0, 0, 45}, 0}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(steps); i++) {
		outb(0x3c8, 0);
		for (unsigned part = 0; part < 3; part++)
			outb(0x3c9, steps[i].colour[part]);
		assert_int_equal(inb(0x3c2), steps[i].sense);
	}
}

/* One second, in steps of a microsecond. */
static void status_1_shows_70_frames_and_31468_lines_a_second(void **state)
{
	unsigned retraces = 0, blanks = 0, in_retrace = 0;
	uint8_t before = 0;

	(void)state;
	for (now_ns = 0; now_ns < NS_PER_SECOND; now_ns += 1000) {
		uint8_t status = inb(0x3da);

		assert_int_equal(status & ~9, 0);
		if (status & 8)
			assert_true(status & 1);
		retraces += !(before & 8) && (status & 8);
		blanks += !(before & 1) && (status & 1);
		in_retrace += (status & 8) != 0;
		before = status;
	}
	assert_in_range(retraces, 70, 71);
	assert_in_range(blanks, 70 * 400, 71 * 400);
	assert_in_range(in_retrace, 4400, 4520); /* 2 lines of 449 */
	now_ns = UINT64_MAX;
	(void)inb(0x3da);
}

static void graphics_modes_are_no_text(void **state)
{
	struct vga_text t = {.columns = 3};

	(void)state;
	set(0x3ce, 6, 0x0f);
	assert_false(vvga_text(&vga, &t));
	set(0x3ce, 6, 0x0e);
	assert_true(vvga_text(&vga, &t));
	t.columns = 3;
	set_attribute(0x10, 0x01);
	assert_false(vvga_text(&vga, &t));
	assert_int_equal(t.columns, 3);
}

static void the_window_is_where_graphics_register_6_says(void **state)
{
	static const uint32_t windows[] = {0xa0000, 0xa0000, 0xb0000, 0xb8000};

	(void)state;
	set(0x3d4, 0x0d, 3);
	for (unsigned i = 0; i < 4; i++) {
		set(0x3ce, 6, (uint8_t)(i << 2));
		assert_int_equal(text().window.raw, windows[i]);
		assert_int_equal(text().at.raw, windows[i] + 6);
	}
}

static void columns_and_rows_come_from_the_crtc(void **state)
{
	static const struct {
		uint8_t display_end, overflow, vertical, scan_line;
		unsigned columns, rows, height;
	} modes[] = {
		{0x27, 0x1f, 0x8f, 0x4f, 40, 25, 16},  /* 40 columns */
		{0x4f, 0x1f, 0x8f, 0x47, 80, 50, 8},   /* the 8x8 font */
		{0x4f, 0x1f, 0x5d, 0x47, 80, 43, 8},   /* 350 lines */
		{0x4f, 0x1f, 0x5d, 0x4d, 80, 25, 14},  /* the 8x14 font */
		{0x4f, 0x3e, 0xdf, 0x4f, 80, 30, 16},  /* 480 lines */
		{0x4f, 0x5e, 0xdf, 0x4f, 80, 60, 16},  /* 1024 lines or more: cut */
		{0x4f, 0x1f, 0x8f, 0xc7, 80, 25, 8},   /* each line twice */
		{0x83, 0x1f, 0x8f, 0x4f, 132, 25, 16}, /* the most */
		{0xff, 0x1f, 0x8f, 0x4f, 132, 25, 16}, /* cut */
		{0x00, 0x00, 0x00, 0x1f, 1, 1, 32},    /* the least */
	};

	(void)state;
	set(0x3d4, 0x11, 0x0e);
	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
		set(0x3d4, 0x01, modes[i].display_end);
		set(0x3d4, 0x07, modes[i].overflow);
		set(0x3d4, 0x12, modes[i].vertical);
		set(0x3d4, 0x09, modes[i].scan_line);
		assert_int_equal(text().columns, modes[i].columns);
		assert_int_equal(text().rows, modes[i].rows);
		assert_int_equal(text().cell_height, modes[i].height);
	}
}

static void the_start_address_moves_the_screen_and_wraps(void **state)
{
	(void)state;
	set(0x3d4, 0x0c, 0x07);
	set(0x3d4, 0x0d, 0xd0);
	assert_int_equal(text().first, 2000);
	assert_int_equal(text().at.raw, 0xb8000 + 4000);
	assert_false(text().cursor_visible); /* it is left behind */
	set(0x3d4, 0x0c, 0xff);
	set(0x3d4, 0x0d, 0xff);
	assert_int_equal(text().first, 0x3fff);
	assert_int_equal(text().at.raw, 0xbfffe);
	assert_true(text().cursor_visible); /* cell 0 is the second one now */
	assert_int_equal(text().cursor_column, 1);
	set(0x3d4, 0x13, 0x50);
	assert_int_equal(text().stride, 160);
	assert_int_equal(text().columns, 80);
}

static void put_cursor(unsigned cell)
{
	set(0x3d4, 0x0e, (uint8_t)(cell >> 8));
	set(0x3d4, 0x0f, (uint8_t)cell);
}

static void the_cursor_is_where_its_address_says(void **state)
{
	struct vga_text t;

	(void)state;
	put_cursor(24 * 80 + 79);
	t = text();
	assert_true(t.cursor_visible);
	assert_int_equal(t.cursor_row, 24);
	assert_int_equal(t.cursor_column, 79);
	put_cursor(25 * 80);
	t = text();
	assert_false(t.cursor_visible);
	assert_int_equal(t.cursor_row, 0);
	assert_int_equal(t.cursor_column, 0);
	set(0x3d4, 0x13, 0x50); /* 160 cells in a row, 80 of them shown */
	put_cursor(160 + 80);
	assert_false(text().cursor_visible);
	put_cursor(160 + 5);
	assert_true(text().cursor_visible);
	assert_int_equal(text().cursor_row, 1);
	assert_int_equal(text().cursor_column, 5);
	set(0x3d4, 0x13, 0); /* all rows show the same cells */
	put_cursor(7);
	assert_true(text().cursor_visible);
	assert_int_equal(text().cursor_row, 0);
	assert_int_equal(text().cursor_column, 7);
}

static void the_cursor_can_be_off(void **state)
{
	static const struct {
		uint8_t start, end;
		bool visible;
	} shapes[] = {{13, 14, true},  {0x2d, 14, false},  {0x20, 0x0f, false},
		      {0, 15, true},   {15, 15, true},     {15, 14, false},
		      {16, 31, false}, {0x4d, 0x6e, true}, {0x1f, 0, false}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(shapes); i++) {
		set(0x3d4, 0x0a, shapes[i].start);
		set(0x3d4, 0x0b, shapes[i].end);
		assert_int_equal(text().cursor_visible, shapes[i].visible);
		assert_int_equal(text().cursor_start, shapes[i].start & 0x1f);
		assert_int_equal(text().cursor_end, shapes[i].end & 0x1f);
	}
}

static void blink_and_mono_come_from_the_attribute_mode(void **state)
{
	(void)state;
	set_attribute(0x10, 0x04);
	assert_true(!text().blink && !text().mono);
	set_attribute(0x10, 0x0e);
	assert_true(text().blink && text().mono);
}

static void no_register_past_the_last_one(void **state)
{
	struct io_access io = {.port = VVGA_REGISTERS, .size = 1};

	(void)state;
	expect_assert_failure(vvga_access(&vga, &io));
}

/* Whatever a guest writes, the screen stays within its limits. */
static void random_registers_give_a_screen_within_limits(void **state)
{
	uint64_t seed = 1;
	unsigned screens = 0;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		uint16_t port = (uint16_t)(VVGA_FIRST_PORT + random_below(&seed, VVGA_REGISTERS));
		struct vga_text t;

		if (random_next(&seed) & 1)
			outb(port, (uint8_t)random_next(&seed));
		else
			(void)inb(port);
		if (!vvga_text(&vga, &t))
			continue;
		screens++;
		assert_in_range(t.columns, 1, VGA_MAX_COLUMNS);
		assert_in_range(t.rows, 1, VGA_MAX_ROWS);
		assert_in_range(t.cell_height, 1, 32);
		assert_true(t.first < VGA_WINDOW_CELLS && t.stride <= 510);
		assert_int_equal(t.at.raw, t.window.raw + t.first * 2u);
		assert_true(t.cursor_column < t.columns && t.cursor_row < t.rows);
	}
	assert_true(screens > 1000);
}

#define VVGA_TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VVGA_TEST(power_on_is_mode_3),
		VVGA_TEST(registers_keep_the_bits_that_they_have),
		VVGA_TEST(crtc_protection_leaves_line_compare_open),
		VVGA_TEST(crtc_moves_with_the_misc_output_register),
		VVGA_TEST(places_without_a_register_are_empty),
		VVGA_TEST(status_1_resets_the_attribute_flip_flop),
		VVGA_TEST(palette_and_attribute_registers_read_back),
		VVGA_TEST(dac_colours_go_in_and_out_by_three),
		VVGA_TEST(a_dac_colour_changes_when_it_is_whole),
		VVGA_TEST(switch_sense_shows_a_colour_monitor),
		VVGA_TEST(status_1_shows_70_frames_and_31468_lines_a_second),
		VVGA_TEST(graphics_modes_are_no_text),
		VVGA_TEST(the_window_is_where_graphics_register_6_says),
		VVGA_TEST(columns_and_rows_come_from_the_crtc),
		VVGA_TEST(the_start_address_moves_the_screen_and_wraps),
		VVGA_TEST(the_cursor_is_where_its_address_says),
		VVGA_TEST(the_cursor_can_be_off),
		VVGA_TEST(blink_and_mono_come_from_the_attribute_mode),
		VVGA_TEST(no_register_past_the_last_one),
		VVGA_TEST(random_registers_give_a_screen_within_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
