/*
 * guest/loader_linux.h - a bzImage as the Linux boot protocol describes it. For
 * guest/loader_linux*.c only.
 *
 * Spec: The Linux/x86 Boot Protocol (its names of fields), versions 2.00 to 2.15.
 */
#pragma once

#include "guest/loader_parts.h"
#include "guest/loader_place.h"

/* Offsets of the setup header's fields in the image and in the zero page. */
#define HDR_SETUP_SECTS      0x1f1u
#define HDR_SYSSIZE          0x1f4u
#define HDR_BOOT_FLAG        0x1feu
#define HDR_JUMP             0x200u
#define HDR_MAGIC            0x202u
#define HDR_VERSION          0x206u
#define HDR_TYPE_OF_LOADER   0x210u
#define HDR_LOADFLAGS        0x211u
#define HDR_SETUP_MOVE_SIZE  0x212u
#define HDR_CODE32_START     0x214u
#define HDR_RAMDISK_IMAGE    0x218u
#define HDR_RAMDISK_SIZE     0x21cu
#define HDR_HEAP_END_PTR     0x224u
#define HDR_CMD_LINE_PTR     0x228u
#define HDR_INITRD_ADDR_MAX  0x22cu
#define HDR_KERNEL_ALIGNMENT 0x230u
#define HDR_RELOCATABLE      0x234u
#define HDR_XLOADFLAGS       0x236u
#define HDR_CMDLINE_SIZE     0x238u
#define HDR_PREF_ADDRESS     0x258u
#define HDR_INIT_SIZE        0x260u
#define HDR_END              0x290u /* the longest header there may be ends before the e820 table */

#define LOADED_HIGH          0x01u
#define CAN_USE_HEAP         0x80u
#define XLF_KERNEL_64        0x01u
#define LOADER_UNDEFINED     0xffu

struct linux_image {
	const uint8_t *setup;
	uint64_t setup_bytes;
	const uint8_t *kernel; /* the protected-mode part */
	uint64_t kernel_bytes;
	unsigned version;
	bool high, relocatable, has_64;
	uint64_t alignment, pref_address, init_size; /* 0: not said */
	uint64_t initrd_last;                        /* the last byte that an initrd may have */
	uint64_t cmdline_max;                        /* characters */

	/* Where things go. */
	uint64_t load_at;
	uint64_t initrd_at, initrd_bytes;
};

/* Reads the header and checks that the file is what it says. */
MUST_CHECK enum status linux_read(const struct loader_job *job, struct linux_image *image);

/* Fills the fields of a copy of the header, at, that every entry wants. */
void linux_fill_header(const struct linux_image *image, uint8_t *at);
void linux_put16(uint8_t *at, uint16_t value);
void linux_put32(uint8_t *at, uint32_t value);

/* Kernel and initrd are in place: what else the entry needs, and the CPU. */
MUST_CHECK enum status linux_start_16(const struct loader_job *job,
				      const struct linux_image *image);
MUST_CHECK enum status linux_start_flat(const struct loader_job *job,
					const struct linux_image *image);

/* Takes out of p what linux_start_...() will use. */
MUST_CHECK enum status linux_reserve_16(struct placer *p);
MUST_CHECK enum status linux_reserve_flat(struct placer *p);
