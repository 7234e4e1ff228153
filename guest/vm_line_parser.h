/*
 * guest/vm_line_parser.h - what the two kinds of module lines have in common: words, a table of
 * them, and the quoted line in a message. For guest/vm_*line*.c only.
 */
#pragma once

#include "guest/vm_line.h"

#define LINE_KEYS_MAX 40u

struct line_parser;

struct line_key {
	const char *name;
	enum status (*parse)(struct line_parser *p); /* takes p->value */
	uint64_t kinds; /* bit n: goes with enum vm_kind (or vm_role) n */
	bool is_flag;   /* stands without a value */
};

struct line_parser {
	struct vm_config *config; /* one of these two */
	struct vm_module_line *module;
	char *message;
	size_t size;
	const struct line_key *keys; /* the first one must be there: vm= */
	size_t key_count;
	struct text line, first, args; /* trimmed; its first word; what follows "--" */
	struct text key, value;
	struct text seen[LINE_KEYS_MAX]; /* by key: where it stood */
};

/* Goes through the line up to "--" and calls the words' functions. */
MUST_CHECK enum status line_parse(struct line_parser *p, struct text line);

/* Writes the message for a fault in word, which lies in the line: what, the line, the caret line.
 * Returns s. */
MUST_CHECK enum status line_fail(struct line_parser *p, enum status s, struct text word,
				 const char *what);
MUST_CHECK enum status line_fail_value(struct line_parser *p, enum status s, const char *what);

/* The value of vm= into name, or a failure. */
MUST_CHECK enum status line_take_name(struct line_parser *p, char name[VM_NAME_SIZE]);
