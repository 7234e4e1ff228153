/* guest/vatapi.c - a CD-ROM drive on an ATA channel; see guest/vatapi.h. */
#include "guest/vatapi.h"

#include "guest/vata_disk.h"
#include "guest/vata_identify.h"
#include "guest/vatapi_packet.h"
#include "kernel/assert.h"
#include "kernel/string.h"

#define FEATURE_DMA     0x01u /* features of PACKET */
#define FEATURE_OVERLAP 0x02u
#define ERROR_ABRT      ATA_ERROR_ABRT
#define LIMIT_MAX       0xfffeu
#define SECTORS_EACH    (ATAPI_SECTOR / DISK_SECTOR)

void vatapi_power_on(struct vata_device *d)
{
	d->cd = (struct vatapi_part){.attention = ASC_POWER_ON};
}

uint64_t vatapi_sectors(const struct vata_device *d)
{
	return (d->disk->sectors + SECTORS_EACH - 1) / SECTORS_EACH;
}

/* ---- data of a packet ---- */

static void set_reason(struct vata_device *d, unsigned reason)
{
	d->now[VATA_COUNT] = (uint8_t)reason;
}

void vatapi_done(struct vata_device *d)
{
	d->error = 0;
	set_reason(d, ATAPI_REASON_CD | ATAPI_REASON_IO);
	vata_device_end(d, true);
}

/* The sense key is in the error register too. */
void vatapi_refuse(struct vata_device *d, uint8_t key, uint8_t asc)
{
	d->cd.sense = (struct vatapi_sense){.key = key, .asc = asc};
	if (asc == ASC_NO_MEDIUM || asc == ASC_LOCKED)
		d->cd.sense.ascq = 2; /* "tray open"; "prevented" */
	set_reason(d, ATAPI_REASON_CD | ATAPI_REASON_IO);
	vata_device_fail(d, (uint8_t)((unsigned)key << 4 | ERROR_ABRT));
}

/* The next block of d->left bytes, 1 or more. Only the last one may be odd, and the registers say
 * how long it is. ATA/ATAPI-6, "PACKET", "Byte Count low and high". */
static void start_block(struct vata_device *d, enum vata_transfer transfer)
{
	uint32_t len = (uint32_t)min_u64(d->left, d->cd.limit);

	if (len < d->left)
		len &= ~1u;
	d->left -= len;
	d->now[VATA_MID] = (uint8_t)len;
	d->now[VATA_HIGH] = (uint8_t)(len >> 8);
	set_reason(d, ATAPI_REASON_IO);
	vata_device_block(d, transfer, len, true);
}

void vatapi_block_sent(struct vata_device *d)
{
	if (d->left == 0)
		vatapi_done(d);
	else
		start_block(d, d->transfer);
}

/* A limit of 0 has no meaning (word 125 of IDENTIFY PACKET DEVICE is 0), and 1 never ends if there
 * is more than a byte. */
static void send(struct vata_device *d, enum vata_transfer transfer, uint64_t len)
{
	d->left = len;
	if (len == 0)
		vatapi_done(d);
	else if (d->cd.limit == 0 || (d->cd.limit == 1 && len > 1))
		vata_device_fail(d, ERROR_ABRT);
	else
		start_block(d, transfer);
}

void vatapi_reply(struct vata_device *d, uint32_t len, uint32_t allocation)
{
	d->at = 0;
	d->filled = (uint16_t)len;
	send(d, VATA_PACKET_REPLY, min_u64(len, allocation));
}

void vatapi_send_sectors(struct vata_device *d, uint64_t sector, uint64_t count)
{
	d->sector = sector;
	d->at = d->filled = 0;
	send(d, VATA_PACKET_READ, count * ATAPI_SECTOR);
}

/* What the last sector has beyond the image is zero. */
void vatapi_fill(struct vata_device *d)
{
	uint64_t first = d->sector * SECTORS_EACH;
	unsigned count = (unsigned)min_u64(SECTORS_EACH, d->disk->sectors - first);
	enum status s = disk_read(d->disk, first, count, d->buffer);

	ASSERT(s == OK); /* the range was checked */
	memset(d->buffer + (size_t)count * DISK_SECTOR, 0,
	       (size_t)(SECTORS_EACH - count) * DISK_SECTOR);
	d->sector++;
	d->at = 0;
	d->filled = ATAPI_SECTOR;
}

/* ---- commands of the ATA side ---- */

static void run_packet(struct vata_device *d)
{
	uint32_t limit = (uint32_t)(d->now[VATA_MID] | d->now[VATA_HIGH] << 8);

	if (d->now[VATA_FEATURES] & (FEATURE_DMA | FEATURE_OVERLAP)) {
		vata_device_fail(d, ERROR_ABRT);
		return;
	}
	d->cd.limit = (uint32_t)min_u64(limit, LIMIT_MAX);
	d->at = 0;
	d->filled = ATAPI_PACKET;
	set_reason(d, ATAPI_REASON_CD);
	vata_device_block(d, VATA_PACKET_IN, ATAPI_PACKET, false);
}

void vatapi_packet(struct vata_device *d)
{
	uint8_t packet[ATAPI_PACKET];

	memcpy(packet, d->buffer, sizeof(packet));
	vatapi_run_packet(d, packet);
}

static void run_set_features(struct vata_device *d)
{
	uint8_t feature = d->now[VATA_FEATURES];

	if ((feature == ATA_FEATURE_TRANSFER && vata_disk_takes_mode(d->now[VATA_COUNT])) ||
	    feature == ATA_FEATURE_KEEP || feature == ATA_FEATURE_REVERT)
		vata_device_end(d, true);
	else
		vata_device_fail(d, ERROR_ABRT);
}

void vatapi_command(struct vata_device *d, uint8_t command)
{
	switch (command) {
	case ATA_PACKET:
		run_packet(d);
		break;
	case ATA_IDENTIFY_PACKET:
		vata_identify_cdrom(d);
		vata_device_send_buffer(d, VATA_BLOCK_ONCE, DISK_SECTOR);
		break;
	case ATA_DEVICE_RESET:
		vata_device_signature(d);
		break;
	case ATA_SET_FEATURES:
		run_set_features(d);
		break;
	case ATA_CHECK_POWER:
		d->now[VATA_COUNT] = 0xff;
		vata_device_end(d, true);
		break;
	case ATA_STANDBY_IMMEDIATE:
	case ATA_IDLE_IMMEDIATE:
	case ATA_SLEEP:
	case ATA_FLUSH:
		vata_device_end(d, true);
		break;
	case ATA_IDENTIFY:
	case ATA_READ:
		/* "I am not a disk": the signature, then the abort. */
		vata_device_signature(d);
		vata_device_fail(d, ERROR_ABRT);
		break;
	default:
		vata_device_fail(d, ERROR_ABRT);
		break;
	}
}
