/*
 * toolkit/pass.h - what other tools must know of pass=: a guest's video memory can be the machine's
 * though the guest has RAM there. On the VM's core, with the VM's lock.
 */
#pragma once

#include "vmx/vm.h"

/* Is that page the machine's, as the guest sees it now? */
bool pass_has(struct vm *vm, gpa_t page);

/* Gives these pages the rights that they have by pass=, after all RAM was given others. Errors of
 * ept_protect(). */
MUST_CHECK enum status pass_protect(struct vm *vm);
