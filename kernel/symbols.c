/* kernel/symbols.c - see kernel/symbols.h. */
#include "kernel/symbols.h"

#include "kernel/layout.h"

const char *symbols_find(uintptr_t at, uint64_t *offset)
{
	uint32_t low = 0, high = symbols_count;

	if (at < (uintptr_t)kernel_text_start || at >= (uintptr_t)kernel_text_end)
		return NULL;

	uint64_t key = at - KERNEL_VIRT_BASE;

	/* The last symbol at or below key is the one before the first above it. */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (symbols_at[middle] <= key)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	*offset = key - symbols_at[low - 1];
	return symbols_names + symbols_name_at[low - 1];
}
