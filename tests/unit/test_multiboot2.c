/*
 * tests/unit/test_multiboot2.c - boot/multiboot2.h: what boot loaders say, whole and damaged.
 *
 * A block is built tag by tag; then one thing in it is broken.
 */
#include "tests/unit/support.h"

#include <string.h>

#include "boot/multiboot2.h"

#define BLOCK_BYTES 8192u

static ALIGNED(8) uint8_t block[BLOCK_BYTES];
static uint32_t used;
static struct multiboot2 m;

static void put32(uint32_t offset, uint32_t value)
{
	memcpy(block + offset, &value, sizeof(value));
}

static void put64(uint32_t offset, uint64_t value)
{
	memcpy(block + offset, &value, sizeof(value));
}

/* Begins a tag of size bytes, zeroed; returns the offset of the tag. */
static uint32_t add_tag(uint32_t type, uint32_t size)
{
	uint32_t at = used;

	assert_true(used + size + 8 <= BLOCK_BYTES);
	memset(block + at, 0, size);
	put32(at, type);
	put32(at + 4, size);
	used = (uint32_t)align_up(used + size, 8);
	return at;
}

static uint32_t add_text(uint32_t type, const char *text)
{
	uint32_t at = add_tag(type, 8 + (uint32_t)strlen(text) + 1);

	memcpy(block + at + 8, text, strlen(text) + 1);
	return at;
}

static uint32_t add_module(uint32_t start, uint32_t end, const char *line)
{
	uint32_t at = add_tag(3, 16 + (uint32_t)strlen(line) + 1);

	put32(at + 8, start);
	put32(at + 12, end);
	memcpy(block + at + 16, line, strlen(line) + 1);
	return at;
}

static uint32_t add_memory_map(uint32_t count)
{
	uint32_t at = add_tag(6, 16 + count * 24);

	put32(at + 8, 24);
	for (uint32_t i = 0; i < count; i++) {
		put64(at + 16 + i * 24, i * GIB);
		put64(at + 16 + i * 24 + 8, GIB);
		put32(at + 16 + i * 24 + 16, i + 1);
	}
	return at;
}

static uint32_t add_efi_map(uint32_t count)
{
	uint32_t at = add_tag(17, 16 + count * 48);

	put32(at + 8, 48); /* 40, and what OVMF adds */
	put32(at + 12, 1);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t entry = at + 16 + i * 48;

		put32(entry, i);
		put64(entry + 8, i * 16 * MIB);
		put64(entry + 24, 16);
	}
	return at;
}

static uint32_t add_framebuffer(uint32_t size, uint8_t kind)
{
	uint32_t at = add_tag(8, size);

	put64(at + 8, 0xfd000000);
	put32(at + 16, 4096);
	put32(at + 20, 1024);
	put32(at + 24, 768);
	block[at + 28] = 32;
	block[at + 29] = kind;
	return at;
}

static void begin(void)
{
	memset(block, 0xa5, sizeof(block));
	used = 8;
	put32(4, 0);
}

static enum status parse_as_it_is(void)
{
	put32(0, used);
	return multiboot2_parse(&m, block, used);
}

static enum status parse(void)
{
	add_tag(0, 8);
	return parse_as_it_is();
}

static void assert_last_problem(const char *tag, const char *what)
{
	assert_true(m.problem_count > 0);
	assert_string_equal(m.problems[m.problem_count - 1].tag, tag);
	assert_string_equal(m.problems[m.problem_count - 1].what, what);
}

/* What is damaged is needed: an error that names it. */
static void assert_refused(const char *tag, const char *what)
{
	assert_int_equal(parse(), ERR_CORRUPT);
	assert_last_problem(tag, what);
}

/* What is damaged is left out, and the rest is there. */
static void assert_left_out(const char *tag, const char *what)
{
	add_memory_map(2);
	add_text(1, "after");
	assert_int_equal(parse(), OK);
	assert_int_equal(m.problem_count, 1);
	assert_last_problem(tag, what);
	assert_string_equal(m.command_line, "after");
}

static int setup(void **state)
{
	(void)state;
	begin();
	return 0;
}

static void a_whole_block_is_understood(void **state)
{
	uint32_t at;

	(void)state;
	add_text(1, "loglevel=info");
	add_text(2, "GRUB 2.06");
	add_module(0x200000, 0x200400, "vm=demo kind=flat");
	add_module(0x300000, 0x300000, "");
	at = add_tag(4, 16);
	put32(at + 8, 640);
	put32(at + 12, 65536);
	add_memory_map(3);
	add_efi_map(5);
	at = add_framebuffer(38, FRAMEBUFFER_RGB);
	memcpy(block + at + 32, (uint8_t[]){16, 8, 8, 8, 0, 8}, 6);
	memset(block + add_tag(14, 8 + 20) + 8, 'o', 20);
	memset(block + add_tag(15, 8 + 36) + 8, 'n', 36);
	add_tag(18, 8);
	add_tag(21, 12); /* load base address: of no use to us */
	assert_int_equal(parse(), OK);

	assert_int_equal(m.problem_count, 0);
	assert_int_equal(m.total_bytes, used);
	assert_string_equal(m.command_line, "loglevel=info");
	assert_string_equal(m.loader_name, "GRUB 2.06");
	assert_int_equal(m.module_count, 2);
	assert_int_equal(m.modules[0].start, 0x200000);
	assert_int_equal(m.modules[0].end, 0x200400);
	assert_string_equal(m.modules[0].command_line, "vm=demo kind=flat");
	assert_string_equal(m.modules[1].command_line, "");
	assert_true(m.has_basic_memory);
	assert_int_equal(m.lower_kib, 640);
	assert_int_equal(m.upper_kib, 65536);
	assert_int_equal(m.memory.count, 3);
	assert_int_equal(m.efi_memory.count, 5);
	assert_int_equal(m.efi_memory.entry_bytes, 48);
	assert_true(m.efi_boot_services);
	assert_true(m.has_rsdp_old && m.rsdp_old[19] == 'o');
	assert_true(m.has_rsdp_new && m.rsdp_new[35] == 'n');
	assert_true(m.has_framebuffer);
	assert_int_equal(m.framebuffer.at.raw, 0xfd000000);
	assert_int_equal(m.framebuffer.width, 1024);
	assert_int_equal(m.framebuffer.height, 768);
	assert_int_equal(m.framebuffer.pitch_bytes, 4096);
	assert_int_equal(m.framebuffer.red.position, 16);
	assert_int_equal(m.framebuffer.blue.bits, 8);
}

static void a_memory_map_is_all_that_is_needed(void **state)
{
	(void)state;
	add_memory_map(1);
	assert_int_equal(parse(), OK);
	assert_string_equal(m.command_line, "");
	assert_string_equal(m.loader_name, "");
	assert_int_equal(m.module_count, 0);
	assert_false(m.has_rsdp_old || m.has_rsdp_new || m.has_framebuffer || m.has_basic_memory);
}

static void without_any_memory_map_it_is_named_as_missing(void **state)
{
	(void)state;
	add_text(1, "x");
	assert_int_equal(parse(), ERR_NOT_FOUND);
	assert_last_problem("memory map", "it is missing");
}

static void an_efi_map_does_for_a_memory_map(void **state)
{
	(void)state;
	add_efi_map(1);
	assert_int_equal(parse(), OK);
}

static void a_block_off_its_border_is_refused(void **state)
{
	(void)state;
	assert_int_equal(multiboot2_parse(&m, block + 4, 64), ERR_ALIGNMENT);
	assert_last_problem("tag list", "it is not on a border of 8 bytes");
}

static void a_block_of_impossible_size_is_refused(void **state)
{
	(void)state;
	add_memory_map(1);
	add_tag(0, 8);
	put32(0, used);
	assert_int_equal(multiboot2_parse(&m, block, 7), ERR_CORRUPT);
	assert_last_problem("tag list", "it is too small");
	assert_int_equal(multiboot2_parse(&m, block, used - 1), ERR_CORRUPT);
	assert_last_problem("tag list", "it is too large");
	put32(0, 8);
	assert_int_equal(multiboot2_parse(&m, block, BLOCK_BYTES), ERR_CORRUPT);
	assert_last_problem("tag list", "it is too small");
	put32(0, (uint32_t)MULTIBOOT2_MOST_BYTES + 8);
	assert_int_equal(multiboot2_parse(&m, block, UINT32_MAX), ERR_CORRUPT);
	assert_last_problem("tag list", "it is too large");
}

static void a_list_without_an_end_is_refused(void **state)
{
	(void)state;
	add_memory_map(1);
	assert_int_equal(parse_as_it_is(), ERR_CORRUPT);
	assert_last_problem("end", "it is missing");
}

static void a_last_tag_whose_padding_leaves_the_block_is_no_end(void **state)
{
	uint32_t at;

	(void)state;
	add_memory_map(1);
	at = add_tag(2, 9);
	used = at + 9; /* the block ends with the tag and not on a border of 8 */
	assert_int_equal(parse_as_it_is(), ERR_CORRUPT);
	assert_last_problem("end", "it is missing");
}

static void a_tag_that_is_smaller_than_its_head_is_refused(void **state)
{
	(void)state;
	for (uint32_t size = 0; size < 8; size++) {
		begin();
		put32(add_tag(6, 16) + 4, size);
		assert_refused("memory map", "its size is less than its head");
	}
}

static void a_tag_that_overruns_the_block_is_refused(void **state)
{
	(void)state;
	put32(add_text(1, "x") + 4, 4096);
	assert_refused("boot command line", "it reaches past the end of the block");
	begin();
	put32(add_tag(99, 16) + 4, UINT32_MAX);
	assert_refused("unknown", "it reaches past the end of the block");
}

static void a_command_line_without_an_end_is_refused(void **state)
{
	(void)state;
	memset(block + add_tag(1, 13) + 8, 'x', 5);
	assert_refused("boot command line", "its text has no end");
	begin();
	add_tag(1, 8);
	assert_refused("boot command line", "its text has no end");
}

static void damaged_modules_are_refused(void **state)
{
	(void)state;
	add_tag(3, 16);
	assert_refused("module", "it is too small");
	begin();
	add_module(0x2000, 0x1fff, "x");
	assert_refused("module", "it ends before it starts");
	begin();
	block[add_module(0x1000, 0x2000, "x") + 17] = 'x';
	assert_refused("module", "its text has no end");
}

static void one_module_too_many_is_left_out(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MULTIBOOT2_MODULES_MAX; i++)
		add_module(0x1000 * i, 0x1000 * i + 1, "");
	add_memory_map(1);
	add_module(0, 1, "one more");
	assert_int_equal(parse(), OK);
	assert_int_equal(m.module_count, MULTIBOOT2_MODULES_MAX);
	assert_int_equal(m.modules_left_out, 1);
}

static void damaged_memory_maps_are_refused(void **state)
{
	(void)state;
	add_tag(6, 12);
	assert_refused("memory map", "it is too small");
	begin();
	put32(add_memory_map(2) + 8, 16);
	assert_refused("memory map", "its entries are too small");
	begin();
	put32(add_memory_map(2) + 8, 0);
	assert_refused("memory map", "its entries are too small");
	begin();
	put32(add_memory_map(2) + 8, 28);
	assert_refused("memory map", "its entry size is not a multiple of 8");
	begin();
	put32(add_memory_map(2) + 8, 32);
	assert_refused("memory map", "its size is not a whole number of entries");
	begin();
	add_memory_map(0);
	assert_refused("memory map", "it is empty");
	begin();
	put32(add_efi_map(2) + 8, 32);
	assert_refused("EFI memory map", "its entries are too small");
}

static void damaged_tags_that_we_can_do_without_are_left_out(void **state)
{
	(void)state;
	add_tag(2, 8);
	assert_left_out("boot loader name", "its text has no end");
	begin();
	add_tag(4, 12);
	assert_left_out("basic memory information", "it is too small");
	assert_false(m.has_basic_memory);
	begin();
	add_tag(14, 8 + 19);
	assert_left_out("ACPI old RSDP", "it is too small");
	assert_false(m.has_rsdp_old);
	begin();
	add_tag(15, 8 + 20);
	assert_left_out("ACPI new RSDP", "it is too small");
	assert_false(m.has_rsdp_new);
}

static void damaged_framebuffers_are_left_out(void **state)
{
	(void)state;
	add_framebuffer(30, FRAMEBUFFER_TEXT);
	assert_left_out("framebuffer", "it is too small");
	begin();
	add_framebuffer(37, FRAMEBUFFER_RGB);
	assert_left_out("framebuffer", "it is too small");
	begin();
	add_framebuffer(38, 3);
	assert_left_out("framebuffer", "its type is not known");
	begin();
	put32(add_framebuffer(38, FRAMEBUFFER_RGB) + 24, 0);
	assert_left_out("framebuffer", "it has no area");
	begin();
	put32(add_framebuffer(38, FRAMEBUFFER_RGB) + 16, 4095);
	assert_left_out("framebuffer", "its lines are shorter than its width");
	assert_false(m.has_framebuffer);
}

static void text_framebuffers_need_no_colours(void **state)
{
	(void)state;
	add_framebuffer(32, FRAMEBUFFER_TEXT);
	add_memory_map(1);
	assert_int_equal(parse(), OK);
	assert_true(m.has_framebuffer);
	assert_int_equal(m.framebuffer.kind, FRAMEBUFFER_TEXT);
}

static void the_last_of_many_problems_is_the_error(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MULTIBOOT2_PROBLEMS_MAX + 3; i++)
		add_tag(4, 12);
	add_module(2, 1, "");
	assert_int_equal(parse(), ERR_CORRUPT);
	assert_int_equal(m.problem_count, MULTIBOOT2_PROBLEMS_MAX);
	assert_last_problem("module", "it ends before it starts");
}

static void the_memory_map_becomes_regions_of_each_kind(void **state)
{
	static const enum region_kind kinds[] = {
		REGION_RAM,      REGION_RESERVED, REGION_ACPI_RECLAIM,
		REGION_ACPI_NVS, REGION_BAD,      REGION_RESERVED,
	};
	static struct regions r;

	(void)state;
	add_memory_map(ARRAY_SIZE(kinds));
	assert_int_equal(parse(), OK);
	regions_init(&r);
	assert_int_equal(multiboot2_add_memory(&m, &r), OK);
	assert_int_equal(r.count, ARRAY_SIZE(kinds));
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		assert_int_equal(r.items[i].start.raw, i * GIB);
		assert_int_equal(r.items[i].len_bytes, GIB);
		assert_int_equal(r.items[i].kind, kinds[i]);
	}
}

/* EFI types 0 to 15. */
static const enum region_kind efi_kinds[] = {
	REGION_RESERVED, REGION_RAM,          REGION_RAM,      REGION_RAM,
	REGION_RAM,      REGION_RESERVED,     REGION_RESERVED, REGION_RAM,
	REGION_BAD,      REGION_ACPI_RECLAIM, REGION_ACPI_NVS, REGION_RESERVED,
	REGION_RESERVED, REGION_RESERVED,     REGION_RESERVED, REGION_RESERVED,
};

static void the_efi_map_alone_gives_all_regions(void **state)
{
	static struct regions r;

	(void)state;
	add_efi_map(ARRAY_SIZE(efi_kinds));
	assert_int_equal(parse(), OK);
	regions_init(&r);
	assert_int_equal(multiboot2_add_memory(&m, &r), OK);
	assert_int_equal(r.count, ARRAY_SIZE(efi_kinds));
	for (size_t i = 0; i < ARRAY_SIZE(efi_kinds); i++) {
		assert_int_equal(r.items[i].start.raw, i * 16 * MIB);
		assert_int_equal(r.items[i].len_bytes, 16 * PAGE_4K);
		assert_int_equal(r.items[i].kind, efi_kinds[i]);
	}
}

static void memory_of_running_boot_services_is_not_free(void **state)
{
	static struct regions r;

	(void)state;
	add_efi_map(5);
	add_tag(18, 8);
	assert_int_equal(parse(), OK);
	regions_init(&r);
	assert_int_equal(multiboot2_add_memory(&m, &r), OK);
	assert_int_equal(r.items[3].kind, REGION_RESERVED);
	assert_int_equal(r.items[4].kind, REGION_RESERVED);
}

static void beside_a_memory_map_the_efi_map_only_takes_away(void **state)
{
	static struct regions r;

	(void)state;
	add_memory_map(1);
	add_efi_map(ARRAY_SIZE(efi_kinds));
	assert_int_equal(parse(), OK);
	regions_init(&r);
	assert_int_equal(multiboot2_add_memory(&m, &r), OK);
	assert_int_equal(r.items[0].kind, REGION_RAM);
	for (size_t i = 1; i < r.count; i++)
		assert_int_not_equal(r.items[i].kind, REGION_RAM);
}

static void an_efi_range_that_is_too_long_for_64_bits_is_cut(void **state)
{
	static struct regions r;

	(void)state;
	put64(add_efi_map(1) + 16 + 24, UINT64_MAX / 2);
	assert_int_equal(parse(), OK);
	regions_init(&r);
	assert_int_equal(multiboot2_add_memory(&m, &r), OK);
	assert_int_equal(r.items[0].len_bytes, UINT64_MAX);
}

static void a_full_list_of_regions_is_reported(void **state)
{
	static struct regions r;

	(void)state;
	add_memory_map(2);
	assert_int_equal(parse(), OK);
	regions_init(&r);
	for (uint64_t i = 0; i < REGIONS_MAX - 1; i++)
		assert_int_equal(regions_add(&r, i * MIB, PAGE_4K, REGION_RAM), OK);
	assert_int_equal(multiboot2_add_memory(&m, &r), ERR_FULL);
	begin();
	add_efi_map(1);
	assert_int_equal(parse(), OK);
	assert_int_equal(multiboot2_add_memory(&m, &r), ERR_FULL);
}

static void every_tag_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(multiboot2_tag_name(0), "end");
	assert_string_equal(multiboot2_tag_name(6), "memory map");
	assert_string_equal(multiboot2_tag_name(12345), "unknown");
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_whole_block_is_understood),
		TEST(a_memory_map_is_all_that_is_needed),
		TEST(without_any_memory_map_it_is_named_as_missing),
		TEST(an_efi_map_does_for_a_memory_map),
		TEST(a_block_off_its_border_is_refused),
		TEST(a_block_of_impossible_size_is_refused),
		TEST(a_list_without_an_end_is_refused),
		TEST(a_last_tag_whose_padding_leaves_the_block_is_no_end),
		TEST(a_tag_that_is_smaller_than_its_head_is_refused),
		TEST(a_tag_that_overruns_the_block_is_refused),
		TEST(a_command_line_without_an_end_is_refused),
		TEST(damaged_modules_are_refused),
		TEST(one_module_too_many_is_left_out),
		TEST(damaged_memory_maps_are_refused),
		TEST(damaged_tags_that_we_can_do_without_are_left_out),
		TEST(damaged_framebuffers_are_left_out),
		TEST(text_framebuffers_need_no_colours),
		TEST(the_last_of_many_problems_is_the_error),
		TEST(the_memory_map_becomes_regions_of_each_kind),
		TEST(the_efi_map_alone_gives_all_regions),
		TEST(memory_of_running_boot_services_is_not_free),
		TEST(beside_a_memory_map_the_efi_map_only_takes_away),
		TEST(an_efi_range_that_is_too_long_for_64_bits_is_cut),
		TEST(a_full_list_of_regions_is_reported),
		TEST(every_tag_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
