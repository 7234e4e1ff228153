/* kernel/command_line.c - see kernel/command_line.h. */
#include "kernel/command_line.h"

#include "kernel/log.h"

struct options command_line;

void command_line_read(const char *line)
{
	struct text bad;

	if (options_parse(&command_line, line, &bad) != OK)
		log_error(LOG_BOOT, "command line: cannot make sense of \"%.*s\"", (int)bad.len,
			  bad.at);
}

void command_line_complain(const char *key, enum status s)
{
	struct text given = options_given(&command_line, key);

	if (s != OK && s != ERR_NOT_FOUND)
		log_error(LOG_BOOT, "option %s=%.*s: %s", key, (int)given.len, given.at,
			  status_text(s));
}

/* A word of the command line as a C string; NULL if it is not there or too long. */
const char *command_line_string(const char *key, char *buffer, size_t size)
{
	struct text value;
	enum status s = options_text(&command_line, key, &value);

	if (s == OK && value.len >= size)
		s = ERR_RANGE;
	command_line_complain(key, s);
	if (s != OK)
		return NULL;
	text_format(buffer, size, "%.*s", (int)value.len, value.at);
	return buffer;
}

unsigned command_line_choice(const char *key, const char *const *words, unsigned count,
			     unsigned otherwise)
{
	unsigned chosen = otherwise;

	command_line_complain(key, options_choice(&command_line, key, words, count, &chosen));
	return chosen;
}

void command_line_report_unknown(void)
{
	struct text word;

	for (unsigned position = 0; options_next_unknown(&command_line, &position, &word);)
		log_error(LOG_BOOT, "command line: unknown word \"%.*s\"", (int)word.len, word.at);
}
