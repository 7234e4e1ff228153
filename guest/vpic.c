/*
 * guest/vpic.c - the pair of 8259A interrupt controllers; see guest/vpic.h.
 *
 * Every function that changes a chip ends in update(), which carries the slave's INT to the
 * master's IR2 and keeps the master's INT in p->intr.
 */
#include "guest/vpic.h"

#include "kernel/assert.h"

enum {
	ICW1_IC4 = 0x01,    /* ICW4 will come */
	ICW1_SNGL = 0x02,   /* no cascade, ICW3 will not come */
	ICW1_ADI = 0x04,    /* MCS-80: the call addresses are 4 bytes apart, else 8 */
	ICW1_SELECT = 0x10, /* a write to the even port is ICW1 */
	ICW4_8086 = 0x01,   /* two INTA pulses and a vector, else three and a CALL */
	ICW4_AEOI = 0x02,   /* automatic end of interrupt */
	ICW4_SFNM = 0x10,   /* special fully nested mode */
	OCW3_SELECT = 0x08, /* a write to the even port without ICW1_SELECT is OCW3, else OCW2 */
	OCW3_RIS = 0x01,    /* with OCW3_RR: read ISR, else IRR */
	OCW3_RR = 0x02,
	OCW3_POLL = 0x04,
	OCW3_SMM = 0x20, /* with OCW3_ESMM: special mask mode on, else off */
	OCW3_ESMM = 0x40,
	POLL_INTERRUPT = 0x80,
	SLAVE_ID_AFTER_ICW1 = 7,
	SPURIOUS_LEVEL = 7,
	NO_LEVEL = 8,
	UNDRIVEN_BUS = 0xff,
	/* IRQ 0, 1, 2, 8 and 13 are edge-triggered for ever. */
	ELCR_MASTER_BITS = 0xf8,
	ELCR_SLAVE_BITS = 0xde,
};

static uint8_t bit(unsigned level)
{
	return (uint8_t)(1u << level);
}

/* The place of the first of these levels in the order of priority: 0 is the highest, NO_LEVEL if
 * there is none. */
static unsigned rank(const struct vpic_chip *c, uint8_t levels)
{
	unsigned first = (c->lowest + 1u) & 7;
	unsigned twice = levels * 0x101u;

	/* Bit 8 of what is rotated stands for "none". */
	return (unsigned)__builtin_ctz(((twice >> first) & 0xff) | 1u << NO_LEVEL);
}

static unsigned level_at(const struct vpic_chip *c, unsigned place)
{
	return (c->lowest + 1u + place) & 7;
}

/* A slave is there on this input, as far as this chip knows. */
static bool cascades(const struct vpic_chip *c, unsigned level)
{
	return c->is_master && !(c->icw1 & ICW1_SNGL) && (c->icw3 & bit(level));
}

/*
 * The level that the priority resolver hands to the CPU, out of these requests, or NO_LEVEL. What
 * is in service holds off its own and all lower levels; special mask mode takes the masked ones out
 * of that, and in special fully nested mode a slave's own further requests pass.
 * Data sheet, "Fully Nested Mode", "Special Mask Mode", "The Special Fully Nested Mode".
 */
static inline unsigned resolve(const struct vpic_chip *c, uint8_t requested)
{
	uint8_t wanted = requested & (uint8_t)~c->imr;
	uint8_t in_service;
	unsigned first, limit;

	if (!wanted || !c->ready)
		return NO_LEVEL;
	in_service = c->special_mask ? c->isr & (uint8_t)~c->imr : c->isr;
	if (LIKELY(in_service == 0))
		return level_at(c, rank(c, wanted));
	first = rank(c, wanted);
	limit = rank(c, in_service);
	if (first < limit)
		return level_at(c, first);
	if (first == limit && (c->icw4 & ICW4_SFNM) && cascades(c, level_at(c, first)))
		return level_at(c, first);
	return NO_LEVEL;
}

static void drive(struct vpic_chip *c, unsigned level, bool high)
{
	if (!high) {
		c->lines &= (uint8_t)~bit(level);
		c->latched &= (uint8_t)~bit(level);
	} else if (!(c->lines & bit(level))) {
		c->lines |= bit(level);
		c->latched |= bit(level);
	}
}

/* After a change of the master alone. */
static void update_master(struct vpic *p)
{
	unsigned level = resolve(&p->master, vpic_requests(&p->master));

	p->intr_level = (uint8_t)level;
	p->intr = level != NO_LEVEL;
	if (p->intr)
		p->intr_by_cascade = level == VPIC_CASCADE && cascades(&p->master, level);
}

static void update(struct vpic *p)
{
	drive(&p->master, VPIC_CASCADE, resolve(&p->slave, vpic_requests(&p->slave)) != NO_LEVEL);
	update_master(p);
}

/*
 * The INTA pulses as one chip sees them: the level goes from request to service, or at once past it
 * by automatic EOI ("Automatic End of Interrupt (AEOI) Mode"). INT goes low and, if there is more
 * to do, up again, so that an edge-triggered master sees a new edge of the slave's ("Interrupt
 * Sequence", on the INT line after INTA). The caller ends with update(), which brings it up again.
 */
static void take(struct vpic *p, struct vpic_chip *c, unsigned level, bool aeoi)
{
	c->latched &= (uint8_t)~bit(level);
	if (!aeoi)
		c->isr |= bit(level);
	else if (c->rotate_on_aeoi)
		c->lowest = (uint8_t)level;
	if (!c->is_master)
		drive(&p->master, VPIC_CASCADE, false);
}

static bool has_aeoi(const struct vpic_chip *c)
{
	return (c->icw4 & ICW4_AEOI) && (c->icw4 & ICW4_8086);
}

/* The byte that a chip puts on the bus in the second INTA cycle. */
static uint8_t vector(const struct vpic_chip *c, unsigned level)
{
	if (c->icw4 & ICW4_8086)
		return (uint8_t)((c->icw2 & 0xf8) | level);
	if (c->icw1 & ICW1_ADI)
		return (uint8_t)((c->icw1 & 0xe0) | level << 2);
	return (uint8_t)((c->icw1 & 0xc0) | level << 3);
}

static uint8_t acknowledge_slave(struct vpic *p)
{
	struct vpic_chip *c = &p->slave;
	unsigned level = resolve(c, vpic_requests(c));

	if (!(c->icw1 & ICW1_SNGL) && (c->icw3 & 7) != VPIC_CASCADE)
		return UNDRIVEN_BUS;
	if (level == NO_LEVEL)
		return vector(c, SPURIOUS_LEVEL);
	take(p, c, level, has_aeoi(c));
	return vector(c, level);
}

uint8_t vpic_acknowledge(struct vpic *p)
{
	struct vpic_chip *c = &p->master;
	unsigned level = p->intr ? p->intr_level : NO_LEVEL;
	bool from_slave = level == NO_LEVEL ? p->intr_by_cascade : cascades(c, level);
	uint8_t answer;

	/* A slave's request that just went away has left it, but not yet the wire between them. */
	if (level == NO_LEVEL && from_slave)
		level = VPIC_CASCADE;
	if (level == NO_LEVEL)
		return vector(c, SPURIOUS_LEVEL);
	take(p, c, level, has_aeoi(c));
	/* Only IR2 has a chip behind it, whatever ICW3 says. */
	if (LIKELY(!from_slave)) {
		p->intr_by_cascade = false;
		update_master(p);
		return vector(c, level);
	}
	if (level == VPIC_CASCADE)
		answer = acknowledge_slave(p);
	else
		answer = UNDRIVEN_BUS;
	p->intr_by_cascade = false;
	update(p);
	return answer;
}

/* Data sheet, "Poll Command": the read is the INTA. */
static uint8_t poll(struct vpic *p, struct vpic_chip *c)
{
	unsigned level = resolve(c, c->poll_request);

	c->poll = false;
	if (level == NO_LEVEL)
		return 0;
	take(p, c, level, c->icw4 & ICW4_AEOI);
	update(p);
	return (uint8_t)(POLL_INTERRUPT | level);
}

/* Data sheet, "Initialization Command Words 1 and 2 (ICW1, ICW2)": what happens automatically. */
static void write_icw1(struct vpic_chip *c, uint8_t value)
{
	c->icw1 = value;
	c->icw3 = SLAVE_ID_AFTER_ICW1;
	c->icw4 = 0;
	c->latched = 0;
	c->isr = 0;
	c->imr = 0;
	c->lowest = 7;
	c->special_mask = false;
	c->rotate_on_aeoi = false;
	c->read_isr = false;
	c->poll = false;
	c->ready = false;
	c->init_step = 2;
}

/* ICW2, ICW3 and ICW4, as far as ICW1 announced them. */
static void write_next_icw(struct vpic_chip *c, uint8_t value)
{
	bool more_icw3 = !(c->icw1 & ICW1_SNGL);
	bool more_icw4 = c->icw1 & ICW1_IC4;

	if (c->init_step == 2)
		c->icw2 = value;
	else if (c->init_step == 3)
		c->icw3 = value;
	else
		c->icw4 = value;
	if (c->init_step == 2 && more_icw3)
		c->init_step = 3;
	else if (c->init_step < 4 && more_icw4)
		c->init_step = 4;
	else
		c->init_step = 0;
	c->ready = c->init_step == 0;
}

/* Data sheet, "Operation Command Word 2 (OCW2)": rotate, specific, EOI. */
static void write_ocw2(struct vpic_chip *c, uint8_t value)
{
	bool rotate = value & 0x80, specific = value & 0x40, eoi = value & 0x20;
	unsigned level = value & 7;

	if (!eoi && !specific) {
		c->rotate_on_aeoi = rotate;
		return;
	}
	if (!eoi && !rotate)
		return; /* no operation */
	if (eoi && !specific) {
		/* In special mask mode the masked levels are not for a non-specific EOI to end. */
		uint8_t mask = c->special_mask ? c->imr : 0;
		unsigned first = rank(c, c->isr & (uint8_t)~mask);

		if (first == NO_LEVEL)
			return;
		level = level_at(c, first);
	}
	if (eoi)
		c->isr &= (uint8_t)~bit(level);
	if (rotate)
		c->lowest = (uint8_t)level;
}

static void write_ocw3(struct vpic_chip *c, uint8_t value)
{
	if (value & OCW3_ESMM)
		c->special_mask = value & OCW3_SMM;
	if (value & OCW3_RR)
		c->read_isr = value & OCW3_RIS;
	if (value & OCW3_POLL) {
		c->poll = true;
		c->poll_request = vpic_requests(c);
	}
}

static void write_chip(struct vpic_chip *c, bool odd, uint8_t value)
{
	if (odd && c->init_step)
		write_next_icw(c, value);
	else if (odd)
		c->imr = value; /* OCW1 */
	else if (value & ICW1_SELECT)
		write_icw1(c, value);
	else if (value & OCW3_SELECT)
		write_ocw3(c, value);
	else
		write_ocw2(c, value);
}

static uint8_t read_chip(struct vpic *p, struct vpic_chip *c, bool odd)
{
	if (c->poll)
		return poll(p, c);
	if (odd)
		return c->imr;
	return c->read_isr ? c->isr : vpic_requests(c);
}

static struct vpic_chip *chip_of(struct vpic *p, unsigned number)
{
	return number ? &p->slave : &p->master;
}

void vpic_reset(struct vpic *p)
{
	*p = (struct vpic){
		.master = {.lowest = 7, .is_master = true},
		.slave = {.lowest = 7},
	};
}

void vpic_access(void *state, struct io_access *io)
{
	struct vpic *p = state;
	bool odd = io->port & 1;
	struct vpic_chip *c;

	ASSERT(io->port < VPIC_PORTS && io->size == 1);
	c = chip_of(p, io->port >= 4 ? odd : io->port >> 1);
	if (!io->write) {
		io->value = io->port >= 4 ? c->elcr : read_chip(p, c, odd);
		return;
	}
	if (io->port >= 4)
		c->elcr = (uint8_t)io->value & (odd ? ELCR_SLAVE_BITS : ELCR_MASTER_BITS);
	else
		write_chip(c, odd, (uint8_t)io->value);
	update(p);
}

void vpic_change_line(struct vpic *p, unsigned irq, bool level)
{
	struct vpic_chip *c;

	ASSERT(irq < 16 && irq != VPIC_CASCADE);
	c = chip_of(p, irq >> 3);
	if (level) {
		c->lines |= bit(irq & 7);
		c->latched |= bit(irq & 7);
	} else {
		c->lines &= (uint8_t)~bit(irq & 7);
		c->latched &= (uint8_t)~bit(irq & 7);
	}
	if (irq < 8)
		update_master(p);
	else
		update(p);
}

bool vpic_would_interrupt_slow(const struct vpic *p, unsigned irq)
{
	struct vpic trial;

	ASSERT(irq < 16 && irq != VPIC_CASCADE);
	/* For an input of the master, the request alone decides. */
	if (irq < 8)
		return resolve(&p->master, vpic_requests(&p->master) | bit(irq)) != NO_LEVEL;
	/* Down first: a line that is high and acknowledged would show no edge. */
	trial = *p;
	vpic_set_line(&trial, irq, false);
	vpic_set_line(&trial, irq, true);
	return trial.intr;
}

bool vpic_could_interrupt(const struct vpic *p)
{
	uint8_t open = (uint8_t)~p->master.imr;

	if (!p->master.ready)
		return false;
	if (open & (uint8_t)~bit(VPIC_CASCADE))
		return true;
	return open && p->slave.ready && p->slave.imr != 0xff;
}
