/*
 * kernel/command_line.h - the words behind the kernel's name in the boot menu, as start-up reads
 * them: each that cannot be used is complained about in the log, and its default holds.
 *
 * Boot processor, during start-up.
 */
#pragma once

#include "kernel/options.h"

extern struct options command_line;

/* Splits the line, which must stay; what is no word is complained about. */
void command_line_read(const char *line);

/* Logs that an option's value is no good; s is OK or ERR_NOT_FOUND: nothing. */
void command_line_complain(const char *key, enum status s);

/* A word's value as a C string in buffer; NULL if it is not there or too long. */
const char *command_line_string(const char *key, char *buffer, size_t size);

/* One of the words, by its number; otherwise: it is not there, or none of them. */
unsigned command_line_choice(const char *key, const char *const *words, unsigned count,
			     unsigned otherwise);

/* After all options were asked for: complains about every word that nobody knew. */
void command_line_report_unknown(void);
