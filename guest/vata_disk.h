/*
 * guest/vata_disk.h - the commands of an ATA disk. Inside of the model, for vata.c. The sectors
 * themselves are in guest/vata_sectors.h.
 */
#pragma once

#include "guest/vata_device.h"

/* READ and WRITE MULTIPLE: most sectors in a block, and how many after power-on. The standard
 * leaves the second to the vendor; a driver that finds it set takes a sixteenth of the interrupts
 * without being told. */
#define VATA_MULTIPLE 16u

void vata_disk_power_on(struct vata_device *d);

/* A software reset: the settings are as after power-on, unless SET FEATURES 66h keeps them. */
void vata_disk_reset(struct vata_device *d);

/* The device has no DRQ, and its interrupt and error are cleared. */
void vata_disk_command(struct vata_device *d, uint8_t command);

/* SET FEATURES 03h: does a drive with PIO modes 0 to 4 and no DMA take this transfer mode? */
bool vata_disk_takes_mode(uint8_t mode);
