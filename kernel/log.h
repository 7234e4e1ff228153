/*
 * kernel/log.h - log lines by level and category, from any core, in any context.
 *
 * A line is formatted at once into the ring of the core that writes it (no lock, no port access),
 * and carried to the sinks by log_drain(), outside of exit handlers. A full ring drops the newest
 * line and counts it; the count is logged when there is room again. An NMI or #MC handler may log.
 * Lines come out whole and ordered by time, as "[    1.234567 c0 vmx   ] text".
 */
#pragma once

#include "kernel/text.h"

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
	LOG_WATCH, /* what the toolkit sees of a guest */
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
#define log_warn(category, ...)  log_at(LOG_WARN, category, __VA_ARGS__)
#define log_info(category, ...)  log_at(LOG_INFO, category, __VA_ARGS__)
#define log_debug(category, ...) log_at(LOG_DEBUG, category, __VA_ARGS__)
#define log_trace(category, ...) log_at(LOG_TRACE, category, __VA_ARGS__)

/* Where lines go. A line has no line end and only printable ASCII; it is whole. */
struct log_sink {
	const char *name;
	void (*write)(enum log_level level, const char *line, size_t len);
	/* The same for a panic: polled, without a lock or an interrupt. NULL: write serves. */
	void (*write_now)(enum log_level level, const char *line, size_t len);
};

#define LOG_SINKS 4u

/* The struct must live on. During start-up, or with the other cores quiet. ERR_FULL. */
MUST_CHECK enum status log_add_sink(const struct log_sink *sink);
void log_remove_sink(const struct log_sink *sink);

/* The clock of the lines, callable in any context; until then they are at 0. */
void log_set_clock(uint64_t (*now_ns)(void));

/* loglevel=LEVEL: the level of every category. ERR_INVALID: no such word; nothing changed. */
MUST_CHECK enum status log_set_level(struct text level);

/* log=CATEGORY:LEVEL,...: a bare category means debug. ERR_INVALID: *bad is the word that is not
 * known; what stands before it holds. */
MUST_CHECK enum status log_set_categories(struct text spec, struct text *bad);

const char *log_level_name(enum log_level level);
const char *log_category_name(enum log_category category);

/* Carries what waits in all rings to the sinks, by time; returns how many lines. One core at a
 * time: on another it returns 0 at once. Not from an NMI handler. */
unsigned log_drain(void);

/* The same for at most so many lines, for a caller with little time. */
unsigned log_drain_some(unsigned most_lines);

/* Is a ring more than half full? Then the sinks should not wait for a better moment. */
bool log_crowded(void);

/* Hands the last lines, at most so many, to write() once more, as far as the rings still have them.
 * One caller at a time; a line that is overwritten meanwhile is wrong or missing. */
void log_history(unsigned lines, void (*write)(void *state, const char *line, size_t len),
		 void *state);

/* For panics, where no lock can be trusted: what waits goes out polled; then single lines. */
void log_drain_now(void);
void log_print_now(enum log_level level, const char *line, size_t len);
