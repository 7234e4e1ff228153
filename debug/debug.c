/* debug/debug.c - see debug/debug.h. */
#include "debug/debug.h"

void debug_start(void)
{
}

void debug_service(void)
{
}
