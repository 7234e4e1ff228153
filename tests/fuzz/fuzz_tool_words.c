/*
 * tests/fuzz/fuzz_tool_words.c - the values of the toolkit's own words on a VM's line (cpuid=,
 * cr3target=, msrarea=, tsc=, redirect=, hook=, pass=) fed with random text (libFuzzer).
 *
 * Each text goes to each parser, in memory of its exact size and without a NUL, so that
 * AddressSanitizer sees a read past it. What is taken keeps the promises of the headers; what is
 * refused is refused with a part of the text and a sentence.
 */
#include "tests/fuzz/fuzzer.h"

#include "mm/ept.h"
#include "toolkit/cpuid_words.h"
#include "toolkit/cr_words.h"
#include "toolkit/ept_words.h"
#include "toolkit/msr_area_words.h"
#include "toolkit/pass_words.h"
#include "toolkit/tsc_words.h"

static struct text text, bad;
static const char *what;

/* True: it was taken. */
static bool taken(enum status s)
{
	if (s != OK) {
		ASSERT(what != NULL && *what != '\0');
		ASSERT(bad.at >= text.at && bad.at + bad.len <= text.at + text.len);
	}
	bad = (struct text){0};
	what = NULL;
	return s == OK;
}

static void read_lists(void)
{
	static const struct msr_features features = {.rdtscp = true};
	struct cpuid_override leaves[CPUID_WORDS_MAX];
	struct msr_area_entry msrs[MSR_AREA_MAX];
	struct cr3_targets targets;
	unsigned count = 0;

	if (taken(cpuid_words_read(text, leaves, &count, &bad, &what)))
		ASSERT(count <= CPUID_WORDS_MAX);
	count = 0;
	if (taken(msr_area_words_read(text, &features, msrs, &count, &bad, &what)))
		ASSERT(count <= MSR_AREA_MAX);
	if (taken(cr3_targets_read(text, &targets, &bad, &what)))
		ASSERT(targets.count <= CR3_TARGETS_MAX);
}

static void read_single_words(void)
{
	struct pass_range range;
	struct redirect redirect;
	struct tsc_words tsc;
	struct hook hook;

	if (taken(pass_read(text, &range, &bad, &what))) {
		ASSERT(is_aligned(range.at.raw | range.to.raw | range.len_bytes, PAGE_4K));
		ASSERT(range.len_bytes && range.at.raw + range.len_bytes <= BIT(48));
		ASSERT(range.to.raw + range.len_bytes <= BIT(52));
		ASSERT(range.rights && (range.rights & ~(unsigned)EPT_RWX) == 0);
		ASSERT(!(range.rights & EPT_WRITE) || (range.rights & EPT_READ));
	}
	if (taken(redirect_read(text, &redirect, &bad, &what))) {
		ASSERT(is_aligned(redirect.page, PAGE_4K) && redirect.page < BIT(48));
		ASSERT(redirect.kind != REDIRECT_PAGE || is_aligned(redirect.other, PAGE_4K));
	}
	if (taken(hook_read(text, &hook, &bad, &what))) {
		ASSERT(hook.count >= 1 && hook.count <= HOOK_BYTES_MAX);
		ASSERT(hook.at / PAGE_4K == (hook.at + hook.count - 1) / PAGE_4K);
	}
	(void)taken(tsc_words_read(text, &tsc, &bad, &what));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		return 0;
	if (size > 0)
		memcpy(copy, data, size);
	text = (struct text){.at = copy, .len = size};
	read_lists();
	read_single_words();
	free(copy);
	return 0;
}
