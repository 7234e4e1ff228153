/*
 * guest/platform.c - the guest's board: its lines and its time; see guest/platform.h.
 */
#include "guest/platform.h"

#include "guest/platform_ports.h"

enum {
	PIT_REG_CONTROL = 3,
	PIT_HZ = 1193182,   /* near enough for the limit of a debt */
	IER_OUTSIDE = 0x0d, /* received data, line status, modem status: what the outside brings */
	IER_TRANSMITTER = 0x02,
	MCR_OUT2 = 0x08,
	MCR_LOOP = 0x10,
};

static bool pit_is_periodic(const struct platform *p)
{
	uint8_t mode = p->pit.channels[0].mode;

	return mode == 2 || mode == 3;
}

static bool low_phase_is_hidden(const struct platform *p)
{
	return pit_is_periodic(p) && !vpic_level_triggered(&p->pic, PLATFORM_IRQ_PIT);
}

static void forgive_debt(struct platform *p)
{
	p->owed_ticks = 0;
	p->late_request = false;
}

/* A second of ticks, as channel 0 is programmed. */
static uint64_t most_owed_ticks(const struct platform *p)
{
	uint32_t period = p->pit.channels[0].loaded;

	return period ? max_u64(PIT_HZ / period, 1) : 1;
}

static void owe(struct platform *p, uint64_t ticks)
{
	if (vpic_masked(&p->pic, PLATFORM_IRQ_PIT))
		return;
	p->owed_ticks = min_u64(p->owed_ticks + ticks, most_owed_ticks(p));
}

static void request_tick(struct platform *p, bool late)
{
	vpic_set_line(&p->pic, PLATFORM_IRQ_PIT, false);
	vpic_set_line(&p->pic, PLATFORM_IRQ_PIT, true);
	p->late_request = late;
}

/* Rising edges of OUT 0 in modes 2 and 3; the rule is in platform.h. */
static void tick(struct platform *p, uint64_t edges, bool ran)
{
	bool waiting = vpic_requested(&p->pic, PLATFORM_IRQ_PIT);

	if (!waiting) {
		request_tick(p, !ran);
		edges--;
	}
	if (edges == 0)
		return;
	if (!ran) {
		owe(p, edges);
	} else if (waiting && p->late_request) {
		p->late_request = false;
		owe(p, 1);
	}
}

/* Carries OUT 0 to IRQ 0 up to until_ns; in the time since the last call the guest ran, or not. */
static void carry_pit(struct platform *p, uint64_t until_ns, bool ran)
{
	uint64_t edges = vpit_take_edges(&p->pit, until_ns);

	if (low_phase_is_hidden(p)) {
		if (edges)
			tick(p, edges, ran);
		return;
	}
	if (edges)
		request_tick(p, false);
	vpic_set_line(&p->pic, PLATFORM_IRQ_PIT, vpit_follow_out(&p->pit, until_ns));
}

/* Devices that are looked at only when they were touched or when their time has come. */
static NOINLINE void sync_calm(struct platform *p, uint64_t now_ns)
{
	vpic_set_line(&p->pic, PLATFORM_IRQ_KEYBOARD, vi8042_irq(&p->keyboard, now_ns));
	vpic_set_line(&p->pic, PLATFORM_IRQ_AUX, vi8042_irq12(&p->keyboard));
	vpic_set_line(&p->pic, PLATFORM_IRQ_RTC, vrtc_irq(&p->rtc, now_ns));
	for (unsigned i = 0; i < PLATFORM_ATA_CHANNELS; i++)
		vpic_set_line(&p->pic, PLATFORM_IRQ_ATA + i, vata_irq(&p->ata[i]));
	p->calm_event_ns = min_u64(vi8042_deadline_ns(&p->keyboard, now_ns),
				   vrtc_deadline_ns(&p->rtc, now_ns));
	p->calm_stale = false;
}

/* Is there nothing to carry up to until_ns, as the line was left by carry_pit()? */
static bool pit_is_still(const struct platform *p, uint64_t until_ns)
{
	return vpit_no_edge(&p->pit, until_ns) &&
	       (p->pit.channels[0].event_tick == VPIT_NO_EVENT || low_phase_is_hidden(p));
}

void platform_sync_slow(struct platform *p, uint64_t now_ns, uint64_t ran_until_ns)
{
	bool com1_on = p->com1.mcr & MCR_OUT2; /* else it has no interrupt */

	/* From the deadline on it was not the guest that let ticks wait, but an exit that came
	 * late. */
	if (!p->wake_stale)
		ran_until_ns = min_u64(ran_until_ns, p->wake_ns);
	if (ran_until_ns < now_ns) {
		carry_pit(p, ran_until_ns, true);
		if (!pit_is_still(p, now_ns))
			carry_pit(p, now_ns, false);
	} else {
		carry_pit(p, now_ns, true);
	}
	vpic_set_line(&p->pic, PLATFORM_IRQ_COM1, com1_on && vuart_irq(&p->com1, now_ns));
	if (UNLIKELY(p->calm_stale || now_ns >= p->calm_event_ns))
		sync_calm(p, now_ns);
	p->next_event_ns = min_u64(vpit_deadline_ns(&p->pit, now_ns), p->calm_event_ns);
	if (com1_on)
		p->next_event_ns = min_u64(p->next_event_ns, vuart_deadline_ns(&p->com1, now_ns));
	p->now_ns = now_ns;
	p->stale = false;
	p->wake_stale = true;
}

/* The guest is at a port: it runs, and all lines are as they are at this moment. */
static void sync_for_access(struct platform *p, const struct io_access *io)
{
	platform_sync(p, io->now_ns, io->now_ns);
}

static void pay_debt(struct platform *p)
{
	if (p->owed_ticks && !vpic_requested(&p->pic, PLATFORM_IRQ_PIT)) {
		p->owed_ticks--;
		request_tick(p, true);
	}
}

/* A write, or a poll, which acknowledges. */
static NOINLINE void change_pic(struct platform *p, struct io_access *io)
{
	bool was_masked = vpic_masked(&p->pic, PLATFORM_IRQ_PIT);

	vpic_access(&p->pic, io);
	if (was_masked || vpic_masked(&p->pic, PLATFORM_IRQ_PIT) || !p->pic.master.ready)
		forgive_debt(p);
	pay_debt(p);
	p->wake_stale = true;
}

void platform_access_pic(void *state, struct io_access *io)
{
	struct platform *p = state;

	sync_for_access(p, io);
	if (io->write || p->pic.master.poll || p->pic.slave.poll)
		change_pic(p, io);
	else
		vpic_access(&p->pic, io);
}

void platform_access_pit(void *state, struct io_access *io)
{
	struct platform *p = state;
	bool control = io->write && io->port == PIT_REG_CONTROL;
	bool programs = io->write && io->port == 0;

	/* A control word for channel 0; with both access bits clear it only latches the count. */
	if (control && (io->value & 0xc0) == 0 && (io->value & 0x30) != 0)
		programs = true;
	if (programs) {
		sync_for_access(p, io);
		forgive_debt(p);
		p->stale = true;
	}
	vpit_access(&p->pit, io);
	if (programs)
		carry_pit(p, io->now_ns, true);
}

uint8_t platform_acknowledge(struct platform *p)
{
	uint8_t vector = vpic_acknowledge(&p->pic);

	pay_debt(p);
	p->wake_stale = true;
	return vector;
}

static bool calm_could_interrupt(const struct platform *p)
{
	return vpic_would_interrupt(&p->pic, PLATFORM_IRQ_RTC) ||
	       vpic_would_interrupt(&p->pic, PLATFORM_IRQ_KEYBOARD);
}

void platform_find_deadline(struct platform *p, uint64_t now_ns)
{
	p->wake_ns = NS_NEVER;
	p->wake_stale = false;
	if (p->next_event_ns == NS_NEVER && !p->stale)
		return; /* nothing changes by itself */
	if (!vpic_requested(&p->pic, PLATFORM_IRQ_PIT) &&
	    vpic_would_interrupt(&p->pic, PLATFORM_IRQ_PIT))
		p->wake_ns = vpit_deadline_ns(&p->pit, now_ns);
	if (vpic_would_interrupt(&p->pic, PLATFORM_IRQ_COM1))
		p->wake_ns = min_u64(p->wake_ns, vuart_deadline_ns(&p->com1, now_ns));
	if (p->calm_event_ns < p->wake_ns && calm_could_interrupt(p))
		p->wake_ns = p->calm_event_ns;
}

/* Is COM1 about to raise its line, or could something from outside make it do so? */
static bool com1_could_interrupt(const struct platform *p)
{
	const struct vuart *u = &p->com1;

	if (!vpic_would_interrupt(&p->pic, PLATFORM_IRQ_COM1))
		return false;
	/* The PIC was not told yet: the next platform_sync() makes an edge of it. */
	if (vuart_irq(u, p->now_ns) && !vpic_line(&p->pic, PLATFORM_IRQ_COM1))
		return true;
	if (!(u->mcr & MCR_OUT2) || (u->mcr & MCR_LOOP))
		return false;
	return (u->ier & IER_OUTSIDE) || ((u->ier & IER_TRANSMITTER) && vuart_has_tx(u));
}

bool platform_could_wake(const struct platform *p)
{
	if (platform_intr(p))
		return true;
	if (vpic_would_interrupt(&p->pic, PLATFORM_IRQ_PIT) &&
	    vpit_deadline_ns(&p->pit, p->now_ns) != NS_NEVER)
		return true;
	if (p->typed && vpic_would_interrupt(&p->pic, PLATFORM_IRQ_KEYBOARD))
		return true;
	if (p->calm_event_ns != NS_NEVER && calm_could_interrupt(p))
		return true;
	return com1_could_interrupt(p);
}

bool platform_type(struct platform *p, uint8_t byte, uint64_t now_ns)
{
	bool taken = vi8042_type(&p->keyboard, byte, now_ns);

	/* Also if it was not: a key that an escape sequence held back may have come of it. */
	p->calm_stale = true;
	p->stale = true;
	return taken;
}

bool platform_receive(struct platform *p, uint8_t byte, uint64_t now_ns)
{
	if (!vuart_receive(&p->com1, byte, now_ns))
		return false;
	p->stale = true;
	return true;
}

bool platform_take_tx(struct platform *p, uint8_t *byte)
{
	if (!vuart_take_tx(&p->com1, byte))
		return false;
	p->stale = true;
	return true;
}
