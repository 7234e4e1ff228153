/*
 * drivers/power.h - the end: power off by ACPI S5, and reset.
 *
 * Spec: ACPI specification, "Transitioning from the Working to the Soft Off State", "Reset
 * Register".
 */
#pragma once

#include "boot/acpi.h"

/* Takes what FADT and DSDT say; maps registers where they are in memory. Boot processor, once. */
void power_init(const struct acpi *acpi);

/* Both flush the console first. The caller has done VMXOFF on every core and stopped the others. If
 * the machine stays on, the console says so and the core halts for good. Not well: in QEMU with its
 * isa-debug-exit device at port F4h, QEMU's exit status is not 0 then. */
NORETURN void power_off(bool well);

/* FADT reset register, port CF9h, keyboard controller, triple fault, in this order. */
NORETURN void power_reset(void);
