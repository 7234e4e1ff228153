/*
 * guest/vatapi.h - a CD-ROM drive on an ATA channel: commands, packets, the way of their data.
 * Inside of the model, for vata.c and vata_data.c. What the packets ask for is in
 * guest/vatapi_packet.h.
 *
 * The disc is one data track of 2048-byte sectors in mode 1, or none while the tray is open. It is
 * a DVD if it is larger than any CD.
 * After power-on the first packet that is not INQUIRY, REQUEST SENSE or one about the state of the
 * drive gets a unit attention (6/29h); after the tray was closed by START STOP UNIT, 6/28h. A
 * software reset gives none.
 * Spec: ATA/ATAPI-6, "PACKET", "PACKET non-data and PIO data-in/out protocol".
 */
#pragma once

#include "guest/vata_device.h"

#define ATAPI_SECTOR    2048u /* bytes */
#define ATAPI_PACKET    12u   /* bytes */

#define SENSE_NONE      0x0u
#define SENSE_NOT_READY 0x2u
#define SENSE_ILLEGAL   0x5u
#define SENSE_ATTENTION 0x6u

/* Additional sense codes. */
#define ASC_BAD_OPCODE  0x20u
#define ASC_BAD_LBA     0x21u
#define ASC_BAD_FIELD   0x24u
#define ASC_CHANGED     0x28u
#define ASC_POWER_ON    0x29u
#define ASC_NO_SAVING   0x39u
#define ASC_NO_MEDIUM   0x3au
#define ASC_LOCKED      0x53u
#define ASC_WRONG_MODE  0x64u

void vatapi_power_on(struct vata_device *d);

/* The interrupt and error of the device are cleared. It has no DRQ, except for DEVICE RESET. */
void vatapi_command(struct vata_device *d, uint8_t command);

/* The packet is in the buffer. */
void vatapi_packet(struct vata_device *d);

/* The buffer is empty and the block is not: the next sector of the disc. */
void vatapi_fill(struct vata_device *d);

/* The host took all of a block. */
void vatapi_block_sent(struct vata_device *d);

/* For guest/vatapi_packet.c: the packet has its answer. */
void vatapi_done(struct vata_device *d);
void vatapi_refuse(struct vata_device *d, uint8_t key, uint8_t asc);
/* len bytes of the buffer, allocation at most. */
void vatapi_reply(struct vata_device *d, uint32_t len, uint32_t allocation);
/* count sectors of the disc, which are there. */
void vatapi_send_sectors(struct vata_device *d, uint64_t sector, uint64_t count);

/* Sectors of the disc, a part of one counts. */
uint64_t vatapi_sectors(const struct vata_device *d);
