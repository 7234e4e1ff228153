/* kernel/log_levels.c - which lines are let through, and the words that say so. */
#include "kernel/log.h"

static const char *const level_names[LOG_LEVELS] = {
	[LOG_ERROR] = "error", [LOG_WARN] = "warn",   [LOG_INFO] = "info",
	[LOG_DEBUG] = "debug", [LOG_TRACE] = "trace",
};

static const char *const category_names[LOG_CATEGORIES] = {
	[LOG_BOOT] = "boot",       [LOG_MM] = "mm",       [LOG_ACPI] = "acpi",
	[LOG_APIC] = "apic",       [LOG_SMP] = "smp",     [LOG_TIME] = "time",
	[LOG_CONSOLE] = "console", [LOG_VMX] = "vmx",     [LOG_EPT] = "ept",
	[LOG_EXIT] = "exit",       [LOG_IO] = "io",       [LOG_MSR] = "msr",
	[LOG_PIC] = "pic",         [LOG_PIT] = "pit",     [LOG_UART] = "uart",
	[LOG_GUEST] = "guest",     [LOG_WATCH] = "watch",
};

uint8_t log_limits[LOG_CATEGORIES] = {[0 ... LOG_CATEGORIES - 1] = LOG_INFO};

const char *log_level_name(enum log_level level)
{
	return (unsigned)level < LOG_LEVELS ? level_names[level] : "?";
}

const char *log_category_name(enum log_category category)
{
	return (unsigned)category < LOG_CATEGORIES ? category_names[category] : "?";
}

static bool find_word(struct text word, const char *const *names, unsigned count, uint8_t *found)
{
	for (unsigned i = 0; i < count; i++) {
		if (text_is(word, names[i])) {
			*found = (uint8_t)i;
			return true;
		}
	}
	return false;
}

enum status log_set_level(struct text level)
{
	uint8_t limit;

	if (!find_word(level, level_names, LOG_LEVELS, &limit))
		return ERR_INVALID;
	for (unsigned i = 0; i < LOG_CATEGORIES; i++)
		log_limits[i] = limit;
	return OK;
}

enum status log_set_categories(struct text spec, struct text *bad)
{
	struct text piece;

	while (text_next_piece(&spec, ',', &piece)) {
		struct text name, level = piece;
		uint8_t category, limit = LOG_DEBUG;

		if (!text_next_piece(&level, ':', &name))
			name = piece;
		*bad = name;
		if (!find_word(name, category_names, LOG_CATEGORIES, &category))
			return ERR_INVALID;
		*bad = level;
		if (level.len > 0 && !find_word(level, level_names, LOG_LEVELS, &limit))
			return ERR_INVALID;
		log_limits[category] = limit;
	}
	return OK;
}
