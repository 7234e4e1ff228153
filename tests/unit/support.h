/*
 * tests/unit/support.h - what every unit test needs from the host: cmocka in the right order of
 * includes, an assert_failed() that a test may expect, memory that plays the machine's RAM, and
 * random numbers that are the same in each run.
 */
#pragma once

/* cmocka.h wants these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/types.h"

/* A failing ASSERT ends in cmocka's mock_assert(): expect_assert_failure(call) passes then, and a
 * test that did not expect it fails with the condition, file and line. */

/*
 * len_bytes of sparse memory, zeroed, aligned to 1 GiB, at which phys_window_base points from now
 * on: host-physical 0 is its first byte. Only pages that are touched cost memory, so 1 TiB is fine.
 * One arena at a time; arena_close() (or another arena_open()) ends it. Aborts if the host cannot.
 */
void arena_open(uint64_t len_bytes);
void arena_close(void);

/* For cmocka_unit_test_setup_teardown(): an arena of 64 MiB and its end. */
int arena_setup(void **state);
int arena_teardown(void **state);

/* The next number of a seeded sequence (xorshift64*); *seed must not be 0. */
uint64_t random_next(uint64_t *seed);

/* A number from 0 to limit - 1; limit is at least 1. */
uint64_t random_below(uint64_t *seed, uint64_t limit);
