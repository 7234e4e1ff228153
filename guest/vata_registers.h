/*
 * guest/vata_registers.h - registers, bits and command codes of an ATA channel, for the model and
 * for those who test it. Spec: ATA/ATAPI-6, "Register descriptions", "Command codes".
 */
#pragma once

/* Register numbers as vata_access() gets them. */
#define VATA_DATA              0u
#define VATA_ERROR             1u /* read */
#define VATA_FEATURES          1u /* write */
#define VATA_COUNT             2u
#define VATA_LOW               3u
#define VATA_MID               4u
#define VATA_HIGH              5u
#define VATA_DEVICE            6u
#define VATA_STATUS            7u /* read */
#define VATA_COMMAND           7u /* write */
#define VATA_ALTERNATE         8u /* read */
#define VATA_CONTROL           8u /* write */
#define VATA_REGISTERS         9u

#define ATA_STATUS_ERR         0x01u
#define ATA_STATUS_DRQ         0x08u
#define ATA_STATUS_DSC         0x10u
#define ATA_STATUS_DF          0x20u
#define ATA_STATUS_DRDY        0x40u
#define ATA_STATUS_BSY         0x80u

#define ATA_ERROR_ABRT         0x04u
#define ATA_ERROR_IDNF         0x10u
#define ATA_ERROR_WP           0x40u /* of a write: the medium is write-protected */

#define ATA_DEVICE_DEV         0x10u
#define ATA_DEVICE_LBA         0x40u
#define ATA_DEVICE_ONES        0xa0u /* obsolete, always set */
#define ATA_DEVICE_HEAD        0x0fu

#define ATA_CONTROL_NIEN       0x02u
#define ATA_CONTROL_SRST       0x04u
#define ATA_CONTROL_HOB        0x80u

/* The count register of a packet device: interrupt reason. */
#define ATAPI_REASON_CD        0x01u /* command (or status), not data */
#define ATAPI_REASON_IO        0x02u /* towards the host */

#define ATA_NOP                0x00u
#define ATA_DEVICE_RESET       0x08u
#define ATA_RECALIBRATE        0x10u /* to 1Fh */
#define ATA_READ               0x20u
#define ATA_READ_NO_RETRY      0x21u
#define ATA_READ_EXT           0x24u
#define ATA_NATIVE_MAX_EXT     0x27u
#define ATA_READ_MULTIPLE_EXT  0x29u
#define ATA_WRITE              0x30u
#define ATA_WRITE_NO_RETRY     0x31u
#define ATA_WRITE_EXT          0x34u
#define ATA_WRITE_MULTIPLE_EXT 0x39u
#define ATA_VERIFY             0x40u
#define ATA_VERIFY_NO_RETRY    0x41u
#define ATA_VERIFY_EXT         0x42u
#define ATA_SEEK               0x70u
#define ATA_DIAGNOSTIC         0x90u
#define ATA_SET_GEOMETRY       0x91u /* INITIALIZE DEVICE PARAMETERS */
#define ATA_PACKET             0xa0u
#define ATA_IDENTIFY_PACKET    0xa1u
#define ATA_READ_MULTIPLE      0xc4u
#define ATA_WRITE_MULTIPLE     0xc5u
#define ATA_SET_MULTIPLE       0xc6u
#define ATA_STANDBY_IMMEDIATE  0xe0u
#define ATA_IDLE_IMMEDIATE     0xe1u
#define ATA_STANDBY            0xe2u
#define ATA_IDLE               0xe3u
#define ATA_CHECK_POWER        0xe5u
#define ATA_SLEEP              0xe6u
#define ATA_FLUSH              0xe7u
#define ATA_FLUSH_EXT          0xeau
#define ATA_IDENTIFY           0xecu
#define ATA_SET_FEATURES       0xefu
#define ATA_NATIVE_MAX         0xf8u

/* SET FEATURES: what the features register asks for. */
#define ATA_FEATURE_CACHE_ON   0x02u
#define ATA_FEATURE_TRANSFER   0x03u
#define ATA_FEATURE_AHEAD_OFF  0x55u
#define ATA_FEATURE_KEEP       0x66u /* settings survive a software reset */
#define ATA_FEATURE_CACHE_OFF  0x82u
#define ATA_FEATURE_AHEAD_ON   0xaau
#define ATA_FEATURE_REVERT     0xccu /* they do not */
