/* tests/unit/test_gdb_packet.c - packets of gdb's protocol on a good and on a bad line. */
#include "tests/unit/gdb_rig.h"

static const struct gdb_config own_line = {.when_gone = GDB_GONE_RUN};
static const struct gdb_config shared_line = {
	.text_line = true, .sink = {.put = rig_take_text}, .when_gone = GDB_GONE_RUN};

static void a_packet_is_acknowledged_and_answered(void **state)
{
	(void)state;
	rig_start(&own_line);
	assert_string_equal(ask("vMustReplyEmpty"), "");
	assert_int_equal(rig_pluses, 2); /* in case one is lost */
	assert_int_equal(rig_packets, 1);
}

static void a_wrong_checksum_is_asked_for_again(void **state)
{
	(void)state;
	rig_start(&own_line);
	rig_send_text("$?#00");
	rig_drain(true);
	assert_int_equal(rig_minuses, 1);
	rig_send_text("$?#zz$?#3z");
	rig_drain(true);
	assert_int_equal(rig_minuses, 3);
	assert_int_equal(rig_packets, 0);
	assert_int_equal(rig_pluses, 0);
}

static void a_packet_that_lost_its_end_gives_way_to_the_next(void **state)
{
	(void)state;
	rig_start(&own_line);
	rig_send_text("$vMustRep$vMustReplyEmpty#3a");
	assert_true(rig_wait());
	assert_string_equal(rig_reply, "");
	assert_int_equal(rig_minuses, 0);
}

static void a_packet_that_does_not_go_on_is_asked_for_again(void **state)
{
	(void)state;
	rig_start(&own_line);
	rig_send_text("$vMustRep");
	assert_false(rig_wait());
	assert_int_equal(rig_minuses, 1);
	assert_string_equal(ask("vMustReplyEmpty"), "");
}

static void junk_between_packets_is_skipped(void **state)
{
	(void)state;
	rig_start(&own_line);
	rig_send_text("junk\r\n%Stop#+++#12");
	assert_string_equal(ask("vMustReplyEmpty"), "");
	assert_int_equal(rig_minuses, 0);
}

static void escapes_and_runs_are_taken(void **state)
{
	(void)state;
	rig_connect(false, 2);
	/* '}' and ']' is '}', '}' and 3 is '#'. */
	assert_string_equal(ask("X600,3:}]}\003}\004"), "OK");
	assert_memory_equal(machine.memory[1] + 0x600, "}#$", 3);
	/* "0* " is 0000 */
	assert_string_equal(ask("M600,4:0* 1* "), "OK");
	assert_memory_equal(machine.memory[1] + 0x600, "\0\0\x11\x11", 4);
}

static void bad_escapes_and_runs_are_errors(void **state)
{
	static const char *const bad[] = {"* abc", "m0*\x1f", "m0*\x7f", "m0}", "m0*", "g*~}"};

	(void)state;
	rig_connect(false, 2);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_string_equal(ask(bad[i]), "E01");
}

/* Without the zero at its end. */
static void place(char *at, const char *text)
{
	while (*text)
		*at++ = *text++;
}

static void a_packet_that_is_too_long_is_an_error(void **state)
{
	static char big[GDB_PACKET_BYTES + 100];

	(void)state;
	rig_connect(false, 2);
	memset(big, '0', sizeof(big));
	place(big, "M600,800:");
	assert_string_equal(ask_bytes(big, sizeof(big)), "E01");
	assert_string_equal(ask_bytes(big, 9 + 0xfee), "E01"); /* fewer bytes than it says */
	place(big, "M600,7f7:");
	assert_string_equal(ask_bytes(big, 9 + 0xfee), "OK");
	/* A run cannot go beyond either: 45 times 98 characters. */
	memset(big, 0, sizeof(big));
	place(big, "M600,800:");
	for (unsigned i = 0; i < 45; i++)
		place(big + 9 + 3 * i, "0*~");
	assert_string_equal(ask(big), "E01");
}

static void an_answer_that_came_broken_is_sent_again(void **state)
{
	char first[64];

	(void)state;
	rig_connect(false, 2);
	rig_send_packet("p8", 2);
	rig_turn();
	rig_drain(false);
	strcpy(first, rig_reply);
	rig_reply[0] = '\0';
	rig_send_text("-");
	rig_drain(false);
	assert_string_equal(rig_reply, first);
	/* Also if it was taken already: the acknowledgement may have been noise. */
	rig_reply[0] = '\0';
	rig_send_text("+-");
	rig_drain(false);
	assert_string_equal(rig_reply, first);
}

static void an_answer_asked_for_while_it_goes_out_goes_out_twice(void **state)
{
	uint8_t byte;

	(void)state;
	rig_connect(false, 2);
	rig_packets = 0;
	rig_send_packet("p8", 2);
	for (unsigned i = 0; i < 4; i++)
		assert_true(gdb_server_output(&server, &byte));
	rig_send_text("-");
	while (byte != '#')
		assert_true(gdb_server_output(&server, &byte));
	for (unsigned i = 0; i < 2; i++)
		assert_true(gdb_server_output(&server, &byte));
	rig_drain(true);
	assert_int_equal(rig_packets, 1);
}

static void an_answer_that_is_not_acknowledged_is_repeated_for_a_while(void **state)
{
	(void)state;
	rig_connect(false, 2);
	rig_packets = 0;
	rig_send_packet("p8", 2);
	for (unsigned i = 0; i < 4500; i++) {
		rig_drain(false);
		rig_turn();
	}
	assert_int_equal(rig_packets, 5); /* at 0, 1, 2, 3 and 4 s */
	rig_send_text("+");
	for (unsigned i = 0; i < 4000; i++) {
		rig_drain(false);
		rig_turn();
	}
	assert_int_equal(rig_packets, 5);
	assert_true(gdb_server_attached(&server));
}

static void a_gdb_that_takes_nothing_any_more_is_gone(void **state)
{
	(void)state;
	rig_connect(false, 2);
	rig_send_packet("p8", 2);
	for (unsigned i = 0; i < 7000; i++) {
		rig_drain(false);
		rig_turn();
	}
	assert_false(gdb_server_attached(&server));
	assert_int_equal(machine.detach_calls, 3);
	assert_false(machine.threads[2].stopped);
}

static void a_repeated_request_is_not_done_twice(void **state)
{
	uint64_t steps;

	(void)state;
	rig_connect(false, 2);
	/* gdb saw no acknowledgement, and asks again before it has seen the answer. */
	rig_send_packet("vCont;s:p2.1", 12);
	rig_turn();
	rig_turn();
	steps = machine.threads[2].steps;
	assert_int_equal(steps, 1);
	rig_drain(false);
	assert_memory_equal(rig_reply, "T05", 3);
	for (unsigned i = 0; i < 950; i++)
		rig_turn();
	rig_packets = 0;
	assert_memory_equal(ask("vCont;s:p2.1"), "T05", 3);
	assert_int_equal(machine.threads[2].steps, 1);
	assert_int_equal(rig_packets, 1);
	/* Now that it has its answer the same is a new wish. */
	rig_send_packet("vCont;s:p2.1", 12);
	rig_turn();
	rig_turn();
	rig_drain(false);
	assert_int_equal(machine.threads[2].steps, 2);
	/* And so it is at once: gdb would not ask again that soon, its acknowledgement was lost. */
	assert_memory_equal(ask("vCont;s:p2.1"), "T05", 3);
	assert_int_equal(machine.threads[2].steps, 3);
}

static void what_waited_twice_in_the_line_is_answered_once(void **state)
{
	static const char request[] = "qSupported:multiprocess+";

	(void)state;
	rig_start(&own_line);
	now_ns += NS_PER_SECOND;
	for (unsigned i = 0; i < 3; i++) {
		rig_send_packet(request, sizeof(request) - 1);
		rig_turn();
		rig_drain(false);
	}
	assert_int_equal(rig_packets, 1);
	rig_send_text("+");
	assert_string_equal(ask("vMustReplyEmpty"), "");
}

static void a_repeated_continue_while_it_runs_is_only_acknowledged(void **state)
{
	(void)state;
	rig_connect(false, 2);
	rig_pluses = rig_packets = 0;
	rig_send_packet("vCont;c", 7);
	rig_turn();
	rig_send_packet("vCont;c", 7);
	rig_turn();
	rig_drain(true);
	assert_int_equal(rig_pluses, 4);
	assert_int_equal(rig_packets, 0);
	rig_send_text("\003");
	assert_true(rig_wait());
	assert_memory_equal(rig_reply, "T02thread:p2.1", 14);
}

static void a_new_request_ends_the_repetition_of_the_answer_before(void **state)
{
	uint8_t byte;

	(void)state;
	rig_connect(false, 2);
	rig_send_packet("p8", 2);
	for (unsigned i = 0; i < 4; i++)
		assert_true(gdb_server_output(&server, &byte));
	rig_send_text("-");
	rig_send_packet("qC", 2); /* gdb has lost patience */
	rig_packets = 0;
	while (byte != '#')
		assert_true(gdb_server_output(&server, &byte));
	for (unsigned i = 0; i < 2; i++)
		assert_true(gdb_server_output(&server, &byte));
	assert_true(rig_wait());
	assert_int_equal(rig_packets, 1);
	assert_string_equal(rig_reply, "QCp2.1");
}

static void packets_that_come_while_one_is_served_are_dropped(void **state)
{
	(void)state;
	rig_connect(false, 2);
	machine.deaf = true; /* thread 3.1 does not stop, so the request waits */
	ask("Hgp3.1");
	rig_send_packet("g", 1);
	rig_send_packet("X600,1:}]", 9);
	rig_send_text("$m0*~0*~}]#");
	rig_send_text("00");
	rig_turn();
	machine.deaf = false;
	machine.threads[3].stop_asked = true;
	assert_true(rig_wait());
	assert_int_equal(strlen(rig_reply), 128); /* not described yet: as i386 */
	assert_string_equal(ask("qC"), "QCp3.1");
}

static void no_ack_mode_ends_with_the_connection(void **state)
{
	(void)state;
	rig_start(&(struct gdb_config){.offer_no_ack = true});
	assert_non_null(strstr(ask(SUPPORTED), "QStartNoAckMode+"));
	assert_string_equal(ask("QStartNoAckMode"), "OK");
	rig_pluses = 0;
	assert_string_equal(ask("vMustReplyEmpty"), "");
	assert_int_equal(rig_pluses, 0);
	rig_packets = 0;
	rig_send_text("$qC#00"); /* no word about a broken one */
	rig_drain(false);
	assert_int_equal(rig_minuses + rig_packets, 0);
	/* The same twice is two wishes, and nothing is repeated by itself. */
	assert_string_equal(ask("QNonStop:0"), "OK");
	assert_string_equal(ask("QNonStop:0"), "OK");
	rig_pluses = 0;
	ask(SUPPORTED);
	assert_int_equal(rig_pluses, 2);
}

static void text_on_a_shared_line_stays_text(void **state)
{
	(void)state;
	rig_start(&shared_line);
	rig_send_text("ls +-\003 $HOME\r");
	assert_string_equal(rig_text, "ls +-\003 $HOME\r");
	rig_text[0] = '\0';
	rig_send_text("$a#b$$x*y}z#z1#12");
	assert_string_equal(rig_text, "$a#b$$x*y}z#z1#12");
	rig_text[0] = '\0';
	rig_send_text("$g#00"); /* a wrong checksum */
	assert_string_equal(rig_text, "$g#00");
	rig_text[0] = '\0';
	rig_send_text("$q");
	assert_string_equal(rig_text, "");
	for (unsigned i = 0; i < 400; i++)
		rig_turn();
	assert_string_equal(rig_text, "$q"); /* typed by hand */
	rig_text[0] = '\0';
	rig_send_text("$q#1");
	for (unsigned i = 0; i < 400; i++)
		rig_turn();
	assert_string_equal(rig_text, "$q#1");
	assert_false(gdb_server_attached(&server));
	rig_drain(true);
	assert_int_equal(rig_packets + rig_pluses + rig_minuses, 0);
}

static void gdb_takes_a_shared_line_and_gives_it_back(void **state)
{
	(void)state;
	rig_start(&shared_line);
	assert_non_null(strstr(ask(SUPPORTED), "PacketSize"));
	assert_true(gdb_server_attached(&server));
	rig_text[0] = '\0'; /* gdb's first '+' was text */
	assert_memory_equal(ask("?"), "T05thread:p1.1", 14);
	rig_send_text("x$?#00");
	rig_drain(true);
	assert_int_equal(rig_minuses, 1);
	assert_string_equal(ask("D;1"), "OK");
	assert_string_equal(ask("D;2"), "OK");
	assert_true(gdb_server_attached(&server));
	assert_string_equal(ask("D;3"), "OK");
	rig_turn();
	rig_turn();
	assert_false(gdb_server_attached(&server));
	assert_string_equal(rig_text, "");
	rig_send_text("+");
	assert_string_equal(rig_text, "+");
}

static void a_line_without_a_sink_drops_text(void **state)
{
	(void)state;
	rig_start(&(struct gdb_config){.text_line = true});
	rig_send_text("hello $x\r");
	assert_string_equal(ask("qC"), "QC1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_is_acknowledged_and_answered),
		cmocka_unit_test(a_wrong_checksum_is_asked_for_again),
		cmocka_unit_test(a_packet_that_lost_its_end_gives_way_to_the_next),
		cmocka_unit_test(a_packet_that_does_not_go_on_is_asked_for_again),
		cmocka_unit_test(junk_between_packets_is_skipped),
		cmocka_unit_test(escapes_and_runs_are_taken),
		cmocka_unit_test(bad_escapes_and_runs_are_errors),
		cmocka_unit_test(a_packet_that_is_too_long_is_an_error),
		cmocka_unit_test(an_answer_that_came_broken_is_sent_again),
		cmocka_unit_test(an_answer_asked_for_while_it_goes_out_goes_out_twice),
		cmocka_unit_test(an_answer_that_is_not_acknowledged_is_repeated_for_a_while),
		cmocka_unit_test(a_gdb_that_takes_nothing_any_more_is_gone),
		cmocka_unit_test(a_repeated_request_is_not_done_twice),
		cmocka_unit_test(what_waited_twice_in_the_line_is_answered_once),
		cmocka_unit_test(a_repeated_continue_while_it_runs_is_only_acknowledged),
		cmocka_unit_test(a_new_request_ends_the_repetition_of_the_answer_before),
		cmocka_unit_test(packets_that_come_while_one_is_served_are_dropped),
		cmocka_unit_test(no_ack_mode_ends_with_the_connection),
		cmocka_unit_test(text_on_a_shared_line_stays_text),
		cmocka_unit_test(gdb_takes_a_shared_line_and_gives_it_back),
		cmocka_unit_test(a_line_without_a_sink_drops_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
