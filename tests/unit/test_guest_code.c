/* tests/unit/test_guest_code.c - pages that are run as other bytes than they have. */
#include "tests/unit/emulate_rig.h"

#include "guest/linear.h"

#define PAGE_END (CODE + PAGE_4K)

static const uint8_t load[] = {0x8b, 0x07};  /* mov eax, [edi] */
static const uint8_t store[] = {0x89, 0x07}; /* mov [edi], eax */
static uint8_t bytes[PAGE_4K];
static const struct guest_code code = {.page = {CODE}, .bytes = bytes};

/* In memory the program stores; what is run loads. */
static int start_with_code(void **state)
{
	start(state);
	memory.code = &code;
	memory.code_count = 1;
	memcpy(bytes, load, sizeof(load));
	bytes[PAGE_4K - 1] = load[0];
	put(CODE, store, sizeof(store));
	put(PAGE_END - 1, store, sizeof(store));
	device.bytes[0] = 0x5a;
	cpu.gpr[RDI] = DEVICE;
	return 0;
}

static void the_emulator_does_what_is_run(void **state)
{
	(void)state;
	cpu.rip = CODE;
	assert_int_equal(again(), EMULATE_DONE);
	assert_int_equal(cpu.gpr[RAX], 0x5a);
	assert_false(device.log[0].write);
	cpu.rip = PAGE_END - 1; /* the second byte is in the next page, as it is */
	assert_int_equal(again(), EMULATE_DONE);
	assert_false(device.log[1].write);
	memory.code_count = 0;
	cpu.rip = CODE;
	assert_int_equal(again(), EMULATE_DONE);
	assert_true(device.log[2].write);
}

static void a_copy_for_a_fetch_is_of_what_is_run(void **state)
{
	uint8_t got[3];

	(void)state;
	assert_int_equal(guest_linear_read(&cpu, &memory, gva(CODE), got, 2, WALK_FETCH, &fault),
			 GUEST_OK);
	assert_memory_equal(got, load, 2);
	assert_int_equal(guest_linear_read(&cpu, &memory, gva(CODE), got, 2, 0, &fault), GUEST_OK);
	assert_memory_equal(got, store, 2);
	assert_int_equal(
		guest_linear_read(&cpu, &memory, gva(PAGE_END - 1), got, 3, WALK_FETCH, &fault),
		GUEST_OK);
	assert_int_equal(got[0], load[0]);
	assert_int_equal(got[1], store[1]);
}

static void pages_are_known_behind_the_a20_line(void **state)
{
	(void)state;
	assert_null(guest_memory_code(&memory, gpa(MIB + CODE)));
	guest_memory_set_a20(&memory, false);
	assert_ptr_equal(guest_memory_code(&memory, gpa(MIB + CODE + 1)), bytes + 1);
	assert_null(guest_memory_code(&memory, gpa(CODE - 1)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_with_code, arena_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_emulator_does_what_is_run),
		TEST(a_copy_for_a_fetch_is_of_what_is_run),
		TEST(pages_are_known_behind_the_a20_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
