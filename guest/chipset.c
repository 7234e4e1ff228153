/*
 * guest/chipset.c - the small ports of the board; see guest/chipset.h.
 */
#include "guest/chipset.h"

#include "kernel/assert.h"

enum {
	RESET_FULL = 0x08, /* of the reset register; stored only */
	RESET_CPU = 0x04,
	RESET_HARD = 0x02,

	PM_LOW = 0x0003, /* of PM1a_CNT: SCI_EN and BRLD_EN_BM */
	SLEEP_TYPE = 0x1c00,
	SLEEP_ENABLE = 0x2000,

	SOMEBODY_LISTENS = 0xe9,

	PCI_PORTS = 8,
	PCI_RESET = 1,
};

/* As many ones as an access has bits. */
static uint32_t all_ones(uint8_t size)
{
	return size == 4 ? UINT32_MAX : (1u << (8 * size)) - 1;
}

void chipset_power_on(struct chipset *c)
{
	*c = (struct chipset){0};
}

static void ask_for(struct chipset *c, enum chipset_request request)
{
	if (c->request == CHIPSET_NONE)
		c->request = request;
}

void chipset_post_access(void *state, struct io_access *io)
{
	struct chipset *c = state;

	if (io->write) {
		chipset_post(c, (uint8_t)io->value);
	} else {
		io->value = c->post;
	}
}

static void finish_line(struct chipset *c, struct chipset_line *line)
{
	if (line->len == 0)
		return;
	line->text[line->len] = '\0';
	if (c->line_count < CHIPSET_LINES)
		c->lines[(c->line_head + c->line_count++) % CHIPSET_LINES] = *line;
	else
		c->lines_lost++;
	line->len = 0;
}

static void put_character(struct chipset *c, struct chipset_line *line, char byte)
{
	if (byte == '\r' || byte == '\0')
		return;
	if (byte == '\n') {
		finish_line(c, line);
		return;
	}
	if (line->len == CHIPSET_LINE_SIZE - 1)
		finish_line(c, line);
	if (byte == '\t')
		byte = ' ';
	line->text[line->len++] = byte >= ' ' && byte <= '~' ? byte : '?';
}

void chipset_debug_access(void *state, struct io_access *io)
{
	struct chipset *c = state;

	ASSERT(io->port < CHIPSET_DEBUG_PORTS);
	if (io->write)
		put_character(c, &c->unfinished[io->port], (char)io->value);
	else
		io->value = SOMEBODY_LISTENS;
}

void chipset_reset_access(void *state, struct io_access *io)
{
	struct chipset *c = state;
	uint8_t before = c->reset;

	if (!io->write) {
		io->value = c->reset;
		return;
	}
	c->reset = (uint8_t)io->value & (RESET_FULL | RESET_CPU | RESET_HARD);
	if (c->reset & ~before & RESET_CPU)
		ask_for(c, c->reset & RESET_HARD ? CHIPSET_RESET_HARD : CHIPSET_RESET_SOFT);
}

static void write_pm_control(struct chipset *c, uint16_t value)
{
	c->pm_control = value & (PM_LOW | SLEEP_TYPE);
	if ((value & SLEEP_ENABLE) && !(value & SLEEP_TYPE))
		ask_for(c, CHIPSET_POWER_OFF);
}

void chipset_power_access(void *state, struct io_access *io)
{
	struct chipset *c = state;
	unsigned shift = io->port * 8u;

	ASSERT(io->port < 2);
	if (!io->write) {
		io->value = (uint32_t)((~UINT64_C(0xffff) | c->pm_control) >> shift) &
			    all_ones(io->size);
	} else if (io->port == 1) {
		write_pm_control(c, (uint16_t)((c->pm_control & 0xff) | (io->value & 0xff) << 8));
	} else if (io->size == 1) {
		/* The enable bit is not stored, so this half never sleeps. */
		c->pm_control = (c->pm_control & SLEEP_TYPE) | (io->value & PM_LOW);
	} else {
		write_pm_control(c, (uint16_t)io->value);
	}
}

void chipset_pci_access(void *state, struct io_access *io)
{
	ASSERT(io->port < PCI_PORTS);
	if (io->port == PCI_RESET && io->size == 1)
		chipset_reset_access(state, io);
	else if (!io->write)
		io->value = all_ones(io->size);
}

void chipset_exit_access(void *state, struct io_access *io)
{
	struct chipset *c = state;

	if (!io->write) {
		io->value = 0;
		return;
	}
	if (c->request == CHIPSET_NONE)
		c->exit_status = (io->value & all_ones(io->size)) << 1 | 1;
	ask_for(c, CHIPSET_DEBUG_EXIT);
}

enum chipset_request chipset_take_request(struct chipset *c)
{
	enum chipset_request request = c->request;

	c->request = CHIPSET_NONE;
	return request;
}

uint32_t chipset_exit_status(const struct chipset *c)
{
	return c->exit_status;
}

const char *chipset_take_line(struct chipset *c)
{
	const char *text;

	if (c->line_count == 0)
		return NULL;
	text = c->lines[c->line_head].text;
	c->line_head = (uint8_t)((c->line_head + 1) % CHIPSET_LINES);
	c->line_count--;
	return text;
}

void chipset_flush_line(struct chipset *c)
{
	for (unsigned i = 0; i < CHIPSET_DEBUG_PORTS; i++)
		finish_line(c, &c->unfinished[i]);
}
