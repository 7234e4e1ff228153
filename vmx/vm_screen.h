/*
 * vmx/vm_screen.h - display=text: a VM's VGA text screen, drawn on its console line while that is
 * the one in front.
 *
 * What the guest sends to its serial port goes nowhere then, and what is typed comes in on its
 * keyboard. The VM's lock is held in all calls but the first two.
 */
#pragma once

#include "vmx/vm.h"

/* Frames for the screen, if the VM wants one. ERR_NO_MEMORY. */
MUST_CHECK enum status vm_screen_make(struct vm *vm);

/* Gives them back. Fine without a screen. */
void vm_screen_free(struct vm *vm);

/* Draws what has changed, as far as the line has room, some times a second; hands over what was
 * typed. */
void vm_screen_pump(struct vm *vm, uint64_t now_ns);

/* Draws all that has changed; for the end. True: nothing is left. */
bool vm_screen_flush(struct vm *vm);
