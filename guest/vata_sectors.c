/* guest/vata_sectors.c - the sectors of an ATA disk; see guest/vata_sectors.h. */
#include "guest/vata_sectors.h"

#include "guest/vata_identify.h"
#include "kernel/assert.h"

#define NOWHERE UINT64_MAX /* a CHS address that the geometry does not have */

/* ---- addresses ---- */

static enum vata_addressing addressing(const struct vata_device *d, unsigned how)
{
	if (how & VATA_EXT)
		return VATA_LBA48;
	return d->now[VATA_DEVICE] & ATA_DEVICE_LBA ? VATA_LBA28 : VATA_CHS;
}

/* The first sector number that is not there. */
static uint64_t limit(const struct vata_device *d)
{
	switch (d->ata.addressing) {
	case VATA_CHS:
		return vata_chs_sectors(&d->ata.settings.geometry);
	case VATA_LBA28:
		return vata_lba28_sectors(d->disk);
	default:
		return d->disk->sectors;
	}
}

static uint32_t cylinder(const struct vata_device *d)
{
	return (uint32_t)(d->now[VATA_MID] | d->now[VATA_HIGH] << 8);
}

/* ATA-3, "Addressing": sectors of a track count from 1. */
static uint64_t load_chs(const struct vata_device *d)
{
	const struct vata_geometry *g = &d->ata.settings.geometry;
	uint32_t head = d->now[VATA_DEVICE] & ATA_DEVICE_HEAD;
	uint32_t sector = d->now[VATA_LOW];

	if (cylinder(d) >= g->cylinders || head >= g->heads || sector == 0 || sector > g->sectors)
		return NOWHERE;
	return ((uint64_t)cylinder(d) * g->heads + head) * g->sectors + sector - 1;
}

static uint64_t load_address(const struct vata_device *d)
{
	uint64_t address = d->now[VATA_LOW] | (uint64_t)cylinder(d) << 8;

	switch (d->ata.addressing) {
	case VATA_CHS:
		return load_chs(d);
	case VATA_LBA28:
		return address | (d->now[VATA_DEVICE] & ATA_DEVICE_HEAD) << 24;
	default:
		return address | (uint64_t)d->previous[VATA_LOW] << 24 |
		       (uint64_t)d->previous[VATA_MID] << 32 |
		       (uint64_t)d->previous[VATA_HIGH] << 40;
	}
}

static void store_24(uint8_t *registers, uint64_t address)
{
	registers[VATA_LOW] = (uint8_t)address;
	registers[VATA_MID] = (uint8_t)(address >> 8);
	registers[VATA_HIGH] = (uint8_t)(address >> 16);
}

static void store_head(struct vata_device *d, uint64_t head)
{
	d->now[VATA_DEVICE] =
		(uint8_t)((d->now[VATA_DEVICE] & ~ATA_DEVICE_HEAD) | (head & ATA_DEVICE_HEAD));
}

static void store_address(struct vata_device *d, uint64_t sector)
{
	const struct vata_geometry *g = &d->ata.settings.geometry;

	if (d->ata.addressing == VATA_CHS) {
		uint64_t track = sector / g->sectors;

		store_24(d->now, track / g->heads << 8 | (sector % g->sectors + 1));
		store_head(d, track % g->heads);
		return;
	}
	store_24(d->now, sector);
	if (d->ata.addressing == VATA_LBA48)
		store_24(d->previous, sector >> 24);
	else
		store_head(d, sector >> 24);
}

static void store_count(struct vata_device *d, uint64_t left)
{
	d->now[VATA_COUNT] = (uint8_t)left;
	if (d->ata.addressing == VATA_LBA48)
		d->previous[VATA_COUNT] = (uint8_t)(left >> 8);
}

/* Takes address and count out of the registers; 0 stands for the largest count. */
static void load_request(struct vata_device *d, unsigned how)
{
	uint32_t count = d->now[VATA_COUNT];

	d->ata.addressing = addressing(d, how);
	d->ata.power = VATA_POWER_ACTIVE;
	if (how & VATA_EXT) {
		count |= (uint32_t)d->previous[VATA_COUNT] << 8;
		d->left = count ? count : 65536;
	} else {
		d->left = count ? count : 256;
	}
	d->sector = load_address(d);
}

/* Are the next count sectors there? If not, the command is over. */
static bool check_range(struct vata_device *d, uint64_t count)
{
	uint64_t end = limit(d);

	if (d->sector < end && count <= end - d->sector)
		return true;
	if (d->sector < end)
		store_address(d, end);
	vata_device_fail(d, ATA_ERROR_IDNF);
	return false;
}

/* ---- reading and writing ---- */

static uint32_t next_block(const struct vata_device *d)
{
	return (uint32_t)min_u64(d->left, d->ata.block_sectors);
}

/* The device asks for an interrupt for each block: PIO data-in protocol. */
static void start_block_read(struct vata_device *d)
{
	uint32_t count = next_block(d);

	if (!check_range(d, count))
		return;
	d->left -= count;
	store_address(d, d->sector + count);
	store_count(d, d->left);
	d->at = d->filled = 0;
	vata_device_block(d, VATA_SECTORS_READ, count * DISK_SECTOR, true);
}

void vata_sectors_fill(struct vata_device *d)
{
	uint32_t count = (uint32_t)min_u64(d->block_left, VATA_BUFFER) / DISK_SECTOR;
	enum status s = disk_read(d->disk, d->sector, count, d->buffer);

	ASSERT(s == OK); /* the range was checked */
	d->sector += count;
	d->at = 0;
	d->filled = (uint16_t)(count * DISK_SECTOR);
}

void vata_sectors_block_sent(struct vata_device *d)
{
	if (d->left == 0)
		vata_device_end(d, false);
	else
		start_block_read(d);
}

/* The first block is asked for without an interrupt: PIO data-out protocol. */
static void start_block_write(struct vata_device *d, bool interrupt)
{
	uint32_t count = next_block(d);

	if (!check_range(d, count))
		return;
	d->left -= count;
	d->at = 0;
	d->filled = DISK_SECTOR;
	vata_device_block(d, VATA_SECTORS_WRITE, count * DISK_SECTOR, interrupt);
}

/* After a sector that was lost the rest of the block only goes by. */
void vata_sectors_received(struct vata_device *d)
{
	if (d->ata.write_failed)
		return;
	if (disk_write(d->disk, d->sector, 1, d->buffer) == OK)
		d->sector++;
	else
		d->ata.write_failed = true;
}

void vata_sectors_block_received(struct vata_device *d)
{
	store_address(d, d->sector);
	store_count(d, d->left);
	if (d->ata.write_failed) {
		vata_device_fail(d, ATA_ERROR_ABRT);
		d->status |= ATA_STATUS_DF;
	} else if (d->left == 0) {
		vata_device_end(d, true);
	} else {
		start_block_write(d, true);
	}
}

/* False, and the command is over: READ or WRITE MULTIPLE while it is switched off. */
static bool load_transfer(struct vata_device *d, unsigned how)
{
	d->ata.block_sectors = how & VATA_MANY ? d->ata.settings.multiple : 1;
	if (d->ata.block_sectors == 0) {
		vata_device_fail(d, ATA_ERROR_ABRT);
		return false;
	}
	load_request(d, how);
	return true;
}

void vata_sectors_read(struct vata_device *d, unsigned how)
{
	if (load_transfer(d, how))
		start_block_read(d);
}

void vata_sectors_write(struct vata_device *d, unsigned how)
{
	d->ata.write_failed = false;
	if (d->disk->read_only)
		vata_device_fail(d, ATA_ERROR_ABRT | ATA_ERROR_WP);
	else if (load_transfer(d, how))
		start_block_write(d, false);
}

void vata_sectors_verify(struct vata_device *d, unsigned how)
{
	load_request(d, how);
	if (check_range(d, d->left))
		vata_device_end(d, true);
}

void vata_sectors_seek(struct vata_device *d, unsigned how)
{
	load_request(d, how);
	if (check_range(d, 1))
		vata_device_end(d, true);
}

/* Of 28 bits, or of CHS: no further than those reach. */
void vata_sectors_native_max(struct vata_device *d, unsigned how)
{
	d->ata.addressing = addressing(d, how);
	store_address(d, limit(d) - 1);
	vata_device_end(d, true);
}
