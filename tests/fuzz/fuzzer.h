/*
 * tests/fuzz/fuzzer.h - what every fuzzer has: the function that libFuzzer calls, and an ASSERT
 * that ends the program.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void assert_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, condition);
	abort();
}
