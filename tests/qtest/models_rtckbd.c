/*
 * tests/qtest/models_rtckbd.c - Lintel's clock and keyboard controller on an I/O bus, as a shared
 * library for Python's ctypes; tests/qtest/models_rtckbd.py builds and drives it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "guest/io_bus.h"
#include "guest/vi8042.h"
#include "guest/vrtc.h"
#include "kernel/assert.h"

struct desk {
	struct io_bus io;
	struct vrtc rtc;
	struct vi8042 keyboard;
};

struct desk *desk_new(uint64_t now_ns, int64_t unix_s);
struct desk *desk_copy(const struct desk *from);
void desk_free(struct desk *d);
void desk_out(struct desk *d, uint16_t port, uint8_t value, uint64_t now_ns);
uint8_t desk_in(struct desk *d, uint16_t port, uint64_t now_ns);
bool desk_rtc_irq(struct desk *d, uint64_t now_ns);
uint64_t desk_rtc_deadline(struct desk *d, uint64_t now_ns);
bool desk_keyboard_irq(const struct desk *d, uint64_t now_ns);
bool desk_mouse_irq(const struct desk *d);
bool desk_a20(const struct desk *d);
bool desk_type(struct desk *d, uint8_t byte, uint64_t now_ns);

void assert_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
	abort();
}

static void claim(struct desk *d, io_access_fn access, void *state, uint16_t first, uint16_t count,
		  uint16_t offset)
{
	struct io_claim claim = {.name = "desk",
				 .access = access,
				 .state = state,
				 .first = first,
				 .count = count,
				 .offset = offset};

	if (io_bus_claim(&d->io, &claim) != OK)
		abort();
}

static void wire(struct desk *d)
{
	io_bus_init(&d->io);
	claim(d, vrtc_access, &d->rtc, 0x70, 2, 0);
	claim(d, vi8042_access, &d->keyboard, 0x60, 1, 0);
	claim(d, vi8042_access, &d->keyboard, 0x64, 1, 1);
}

struct desk *desk_new(uint64_t now_ns, int64_t unix_s)
{
	struct desk *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	wire(d);
	vrtc_power_on(&d->rtc, now_ns, unix_s);
	vi8042_power_on(&d->keyboard);
	return d;
}

struct desk *desk_copy(const struct desk *from)
{
	struct desk *d = malloc(sizeof(*d));

	if (!d)
		abort();
	*d = *from;
	wire(d);
	return d;
}

void desk_free(struct desk *d)
{
	free(d);
}

void desk_out(struct desk *d, uint16_t port, uint8_t value, uint64_t now_ns)
{
	struct io_access io = {
		.port = port, .size = 1, .write = true, .value = value, .now_ns = now_ns};

	io_bus_access(&d->io, &io);
}

uint8_t desk_in(struct desk *d, uint16_t port, uint64_t now_ns)
{
	struct io_access io = {.port = port, .size = 1, .now_ns = now_ns};

	io_bus_access(&d->io, &io);
	return (uint8_t)io.value;
}

bool desk_rtc_irq(struct desk *d, uint64_t now_ns)
{
	return vrtc_irq(&d->rtc, now_ns);
}

uint64_t desk_rtc_deadline(struct desk *d, uint64_t now_ns)
{
	return vrtc_deadline_ns(&d->rtc, now_ns);
}

bool desk_keyboard_irq(const struct desk *d, uint64_t now_ns)
{
	return vi8042_irq(&d->keyboard, now_ns);
}

bool desk_mouse_irq(const struct desk *d)
{
	return vi8042_irq12(&d->keyboard);
}

bool desk_a20(const struct desk *d)
{
	return vi8042_a20(&d->keyboard);
}

bool desk_type(struct desk *d, uint8_t byte, uint64_t now_ns)
{
	return vi8042_type(&d->keyboard, byte, now_ns);
}
