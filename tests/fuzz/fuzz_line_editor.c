/*
 * tests/fuzz/fuzz_line_editor.c - debug/line_editor.h with random keys (libFuzzer).
 *
 * Whatever is typed, the line is text that ends within its room, the cursor is in it, and only
 * printable characters and the few controls go to the terminal.
 */
#include "tests/fuzz/fuzzer.h"

#include "debug/line_editor.h"

static void take_text(void *state, const char *text, size_t len)
{
	(void)state;
	for (size_t i = 0; i < len; i++)
		ASSERT((text[i] >= ' ' && text[i] <= '~') || strchr("\r\n\a\x1b", text[i]));
}

static const char *word(struct text before, unsigned index)
{
	static const char *const words[] = {"a", "ab", "abc", "x", NULL};

	ASSERT(before.len <= LINE_EDITOR_BYTES);
	return words[index];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct debug_output out = {.write = take_text};
	static struct line_editor e;

	line_editor_init(&e, "lintel> ", &out, word);
	line_editor_start(&e);
	for (size_t i = 0; i < size; i++) {
		enum line_event event = line_editor_feed(&e, data[i]);

		ASSERT(e.len <= LINE_EDITOR_BYTES && e.at <= e.len && strlen(e.line) == e.len);
		if (event == LINE_DONE || event == LINE_CLOSED)
			line_editor_start(&e);
	}
	return 0;
}
