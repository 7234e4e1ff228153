/* kernel/trap_text.h - exceptions in words. Pure. */
#pragma once

#include "kernel/trap.h"

#define TRAP_TEXT_BYTES 160u

/* "#PF", "#GP"; "#?" for a vector that has no name. */
const char *trap_name(uint64_t vector);

/* "page fault", "general protection fault"... */
const char *trap_words(uint64_t vector);

/* What the error code (and for #PF the address in CR2) says, such as "write to a page that is
 * present at 0x1000"; an empty text if it says nothing. to has TRAP_TEXT_BYTES. */
void trap_describe(const struct trap_frame *f, uint64_t cr2, char *to);
