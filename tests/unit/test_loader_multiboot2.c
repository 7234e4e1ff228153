/* tests/unit/test_loader_multiboot2.c - Multiboot 2: header tags and boot information. */
#include "tests/unit/multiboot_image.h"

static void start(void)
{
	rig_start(VM_KIND_MULTIBOOT, 8 * MIB);
	rig.config.args = text_from("one two");
	clear_image();
	make_elf(false, 0);
	begin_header_2();
}

/* The place of the n-th information tag of a type, or 0. */
static uint64_t find_tag(uint32_t type, unsigned n)
{
	uint64_t info = rig.cpu.gpr[RBX], end = info + rig_number(info, 4), at = info + 8;

	assert_true(is_aligned(info, 8));
	while (at < end) {
		uint64_t size = rig_number(at + 4, 4);

		assert_true(size >= 8 && at + size <= end);
		if (rig_number(at, 4) == type && n-- == 0)
			return at;
		if (rig_number(at, 4) == 0)
			assert_int_equal(at + 8, end);
		at += align_up(size, 8);
	}
	return 0;
}

static void the_information_says_what_there_is(void **state)
{
	static const uint8_t module[100] = {1, 2, 3};
	uint64_t at;

	(void)state;
	start();
	rig_add(VM_ROLE_MODULE, module, sizeof(module), "a b");
	rig_add(VM_ROLE_MODULE, module, 50, "");
	end_header_2(0);
	assert_int_equal(rig_load(image, sizeof(image)), OK);
	assert_int_equal(rig.cpu.gpr[RAX], 0x36d76289);
	assert_int_equal(rig.cpu.rip, 0x100010);
	rig_holds(0x100000, image + TEXT_AT, 0x1000);
	rig_holds(find_tag(1, 0) + 8, "one two", 8);
	assert_int_equal(rig_number(find_tag(1, 0) + 4, 4), 16);
	rig_holds(find_tag(2, 0) + 8, "Lintel", 7);
	at = find_tag(3, 0);
	assert_int_equal(rig_number(at + 8, 4), 0x106000);
	assert_int_equal(rig_number(at + 12, 4), 0x106064);
	rig_holds(at + 16, "a b", 4);
	rig_holds(0x106000, module, sizeof(module));
	assert_int_equal(rig_number(find_tag(3, 1) + 8, 4), 0x107000);
	assert_int_equal(find_tag(3, 2), 0);
	at = find_tag(4, 0);
	assert_int_equal(rig_number(at + 8, 4), 639);
	assert_int_equal(rig_number(at + 12, 4), 7 * 1024);
	at = find_tag(6, 0);
	assert_int_equal(rig_number(at + 4, 4), 16 + 4 * 24);
	assert_int_equal(rig_number(at + 8, 4), 24);
	assert_int_equal(rig_number(at + 16 + 3 * 24, 8), MIB);
	assert_int_equal(rig_number(at + 16 + 3 * 24 + 8, 8), 7 * MIB);
	assert_int_equal(rig_number(at + 16 + 3 * 24 + 16, 4), 1);
	assert_int_equal(rig_number(find_tag(8, 0) + 8, 8), 0xb8000);
	assert_int_equal(find_tag(21, 0), 0);
	assert_true(find_tag(0, 0) != 0);
}

static void tags_that_ask_for_nothing_strange_are_fine(void **state)
{
	static const uint32_t request[] = {1, 2, 3, 4, 6, 8, 21}, console[] = {3},
			      text[] = {80, 25, 0};
	static const uint32_t graphics[] = {1024, 768, 32}, strange[] = {99}, only_graphics[] = {1};

	(void)state;
	start();
	add_tag(1, false, request, ARRAY_SIZE(request));
	add_tag(1, true, strange, 1);
	add_tag(4, false, console, 1);
	add_tag(4, true, only_graphics, 1);
	add_tag(5, false, text, 3);
	add_tag(5, true, graphics, 3);
	add_tag(6, false, NULL, 0);
	add_tag(7, true, NULL, 0);
	add_tag(9, true, console, 1);
	add_tag(77, true, strange, 1);
	end_header_2(0);
	assert_int_equal(rig_load(image, sizeof(image)), OK);
}

static void addresses_and_entry_come_from_tags(void **state)
{
	static const uint32_t address[] = {0x201000, UINT32_MAX, 0, 0x210000}, entry[] = {0x200040};

	(void)state;
	start();
	add_tag(2, false, address, 4);
	add_tag(3, false, entry, 1);
	end_header_2(0);
	assert_int_equal(rig_load(image, sizeof(image)), OK);
	assert_int_equal(rig.cpu.rip, 0x200040);
	rig_holds(0x200000, image, IMAGE_BYTES);

	begin_header_2();
	add_tag(2, false, address, 4);
	end_header_2(0);
	rig_refuses(image, sizeof(image), ERR_INVALID, "addresses without an entry address");
}

static void a_relocatable_kernel_is_moved_as_it_prefers(void **state)
{
	static const struct {
		uint32_t words[4]; /* min, max, align, preference */
		uint64_t base;
	} cases[] = {
		{{0, UINT32_MAX, 0x1000, 0}, 0x100000},
		{{0, 0x7fffff, 0x10000, 2}, 0x7f0000},
		{{0x300000, 0x3fffff, 16, 1}, 0x300000},
		{{0x200010, 0x7fffff, 0x1000, 0}, 0x201000},
		{{0, 0x104fff, 1, 0}, 0},
	};

	(void)state;
	start();
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		begin_header_2();
		add_tag(10, false, cases[i].words, 4);
		end_header_2(0);
		if (cases[i].base == 0) {
			rig_refuses(image, sizeof(image), ERR_RANGE,
				    "no room for the kernel: 22528 bytes at 0");
			continue;
		}
		assert_int_equal(rig_load(image, sizeof(image)), OK);
		assert_int_equal(rig.cpu.rip, cases[i].base + 0x10);
		rig_holds(cases[i].base, image + TEXT_AT, 0x1000);
		assert_int_equal(rig_number(find_tag(21, 0) + 8, 4), cases[i].base);
	}
}

static void what_is_required_but_not_there_is_named(void **state)
{
	static const struct {
		unsigned type, count;
		uint32_t words[4];
		enum status status;
		const char *words_seen;
	} cases[] = {
		{1, 1, {9}, ERR_UNSUPPORTED, "information tag 9 is required, but not given"},
		{1, 1, {1000}, ERR_UNSUPPORTED, "information tag 1000 is required"},
		{2, 3, {1}, ERR_CORRUPT, "tag 2 has 20 bytes, 24 are the least"},
		{4, 1, {1}, ERR_UNSUPPORTED, "console_flags 0x1 want graphics"},
		{5, 3, {640, 480, 8}, ERR_UNSUPPORTED, "a framebuffer of depth 8 is required"},
		{10, 4, {0, 0, 3, 0}, ERR_INVALID, "align 0x3 is no power of two"},
		{10, 4, {0, 0, 0, 0}, ERR_INVALID, "align 0 is no power of two"},
		{11, 0, {0}, ERR_UNSUPPORTED, "tag 11 is required, but not known"},
	};

	(void)state;
	start();
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		begin_header_2();
		add_tag(cases[i].type, false, cases[i].words, cases[i].count);
		end_header_2(0);
		rig_refuses(image, sizeof(image), cases[i].status, cases[i].words_seen);
	}
}

static void set_length(uint32_t len)
{
	put(HEADER_AT + 8, len, 4);
	put(HEADER_AT + 12, (uint32_t) - (0xe85250d6 + len), 4);
}

static void a_header_that_lies_is_refused(void **state)
{
	(void)state;
	start();
	end_header_2(4);
	rig_refuses(image, sizeof(image), ERR_UNSUPPORTED, "architecture 4 is not known");
	begin_header_2();
	end_header_2(0);
	set_length(0x2001);
	rig_refuses(image, sizeof(image), ERR_CORRUPT, "header_length 8193 leaves the file");
	set_length(16);
	rig_refuses(image, sizeof(image), ERR_CORRUPT, "no end tag");
	set_length(24);
	put(HEADER_AT + 20, 7, 4);
	rig_refuses(image, sizeof(image), ERR_CORRUPT, "tag 0 has a size of 7");
	put(HEADER_AT + 20, 9, 4);
	rig_refuses(image, sizeof(image), ERR_CORRUPT, "tag 0 has a size of 9");
	put(HEADER_AT + 12, 0, 4);
	rig_refuses(image, sizeof(image), ERR_CORRUPT, "Multiboot header at 0x1000: wrong");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_information_says_what_there_is, arena_teardown),
		cmocka_unit_test_teardown(tags_that_ask_for_nothing_strange_are_fine,
					  arena_teardown),
		cmocka_unit_test_teardown(addresses_and_entry_come_from_tags, arena_teardown),
		cmocka_unit_test_teardown(a_relocatable_kernel_is_moved_as_it_prefers,
					  arena_teardown),
		cmocka_unit_test_teardown(what_is_required_but_not_there_is_named, arena_teardown),
		cmocka_unit_test_teardown(a_header_that_lies_is_refused, arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
