/* tests/unit/test_loader.c - the state after reset, and a flat image ready to run. */
#include "tests/unit/memory_rig.h"

#include <string.h>

#include "guest/loader.h"

static struct guest_cpu_state cpu;
static struct vm_config config;
static char message[LOADER_MESSAGE_SIZE];

static void start(uint64_t ram_bytes)
{
	open_memory(ram_bytes);
	guest_cpu_reset_state(&cpu, 0x50654, 39);
	config = (struct vm_config){.load_offset = 0x7c00};
	message[0] = '\0';
}

static enum status load(const void *image, uint64_t len_bytes)
{
	return loader_flat(&memory, &config, image, len_bytes, &cpu, message, sizeof(message));
}

/* SDM 3A "Processor State After Reset", the table of that name. */
static void reset_state_is_that_of_the_manual(void **state)
{
	(void)state;
	memset(&cpu, 0xa5, sizeof(cpu));
	guest_cpu_reset_state(&cpu, 0x50654, 39);
	assert_int_equal(cpu.rip, 0xfff0);
	assert_int_equal(cpu.rflags, 2);
	assert_int_equal(cpu.cr0, 0x60000010);
	assert_int_equal(cpu.cr2 | cpu.cr3 | cpu.cr4 | cpu.efer, 0);
	assert_int_equal(cpu.segments[GUEST_CS].selector, 0xf000);
	assert_int_equal(cpu.segments[GUEST_CS].base, 0xffff0000);
	assert_int_equal(cpu.segments[GUEST_CS].limit, 0xffff);
	assert_int_equal(cpu.segments[GUEST_CS].access, 0x93);
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++) {
		if (i == GUEST_CS)
			continue;
		assert_int_equal(cpu.segments[i].selector, 0);
		assert_int_equal(cpu.segments[i].base, 0);
		assert_int_equal(cpu.segments[i].limit, 0xffff);
		assert_int_equal(cpu.segments[i].access, 0x93);
	}
	assert_int_equal(cpu.segments[GUEST_LDTR].access, 0x82);
	assert_int_equal(cpu.segments[GUEST_TR].access, 0x8b);
	assert_int_equal(cpu.gdtr.base | cpu.idtr.base, 0);
	assert_int_equal(cpu.gdtr.limit, 0xffff);
	assert_int_equal(cpu.idtr.limit, 0xffff);
	assert_int_equal(cpu.dr6, 0xffff0ff0);
	assert_int_equal(cpu.dr7, 0x400);
	for (unsigned i = 0; i < GPR_COUNT; i++)
		assert_int_equal(cpu.gpr[i], i == RDX ? 0x50654 : 0);
	assert_int_equal(cpu.maxphyaddr, 39);
}

static void a_boot_sector_finds_what_a_bios_leaves(void **state)
{
	uint8_t image[600], seen[600];

	(void)state;
	memset(image, 0x90, sizeof(image));
	start(MIB);
	assert_int_equal(load(image, sizeof(image)), OK);
	assert_int_equal(guest_memory_read(&memory, gpa(0x7c00), seen, sizeof(seen)), OK);
	assert_memory_equal(seen, image, sizeof(image));
	assert_int_equal(cpu.segments[GUEST_CS].selector, 0);
	assert_int_equal(cpu.segments[GUEST_CS].base, 0);
	assert_int_equal(cpu.segments[GUEST_CS].access, 0x93);
	assert_int_equal(cpu.rip, 0x7c00);
	assert_int_equal(cpu.segments[GUEST_SS].selector, 0);
	assert_int_equal(cpu.gpr[RSP], 0x7c00);
	assert_int_equal(cpu.gpr[RDX] & 0xff, 0x80);
	assert_int_equal(cpu.cr0, 0x10);
	assert_int_equal(cpu.rflags, RFLAGS_ONE | RFLAGS_IF);
	assert_string_equal(message, "");
}

static void another_load_address_is_obeyed(void **state)
{
	uint8_t *p;

	(void)state;
	start(MIB);
	config.load_segment = 0x2000;
	config.load_offset = 0x100;
	assert_int_equal(load("code", 4), OK);
	assert_int_equal(cpu.segments[GUEST_CS].selector, 0x2000);
	assert_int_equal(cpu.segments[GUEST_CS].base, 0x20000);
	assert_int_equal(cpu.rip, 0x100);
	p = guest_memory_ptr(&memory, gpa(0x20100), 4);
	assert_memory_equal(p, "code", 4);
}

static void check_vectors(void)
{
	for (unsigned i = 0; i < 256; i++) {
		uint16_t vector[2];
		uint8_t *code;

		assert_int_equal(guest_memory_read(&memory, gpa(i * 4), vector, 4), OK);
		code = guest_memory_ptr(&memory, gpa(vector[1] * 16u + vector[0]), 1);
		assert_non_null(code);
		assert_int_equal(*code, 0xcf);
	}
}

static void every_vector_leads_to_an_iret(void **state)
{
	uint16_t word;

	(void)state;
	start(2 * MIB);
	assert_int_equal(load("x", 1), OK);
	check_vectors();
	assert_int_equal(guest_memory_read(&memory, gpa(0x20), &word, 2), OK);
	assert_int_equal(word, 0xff53);
	assert_int_equal(guest_memory_read(&memory, gpa(0x413), &word, 2), OK);
	assert_int_equal(word, 640);
	arena_close();

	start(64 * KIB);
	assert_int_equal(load("x", 1), OK);
	check_vectors();
	assert_int_equal(guest_memory_read(&memory, gpa(0x413), &word, 2), OK);
	assert_int_equal(word, 64);
	assert_int_equal(guest_memory_read(&memory, gpa(0x400), &word, 2), OK);
	assert_int_equal(word, 0x3f8);
}

static void an_image_may_bring_its_own_vectors(void **state)
{
	uint32_t vectors[256], seen[256];

	(void)state;
	memset(vectors, 0x77, sizeof(vectors));
	start(MIB);
	config.load_offset = 0;
	assert_int_equal(load(vectors, sizeof(vectors)), OK);
	assert_int_equal(guest_memory_read(&memory, gpa(0), seen, sizeof(seen)), OK);
	assert_memory_equal(seen, vectors, sizeof(seen));
}

static void what_does_not_fit_is_refused_untouched(void **state)
{
	static uint8_t image[MIB];
	uint32_t word = 1;

	(void)state;
	start(64 * KIB);
	assert_int_equal(load(image, 64 * KIB - 0x7c00 + 1), ERR_RANGE);
	assert_string_equal(message,
			    "33793 bytes at 0000:7c00 end above 64 KiB, which is the end of its "
			    "memory");
	assert_int_equal(guest_memory_read(&memory, gpa(0), &word, 4), OK);
	assert_int_equal(word, 0);
	assert_int_equal(cpu.rip, 0xfff0);
	assert_int_equal(load(image, 64 * KIB - 0x7c00), OK);
	arena_close();

	start(4 * MIB);
	assert_int_equal(load(image, MIB), ERR_RANGE);
	assert_non_null(strstr(message, "end above 1024 KiB, which is the end of what real mode"));
	config.load_segment = 0xffff;
	config.load_offset = 0xffff;
	assert_int_equal(load(image, 1), ERR_RANGE);
	config.load_offset = 0xf;
	assert_int_equal(load(image, 1), OK);
	assert_int_equal(load(image, 2), ERR_RANGE);
	assert_int_equal(load(image, 0), ERR_INVALID);
	assert_string_equal(message, "the image is empty");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reset_state_is_that_of_the_manual),
		cmocka_unit_test_teardown(a_boot_sector_finds_what_a_bios_leaves, arena_teardown),
		cmocka_unit_test_teardown(another_load_address_is_obeyed, arena_teardown),
		cmocka_unit_test_teardown(every_vector_leads_to_an_iret, arena_teardown),
		cmocka_unit_test_teardown(an_image_may_bring_its_own_vectors, arena_teardown),
		cmocka_unit_test_teardown(what_does_not_fit_is_refused_untouched, arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
