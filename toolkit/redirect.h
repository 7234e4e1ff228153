/*
 * toolkit/redirect.h - redirect=ADDR:OTHER: a page of the guest reads as another one.
 *
 * Reads and fetches see the frame of OTHER, as it is now and as it changes (or one of zeros or
 * ones); its page tables, if ADDR has some, too. Writes go to the page at ADDR, where nobody sees
 * them until it is switched off; the instruction that writes sees that page as well while it lasts,
 * so ADD to memory adds to what is hidden. See toolkit/ept_words.h.
 */
#pragma once

#include "vmx/vm.h"

/* While it runs, on its core; holds for its next runs too. False: the VM has no redirect=. */
bool redirect_set(struct vm *vm, bool on);
/* Or will be, at its next start. */
bool redirect_is_on(const struct vm *vm);
