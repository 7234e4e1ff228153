/* tests/unit/test_loader_linux.c - bzImages of all versions, their entries, and broken ones. */
#include "tests/unit/loader_rig.h"

#include "guest/e820.h"
#include "tests/unit/linux_image.h"

#define SECTS    3u
#define SETUP    ((SECTS + 1) * 512)
#define KERNEL   5000u
#define FILE_LEN (SETUP + KERNEL)

static uint8_t image[600 * KIB];

static void put(unsigned at, uint64_t value, unsigned size)
{
	memcpy(image + at, &value, size);
}

/* A kernel of protocol 2.15 as a modern one is. */
static void make_image(void)
{
	make_bzimage(image, sizeof(image), SETUP, KERNEL);
	put(0x214, 0x100000, 4);
	put(0x236, 3, 2);
	put(0x258, 0x400000, 8);
}

static void start(unsigned entry)
{
	rig_start(VM_KIND_LINUX, 64 * MIB);
	rig.config.entry = entry;
	rig.config.own_firmware = entry == 16;
	rig.config.args = text_from("console=ttyS0 quiet");
	make_image();
}

static void the_16_bit_entry_is_reached_through_the_firmware(void **state)
{
	static const uint16_t block[] = {1, 1, 0, 0x9020, 0x9000, 0xe000, 0x9000, 0};

	(void)state;
	start(16);
	assert_int_equal(rig_load(image, FILE_LEN), OK);
	assert_int_equal(rig.cpu.rip, 0xfff0);
	assert_int_equal(rig.cpu.segments[GUEST_CS].base, 0xffff0000);
	rig_holds(0xfc000, "LINTELFW", 8);
	rig_holds(0xfc008, block, sizeof(block));
	assert_int_equal(rig_number(0xfc018, 2), 5); /* e820 entries; the ROM is one */
	rig_holds(0x100000, image + SETUP, KERNEL);
	rig_holds(0x90000, image, 0x1f1);
	rig_holds(0x90290, image + 0x290, SETUP - 0x290);
	assert_int_equal(rig_number(0x90210, 1), 0xff);
	assert_int_equal(rig_number(0x90211, 1), 0x81);
	assert_int_equal(rig_number(0x90224, 2), 0xde00);
	assert_int_equal(rig_number(0x90228, 4), 0x9e000);
	assert_int_equal(rig_number(0x90218, 4), 0);
	rig_holds(0x9e000, "console=ttyS0 quiet", 20);
}

static void old_kernels_get_the_old_command_line(void **state)
{
	(void)state;
	start(16);
	put(0x206, 0x201, 2);
	put(0x1f1, 0, 1); /* means 4 */
	assert_int_equal(rig_load(image, FILE_LEN), OK);
	rig_holds(0x100000, image + 5 * 512, FILE_LEN - 5 * 512);
	assert_int_equal(rig_number(0x90020, 4), 0x9800a33f);
	assert_int_equal(rig_number(0x90212, 2), 0x9800 + 20);
	assert_int_equal(rig_number(0x90224, 2), 0x9600);
	rig_holds(0x99800, "console=ttyS0 quiet", 20);

	put(0x206, 0x200, 2);
	put(0x201, 0x22, 1); /* the shortest header */
	put(0x211, 0, 1);    /* zImage */
	assert_int_equal(rig_load(image, FILE_LEN), OK);
	rig_holds(0x10000, image + 5 * 512, FILE_LEN - 5 * 512);
	assert_int_equal(rig_number(0x90224, 2), 0);
	rig_refuses(image, 5 * 512 + 512 * KIB + 1, ERR_RANGE,
		    "a zImage ends at 0x90001, 0x90000 is the limit");
}

static void check_flat_segments(uint32_t code_access)
{
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++) {
		const struct guest_segment *seg = &rig.cpu.segments[i];

		assert_int_equal(seg->selector, i == GUEST_CS ? 0x10 : 0x18);
		assert_int_equal(seg->access, i == GUEST_CS ? code_access : 0xc093);
		assert_int_equal(seg->base, 0);
		assert_int_equal(seg->limit, UINT32_MAX);
	}
	assert_int_equal(rig.cpu.gdtr.limit, 31);
	assert_int_equal(rig_number(rig.cpu.gdtr.base, 8), 0);
	assert_int_equal(rig_number(rig.cpu.gdtr.base + 0x18, 8), 0x00cf93000000ffff);
	assert_int_equal(rig.cpu.rflags, RFLAGS_ONE);
	assert_int_equal(rig.cpu.gpr[RSI], 0x90000);
	for (unsigned i = 0; i < GPR_COUNT; i++)
		if (i != RSI)
			assert_int_equal(rig.cpu.gpr[i], 0);
}

static void the_32_bit_entry_has_a_zero_page(void **state)
{
	struct e820_entry map[16];
	unsigned count;

	(void)state;
	start(32);
	assert_int_equal(rig_load(image, FILE_LEN), OK);
	assert_int_equal(rig.cpu.rip, 0x400000);
	assert_int_equal(rig.cpu.cr0, CR0_PE | CR0_ET);
	assert_int_equal(rig.cpu.cr4 | rig.cpu.efer | rig.cpu.cr3, 0);
	check_flat_segments(0xc09b);
	rig_holds(0x400000, image + SETUP, KERNEL);
	rig_holds(0x90202, "HdrS\x0f\x02", 6);
	assert_int_equal(rig_number(0x901f1, 1), SECTS);
	assert_int_equal(rig_number(0x90210, 1), 0xff);
	assert_int_equal(rig_number(0x90214, 4), 0x400000);
	assert_int_equal(rig_number(0x90228, 4), 0x91000);
	rig_holds(0x91000, "console=ttyS0 quiet", 20);
	assert_int_equal(rig_number(0x901ef, 1), 0); /* sentinel */
	assert_int_equal(rig_number(0x90006, 2), 80 << 8 | 3);
	count = e820_build(&memory, map, 16);
	assert_int_equal(rig_number(0x901e8, 1), count);
	rig_holds(0x902d0, map, count * sizeof(map[0]));
}

static void the_64_bit_entry_has_page_tables(void **state)
{
	uint64_t pdpt, pd;

	(void)state;
	start(64);
	assert_int_equal(rig_load(image, FILE_LEN), OK);
	assert_int_equal(rig.cpu.rip, 0x400200);
	assert_int_equal(rig.cpu.cr0, CR0_PE | CR0_ET | CR0_PG);
	assert_int_equal(rig.cpu.cr4, CR4_PAE);
	assert_int_equal(rig.cpu.efer, EFER_LME | EFER_LMA);
	check_flat_segments(0xa09b);
	pdpt = rig_number(rig.cpu.cr3, 8);
	assert_int_equal(pdpt & 0xfff, 3);
	for (uint64_t at = 0; at < 4 * GIB; at += PAGE_2M) {
		pd = rig_number((pdpt & ~UINT64_C(0xfff)) + at / GIB * 8, 8);
		assert_int_equal(pd & 0xfff, 3);
		assert_int_equal(rig_number((pd & ~UINT64_C(0xfff)) + at % GIB / PAGE_2M * 8, 8),
				 at | 0x83);
	}
}

static void an_initrd_lies_as_high_as_it_may(void **state)
{
	static uint8_t initrd[10000];

	(void)state;
	memset(initrd, 0x5a, sizeof(initrd));
	start(64);
	rig_add(VM_ROLE_DISK, initrd, 512, "");
	rig_add(VM_ROLE_INITRD, initrd, sizeof(initrd), "");
	assert_int_equal(rig_load(image, FILE_LEN), OK);
	assert_int_equal(rig_number(0x90218, 4), 64 * MIB - 0x3000);
	assert_int_equal(rig_number(0x9021c, 4), sizeof(initrd));
	rig_holds(64 * MIB - 0x3000, initrd, sizeof(initrd));
	put(0x22c, 0x6fffff, 4); /* the unpacked kernel ends there: below it */
	assert_int_equal(rig_load(image, FILE_LEN), OK);
	assert_int_equal(rig_number(0x90218, 4), 0x3fd000);
	put(0x22c, 0x100fff, 4);
	rig_refuses(image, FILE_LEN, ERR_RANGE,
		    "no room for the initrd: 10000 bytes below 0x101000, 65536 KiB of memory");
	rig_add(VM_ROLE_INITRD, initrd, 1, "");
	rig_refuses(image, FILE_LEN, ERR_EXISTS, "two modules with role=initrd");
	rig.in.module_count = 2;
	rig.modules[1].len_bytes = 0;
	rig_refuses(image, FILE_LEN, ERR_INVALID, "the initrd is empty");
}

static void a_kernel_needs_room_to_unpack(void **state)
{
	(void)state;
	start(16);
	put(0x260, 61 * MIB, 4);
	rig_refuses(image, FILE_LEN, ERR_RANGE,
		    "no room for the unpacked kernel: 63963136 bytes at 0x400000, 65536 KiB");
	put(0x258, 0x100000, 8);
	put(0x234, 0, 1); /* as memtest86+: it runs where it is loaded */
	assert_int_equal(rig_load(image, FILE_LEN), OK);
	put(0x260, 64 * MIB, 4);
	rig_refuses(image, FILE_LEN, ERR_RANGE, "no room for the kernel: 67108864 bytes at 0x1000");
	arena_close();

	rig_start(VM_KIND_LINUX, 512 * KIB);
	rig_refuses(image, FILE_LEN, ERR_RANGE, "a Linux kernel needs more than 512 KiB");
}

static const struct {
	unsigned at, size;
	uint64_t value;
	enum status status;
	const char *words;
} spoilt[] = {
	{0x1fe, 2, 0xaa54, ERR_INVALID, "boot_flag is aa54, not aa55"},
	{0x202, 1, 'h', ERR_UNSUPPORTED, "no HdrS at 202h"},
	{0x206, 2, 0x1ff, ERR_UNSUPPORTED, "boot protocol 1.255 is not known"},
	{0x206, 2, 0x210, ERR_UNSUPPORTED, "boot protocol 2.16 is not known, 2.00 to 2.15 are"},
	{0x1f1, 1, 255, ERR_CORRUPT, "setup_sects says 131072 bytes of setup, the file has 7048"},
	{0x1f4, 4, 314, ERR_CORRUPT, "syssize says 5024 bytes of kernel, there are 5000"},
	{0x1f4, 4, UINT32_MAX, ERR_CORRUPT, "syssize says 68719476720 bytes"},
	{0x201, 1, 0x61, ERR_CORRUPT, "the setup header ends at 263h, boot protocol 2.15 has it"},
	{0x201, 1, 0x8f, ERR_CORRUPT, "ends at 291h"},
	{0x230, 4, 0x200001, ERR_INVALID, "kernel_alignment 0x200001 is no power of two"},
	{0x230, 4, 0, ERR_INVALID, "kernel_alignment 0 is no power of two"},
	{0x258, 8, 4 * GIB, ERR_RANGE, "pref_address 0x100000000 is above 4 GiB"},
	{0x238, 4, 18, ERR_RANGE, "the command line has 19 characters, this kernel takes 18"},
	{0x211, 1, 0, ERR_UNSUPPORTED, "a zImage has no other entry than entry=16"},
	{0x236, 2, 2, ERR_UNSUPPORTED, "xloadflags: this kernel has no 64-bit entry"},
};

static void each_lie_of_a_header_is_named(void **state)
{
	(void)state;
	start(64);
	for (unsigned i = 0; i < ARRAY_SIZE(spoilt); i++) {
		make_image();
		put(spoilt[i].at, spoilt[i].value, spoilt[i].size);
		rig_refuses(image, FILE_LEN, spoilt[i].status, spoilt[i].words);
	}
	make_image();
	rig_refuses(image, 0x227, ERR_CORRUPT, "no Linux kernel: 551 bytes, less than a setup");
	rig.config.entry = 32;
	put(0x206, 0x201, 2);
	rig_refuses(image, FILE_LEN, ERR_UNSUPPORTED, "boot protocol 2.01 has no 32-bit entry");
	arena_close();

	start(16);
	put(0x1f1, 120, 1);
	rig_refuses(image, sizeof(image), ERR_RANGE, "setup_sects says 61952 bytes of setup");
}

static void a_command_line_has_room_at_each_entry(void **state)
{
	static char line[0xf000];

	(void)state;
	memset(line, 'x', sizeof(line));
	for (unsigned entry = 16; entry <= 32; entry += 16) {
		size_t room = entry == 16 ? 0x1c00 : 0xe000;

		start(entry);
		put(0x238, UINT32_MAX, 4);
		rig.config.args = (struct text){.at = line, .len = room - 1};
		assert_int_equal(rig_load(image, FILE_LEN), OK);
		rig.config.args.len++;
		rig_refuses(image, FILE_LEN, ERR_RANGE, "characters, there is room for ");
		rig.config.args.len = 0;
		assert_int_equal(rig_load(image, FILE_LEN), OK);
		assert_int_equal(rig_number(entry == 16 ? 0x9e000 : 0x91000, 1), 0);
		arena_close();
	}
}

/* No cut of the file, and no spoilt byte of the header, does harm. */
static void any_header_is_taken_or_refused(void **state)
{
	uint64_t seed = 3;

	(void)state;
	rig_start(VM_KIND_LINUX, 8 * MIB);
	for (unsigned i = 0; i < 200; i++) {
		make_image();
		rig.config.entry = 16u << random_below(&seed, 3);
		for (uint64_t n = random_below(&seed, 4); n > 0; n--)
			image[0x1f1 + random_below(&seed, 0x290 - 0x1f1)] =
				(uint8_t)random_next(&seed);
		if (rig_load(image, random_below(&seed, FILE_LEN + 1)) != OK)
			assert_true(rig.message[0] != '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_16_bit_entry_is_reached_through_the_firmware,
					  arena_teardown),
		cmocka_unit_test_teardown(old_kernels_get_the_old_command_line, arena_teardown),
		cmocka_unit_test_teardown(the_32_bit_entry_has_a_zero_page, arena_teardown),
		cmocka_unit_test_teardown(the_64_bit_entry_has_page_tables, arena_teardown),
		cmocka_unit_test_teardown(an_initrd_lies_as_high_as_it_may, arena_teardown),
		cmocka_unit_test_teardown(a_kernel_needs_room_to_unpack, arena_teardown),
		cmocka_unit_test_teardown(each_lie_of_a_header_is_named, arena_teardown),
		cmocka_unit_test_teardown(a_command_line_has_room_at_each_entry, arena_teardown),
		cmocka_unit_test_teardown(any_header_is_taken_or_refused, arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
