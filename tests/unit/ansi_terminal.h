/*
 * tests/unit/ansi_terminal.h - a small terminal of 132 x 60 that reads what guest/text_screen.h
 * writes, and what it must show then. For the unit tests and the fuzzer: no assertions here, a
 * fault of the output makes terminal_see() false.
 *
 * It knows what text_screen.h says it uses, and nothing else: CUP, ED 2, SGR, the cursor on and
 * off, UTF-8 of at most three bytes. A character past the last column is a fault, not a new line.
 */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "guest/cp437.h"
#include "guest/text_screen.h"

struct look {
	uint16_t unicode;
	uint8_t foreground, background; /* as in SGR: 30-37, 90-97, 40-47, 100-107 */
	bool blink, underline;
};

struct terminal {
	struct look cells[VGA_MAX_ROWS][VGA_MAX_COLUMNS];
	struct look pen; /* its colours */
	unsigned row, column;
	bool cursor;
	char sequence[40]; /* what has come of an escape sequence */
	unsigned sequence_len, utf8_left, unicode;
	unsigned clears, drawn;
};

static inline bool terminal_select_graphics(struct terminal *t, unsigned code)
{
	if (code == 0)
		t->pen = (struct look){.foreground = 39, .background = 49};
	else if (code == 4)
		t->pen.underline = true;
	else if (code == 5)
		t->pen.blink = true;
	else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97))
		t->pen.foreground = (uint8_t)code;
	else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107))
		t->pen.background = (uint8_t)code;
	else
		return false;
	return true;
}

static inline void terminal_clear(struct terminal *t)
{
	t->clears++;
	for (unsigned row = 0; row < VGA_MAX_ROWS; row++) {
		for (unsigned column = 0; column < VGA_MAX_COLUMNS; column++) {
			t->cells[row][column] = t->pen;
			t->cells[row][column].unicode = ' ';
		}
	}
}

/* t->sequence is whole, ESC and [ included. */
static inline bool terminal_obey(struct terminal *t)
{
	char *at = t->sequence + 2, *end;
	unsigned numbers[8] = {0}, count = 0;
	bool good = true;

	if (!strcmp(t->sequence, "\033[?25h") || !strcmp(t->sequence, "\033[?25l")) {
		t->cursor = t->sequence[5] == 'h';
		return true;
	}
	for (; *at >= '0' && *at <= '9' && count < 8; at = *end == ';' ? end + 1 : end)
		numbers[count++] = (unsigned)strtoul(at, &end, 10);
	if (at[0] == '\0' || at[1] != '\0')
		return false;
	if (*at == 'm') {
		for (unsigned i = 0; i < count; i++)
			good = good && terminal_select_graphics(t, numbers[i]);
		return good && count > 0;
	}
	if (*at == 'J') {
		terminal_clear(t);
		return count == 1 && numbers[0] == 2;
	}
	t->row = count ? numbers[0] - 1 : 0;
	t->column = count ? numbers[1] - 1 : 0;
	return *at == 'H' && (count == 0 || count == 2) && t->row < VGA_MAX_ROWS &&
	       t->column < VGA_MAX_COLUMNS;
}

static inline bool terminal_print(struct terminal *t, unsigned unicode)
{
	if (unicode < 0x20 || (unicode >= 0x7f && unicode <= 0x9f) || t->row >= VGA_MAX_ROWS ||
	    t->column >= VGA_MAX_COLUMNS)
		return false;
	t->cells[t->row][t->column] = t->pen;
	t->cells[t->row][t->column++].unicode = (uint16_t)unicode;
	t->drawn++;
	return true;
}

static inline bool terminal_see_sequence(struct terminal *t, uint8_t byte)
{
	if (byte < 0x20 || byte >= 0x7f || t->sequence_len + 1 >= sizeof(t->sequence) ||
	    (t->sequence_len == 1 && byte != '['))
		return false;
	t->sequence[t->sequence_len++] = (char)byte;
	t->sequence[t->sequence_len] = '\0';
	if (byte < 0x40 || byte == '[')
		return true;
	t->sequence_len = 0;
	return terminal_obey(t);
}

/* The next byte. False: not what a terminal should be sent. */
static inline bool terminal_see(struct terminal *t, uint8_t byte)
{
	if (t->sequence_len > 0)
		return terminal_see_sequence(t, byte);
	if (t->utf8_left > 0) {
		t->unicode = t->unicode << 6 | (byte & 0x3f);
		return (byte & 0xc0) == 0x80 &&
		       (--t->utf8_left > 0 || terminal_print(t, t->unicode));
	}
	if (byte == 0x1b) {
		t->sequence[t->sequence_len++] = (char)byte;
		return true;
	}
	if (byte < 0x80)
		return terminal_print(t, byte);
	t->utf8_left = byte < 0xe0 ? 1 : 2;
	t->unicode = byte & (byte < 0xe0 ? 0x1f : 0x0f);
	return byte >= 0xc0 && byte < 0xf0;
}

/* Is it between two steps? */
static inline bool terminal_is_idle(const struct terminal *t)
{
	return t->sequence_len == 0 && t->utf8_left == 0;
}

/* What a cell must look like. */
static inline struct look look_of(const struct vga_text *v, const uint8_t *cell)
{
	static const uint8_t order[] = {0, 4, 2, 6, 1, 5, 3, 7};
	unsigned ink = cell[1] & 15, paper = cell[1] >> 4 & 7;
	bool high = cell[1] & 0x80;
	struct look l = {.unicode = cp437_to_unicode(cell[0])};

	if (v->mono) {
		bool reverse = paper == 7 && (ink & 7) == 0;

		l.underline = (ink & 7) == 1;
		paper = reverse ? 7 : 0;
		ink = (ink & 8) | (reverse || (ink & 7) == 0 ? 0 : 7);
	}
	l.blink = v->blink && high;
	l.foreground = (uint8_t)((ink & 8 ? 90 : 30) + order[ink & 7]);
	l.background = (uint8_t)((!v->blink && high ? 100 : 40) + order[paper]);
	return l;
}

/* Does the terminal show exactly this screen? window: the VGA_WINDOW_BYTES of it. */
static inline bool terminal_shows(const struct terminal *t, const struct vga_text *v,
				  const uint8_t *window)
{
	for (unsigned row = 0; row < v->rows; row++) {
		for (unsigned column = 0; column < v->columns; column++) {
			unsigned at = (v->first + row * v->stride + column) % VGA_WINDOW_CELLS;
			struct look want = look_of(v, window + at * 2);
			const struct look *got = &t->cells[row][column];

			if (got->unicode != want.unicode || got->foreground != want.foreground ||
			    got->background != want.background || got->blink != want.blink ||
			    got->underline != want.underline)
				return false;
		}
	}
	if (t->cursor != v->cursor_visible)
		return false;
	return !t->cursor || (t->row == v->cursor_row && t->column == v->cursor_column);
}
