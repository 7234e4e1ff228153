/*
 * guest/end_port.c - port 8900h; see guest/end_port.h.
 */
#include "guest/end_port.h"

#include "kernel/assert.h"

static const char word[] = "Shutdown";
enum { WORD_LENGTH = sizeof(word) - 1 };

void end_port_reset(struct end_port *e)
{
	e->matched = 0;
}

void end_port_access(void *state, struct io_access *io)
{
	struct end_port *e = state;
	uint8_t byte = (uint8_t)io->value;

	ASSERT(io->port == 0 && io->size == 1);
	if (!io->write) {
		io->value = 0xff;
		return;
	}
	if (end_port_done(e))
		return;
	/* The first letter is in the word only once, so a miss can only begin a new word. */
	if (byte == word[e->matched])
		e->matched++;
	else
		e->matched = byte == word[0];
}

bool end_port_done(const struct end_port *e)
{
	return e->matched == WORD_LENGTH;
}
