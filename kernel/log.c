/* kernel/log.c - see kernel/log.h and kernel/log_ring.h. */
#include "kernel/log.h"

#include "kernel/lock.h"
#include "kernel/log_ring.h"
#include "kernel/percpu.h"

#define PREFIX_BYTES 48u

static const struct log_sink *sinks[LOG_SINKS];
static uint64_t (*clock)(void);
static struct lock drain_lock;

enum status log_add_sink(const struct log_sink *sink)
{
	for (size_t i = 0; i < LOG_SINKS; i++) {
		if (sinks[i] == NULL) {
			sinks[i] = sink;
			return OK;
		}
	}
	return ERR_FULL;
}

void log_remove_sink(const struct log_sink *sink)
{
	for (size_t i = 0; i < LOG_SINKS; i++) {
		if (sinks[i] == sink)
			sinks[i] = NULL;
	}
}

void log_set_clock(uint64_t (*now_ns)(void))
{
	clock = now_ns;
}

/* Takes the next slot of this core's ring, also if an NMI takes one in between. NULL: full. */
static struct log_slot *ring_begin(struct log_ring *ring, uint32_t *position)
{
	uint32_t head = __atomic_load_n(&ring->head, __ATOMIC_RELAXED);

	do {
		if (head - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) >= LOG_RING_LINES) {
			__atomic_fetch_add(&ring->dropped, 1, __ATOMIC_RELAXED);
			return NULL;
		}
	} while (!__atomic_compare_exchange_n(&ring->head, &head, head + 1, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	*position = head;
	return &ring->slots[head % LOG_RING_LINES];
}

static void ring_end(struct log_slot *slot, uint32_t position)
{
	__atomic_store_n(&slot->sequence, position + 1, __ATOMIC_RELEASE);
}

/* What a guest, the firmware or the boot loader wrote must not reach a terminal as it is. */
static void make_printable(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	}
}

static void write_line(enum log_level level, enum log_category category, const char *format,
		       va_list args)
{
	struct log_ring *ring = this_cpu()->log;
	uint32_t position;
	struct log_slot *slot = ring_begin(ring, &position);

	if (slot == NULL)
		return;

	size_t len = text_vformat(slot->text, sizeof(slot->text), format, args);

	slot->len = (uint16_t)min_u64(len, sizeof(slot->text) - 1);
	slot->level = (uint8_t)level;
	slot->category = (uint8_t)category;
	slot->time_ns = clock != NULL ? clock() : 0;
	make_printable(slot->text, slot->len);
	ring_end(slot, position);
}

void log_write(enum log_level level, enum log_category category, const char *format, ...)
{
	struct log_ring *ring = this_cpu()->log;
	va_list args;

	/* Room again after some were dropped: say so first, unless that finds no room itself. */
	uint32_t dropped = __atomic_load_n(&ring->dropped, __ATOMIC_RELAXED);

	if (UNLIKELY(dropped != 0) && ring->head - ring->tail < LOG_RING_LINES / 2) {
		__atomic_store_n(&ring->dropped, 0, __ATOMIC_RELAXED);
		log_write(LOG_WARN, category, "%u log lines of this core were dropped here",
			  dropped);
	}
	va_start(args, format);
	write_line(level, category, format, args);
	va_end(args);
}

/* The oldest complete line of a ring; NULL if there is none. */
static struct log_slot *ring_first(struct log_ring *ring)
{
	uint32_t tail = ring->tail;
	struct log_slot *slot = &ring->slots[tail % LOG_RING_LINES];

	return __atomic_load_n(&slot->sequence, __ATOMIC_ACQUIRE) == tail + 1 ? slot : NULL;
}

/* The core whose first line is the oldest of all; CPU_MAX if no ring has one. */
static unsigned oldest_line(void)
{
	unsigned best = CPU_MAX;
	uint64_t best_ns = 0;

	for (unsigned i = 0; i < __atomic_load_n(&cpu_count, __ATOMIC_ACQUIRE); i++) {
		const struct log_slot *slot = ring_first(cpus[i]->log);

		if (slot != NULL && (best == CPU_MAX || slot->time_ns < best_ns)) {
			best = i;
			best_ns = slot->time_ns;
		}
	}
	return best;
}

size_t log_format_line(const struct log_slot *slot, unsigned index, char *line, size_t size)
{
	static const char *const marks[LOG_LEVELS] = {
		[LOG_ERROR] = "error: ", [LOG_WARN] = "warning: ", [LOG_INFO] = "",
		[LOG_DEBUG] = "",        [LOG_TRACE] = "",
	};
	uint64_t us = slot->time_ns / 1000;

	return text_format(line, size, "[%5llu.%06llu c%u %-7s] %s%.*s",
			   (unsigned long long)(us / 1000000), (unsigned long long)(us % 1000000),
			   index, log_category_name((enum log_category)slot->category),
			   marks[slot->level], (int)slot->len, slot->text);
}

static void print(enum log_level level, const char *line, size_t len, bool now)
{
	for (size_t i = 0; i < LOG_SINKS; i++) {
		const struct log_sink *sink = sinks[i];

		if (sink == NULL)
			continue;
		if (now && sink->write_now != NULL)
			sink->write_now(level, line, len);
		else
			sink->write(level, line, len);
	}
}

/* Prints the first line of a core's ring and takes it out. */
static void print_first(unsigned index, bool now)
{
	struct log_ring *ring = cpus[index]->log;
	const struct log_slot *slot = ring_first(ring);
	char line[LOG_LINE_BYTES + PREFIX_BYTES];
	size_t len = log_format_line(slot, index, line, sizeof(line));

	print((enum log_level)slot->level, line, min_u64(len, sizeof(line) - 1), now);
	__atomic_store_n(&ring->tail, ring->tail + 1, __ATOMIC_RELEASE);
}

unsigned log_drain_some(unsigned most_lines)
{
	unsigned lines = 0;

	if (!lock_try(&drain_lock))
		return 0;
	while (lines < most_lines) {
		unsigned index = oldest_line();

		if (index == CPU_MAX)
			break;
		print_first(index, false);
		lines++;
	}
	lock_release(&drain_lock);
	return lines;
}

unsigned log_drain(void)
{
	return log_drain_some(UINT32_MAX);
}

bool log_crowded(void)
{
	for (unsigned i = 0; i < __atomic_load_n(&cpu_count, __ATOMIC_ACQUIRE); i++) {
		const struct log_ring *ring = cpus[i]->log;

		if (ring->head - ring->tail > LOG_RING_LINES / 2)
			return true;
	}
	return false;
}

/* A line that was interrupted half way would hold up those behind it. */
static void skip_unfinished(void)
{
	for (unsigned i = 0; i < cpu_count; i++) {
		struct log_ring *ring = cpus[i]->log;

		while (ring->tail != ring->head && ring_first(ring) == NULL)
			ring->tail++;
	}
}

void log_drain_now(void)
{
	unsigned index;

	/* Bounded: the other cores may still write. */
	for (unsigned n = 0; n < CPU_MAX * LOG_RING_LINES; n++) {
		skip_unfinished();
		index = oldest_line();
		if (index == CPU_MAX)
			return;
		print_first(index, true);
	}
}

void log_print_now(enum log_level level, const char *line, size_t len)
{
	print(level, line, len, true);
}
