/*
 * guest/vatapi_info.h - what a CD-ROM drive tells of itself and of its disc, in the layouts of
 * MMC-3. Inside of the model, for vatapi_packet.c.
 */
#pragma once

#include "guest/vata_device.h"

/* Each writes its answer into the buffer and returns the length; 0: it has no such thing. */
uint32_t vatapi_info_inquiry(struct vata_device *d);
uint32_t vatapi_info_sense(struct vata_device *d, const struct vatapi_sense *sense);
uint32_t vatapi_info_capacity(struct vata_device *d);
uint32_t vatapi_info_toc(struct vata_device *d, unsigned format, bool msf, uint8_t track);
uint32_t vatapi_info_disc(struct vata_device *d);
uint32_t vatapi_info_mechanism(struct vata_device *d);
/* classes: those that are asked for, as bits. Takes the event. */
uint32_t vatapi_info_event(struct vata_device *d, uint8_t classes);
/* header_bytes 4 or 8; page 3Fh is all of them; changeable: a mask of bits that can be set. */
uint32_t vatapi_info_mode(struct vata_device *d, unsigned header_bytes, uint8_t page,
			  bool changeable);
/* type: 0 all features from first on, 1 the current ones, 2 only first. */
uint32_t vatapi_info_configuration(struct vata_device *d, unsigned type, uint16_t first);
