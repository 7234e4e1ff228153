/*
 * tests/qtest/models_vga.c - guest/vvga.h as a shared library for Python's ctypes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "guest/vvga.h"
#include "kernel/assert.h"

struct vvga *vga_new(void);
struct vvga *vga_copy(const struct vvga *from);
void vga_free(struct vvga *v);
void vga_out(struct vvga *v, uint16_t port, uint8_t value, uint64_t now_ns);
uint8_t vga_in(struct vvga *v, uint16_t port, uint64_t now_ns);

void assert_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
	abort();
}

struct vvga *vga_new(void)
{
	struct vvga *v = malloc(sizeof(*v));

	if (!v)
		abort();
	vvga_power_on(v);
	return v;
}

struct vvga *vga_copy(const struct vvga *from)
{
	struct vvga *v = malloc(sizeof(*v));

	if (!v)
		abort();
	*v = *from;
	return v;
}

void vga_free(struct vvga *v)
{
	free(v);
}

void vga_out(struct vvga *v, uint16_t port, uint8_t value, uint64_t now_ns)
{
	struct io_access io = {.port = (uint16_t)(port - VVGA_FIRST_PORT),
			       .size = 1,
			       .write = true,
			       .value = value,
			       .now_ns = now_ns};

	vvga_access(v, &io);
}

uint8_t vga_in(struct vvga *v, uint16_t port, uint64_t now_ns)
{
	struct io_access io = {
		.port = (uint16_t)(port - VVGA_FIRST_PORT), .size = 1, .now_ns = now_ns};

	vvga_access(v, &io);
	return (uint8_t)io.value;
}
