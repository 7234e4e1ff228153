/*
 * debug/guest_target.h - the virtual machines as a debugger sees them: processes 2, 3, ...
 *
 * The part of struct debug_target (debug/target.h) that is about VMs, upon vmx/vm_debug.h. A VM is
 * a process from its start to its end. Steps within a range are made here, one at a time.
 * Not here: the hypervisor's own process, and commands of the monitor.
 */
#pragma once

#include "debug/target.h"

/* command is NULL, and state is not used. Calls for other processes say ERR_NOT_FOUND. */
extern const struct debug_target guest_target;
