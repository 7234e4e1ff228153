/*
 * guest/vvga.h - the VGA registers that the guest sees, as far as text programs use them.
 *
 * Pure model: no port, clock, lock or log. The caller holds the VM's lock.
 * Registers (io->port): the port less 3B0h, 0 to 2Fh. Video RAM (A0000h-BFFFFh) is ordinary guest
 * RAM; where the screen lies in it is what vvga_text() says. The CRT controller answers at 3B4h or
 * at 3D4h by bit 0 of the miscellaneous output register, input status 1 and feature control
 * likewise; the other place is empty: all ones, writes are lost.
 * Modelled: read-back of every register, the write protection of CRTC 00h-07h, the attribute
 * controller's flip-flop, the DAC's index and data, its comparator (switch sense), and the two
 * status bits that move with time, at the fixed rates of mode 3 (70 Hz, 31.5 kHz).
 * Not modelled (stored, read back, no effect): planes, write modes, fonts and every graphics mode;
 * palette and DAC colours, also of text; blanking (PAS, clocking mode, RAM enable); panning, split
 * screen and underline location; timings; the light pen, so that CRTC 10h and 11h always give the
 * registers; the vertical interrupt. The diagnostic bits 4 and 5 of input status 1 read 0. Writes
 * to palette registers count with PAS set too, as on most clones. CRTC from 19h on, sequencer
 * 05h-07h, graphics 09h-0Fh and attribute 15h-1Fh do not exist: they read 0.
 * Spec: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem".
 */
#pragma once

#include "guest/io.h"

#define VVGA_REGISTERS   0x30u /* from port 3B0h */
#define VVGA_FIRST_PORT  0x3b0u

#define VGA_MAX_COLUMNS  132u
#define VGA_MAX_ROWS     60u
#define VGA_WINDOW_BYTES 0x8000u /* the text window; cells wrap at its end */
#define VGA_WINDOW_CELLS (VGA_WINDOW_BYTES / 2)

struct vvga {
	uint8_t misc, feature, enable;
	uint8_t crtc_index, sequencer_index, graphics_index;
	uint8_t attribute_index; /* with PAS, bit 5 */
	bool attribute_data;     /* flip-flop: the next write to 3C0h is data */
	uint8_t crtc[0x19], sequencer[5], graphics[9], attribute[0x15];
	uint8_t dac_mask, dac_read_index, dac_write_index;
	uint8_t dac_state;    /* as 3C7h gives it: 0 write mode, 3 read mode */
	uint8_t dac_part;     /* the next byte at 3C9h: 0 red, 1 green, 2 blue */
	uint8_t dac_latch[2]; /* red and green until blue comes */
	uint8_t dac[256][3];
};

/* What a text mode shows. A cell is two bytes of video RAM: character, attribute. */
struct vga_text {
	gpa_t window;    /* 32 KiB of video RAM */
	gpa_t at;        /* the cell in the upper left corner; it lies in the window */
	uint16_t first;  /* that cell's number in the window, 0 to VGA_WINDOW_CELLS - 1 */
	uint16_t stride; /* cells from one row to the next: 0 to 510; may differ from columns */
	uint8_t columns; /* 1 to VGA_MAX_COLUMNS */
	uint8_t rows;    /* 1 to VGA_MAX_ROWS */
	uint8_t cursor_column, cursor_row;
	uint8_t cursor_start, cursor_end; /* its scan lines in the cell */
	uint8_t cell_height;              /* scan lines, 1 to 32 */
	bool cursor_visible;              /* on, and on the screen; else column and row are 0 */
	bool blink; /* attribute bit 7: true blinks, false is the background's intensity */
	bool mono;  /* attributes of the monochrome adapter: foreground 1 is underlined */
};

/* Power-on, as a VGA BIOS leaves it: mode 3, 80x25, colour, at B8000h. */
void vvga_power_on(struct vvga *v);

/* One byte access to register io->port, 0 to VVGA_REGISTERS - 1. */
void vvga_access(void *state, struct io_access *io);

/* Fills *t with what the screen shows. False: a graphics mode, *t is untouched. More columns or
 * rows than the limits are cut. */
MUST_CHECK bool vvga_text(const struct vvga *v, struct vga_text *t);
