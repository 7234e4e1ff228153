/* tests/unit/test_console_mux.c - who may write on the one serial line, and when. */
#include "tests/unit/support.h"

#include <string.h>

#include "drivers/console_mux.h"

static struct console_mux *m;
static uint64_t now_ns;
static char shown[4 * CONSOLE_OUTPUT_BYTES];
static size_t shown_len;

static int setup(void **state)
{
	(void)state;
	m = test_calloc(1, sizeof(*m));
	console_mux_init(m);
	now_ns = 5 * NS_PER_SECOND;
	shown_len = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	test_free(m);
	return 0;
}

static void put(struct console_port *p, const char *text)
{
	for (; *text != '\0'; text++)
		assert_true(console_mux_put(p, (uint8_t)*text));
}

/* The chip takes all that is there. */
static void take(void)
{
	while (byte_ring_used(&m->output) > 0) {
		assert_true(shown_len + 1 < sizeof(shown));
		shown[shown_len++] = (char)byte_ring_peek(&m->output, 0);
		byte_ring_skip(&m->output, 1);
	}
	shown[shown_len] = '\0';
}

static void pump(void)
{
	while (console_mux_pump(m, now_ns, false))
		take();
	take();
}

static void expect_shown(const char *text)
{
	take();
	assert_string_equal(shown, text);
	shown_len = 0;
}

static void log_line(const char *text)
{
	console_mux_log(m, text, strlen(text));
}

static void one_vm_passes_exactly_as_it_is(void **state)
{
	struct console_port *p = console_mux_open(m, "linux");
	const char text[] = "a\r\n\tb\x1b[1m\nno end\r\r\xff";

	(void)state;
	put(p, text);
	pump();
	expect_shown(text);
}

static void a_background_line_comes_whole_behind_its_name(void **state)
{
	struct console_port *front = console_mux_open(m, "front");
	struct console_port *back = console_mux_open(m, "back");

	(void)state;
	put(back, "half");
	pump();
	expect_shown("");
	put(back, " a line\r\nand");
	put(front, "mine\r\n");
	pump();
	expect_shown("mine\r\nback| half a line\r\n");
	put(back, " more\n\n");
	pump();
	expect_shown("back| and more\r\nback| \r\n");
}

static void nobody_writes_into_a_line_before_it_has_waited(void **state)
{
	struct console_port *front = console_mux_open(m, "front");
	struct console_port *back = console_mux_open(m, "back");

	(void)state;
	put(front, "prompt> ");
	pump();
	put(back, "line\n");
	pump();
	assert_true(m->waiting);
	assert_int_equal(console_mux_log_room(m, now_ns, false), 0);
	now_ns += CONSOLE_LINE_WAIT_NS - 1;
	pump();
	expect_shown("prompt> ");
	now_ns += 1;
	assert_true(console_mux_log_room(m, now_ns, false) > 0);
	pump();
	expect_shown("\r\nback| line\r\n");
	put(front, "typed\r\n");
	pump();
	expect_shown("typed\r\n");
}

static void a_prompt_is_erased_at_once_by_who_comes_next(void **state)
{
	struct console_port *front = console_mux_open(m, "front");
	struct console_port *back = console_mux_open(m, "back");

	(void)state;
	put(front, "> ");
	pump();
	front->erase = true;
	put(back, "line\n");
	pump();
	expect_shown("> \r\x1b[Kback| line\r\n");
	assert_false(m->line_open);
	assert_int_equal(front->breaks, 1);
	put(front, "> ");
	pump();
	assert_true(console_mux_log_room(m, now_ns, false) > 0);
	log_line("log");
	expect_shown("> \r\x1b[Klog\r\n");
	assert_int_equal(front->breaks, 2);
}

static void what_was_typed_behind_a_prompt_goes_before_others(void **state)
{
	struct console_port *back = console_mux_open(m, "back");
	struct console_port *front = console_mux_open(m, "front");

	(void)state;
	m->foreground = front;
	put(front, "> ");
	pump();
	front->erase = true;
	put(front, "typed\r\n");
	put(back, "line\n");
	assert_int_equal(console_mux_log_room(m, now_ns, false), 0);
	pump();
	pump();
	expect_shown("> typed\r\nback| line\r\n");
	assert_int_equal(front->breaks, 0);
}

static void a_line_that_ends_in_time_is_not_broken(void **state)
{
	struct console_port *front = console_mux_open(m, "front");
	struct console_port *back = console_mux_open(m, "back");

	(void)state;
	put(front, "first half, ");
	put(back, "other\n");
	pump();
	put(front, "second half\n");
	pump();
	expect_shown("first half, second half\nback| other\r\n");
}

static void a_line_without_end_is_broken_after_a_second(void **state)
{
	struct console_port *front = console_mux_open(m, "front");
	unsigned dots = 0;

	(void)state;
	while (console_mux_log_room(m, now_ns, false) > 0) {
		put(front, ".");
		pump();
	}
	while (console_mux_log_room(m, now_ns, false) == 0) {
		now_ns += CONSOLE_LINE_WAIT_NS / 2;
		put(front, ".");
		pump();
		dots++;
	}
	assert_int_equal(dots, CONSOLE_LINE_MOST_NS / (CONSOLE_LINE_WAIT_NS / 2));
}

static void a_log_line_begins_at_the_left(void **state)
{
	struct console_port *front = console_mux_open(m, "front");

	(void)state;
	log_line("first");
	put(front, "text\r\n");
	pump();
	log_line("second");
	put(front, "unfinished");
	pump();
	log_line("urgent");
	log_line("and another");
	expect_shown("first\r\ntext\r\nsecond\r\nunfinished\r\nurgent\r\nand another\r\n");
}

static void urgent_log_lines_wait_for_nobody(void **state)
{
	struct console_port *front = console_mux_open(m, "front");

	(void)state;
	put(front, "unfinished");
	pump();
	assert_int_equal(console_mux_log_room(m, now_ns, false), 0);
	assert_true(console_mux_log_room(m, now_ns, true) > 0);
}

static void a_carriage_return_after_the_line_end_begins_no_line(void **state)
{
	struct console_port *front = console_mux_open(m, "front");

	(void)state;
	put(front, "line\n\r");
	pump();
	assert_true(console_mux_log_room(m, now_ns, false) > 0);
	log_line("log");
	expect_shown("line\n\rlog\r\n");
}

static void a_full_ring_pushes_back_and_loses_nothing(void **state)
{
	struct console_port *front = console_mux_open(m, "front");
	uint32_t sent = 0, seen = 0;
	uint64_t seed = 7;

	(void)state;
	while (seen < 300000) {
		uint64_t burst = random_below(&seed, 6000), room = random_below(&seed, 3000);

		while (burst-- > 0 && console_mux_put(front, (uint8_t)(sent * 7)))
			sent++;
		assert_true(byte_ring_used(&front->out) <= CONSOLE_PORT_BYTES);
		console_mux_pump(m, now_ns, false);
		for (; room > 0 && byte_ring_used(&m->output) > 0; room--, seen++) {
			assert_int_equal(byte_ring_peek(&m->output, 0), (uint8_t)(seen * 7));
			byte_ring_skip(&m->output, 1);
		}
	}
	while (console_mux_put(front, 0))
		;
	assert_int_equal(byte_ring_room(&front->out), 0);
}

static void a_background_line_longer_than_the_ring_comes_in_pieces(void **state)
{
	struct console_port *back;

	(void)state;
	(void)console_mux_open(m, "front");
	back = console_mux_open(m, "b");
	for (unsigned i = 0; i < CONSOLE_PORT_BYTES; i++)
		assert_true(console_mux_put(back, 'x'));
	pump();
	assert_int_equal(shown_len, CONSOLE_PORT_BYTES + 5);
	assert_memory_equal(shown, "b| xxx", 6);
	shown_len = 0;
	put(back, "rest\n");
	pump();
	expect_shown("b| rest\r\n");
}

static void two_talkers_both_get_their_share(void **state)
{
	struct console_port *front = console_mux_open(m, "front");
	struct console_port *back = console_mux_open(m, "back");
	unsigned front_lines = 0, back_lines = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		while (byte_ring_room(&front->out) >= 6)
			put(front, "front\n");
		while (byte_ring_room(&back->out) >= 5)
			put(back, "back\n");
		console_mux_pump(m, now_ns, false);
		for (unsigned n = 0; n < 100 && byte_ring_used(&m->output) > 0; n++) {
			uint8_t byte = byte_ring_peek(&m->output, 0);

			front_lines += byte == 't';
			back_lines += byte == '|';
			byte_ring_skip(&m->output, 1);
		}
	}
	assert_true(front_lines > 500);
	assert_true(back_lines > 500);
}

static void a_closed_port_is_written_out_and_its_place_is_free(void **state)
{
	struct console_port *front = console_mux_open(m, "front");
	struct console_port *back = console_mux_open(m, "back");

	(void)state;
	put(front, "last words, no end");
	put(back, "of mine");
	console_mux_close(m, back);
	console_mux_close(m, front);
	assert_null(m->foreground);
	assert_true(console_mux_has_output(m));
	pump();
	assert_false(console_mux_has_output(m));
	log_line("log");
	expect_shown("last words, no end\r\nback| of mine\r\nlog\r\n");
	assert_int_equal(front->state, CONSOLE_FREE);
	assert_int_equal(back->state, CONSOLE_FREE);
}

static void the_focus_goes_to_the_vm_opened_longest_ago(void **state)
{
	struct console_port *first = console_mux_open(m, "1");
	struct console_port *second = console_mux_open(m, "2");
	struct console_port *third = console_mux_open(m, "3");

	(void)state;
	assert_ptr_equal(m->foreground, first);
	console_mux_close(m, first);
	assert_ptr_equal(m->foreground, second);
	pump();
	assert_ptr_equal(console_mux_open(m, "4"), first);
	console_mux_close(m, second);
	assert_ptr_equal(m->foreground, third);
}

static void only_the_foreground_gets_what_is_typed(void **state)
{
	struct console_port *first = console_mux_open(m, "1");
	struct console_port *second = console_mux_open(m, "2");
	uint8_t byte = 0;

	(void)state;
	assert_true(byte_ring_put(&m->input, 'a'));
	assert_true(byte_ring_put(&m->input, 'b'));
	assert_false(console_mux_get(m, second, &byte));
	assert_true(console_mux_get(m, first, &byte));
	assert_int_equal(byte, 'a');
	console_mux_close(m, first);
	assert_true(console_mux_get(m, second, &byte));
	assert_int_equal(byte, 'b');
	assert_false(console_mux_get(m, second, &byte));
}

static void there_is_room_for_64_vms_the_monitor_and_the_trace(void **state)
{
	struct console_port *ports[64 + 2];

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(ports); i++) {
		ports[i] = console_mux_open(m, "a name that is much longer than what is kept");
		assert_non_null(ports[i]);
	}
	assert_null(console_mux_open(m, "one too many"));
	assert_string_equal(ports[63]->name, "a name that is much longer than");
	console_mux_close(m, ports[10]);
	pump();
	assert_ptr_equal(console_mux_open(m, "again"), ports[10]);
}

static void a_thousand_vms_one_after_the_other_find_a_port(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		struct console_port *p = console_mux_open(m, "vm");

		assert_non_null(p);
		put(p, "x\n");
		console_mux_close(m, p);
		pump();
		expect_shown("x\n");
	}
}

static void the_end_brings_out_unfinished_lines_too(void **state)
{
	struct console_port *front = console_mux_open(m, "front");
	struct console_port *back = console_mux_open(m, "back");

	(void)state;
	put(front, "a prompt> ");
	put(back, "and an unfinished");
	pump();
	while (console_mux_pump(m, now_ns, true))
		;
	expect_shown("a prompt> \r\nback| and an unfinished\r\n");
}

static void when_a_background_vm_comes_to_the_front_its_rest_is_shown(void **state)
{
	struct console_port *front = console_mux_open(m, "front");
	struct console_port *back = console_mux_open(m, "back");

	(void)state;
	put(back, "login: ");
	pump();
	expect_shown("");
	console_mux_close(m, front);
	pump();
	expect_shown("login: ");
}

static void log_lines_are_cut_where_there_is_no_room(void **state)
{
	char line[CONSOLE_LINE_BYTES];

	(void)state;
	memset(line, 'x', sizeof(line));
	while (byte_ring_room(&m->output) > 0) {
		uint32_t room = byte_ring_room(&m->output);

		console_mux_log(m, line, sizeof(line));
		if (byte_ring_room(&m->output) == room)
			break;
	}
	assert_true(byte_ring_room(&m->output) < 6);
	assert_int_equal(console_mux_log_room(m, now_ns, true), 0);
}

static void positions_wrap_without_harm(void **state)
{
	struct console_port *front = console_mux_open(m, "front");

	(void)state;
	front->out.head = front->out.tail = UINT32_MAX - 3;
	m->output.head = m->output.tail = UINT32_MAX - 5;
	put(front, "0123456789\n");
	pump();
	expect_shown("0123456789\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_vm_passes_exactly_as_it_is),
		TEST(a_background_line_comes_whole_behind_its_name),
		TEST(nobody_writes_into_a_line_before_it_has_waited),
		TEST(a_prompt_is_erased_at_once_by_who_comes_next),
		TEST(what_was_typed_behind_a_prompt_goes_before_others),
		TEST(a_line_that_ends_in_time_is_not_broken),
		TEST(a_line_without_end_is_broken_after_a_second),
		TEST(a_log_line_begins_at_the_left),
		TEST(urgent_log_lines_wait_for_nobody),
		TEST(a_carriage_return_after_the_line_end_begins_no_line),
		TEST(a_full_ring_pushes_back_and_loses_nothing),
		TEST(a_background_line_longer_than_the_ring_comes_in_pieces),
		TEST(two_talkers_both_get_their_share),
		TEST(a_closed_port_is_written_out_and_its_place_is_free),
		TEST(the_focus_goes_to_the_vm_opened_longest_ago),
		TEST(only_the_foreground_gets_what_is_typed),
		TEST(there_is_room_for_64_vms_the_monitor_and_the_trace),
		TEST(a_thousand_vms_one_after_the_other_find_a_port),
		TEST(the_end_brings_out_unfinished_lines_too),
		TEST(when_a_background_vm_comes_to_the_front_its_rest_is_shown),
		TEST(log_lines_are_cut_where_there_is_no_room),
		TEST(positions_wrap_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
