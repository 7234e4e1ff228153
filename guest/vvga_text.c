/*
 * guest/vvga_text.c - what the VGA's registers say of a text screen; see guest/vvga.h.
 */
#include "guest/vvga.h"
#include "guest/vvga_registers.h"

static unsigned crtc_pair(const struct vvga *v, unsigned high)
{
	return (unsigned)v->crtc[high] << 8 | v->crtc[high + 1];
}

static unsigned count_rows(const struct vvga *v, unsigned cell_height)
{
	unsigned overflow = v->crtc[VGA_CRTC_OVERFLOW];
	unsigned lines = v->crtc[VGA_CRTC_VERTICAL_DISPLAY] | (overflow & 0x02) << 7 |
			 (overflow & 0x40) << 3;
	unsigned rows;

	if (v->crtc[VGA_CRTC_MAX_SCAN_LINE] & VGA_DOUBLE_SCAN)
		cell_height *= 2;
	rows = (lines + 1) / cell_height;
	return rows ? (unsigned)min_u64(rows, VGA_MAX_ROWS) : 1;
}

/* The cursor's address is compared with that of each cell: it may be on no cell that is shown. One
 * that starts below its end, or below the cell, has no line. */
static void find_cursor(const struct vvga *v, struct vga_text *t)
{
	unsigned distance = (crtc_pair(v, VGA_CRTC_CURSOR) - t->first) % VGA_WINDOW_CELLS;
	unsigned row = t->stride ? distance / t->stride : 0;
	unsigned column = distance - row * t->stride;

	t->cursor_start = v->crtc[VGA_CRTC_CURSOR_START] & VGA_SCAN_LINES;
	t->cursor_end = v->crtc[VGA_CRTC_CURSOR_END] & VGA_SCAN_LINES;
	t->cursor_visible = !(v->crtc[VGA_CRTC_CURSOR_START] & VGA_CURSOR_OFF) &&
			    t->cursor_start <= t->cursor_end && t->cursor_start < t->cell_height &&
			    column < t->columns && row < t->rows;
	if (t->cursor_visible) {
		t->cursor_column = (uint8_t)column;
		t->cursor_row = (uint8_t)row;
	}
}

bool vvga_text(const struct vvga *v, struct vga_text *t)
{
	static const uint32_t windows[] = {0xa0000, 0xa0000, 0xb0000, 0xb8000};
	unsigned misc = v->graphics[VGA_GRAPHICS_MISC], mode = v->attribute[VGA_ATTRIBUTE_MODE];

	if ((misc & VGA_GRAPHICS_MISC_ON) || (mode & VGA_MODE_GRAPHICS))
		return false;
	*t = (struct vga_text){
		.window = gpa(windows[misc >> 2 & 3]),
		.first = (uint16_t)(crtc_pair(v, VGA_CRTC_START) % VGA_WINDOW_CELLS),
		.stride = (uint16_t)(v->crtc[VGA_CRTC_OFFSET] * 2),
		.columns = (uint8_t)min_u64(v->crtc[VGA_CRTC_DISPLAY_END] + 1u, VGA_MAX_COLUMNS),
		.cell_height = (uint8_t)((v->crtc[VGA_CRTC_MAX_SCAN_LINE] & VGA_SCAN_LINES) + 1),
		.blink = mode & VGA_MODE_BLINK,
		.mono = mode & VGA_MODE_MONO,
	};
	t->at = gpa(t->window.raw + t->first * UINT64_C(2));
	t->rows = (uint8_t)count_rows(v, t->cell_height);
	find_cursor(v, t);
	return true;
}
