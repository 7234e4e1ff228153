/*
 * guest/platform_ports.h - between the two halves of the board: its lines (platform.c) and its
 * ports (platform_ports.c). Pure, and for these two only.
 */
#pragma once

#include "guest/platform.h"

/* For the I/O bus, with the platform as state: chips whose access depends on the lines of the
 * moment, or moves the clock tick. */
void platform_access_pic(void *state, struct io_access *io);
void platform_access_pit(void *state, struct io_access *io);
