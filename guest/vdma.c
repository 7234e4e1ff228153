/*
 * guest/vdma.c - the two 8237A DMA controllers of a PC/AT; see guest/vdma.h.
 */
#include "guest/vdma.h"

#include "kernel/assert.h"

/* Of one chip. 0 to 7 are the address and the count of each channel. */
enum {
	STATUS_COMMAND = 8, /* read, write */
	REQUEST = 9,
	SINGLE_MASK = 10,
	MODE = 11,
	CLEAR_BYTE_POINTER = 12,
	TEMPORARY_MASTER_CLEAR = 13, /* read, write */
	CLEAR_MASK = 14,
	ALL_MASK = 15,
	CHIP_REGISTERS = 16,
};

enum {
	CHANNEL = 0x03, /* of what is written to REQUEST, SINGLE_MASK and MODE */
	SET = 0x04,     /* of what is written to REQUEST and SINGLE_MASK */
	MODE_STORED = 0xfc,
	MASK_ALL = 0x0f,
};

/* Status and requests are cleared, and so are the command and the flip-flop; modes, addresses and
 * counts stay. 8237A, "Software Commands", "Master Clear". */
static void master_clear(struct vdma_chip *c)
{
	c->command = c->requests = 0;
	c->mask = MASK_ALL;
	c->high_byte = false;
}

void vdma_power_on(struct vdma *d)
{
	*d = (struct vdma){0};
	master_clear(&d->chips[0]);
	master_clear(&d->chips[1]);
}

/* Each access to an address or count turns the flip-flop over, whichever channel it is for. */
static uint8_t read_half(struct vdma_chip *c, uint16_t value)
{
	bool high = c->high_byte;

	c->high_byte = !high;
	return (uint8_t)(high ? value >> 8 : value);
}

/* Base and current are written together, half by half. 8237A, "Base Address and Base Word Count
 * Registers". */
static void write_half(struct vdma_chip *c, uint16_t *base, uint16_t *current, uint8_t value)
{
	unsigned shift = c->high_byte ? 8 : 0;
	uint16_t keep = (uint16_t)(0xff00 >> shift);

	c->high_byte = !c->high_byte;
	*base = (uint16_t)((*base & keep) | value << shift);
	*current = (uint16_t)((*current & keep) | value << shift);
}

static void set_channel_bit(uint8_t *bits, uint8_t value)
{
	uint8_t bit = (uint8_t)(1u << (value & CHANNEL));

	*bits = (uint8_t)(value & SET ? *bits | bit : *bits & ~bit);
}

static uint8_t read_chip(struct vdma_chip *c, unsigned at)
{
	if (at < STATUS_COMMAND) {
		const struct vdma_channel *channel = &c->channels[at >> 1];

		return read_half(c, at & 1 ? channel->count : channel->address);
	}
	if (at == STATUS_COMMAND) /* no channel has ever reached its terminal count: bits 0 to 3 */
		return (uint8_t)(c->requests << 4);
	return at == ALL_MASK ? c->mask : 0;
}

static void write_chip(struct vdma_chip *c, unsigned at, uint8_t value)
{
	struct vdma_channel *channel = &c->channels[(at >> 1) & CHANNEL];

	switch (at) {
	case STATUS_COMMAND:
		c->command = value;
		break;
	case REQUEST:
		set_channel_bit(&c->requests, value);
		break;
	case SINGLE_MASK:
		set_channel_bit(&c->mask, value);
		break;
	case MODE:
		c->channels[value & CHANNEL].mode = value & MODE_STORED;
		break;
	case CLEAR_BYTE_POINTER:
		c->high_byte = false;
		break;
	case TEMPORARY_MASTER_CLEAR:
		master_clear(c);
		break;
	case CLEAR_MASK:
		c->mask = 0;
		break;
	case ALL_MASK:
		c->mask = value & MASK_ALL;
		break;
	default:
		if (at & 1)
			write_half(c, &channel->base_count, &channel->count, value);
		else
			write_half(c, &channel->base_address, &channel->address, value);
		break;
	}
}

void vdma_access(void *state, struct io_access *io)
{
	struct vdma *d = state;
	struct vdma_chip *chip = NULL;
	uint8_t *page = NULL, value = (uint8_t)io->value;
	unsigned at = io->port;

	ASSERT(io->port < VDMA_REGISTERS && io->size == 1);
	if (at < CHIP_REGISTERS) {
		chip = &d->chips[0];
	} else if (at >= VDMA_SECOND && at < VDMA_SECOND + 2 * CHIP_REGISTERS) {
		chip = &d->chips[1];
		at = (at - VDMA_SECOND) / 2;
	} else if (at > VDMA_PAGES) {
		page = &d->pages[at - VDMA_PAGES];
	}

	if (io->write && chip)
		write_chip(chip, at, value);
	else if (io->write && page)
		*page = value;
	else if (!io->write)
		io->value = chip ? read_chip(chip, at) : page ? *page : 0xff;
}
