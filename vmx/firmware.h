/*
 * vmx/firmware.h - Lintel's own BIOS (guest/firmware/), as it goes into a guest's memory.
 *
 * The kernel carries it packed: without what is free between its code and its last 16 bytes.
 */
#pragma once

#include "kernel/types.h"

#define FIRMWARE_BYTES (16 * KIB)

/* Once, by vmx_init(); firmware_image holds the BIOS then. */
void firmware_unpack(void);

extern uint8_t firmware_image[FIRMWARE_BYTES];
