/*
 * kernel/string.h - memory and string functions with the C standard's names and rules.
 *
 * Freestanding GCC and clang may call the first four by themselves. The host's unit tests link the
 * host's C library instead of kernel/string.c; the prototypes are the same.
 */
#pragma once

#include "kernel/types.h"

void *memcpy(void *restrict to, const void *restrict from, size_t len_bytes);
void *memmove(void *to, const void *from, size_t len_bytes);
void *memset(void *at, int byte, size_t len_bytes);
int memcmp(const void *a, const void *b, size_t len_bytes);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t len_bytes);
char *strchr(const char *s, int c);
void *memchr(const void *at, int byte, size_t len_bytes);
