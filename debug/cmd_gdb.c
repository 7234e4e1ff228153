/* debug/cmd_gdb.c - the monitor's command about the line to gdb. */
#include "debug/gdb.h"
#include "debug/monitor.h"

static const char *const words[] = {"on", "off", NULL};

static bool run(const struct monitor_args *a)
{
	char text[80];
	enum status s;

	if (!monitor_counts(a, 1, 2))
		return false;
	if (a->count == 2) {
		bool on = text_is(a->words[1], "on");

		if (!on && !text_is(a->words[1], "off"))
			return false;
		s = gdb_switch(on);
		if (s != OK)
			monitor_print(a, "gdb: %s\n",
				      s == ERR_INVALID ? "gdb itself cannot switch its line"
						       : "no line: gdb=com1..com4 or a port");
	}
	gdb_describe(text, sizeof(text));
	monitor_print(a, "gdb: %s\n", text);
	return true;
}

const struct monitor_command command_gdb = {
	.name = "gdb",
	.usage = "[on|off]",
	.help = "the line to gdb: where it is; shares the console's line, or no more",
	.run = run,
	.words = words,
};
