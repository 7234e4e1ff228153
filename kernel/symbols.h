/*
 * kernel/symbols.h - function names for backtraces.
 *
 * The table is made from the first link by kernel/symbols.awk and comes in with the second; in the
 * first kernel/symbols_none.c stands in. Format: sorted offsets from KERNEL_VIRT_BASE, and as many
 * offsets into a blob of NUL-terminated names.
 */
#pragma once

#include "kernel/types.h"

extern const uint32_t symbols_count;
extern const uint32_t symbols_at[];
extern const uint32_t symbols_name_at[];
extern const char symbols_names[];

/* The function that at lies in and the distance from its start; NULL if at is not in the text. */
const char *symbols_find(uintptr_t at, uint64_t *offset);
