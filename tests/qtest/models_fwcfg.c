/*
 * tests/qtest/models_fwcfg.c - fw_cfg, with guest RAM for its DMA, and the two DMA controllers on
 * an I/O bus, as a shared library for Python's ctypes.
 *
 * One board at a time: a new one takes the RAM of the last.
 */
#include <stdio.h>
#include <stdlib.h>

#include "guest/fw_cfg.h"
#include "guest/io_bus.h"
#include "guest/vdma.h"
#include "kernel/assert.h"
#include "mm/phys.h"

struct fwboard {
	struct io_bus io;
	struct frames frames;
	struct guest_memory memory;
	struct fw_cfg fw_cfg;
	struct vdma dma;
};

uintptr_t phys_window_base;

struct fwboard *fwboard_new(uint64_t ram_bytes);
void fwboard_free(struct fwboard *b);
void fwboard_out(struct fwboard *b, uint16_t port, uint8_t size, uint32_t value);
uint32_t fwboard_in(struct fwboard *b, uint16_t port, uint8_t size);
bool fwboard_write(struct fwboard *b, uint64_t at, const void *from, uint64_t len_bytes);
bool fwboard_read(struct fwboard *b, uint64_t at, void *to, uint64_t len_bytes);
bool fwboard_add_file(struct fwboard *b, const char *name, const void *data, uint32_t len_bytes);
bool fwboard_set_item(struct fwboard *b, uint16_t key, const void *data, uint32_t len_bytes);

void assert_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
	abort();
}

static void claim(struct fwboard *b, struct io_claim claim)
{
	if (io_bus_claim(&b->io, &claim) != OK)
		abort();
}

struct fwboard *fwboard_new(uint64_t ram_bytes)
{
	struct fwboard *b = calloc(1, sizeof(*b));
	struct regions raw, ram;

	if (!phys_window_base)
		phys_window_base = (uintptr_t)aligned_alloc(GIB, GIB);
	regions_init(&raw);
	if (!b || !phys_window_base || regions_add(&raw, MIB, 512 * MIB, REGION_RAM) != OK ||
	    regions_normalise(&raw, &ram) != OK || frames_init(&b->frames, &ram, GIB) != OK ||
	    guest_memory_init(&b->memory, &b->frames, ram_bytes) != OK)
		abort();
	fw_cfg_init(&b->fw_cfg, &b->memory, ram_bytes, 1);
	vdma_power_on(&b->dma);
	io_bus_init(&b->io);
	claim(b, (struct io_claim){.name = "fw_cfg",
				   .access = fw_cfg_access,
				   .state = &b->fw_cfg,
				   .first = 0x510,
				   .count = FW_CFG_PORTS,
				   .wide = true});
	claim(b, (struct io_claim){"dma", vdma_access, &b->dma, 0x00, 0x10, 0, false, NULL});
	claim(b, (struct io_claim){"dma", vdma_access, &b->dma, 0xc0, 0x20, 0x20, false, NULL});
	claim(b, (struct io_claim){"dma", vdma_access, &b->dma, 0x81, 0x0f, 0x41, false, NULL});
	return b;
}

void fwboard_free(struct fwboard *b)
{
	free(b);
}

void fwboard_out(struct fwboard *b, uint16_t port, uint8_t size, uint32_t value)
{
	struct io_access io = {.port = port, .size = size, .write = true, .value = value};

	io_bus_access(&b->io, &io);
}

uint32_t fwboard_in(struct fwboard *b, uint16_t port, uint8_t size)
{
	struct io_access io = {.port = port, .size = size};

	io_bus_access(&b->io, &io);
	return io.value;
}

bool fwboard_write(struct fwboard *b, uint64_t at, const void *from, uint64_t len_bytes)
{
	return guest_memory_write(&b->memory, gpa(at), from, len_bytes) == OK;
}

bool fwboard_read(struct fwboard *b, uint64_t at, void *to, uint64_t len_bytes)
{
	return guest_memory_read(&b->memory, gpa(at), to, len_bytes) == OK;
}

bool fwboard_add_file(struct fwboard *b, const char *name, const void *data, uint32_t len_bytes)
{
	return fw_cfg_add_file(&b->fw_cfg, name, data, len_bytes) == OK;
}

bool fwboard_set_item(struct fwboard *b, uint16_t key, const void *data, uint32_t len_bytes)
{
	return fw_cfg_set_item(&b->fw_cfg, key, data, len_bytes) == OK;
}
