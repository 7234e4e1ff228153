/*
 * vmx/vm_machine.h - what a VM is made of, built for each run and taken down after it: RAM, ROM,
 * EPT, disks, board, vCPU, and what is loaded.
 */
#pragma once

#include "vmx/vm.h"

#define VM_BUILD_MESSAGE 320u

/* Builds all of it. On the VM's core. On failure nothing is left of it, and message (size bytes) is
 * a line for the user: ERR_NO_MEMORY and ERR_FULL (frames, drives, files), ERR_EXISTS (a debug port
 * that is taken), and what loader_load() and disk_init() say. */
MUST_CHECK enum status vm_build(struct vm *vm, char *message, size_t size);

/* Gives back every frame. On its core; the vCPU is gone afterwards. */
void vm_release(struct vm *vm);

/* The CPU alone is reset, as on a PC whose firmware is to resume what it was told to by the
 * shutdown byte of the CMOS: RAM and devices stay. False: this is not such a reset. The vCPU is
 * loaded; VM's lock held. */
bool vm_resume_by_firmware(struct vm *vm);
