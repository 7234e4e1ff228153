/*
 * guest/text_screen.c - draws a guest's VGA text screen on a terminal; see guest/text_screen.h.
 *
 * Every change of *t happens together with the step that makes the terminal follow it, and only if
 * that step had room. So *t is what the terminal shows, whenever a call ends.
 */
#include "guest/text_screen.h"

#include "guest/cp437.h"
#include "kernel/string.h"
#include "kernel/text.h"

#define BLANK            0x20u
#define NORMAL           0x07u /* light grey on black */
#define ATTRIBUTE_BRIGHT 0x08u
#define ATTRIBUTE_HIGH   0x80u /* blinks, or has a bright background */

/* What is left of the caller's buffer. */
struct output {
	uint8_t *at;
	size_t left;
};

static bool put(struct output *o, const char *step, size_t len)
{
	if (len > o->left)
		return false;
	memcpy(o->at, step, len);
	o->at += len;
	o->left -= len;
	return true;
}

/* The VGA's colours are blue, green, red from bit 0; those of ECMA-48 are red, green, blue. */
static unsigned ansi_colour(unsigned vga)
{
	static const uint8_t colours[] = {0, 4, 2, 6, 1, 5, 3, 7};

	return colours[vga & 7];
}

/* Of a monochrome attribute: nothing at all, reverse, or light on dark. Returns it as the colour
 * attribute that looks so. IBM PC Technical Reference, "Monochrome Display", attributes. */
static uint8_t mono_to_colour(uint8_t attribute)
{
	uint8_t keep = attribute & (ATTRIBUTE_BRIGHT | ATTRIBUTE_HIGH);

	if ((attribute & 0x70) == 0x70 && (attribute & 7) == 0)
		return keep | 0x70;
	return keep | ((attribute & 7) == 0 ? 0 : 7);
}

static bool put_attribute(struct text_screen *t, struct output *o, uint8_t attribute)
{
	char step[TEXT_SCREEN_STEP_MAX];
	uint8_t colour = t->mono ? mono_to_colour(attribute) : attribute;
	bool high = attribute & ATTRIBUTE_HIGH;
	size_t len = text_format(step, sizeof(step), "\033[0%s%s;%u;%um",
				 t->mono && (attribute & 7) == 1 ? ";4" : "",
				 high && t->blink ? ";5" : "",
				 (colour & ATTRIBUTE_BRIGHT ? 90 : 30) + ansi_colour(colour),
				 (high && !t->blink ? 100 : 40) + ansi_colour(colour >> 4));

	if (!put(o, step, len))
		return false;
	t->attribute = attribute;
	return true;
}

static bool move(struct text_screen *t, struct output *o, unsigned row, unsigned column)
{
	char step[TEXT_SCREEN_STEP_MAX];

	if (t->row == row && t->column == column)
		return true;
	if (!put(o, step, text_format(step, sizeof(step), "\033[%u;%uH", row + 1, column + 1)))
		return false;
	t->row = (uint8_t)row;
	t->column = (uint8_t)column;
	return true;
}

static bool show_cursor(struct text_screen *t, struct output *o, bool shown)
{
	if (t->cursor_shown == shown)
		return true;
	if (!put(o, shown ? "\033[?25h" : "\033[?25l", 6))
		return false;
	t->cursor_shown = shown;
	return true;
}

static bool put_cell(struct text_screen *t, struct output *o, unsigned row, unsigned column,
		     const uint8_t cell[2])
{
	char step[CP437_UTF8_MAX];

	if (!move(t, o, row, column))
		return false;
	if (t->attribute != cell[1] && !put_attribute(t, o, cell[1]))
		return false;
	if (!put(o, step, cp437_to_utf8(cell[0], step)))
		return false;
	t->shown[row][column * 2] = cell[0];
	t->shown[row][column * 2 + 1] = cell[1];
	t->column++;
	return true;
}

/* Everything as blanks, in one step. The colours come first: what is cleared gets them. No compound
 * literal: it might lie on the stack, and it is 16 KiB. */
static bool clear(struct text_screen *t, struct output *o, const struct vga_text *v)
{
	static const char step[] = "\033[0;37;40m\033[2J\033[H\033[?25l";

	if (!put(o, step, sizeof(step) - 1))
		return false;
	t->known = true;
	t->blink = v->blink;
	t->mono = v->mono;
	t->columns = v->columns;
	t->rows = v->rows;
	t->attribute = NORMAL;
	t->cursor_shown = false;
	t->row = t->column = t->next_row = t->next_column = 0;
	for (unsigned row = 0; row < VGA_MAX_ROWS; row++) {
		for (unsigned i = 0; i < VGA_MAX_COLUMNS * 2; i += 2) {
			t->shown[row][i] = BLANK;
			t->shown[row][i + 1] = NORMAL;
		}
	}
	return true;
}

/* One row, from a column on; what it draws is a copy, for the guest may write meanwhile. */
static bool draw_row(struct text_screen *t, struct output *o, const struct vga_text *v,
		     const uint8_t *cells, unsigned row, unsigned from)
{
	uint8_t now[VGA_MAX_COLUMNS * 2];
	size_t first = (v->first + (size_t)row * v->stride) % VGA_WINDOW_CELLS;
	size_t before_wrap = min_u64(t->columns, VGA_WINDOW_CELLS - first) * 2;
	size_t after_wrap = t->columns * 2u - before_wrap;

	if (memcmp(t->shown[row], cells + first * 2, before_wrap) == 0 &&
	    memcmp(t->shown[row] + before_wrap, cells, after_wrap) == 0)
		return true;
	memcpy(now, cells + first * 2, before_wrap);
	memcpy(now + before_wrap, cells, after_wrap);
	for (unsigned column = from; column < t->columns; column++) {
		const uint8_t *cell = now + column * 2;

		if (memcmp(t->shown[row] + column * 2, cell, 2) != 0 &&
		    !put_cell(t, o, row, column, cell)) {
			t->next_row = (uint8_t)row;
			t->next_column = (uint8_t)column;
			return false;
		}
	}
	return true;
}

/* Begins with the cell for which the last call had no room, and comes to those before it last: a
 * guest that keeps changing the upper rows does not keep the lower ones from being drawn. */
static bool draw_rows(struct text_screen *t, struct output *o, const struct vga_text *v,
		      const uint8_t *cells)
{
	unsigned first = t->next_row, from = t->next_column;

	for (unsigned i = 0; i <= t->rows; i++) {
		if (!draw_row(t, o, v, cells, (first + i) % t->rows, from))
			return false;
		from = 0;
	}
	t->next_row = t->next_column = 0;
	return true;
}

static bool is_laid_out(const struct text_screen *t, const struct vga_text *v)
{
	return t->known && t->columns == v->columns && t->rows == v->rows && t->blink == v->blink &&
	       t->mono == v->mono;
}

void text_screen_reset(struct text_screen *t)
{
	t->known = false;
}

size_t text_screen_update(struct text_screen *t, const struct vga_text *v, const uint8_t *cells,
			  uint8_t *out, size_t size)
{
	struct output o = {.at = out, .left = size};

	if (!is_laid_out(t, v) && !clear(t, &o, v))
		return 0;
	if (!draw_rows(t, &o, v, cells))
		return size - o.left;
	if (!v->cursor_visible)
		(void)show_cursor(t, &o, false);
	else if (move(t, &o, v->cursor_row, v->cursor_column))
		(void)show_cursor(t, &o, true);
	return size - o.left;
}
