/*
 * kernel/assert.h - what holds unless our own code is wrong. It stays in release builds.
 *
 * No guest, no firmware and no user input may reach a failing ASSERT: that is what enum status and
 * guest exceptions are for. assert_failed() panics in the hypervisor; the unit tests have their
 * own.
 */
#pragma once

#include "kernel/types.h"

NORETURN void assert_failed(const char *condition, const char *file, int line);

#define ASSERT(condition)                                                                          \
	do {                                                                                       \
		if (UNLIKELY(!(condition)))                                                        \
			assert_failed(#condition, __FILE__, __LINE__);                             \
	} while (0)
