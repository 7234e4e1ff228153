/*
 * guest/text_screen.h - draws a guest's VGA text screen on a terminal, as ANSI text.
 *
 * Pure: cells in, bytes out. It remembers what the terminal shows and sends changed cells only, in
 * whole steps (one escape sequence, or one character): no step is torn, lost or sent twice, however
 * little room there is. Characters of code page 437 go out as UTF-8.
 * Not modelled: fonts, palette (the 16 colours are the terminal's), the cursor's shape, the split
 * screen and panning. A terminal that is smaller than the screen shows its upper left part at best.
 * Spec: ECMA-48 "Control functions" (CUP, ED, SGR); cursor on and off, and the bright colours, as
 * in xterm's "Control Sequences".
 */
#pragma once

#include "guest/vvga.h"

/* No step is longer: with so much room there is progress in every call. */
#define TEXT_SCREEN_STEP_MAX 32u

struct text_screen {
	bool known;            /* the terminal shows what stands here; false: clear it first */
	bool blink, mono;      /* how attributes were read when shown[] was drawn */
	bool cursor_shown;     /* the terminal's cursor */
	uint8_t columns, rows; /* of the screen that is drawn */
	uint8_t row, column;   /* the terminal's cursor; column == columns: behind the last one */
	uint8_t attribute;     /* the terminal's colours, as attribute of a cell */
	uint8_t next_row, next_column; /* where the next call begins to look for changes */
	uint8_t shown[VGA_MAX_ROWS][VGA_MAX_COLUMNS * 2]; /* cells that the terminal shows */
};

/* Forgets everything: the next update clears the terminal and draws all anew. For the start, and
 * when something else has written to the terminal. */
void text_screen_reset(struct text_screen *t);

/*
 * Writes at most size bytes to out: what the terminal needs to show the screen v (of vvga_text()),
 * or the beginning of it; the next call goes on. cells: the VGA_WINDOW_BYTES of video RAM at
 * v->window; they may change at any time, also during the call. Returns the number of bytes; 0 when
 * all is shown, or if size is so small (below TEXT_SCREEN_STEP_MAX) that the next step has no room.
 */
size_t text_screen_update(struct text_screen *t, const struct vga_text *v, const uint8_t *cells,
			  uint8_t *out, size_t size);
