/*
 * tests/fuzz/fuzz_watch_words.c - toolkit/watch_words.h fed with random words (libFuzzer).
 *
 * The word is in memory of its exact size and without a NUL, so that AddressSanitizer sees a read
 * past it. What is taken lies within the limits of its kind and has the word as its text; what is
 * refused is refused with a part of the word and a sentence.
 */
#include "tests/fuzz/fuzzer.h"

#include "toolkit/watch_words.h"

static void check_watch(const struct watch *w, struct text word)
{
	bool has_rights = w->kind == WATCH_MSR || w->kind == WATCH_EPT;

	ASSERT((unsigned)w->kind < WATCH_KINDS);
	ASSERT(text_is(word, w->text));
	ASSERT(memcmp(w->text, watch_kind_name(w->kind), strlen(watch_kind_name(w->kind))) == 0);
	ASSERT(w->low <= w->high);
	ASSERT(has_rights == (w->rights != 0) && w->rights <= 7);
	ASSERT(w->kind != WATCH_MSR || w->rights <= (WATCH_READ | WATCH_WRITE));
	ASSERT(w->kind != WATCH_IO || w->high <= 0xffff);
	ASSERT(w->kind != WATCH_EXC || w->high <= 31);
	ASSERT((w->kind != WATCH_MSR && w->kind != WATCH_CPUID) || w->high <= UINT32_MAX);
	ASSERT(w->kind != WATCH_EPT || w->high < BIT(48));
	ASSERT(w->kind != WATCH_PREEMPT || (w->low >= 1 && w->low <= 1000000));
	ASSERT(!(w->mask | w->match) || (w->kind == WATCH_EXC && w->low == 14));
	ASSERT(w->hits == 0 && w->told == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);
	const char *what = NULL;
	struct text word, bad = {0};
	struct watch w;

	if (copy == NULL)
		return 0;
	if (size > 0)
		memcpy(copy, data, size);
	word = (struct text){.at = copy, .len = size};
	if (watch_read(word, &w, &bad, &what) == OK) {
		check_watch(&w, word);
	} else {
		ASSERT(what != NULL && *what != '\0');
		ASSERT(bad.at >= copy && bad.at + bad.len <= copy + size);
		ASSERT(bad.len > 0 || size == 0);
	}
	free(copy);
	return 0;
}
