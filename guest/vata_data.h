/*
 * guest/vata_data.h - bytes through the data port of an ATA device, up to the end of a DRQ block.
 *
 * Inside of the model: vata.c makes words and runs of it.
 */
#pragma once

#include "guest/vata_device.h"

/* Moves up to len bytes to or from the host; the rest of the DRQ block may be less. With its last
 * byte the next block begins, or the command ends. Returns the bytes moved; 0 if the device has
 * none to give, or wants none. */
unsigned vata_data_read(struct vata_device *d, void *to, unsigned len);
unsigned vata_data_write(struct vata_device *d, const void *from, unsigned len);
