/* debug/cmd_trace.c - the monitor's command `trace`. */
#include "debug/monitor.h"
#include "debug/stream.h"
#include "debug/trace.h"
#include "vmx/exit.h"

#define SHOW_RECORDS 20u
#define SHOW_MOST    100000u

static void print(void *state, const char *line)
{
	monitor_print(state, "%s\n", line);
}

/* The words from number first on, as they stand in the line. */
static struct text words_from(const struct monitor_args *a, unsigned first)
{
	const struct text *last = &a->words[a->count - 1];

	if (first >= a->count)
		return text_from("");
	return (struct text){.at = a->words[first].at,
			     .len = (size_t)(last->at + last->len - a->words[first].at)};
}

static bool say(const struct monitor_args *a, bool done, const char *message)
{
	if (!done)
		monitor_print(a, "%s\n", message);
	return true;
}

static bool show(const struct monitor_args *a)
{
	uint64_t count = SHOW_RECORDS;

	if (a->count > 2 && (text_to_u64(a->words[2], &count) != OK || count > SHOW_MOST))
		return false;
	trace_show((unsigned)count, TRACE_ALL_CORES, print, (void *)(uintptr_t)a);
	return true;
}

static bool stream(const struct monitor_args *a)
{
	bool on = a->count == 3 && text_is(a->words[2], "on");
	enum status s;

	if (!on && (a->count != 3 || !text_is(a->words[2], "off")))
		return false;
	if (!monitor_cores_run(a)) /* it opens a line of the console */
		return true;
	s = stream_switch(on);
	return say(a, s == OK,
		   s == ERR_EXISTS ? "gdb= has the console" : "the console has no place for it");
}

static void reasons(const struct monitor_args *a)
{
	for (uint32_t i = 0; i < EXIT_TABLE_SIZE; i++)
		monitor_print(a, "%2u %s\n", i, exit_reason_name(i));
}

static bool run(const struct monitor_args *a)
{
	struct text what = a->count > 1 ? a->words[1] : text_from("status");
	char message[TRACE_MESSAGE];

	if ((text_is(what, "on") || text_is(what, "stop-when")) && !trace_ring_of(0) &&
	    !monitor_cores_run(a)) /* the rings are allocated */
		return true;
	if (text_is(what, "on"))
		return say(a, trace_on(words_from(a, 2), message), message);
	if (text_is(what, "stop-when"))
		return say(a, trace_stop_when(words_from(a, 2), message), message);
	if (text_is(what, "show"))
		return show(a);
	if (text_is(what, "stream"))
		return stream(a);
	if (text_is(what, "off"))
		trace_off();
	else if (text_is(what, "clear"))
		trace_clear();
	else if (text_is(what, "reasons"))
		reasons(a);
	else if (text_is(what, "status"))
		trace_status(print, (void *)(uintptr_t)a);
	else
		return false;
	return true;
}

const struct monitor_command command_trace = {
	.name = "trace",
	.usage = "[on [KINDS] [vm=NAME] [reason=R] [port=P] [msr=M] [addr=A] | "
		 "stop-when [...] [after=N] | off | show [N] | stream on|off | clear | reasons]",
	.help = "what the guests do, event by event: exits, interrupts, their lives",
	.run = run,
	.words = (const char *const[]){"on", "off", "show", "status", "stop-when", "clear",
				       "reasons", "stream", NULL},
	.vm_names = true,
};
