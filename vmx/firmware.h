/*
 * vmx/firmware.h - Lintel's own BIOS (guest/firmware/), as it goes into a guest's memory.
 */
#pragma once

#include "kernel/types.h"

extern const uint8_t firmware_image[], firmware_image_end[];

static inline uint64_t firmware_len_bytes(void)
{
	return (uint64_t)(firmware_image_end - firmware_image);
}
