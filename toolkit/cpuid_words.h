/*
 * toolkit/cpuid_words.h - cpuid=LEAF[.SUBLEAF]:eax=N[:ebx=N][:ecx=N][:edx=N],... Pure.
 *
 * All numbers are hexadecimal.
 */
#pragma once

#include "guest/cpuid.h"
#include "kernel/text.h"

#define CPUID_WORDS_MAX 16u

/* Fills at most CPUID_WORDS_MAX overrides. On failure *what is a sentence, and *bad the piece at
 * fault. ERR_INVALID, ERR_RANGE; ERR_FULL: too many; ERR_EXISTS: a register twice in a leaf. */
MUST_CHECK enum status cpuid_words_read(struct text value, struct cpuid_override *list,
					unsigned *count, struct text *bad, const char **what);
