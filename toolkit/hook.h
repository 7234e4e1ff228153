/*
 * toolkit/hook.h - hook=ADDR:HEXBYTES: a page is read and written as it is, and run as a copy in
 * which some bytes are others.
 *
 * With execute-only translations the copy stands there for execution alone, and an access to the
 * data of the page finds the page itself for one instruction. Without them it is the other way
 * round: the page itself, which cannot be run, and each instruction in it is done alone. Either way
 * an instruction that reads the page from within it sees the page, since it is run from there; only
 * one of the changed bytes' own is run from the copy, and reads of this page find the copy's bytes.
 *
 * ADDR must be where an instruction begins. When the guest writes the page, the copy follows, but
 * for the changed bytes, which stay; also behind each I/O instruction, by which a device may have
 * written there. See toolkit/ept_words.h. Spec: SDM 3C "EPT Violations".
 */
#pragma once

#include "vmx/vm.h"

/* While it runs, on its core; holds for its next runs too. False: the VM has no hook=. */
bool hook_set(struct vm *vm, bool on);
/* Or will be, at its next start. */
bool hook_is_on(const struct vm *vm);
