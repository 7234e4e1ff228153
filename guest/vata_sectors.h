/*
 * guest/vata_sectors.h - the sectors of an ATA disk: addresses, reading, writing. Inside of the
 * model: vata_disk.c and vata_data.c.
 *
 * Errors: an address that is not there is IDNF, at the first such sector; blocks before it were
 * moved. Whoever writes to a read-only disk gets ABRT and WP before any data. A sector that cannot
 * be kept (no frame) is a device fault at the end of its block: DF, ABRT, and its address.
 * While a command runs the registers show the first sector behind the block, and how many are left.
 * Commands of LBA48 need no LBA bit in the device register.
 */
#pragma once

#include "guest/vata_device.h"

#define VATA_EXT          1u /* LBA48 */
#define VATA_MANY         2u /* blocks of several sectors */

#define VATA_POWER_ACTIVE 0xffu

/* The commands: how is 0 or the bits above. */
void vata_sectors_read(struct vata_device *d, unsigned how);
void vata_sectors_write(struct vata_device *d, unsigned how);
void vata_sectors_verify(struct vata_device *d, unsigned how);
void vata_sectors_seek(struct vata_device *d, unsigned how);
void vata_sectors_native_max(struct vata_device *d, unsigned how);

/* READ: the buffer is empty and the block is not. */
void vata_sectors_fill(struct vata_device *d);

/* READ: the host took all of a block. */
void vata_sectors_block_sent(struct vata_device *d);

/* WRITE: a sector is in the buffer; all of a block has come. */
void vata_sectors_received(struct vata_device *d);
void vata_sectors_block_received(struct vata_device *d);
