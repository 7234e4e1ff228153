/* guest/vata_device.c - how a command of an ATA device goes on and ends. */
#include "guest/vata_device.h"

#define READY (ATA_STATUS_DRDY | ATA_STATUS_DSC)

/* A packet device stays without DRDY until its first command, so that an ATA driver passes it by.
 * ATA/ATAPI-6, "Signature and persistence", "Software reset protocol". */
void vata_device_signature(struct vata_device *d)
{
	bool packet = d->kind == VATA_CDROM;

	d->transfer = VATA_NO_TRANSFER;
	d->now[VATA_COUNT] = 1;
	d->now[VATA_LOW] = 1;
	d->now[VATA_MID] = packet ? 0x14 : 0;
	d->now[VATA_HIGH] = packet ? 0xeb : 0;
	d->error = 1;
	d->status = packet ? 0 : READY;
}

void vata_device_end(struct vata_device *d, bool interrupt)
{
	d->transfer = VATA_NO_TRANSFER;
	d->status = READY;
	d->interrupt |= interrupt;
}

void vata_device_fail(struct vata_device *d, uint8_t error)
{
	d->transfer = VATA_NO_TRANSFER;
	d->error = error;
	d->status = READY | ATA_STATUS_ERR;
	d->interrupt = true;
}

void vata_device_block(struct vata_device *d, enum vata_transfer transfer, uint32_t len_bytes,
		       bool interrupt)
{
	d->transfer = transfer;
	d->block_left = len_bytes;
	d->status = READY | ATA_STATUS_DRQ;
	d->interrupt |= interrupt;
}

void vata_device_send_buffer(struct vata_device *d, enum vata_transfer transfer, uint32_t len_bytes)
{
	d->at = 0;
	d->filled = (uint16_t)len_bytes;
	vata_device_block(d, transfer, len_bytes, true);
}
