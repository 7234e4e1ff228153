/* debug/output.c - see debug/output.h. */
#include "debug/output.h"

void debug_vprint(const struct debug_output *out, const char *format, va_list args)
{
	char text[DEBUG_PIECE_BYTES];
	size_t len = text_vformat(text, sizeof(text), format, args);

	out->write(out->state, text, min_u64(len, sizeof(text) - 1));
}

void debug_print(const struct debug_output *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	debug_vprint(out, format, args);
	va_end(args);
}
