/*
 * drivers/rtc.h - the machine's own clock, read once at start-up.
 *
 * The chip is only read, never set. Where port 70h can be read, its NMI mask is left as it was; on
 * other machines NMI is allowed afterwards, as firmware leaves it.
 * Spec: MC146818 data sheet, "Update Cycle"; ACPI specification, "Fixed ACPI Description Table",
 * CENTURY.
 */
#pragma once

#include "kernel/status.h"

/* The time of day in seconds since 1970. century is the register of the century (CENTURY of the
 * FADT); 0, or a number that is no place in CMOS RAM, means that there is none and the years are
 * 2000 to 2099. After clock_init(), boot processor, interrupts off; takes some milliseconds at
 * most. ERR_TIMEOUT: the update never ends, or no chip answers. ERR_BUSY: no two readings were the
 * same. ERR_CORRUPT: its battery was empty. ERR_RANGE: what it shows is no date. */
MUST_CHECK enum status rtc_read(uint8_t century, int64_t *unix_s);
