/*
 * tests/fuzz/fuzz_text_screen.c - guest/vvga.h and guest/text_screen.h with a guest's random writes
 * to registers and video RAM, and random room for the output (libFuzzer).
 *
 * Whatever the guest does, no ASSERT may fail, the output is whole steps that a terminal knows, and
 * when all is drawn the terminal shows what the VGA would.
 */
#include "tests/fuzz/fuzzer.h"

#include "tests/unit/ansi_terminal.h"

static struct vvga vga;
static struct text_screen screen;
static struct terminal terminal;
static uint8_t window[VGA_WINDOW_BYTES];

static size_t update(const struct vga_text *text, size_t room)
{
	uint8_t *out = malloc(room ? room : 1);
	size_t len = text_screen_update(&screen, text, window, out, room);

	ASSERT(len <= room);
	for (size_t i = 0; i < len; i++)
		ASSERT(terminal_see(&terminal, out[i]));
	ASSERT(terminal_is_idle(&terminal));
	free(out);
	return len;
}

/* Cells from a place on the screen on. */
static void write_cells(unsigned place, uint8_t count, uint8_t character, uint8_t attribute)
{
	struct vga_text text;

	if (vvga_text(&vga, &text))
		place += text.first;
	for (unsigned i = 0; i < count; i++) {
		window[(place + i) % VGA_WINDOW_CELLS * 2] = character;
		window[(place + i) % VGA_WINDOW_CELLS * 2 + 1] = (uint8_t)(attribute + i);
	}
}

static void access_register(const uint8_t step[4])
{
	struct io_access io = {.port = step[1] % VVGA_REGISTERS,
			       .size = 1,
			       .write = step[0] & 0x80,
			       .value = step[2],
			       .now_ns = step[3] * UINT64_C(123456789)};

	vvga_access(&vga, &io);
	ASSERT(io.value <= 0xff);
}

/* An index and its data, without which random bytes hardly ever meet a register. */
static void set_register(const uint8_t step[4])
{
	static const uint8_t ports[] = {0x24, 0x24, 0x14, 0x1e};
	uint8_t port = ports[step[3] & 3];
	struct io_access io = {.port = port, .size = 1, .write = true, .value = step[1] & 0x1f};

	vvga_access(&vga, &io);
	io.port = port + 1;
	io.value = step[2];
	vvga_access(&vga, &io);
}

static void take_step(const uint8_t step[4])
{
	struct vga_text text;

	switch (step[0] & 7) {
	case 0:
	case 1:
		write_cells(step[1] * 8u, step[0] >> 3, step[2], step[3]);
		break;
	case 2:
		access_register(step);
		break;
	case 3:
		set_register(step);
		break;
	case 4:
		if (step[1] == 0)
			text_screen_reset(&screen);
		break;
	default:
		if (vvga_text(&vga, &text))
			(void)update(&text, step[1]);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t blank[VGA_WINDOW_BYTES];
	struct vga_text text;

	vvga_power_on(&vga);
	text_screen_reset(&screen);
	memset(&terminal, 0, sizeof(terminal));
	if (blank[1] == 0)
		for (unsigned i = 0; i < VGA_WINDOW_BYTES; i++)
			blank[i] = i & 1 ? 0x07 : ' ';
	memcpy(window, blank, sizeof(window));
	for (; size >= 4; data += 4, size -= 4)
		take_step(data);
	if (!vvga_text(&vga, &text))
		return 0;
	for (unsigned calls = 0; update(&text, 4096) > 0; calls++)
		ASSERT(calls < VGA_MAX_ROWS * VGA_MAX_COLUMNS);
	ASSERT(terminal_shows(&terminal, &text, window));
	ASSERT(update(&text, 4096) == 0);
	return 0;
}
