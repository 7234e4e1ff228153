/*
 * guest/vata_device.h - one device on an ATA channel: its state, and how its commands go.
 *
 * Inside of the model: vata.c owns the devices, vata_disk.c and vatapi.c give them their commands,
 * vata_data.c moves their data. At most one device of a channel has DRQ set, since a selected
 * device that has it takes no write to its registers.
 */
#pragma once

#include "guest/disk.h"
#include "guest/vata_registers.h"

#define VATA_BUFFER 2048u /* one sector of a disc, four of a disk */

enum vata_kind { VATA_NONE, VATA_DISK, VATA_CDROM };

/* What the data port moves, and so what comes after it. */
enum vata_transfer {
	VATA_NO_TRANSFER,
	VATA_BLOCK_ONCE,    /* to the host: 512 bytes of the buffer */
	VATA_SECTORS_READ,  /* to the host: sectors of a disk */
	VATA_SECTORS_WRITE, /* from the host */
	VATA_PACKET_IN,     /* from the host: a command packet */
	VATA_PACKET_REPLY,  /* to the host: what a packet asked for, out of the buffer */
	VATA_PACKET_READ,   /* to the host: sectors of a disc */
};

enum vata_addressing { VATA_CHS, VATA_LBA28, VATA_LBA48 };

struct vata_geometry {
	uint32_t cylinders;
	uint8_t heads, sectors;
};

struct vata_settings {
	struct vata_geometry geometry;
	uint8_t multiple; /* sectors in a block of READ and WRITE MULTIPLE; 0: aborted */
	bool cache, look_ahead;
};

/* A disk's part. */
struct vata_disk_part {
	struct vata_settings settings;
	bool keep_settings;
	uint8_t power; /* as CHECK POWER MODE gives it */
	enum vata_addressing addressing;
	uint8_t block_sectors; /* of the command that runs */
	bool write_failed;
};

struct vatapi_sense {
	uint8_t key, asc, ascq;
};

/* A CD-ROM drive's part. */
struct vatapi_part {
	struct vatapi_sense sense; /* of the last command */
	uint8_t attention;         /* additional sense code of a unit attention; 0: none */
	uint8_t event;             /* of the medium, for GET EVENT STATUS NOTIFICATION */
	bool tray_open, locked;
	uint32_t limit; /* bytes of a block at most */
};

struct vata_device {
	enum vata_kind kind;
	struct disk *disk;
	uint8_t number;      /* for the serial number */
	uint8_t now[7];      /* features, count, low, mid, high, device: by register number */
	uint8_t previous[7]; /* the values before (LBA48); of features to high */
	uint8_t status, error;
	bool interrupt; /* pending, whether or not it reaches the line */

	enum vata_transfer transfer;
	uint32_t block_left; /* bytes of this DRQ block that were not moved yet */
	uint64_t left;       /* behind this block: sectors of a disk, bytes of a packet's data */
	uint64_t sector;     /* next one to move; of 2048 bytes on a disc */
	uint16_t at, filled; /* in the buffer: next byte, and end of what is in it */
	uint8_t buffer[VATA_BUFFER];

	struct vata_disk_part ata;
	struct vatapi_part cd;
};

/* After reset and diagnostics: the registers say what kind of device this is, and all is well. */
void vata_device_signature(struct vata_device *d);

/* The command is over without an error. */
void vata_device_end(struct vata_device *d, bool interrupt);

/* The command is over: bits for the error register. Asks for an interrupt. */
void vata_device_fail(struct vata_device *d, uint8_t error);

/* A DRQ block of len_bytes, 1 or more. */
void vata_device_block(struct vata_device *d, enum vata_transfer transfer, uint32_t len_bytes,
		       bool interrupt);

/* A block out of the first len_bytes of the buffer. */
void vata_device_send_buffer(struct vata_device *d, enum vata_transfer transfer,
			     uint32_t len_bytes);

static inline bool vata_device_sends(const struct vata_device *d)
{
	return d->transfer == VATA_BLOCK_ONCE || d->transfer == VATA_SECTORS_READ ||
	       d->transfer >= VATA_PACKET_REPLY;
}

static inline bool vata_device_receives(const struct vata_device *d)
{
	return d->transfer == VATA_SECTORS_WRITE || d->transfer == VATA_PACKET_IN;
}
