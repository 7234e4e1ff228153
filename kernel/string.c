/* kernel/string.c - see kernel/string.h. */
#include "kernel/string.h"

#include "kernel/cpu.h"

/* GCC would see the function in a loop, and make strlen() of a call of strlen(). */
#ifndef __clang__
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

void *memcpy(void *restrict to, const void *restrict from, size_t len_bytes)
{
	cpu_copy_forward(to, from, len_bytes);
	return to;
}

void *memmove(void *to, const void *from, size_t len_bytes)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	/* Copying forward is right unless the target starts inside of the source. */
	if ((uintptr_t)t - (uintptr_t)f >= len_bytes) {
		cpu_copy_forward(to, from, len_bytes);
		return to;
	}
	while (len_bytes-- > 0)
		t[len_bytes] = f[len_bytes];
	return to;
}

void *memset(void *at, int byte, size_t len_bytes)
{
	cpu_fill(at, (uint8_t)byte, len_bytes);
	return at;
}

int memcmp(const void *a, const void *b, size_t len_bytes)
{
	const uint8_t *x = a, *y = b;

	for (size_t i = 0; i < len_bytes; i++) {
		if (x[i] != y[i])
			return x[i] - y[i];
	}
	return 0;
}

size_t strlen(const char *s)
{
	size_t len = 0;

	while (s[len] != '\0')
		len++;
	return len;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes; i++) {
		if (a[i] != b[i])
			return (uint8_t)a[i] - (uint8_t)b[i];
		if (a[i] == '\0')
			break;
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)(uintptr_t)s;
		if (*s == '\0')
			return NULL;
	}
}

void *memchr(const void *at, int byte, size_t len_bytes)
{
	const uint8_t *p = at;

	for (size_t i = 0; i < len_bytes; i++) {
		if (p[i] == (uint8_t)byte)
			return (void *)(uintptr_t)(p + i);
	}
	return NULL;
}
