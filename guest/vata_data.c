/* guest/vata_data.c - bytes through the data port of an ATA device; see guest/vata_data.h. */
#include "guest/vata_data.h"

#include "guest/vata_sectors.h"
#include "guest/vatapi.h"
#include "kernel/string.h"

/* There is more in this block than the buffer had: the next sectors. */
static void refill(struct vata_device *d)
{
	if (d->transfer == VATA_SECTORS_READ)
		vata_sectors_fill(d);
	else
		vatapi_fill(d);
}

static void block_sent(struct vata_device *d)
{
	if (d->transfer == VATA_BLOCK_ONCE)
		vata_device_end(d, false);
	else if (d->transfer == VATA_SECTORS_READ)
		vata_sectors_block_sent(d);
	else
		vatapi_block_sent(d);
}

unsigned vata_data_read(struct vata_device *d, void *to, unsigned len)
{
	unsigned moved = 0;

	if (!vata_device_sends(d))
		return 0;
	len = (unsigned)min_u64(len, d->block_left);
	while (moved < len) {
		unsigned n;

		if (d->at == d->filled)
			refill(d);
		n = (unsigned)min_u64(len - moved, d->filled - d->at);
		memcpy((uint8_t *)to + moved, d->buffer + d->at, n);
		d->at = (uint16_t)(d->at + n);
		d->block_left -= n;
		moved += n;
	}
	if (d->block_left == 0)
		block_sent(d);
	return moved;
}

/* The buffer has a whole sector or packet. */
static void unit_received(struct vata_device *d)
{
	d->at = 0;
	if (d->transfer == VATA_PACKET_IN) {
		vatapi_packet(d);
		return;
	}
	vata_sectors_received(d);
	if (d->block_left == 0)
		vata_sectors_block_received(d);
}

unsigned vata_data_write(struct vata_device *d, const void *from, unsigned len)
{
	unsigned moved = 0;

	if (!vata_device_receives(d))
		return 0;
	len = (unsigned)min_u64(len, d->block_left);
	while (moved < len) {
		unsigned n = (unsigned)min_u64(len - moved, d->filled - d->at);

		memcpy(d->buffer + d->at, (const uint8_t *)from + moved, n);
		d->at = (uint16_t)(d->at + n);
		d->block_left -= n;
		moved += n;
		if (d->at == d->filled)
			unit_received(d);
	}
	return moved;
}
