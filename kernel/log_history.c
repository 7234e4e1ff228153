/* kernel/log_history.c - the last lines once more: a ring keeps them until others need the room. */
#include "kernel/log_ring.h"
#include "kernel/percpu.h"

#define LINE_BYTES (LOG_LINE_BYTES + 48u)

/* Where we are in each ring: so many lines of it lie behind. */
static uint32_t positions[CPU_MAX];

/* The line at a position, or NULL if it is not there any more, or not yet. */
static const struct log_slot *line_at(const struct log_ring *ring, uint32_t position)
{
	const struct log_slot *slot = &ring->slots[position % LOG_RING_LINES];
	uint32_t sequence = __atomic_load_n(&slot->sequence, __ATOMIC_ACQUIRE);

	return sequence != 0 && sequence == position + 1 ? slot : NULL; /* 0: never used */
}

/* Of the lines before the positions the newest, or of those at them the oldest. */
static const struct log_slot *choose(bool newest, unsigned *index)
{
	const struct log_slot *best = NULL;

	for (unsigned i = 0; i < cpu_count; i++) {
		const struct log_slot *slot = line_at(cpus[i]->log, positions[i] - newest);

		if (slot && (!best || (slot->time_ns > best->time_ns) == newest)) {
			best = slot;
			*index = i;
		}
	}
	return best;
}

void log_history(unsigned lines, void (*write)(void *state, const char *line, size_t len),
		 void *state)
{
	const struct log_slot *slot;
	unsigned index = 0, count = 0;
	char line[LINE_BYTES];

	for (unsigned i = 0; i < cpu_count; i++)
		positions[i] = __atomic_load_n(&cpus[i]->log->head, __ATOMIC_ACQUIRE);
	for (; count < lines && choose(true, &index); count++)
		positions[index]--;
	for (; count > 0 && (slot = choose(false, &index)) != NULL; count--) {
		size_t len = log_format_line(slot, index, line, sizeof(line));

		positions[index]++;
		write(state, line, min_u64(len, sizeof(line) - 1));
	}
}
