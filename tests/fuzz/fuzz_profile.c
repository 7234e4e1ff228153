/*
 * tests/fuzz/fuzz_profile.c - any text of symbols, any samples, any bytes of code (libFuzzer).
 *
 * The text is in memory of its exact size and without a NUL, so that AddressSanitizer sees a read
 * past it. The first 64 bytes are places and code.
 */
#include "tests/fuzz/fuzzer.h"

#include "toolkit/profile.h"
#include "toolkit/step_words.h"

#define HEAD 64u

static struct profile p;

static void check_rows(struct text symbols)
{
	struct profile_row row = {.hits = UINT64_MAX}, last = row;
	uint64_t sum = p.halted + p.elsewhere;
	char text[PROFILE_TEXT];

	profile_name(&p, symbols);
	while (profile_next(&p, symbols, &row)) {
		ASSERT(row.hits > 0 && row.hits <= last.hits);
		ASSERT(row.hits < last.hits || row.at > last.at);
		profile_row_text(&p, &row, text);
		ASSERT(strnlen(text, sizeof(text)) < sizeof(text));
		sum += row.hits;
		last = row;
	}
	ASSERT(sum == p.hits);
}

static void check_step(const uint8_t *head)
{
	unsigned count = head[0] % (DECODE_MAX_BYTES + 1);
	unsigned length =
		step_length(head + 2, count, (enum code_mode)(head[1] % CODE_MODES), head[1] >> 3);
	char text[STEP_BYTES_TEXT];

	ASSERT(length <= count);
	step_bytes_text(head + 2, count, length, text);
	ASSERT(strnlen(text, sizeof(text)) < sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < HEAD)
		return 0;
	memset(&p, 0, sizeof(p));
	for (unsigned i = 0; i < HEAD; i++) {
		struct code_place place = {.mode = (enum code_mode)(data[i] % CODE_MODES),
					   .linear = (uint64_t)data[i] * 3};

		profile_add(&p, &place);
	}
	text = malloc(size - HEAD + 1);
	ASSERT(text != NULL);
	memcpy(text + 1, data + HEAD, size - HEAD);
	check_rows((struct text){.at = text + 1, .len = size - HEAD});
	check_step(data);
	free(text);
	return 0;
}
