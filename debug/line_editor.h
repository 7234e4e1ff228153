/*
 * debug/line_editor.h - a line of text typed at a serial terminal: keys in, terminal text out.
 *
 * Pure. Emacs keys (Ctrl-A B C D E F H K L N P U W), arrows, Home, End, Del, TAB; a history of the
 * last lines. A line that is wider than the terminal is shown in part, around the cursor. ASCII
 * only: other bytes are ignored.
 * Spec: ECMA-48 "Control functions": CUB, CUP, ED and EL are written; of what a terminal sends, the
 * keys of a VT220 and of xterm are understood, and every other sequence is skipped whole.
 */
#pragma once

#include "debug/target.h"

#define LINE_EDITOR_BYTES   160u /* most characters in a line */
#define LINE_EDITOR_HISTORY 16u
#define LINE_EDITOR_COLUMNS 80u /* the narrowest terminal */

enum line_event {
	LINE_NOTHING,
	LINE_DONE,      /* Enter: e->line is the line */
	LINE_CANCELLED, /* Ctrl-C; a new line has begun */
	LINE_CLOSED,    /* Ctrl-D on an empty line */
};

struct line_editor {
	const char *prompt; /* shorter than half a line */
	struct debug_output out;
	/* The index-th word that may stand behind before (whole words with their blanks), NULL past
	 * the last one; they live on. May be NULL. */
	const char *(*candidate)(struct text before, unsigned index);

	char line[LINE_EDITOR_BYTES + 1]; /* ends with NUL */
	unsigned len, at;
	char draft[LINE_EDITOR_BYTES + 1]; /* the line that history was called up from */
	char history[LINE_EDITOR_HISTORY][LINE_EDITOR_BYTES + 1];
	unsigned lines; /* ever put into history */
	unsigned back;  /* how many lines back is shown; 0: none of history */
	uint8_t escape; /* how far we are in a sequence */
	uint8_t number; /* its first parameter */
	bool after_cr;  /* a line feed now belongs to it */
};

/* The other fields start as zero. */
void line_editor_init(struct line_editor *e, const char *prompt, const struct debug_output *out,
		      const char *(*candidate)(struct text before, unsigned index));

/* A new, empty line: shows the prompt. The cursor is at the start of a line. */
void line_editor_start(struct line_editor *e);

/* One byte from the terminal. After LINE_DONE and LINE_CLOSED the cursor is at the start of a line,
 * and line_editor_start() is next. */
enum line_event line_editor_feed(struct line_editor *e, uint8_t byte);

/* Shows the prompt and the line, where something else was written. */
void line_editor_redraw(const struct line_editor *e);
