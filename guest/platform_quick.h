/*
 * guest/platform_quick.h - the port accesses that guests make most, as far as they change nothing
 * but the register itself: no line, no deadline, nothing to send, no switch.
 *
 * Pure, and as platform_io() would do it; that needs no call of platform_sync() before or after.
 * False: nothing was done, platform_io() has to do it. Made for the exit path, so all is inline.
 */
#pragma once

#include "guest/platform.h"
#include "guest/vuart_registers.h"

/* The counters of the PIT, for vpit_read_quick(). */
#define PLATFORM_PIT_FIRST 0x40u
#define PLATFORM_PIT_LAST  0x42u

/* IN of a byte; not of the PIT, which needs the time. */
static inline bool platform_quick_in(const struct platform *p, uint16_t port, uint8_t *value)
{
	switch (port) {
	case 0x21:
		if (p->pic.master.poll)
			return false;
		*value = p->pic.master.imr;
		return true;
	case 0xa1:
		if (p->pic.slave.poll)
			return false;
		*value = p->pic.slave.imr;
		return true;
	case 0x3fd:
		/* Reading errors clears them; what waits to be sent has to be looked after. */
		if ((p->com1.lsr & UART_LSR_ERRORS) || p->com1.tx_count)
			return false;
		*value = p->com1.lsr;
		return true;
	case 0x3ff:
		*value = p->com1.scr;
		return true;
	default:
		return false;
	}
}

/* OCW1 that opens nothing, while no interrupt waits: INT stays as it is, and whatever the next
 * deadline is, it does not come sooner. low: the chip's own INT is low. */
static inline bool vpic_quick_mask(struct vpic_chip *c, uint8_t imr, bool low)
{
	if (c->init_step)
		return false;
	if (imr != c->imr && (!low || c->special_mask || (c->imr & (uint8_t)~imr)))
		return false;
	c->imr = imr;
	return true;
}

static inline bool platform_quick_mask(struct platform *p, uint8_t imr)
{
	if (!vpic_quick_mask(&p->pic.master, imr, !p->pic.intr))
		return false;
	if (imr & (1u << PLATFORM_IRQ_PIT)) {
		p->owed_ticks = 0; /* masked ticks are nobody's debt */
		p->late_request = false;
	}
	return true;
}

/* OUT of a byte. */
static inline bool platform_quick_out(struct platform *p, uint16_t port, uint8_t value)
{
	switch (port) {
	case 0x21:
		return platform_quick_mask(p, value);
	case 0xa1:
		return vpic_quick_mask(&p->pic.slave, value,
				       !(p->pic.master.lines >> VPIC_CASCADE & 1));
	case 0x3ff:
		p->com1.scr = value;
		return true;
	case 0x80:
		chipset_post(&p->chipset, value);
		return true;
	default:
		return false;
	}
}

/* count bytes by OUTS: 1 or more. */
static inline bool platform_quick_outs(struct platform *p, uint16_t port, const uint8_t *bytes,
				       uint64_t count)
{
	if (port != 0x80)
		return io_bus_access_nobody(&p->io, port, 1, true, count);
	p->chipset.post_count += count - 1;
	chipset_post(&p->chipset, bytes[count - 1]);
	return true;
}

/*
 * OUT to THR (3F8h) of a byte that the outside takes at once: *byte is what goes out. If it does,
 * platform_quick_sent() has to follow, else nothing has changed. False while bytes wait before it,
 * while the transmitter's interrupt is on, in loopback, and where DLAB makes it another register.
 */
static inline bool platform_quick_send(const struct platform *p, uint8_t *byte)
{
	const struct vuart *u = &p->com1;

	if (u->tx_count || (u->ier & UART_IER_THRE) || (u->mcr & UART_MCR_LOOP) ||
	    (u->lcr & UART_LCR_DLAB))
		return false;
	*byte &= vuart_length_mask(u);
	return true;
}

static inline void platform_quick_sent(struct platform *p)
{
	p->com1.pending |= UART_IER_THRE; /* empty again */
}
