/*
 * debug/output.h - formatted text for whoever takes a command's output.
 *
 * Pure. One piece has DEBUG_PIECE_BYTES at most; what is longer is cut.
 */
#pragma once

#include <stdarg.h>

#include "debug/target.h"

#define DEBUG_PIECE_BYTES 320u /* with the final NUL */

void debug_print(const struct debug_output *out, const char *format, ...) PRINTF_LIKE(2, 3);
void debug_vprint(const struct debug_output *out, const char *format, va_list args);
