/* kernel/symbols_none.c - the empty symbol table, for the first link. In a file of its own, or GCC
 * would take these values for the only ones. */
#include "kernel/symbols.h"

__attribute__((weak)) const uint32_t symbols_count = 0;
__attribute__((weak)) const uint32_t symbols_at[1] = {0};
__attribute__((weak)) const uint32_t symbols_name_at[1] = {0};
__attribute__((weak)) const char symbols_names[1] = "";
