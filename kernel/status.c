/* kernel/status.c - a status in words. */
#include "kernel/status.h"

const char *status_text(enum status s)
{
	static const char *const words[STATUS_COUNT] = {
		[OK] = "ok",
		[ERR_INVALID] = "invalid input",
		[ERR_RANGE] = "out of range",
		[ERR_ALIGNMENT] = "misaligned",
		[ERR_NO_MEMORY] = "out of memory",
		[ERR_NOT_FOUND] = "not found",
		[ERR_EXISTS] = "exists already",
		[ERR_DOUBLE_FREE] = "freed twice",
		[ERR_FOREIGN] = "not ours",
		[ERR_CORRUPT] = "damaged",
		[ERR_UNSUPPORTED] = "not supported",
		[ERR_BUSY] = "busy",
		[ERR_FULL] = "full",
		[ERR_TIMEOUT] = "timed out",
	};

	if ((unsigned)s >= STATUS_COUNT)
		return "unknown status";
	return words[s];
}
