/* guest/vata_disk.c - the commands of an ATA disk; see guest/vata_disk.h. */
#include "guest/vata_disk.h"

#include "guest/vata_identify.h"
#include "guest/vata_sectors.h"

#define POWER_STANDBY 0x00u
#define POWER_IDLE    0x80u

struct command {
	void (*run)(struct vata_device *d, unsigned how);
	uint8_t code; /* ATA_... */
	uint8_t how;  /* VATA_EXT, VATA_MANY; for the power commands the mode */
};

static void power_on_settings(struct vata_device *d)
{
	d->ata.settings = (struct vata_settings){.geometry = vata_default_geometry(d->disk),
						 .multiple = VATA_MULTIPLE,
						 .cache = true,
						 .look_ahead = true};
}

void vata_disk_power_on(struct vata_device *d)
{
	d->ata = (struct vata_disk_part){.power = VATA_POWER_ACTIVE};
	power_on_settings(d);
}

void vata_disk_reset(struct vata_device *d)
{
	d->ata.power = VATA_POWER_ACTIVE;
	if (!d->ata.keep_settings)
		power_on_settings(d);
}

/* FLUSH CACHE, RECALIBRATE: all that was written is kept already, and there is no arm. */
static void run_nothing(struct vata_device *d, unsigned how)
{
	(void)how;
	vata_device_end(d, true);
}

static void run_power(struct vata_device *d, unsigned how)
{
	d->ata.power = (uint8_t)how;
	vata_device_end(d, true);
}

static void run_check_power(struct vata_device *d, unsigned how)
{
	(void)how;
	d->now[VATA_COUNT] = d->ata.power;
	vata_device_end(d, true);
}

static void run_identify(struct vata_device *d, unsigned how)
{
	(void)how;
	vata_identify_disk(d);
	vata_device_send_buffer(d, VATA_BLOCK_ONCE, DISK_SECTOR);
}

/* INITIALIZE DEVICE PARAMETERS, ATA-3: sectors of a track and the last head. Another geometry
 * without a whole cylinder could reach nothing. */
static void run_set_geometry(struct vata_device *d, unsigned how)
{
	struct vata_geometry g = {.heads = (uint8_t)((d->now[VATA_DEVICE] & ATA_DEVICE_HEAD) + 1),
				  .sectors = d->now[VATA_COUNT]};

	(void)how;
	if (g.sectors != 0)
		g.cylinders = (uint32_t)min_u64(d->disk->sectors / g.heads / g.sectors, 65535);
	if (g.cylinders == 0) {
		vata_device_fail(d, ATA_ERROR_ABRT);
		return;
	}
	d->ata.settings.geometry = g;
	vata_device_end(d, true);
}

/* A power of two, or 0 for "off". */
static void run_set_multiple(struct vata_device *d, unsigned how)
{
	uint8_t count = d->now[VATA_COUNT];

	(void)how;
	if (count > VATA_MULTIPLE || (count & (count - 1)) != 0) {
		vata_device_fail(d, ATA_ERROR_ABRT);
		return;
	}
	d->ata.settings.multiple = count;
	vata_device_end(d, true);
}

/* PIO default modes, and PIO flow control modes 0 to 4. */
bool vata_disk_takes_mode(uint8_t mode)
{
	return mode <= 0x01 || (mode >= 0x08 && mode <= 0x0c);
}

static void run_set_features(struct vata_device *d, unsigned how)
{
	(void)how;
	switch (d->now[VATA_FEATURES]) {
	case ATA_FEATURE_CACHE_ON:
	case ATA_FEATURE_CACHE_OFF:
		d->ata.settings.cache = d->now[VATA_FEATURES] == ATA_FEATURE_CACHE_ON;
		break;
	case ATA_FEATURE_AHEAD_ON:
	case ATA_FEATURE_AHEAD_OFF:
		d->ata.settings.look_ahead = d->now[VATA_FEATURES] == ATA_FEATURE_AHEAD_ON;
		break;
	case ATA_FEATURE_KEEP:
	case ATA_FEATURE_REVERT:
		d->ata.keep_settings = d->now[VATA_FEATURES] == ATA_FEATURE_KEEP;
		break;
	case ATA_FEATURE_TRANSFER:
		if (vata_disk_takes_mode(d->now[VATA_COUNT]))
			break;
		vata_device_fail(d, ATA_ERROR_ABRT);
		return;
	default:
		vata_device_fail(d, ATA_ERROR_ABRT);
		return;
	}
	vata_device_end(d, true);
}

static const struct command commands[] = {
	{vata_sectors_read, ATA_READ, 0},
	{vata_sectors_read, ATA_READ_NO_RETRY, 0},
	{vata_sectors_read, ATA_READ_EXT, VATA_EXT},
	{vata_sectors_read, ATA_READ_MULTIPLE, VATA_MANY},
	{vata_sectors_read, ATA_READ_MULTIPLE_EXT, VATA_MANY | VATA_EXT},
	{vata_sectors_write, ATA_WRITE, 0},
	{vata_sectors_write, ATA_WRITE_NO_RETRY, 0},
	{vata_sectors_write, ATA_WRITE_EXT, VATA_EXT},
	{vata_sectors_write, ATA_WRITE_MULTIPLE, VATA_MANY},
	{vata_sectors_write, ATA_WRITE_MULTIPLE_EXT, VATA_MANY | VATA_EXT},
	{vata_sectors_verify, ATA_VERIFY, 0},
	{vata_sectors_verify, ATA_VERIFY_NO_RETRY, 0},
	{vata_sectors_verify, ATA_VERIFY_EXT, VATA_EXT},
	{vata_sectors_seek, ATA_SEEK, 0},
	{vata_sectors_native_max, ATA_NATIVE_MAX, 0},
	{vata_sectors_native_max, ATA_NATIVE_MAX_EXT, VATA_EXT},
	{run_set_geometry, ATA_SET_GEOMETRY, 0},
	{run_set_multiple, ATA_SET_MULTIPLE, 0},
	{run_set_features, ATA_SET_FEATURES, 0},
	{run_identify, ATA_IDENTIFY, 0},
	{run_nothing, ATA_FLUSH, 0},
	{run_nothing, ATA_FLUSH_EXT, 0},
	{run_power, ATA_STANDBY_IMMEDIATE, POWER_STANDBY},
	{run_power, ATA_IDLE_IMMEDIATE, POWER_IDLE},
	{run_power, ATA_STANDBY, POWER_STANDBY},
	{run_power, ATA_IDLE, POWER_IDLE},
	{run_power, ATA_SLEEP, POWER_STANDBY},
	{run_check_power, ATA_CHECK_POWER, 0},
};

void vata_disk_command(struct vata_device *d, uint8_t command)
{
	if ((command & 0xf0) == ATA_RECALIBRATE) {
		run_nothing(d, 0);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].code == command) {
			commands[i].run(d, commands[i].how);
			return;
		}
	}
	vata_device_fail(d, ATA_ERROR_ABRT);
}
