/*
 * tests/unit/test_decode.c - single encodings, read by hand from the manual. tests/decode compares
 * millions of them with another decoder.
 */
#include "tests/unit/support.h"

#include <string.h>

#include "guest/cpu_state.h"
#include "guest/decode.h"

static struct decoded d;

static enum decode_result run(enum decode_mode mode, const uint8_t *bytes, unsigned count)
{
	uint8_t buffer[DECODE_BUFFER];

	memset(buffer, 0xcc, sizeof(buffer));
	memset(&d, 0xee, sizeof(d));
	memcpy(buffer, bytes, count);
	return decode(buffer, count > DECODE_MAX_BYTES ? DECODE_MAX_BYTES : count, mode, &d);
}

#define DECODE(mode, ...)                                                                          \
	run(mode, (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

static void assert_memory(unsigned segment, unsigned base, unsigned index, unsigned shift,
			  uint64_t displacement)
{
	assert_true(d.memory);
	assert_int_equal(d.segment, segment);
	assert_int_equal(d.base, base);
	assert_int_equal(d.index, index);
	assert_int_equal(d.shift, shift);
	assert_int_equal(d.displacement, displacement);
}

static void the_common_forms(void **state)
{
	(void)state;
	assert_int_equal(DECODE(DECODE_64, 0x8b, 0x07), DECODE_OK); /* mov eax, [rdi] */
	assert_int_equal(d.op, DECODE_MOV);
	assert_int_equal(d.form, DECODE_REG_RM);
	assert_int_equal(d.length, 2);
	assert_int_equal(d.size, 4);
	assert_int_equal(d.address_size, 8);
	assert_int_equal(d.reg, RAX);
	assert_int_equal(d.prefixes, 0);
	assert_memory(GUEST_DS, RDI, DECODE_NOTHING, 0, 0);
	/* mov qword [r12 + r9 * 8 - 80h], -2 */
	assert_int_equal(DECODE(DECODE_64, 0x4b, 0xc7, 0x44, 0xcc, 0x80, 0xfe, 0xff, 0xff, 0xff),
			 DECODE_OK);
	assert_int_equal(d.size, 8);
	assert_int_equal(d.form, DECODE_RM_IMM);
	assert_int_equal(d.immediate, UINT64_MAX - 1);
	assert_memory(GUEST_DS, R12, R9, 3, UINT64_MAX - 0x7f);
	/* mov [rip + 100h], al */
	assert_int_equal(DECODE(DECODE_64, 0x88, 0x05, 0, 1, 0, 0), DECODE_OK);
	assert_memory(GUEST_DS, DECODE_RIP, DECODE_NOTHING, 0, 0x100);
	/* mov dh, [ebx + 12345678h] */
	assert_int_equal(DECODE(DECODE_32, 0x8a, 0xb3, 0x78, 0x56, 0x34, 0x12), DECODE_OK);
	assert_int_equal(d.reg, DECODE_HIGH | 2);
	assert_int_equal(d.length, 6);
	assert_memory(GUEST_DS, RBX, DECODE_NOTHING, 0, 0x12345678);
	/* mov r15b, [rbp - 1] */
	assert_int_equal(DECODE(DECODE_64, 0x44, 0x8a, 0x7d, 0xff), DECODE_OK);
	assert_int_equal(d.reg, R15);
	assert_int_equal(d.size, 1);
	assert_memory(GUEST_SS, RBP, DECODE_NOTHING, 0, UINT64_MAX);
	/* mov eax, [rax * 4 + 8], with R13 as the base that there is not */
	assert_int_equal(DECODE(DECODE_64, 0x41, 0x8b, 0x04, 0x85, 8, 0, 0, 0), DECODE_OK);
	assert_memory(GUEST_DS, DECODE_NOTHING, RAX, 2, 8);
	/* what is relative to RIP in 64-bit code has no base in 32-bit code */
	assert_int_equal(DECODE(DECODE_32, 0x88, 0x05, 0, 1, 0, 0x80), DECODE_OK);
	assert_int_equal(d.address_size, 4);
	assert_memory(GUEST_DS, DECODE_NOTHING, DECODE_NOTHING, 0, 0xffffffff80000100);
	/* add [bp + di - 2], cx */
	assert_int_equal(DECODE(DECODE_16, 0x01, 0x4b, 0xfe), DECODE_OK);
	assert_int_equal(d.size, 2);
	assert_memory(GUEST_SS, RBP, RDI, 0, UINT64_MAX - 1);
	/* movzx ebx, byte [1234h] */
	assert_int_equal(DECODE(DECODE_16, 0x66, 0x0f, 0xb6, 0x1e, 0x34, 0x12), DECODE_OK);
	assert_int_equal(d.rm_size, 1);
	assert_int_equal(d.size, 4);
	assert_memory(GUEST_DS, DECODE_NOTHING, DECODE_NOTHING, 0, 0x1234);
}

static void absolute_addresses_are_as_long_as_addresses(void **state)
{
	(void)state;
	assert_int_equal(DECODE(DECODE_16, 0x26, 0xa1, 0xff, 0xff), DECODE_OK);
	assert_memory(GUEST_ES, DECODE_NOTHING, DECODE_NOTHING, 0, 0xffff);
	assert_int_equal(d.form, DECODE_REG_RM);
	assert_int_equal(DECODE(DECODE_32, 0xa2, 0, 0, 0, 0xff), DECODE_OK);
	assert_memory(GUEST_DS, DECODE_NOTHING, DECODE_NOTHING, 0, 0xff000000);
	assert_int_equal(d.form, DECODE_RM_REG);
	assert_int_equal(d.size, 1);
	assert_int_equal(DECODE(DECODE_64, 0x48, 0xa3, 1, 2, 3, 4, 5, 6, 7, 8), DECODE_OK);
	assert_memory(GUEST_DS, DECODE_NOTHING, DECODE_NOTHING, 0, 0x0807060504030201);
	assert_int_equal(DECODE(DECODE_64, 0x67, 0xa3, 1, 2, 3, 4), DECODE_OK);
	assert_int_equal(d.length, 6);
}

static void high_bytes_are_hidden_by_rex(void **state)
{
	(void)state;
	assert_int_equal(DECODE(DECODE_32, 0x88, 0x20), DECODE_OK);
	assert_int_equal(d.reg, DECODE_HIGH | 0); /* AH */
	assert_int_equal(DECODE(DECODE_64, 0x40, 0x88, 0x20), DECODE_OK);
	assert_int_equal(d.reg, RSP); /* SPL */
	assert_int_equal(DECODE(DECODE_64, 0x44, 0x88, 0x38), DECODE_OK);
	assert_int_equal(d.reg, R15);
	assert_int_equal(DECODE(DECODE_64, 0x0f, 0xbe, 0xc7), DECODE_OK); /* movsx eax, bh */
	assert_int_equal(d.rm, DECODE_HIGH | 3);
	assert_false(d.memory);
}

static void prefixes_in_any_order(void **state)
{
	(void)state;
	/* a REX prefix counts right before the opcode only */
	assert_int_equal(DECODE(DECODE_64, 0x48, 0x66, 0x89, 0x00), DECODE_OK);
	assert_int_equal(d.size, 2);
	assert_int_equal(DECODE(DECODE_64, 0x66, 0x48, 0x89, 0x00), DECODE_OK);
	assert_int_equal(d.size, 8);
	/* the last of F2 and F3 counts */
	assert_int_equal(DECODE(DECODE_32, 0xf3, 0xf2, 0xae), DECODE_OK);
	assert_int_equal(d.prefixes, DECODE_REPNE);
	assert_int_equal(DECODE(DECODE_32, 0xf2, 0xf3, 0xf3, 0xa4), DECODE_OK);
	assert_int_equal(d.prefixes, DECODE_REP);
	/* the last segment counts, but in 64-bit mode ES, CS, SS and DS never do */
	assert_int_equal(DECODE(DECODE_32, 0x64, 0x26, 0x89, 0x00), DECODE_OK);
	assert_int_equal(d.segment, GUEST_ES);
	assert_int_equal(DECODE(DECODE_64, 0x64, 0x26, 0x89, 0x00), DECODE_OK);
	assert_int_equal(d.segment, GUEST_FS);
	assert_int_equal(DECODE(DECODE_64, 0x3e, 0x89, 0x04, 0x24), DECODE_OK);
	assert_int_equal(d.segment, GUEST_SS);
	assert_int_equal(DECODE(DECODE_16, 0x67, 0x65, 0xf0, 0x66, 0x01, 0x00), DECODE_OK);
	assert_int_equal(d.prefixes, DECODE_LOCK);
	assert_int_equal(d.address_size, 4);
	assert_int_equal(d.size, 4);
}

static void lock_needs_memory_to_change(void **state)
{
	(void)state;
	assert_int_equal(DECODE(DECODE_32, 0xf0, 0x01, 0x00), DECODE_OK);
	assert_int_equal(DECODE(DECODE_32, 0xf0, 0x01, 0xc0), DECODE_INVALID);
	assert_int_equal(DECODE(DECODE_32, 0xf0, 0x03, 0x00), DECODE_INVALID);
	assert_int_equal(DECODE(DECODE_32, 0xf0, 0x89, 0x00), DECODE_INVALID);
	assert_int_equal(DECODE(DECODE_32, 0xf0, 0x39, 0x00), DECODE_INVALID);
	assert_int_equal(DECODE(DECODE_32, 0xf0, 0x0f, 0xa3, 0x00), DECODE_INVALID);
	assert_int_equal(DECODE(DECODE_32, 0xf0, 0xa4), DECODE_INVALID);
	assert_int_equal(DECODE(DECODE_32, 0xf0, 0x0f, 0xba, 0x28, 1), DECODE_OK);
}

static void fifteen_bytes_are_the_most(void **state)
{
	uint8_t bytes[DECODE_BUFFER];

	(void)state;
	memset(bytes, 0x66, sizeof(bytes));
	bytes[13] = 0x8b;
	bytes[14] = 0x07;
	assert_int_equal(run(DECODE_64, bytes, 15), DECODE_OK);
	assert_int_equal(d.length, 15);
	assert_int_equal(run(DECODE_64, bytes, 14), DECODE_MORE);
	assert_int_equal(run(DECODE_64, bytes, 13), DECODE_MORE);
	bytes[14] = 0x47; /* one byte more: a displacement */
	assert_int_equal(run(DECODE_64, bytes, 16), DECODE_TOO_LONG);
	memset(bytes, 0x66, sizeof(bytes));
	assert_int_equal(run(DECODE_64, bytes, 16), DECODE_TOO_LONG);
	assert_int_equal(run(DECODE_64, bytes, 0), DECODE_MORE);
}

static void what_is_not_known_is_said(void **state)
{
	(void)state;
	assert_int_equal(DECODE(DECODE_32, 0x90), DECODE_UNKNOWN);
	assert_int_equal(DECODE(DECODE_32, 0x40), DECODE_UNKNOWN);       /* INC EAX */
	assert_int_equal(DECODE(DECODE_32, 0x63, 0x00), DECODE_UNKNOWN); /* ARPL */
	assert_int_equal(DECODE(DECODE_64, 0x66, 0x63, 0x00), DECODE_UNKNOWN);
	assert_int_equal(DECODE(DECODE_64, 0x63, 0x00), DECODE_OK);
	assert_int_equal(DECODE(DECODE_64, 0x82, 0x00, 0x00), DECODE_UNKNOWN);
	assert_int_equal(DECODE(DECODE_32, 0x82, 0x00, 0x00), DECODE_OK);
	assert_int_equal(DECODE(DECODE_32, 0x0f, 0x10, 0x00), DECODE_UNKNOWN);
	assert_int_equal(DECODE(DECODE_32, 0x8f, 0x48, 0x00), DECODE_UNKNOWN);
	assert_int_equal(DECODE(DECODE_32, 0xff, 0x10), DECODE_UNKNOWN); /* CALL */
	assert_int_equal(DECODE(DECODE_32, 0xff), DECODE_MORE);
	assert_int_equal(DECODE(DECODE_32, 0xff, 0xff), DECODE_UNKNOWN);
	assert_int_equal(DECODE(DECODE_32, 0x66, 0x0f, 0xc3, 0x00), DECODE_UNKNOWN);
	assert_int_equal(DECODE(DECODE_32, 0xf3, 0x0f, 0xc3, 0x00), DECODE_UNKNOWN);
	assert_int_equal(DECODE(DECODE_32, 0x0f, 0xc3, 0xc0), DECODE_UNKNOWN);
	assert_int_equal(DECODE(DECODE_16, 0x0f, 0xc3, 0x00), DECODE_OK);
	assert_int_equal(d.size, 4);
}

static void immediates_and_conditions(void **state)
{
	(void)state;
	assert_int_equal(DECODE(DECODE_64, 0x66, 0x81, 0x00, 0x00, 0x80), DECODE_OK);
	assert_int_equal(d.immediate, 0xffffffffffff8000);
	assert_int_equal(DECODE(DECODE_32, 0x83, 0x38, 0xff), DECODE_OK);
	assert_int_equal(d.op, DECODE_CMP);
	assert_int_equal(d.immediate, UINT64_MAX);
	assert_int_equal(DECODE(DECODE_32, 0xf6, 0x00, 0x80), DECODE_OK);
	assert_int_equal(d.op, DECODE_TEST);
	assert_int_equal(d.length, 3);
	assert_int_equal(DECODE(DECODE_32, 0xf7, 0x10), DECODE_OK);
	assert_int_equal(d.op, DECODE_NOT);
	assert_int_equal(d.length, 2);
	assert_int_equal(DECODE(DECODE_32, 0x0f, 0x9e, 0x00), DECODE_OK);
	assert_int_equal(d.op, DECODE_SETCC);
	assert_int_equal(d.immediate, 0xe);
	assert_int_equal(DECODE(DECODE_64, 0x6a, 0x80), DECODE_OK);
	assert_int_equal(d.size, 8);
	assert_int_equal(d.form, DECODE_IMM);
	assert_int_equal(DECODE(DECODE_64, 0x41, 0x57), DECODE_OK);
	assert_int_equal(d.reg, R15);
	assert_int_equal(DECODE(DECODE_64, 0x66, 0xff, 0x30), DECODE_OK);
	assert_int_equal(d.op, DECODE_PUSH);
	assert_int_equal(d.size, 2);
}

static void more_than_fifteen_is_our_bug(void **state)
{
	uint8_t bytes[DECODE_BUFFER] = {0};

	(void)state;
	expect_assert_failure((void)!decode(bytes, 16, DECODE_32, &d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_common_forms),
		cmocka_unit_test(absolute_addresses_are_as_long_as_addresses),
		cmocka_unit_test(high_bytes_are_hidden_by_rex),
		cmocka_unit_test(prefixes_in_any_order),
		cmocka_unit_test(lock_needs_memory_to_change),
		cmocka_unit_test(fifteen_bytes_are_the_most),
		cmocka_unit_test(what_is_not_known_is_said),
		cmocka_unit_test(immediates_and_conditions),
		cmocka_unit_test(more_than_fifteen_is_our_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
