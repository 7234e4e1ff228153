/* guest/vata_identify.c - how an ATA device describes itself; see guest/vata_identify.h. */
#include "guest/vata_identify.h"

#include "guest/vata_disk.h"
#include "kernel/string.h"

#define LBA28_SECTORS   0x0fffffffu /* the most that words 60 and 61 may say */
#define MAX_CYLINDERS   16383u
#define STANDARD_HEADS  16u
#define STANDARD_TRACK  63u

/* Words 82 to 87, "Command set supported" and "enabled". */
#define SET_1_NOP       BIT(14)
#define SET_1_AHEAD     BIT(6)
#define SET_1_CACHE     BIT(5)
#define SET_1_PACKET    BIT(4)
#define SET_1_POWER     BIT(3)
#define SET_1_RESET     BIT(9) /* DEVICE RESET */
#define SET_2_VALID     BIT(14)
#define SET_2_FLUSH_EXT BIT(13)
#define SET_2_FLUSH     BIT(12)
#define SET_2_LBA48     BIT(10)

uint64_t vata_chs_sectors(const struct vata_geometry *g)
{
	return (uint64_t)g->cylinders * g->heads * g->sectors;
}

uint64_t vata_lba28_sectors(const struct disk *disk)
{
	return min_u64(disk->sectors, LBA28_SECTORS);
}

/* ATA/ATAPI-6, "IDENTIFY DEVICE", words 1, 3 and 6; a disk with less than one cylinder of that gets
 * one head, so that CHS reaches nearly all of it. */
struct vata_geometry vata_default_geometry(const struct disk *disk)
{
	struct vata_geometry g = {.heads = STANDARD_HEADS, .sectors = STANDARD_TRACK};

	if (disk->sectors < STANDARD_HEADS * STANDARD_TRACK) {
		g.heads = 1;
		g.sectors = (uint8_t)min_u64(disk->sectors, STANDARD_TRACK);
	}
	g.cylinders = (uint32_t)min_u64(disk->sectors / g.heads / g.sectors, MAX_CYLINDERS);
	return g;
}

static void put(struct vata_device *d, unsigned word, uint64_t value)
{
	d->buffer[2 * word] = (uint8_t)value;
	d->buffer[2 * word + 1] = (uint8_t)(value >> 8);
}

static void put_32(struct vata_device *d, unsigned word, uint64_t value)
{
	put(d, word, value & 0xffff);
	put(d, word + 1, value >> 16 & 0xffff);
}

/* The first character is the upper byte of its word. */
static void put_text(struct vata_device *d, unsigned word, unsigned words, const char *text)
{
	size_t len = strlen(text);

	for (unsigned i = 0; i < 2 * words; i++)
		d->buffer[(2 * word + i) ^ 1] = (uint8_t)(i < len ? text[i] : ' ');
}

/* What both kinds have: names, PIO modes 0 to 4 with IORDY, no DMA of any kind. */
static void put_common(struct vata_device *d, const char *model)
{
	char serial[] = "LINTEL00000";

	memset(d->buffer, 0, DISK_SECTOR);
	serial[sizeof(serial) - 2] = (char)('0' + d->number % 10);
	put_text(d, 10, 10, serial);
	put_text(d, 23, 4, "1.0");
	put_text(d, 27, 20, model);
	put(d, 49, 0x0e00);  /* LBA, IORDY, which can be switched off */
	put(d, 51, 2 << 8);  /* PIO 2 without IORDY */
	put(d, 53, 3);       /* words 54 to 58 and 64 to 70 count */
	put(d, 64, 3);       /* PIO 3 and 4 */
	put(d, 67, 120);     /* ns of a PIO cycle */
	put(d, 68, 120);     /* with IORDY */
	put(d, 80, 0x7e);    /* ATA-1 to ATA/ATAPI-6 */
	put(d, 84, BIT(14)); /* "these words count" */
	put(d, 87, BIT(14));
	put(d, 93, BIT(14) | BIT(13) | (d->now[VATA_DEVICE] & ATA_DEVICE_DEV ? 0x0300 : 0x0003));
}

/* "Integrity word": all 512 bytes sum up to 0. */
static void put_checksum(struct vata_device *d)
{
	uint8_t sum = 0xa5;

	d->buffer[510] = 0xa5;
	for (unsigned i = 0; i < 510; i++)
		sum = (uint8_t)(sum + d->buffer[i]);
	d->buffer[511] = (uint8_t)-sum;
}

static void put_geometry(struct vata_device *d)
{
	const struct vata_geometry *now = &d->ata.settings.geometry;
	struct vata_geometry g = vata_default_geometry(d->disk);

	put(d, 1, g.cylinders);
	put(d, 3, g.heads);
	put(d, 4, (unsigned)g.sectors * DISK_SECTOR);
	put(d, 5, DISK_SECTOR);
	put(d, 6, g.sectors);
	put(d, 54, now->cylinders);
	put(d, 55, now->heads);
	put(d, 56, now->sectors);
	put_32(d, 57, vata_chs_sectors(now));
	put_32(d, 60, vata_lba28_sectors(d->disk));
	put_32(d, 100, d->disk->sectors & 0xffffffff);
	put_32(d, 102, d->disk->sectors >> 32);
}

void vata_identify_disk(struct vata_device *d)
{
	const struct vata_settings *s = &d->ata.settings;
	uint64_t set_1 = SET_1_NOP | SET_1_AHEAD | SET_1_CACHE | SET_1_POWER;
	uint64_t set_2 = SET_2_FLUSH_EXT | SET_2_FLUSH | SET_2_LBA48;
	uint64_t off = (s->cache ? 0 : SET_1_CACHE) | (s->look_ahead ? 0 : SET_1_AHEAD);

	put_common(d, "LINTEL ATA DISK");
	put(d, 0, BIT(6)); /* a disk that stays in its place */
	put_geometry(d);
	put(d, 20, 3);   /* the buffer: two ports, with cache; obsolete */
	put(d, 21, 256); /* its sectors */
	put(d, 22, 4);   /* bytes of ECC in READ LONG; obsolete */
	put(d, 47, 0x8000 | VATA_MULTIPLE);
	put(d, 59, s->multiple ? BIT(8) | s->multiple : 0);
	put(d, 65, 0);
	put(d, 82, set_1);
	put(d, 83, set_2 | SET_2_VALID);
	put(d, 85, set_1 & ~off);
	put(d, 86, set_2);
	put_checksum(d);
}

void vata_identify_cdrom(struct vata_device *d)
{
	uint64_t set_1 = SET_1_NOP | SET_1_PACKET | SET_1_POWER | SET_1_RESET;

	put_common(d, "LINTEL CD-ROM");
	put(d, 0, 0x85c0); /* ATAPI, CD-ROM, removable, DRQ in 50 us, packets of 12 bytes */
	put(d, 53, 2);
	put(d, 82, set_1);
	put(d, 83, SET_2_VALID);
	put(d, 85, set_1);
	put_checksum(d);
}
