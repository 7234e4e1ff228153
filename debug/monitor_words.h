/*
 * debug/monitor_words.h - what the monitor reads out of the words of a line.
 *
 * Pure.
 */
#pragma once

#include "debug/monitor_command.h"

/* Splits a line at its blanks. False: it has more than MONITOR_WORDS_MAX words. */
MUST_CHECK bool monitor_split(struct text line, struct monitor_args *a);

/* The command of a name, or NULL. commands ends with NULL. */
const struct monitor_command *monitor_find(const struct monitor_command *const *commands,
					   struct text name);

/* Could somebody who wrote this have meant name? One begins with the other, or becomes it by one or
 * two characters put in, taken out or changed, fewer than it has. */
bool monitor_is_near(struct text written, const char *name);

/* A number, decimal or 0x..., from low to high. ERR_INVALID: it is none; ERR_RANGE. */
MUST_CHECK enum status monitor_number(struct text word, uint64_t low, uint64_t high,
				      uint64_t *value);
