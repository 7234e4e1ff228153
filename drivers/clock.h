/*
 * drivers/clock.h - finds the rate of the TSC and starts kernel/time.
 *
 * Leaves 15h and 16h of CPUID say it on newer CPUs; HPET, else the ACPI PM timer, else channel 2 of
 * the PIT measure it twice for about 5 ms. Where the two differ by more than 2 %, the
 * measured rate is taken. The log says which one it was.
 * Spec: SDM 3B "Determining the Processor Base Frequency"; IA-PC HPET specification, "Register
 * Overview"; ACPI specification, "Power Management Timer"; 8254 data sheet.
 */
#pragma once

#include "boot/acpi.h"

/* Boot processor, interrupts off, before anything that waits. acpi may be an empty one.
 * ERR_UNSUPPORTED: no way to find a rate; then 1 GHz is assumed. */
MUST_CHECK enum status clock_init(const struct acpi *acpi);

/* The time of day: seconds since 1970, UTC, as the machine's own clock had it at start-up. Any
 * core, any context. */
int64_t clock_unix_s(void);
