/*
 * guest/fw_cfg.h - QEMU's firmware configuration device: what a firmware is told by its machine.
 *
 * Pure model. The caller holds the VM's lock. Items have a key of 16 bits or, as files, a name;
 * nothing here can be written by a guest. The bytes of items and files stay where the caller has
 * them; they must live and stay the same as long as the device.
 * Registers: 0 = 510h and 1 = 511h, the selector (a word written to 0) and the data (a byte read
 * from either); 4 to 11 = 514h to 51Bh, the DMA address, big-endian: its high half, and its low
 * half, which starts the transfer, dwords only. Other sizes are ignored, as QEMU does. Without
 * guest memory there is no DMA interface: its ports read all ones, and the ID item says so.
 * Work of one access: a transfer copies no more than the item has, which is the VM's owner's
 * choice, and no more than fits guest RAM; up to FW_CFG_ZEROS_MAX zeros follow. A read that asks
 * for more zeros, or whose target is not RAM, copies nothing and gets the error bit.
 * Not modelled: writes (error bit by DMA, ignored by the data port); the A20 line as a device sees
 * it: a transfer obeys it as the CPU does.
 * Spec: QEMU documentation, "QEMU Firmware Configuration (fw_cfg) Device".
 */
#pragma once

#include "guest/io.h"
#include "guest/memory.h"
#include "kernel/status.h"

#define FW_CFG_PORTS     12u
#define FW_CFG_FILES     32u /* most files */
#define FW_CFG_LOCALS    8u  /* keys 8000h to 8007h */
#define FW_CFG_NAME_SIZE 56u /* of a file's name, with its NUL */
#define FW_CFG_ZEROS_MAX MIB /* zeros that one transfer may write past the end of an item */

enum fw_cfg_key {
	FW_CFG_SIGNATURE = 0x00,
	FW_CFG_ID = 0x01,
	FW_CFG_UUID = 0x02,           /* 16 bytes */
	FW_CFG_RAM_SIZE = 0x03,       /* 8 bytes, as all numbers here little-endian */
	FW_CFG_NO_GRAPHIC = 0x04,     /* 2 */
	FW_CFG_CPUS = 0x05,           /* 2 */
	FW_CFG_KERNEL_ADDRESS = 0x07, /* 4 */
	FW_CFG_KERNEL_SIZE = 0x08,    /* 4 */
	FW_CFG_INITRD_ADDRESS = 0x0a, /* 4 */
	FW_CFG_INITRD_SIZE = 0x0b,    /* 4 */
	FW_CFG_BOOT_DEVICE = 0x0c,    /* 2 */
	FW_CFG_NUMA = 0x0d,
	FW_CFG_BOOT_MENU = 0x0e,    /* 2 */
	FW_CFG_MAX_CPUS = 0x0f,     /* 2 */
	FW_CFG_KERNEL_ENTRY = 0x10, /* 4 */
	FW_CFG_KERNEL_DATA = 0x11,  /* what stands behind the setup part */
	FW_CFG_INITRD_DATA = 0x12,
	FW_CFG_CMDLINE_ADDRESS = 0x13, /* 4 */
	FW_CFG_CMDLINE_SIZE = 0x14,    /* 4, with the NUL */
	FW_CFG_CMDLINE_DATA = 0x15,    /* with the NUL */
	FW_CFG_SETUP_ADDRESS = 0x16,   /* 4 */
	FW_CFG_SETUP_SIZE = 0x17,      /* 4 */
	FW_CFG_SETUP_DATA = 0x18,
	FW_CFG_FILE_DIRECTORY = 0x19,
	FW_CFG_FILE_FIRST = 0x20,
	FW_CFG_LOCAL = 0x8000, /* 8 keys of the PC; 8003h is the e820 table of old firmware */
};

struct fw_cfg_item {
	const uint8_t *data; /* NULL: the bytes of number */
	uint32_t len_bytes;
	uint8_t number[8];
};

struct fw_cfg {
	struct guest_memory *memory; /* NULL: no DMA interface */
	struct fw_cfg_item items[FW_CFG_FILE_FIRST + FW_CFG_FILES];
	struct fw_cfg_item local[FW_CFG_LOCALS];
	uint8_t directory[4 + 64 * FW_CFG_FILES]; /* an item's data: the struct must not move */
	uint32_t file_count;
	uint32_t offset; /* in the selected item; never past its end */
	uint16_t key;    /* the selected item */
	uint64_t dma_address;
	uint64_t transfers, errors; /* by DMA, for the end report; errors: answered with that bit */
};

/* A device with the signature, the ID, RAM size, CPU counts, and no graphics; everything else reads
 * as zeros. m may be NULL: then there is no DMA interface. cpus is 1 to 65535. */
void fw_cfg_init(struct fw_cfg *f, struct guest_memory *m, uint64_t ram_bytes, unsigned cpus);

/* The machine's reset: the signature is selected. Items and files stay. */
void fw_cfg_reset(struct fw_cfg *f);

/* Adds a file behind those that are there (data may be NULL with length 0). ERR_RANGE: the name is
 * empty or longer than 55 characters; ERR_EXISTS; ERR_FULL. */
MUST_CHECK enum status fw_cfg_add_file(struct fw_cfg *f, const char *name, const void *data,
				       uint32_t len_bytes);

/* The same with a little-endian number of len_bytes bytes, which is kept here. ERR_RANGE also if
 * len_bytes is 0 or above 8. */
MUST_CHECK enum status fw_cfg_add_number(struct fw_cfg *f, const char *name, uint64_t value,
					 uint32_t len_bytes);

/* Sets an item, also one that is set already. ERR_RANGE: the key is not 02h to 18h or 8000h to
 * 8007h. */
MUST_CHECK enum status fw_cfg_set_item(struct fw_cfg *f, uint16_t key, const void *data,
				       uint32_t len_bytes);

/* The same with a little-endian number of len_bytes bytes, which is kept here. ERR_RANGE also if
 * len_bytes is 0 or above 8. */
MUST_CHECK enum status fw_cfg_set_number(struct fw_cfg *f, uint16_t key, uint64_t value,
					 uint32_t len_bytes);

/* One access of 1, 2 or 4 bytes to register io->port, 0 to 11 (2 and 3: nobody). What reaches past
 * register 11 reads as all ones. */
void fw_cfg_access(void *state, struct io_access *io);

/* count byte reads of the data port at once, for REP INSB; to has room for count bytes. */
void fw_cfg_read_run(struct fw_cfg *f, void *to, uint64_t count);

/* For struct io_claim: REP INSB of the data port; other runs go one by one. */
uint64_t fw_cfg_some(void *state, const struct io_run *run);
