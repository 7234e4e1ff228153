/* debug/monitor_table.c - the monitor's commands, in the order of help: X(name) stands for
 * `const struct monitor_command command_name` in some debug/cmd_*.c. */
#include "debug/monitor_command.h"

#if LINTEL_TOOLKIT
#define TOOL_COMMANDS(X)                                                                           \
	X(watch)                                                                                   \
	X(shape)                                                                                   \
	X(hook)                                                                                    \
	X(redirect)                                                                                \
	X(profile)                                                                                 \
	X(dirty)
#else
#define TOOL_COMMANDS(X)
#endif

#define COMMANDS(X)                                                                                \
	X(help)                                                                                    \
	X(exit)                                                                                    \
	X(version)                                                                                 \
	X(vm)                                                                                      \
	X(vcpu)                                                                                    \
	X(vmcs)                                                                                    \
	X(inject)                                                                                  \
	X(mem)                                                                                     \
	X(disasm)                                                                                  \
	X(ept)                                                                                     \
	X(pic)                                                                                     \
	X(pit)                                                                                     \
	X(uart)                                                                                    \
	X(rtc)                                                                                     \
	X(kbd)                                                                                     \
	X(io)                                                                                      \
	X(irq)                                                                                     \
	X(stats)                                                                                   \
	X(trace)                                                                                   \
	X(gdb)                                                                                     \
	X(log)                                                                                     \
	X(cpu)                                                                                     \
	X(pages)                                                                                   \
	X(modules)                                                                                 \
	X(caps)                                                                                    \
	TOOL_COMMANDS(X)

#define DECLARE(name) extern const struct monitor_command command_##name;
COMMANDS(DECLARE)

#define ADDRESS(name) &command_##name,
const struct monitor_command *const monitor_commands[] = {COMMANDS(ADDRESS) NULL};
