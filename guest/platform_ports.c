/*
 * guest/platform_ports.c - which chip of the board stands at which port; see guest/platform.h.
 */
#include "guest/platform_ports.h"

#include "kernel/assert.h"
#include "kernel/string.h"

enum {
	PIC_MASTER = 0x20,
	PIC_SLAVE = 0xa0,
	PIC_ELCR = 0x4d0,
	PIT_COUNTERS = 0x40,
	PIT_CONTROL = 0x43,
	COM1 = 0x3f8,
	PCI_ADDRESS = 0xcf8,
};

/* Registers whose access may move the receiver's time-out: RBR is read, THR (in loopback), IER, FCR
 * or MCR written. */
static bool may_move_timeout(const struct io_access *io)
{
	const unsigned read = 0x01, written = 0x17;

	return ((io->write ? written : read) >> io->port) & 1;
}

/* Polling LSR or IIR changes nothing but the line; what is to be sent has to be taken. */
static void access_com1(void *state, struct io_access *io)
{
	struct platform *p = state;
	bool irq = vuart_irq(&p->com1, io->now_ns);

	vuart_access(&p->com1, io);
	if (may_move_timeout(io) || vuart_has_tx(&p->com1) ||
	    irq != vuart_irq(&p->com1, io->now_ns))
		p->stale = true;
}

/* The line follows the gate that was moved; the other gate shows it. */
static void set_a20(struct platform *p, bool high)
{
	p->a20 = high;
	port92_set_a20(&p->port92, high);
	vi8042_set_a20(&p->keyboard, high);
}

static void access_port92(void *state, struct io_access *io)
{
	struct platform *p = state;

	port92_access(&p->port92, io);
	if (io->write)
		set_a20(p, port92_a20(&p->port92));
	p->switched |= io->write;
}

static void access_keyboard(void *state, struct io_access *io)
{
	struct platform *p = state;
	bool write = io->write;

	vi8042_access(&p->keyboard, io);
	if (vi8042_a20(&p->keyboard) != p->a20)
		set_a20(p, vi8042_a20(&p->keyboard));
	p->calm_stale = true;
	p->stale = true;
	p->switched |= write;
}

static void access_rtc(void *state, struct io_access *io)
{
	struct platform *p = state;
	bool index = io->port == 0;

	vrtc_access(&p->rtc, io);
	if (!index) {
		p->calm_stale = true;
		p->stale = true;
	}
}

static void access_ata(struct platform *p, unsigned channel, struct io_access *io)
{
	bool irq = vata_irq(&p->ata[channel]);

	vata_access(&p->ata[channel], io);
	if (vata_take_fall(&p->ata[channel])) {
		vpic_set_line(&p->pic, PLATFORM_IRQ_ATA + channel, false);
		irq = false;
	}
	if (vata_irq(&p->ata[channel]) != irq) {
		p->calm_stale = true;
		p->stale = true;
	}
}

static void access_ata0(void *state, struct io_access *io)
{
	access_ata(state, 0, io);
}

static void access_ata1(void *state, struct io_access *io)
{
	access_ata(state, 1, io);
}

/* A run of words through the data port: all at once, up to the end of what the drive has or wants.
 * */
static uint64_t run_ata(struct platform *p, unsigned channel, const struct io_run *run)
{
	struct vata *c = &p->ata[channel];
	unsigned count = (unsigned)min_u64(run->count, UINT32_MAX);
	bool irq = vata_irq(c);

	if (run->port != 0)
		return 0;
	count = run->write ? vata_write_run(c, run->at, run->size, count)
			   : vata_read_run(c, run->at, run->size, count);
	if (vata_irq(c) != irq) {
		p->calm_stale = true;
		p->stale = true;
	}
	return count;
}

static uint64_t run_ata0(void *state, const struct io_run *run)
{
	return run_ata(state, 0, run);
}

static uint64_t run_ata1(void *state, const struct io_run *run)
{
	return run_ata(state, 1, run);
}

static void access_dma(void *state, struct io_access *io)
{
	struct platform *p = state;

	vdma_access(&p->dma, io);
}

static void access_vga(void *state, struct io_access *io)
{
	struct platform *p = state;

	vvga_access(&p->vga, io);
}

static void access_fw_cfg(void *state, struct io_access *io)
{
	struct platform *p = state;

	fw_cfg_access(&p->fw_cfg, io);
}

static uint64_t run_fw_cfg(void *state, const struct io_run *run)
{
	struct platform *p = state;

	return fw_cfg_some(&p->fw_cfg, run);
}

static void access_end(void *state, struct io_access *io)
{
	struct platform *p = state;

	end_port_access(&p->end, io);
	p->switched |= io->write;
}

static void access_post(void *state, struct io_access *io)
{
	struct platform *p = state;

	chipset_post_access(&p->chipset, io);
}

/* Of many codes at once, the last one stays. */
static uint64_t run_post(void *state, const struct io_run *run)
{
	struct platform *p = state;

	if (!run->write)
		return 0;
	p->chipset.post_count += run->count - 1;
	chipset_post(&p->chipset, run->at[run->count - 1]);
	return run->count;
}

/* What the chipset does at a write is for the caller of platform_take_switched(). */
static void access_debug(void *state, struct io_access *io)
{
	struct platform *p = state;

	p->switched |= io->write;
	chipset_debug_access(&p->chipset, io);
}

static void access_power(void *state, struct io_access *io)
{
	struct platform *p = state;

	p->switched |= io->write;
	chipset_power_access(&p->chipset, io);
}

static void access_exit(void *state, struct io_access *io)
{
	struct platform *p = state;

	p->switched |= io->write;
	chipset_exit_access(&p->chipset, io);
}

static void access_pci(void *state, struct io_access *io)
{
	struct platform *p = state;

	p->switched |= io->write; /* the reset register is one of these */
	chipset_pci_access(&p->chipset, io);
}

/* Who stands at which ports. */
static const struct io_claim board[] = {
	{.name = "pic", .access = platform_access_pic, .first = PIC_MASTER, .count = 2},
	{.name = "pic", .access = platform_access_pic, .first = PIC_SLAVE, .count = 2, .offset = 2},
	{.name = "pic", .access = platform_access_pic, .first = PIC_ELCR, .count = 2, .offset = 4},
	{.name = "pit", .access = platform_access_pit, .first = PIT_COUNTERS, .count = 4},
	{.name = "pit", .access = platform_access_pit, .first = 0x61, .count = 1, .offset = 4},
	{.name = "com1", .access = access_com1, .first = COM1, .count = VUART_PORTS},
	{.name = "keyboard", .access = access_keyboard, .first = 0x60, .count = 1},
	{.name = "keyboard", .access = access_keyboard, .first = 0x64, .count = 1, .offset = 1},
	{.name = "rtc", .access = access_rtc, .first = 0x70, .count = 2},
	{.name = "dma", .access = access_dma, .first = 0x00, .count = 16},
	{.name = "dma", .access = access_dma, .first = 0xc0, .count = 32, .offset = 0x20},
	{.name = "dma", .access = access_dma, .first = 0x81, .count = 15, .offset = 0x41},
	{.name = "post", .access = access_post, .first = 0x80, .count = 1, .some = run_post},
	{.name = "port92", .access = access_port92, .first = 0x92, .count = 1},
	{.name = "vga", .access = access_vga, .first = 0x3b4, .count = 2, .offset = 0x04},
	{.name = "vga", .access = access_vga, .first = 0x3ba, .count = 1, .offset = 0x0a},
	{.name = "vga", .access = access_vga, .first = 0x3c0, .count = 16, .offset = 0x10},
	{.name = "vga", .access = access_vga, .first = 0x3d4, .count = 2, .offset = 0x24},
	{.name = "vga", .access = access_vga, .first = 0x3da, .count = 1, .offset = 0x2a},
	{.name = "fw_cfg",
	 .access = access_fw_cfg,
	 .first = 0x510,
	 .count = 2,
	 .wide = true,
	 .some = run_fw_cfg},
	{.name = "fw_cfg",
	 .access = access_fw_cfg,
	 .first = 0x514,
	 .count = 8,
	 .offset = 4,
	 .wide = true},
	{.name = "debug", .access = access_debug, .first = 0xe9, .count = 1, .offset = 1},
	{.name = "debug", .access = access_debug, .first = 0x402, .count = 1},
	{.name = "power", .access = access_power, .first = 0x604, .count = 2, .wide = true},
	{.name = "power", .access = access_power, .first = 0xb004, .count = 2, .wide = true},
	{.name = "pci", .access = access_pci, .first = PCI_ADDRESS, .count = 8, .wide = true},
	{.name = "end", .access = access_end, .first = 0x8900, .count = 1},
};

static const struct io_claim ata_ports[PLATFORM_ATA_CHANNELS][2] = {
	{{.name = "ata", .first = 0x1f0, .access = access_ata0, .some = run_ata0},
	 {.name = "ata", .first = 0x3f6, .access = access_ata0, .offset = 8}},
	{{.name = "ata", .first = 0x170, .access = access_ata1, .some = run_ata1},
	 {.name = "ata", .first = 0x376, .access = access_ata1, .offset = 8}},
};

static enum status claim(struct platform *p, struct io_claim port)
{
	port.state = p;
	return io_bus_claim(&p->io, &port);
}

/* A channel without a drive is not there: its ports are nobody's, which probes find at once. */
static void plug_drives(struct platform *p, unsigned channel, const struct vata_drive drives[2])
{
	vata_power_on(&p->ata[channel], drives);
	if (drives[0].kind == VATA_NONE && drives[1].kind == VATA_NONE)
		return;
	for (unsigned i = 0; i < 2; i++) {
		struct io_claim port = ata_ports[channel][i];
		enum status s;

		port.count = i ? 1 : 8;
		port.wide = !i;
		s = claim(p, port);
		ASSERT(s == OK);
	}
}

/* ERR_EXISTS: a port that the user has named belongs to somebody. */
static enum status plug_debug_ports(struct platform *p, const struct platform_setup *setup)
{
	const struct io_claim exit_port = {.name = "debug exit",
					   .access = access_exit,
					   .first = setup->debug_exit_port,
					   .count = 4,
					   .wide = true};
	const struct io_claim console = {.name = "debug",
					 .access = access_debug,
					 .first = setup->debug_console_port,
					 .count = 1};
	const char *owner = io_bus_owner(&p->io, setup->debug_console_port);
	enum status s = OK;

	if (setup->debug_exit_port)
		s = claim(p, exit_port);
	if (s == OK && setup->debug_console_port && !(owner && strcmp(owner, "debug") == 0))
		s = claim(p, console);
	return s;
}

enum status platform_init(struct platform *p, const struct platform_setup *setup)
{
	uint64_t now_ns = setup->now_ns;

	*p = (struct platform){.stale = true,
			       .wake_stale = true,
			       .calm_stale = true,
			       .a20 = true,
			       .typed = setup->typed,
			       .now_ns = now_ns};
	io_bus_init(&p->io);
	mmio_bus_init(&p->mmio);
	for (size_t i = 0; i < ARRAY_SIZE(board); i++) {
		enum status s = claim(p, board[i]);

		ASSERT(s == OK); /* the board is a constant */
	}
	vpic_reset(&p->pic);
	vpit_reset(&p->pit, now_ns);
	vuart_reset(&p->com1);
	port92_reset(&p->port92);
	end_port_reset(&p->end);
	vrtc_power_on(&p->rtc, now_ns, setup->unix_s);
	vrtc_set_memory(&p->rtc, setup->low_bytes, setup->high_bytes);
	vi8042_power_on(&p->keyboard);
	vdma_power_on(&p->dma);
	vvga_power_on(&p->vga);
	chipset_power_on(&p->chipset);
	fw_cfg_init(&p->fw_cfg, setup->memory, setup->low_bytes + setup->high_bytes, 1);
	for (unsigned i = 0; i < PLATFORM_ATA_CHANNELS; i++)
		plug_drives(p, i, setup->drives[i]);
	return plug_debug_ports(p, setup);
}

void platform_set_bios_state(struct platform *p, uint64_t now_ns)
{
	static const struct {
		uint16_t port;
		uint8_t value;
	} writes[] = {
		/* Edge-triggered, cascaded, ICW4 follows; vectors; ICW3; 8086 mode, normal EOI. */
		{PIC_MASTER, 0x11},
		{PIC_MASTER + 1, 0x08},
		{PIC_MASTER + 1, 0x04},
		{PIC_MASTER + 1, 0x01},
		{PIC_SLAVE, 0x11},
		{PIC_SLAVE + 1, 0x70},
		{PIC_SLAVE + 1, 0x02},
		{PIC_SLAVE + 1, 0x01},
		{PIC_MASTER + 1, 0xfb},
		{PIC_SLAVE + 1, 0xff},
		/* Channel 0, both bytes, mode 2; 0 counts as 65536. */
		{PIT_CONTROL, 0x34},
		{PIT_COUNTERS, 0},
		{PIT_COUNTERS, 0},
		/* DLAB, divisor 1, then 8N1. */
		{COM1 + 3, 0x83},
		{COM1, 0x01},
		{COM1 + 1, 0x00},
		{COM1 + 3, 0x03},
	};

	for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
		struct io_access io = {
			.port = writes[i].port,
			.size = 1,
			.write = true,
			.value = writes[i].value,
			.now_ns = now_ns,
		};

		platform_io(p, &io);
	}
	vi8042_skip_firmware(&p->keyboard);
}
