/* tests/unit/test_stats_report.c - the statistics as text and as JSON. */
#include "debug/stats_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/support.h"

#define HZ UINT64_C(1000000000)

static struct exit_stats stats;
static struct io_bus io;
static struct mmio_bus mmio;
static char printed[1 << 20];
static size_t printed_len;

static void write_text(void *state, const char *text, size_t len)
{
	(void)state;
	assert_true(printed_len + len < sizeof(printed));
	memcpy(printed + printed_len, text, len);
	printed_len += len;
	printed[printed_len] = '\0';
}

static const struct debug_output out = {.write = write_text};

static const char *reason_name(uint32_t reason)
{
	return reason == 10 ? "CPUID" : reason == 12 ? "HLT" : reason == 30 ? "I/O" : NULL;
}

static struct stats_source source = {
	.name = "demo",
	.stats = &stats,
	.io = &io,
	.mmio = &mmio,
	.reason_name = reason_name,
	.ran_ns = 2000000000,
	.tsc_hz = HZ,
	.runs = 1,
};

static void device(void *state, struct io_access *access)
{
	(void)state;
	access->value = 0;
}

static int prepare(void **state)
{
	static const struct io_claim pit = {
		.name = "pit", .access = device, .first = 0x40, .count = 4};

	(void)state;
	memset(&stats, 0, sizeof(stats));
	io_bus_init(&io);
	mmio_bus_init(&mmio);
	assert_int_equal(io_bus_claim(&io, &pit), OK);
	source.ran_ns = 2 * HZ;
	source.tsc_hz = HZ;
	printed_len = 0;
	printed[0] = '\0';
	return 0;
}

static void add(unsigned times, uint32_t reason, uint64_t qualification, uint32_t key,
		uint32_t ticks)
{
	const struct exit_record r = {
		.reason = reason, .qualification = qualification, .key = key, .end_tsc = ticks};

	for (unsigned i = 0; i < times; i++)
		exit_stats_add(&stats, &r, 1);
	stats.folded += times;
	stats.fold_ticks += (uint64_t)times * 20;
}

static const char *text_of(enum stats_part part)
{
	stats_print(&source, part, &out);
	return printed;
}

static bool comes_before(const char *text, const char *first, const char *second)
{
	const char *a = strstr(text, first), *b = strstr(text, second);

	return a && b && a < b;
}

static void the_head_says_how_many_how_long_and_how_often(void **state)
{
	(void)state;
	add(1000, 12, 0, 0, 100000); /* 100 ms of 2 s */
	text_of(STATS_SUMMARY);
	assert_non_null(strstr(printed, "1000 exits in 2000 ms, runs ended: 1; 500 a second, 5.0 % "
					"of the time\n"));
	assert_non_null(strstr(printed, "counting them took 20 ticks each\n"));
	assert_null(strstr(printed, "no room"));
}

static void a_row_has_count_share_rate_time_name_and_spread(void **state)
{
	(void)state;
	source.tsc_hz = 2 * HZ;
	add(150, 12, 0, 0, 100);
	add(50, 12, 0, 0, 300);
	add(200, 7, 0, 0, 10);
	text_of(STATS_SUMMARY);
	assert_non_null(
		strstr(printed, "       200   50.0        100      75       150  HLT     "));
	assert_non_null(strstr(printed, " 2^7 #_+\n"));
	assert_non_null(strstr(printed, "  unknown reason "));
	assert_non_null(strstr(printed, " 2^6 #\n"));
}

static void rows_are_sorted_by_count_and_equal_ones_by_number(void **state)
{
	(void)state;
	add(3, 12, 0, 0, 10);
	add(5, 30, 0x400008, 0, 10);
	add(3, 10, 0, 0, 10);
	text_of(STATS_SUMMARY);
	assert_true(comes_before(printed, "I/O  ", "CPUID "));
	assert_true(comes_before(printed, "CPUID ", "HLT "));
}

static void rare_times_have_small_marks(void **state)
{
	(void)state;
	add(1000, 12, 0, 0, 10);
	add(150, 12, 0, 0, 100);
	add(20, 12, 0, 0, 200);
	add(1, 12, 0, 0, 300);
	add(1, 12, 0, 0, 2000);
	assert_non_null(strstr(text_of(STATS_SUMMARY), " 2^6 #+-._.\n"));
}

static void keys_are_named_by_what_they_are(void **state)
{
	(void)state;
	add(1, 30, 0x400008, 0, 10);
	add(1, 30, 0x410000, 0, 10);
	add(1, 30, 0x800000, 0, 10);
	add(1, 31, 0x277, 0, 10);
	add(1, 32, 0xc0010015, 0, 10);
	add(1, 10, 0x40000000, 0, 10);
	add(1, 0, 0, 14, 10);
	add(1, 48, 0x181, 0xfec00, 10);
	text_of(STATS_KEYS);
	assert_non_null(strstr(printed, "  port 40h in, pit "));
	assert_non_null(strstr(printed, "  port 41h out, pit "));
	assert_non_null(strstr(printed, "  port 80h out, nobody's "));
	assert_non_null(strstr(printed, "  RDMSR 277h, PAT "));
	assert_non_null(strstr(printed, "  WRMSR c0010015h, unknown "));
	assert_non_null(strstr(printed, "  CPUID 40000000h "));
	assert_non_null(strstr(printed, "  exception 0eh "));
	assert_non_null(strstr(printed, "  page fec00000h, nobody's "));
}

static void a_part_shows_its_own_keys_only(void **state)
{
	(void)state;
	add(6, 30, 0x400008, 0, 10);
	add(2, 31, 0x277, 0, 10);
	add(2, 32, 0x277, 0, 10);
	text_of(STATS_MSRS);
	assert_non_null(strstr(printed, "   20.0  "));
	assert_non_null(strstr(printed, "RDMSR 277h"));
	assert_non_null(strstr(printed, "WRMSR 277h"));
	assert_null(strstr(printed, "port"));
}

static void vectors_that_entries_brought_are_told(void **state)
{
	(void)state;
	add(2, 0, 0, 6, 10);
	stats.events[0x20] = 400;
	text_of(STATS_VECTORS);
	assert_non_null(strstr(printed, "  exception 06h "));
	assert_non_null(
		strstr(printed, "       400               200                    vector 20h"));
}

static void the_summary_has_the_most_frequent_keys(void **state)
{
	(void)state;
	for (unsigned leaf = 0; leaf < 30; leaf++)
		add(100 - leaf, 10, leaf, 0, 10);
	text_of(STATS_SUMMARY);
	assert_non_null(strstr(printed, "CPUID 0h"));
	assert_non_null(strstr(printed, "CPUID fh"));
	assert_null(strstr(printed, "CPUID 10h"));
	assert_non_null(strstr(printed, "and 14 more\n"));
}

static void what_had_no_room_is_told(void **state)
{
	(void)state;
	for (uint32_t leaf = 0; leaf < EXIT_STATS_KEYS + 5; leaf++)
		add(1, 10, leaf, 0, 10);
	text_of(STATS_CPUID);
	assert_non_null(strstr(printed, "no room for the ports, MSRs and so on of 5 of them\n"));
	assert_true(comes_before(printed, "CPUID, others", "CPUID 0h"));
}

static void nothing_counted_is_a_line(void **state)
{
	(void)state;
	source.ran_ns = 0;
	assert_string_equal(text_of(STATS_SUMMARY), "0 exits in 0 ms, runs ended: 1; 0 a second, "
						    "0.0 % of the time\n");
}

static void what_is_to_be_cleared_counts_as_nothing(void **state)
{
	(void)state;
	add(7, 10, 1, 0, 10);
	stats.events[8] = 1;
	stats.clear = true;
	assert_non_null(strstr(text_of(STATS_VECTORS), "0 exits in "));
	assert_null(strstr(printed, "CPUID"));
	stats_print_json(&source, &out);
	assert_non_null(strstr(printed, "\"reasons\": [],\n\"keys\": [],\n\"vectors\": {}}"));
}

static void huge_numbers_stay_right(void **state)
{
	struct exit_stats_entry *e = &stats.reasons[12];

	(void)state;
	e->id = UINT64_C(12) << 32;
	e->histogram[0] = UINT64_C(1) << 60;
	e->total_ticks = UINT64_C(1) << 62;
	source.tsc_hz = UINT64_C(4000000000);
	source.ran_ns = UINT64_MAX / 4;
	text_of(STATS_SUMMARY);
	assert_non_null(strstr(printed, "1152921504606846976  100.0"));
	assert_non_null(strstr(printed, "25.0 % of the time"));
}

/* Python's own reader takes it, and finds what is expected. */
static void the_json_is_json(void **state)
{
	static const char check[] =
		"import json, sys\n"
		"d = json.load(open(sys.argv[1]))\n"
		"assert d['vm'] == 'a\\\"b\\\\\\n\\u00e9', d['vm']\n"
		"assert d['exits'] == 18 and d['ns'] == 2000000000 and d['vectors'] == {'32': 5}\n"
		"r = {x['reason']: x for x in d['reasons']}\n"
		"assert r[30]['count'] == 11 and r[30]['max_ticks'] == 300\n"
		"assert r[30]['name'] == 'I/O'\n"
		"assert r[30]['below_2^'] == {'6': 1, '9': 10}, r\n"
		"k = {(x['reason'], x['key'], x.get('in')): x for x in d['keys']}\n"
		"assert k[30, 64, True]['ticks'] == 3000 and k[30, 64, False]['count'] == 1\n"
		"assert k[32, 0xc0010015, None]['count'] == 7\n"
		"assert len(d['keys']) == 3\n";
	char json[] = "/tmp/stats_json_XXXXXX", command[64 + sizeof(json)];
	int file = mkstemp(json);
	FILE *python, *to = fdopen(file, "w");

	(void)state;
	assert_non_null(to);
	source.name = "a\"b\\\n\xe9";
	add(10, 30, 0x400008, 0, 300);
	add(1, 30, 0x400000, 0, 10);
	add(7, 32, 0xc0010015, 0, 100);
	stats.events[32] = 5;
	stats_print_json(&source, &out);
	source.name = "demo";
	assert_int_equal(fwrite(printed, 1, printed_len, to), printed_len);
	assert_int_equal(fclose(to), 0);
	snprintf(command, sizeof(command), "/usr/bin/python3 - %s", json);
	python = popen(command, "w");
	assert_non_null(python);
	fputs(check, python);
	assert_int_equal(pclose(python), 0);
	remove(json);
}

static void others_of_a_reason_have_no_key_in_the_json(void **state)
{
	(void)state;
	for (uint32_t leaf = 0; leaf < EXIT_STATS_KEYS + 5; leaf++)
		add(1, 10, leaf, 0, 10);
	stats_print_json(&source, &out);
	assert_non_null(
		strstr(printed, "{\"reason\": 10, \"name\": \"CPUID, others\", \"count\": 5,"));
}

static void every_part_has_its_word(void **state)
{
	(void)state;
	assert_null(stats_part_words[STATS_SUMMARY]);
	for (unsigned i = STATS_SUMMARY + 1; i < STATS_PARTS; i++)
		assert_non_null(stats_part_words[i]);
}

#define TEST_NEW(f) cmocka_unit_test_setup(f, prepare)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_NEW(the_head_says_how_many_how_long_and_how_often),
		TEST_NEW(a_row_has_count_share_rate_time_name_and_spread),
		TEST_NEW(rows_are_sorted_by_count_and_equal_ones_by_number),
		TEST_NEW(rare_times_have_small_marks),
		TEST_NEW(keys_are_named_by_what_they_are),
		TEST_NEW(a_part_shows_its_own_keys_only),
		TEST_NEW(vectors_that_entries_brought_are_told),
		TEST_NEW(the_summary_has_the_most_frequent_keys),
		TEST_NEW(what_had_no_room_is_told),
		TEST_NEW(nothing_counted_is_a_line),
		TEST_NEW(what_is_to_be_cleared_counts_as_nothing),
		TEST_NEW(huge_numbers_stay_right),
		TEST_NEW(the_json_is_json),
		TEST_NEW(others_of_a_reason_have_no_key_in_the_json),
		TEST_NEW(every_part_has_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
