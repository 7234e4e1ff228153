/* vmx/vm_screen.c - a VM's text screen on its console line. */
#include "vmx/vm_screen.h"

#include "guest/text_screen.h"
#include "kernel/panic.h"
#include "kernel/time.h"
#include "mm/phys.h"
#include "vmx/core.h"

#define DRAW_EVERY_NS (40 * NS_PER_MILLISECOND) /* 25 pictures a second */
#define VIDEO_RAM     0xb8000u
#define BLANK_CELL    0x0720u /* a blank, light grey on black */

struct vm_screen {
	struct text_screen text;
	bool shown; /* it was the one in front when it was drawn last */
	uint64_t next_ns;
	bool key_held; /* the keyboard had no room for it */
	uint8_t key;
	size_t sent, len; /* of out */
	uint8_t out[1024];
};

/* Blank cells, as a VGA BIOS leaves them. A VM that is smaller has no video RAM. */
static void clear_cells(struct vm *vm)
{
	uint16_t *cell = guest_memory_ptr(&vm->memory, gpa(VIDEO_RAM), VGA_WINDOW_BYTES);

	for (unsigned i = 0; cell && i < VGA_WINDOW_CELLS; i++)
		cell[i] = BLANK_CELL;
}

enum status vm_screen_make(struct vm *vm)
{
	enum status s;
	hpa_t at;

	if (!vm->config.text_display)
		return OK;
	s = frames_alloc_zeroed(vmx_frames, frames_order_for(sizeof(struct vm_screen)), &at);
	if (s != OK)
		return s;
	vm->screen = phys_ptr(at);
	clear_cells(vm);
	return OK;
}

void vm_screen_free(struct vm *vm)
{
	if (vm->screen && frames_free(vmx_frames, phys_of(vm->screen),
				      frames_order_for(sizeof(struct vm_screen))) != OK)
		panic("a screen cannot be given back");
	vm->screen = NULL;
}

/* Hands the console what is ready. False: it has no room for all of it. */
static bool send(struct vm *vm)
{
	struct vm_screen *screen = vm->screen;

	while (screen->sent < screen->len) {
		if (!host_ops->line_put(vm->line, screen->out[screen->sent]))
			return false;
		screen->sent++;
	}
	return true;
}

bool vm_screen_flush(struct vm *vm)
{
	struct vm_screen *screen = vm->screen;
	struct vga_text text;
	const uint8_t *cells;

	if (!vm->line || !host_ops->line_in_front(vm->line)) {
		screen->shown = false;
		return true;
	}
	if (!vvga_text(&vm->platform.vga, &text))
		return true;
	if (!screen->shown) {
		text_screen_reset(&screen->text);
		screen->sent = screen->len = 0;
		screen->shown = true;
	}
	cells = guest_memory_read_ptr(&vm->memory, text.window, VGA_WINDOW_BYTES);
	if (!cells)
		return true; /* the VM is that small */
	while (send(vm)) {
		screen->sent = 0;
		screen->len = text_screen_update(&screen->text, &text, cells, screen->out,
						 sizeof(screen->out));
		if (screen->len == 0)
			return true;
	}
	return false;
}

/* What was typed goes to the keyboard as far as it has room: one byte may be several keys. */
static void take_keys(struct vm *vm, uint64_t now_ns)
{
	struct vm_screen *screen = vm->screen;

	while (screen->key_held || host_ops->line_get(vm->line, &screen->key)) {
		screen->key_held = !platform_type(&vm->platform, screen->key, now_ns);
		if (screen->key_held)
			return;
	}
}

void vm_screen_pump(struct vm *vm, uint64_t now_ns)
{
	if (!vm->line)
		return;
	if (vm->screen->key_held || host_ops->line_has_input(vm->line))
		take_keys(vm, now_ns);
	if (now_ns < vm->screen->next_ns)
		return;
	vm->screen->next_ns = now_ns + DRAW_EVERY_NS;
	(void)vm_screen_flush(vm); /* what is left is drawn next time */
}
