/*
 * guest/port92.c - system control port A; see guest/port92.h.
 */
#include "guest/port92.h"

#include "kernel/assert.h"

enum {
	FAST_RESET = 0x01,
	A20_GATE = 0x02,
};

void port92_reset(struct port92 *p)
{
	*p = (struct port92){.value = A20_GATE};
}

void port92_access(void *state, struct io_access *io)
{
	struct port92 *p = state;
	uint8_t before = p->value;

	ASSERT(io->port == 0 && io->size == 1);
	if (!io->write) {
		io->value = p->value;
		return;
	}
	p->value = (uint8_t)io->value & (FAST_RESET | A20_GATE);
	if ((p->value & FAST_RESET) && !(before & FAST_RESET))
		p->reset_pending = true;
}

bool port92_a20(const struct port92 *p)
{
	return p->value & A20_GATE;
}

void port92_set_a20(struct port92 *p, bool high)
{
	p->value = (uint8_t)((p->value & ~A20_GATE) | (high ? A20_GATE : 0));
}

bool port92_take_reset(struct port92 *p)
{
	bool pending = p->reset_pending;

	p->reset_pending = false;
	return pending;
}
