/* tests/unit/test_gdb_run.c - running and stopping under gdb: all-stop, and non-stop. */
#include "tests/unit/gdb_rig.h"

#define HOST_1 0
#define REAL   2
#define LONG   3

static void poke(unsigned pid, uint64_t at, uint8_t byte)
{
	machine.memory[pid - 1][at] = byte;
}

static void a_breakpoint_stops_its_vm_only(void **state)
{
	(void)state;
	rig_connect(false, 2);
	assert_string_equal(ask("Z0,7c05,1"), "OK");
	assert_memory_equal(ask("vCont;c:p2.-1"), "T05thread:p2.1;swbreak:;04:04100000;", 33);
	assert_true(machine.threads[REAL].stopped);
	assert_false(machine.threads[LONG].stopped);
	assert_false(machine.threads[HOST_1].stopped);
	ask("z0,7c05,1");
	assert_string_equal(ask("Z1,7c06,1"), "OK");
	assert_memory_equal(ask("vCont;c"), "T05thread:p2.1;hwbreak:;", 24);
}

static void watchpoints_name_their_address(void **state)
{
	static const char *const kinds[] = {"watch:500;", "rwatch:500;", "awatch:500;"};

	(void)state;
	rig_connect(false, 2);
	for (int kind = '2'; kind <= '4'; kind++) {
		char packet[] = "Z?,500,1";

		packet[1] = (char)kind;
		ask(packet);
		assert_memory_equal(ask("vCont;c"), "T05thread:p2.1;", 15);
		assert_memory_equal(rig_reply + 15, kinds[kind - '2'], strlen(kinds[kind - '2']));
		packet[0] = 'z';
		ask(packet);
	}
}

static void steps_are_one_instruction_or_a_range(void **state)
{
	(void)state;
	rig_connect(false, 2);
	assert_memory_equal(ask("vCont;s:p2.1"), "T05", 3);
	assert_int_equal(machine.threads[REAL].r.cpu.rip, 1);
	assert_memory_equal(ask("vCont;S05:p2.1;c"), "T05", 3);
	assert_int_equal(machine.threads[REAL].r.cpu.rip, 5);
	assert_memory_equal(ask("vCont;r7c05,7c08:p2.1"), "T05", 3);
	assert_int_equal(machine.threads[REAL].r.cpu.rip, 0);
	assert_memory_equal(ask("s"), "T05", 3);
	assert_int_equal(machine.threads[REAL].r.cpu.rip, 1);
	assert_memory_equal(ask("S05"), "T05", 3);
	assert_int_equal(machine.threads[REAL].r.cpu.rip, 5);
	assert_string_equal(ask("Hc1"), "OK");
	ask("Z0,7c05,1");
	assert_memory_equal(ask("c"), "T05thread:p2.1;swb", 18);
	assert_memory_equal(ask("C05"), "T05thread:p2.1;swb", 18);
	assert_string_equal(ask("vCont?"), "vCont;c;C;s;S;t;r");
}

static void the_leftmost_action_that_fits_counts(void **state)
{
	(void)state;
	rig_connect(false, 2);
	ask("Hgp3.1");
	ask("g"); /* stops it */
	machine.threads[LONG].r.cpu.rip = 0x1000;
	machine.threads[LONG].steps = 0;
	rig_speed = 1;
	assert_memory_equal(ask("vCont;s:p3.1;c:p3.-1;c:p-1.-1"), "T05thread:p3.1", 14);
	assert_int_equal(machine.threads[LONG].steps, 1);
	assert_false(machine.threads[REAL].stopped);
	assert_memory_equal(ask("vCont;s:p3;c"), "T05thread:p3.1", 14);
	assert_int_equal(machine.threads[LONG].steps, 2);
}

static void looking_at_a_running_thread_stops_it_until_the_next_continue(void **state)
{
	(void)state;
	rig_connect(false, 2);
	assert_false(machine.threads[LONG].stopped);
	ask("Hgp3.1");
	assert_int_equal(strlen(ask("g")), 128);
	assert_true(machine.threads[LONG].stopped);
	assert_memory_equal(ask("m1000,1"), "90", 2);
	assert_memory_equal(ask("vCont;s:p2.1"), "T05thread:p2.1", 14);
	assert_false(machine.threads[LONG].stopped);
	assert_true(machine.threads[REAL].stopped);
}

static void what_was_not_named_stays_stopped(void **state)
{
	(void)state;
	rig_connect(false, 2);
	ask("Hgp3.1");
	ask("Z0,1008,1");
	assert_memory_equal(ask("vCont;c:p3.-1"), "T05thread:p3.1", 14);
	assert_true(machine.threads[REAL].stopped);
	assert_int_equal(machine.threads[REAL].steps, 0);
}

static void a_stop_that_nobody_waits_for_is_told_later(void **state)
{
	(void)state;
	rig_connect(false, 2);
	ask("Hgp3.1");
	ask("Z0,1008,1");
	for (unsigned i = 0; i < 20; i++)
		rig_turn();
	assert_memory_equal(ask("vCont;s:p2.1"), "T05thread:p2.1", 14);
	for (unsigned i = 0; i < 20; i++)
		rig_turn();
	assert_true(machine.threads[LONG].stopped);
	machine.threads[LONG].steps = 0;
	ask("Hgp3.1");
	assert_int_equal(strlen(ask("g")), 128);
	assert_memory_equal(ask("vCont;c"), "T05thread:p3.1;swbreak:;", 24);
	assert_int_equal(machine.threads[LONG].steps, 0);
	/* Told: now it runs on. */
	ask("z0,1008,1");
	rig_send_packet("vCont;c", 7);
	rig_turn();
	assert_int_equal(machine.threads[LONG].steps, 10);
}

static void a_step_that_was_overtaken_is_not_told_later(void **state)
{
	(void)state;
	rig_connect(false, 2);
	ask("Hgp3.1");
	ask("Z0,1000,1");
	ask("m1000,1");
	machine.threads[LONG].r.cpu.rip = 0x1009; /* the jump to 1000h, and there the breakpoint */
	rig_speed = 2;
	rig_send_packet("vCont;s:p2.1;c:p3.1", 19);
	assert_true(rig_wait());
	assert_memory_equal(rig_reply, "T05thread:p2.1", 14);
	rig_turn();
	ask("z0,1000,1");
	/* Both have a stop now; gdb steps 2 again and 3 stays. */
	assert_memory_equal(ask("vCont;s:p2.1"), "T05thread:p2.1", 14);
	assert_memory_equal(ask("vCont;c"), "T05thread:p3.1;swbreak", 22);
}

static void ctrl_c_stops_the_thread_that_gdb_looked_at(void **state)
{
	(void)state;
	rig_connect(false, 2);
	rig_send_text("\003"); /* nothing runs: nothing happens */
	ask("Hgp3.1");
	rig_send_packet("vCont;c", 7);
	rig_turn();
	rig_send_text("\003");
	assert_true(rig_wait());
	assert_memory_equal(rig_reply, "T02thread:p3.1", 14);
	/* Only VM 2 runs by gdb's word. */
	rig_send_packet("vCont;c:p2.-1", 13);
	rig_turn();
	ask("vCtrlC");
	assert_string_equal(rig_reply, "OK");
	assert_true(rig_wait());
	assert_memory_equal(rig_reply, "T02thread:p2.1", 14);
}

static void ctrl_c_is_answered_even_if_nothing_runs(void **state)
{
	(void)state;
	rig_connect(false, 2);
	rig_send_packet("vCont;c:p2.-1", 13);
	machine.threads[REAL].stopped = true; /* and no word about it */
	rig_turn();
	rig_send_text("\003");
	assert_true(rig_wait());
	assert_memory_equal(rig_reply, "T02thread:p2.1", 14);
}

static void reasons_have_their_signals(void **state)
{
	static const struct {
		enum debug_stop_reason reason;
		uint32_t number;
		const char *answer;
	} cases[] = {
		{DEBUG_STOP_TRIPLE_FAULT, 0, "T0b"},   {DEBUG_STOP_ENTRY_FAILURE, 0, "T06"},
		{DEBUG_STOP_UNHANDLED, 7, "T0c"},      {DEBUG_STOP_EXCEPTION, EXC_DE, "T08"},
		{DEBUG_STOP_EXCEPTION, EXC_UD, "T04"}, {DEBUG_STOP_EXCEPTION, EXC_PF, "T0b"},
		{DEBUG_STOP_EXCEPTION, 255, "T0b"},    {DEBUG_STOP_EXCEPTION, EXC_AC, "T0a"},
		{DEBUG_STOP_STEP, 0, "T05"},           {DEBUG_STOP_ASKED, 0, "T02"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		rig_connect(false, 2);
		rig_send_packet("vCont;c", 7);
		toy_report(&machine.threads[REAL], cases[i].reason, 0, cases[i].number);
		assert_true(rig_wait());
		assert_memory_equal(rig_reply, cases[i].answer, 3);
	}
}

static void the_end_of_a_vm_is_told(void **state)
{
	(void)state;
	rig_connect(false, 2);
	poke(2, 0x7c00, 0xf4);
	assert_string_equal(ask("vCont;c"), "W00;process:2");
	assert_string_equal(ask("qfThreadInfo"), "mp1.1,p1.2,p3.1");
	ask("Hgp3.1");
	ask("m0,1");
	poke(3, machine.threads[LONG].r.cpu.rip, 0xf4);
	machine.threads[LONG].r.cpu.gpr[RAX] = 1;
	assert_string_equal(ask("vCont;c:p3.-1"), "X06;process:3");
	assert_string_equal(ask("vCont;c:p3.-1"), "N");
	assert_string_equal(ask("s"), "E03");
}

static void the_hypervisors_fault_is_told_at_once(void **state)
{
	(void)state;
	rig_connect(false, 2);
	poke(2, 0x7c00, 0xeb);
	poke(2, 0x7c01, 0xfe);
	rig_send_packet("vCont;c:p2.-1", 13);
	for (unsigned i = 0; i < 10; i++)
		rig_turn();
	poke(1, 0x2000, 0xcc);
	assert_true(rig_wait());
	assert_memory_equal(rig_reply, "T05thread:p1.", 13);
}

static void a_thread_that_does_not_stop_is_unknown_in_time(void **state)
{
	uint64_t begun;

	(void)state;
	rig_connect(false, 2);
	machine.deaf = true;
	ask("Hgp3.1");
	begun = now_ns;
	ask("g");
	assert_in_range(now_ns - begun, NS_PER_SECOND, 2 * NS_PER_SECOND);
	assert_true(strlen(rig_reply) > 100 && strlen(rig_reply) % 8 == 0);
	assert_int_equal(strspn(rig_reply, "x"), strlen(rig_reply));
	assert_string_equal(ask("p8"), "xxxxxxxx");
	assert_string_equal(ask("P8=00000000"), "E10");
	assert_string_equal(ask("qC"), "QCp3.1");
	assert_string_equal(ask("vCont;s:p3.1"), "E10");
}

static void attach_in_all_stop_stops(void **state)
{
	(void)state;
	rig_connect(true, 0);
	assert_false(machine.threads[LONG].stopped);
	assert_string_equal(ask("vAttach;3"), "T05thread:p3.1;");
	assert_true(machine.threads[LONG].stopped);
	/* Others go on when it does. */
	assert_memory_equal(ask("vCont;s:p3.1"), "T05thread:p3.1", 14);
	assert_false(machine.threads[HOST_1].stopped);
}

static void attach_in_non_stop_tells_of_what_stands(void **state)
{
	(void)state;
	rig_connect_non_stop();
	ask("!");
	ask("?");
	machine.threads[LONG].stopped = true;
	assert_string_equal(ask("vAttach;3"), "OK");
	assert_true(rig_wait());
	assert_memory_equal(rig_reply, "Stop:T05thread:p3.1", 19);
	assert_string_equal(ask("vStopped"), "OK");
}

static void non_stop_stops_nothing_by_itself(void **state)
{
	(void)state;
	rig_connect_non_stop();
	ask("!");
	assert_string_equal(ask("?"), "OK");
	assert_false(machine.threads[HOST_1].stopped);
	assert_string_equal(ask("vAttach;3"), "OK");
	assert_string_equal(ask("Hgp3.1"), "OK");
	assert_string_equal(ask("g"), "E16");
	/* To know its mode it is stopped for a moment. */
	assert_non_null(strstr(ask("qXfer:features:read:target.xml:0,400"), "i386:x86-64"));
	rig_turn();
	assert_false(machine.threads[LONG].stopped);
	assert_int_equal(gdb_server_console_output(&server, "x", 1), 0);
	assert_string_equal(ask("c"), "E01");
}

static void non_stop_tells_stops_one_by_one(void **state)
{
	(void)state;
	rig_connect_non_stop();
	toy_wait(&machine, 2);
	toy_wait(&machine, 3);
	assert_memory_equal(ask("?"), "T05thread:p2.1", 14);
	assert_memory_equal(ask("vStopped"), "T05thread:p3.1", 14);
	assert_string_equal(ask("vStopped"), "OK");
	/* Each runs, and stops, by itself. */
	ask("Hgp2.1");
	ask("Z0,7c05,1");
	rig_send_packet("vCont;c:p2.1", 12);
	rig_drain(true);
	assert_string_equal(rig_reply, "OK");
	assert_true(rig_wait());
	assert_memory_equal(rig_reply, "Stop:T05thread:p2.1;swbreak:;", 29);
	assert_true(machine.threads[LONG].stopped);
	/* More stops wait for vStopped. */
	assert_string_equal(ask("vCont;s:p3.1"), "OK");
	for (unsigned i = 0; i < 10; i++)
		rig_turn();
	assert_string_equal(rig_reply, "OK");
	assert_memory_equal(ask("vStopped"), "T05thread:p3.1", 14);
	assert_string_equal(ask("vStopped"), "OK");
	/* t is a stop without a signal, vCtrlC one with SIGINT. */
	ask("z0,7c05,1");
	assert_string_equal(ask("vCont;c"), "OK");
	assert_string_equal(ask("vCont;t:p2.1"), "OK");
	assert_true(rig_wait());
	assert_memory_equal(rig_reply, "Stop:T00thread:p2.1", 19);
	assert_string_equal(ask("vStopped"), "OK");
	assert_string_equal(ask("vCtrlC"), "OK");
	assert_true(rig_wait());
	assert_memory_equal(rig_reply, "Stop:T02thread:p", 16);
}

static void a_thread_whose_stop_is_not_told_yet_does_not_go_on(void **state)
{
	(void)state;
	rig_connect_non_stop();
	toy_wait(&machine, 2);
	toy_wait(&machine, 3);
	ask("?");
	assert_string_equal(ask("vCont;c:p3.1"), "OK");
	assert_true(machine.threads[LONG].stopped);
	assert_memory_equal(ask("vStopped"), "T05thread:p3.1", 14);
}

static void in_non_stop_each_core_of_the_hypervisor_is_told(void **state)
{
	(void)state;
	rig_connect_non_stop();
	assert_string_equal(ask("?"), "OK");
	/* Both stand, and one of them tells. */
	toy_report(&machine.threads[HOST_1], DEBUG_STOP_HARDWARE, 0, 0);
	machine.threads[HOST_1 + 1].stopped = true;
	assert_true(rig_wait());
	assert_memory_equal(rig_reply, "Stop:T05thread:p1.1;hwbreak", 27);
	assert_string_equal(ask("vStopped"), "T00thread:p1.2;");
	assert_string_equal(ask("vStopped"), "OK");
	/* Only what ran in between is told again. */
	assert_string_equal(ask("vCont;s:p1.2"), "OK");
	assert_true(rig_wait());
	assert_memory_equal(rig_reply, "Stop:T05thread:p1.2;", 20);
	assert_string_equal(ask("vStopped"), "OK");
}

static void a_lost_notice_is_repeated(void **state)
{
	unsigned notices = 0;

	(void)state;
	rig_connect_non_stop();
	ask("?");
	toy_wait(&machine, 3);
	for (unsigned i = 0; i < 7000; i++) {
		unsigned before = rig_packets;

		rig_turn();
		rig_drain(true);
		if (rig_packets != before) {
			assert_memory_equal(rig_reply, "Stop:T05thread:p3.1", 19);
			notices++;
		}
	}
	assert_int_equal(notices, 3); /* at 0, 3 and 6 s */
	assert_string_equal(ask("vStopped"), "OK");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_breakpoint_stops_its_vm_only),
		cmocka_unit_test(watchpoints_name_their_address),
		cmocka_unit_test(steps_are_one_instruction_or_a_range),
		cmocka_unit_test(the_leftmost_action_that_fits_counts),
		cmocka_unit_test(looking_at_a_running_thread_stops_it_until_the_next_continue),
		cmocka_unit_test(what_was_not_named_stays_stopped),
		cmocka_unit_test(a_stop_that_nobody_waits_for_is_told_later),
		cmocka_unit_test(a_step_that_was_overtaken_is_not_told_later),
		cmocka_unit_test(ctrl_c_stops_the_thread_that_gdb_looked_at),
		cmocka_unit_test(ctrl_c_is_answered_even_if_nothing_runs),
		cmocka_unit_test(reasons_have_their_signals),
		cmocka_unit_test(the_end_of_a_vm_is_told),
		cmocka_unit_test(the_hypervisors_fault_is_told_at_once),
		cmocka_unit_test(a_thread_that_does_not_stop_is_unknown_in_time),
		cmocka_unit_test(attach_in_all_stop_stops),
		cmocka_unit_test(attach_in_non_stop_tells_of_what_stands),
		cmocka_unit_test(non_stop_stops_nothing_by_itself),
		cmocka_unit_test(non_stop_tells_stops_one_by_one),
		cmocka_unit_test(a_thread_whose_stop_is_not_told_yet_does_not_go_on),
		cmocka_unit_test(in_non_stop_each_core_of_the_hypervisor_is_told),
		cmocka_unit_test(a_lost_notice_is_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
