/*
 * guest/vdma.h - the two 8237A DMA controllers of a PC/AT and their page registers.
 *
 * Pure model, byte-wide. The caller holds the VM's lock.
 * Registers: 00h to 0Fh = ports 00h to 0Fh, channels 0 to 3; 20h to 3Fh = ports C0h to DFh,
 * channels 4 to 7, two ports for each register; 41h to 4Fh = ports 81h to 8Fh, the page registers,
 * of which those that have no channel are plain memory. The registers that are only for writing
 * read as 0, except "write all mask bits", which reads back as in the PC's chip sets.
 * Not modelled: transfers. No device asks for one, so no address moves, no count ends, and a
 * request by software stays pending until it is taken back.
 * Spec: 8237A data sheet, "Register Description", "Software Commands"; 82371SB (PIIX3) data sheet,
 * "DMA Register Description".
 */
#pragma once

#include "guest/io.h"

#define VDMA_REGISTERS 0x50u
#define VDMA_SECOND    0x20u /* register number of the second controller */
#define VDMA_PAGES     0x40u /* page register n is port 80h + n; 0 is not here */

struct vdma_channel {
	uint16_t base_address, base_count;
	uint16_t address, count; /* current */
	uint8_t mode;            /* bits 2 to 7, as written */
};

struct vdma_chip {
	struct vdma_channel channels[4];
	uint8_t command;
	uint8_t requests; /* by software, a bit for each channel */
	uint8_t mask;
	bool high_byte; /* the byte pointer flip-flop */
};

struct vdma {
	struct vdma_chip chips[2];
	uint8_t pages[16];
};

/* Power-on and reset: all channels masked, everything else 0. */
void vdma_power_on(struct vdma *d);

/* One byte access to register io->port: 00h to 0Fh, 20h to 3Fh, 41h to 4Fh. Others in the space of
 * 50h read all ones. */
void vdma_access(void *state, struct io_access *io);
