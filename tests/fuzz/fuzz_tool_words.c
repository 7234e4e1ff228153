/*
 * tests/fuzz/fuzz_tool_words.c - the words tsc=, cpuid= and msrarea= made of random bytes
 * (libFuzzer).
 *
 * The value is in memory of its exact size and without a NUL, so that AddressSanitizer sees a read
 * past it. The first byte says which word it is. What is taken keeps the promises of the headers;
 * what is refused is refused with a part of the value and a sentence.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/assert.h"
#include "toolkit/cpuid_words.h"
#include "toolkit/msr_area_words.h"
#include "toolkit/tsc_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status read_tsc(struct text value, struct text *bad, const char **what)
{
	struct tsc_words w;

	return tsc_words_read(value, &w, bad, what);
}

static enum status read_cpuid(struct text value, struct text *bad, const char **what)
{
	struct cpuid_override list[CPUID_WORDS_MAX];
	unsigned count;
	enum status s = cpuid_words_read(value, list, &count, bad, what);

	ASSERT(count <= CPUID_WORDS_MAX);
	for (unsigned i = 0; s == OK && i < count; i++)
		ASSERT(list[i].named && list[i].named < 16);
	return s;
}

/* The host stands or falls with these. */
static enum status read_area(struct text value, struct text *bad, const char **what)
{
	const struct msr_features features = {.rdtscp = true, .pat_switched = true};
	struct msr_area_entry list[MSR_AREA_MAX];
	unsigned count;
	enum status s = msr_area_words_read(value, &features, list, &count, bad, what);

	ASSERT(count <= MSR_AREA_MAX);
	for (unsigned i = 0; s == OK && i < count; i++) {
		uint32_t index = list[i].index;

		ASSERT((index >= MSR_STAR && index <= MSR_FMASK) || index == MSR_KERNEL_GS_BASE ||
		       index == MSR_TSC_AUX);
		ASSERT(list[i].reserved == 0);
		ASSERT(index != MSR_FMASK || !(list[i].value >> 32));
		for (unsigned k = 0; k < i; k++)
			ASSERT(list[k].index != index);
	}
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum status (*const readers[])(struct text, struct text *,
				       const char **) = {read_tsc, read_cpuid, read_area};
	const char *what = NULL;
	struct text bad = {0};
	char *copy;

	if (size < 2)
		return 0; /* a word without a value does not get so far */
	copy = malloc(size - 1);
	if (copy == NULL)
		return 0;
	memcpy(copy, data + 1, size - 1);
	if (readers[data[0] % ARRAY_SIZE(readers)]((struct text){copy, size - 1}, &bad, &what) !=
	    OK) {
		ASSERT(what != NULL && *what != '\0');
		ASSERT(bad.at >= copy && bad.at + bad.len <= copy + size - 1);
	}
	free(copy);
	return 0;
}

void assert_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, condition);
	abort();
}
