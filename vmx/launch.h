/*
 * vmx/launch.h - from boot modules to VMs: each module's line describes one.
 */
#pragma once

#include "boot/multiboot2.h"

extern unsigned vms_asked;   /* modules */
extern unsigned vms_refused; /* those that did not become a VM; the log says why */

/* Creates a VM for every module and gives each to a core, in turn where its line names none. A line
 * that is wrong is quoted in the log; the others go on. Boot processor, when every core that can
 * has entered VMX operation, before any runs its loop. */
void vm_launch_modules(const struct multiboot2 *boot_info);
