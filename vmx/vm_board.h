/*
 * vmx/vm_board.h - the board of a VM out of its modules. For vmx/vm_machine.c.
 */
#pragma once

#include "vmx/vm.h"

struct vm_build_job {
	struct vm *vm;
	char *message; /* of size bytes: a line for the user, when something fails */
	size_t size;
};

/* Has the VM a module of this role? */
bool vm_has_role(const struct vm *vm, enum vm_role role);

/* Opens the disks, powers the board on and fills fw_cfg. Disks that are open stay so on failure:
 * ERR_FULL (more than four drives, too many files), ERR_INVALID (an empty image), ERR_EXISTS or
 * ERR_RANGE (a debug port), with a message. */
MUST_CHECK enum status vm_make_board(struct vm_build_job *b);
