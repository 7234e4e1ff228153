/* debug/cmd_devices.c - the monitor's commands that show a VM's chips, and who has which port. */
#include "debug/monitor.h"
#include "guest/vuart_registers.h"
#include "kernel/string.h"
#include "vmx/exit.h"
#include "vmx/vm.h"

#define UART_BASE_BAUD 115200u
#define PIT_MHZ        (VPIT_CYCLE_TICKS * 1000000000000 / VPIT_CYCLE_NS) /* thousandths of a Hz */

/* ---- pic ---- */

static void print_pic_chip(const struct monitor_args *a, const char *name,
			   const struct vpic_chip *c)
{
	static const struct monitor_field fields[] = {
		MONITOR_FIELD(struct vpic_chip, icw1),
		MONITOR_FIELD(struct vpic_chip, icw2),
		MONITOR_FIELD(struct vpic_chip, icw3),
		MONITOR_FIELD(struct vpic_chip, icw4),
		MONITOR_FIELD(struct vpic_chip, elcr),
		MONITOR_FIELD(struct vpic_chip, lowest),
		MONITOR_FIELD(struct vpic_chip, init_step),
		MONITOR_BOOL(struct vpic_chip, ready),
		MONITOR_BOOL(struct vpic_chip, read_isr),
		MONITOR_BOOL(struct vpic_chip, poll),
		MONITOR_BOOL(struct vpic_chip, special_mask),
		MONITOR_BOOL(struct vpic_chip, rotate_on_aeoi),
	};

	monitor_print(a, "%s: vectors %#x to %#x%s%s\n", name, c->icw2, c->icw2 + 7u,
		      c->icw4 & 2 ? ", automatic EOI" : "", c->icw1 & 8 ? ", level-triggered" : "");
	monitor_bits(a, "line", c->lines, 8);
	monitor_bits(a, "edge", c->latched, 8);
	monitor_bits(a, "mask", c->imr, 8);
	monitor_bits(a, "isr", c->isr, 8);
	monitor_fields(a, c, fields, ARRAY_SIZE(fields));
}

static void print_pic(struct vm *vm, const struct monitor_args *a, void *context)
{
	const struct vpic *p = &vm->platform.pic;

	(void)context;
	print_pic_chip(a, "master", &p->master);
	print_pic_chip(a, "slave", &p->slave);
	monitor_print(a, "INT is %s\n", p->intr ? "high" : "low");
}

static bool pic(const struct monitor_args *a)
{
	return monitor_run_on(a, 2, print_pic, NULL);
}

const struct monitor_command command_pic = {
	.name = "pic",
	.usage = "NAME",
	.help = "a VM's interrupt controllers (8259A)",
	.run = pic,
	.vm_names = true,
};

/* ---- pit ---- */

static void print_pit_channel(const struct monitor_args *a, unsigned n,
			      const struct vpit_channel *channel, uint64_t tick)
{
	static const char *const modes[] = {"terminal count",   "one-shot",
					    "rate generator",   "square wave",
					    "software trigger", "hardware trigger"};
	static const struct monitor_field fields[] = {
		MONITOR_FIELD(struct vpit_channel, control),
		MONITOR_FIELD(struct vpit_channel, written),
		MONITOR_FIELD(struct vpit_channel, loaded),
		MONITOR_FIELD(struct vpit_channel, access),
		MONITOR_BOOL(struct vpit_channel, bcd),
		MONITOR_BOOL(struct vpit_channel, gate),
		MONITOR_BOOL(struct vpit_channel, armed),
		MONITOR_BOOL(struct vpit_channel, null_count),
		MONITOR_BOOL(struct vpit_channel, write_high),
		MONITOR_BOOL(struct vpit_channel, read_high),
		MONITOR_FIELD(struct vpit_channel, latched_bytes),
		MONITOR_BOOL(struct vpit_channel, status_latched),
		MONITOR_FIELD(struct vpit_channel, latch),
	};
	struct vpit_channel c = *channel; /* looking at the count changes the guest's chip */
	uint64_t rate_mhz;

	c.latched_bytes = 0;
	vpit_channel_latch_count(&c, tick);
	rate_mhz = PIT_MHZ / max_u64(c.loaded ? c.loaded : c.written, 1);
	monitor_print(a, "channel %u: mode %u (%s), count %#x, OUT %s", n, c.mode, modes[c.mode],
		      c.latch, c.out ? "high" : "low");
	if (c.mode == 2 || c.mode == 3)
		monitor_print(a, ", %llu.%03llu Hz", (unsigned long long)rate_mhz / 1000,
			      (unsigned long long)rate_mhz % 1000);
	monitor_print(a, "\n");
	monitor_fields(a, channel, fields, ARRAY_SIZE(fields));
}

static void print_pit(struct vm *vm, const struct monitor_args *a, void *context)
{
	const struct vpit *p = &vm->platform.pit;
	uint64_t tick = vpit_ticks_from_ns(vm_clock_ns(vm));

	(void)context;
	for (unsigned i = 0; i < VPIT_CHANNELS; i++)
		print_pit_channel(a, i, &p->channels[i], tick);
	monitor_print(a, "port 61h %#x, owed ticks %llu\n", p->port61,
		      (unsigned long long)vm->platform.owed_ticks);
}

static bool pit(const struct monitor_args *a)
{
	return monitor_run_on(a, 2, print_pit, NULL);
}

const struct monitor_command command_pit = {
	.name = "pit",
	.usage = "NAME",
	.help = "a VM's timer (8254)",
	.run = pit,
	.vm_names = true,
};

/* ---- uart ---- */

static void print_uart(struct vm *vm, const struct monitor_args *a, void *context)
{
	static const struct monitor_field fields[] = {
		MONITOR_FIELD(struct vuart, ier),      MONITOR_FIELD(struct vuart, lcr),
		MONITOR_FIELD(struct vuart, mcr),      MONITOR_FIELD(struct vuart, lsr),
		MONITOR_FIELD(struct vuart, msr),      MONITOR_FIELD(struct vuart, fcr),
		MONITOR_FIELD(struct vuart, scr),      MONITOR_FIELD(struct vuart, dll),
		MONITOR_FIELD(struct vuart, dlm),      MONITOR_FIELD(struct vuart, pending),
		MONITOR_FIELD(struct vuart, rx_count), MONITOR_FIELD(struct vuart, rx_trigger),
		MONITOR_FIELD(struct vuart, rx_bad),   MONITOR_FIELD(struct vuart, tx_count),
		MONITOR_BOOL(struct vuart, timed_out),
	};
	const struct vuart *u = &vm->platform.com1;
	unsigned divisor = u->dlm * 256u + u->dll;

	(void)context;
	monitor_print(a, "COM1: %u baud, %u%c%c, FIFOs %s%s%s, interrupt %s%s\n",
		      divisor ? UART_BASE_BAUD / divisor : 0, 5u + (u->lcr & UART_LCR_LENGTH),
		      u->lcr & 8 ? (u->lcr & 16 ? 'E' : 'O') : 'N', u->lcr & 4 ? '2' : '1',
		      u->fcr & UART_FCR_ENABLE ? "on" : "off",
		      u->lcr & UART_LCR_DLAB ? ", DLAB" : "",
		      u->mcr & UART_MCR_LOOP ? ", loopback" : "",
		      vuart_irq(u, vm_clock_ns(vm)) ? "high" : "low",
		      vm->tx_held ? ", the console is full" : "");
	monitor_fields(a, u, fields, ARRAY_SIZE(fields));
}

static bool uart(const struct monitor_args *a)
{
	return monitor_run_on(a, 2, print_uart, NULL);
}

const struct monitor_command command_uart = {
	.name = "uart",
	.usage = "NAME",
	.help = "a VM's serial port (16550A)",
	.run = uart,
	.vm_names = true,
};

/* ---- rtc, kbd ---- */

static uint8_t cmos_at(struct vrtc *r, unsigned index, uint64_t now_ns)
{
	struct io_access select = {.size = 1, .write = true, .value = index, .now_ns = now_ns};
	struct io_access read = {.port = 1, .size = 1, .now_ns = now_ns};

	vrtc_access(r, &select);
	vrtc_access(r, &read);
	return (uint8_t)read.value;
}

static void print_rtc(struct vm *vm, const struct monitor_args *a, void *context)
{
	struct vrtc r = vm->platform.rtc; /* a read of register C changes the guest's chip */

	(void)context;
	monitor_print(a, "index %#x, NMI %s\n", vm->platform.rtc.index,
		      vrtc_nmi_masked(&vm->platform.rtc) ? "masked" : "open");
	for (unsigned i = 0; i < VRTC_BYTES; i++) {
		if (i % 16 == 0)
			monitor_print(a, "%02x ", i);
		monitor_print(a, " %02x%s", cmos_at(&r, i, vm_clock_ns(vm)),
			      i % 16 == 15 ? "\n" : "");
	}
}

static bool rtc(const struct monitor_args *a)
{
	return monitor_run_on(a, 2, print_rtc, NULL);
}

const struct monitor_command command_rtc = {
	.name = "rtc",
	.usage = "NAME",
	.help = "a VM's clock and CMOS RAM",
	.run = rtc,
	.vm_names = true,
};

static void print_kbd(struct vm *vm, const struct monitor_args *a, void *context)
{
	static const struct monitor_field fields[] = {
		MONITOR_FIELD(struct vi8042, ram[0]),
		MONITOR_FIELD(struct vi8042, status),
		MONITOR_FIELD(struct vi8042, data),
		MONITOR_FIELD(struct vi8042, waiting),
		MONITOR_FIELD(struct vi8042, port),
		MONITOR_BOOL(struct vi8042, has_reply),
		MONITOR_FIELD(struct vi8042, keyboard.set),
		MONITOR_BOOL(struct vi8042, keyboard.scanning),
		MONITOR_FIELD(struct vi8042, keyboard.argument),
		MONITOR_FIELD(struct vi8042, keyboard.last),
		MONITOR_FIELD(struct vi8042, keyboard.code_count),
		MONITOR_FIELD(struct vi8042, keyboard.reply_count),
	};

	(void)context;
	monitor_fields(a, &vm->platform.keyboard, fields, ARRAY_SIZE(fields));
	monitor_print(a, "A20 is %s\n", vm->platform.a20 ? "on" : "off");
}

static bool kbd(const struct monitor_args *a)
{
	return monitor_run_on(a, 2, print_kbd, NULL);
}

const struct monitor_command command_kbd = {
	.name = "kbd",
	.usage = "NAME",
	.help = "a VM's keyboard controller (8042) and keyboard",
	.run = kbd,
	.vm_names = true,
};

/* ---- io ---- */

/* Out of the statistics: a string instruction of many elements may be one exit. */
static void print_claim(const struct monitor_args *a, const struct exit_stats *s,
			const struct io_claim *c)
{
	uint64_t exits[2] = {0}; /* OUT, IN */

	for (unsigned i = 0; !s->clear && i < s->key_count; i++) {
		uint16_t port = (uint16_t)s->keys[i].id;

		if (s->keys[i].id >> 32 == EXIT_REASON_IO_INSTRUCTION &&
		    (uint16_t)(port - c->first) < c->count)
			exits[(s->keys[i].id & EXIT_KEY_IN) != 0] += exit_stats_count(&s->keys[i]);
	}
	monitor_print(a, "port %04x-%04x  %s%s", c->first, c->first + c->count - 1u, c->name,
		      c->wide ? " (wide)" : "");
	if (exits[0] + exits[1])
		monitor_print(a, ", exits: %llu in, %llu out", (unsigned long long)exits[1],
			      (unsigned long long)exits[0]);
	monitor_print(a, "\n");
}

static void print_io(struct vm *vm, const struct monitor_args *a, void *context)
{
	const struct io_bus *io = &vm->platform.io;
	const struct mmio_bus *mmio = &vm->platform.mmio;

	(void)context;
	for (unsigned i = 1; i < io->claim_count; i++)
		print_claim(a, vm->stats, &io->claims[i]);
	for (unsigned i = 0; i < io->unclaimed_count; i++)
		monitor_print(a, "port %04x  nobody's: %llu reads, %llu writes\n",
			      io->unclaimed[i].port, (unsigned long long)io->unclaimed[i].reads,
			      (unsigned long long)io->unclaimed[i].writes);
	for (unsigned i = 0; i < mmio->claim_count; i++)
		monitor_print(a, "memory %08llx-%08llx  %s\n",
			      (unsigned long long)mmio->claims[i].first.raw,
			      (unsigned long long)(mmio->claims[i].first.raw +
						   mmio->claims[i].len_bytes - 1),
			      mmio->claims[i].name);
	for (unsigned i = 0; i < mmio->unclaimed_count; i++)
		monitor_print(a, "memory %08llx  nobody's: %llu reads, %llu writes\n",
			      (unsigned long long)mmio->unclaimed[i].page.raw,
			      (unsigned long long)mmio->unclaimed[i].reads,
			      (unsigned long long)mmio->unclaimed[i].writes);
	monitor_print(a, "nobody's in all: %llu port accesses, %llu memory accesses\n",
		      (unsigned long long)io->unclaimed_total,
		      (unsigned long long)mmio->unclaimed_total);
}

static bool io(const struct monitor_args *a)
{
	return monitor_run_on(a, 2, print_io, NULL);
}

const struct monitor_command command_io = {
	.name = "io",
	.usage = "NAME",
	.help = "a VM's ports and device memory: whose they are, how often each was used",
	.run = io,
	.vm_names = true,
};
