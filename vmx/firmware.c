/* vmx/firmware.c - see vmx/firmware.h. */
#include "vmx/firmware.h"

#include "kernel/string.h"

#define RESET_BYTES 16u

extern const uint8_t firmware_packed[], firmware_packed_reset[RESET_BYTES];

uint8_t firmware_image[FIRMWARE_BYTES];

void firmware_unpack(void)
{
	memset(firmware_image, 0xff, sizeof(firmware_image));
	memcpy(firmware_image, firmware_packed, (size_t)(firmware_packed_reset - firmware_packed));
	memcpy(firmware_image + sizeof(firmware_image) - RESET_BYTES, firmware_packed_reset,
	       RESET_BYTES);
}
