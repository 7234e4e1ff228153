/*
 * debug/machine_target.h - all that a debugger sees of this machine: the hypervisor and its VMs.
 *
 * Calls go to debug/host_target.h or debug/guest_target.h by the process that they are about.
 */
#pragma once

#include "debug/target.h"

/* state is not used. */
extern const struct debug_target machine_target;
