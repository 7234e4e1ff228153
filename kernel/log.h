/*
 * kernel/log.h - log lines by level and category, from any core, in any context.
 *
 * A line is formatted at once into the ring of the core that writes it (no lock, no port access),
 * and carried to the sinks by log_drain(), outside of exit handlers. A full ring drops the newest
 * line and counts it; the count is logged when there is room again. An NMI or #MC handler may log.
 * Lines come out whole and ordered by time, as "[    1.234567 c0 vmx   ] text".
 */
#pragma once

#include "kernel/types.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE, LOG_LEVELS };

enum log_category {
	LOG_BOOT,
	LOG_MM,
	LOG_ACPI,
	LOG_APIC,
	LOG_SMP,
	LOG_TIME,
	LOG_CONSOLE,
	LOG_VMX,
	LOG_EPT,
	LOG_EXIT,
	LOG_IO,
	LOG_MSR,
	LOG_PIC,
	LOG_PIT,
	LOG_UART,
	LOG_GUEST,
	LOG_CATEGORIES
};

extern uint8_t log_limits[LOG_CATEGORIES]; /* enum log_level: the most talkative one let through */

static inline bool log_enabled(enum log_level level, enum log_category category)
{
	return UNLIKELY((uint8_t)level <= log_limits[category]);
}

void log_write(enum log_level level, enum log_category category, const char *format, ...)
	PRINTF_LIKE(3, 4);

#define log_at(level, category, ...)                                                               \
	do {                                                                                       \
		if (log_enabled(level, category))                                                  \
			log_write(level, category, __VA_ARGS__);                                   \
	} while (0)
#define log_error(category, ...) log_at(LOG_ERROR, category, __VA_ARGS__)
#define log_warn(category, ...)	 log_at(LOG_WARN, category, __VA_ARGS__)
#define log_info(category, ...)	 log_at(LOG_INFO, category, __VA_ARGS__)
#define log_debug(category, ...) log_at(LOG_DEBUG, category, __VA_ARGS__)
#define log_trace(category, ...) log_at(LOG_TRACE, category, __VA_ARGS__)
