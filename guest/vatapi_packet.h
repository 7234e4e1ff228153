/*
 * guest/vatapi_packet.h - the packets that a CD-ROM drive carries out. Inside of the model, for
 * vatapi.c.
 *
 * Not here: audio, sub-channels, raw sectors of 2352 bytes, DVD structures, and everything that
 * writes: those are illegal requests.
 * Spec: MMC-3 (T10 1363-D), "Command descriptions for MM drives"; SPC-2 for INQUIRY, REQUEST SENSE,
 * MODE SENSE, TEST UNIT READY, PREVENT ALLOW MEDIUM REMOVAL.
 */
#pragma once

#include "guest/vata_device.h"

/* Runs the packet of 12 bytes; it ends, or its first block of data waits for the host. */
void vatapi_run_packet(struct vata_device *d, const uint8_t *packet);
