/* tests/unit/test_step_kind.c - instructions over which a step by TF needs care. */
#include "tests/unit/support.h"

#include "guest/step_kind.h"

struct sample {
	enum decode_mode mode;
	unsigned count;
	uint8_t bytes[6];
	enum step_kind kind;
	uint8_t length, vector;
};

static const struct sample samples[] = {
	{DECODE_16, 1, {0x9c}, STEP_PUSHES_FLAGS, 1, 0},
	{DECODE_64, 2, {0x66, 0x9c}, STEP_PUSHES_FLAGS, 2, 0},
	{DECODE_32, 1, {0x9d}, STEP_LOADS_FLAGS, 1, 0},
	{DECODE_64, 2, {0x48, 0xcf}, STEP_LOADS_FLAGS, 2, 0},
	{DECODE_16, 1, {0xfb}, STEP_STI, 1, 0},
	{DECODE_64, 3, {0x48, 0x0f, 0x07}, STEP_LOADS_FLAGS, 3, 0},
	{DECODE_64, 2, {0x0f, 0x05}, STEP_SYSCALL, 2, 0},
	{DECODE_16, 2, {0xcd, 0x80}, STEP_INT, 2, 0x80},
	{DECODE_32, 4, {0x2e, 0x66, 0xcd, 0x10}, STEP_INT, 4, 0x10},
	{DECODE_16, 1, {0xcc}, STEP_INT3, 1, 3},
	{DECODE_16, 1, {0xce}, STEP_INTO, 1, 4},
	{DECODE_16, 1, {0xf1}, STEP_INT1, 1, 1},
	/* not so */
	{DECODE_64, 1, {0xce}, STEP_PLAIN, 0, 0},
	{DECODE_32, 2, {0x48, 0xcf}, STEP_PLAIN, 0, 0},       /* DEC EAX */
	{DECODE_16, 2, {0xf0, 0xcc}, STEP_PLAIN, 0, 0},       /* LOCK: #UD */
	{DECODE_16, 2, {0x0f, 0xcd}, STEP_PLAIN, 0, 0},       /* BSWAP */
	{DECODE_16, 2, {0x0f, 0x9c}, STEP_PLAIN, 0, 0},       /* SETL */
	{DECODE_16, 1, {0x05}, STEP_PLAIN, 0, 0},             /* ADD */
	{DECODE_16, 3, {0x90, 0xcd, 0x10}, STEP_PLAIN, 0, 0}, /* NOP */
	/* cut off */
	{DECODE_16, 0, {0}, STEP_PLAIN, 0, 0},
	{DECODE_16, 1, {0xcd}, STEP_PLAIN, 0, 0},
	{DECODE_16, 2, {0x66, 0x67}, STEP_PLAIN, 0, 0},
	{DECODE_64, 1, {0x0f}, STEP_PLAIN, 0, 0},
};

static void each_is_known_behind_its_prefixes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(samples); i++) {
		const struct sample *s = &samples[i];
		struct step_instruction at = step_instruction_at(s->bytes, s->count, s->mode);

		if (at.kind != s->kind || at.length != s->length || at.vector != s->vector)
			fail_msg("sample %u: kind %d, length %u, vector %u", i, at.kind, at.length,
				 at.vector);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_known_behind_its_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
