/* tests/unit/test_loader_bios.c - guests that begin in a ROM: their own one or Lintel's. */
#include "tests/unit/loader_rig.h"

#include "guest/e820.h"

static uint8_t rom[16 * MIB + PAGE_4K];

static void start(enum vm_kind kind)
{
	rig_start(kind, 4 * MIB);
	for (unsigned i = 0; i < sizeof(rom); i++)
		rom[i] = (uint8_t)(i * 3 + i / 253);
}

static void check_reset_state(void)
{
	struct guest_cpu_state reset;

	guest_cpu_reset_state(&reset, 0x50654, 39);
	assert_memory_equal(&rig.cpu, &reset, sizeof(reset));
}

static void a_rom_stands_below_4_gib_and_below_1_mib(void **state)
{
	static const struct {
		uint64_t len_bytes, copy_bytes;
	} cases[] = {{4 * KIB, 4 * KIB},     {64 * KIB, 64 * KIB},   {128 * KIB, 128 * KIB},
		     {256 * KIB, 256 * KIB}, {260 * KIB, 128 * KIB}, {4 * MIB, 128 * KIB},
		     {16 * MIB, 128 * KIB}};

	(void)state;
	start(VM_KIND_BIOS);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t len = cases[i].len_bytes, copy = cases[i].copy_bytes;

		assert_int_equal(rig_load(rom, len), OK);
		check_reset_state();
		rig_holds(4 * GIB - copy, rom + len - copy, copy);
		rig_holds(4 * GIB - len, rom, PAGE_4K);
		rig_holds(MIB - copy, rom + len - copy, copy);
		assert_true(guest_memory_is_rom(&memory, gpa(4 * GIB - len)));
		assert_false(guest_memory_is_rom(&memory, gpa(4 * GIB - len - 1)));
		assert_non_null(guest_memory_ptr(&memory, gpa(MIB - 16), 16));
		assert_int_equal(rig_number(MIB - copy - 8, 8), 0);
	}
}

static void a_rom_of_a_wrong_size_is_refused(void **state)
{
	(void)state;
	start(VM_KIND_BIOS);
	rig_refuses(rom, 0, ERR_RANGE, "4 KiB to 16 MiB in steps of 4 KiB, this one 0 bytes");
	rig_refuses(rom, 4097, ERR_RANGE, "this one 4097 bytes");
	rig_refuses(rom, sizeof(rom), ERR_RANGE, "this one 16781312 bytes");
	arena_close();

	rig_start(VM_KIND_BIOS, 512 * KIB);
	rig_refuses(rom, 128 * KIB, ERR_RANGE, "a BIOS needs 1024 KiB of memory, there are 512");
	arena_close();

	start(VM_KIND_BIOS);
	for (hpa_t at; frames_alloc(&frames, 5, &at) == OK;)
		;
	rig_refuses(rom, 8 * MIB, ERR_NO_MEMORY, "no memory for a ROM of 8192 KiB: ");
}

static void a_disk_is_booted_by_the_rom_of_its_module(void **state)
{
	(void)state;
	start(VM_KIND_DISK);
	rig_add(VM_ROLE_CDROM, rom, 2048, "");
	rig_add(VM_ROLE_BIOS, rom + 512, 128 * KIB, "");
	assert_int_equal(rig_load("disk", 4), OK);
	check_reset_state();
	rig_holds(MIB - 128 * KIB, rom + 512, 128 * KIB);
	assert_false(loader_own_firmware(&rig.in));
	rig.config.own_firmware = true;
	rig_refuses("disk", 4, ERR_EXISTS, "firmware=own and a module with role=bios");
	rig_refuses("disk", 0, ERR_INVALID, "the image is empty");
	rig_add(VM_ROLE_BIOS, rom, 128 * KIB, "");
	rig_refuses("disk", 4, ERR_EXISTS, "two modules with role=bios");
}

static void a_disk_alone_is_booted_by_lintels_own_bios(void **state)
{
	static const uint16_t block[] = {1, 0, 0, 0, 0, 0, 0, 0, 5, 0};
	struct e820_entry map[16];

	(void)state;
	start(VM_KIND_DISK);
	assert_true(loader_own_firmware(&rig.in));
	assert_int_equal(rig_load("disk", 4), OK);
	check_reset_state();
	rig_holds(0xfc000, "LINTELFW", 8);
	rig_holds(0xfc008, block, sizeof(block));
	rig_holds(0xfc000 + 348, rig.firmware + 348, sizeof(rig.firmware) - 348);
	rig_holds(4 * GIB - 16 * KIB, rig.firmware, sizeof(rig.firmware));
	assert_int_equal(e820_build(&memory, map, 16), 5);
	rig_holds(0xfc01c, map, 5 * sizeof(map[0]));
	rig.config.text_display = true;
	assert_int_equal(rig_load("disk", 4), OK);
	assert_int_equal(rig_number(0xfc016, 2), 1);
}

static void a_flat_image_can_have_the_bios_below_it(void **state)
{
	static const uint16_t block[] = {1, 1, 0x100, 0x2000, 0, 0x7c00, 0, 0};

	(void)state;
	start(VM_KIND_FLAT);
	assert_false(loader_own_firmware(&rig.in));
	rig.config.own_firmware = true;
	rig.config.load_segment = 0x2000;
	rig.config.load_offset = 0x100;
	assert_int_equal(rig_load("code", 4), OK);
	check_reset_state();
	rig_holds(0x20100, "code", 4);
	rig_holds(0xfc008, block, sizeof(block));
	rig.config.load_segment = 0xfc00;
	rig_refuses("code", 4, ERR_RANGE, "the image and the BIOS overlap");
}

/* What the BIOS's POST would write over is not the image's. */
static void a_flat_image_keeps_clear_of_what_the_bios_uses(void **state)
{
	static const struct {
		uint64_t start, end; /* as large as can be */
	} gaps[] = {{0x500, 0x7a00}, {0x7c00, 0x9fc00}, {0xa0000, 0xb8000}, {0xc0000, 0xf0000}};

	(void)state;
	start(VM_KIND_FLAT);
	rig.config.own_firmware = true;
	for (unsigned i = 0; i < ARRAY_SIZE(gaps); i++) {
		uint64_t len = gaps[i].end - gaps[i].start;

		rig.config.load_segment = (uint16_t)(gaps[i].start / 16);
		rig.config.load_offset = 0;
		assert_int_equal(rig_load(rom, len), OK);
		rig_refuses(rom, len + 1, ERR_RANGE, "the image and the BIOS overlap: ");
		rig.config.load_segment--;
		rig.config.load_offset = 15;
		rig_refuses(rom, 2, ERR_RANGE, "the image and the BIOS overlap: ");
	}
	rig.config.own_firmware = false;
	assert_int_equal(rig_load(rom, 2), OK);
}

static void a_firmware_that_is_not_ours_is_refused(void **state)
{
	(void)state;
	start(VM_KIND_DISK);
	rig.firmware[7] = 'w';
	rig_refuses("disk", 4, ERR_CORRUPT, "Lintel's own BIOS is broken");
	rig.firmware[7] = 'W';
	rig.in.firmware_len_bytes--;
	rig_refuses("disk", 4, ERR_CORRUPT, "Lintel's own BIOS is broken");
	rig.in.firmware = NULL;
	rig_refuses("disk", 4, ERR_NOT_FOUND, "Lintel's own BIOS is not there");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_rom_stands_below_4_gib_and_below_1_mib, arena_teardown),
		cmocka_unit_test_teardown(a_rom_of_a_wrong_size_is_refused, arena_teardown),
		cmocka_unit_test_teardown(a_disk_is_booted_by_the_rom_of_its_module,
					  arena_teardown),
		cmocka_unit_test_teardown(a_disk_alone_is_booted_by_lintels_own_bios,
					  arena_teardown),
		cmocka_unit_test_teardown(a_flat_image_can_have_the_bios_below_it, arena_teardown),
		cmocka_unit_test_teardown(a_flat_image_keeps_clear_of_what_the_bios_uses,
					  arena_teardown),
		cmocka_unit_test_teardown(a_firmware_that_is_not_ours_is_refused, arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
