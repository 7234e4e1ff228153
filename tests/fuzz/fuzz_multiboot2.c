/*
 * tests/fuzz/fuzz_multiboot2.c - boot/multiboot2.h fed with random blocks (libFuzzer).
 *
 * The block is in memory of its exact size, so that AddressSanitizer sees a read past it; what
 * comes out must lie within it.
 */
#include "tests/fuzz/fuzzer.h"

#include "boot/multiboot2.h"

static void check_inside(const void *at, uint64_t len_bytes, const uint8_t *block, size_t size)
{
	const uint8_t *p = at;

	if (p < block || p > block + size || len_bytes > (uint64_t)(block + size - p))
		abort();
}

static void check_text(const char *text, const uint8_t *block, size_t size)
{
	if (*text != '\0')
		check_inside(text, strlen(text) + 1, block, size);
}

static void check_table(const struct multiboot2_table *t, const uint8_t *block, size_t size)
{
	if (t->entries != NULL)
		check_inside(t->entries, (uint64_t)t->count * t->entry_bytes, block, size);
}

static void check(const struct multiboot2 *m, const uint8_t *block, size_t size)
{
	static struct regions r, clean;

	check_text(m->command_line, block, size);
	check_text(m->loader_name, block, size);
	check_table(&m->memory, block, size);
	check_table(&m->efi_memory, block, size);
	for (unsigned i = 0; i < m->module_count; i++) {
		check_text(m->modules[i].command_line, block, size);
		if (m->modules[i].end < m->modules[i].start)
			abort();
	}
	regions_init(&r);
	if (multiboot2_add_memory(m, &r) == OK && regions_normalise(&r, &clean) == OK &&
	    clean.count > r.count * 2)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct multiboot2 m;
	uint8_t *block = malloc(size > 0 ? size : 1);
	enum status s;

	if (block == NULL)
		return 0;
	memcpy(block, data, size);
	s = multiboot2_parse(&m, block, size);
	if (s == OK)
		check(&m, block, size);
	else if (m.problem_count == 0)
		abort(); /* an error names its tag */
	free(block);
	return 0;
}
