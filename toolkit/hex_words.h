/*
 * toolkit/hex_words.h - numbers in the toolkit's words that the manual writes in hexadecimal:
 * ports, MSR indices, CPUID leaves, addresses. "0x" may stand before. Pure.
 */
#pragma once

#include "kernel/text.h"

/* The whole text. ERR_INVALID: no number; ERR_RANGE: above most. */
MUST_CHECK enum status hex_read(struct text t, uint64_t most, uint64_t *number);
