/*
 * tests/fuzz/fuzz_trace_filter.c - the words of a trace, and any record against what they say
 * (libFuzzer).
 *
 * The words are in memory of their exact size and without a NUL, so that AddressSanitizer sees a
 * read past them. The first bytes are a record.
 */
#include "tests/fuzz/fuzzer.h"

#include "debug/trace_filter.h"
#include "debug/trace_stream.h"
#include "debug/trace_text.h"

static const char *reason_name(uint32_t n)
{
	static const char *const names[] = {"HLT", "I/O instruction", "EPT violation", "EPT", ""};

	return n < ARRAY_SIZE(names) ? names[n] : NULL;
}

static void check_filter(const char *words, size_t size, const struct trace_record *r,
			 bool condition)
{
	char message[TRACE_MESSAGE];
	struct trace_filter f;

	if (trace_filter_parse(&f, (struct text){.at = words, .len = size}, condition, reason_name,
			       message, sizeof(message)) != OK) {
		ASSERT(strlen(message) > 0 && strlen(message) < sizeof(message));
		return;
	}
	ASSERT(f.kinds != 0 && (f.kinds & ~TRACE_ALL) == 0);
	ASSERT(f.name_count <= TRACE_FILTER_VMS && f.after >= 1);
	for (unsigned i = 0; i < f.name_count; i++) {
		ASSERT(strnlen(f.names[i], TRACE_NAME_BYTES) < TRACE_NAME_BYTES);
		ASSERT(trace_filter_wants_vm(&f, f.names[i]));
	}
	f.vms = UINT64_MAX;
	if (trace_filter_match(&f, r))
		ASSERT(f.kinds & BIT(r->kind));
}

static void check_record(const struct trace_record *r)
{
	char text[TRACE_TEXT_BYTES], line[TRACE_LINE_TEXT];
	struct trace_line l;

	trace_text(text, sizeof(text), r, reason_name);
	ASSERT(strlen(text) < sizeof(text));
	trace_line_begin_records(&l, 255, r->value);
	ASSERT(trace_line_record(&l, r)); /* an empty line takes any record */
	ASSERT(trace_line_text(&l, (uint16_t)r->reason, line) == strlen(line));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace_record r = {0};
	char *words;

	if (size < sizeof(r))
		return 0;
	memcpy(&r, data, sizeof(r));
	r.kind %= TRACE_KINDS;
	size -= sizeof(r);
	words = malloc(size > 0 ? size : 1);
	if (words == NULL)
		return 0;
	if (size > 0)
		memcpy(words, data + sizeof(r), size);
	check_filter(words, size, &r, r.action & 1);
	check_record(&r);
	free(words);
	return 0;
}
