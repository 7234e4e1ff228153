/*
 * boot/selftest.h - faults on purpose: does each protection of the hypervisor really hold?
 *
 * Options: selftest=all or a list of names; crash=NAME or NAME@CORE dies on purpose by
 * the real panic path. After core_enter(); on any core, one at a time; interrupts are off.
 */
#pragma once

#include "kernel/text.h"

/* Runs what the option's value names and logs a line for each. Returns how many failed; a name that
 * is not known counts as a failure. */
unsigned selftest_run(struct text names);

/* Dies if name is meant for this core: "stack" for core 0, "stack@2" for core 2. So every core may
 * call it. Returns otherwise, and also if the name is not known (which is logged). */
void selftest_crash(struct text name);
