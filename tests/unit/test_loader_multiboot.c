/* tests/unit/test_loader_multiboot.c - Multiboot 1 kernels, ELF files, modules, and broken ones. */
#include "tests/unit/multiboot_image.h"

static void start(void)
{
	rig_start(VM_KIND_MULTIBOOT, 8 * MIB);
	rig.config.args = text_from("one two");
	clear_image();
}

static void check_cpu(uint32_t magic, uint64_t entry)
{
	assert_int_equal(rig.cpu.gpr[RAX], magic);
	assert_int_equal(rig.cpu.rip, entry);
	assert_int_equal(rig.cpu.cr0, CR0_PE | CR0_ET);
	assert_int_equal(rig.cpu.rflags, RFLAGS_ONE);
	assert_int_equal(rig.cpu.segments[GUEST_CS].access, 0xc09b);
	assert_int_equal(rig.cpu.segments[GUEST_SS].access, 0xc093);
	assert_int_equal(rig.cpu.segments[GUEST_DS].limit, UINT32_MAX);
}

static void elf_files_of_both_classes_are_loaded(void **state)
{
	(void)state;
	start();
	make_header_1(3);
	for (unsigned wide = 0; wide < 2; wide++) {
		make_elf(wide, wide ? 0xffffffff80000000 : 0xc0000000);
		assert_int_equal(rig_load(image, sizeof(image)), OK);
		check_cpu(0x2badb002, 0x100010);
		rig_holds(0x100000, image + TEXT_AT, 0x1000);
		assert_int_equal(rig_number(0x101000, 8), 0);
		put(24, 0x100444, wide ? 8 : 4); /* an entry by its physical address */
		assert_int_equal(rig_load(image, sizeof(image)), OK);
		check_cpu(0x2badb002, 0x100444);
	}
}

static void addresses_in_the_header_replace_elf(void **state)
{
	(void)state;
	start();
	make_addresses_1();
	assert_int_equal(rig_load(image, sizeof(image)), OK);
	check_cpu(0x2badb002, 0x200020);
	rig_holds(0x200000, image + HEADER_AT, IMAGE_BYTES - HEADER_AT);
	put(HEADER_AT + 16, 0x1ff800, 4); /* load_addr before the header */
	put(HEADER_AT + 20, 0x200400, 4); /* load_end_addr */
	put(HEADER_AT + 24, 0, 4);
	assert_int_equal(rig_load(image, sizeof(image)), OK);
	rig_holds(0x1ff800, image + HEADER_AT - 0x800, 0xc00);
	assert_int_equal(rig_number(0x200400, 8), 0);
}

static void the_information_says_what_there_is(void **state)
{
	uint64_t info, map;

	(void)state;
	start();
	make_addresses_1();
	assert_int_equal(rig_load(image, sizeof(image)), OK);
	info = rig.cpu.gpr[RBX];
	assert_true(info < 0x9fc00);
	assert_int_equal(rig_number(info, 4), 0x124d);
	assert_int_equal(rig_number(info + 4, 4), 639);
	assert_int_equal(rig_number(info + 8, 4), 7 * 1024);
	rig_holds(rig_number(info + 16, 4), "one two", 8);
	assert_int_equal(rig_number(info + 20, 4), 0);
	assert_int_equal(rig_number(info + 44, 4), 4 * 24);
	map = rig_number(info + 48, 4);
	assert_int_equal(rig_number(map, 4), 20);
	assert_int_equal(rig_number(map + 4, 8), 0);
	assert_int_equal(rig_number(map + 12, 8), 0x9fc00);
	assert_int_equal(rig_number(map + 20, 4), 1);
	assert_int_equal(rig_number(map + 3 * 24 + 4, 8), MIB);
	assert_int_equal(rig_number(map + 3 * 24 + 12, 8), 7 * MIB);
	rig_holds(rig_number(info + 64, 4), "Lintel", 7);
	assert_int_equal(rig_number(info + 88, 8), 0xb8000);
	assert_int_equal(rig_number(info + 108, 2), 2 << 8 | 16);
	assert_int_equal(rig_number(0x400, 2), 0x3f8);
}

static void modules_lie_in_pages_above_the_kernel(void **state)
{
	static uint8_t module[2][5000];
	uint64_t info, mods;

	(void)state;
	start();
	make_addresses_1();
	memset(module[0], 0x11, sizeof(module[0]));
	memset(module[1], 0x22, sizeof(module[1]));
	rig_add(VM_ROLE_MODULE, module[0], sizeof(module[0]), "first -x");
	rig_add(VM_ROLE_DISK, module[0], 512, "");
	rig_add(VM_ROLE_MODULE, module[1], sizeof(module[1]), "");
	assert_int_equal(rig_load(image, sizeof(image)), OK);
	info = rig.cpu.gpr[RBX];
	assert_int_equal(rig_number(info + 20, 4), 2);
	mods = rig_number(info + 24, 4);
	assert_int_equal(rig_number(mods, 4), 0x212000);
	assert_int_equal(rig_number(mods + 4, 4), 0x212000 + 5000);
	assert_int_equal(rig_number(mods + 16, 4), 0x214000);
	rig_holds(rig_number(mods + 8, 4), "first -x", 9);
	rig_holds(rig_number(mods + 24, 4), "", 1);
	rig_holds(0x212000, module[0], 5000);
	rig_holds(0x214000, module[1], 5000);
	/* A kernel at the end of memory leaves room only below it. */
	put(HEADER_AT + 12, 0x7f0000, 4);
	put(HEADER_AT + 16, 0x7f0000, 4);
	put(HEADER_AT + 24, 0x800000, 4);
	put(HEADER_AT + 28, 0x7f0000, 4);
	assert_int_equal(rig_load(image, sizeof(image)), OK);
	assert_int_equal(rig_number(rig_number(rig.cpu.gpr[RBX] + 24, 4), 4), 0x100000);
	rig.modules[2].len_bytes = 8 * MIB;
	rig_refuses(image, sizeof(image), ERR_RANGE,
		    "no room for a module: 8388608 bytes at 0x100000");
}

static void what_does_not_fit_says_how_much(void **state)
{
	static struct loader_module many[33];
	static char line[700 * KIB];

	(void)state;
	start();
	make_addresses_1();
	put(HEADER_AT + 24, 0x800001, 4);
	rig_refuses(image, sizeof(image), ERR_RANGE,
		    "no room for a segment: 6291457 bytes at 0x200000 (out of range), 8192 KiB");
	make_addresses_1();
	for (unsigned i = 0; i < 33; i++)
		many[i] = (struct loader_module){.role = VM_ROLE_MODULE, .at = image};
	rig.in.modules = many;
	rig.in.module_count = 33;
	rig_refuses(image, sizeof(image), ERR_FULL, "more than 32 modules");
	rig.in.module_count = 0;
	put(HEADER_AT + 12, 0x100000, 4); /* all RAM above 1 MiB is the kernel's */
	put(HEADER_AT + 16, 0x100000, 4);
	put(HEADER_AT + 24, 0x800000, 4);
	put(HEADER_AT + 28, 0x100000, 4);
	memset(line, 'x', sizeof(line));
	rig.config.args = (struct text){.at = line, .len = sizeof(line)};
	rig_refuses(image, sizeof(image), ERR_RANGE, "no room for the Multiboot information");
	arena_close();

	rig_start(VM_KIND_MULTIBOOT, 512 * KIB);
	rig_refuses(image, sizeof(image), ERR_RANGE, "needs 1024 KiB of memory, there are 512");
}

static const struct {
	unsigned at, size;
	uint64_t value;
	enum status status;
	const char *words;
} spoilt[] = {
	{HEADER_AT + 8, 4, 0, ERR_CORRUPT, "Multiboot header at 0x1000: wrong checksum"},
	{HEADER_AT, 4, 0, ERR_NOT_FOUND, "no Multiboot header in the first 32 KiB"},
	{4, 1, 3, ERR_UNSUPPORTED, "ELF: class 3, data 1"},
	{5, 1, 2, ERR_UNSUPPORTED, "ELF: class 1, data 2"},
	{16, 2, 1, ERR_UNSUPPORTED, "ELF: e_type 1 is no program"},
	{18, 2, 40, ERR_UNSUPPORTED, "ELF: e_machine 40 is no x86"},
	{0, 1, 'E', ERR_INVALID, "neither an ELF file nor addresses"},
	{24, 4, 0x200000, ERR_CORRUPT, "ELF: e_entry 0x200000 is in no segment"},
	{28, 4, 0x2fff, ERR_CORRUPT, "ELF: 3 program headers at 0x2fff leave the file"},
	{28, 4, 0xffffffff, ERR_CORRUPT, "ELF: 3 program headers at 0xffffffff leave"},
	{42, 2, 31, ERR_CORRUPT, "ELF: e_phentsize is 31, 32 is the least"},
	{44, 2, 1, ERR_INVALID, "ELF: no segment to load"},
	{88, 4, 0x2801, ERR_CORRUPT, "ELF segment 1: p_offset and p_filesz leave the file, 0x800"},
	{88, 4, 0x3001, ERR_CORRUPT, "ELF segment 1: p_offset and p_filesz leave the file"},
	{104, 4, 0x7ff, ERR_CORRUPT, "ELF segment 1: p_memsz is less than p_filesz"},
	{96, 4, 0xfffff801, ERR_CORRUPT, "ELF segment 1: p_paddr and p_memsz end above 4 GiB"},
	{96, 4, 0x100900, ERR_EXISTS, "(it overlaps another)"},
	{96, 4, 0xa0000, ERR_RANGE, "no room for a segment: 2048 bytes at 0xa0000 (out of range)"},
};

static void each_lie_of_an_elf_file_is_named(void **state)
{
	(void)state;
	start();
	for (unsigned i = 0; i < ARRAY_SIZE(spoilt); i++) {
		clear_image();
		make_elf(false, 0);
		make_header_1(3);
		put(spoilt[i].at, spoilt[i].value, spoilt[i].size);
		rig_refuses(image, sizeof(image), spoilt[i].status, spoilt[i].words);
	}
	make_header_1(8);
	rig_refuses(image, sizeof(image), ERR_UNSUPPORTED, "flags 0x8 ask for what is not known");
	memmove(image, image + HEADER_AT, 64);
	put(0, 0x464c457f, 4);
	put(4, 0x101, 2);
	put(8, 0x1badb002, 4);
	put(12, 3, 4);
	put(16, (uint32_t) - (0x1badb002 + 3), 4);
	rig_refuses(image, 51, ERR_CORRUPT, "the ELF header is cut: 51 bytes");
	put(4, 2, 1);
	rig_refuses(image, 63, ERR_CORRUPT, "the ELF header is cut: 63 bytes");
}

/* Some linkers give a segment of zeros the place in the file where it would be. */
static void zeros_need_no_place_in_the_file(void **state)
{
	(void)state;
	start();
	make_elf(false, 0);
	make_header_1(3);
	put(120, 0x4000, 4);
	put(132, 0, 4);
	assert_int_equal(rig_load(image, sizeof(image)), OK);
	assert_int_equal(rig_number(0x100800, 8), 0);
}

static void too_many_segments_are_refused(void **state)
{
	(void)state;
	start();
	make_header_1(3);
	make_elf(false, 0);
	put(44, 40, 2);
	for (unsigned i = 0; i < 40; i++) {
		unsigned p = 52 + i * 32;

		memset(image + p, 0, 32);
		put(p, 1, 4);
		put(p + 12, 0x100000 + i * 0x100, 4);
		put(p + 20, i == 0 ? 0 : 0x100, 4);
	}
	rig_refuses(image, sizeof(image), ERR_FULL, "ELF: more than 32 segments to load");
}

static const struct {
	uint32_t header, load, load_end, bss_end, entry;
	const char *words;
} kludges[] = {
	{0x200000, 0x200001, 0, 0, 0x200001, "header_addr 0x200000 and load_addr 0x200001 do not"},
	{0x200000, 0x1fefff, 0, 0, 0x200000, "do not fit a header at 0x1000"},
	{0x200, 0xffffffff, 0, 0, 0x200000, "header_addr 0x200 and load_addr 0xffffffff"},
	{0x200000, 0x200000, 0x1fffff, 0, 0x200000, "load_end_addr 0x1fffff: the file ends"},
	{0x200000, 0x200000, 0x202001, 0, 0x200000, "load_end_addr 0x202001: the file ends at 0x2"},
	{0x200000, 0x200000, 0, 0x201fff, 0x200000, "bss_end_addr 0x201fff is below the data's"},
	{0x200000, 0x200000, 0, 0, 0x202000, "the entry address 0x202000 is in no segment"},
};

static void each_lie_of_the_addresses_is_named(void **state)
{
	(void)state;
	start();
	for (unsigned i = 0; i < ARRAY_SIZE(kludges); i++) {
		make_addresses_1();
		memcpy(image + HEADER_AT + 12, &kludges[i], 20);
		rig_refuses(image, sizeof(image), ERR_CORRUPT, kludges[i].words);
	}
	rig_refuses(image, HEADER_AT + 31, ERR_CORRUPT, "the Multiboot header is cut");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(elf_files_of_both_classes_are_loaded, arena_teardown),
		cmocka_unit_test_teardown(addresses_in_the_header_replace_elf, arena_teardown),
		cmocka_unit_test_teardown(the_information_says_what_there_is, arena_teardown),
		cmocka_unit_test_teardown(modules_lie_in_pages_above_the_kernel, arena_teardown),
		cmocka_unit_test_teardown(what_does_not_fit_says_how_much, arena_teardown),
		cmocka_unit_test_teardown(each_lie_of_an_elf_file_is_named, arena_teardown),
		cmocka_unit_test_teardown(zeros_need_no_place_in_the_file, arena_teardown),
		cmocka_unit_test_teardown(too_many_segments_are_refused, arena_teardown),
		cmocka_unit_test_teardown(each_lie_of_the_addresses_is_named, arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
