/* tests/unit/test_gdb_server.c - requests about processes, threads, memory and the monitor. */
#include "tests/unit/gdb_rig.h"

static void what_is_not_known_gets_an_empty_answer(void **state)
{
	static const char *const unknown[] = {
		"vMustReplyEmpty",
		"qOffsets",
		"QThreadEvents:1",
		"qTStatus",
		"x1000,4",
		"i",
		"!x",
		"?x",
		"qSymbol::",
		"vFile:open:",
		"",
		"b",
		"qXfer:auxv:read::0,10",
		"qCx",
		"qXfer:features:read:other.xml:0,10",
	};

	(void)state;
	rig_connect(false, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(unknown); i++)
		assert_string_equal(ask(unknown[i]), "");
}

/* Split at blanks. */
static const char bad_requests[] =
	"H Hx1 Hgx Hgp Hg1x Hgp1.x Hg-2 T Tp1.1x m m10 m10, m10,0 m10,1x mx,1 "
	"m11112222333344445,1 M10,1 M10,2:00 M10,1:0 M10,1:0x X10,2:a X10 X10,1:ab Z Z0 "
	"Z5,10,1 Z0,10 Z0,10,1;X1 z0x z9,1,1 p px p1x P P1 P1= P1=00 P1=0000000000000000ff "
	"P1=gg G00 Gxx g1 vCont; vCont vCont;x vCont;c:p vCont;c:pz.1 vCont;c; vCont;r1 "
	"vCont;r1,2x vCont;C vCont;cc vCont;t vAttach; vAttach;x vAttach;0 vAttach;1x "
	"vKill; vKill;-1 D; D;x Dx D;p2 QNonStop: QNonStop:2 QNonStop:11 kx "
	"qThreadExtraInfo, qRcmd,0 qRcmd,xx c10 s10 C S C05;10 Sx "
	"qXfer:features:read:target.xml: qXfer:features:read:target.xml:0 "
	"qXfer:threads:read::x,1 qXfer:memory-map:read::0,1x vStopped "
	"vCont;c;c;c;c;c;c;c;c;c;c;c;c;c;c;c;c;c vCont;c:p100000000.1";

static void what_makes_no_sense_is_an_error(void **state)
{
	struct text rest = text_from(bad_requests), request;

	(void)state;
	rig_connect(false, 2);
	while (text_next_word(&rest, &request))
		if (strcmp(ask_bytes(request.at, request.len), "E01") != 0)
			fail_msg("%.*s: %s", (int)request.len, request.at, rig_reply);
	assert_true(machine.threads[2].stopped);
	assert_int_equal(machine.threads[2].steps, 0);
}

static void all_processes_belong_to_target_remote(void **state)
{
	(void)state;
	rig_connect(false, 0);
	assert_int_equal(machine.attach_calls, 3);
	assert_string_equal(ask("qfThreadInfo"), "mp1.1,p1.2,p2.1,p3.1");
	assert_string_equal(ask("qsThreadInfo"), "l");
	assert_string_equal(ask("qC"), "QCp1.1");
	assert_string_equal(ask("qAttached:2"), "1");
	assert_true(machine.threads[0].stopped);
	assert_false(machine.threads[2].stopped);
}

static void the_first_of_the_list_is_the_process_that_stood(void **state)
{
	(void)state;
	rig_connect(false, 3);
	assert_string_equal(ask("qfThreadInfo"), "mp3.1,p1.1,p1.2,p2.1");
	assert_false(machine.threads[0].stopped);
}

static void extended_remote_attaches_one_by_one(void **state)
{
	(void)state;
	rig_connect(true, 0);
	assert_string_equal(ask("qfThreadInfo"), "mp1.1,p1.2");
	assert_string_equal(ask("Hgp2.1"), "E03");
	assert_string_equal(ask("Tp2.1"), "E03");
	assert_string_equal(ask("vAttach;2"), "T05thread:p2.1;");
	assert_string_equal(ask("Tp2.1"), "OK");
	assert_string_equal(ask("vAttach;9"), "E03");
	assert_string_equal(ask("vAttach;2"), "T05thread:p2.1;"); /* again */
	assert_string_equal(ask("D;2"), "OK");
	assert_string_equal(ask("D;2"), "E03");
	assert_string_equal(ask("D;1"), "OK");
	assert_int_equal(machine.detach_calls, 2);
	rig_turn();
	rig_turn();
	assert_string_equal(ask("vAttach;3"), "T05thread:p3.1;"); /* gdb is still there */
	assert_string_equal(ask("D"), "OK");
}

static void a_client_without_multiprocess_gets_plain_numbers(void **state)
{
	(void)state;
	rig_start(&(struct gdb_config){.when_gone = GDB_GONE_RUN});
	toy_wait(&machine, 2);
	ask("qSupported:swbreak+");
	assert_string_equal(ask("?"), "T05thread:1;");
	assert_string_equal(ask("qC"), "QC1");
	assert_string_equal(ask("Hg1"), "OK");
	assert_string_equal(ask("T2"), "E03");
	ask("qXfer:threads:read::0,1000");
	assert_non_null(strstr(rig_reply, "<thread id=\"1\" name=\"real\">"));
}

static void threads_are_described(void **state)
{
	(void)state;
	rig_connect(false, 0);
	assert_string_equal(ask("qThreadExtraInfo,p1.2"), "636f72652031");
	assert_string_equal(ask("qThreadExtraInfo,p1.3"), "E03");
	assert_string_equal(
		ask("qXfer:threads:read::0,1000"),
		"l<?xml version=\"1.0\"?><threads><thread id=\"p1.1\" name=\"lintel\">core "
		"0</thread><thread id=\"p1.2\" name=\"lintel\">core 1</thread><thread id=\"p2.1\" "
		"name=\"real\">&#60;vCPU> 0 &#38; &#34;more&#34;</thread><thread id=\"p3.1\" "
		"name=\"long\">&#60;vCPU> 0 &#38; &#34;more&#34;</thread></threads>");
	assert_string_equal(ask("qXfer:threads:read::6,7"), "mversion");
	assert_string_equal(ask("qXfer:threads:read::1000,7"), "l");
	assert_string_equal(ask("qXfer:threads:read::0,0"), "m");
}

static void the_memory_map_names_rom_and_leaves_no_hole(void **state)
{
	(void)state;
	rig_connect(false, 2);
	assert_string_equal(
		ask("qXfer:memory-map:read::0,1000"),
		"l<?xml version=\"1.0\"?><memory-map><memory type=\"ram\" start=\"0\" "
		"length=\"0xf000\"/><memory type=\"rom\" start=\"0xf000\" length=\"0x1000\"/>"
		"<memory type=\"ram\" start=\"0x10000\" "
		"length=\"0xffffffffffff0000\"/></memory-map>");
	/* With paging, and for the hypervisor, linear addresses are others. */
	ask("Hgp3.1");
	assert_non_null(strstr(ask("qXfer:memory-map:read::0,1000"),
			       "<memory-map><memory type=\"ram\" start=\"0\" length=\"0\"/></mem"));
	ask("Hgp1.1");
	assert_null(strstr(ask("qXfer:memory-map:read::0,1000"), "rom"));
}

static void memory_is_read_as_far_as_it_goes(void **state)
{
	(void)state;
	rig_connect(false, 2);
	assert_string_equal(ask("m7c00,5"), "90fe060005");
	assert_string_equal(ask("mfffe,5"), "0000");
	assert_string_equal(ask("m10000,5"), "E0e");
	assert_string_equal(ask("mffffffffffffffff,ffffffffffffffff"), "E0e");
	assert_int_equal(strlen(ask("m0,ffffffff")), GDB_PACKET_BYTES);
	assert_string_equal(ask("M600,2:abCD"), "OK");
	assert_string_equal(ask("m600,2"), "abcd");
	assert_string_equal(ask("X600,0:"), "OK");
	assert_string_equal(ask("X601,1:z"), "OK");
	assert_string_equal(ask("m600,2"), "ab7a");
	assert_string_equal(ask("Mf000,1:00"), "E0e");
	assert_string_equal(ask("Mefff,2:0000"), "E0e"); /* only a part of it */
}

static void breakpoints_go_to_the_process_that_gdb_looks_at(void **state)
{
	(void)state;
	rig_connect(false, 2);
	machine.max_breaks = 5;
	for (int kind = '0'; kind <= '4'; kind++) {
		char packet[] = "Z?,7c01,2";

		packet[1] = (char)kind;
		assert_string_equal(ask(packet), "OK");
		assert_int_equal(machine.breaks[kind - '0'].kind, kind - '0');
		assert_int_equal(machine.breaks[kind - '0'].pid, 2);
		assert_int_equal(machine.breaks[kind - '0'].len, 2);
	}
	assert_string_equal(ask("Z0,7c01,1"), "OK");
	assert_string_equal(ask("Z0,7c05,1"), "E1c");
	assert_string_equal(ask("Z0,20000,1"), "E0e");
	assert_string_equal(ask("z1,7c01,1"), "OK");
	assert_string_equal(ask("z1,7c01,1"), "OK");
	assert_int_equal(machine.break_count, 4);
	assert_string_equal(ask("Hgp3.1"), "OK");
	assert_string_equal(ask("Z1,1000,1"), "OK");
	assert_int_equal(machine.breaks[4].pid, 3);
}

static void monitor_commands_say_all_that_they_have_to_say(void **state)
{
	char line[32];

	(void)state;
	rig_connect(false, 0);
	assert_string_equal(ask("qRcmd,68656c6c6f"), "OK");
	assert_string_equal(machine.command, "hello");
	assert_string_equal(rig_console, "you said: hello\n");
	rig_console[0] = '\0';
	assert_string_equal(ask("qRcmd,6c696e65732034303030"), "OK"); /* lines 4000 */
	for (unsigned i = 0, at = 0; i < 4000; i++) {
		snprintf(line, sizeof(line), "line %u\n", i);
		if (strncmp(rig_console + at, line, strlen(line)) != 0) {
			/* 32 KiB are over, and that is said. */
			assert_in_range(at + strlen(line), GDB_TEXT_BYTES, GDB_TEXT_BYTES + 20);
			assert_non_null(strstr(rig_console + at, "(the rest had no room)\n"));
			break;
		}
		at += (unsigned)strlen(line);
	}
	assert_string_equal(ask("qRcmd,"), "OK");
}

static void a_command_that_gdb_gave_up_says_nothing_later(void **state)
{
	(void)state;
	rig_connect(false, 2);
	rig_send_packet("qRcmd,6c696e65732034303030", 26);
	rig_turn();
	rig_drain(true);
	rig_packets = 0;
	assert_string_equal(ask("qC"), "QCp2.1");
	for (unsigned i = 0; i < 10; i++) {
		rig_turn();
		rig_drain(true);
	}
	assert_int_equal(rig_packets, 1);
}

static void the_console_is_shown_while_the_program_runs(void **state)
{
	(void)state;
	rig_connect(false, 2);
	assert_int_equal(gdb_server_console_output(&server, "no", 2), 0);
	rig_send_packet("vCont;c", 7);
	assert_int_equal(gdb_server_console_output(&server, "hello", 5), 5);
	rig_turn();
	rig_drain(true);
	assert_string_equal(rig_console, "hello");
	rig_send_text("\003");
	assert_true(rig_wait());
	assert_memory_equal(rig_reply, "T02", 3);
	/* What had no time to go goes at the next run. */
	rig_send_packet("vCont;c", 7);
	for (unsigned i = 0; i < 40; i++)
		gdb_server_console_output(&server, "0123456789", 10);
	rig_turn();
	rig_drain(true);
	assert_int_equal(strlen(rig_console), 405);
}

static void kill_ends_a_vm_and_not_the_hypervisor(void **state)
{
	(void)state;
	rig_connect(false, 2);
	assert_string_equal(ask("vKill;1"), "E5f");
	assert_string_equal(ask("vKill;3"), "OK");
	assert_false(machine.alive[2]);
	assert_string_equal(ask("vKill;3"), "E03");
	assert_string_equal(ask("qfThreadInfo"), "mp2.1,p1.1,p1.2");
	assert_string_equal(ask("vRun;demo"), "E5f");
	rig_packets = 0;
	rig_send_packet("R00", 3);
	rig_drain(true);
	assert_int_equal(rig_packets, 0);
	rig_send_packet("k", 1);
	rig_turn();
	rig_drain(true);
	assert_int_equal(rig_packets, 0);
	assert_false(machine.alive[1]);
	assert_int_equal(machine.detach_calls, 1);
	assert_false(gdb_server_attached(&server));
}

static void a_line_that_closes_leaves_things_as_configured(void **state)
{
	(void)state;
	rig_connect(false, 2);
	ask("Z0,7c05,1");
	gdb_server_gone(&server);
	assert_int_equal(machine.detach_calls, 3);
	assert_int_equal(machine.break_count, 0);
	assert_false(machine.threads[2].stopped);
	assert_false(gdb_server_attached(&server));

	rig_connect(false, 2);
	server.config.when_gone = GDB_GONE_STAY;
	gdb_server_gone(&server);
	assert_int_equal(machine.detach_calls, 0);
	assert_true(machine.threads[2].stopped);
	assert_false(gdb_server_attached(&server));
	/* The next gdb finds it so. */
	ask(SUPPORTED);
	assert_string_equal(ask("?"), "T05thread:p2.1;");
}

static void without_any_process_there_is_an_error(void **state)
{
	static const char *const requests[] = {
		"?",
		"Hg0",
		"g",
		"m0,1",
		"qC",
		"qfThreadInfo",
		"qXfer:threads:read::0,10",
		"qXfer:features:read:target.xml:0,10",
	};

	(void)state;
	rig_start(&(struct gdb_config){.when_gone = GDB_GONE_RUN});
	memset(machine.alive, 0, sizeof(machine.alive));
	for (unsigned i = 0; i < ARRAY_SIZE(requests); i++)
		assert_string_equal(ask(requests[i]), "E03");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_known_gets_an_empty_answer),
		cmocka_unit_test(what_makes_no_sense_is_an_error),
		cmocka_unit_test(all_processes_belong_to_target_remote),
		cmocka_unit_test(the_first_of_the_list_is_the_process_that_stood),
		cmocka_unit_test(extended_remote_attaches_one_by_one),
		cmocka_unit_test(a_client_without_multiprocess_gets_plain_numbers),
		cmocka_unit_test(threads_are_described),
		cmocka_unit_test(the_memory_map_names_rom_and_leaves_no_hole),
		cmocka_unit_test(memory_is_read_as_far_as_it_goes),
		cmocka_unit_test(breakpoints_go_to_the_process_that_gdb_looks_at),
		cmocka_unit_test(monitor_commands_say_all_that_they_have_to_say),
		cmocka_unit_test(a_command_that_gdb_gave_up_says_nothing_later),
		cmocka_unit_test(the_console_is_shown_while_the_program_runs),
		cmocka_unit_test(kill_ends_a_vm_and_not_the_hypervisor),
		cmocka_unit_test(a_line_that_closes_leaves_things_as_configured),
		cmocka_unit_test(without_any_process_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
