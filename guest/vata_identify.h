/*
 * guest/vata_identify.h - the 512 bytes by which an ATA device describes itself.
 *
 * Spec: ATA/ATAPI-6, "IDENTIFY DEVICE", "IDENTIFY PACKET DEVICE"; ATA-3 for words obsolete there.
 */
#pragma once

#include "guest/vata_device.h"

/* Into the first 512 bytes of the buffer. */
void vata_identify_disk(struct vata_device *d);
void vata_identify_cdrom(struct vata_device *d);

/* Sectors that a geometry reaches; those that 28 bits reach. */
uint64_t vata_chs_sectors(const struct vata_geometry *g);
uint64_t vata_lba28_sectors(const struct disk *disk);

/* The geometry after power-on. */
struct vata_geometry vata_default_geometry(const struct disk *disk);
