/*
 * guest/platform.h - the guest's board: the chips, their ports, and the wires between them.
 *
 *   PIC 20h 21h, A0h A1h, 4D0h 4D1h     PIT 40h-43h, 61h     COM1 3F8h-3FFh
 *   keyboard 60h 64h      clock and CMOS 70h 71h     DMA 00h-0Fh, 81h-8Fh, C0h-DFh
 *   A20 and fast reset 92h     ATA 1F0h-1F7h 3F6h, 170h-177h 376h (a channel that has a drive)
 *   VGA 3B4h 3B5h 3BAh 3C0h-3CFh 3D4h 3D5h 3DAh     fw_cfg 510h 511h 514h-51Bh
 *   POST code 80h     debug output E9h 402h     reset CF9h     no PCI CF8h-CFFh
 *   ACPI power-off 604h B004h     end of the machine 8900h
 *
 *   OUT 0 of the PIT → IRQ 0     keyboard → IRQ 1     COM1 → IRQ 4     clock → IRQ 8
 *   ATA channels → IRQ 14, 15
 *
 * The A20 line has two gates, port 92h and the keyboard controller; as on most boards the one that
 * was moved last decides, and both read back what is so.
 *
 * Pure. The caller holds the VM's lock, and now_ns, the VM's clock, never goes back.
 *
 * How a tick comes to the guest. On hardware, a tick that finds the request of the last one still
 * waiting is lost: the guest had its chance. A guest that was not running had none: the core ran
 * another VM, or the host was late. So platform_sync() is told until when the guest really ran.
 * Ticks up to then behave as on hardware. Later ones that find the request waiting are owed, and
 * each is handed over when the one before has been acknowledged. A request that came late, by debt
 * or in a time when the guest did not run, also saves the one tick that follows while the guest
 * runs: it may follow at once. Debt is at most a second of ticks; it ends when IRQ 0 is masked,
 * when the PIC is initialised, and when channel 0 is programmed.
 *
 * The low phase of OUT 0 in modes 2 and 3 is not shown to the PIC: the line stays up, and each
 * rising edge is one short low. An edge-triggered 8259A withdraws a request whose line drops, so in
 * mode 3 a guest that has interrupts off for half a period would lose ticks for no good. A PIC that
 * is level-triggered (LTIM) and all other modes see the real level.
 */
#pragma once

#include "guest/chipset.h"
#include "guest/end_port.h"
#include "guest/fw_cfg.h"
#include "guest/io_bus.h"
#include "guest/mmio_bus.h"
#include "guest/port92.h"
#include "guest/vata.h"
#include "guest/vdma.h"
#include "guest/vi8042.h"
#include "guest/vpic.h"
#include "guest/vpit.h"
#include "guest/vrtc.h"
#include "guest/vuart.h"
#include "guest/vvga.h"

#define PLATFORM_IRQ_PIT      0u
#define PLATFORM_IRQ_KEYBOARD 1u
#define PLATFORM_IRQ_COM1     4u
#define PLATFORM_IRQ_RTC      8u
#define PLATFORM_IRQ_AUX      12u
#define PLATFORM_IRQ_ATA      14u /* and the next one for the second channel */
#define PLATFORM_ATA_CHANNELS 2u

/* What is particular to one machine. */
struct platform_setup {
	uint64_t now_ns;
	int64_t unix_s;              /* time of day then: seconds since 1970, UTC */
	struct guest_memory *memory; /* where fw_cfg copies to; NULL if there is none */
	uint64_t low_bytes;          /* RAM below 4 GiB */
	uint64_t high_bytes;         /* and above */
	struct vata_drive drives[PLATFORM_ATA_CHANNELS][2];
	uint16_t debug_exit_port;    /* QEMU's isa-debug-exit; 0: none */
	uint16_t debug_console_port; /* one more port for debug output; 0: none */
	bool typed;                  /* somebody types on the keyboard (not on COM1) */
};

struct platform {
	struct io_bus io;
	struct mmio_bus mmio;
	struct vpic pic;
	struct vpit pit;
	struct vuart com1;
	struct port92 port92;
	struct end_port end;
	struct vrtc rtc;
	struct vi8042 keyboard;
	struct vata ata[PLATFORM_ATA_CHANNELS];
	struct vdma dma;
	struct vvga vga;
	struct fw_cfg fw_cfg;
	struct chipset chipset;
	bool a20;               /* the line: high is on */
	bool typed;             /* somebody types on the keyboard */
	bool calm_stale;        /* a device that seldom changes did */
	uint64_t calm_event_ns; /* none of these changes by itself before this */
	uint64_t owed_ticks;
	bool late_request;      /* the request on IRQ 0 came late; see above */
	bool stale;             /* a line may have changed: platform_sync() has to look */
	bool wake_stale;        /* wake_ns has to be worked out anew */
	bool switched;          /* A20, a reset, the end, debug output: somebody has to look */
	uint64_t now_ns;        /* the latest moment at which it looked */
	uint64_t next_event_ns; /* nothing changes by itself before this */
	uint64_t wake_ns;       /* what platform_deadline_ns() answers */
};

/* Power-on: the chips are as after their reset, A20 is on, no PIC is initialised. fw_cfg has the
 * items of the machine's size, and the caller adds its own. ERR_EXISTS, and the board is not to be
 * used: a debug port of the setup is another chip's; ERR_RANGE: it is past FFFFh. */
MUST_CHECK enum status platform_init(struct platform *p, const struct platform_setup *setup);

/*
 * What a BIOS leaves to a boot sector, after platform_init(): the PICs with vectors 08h and 70h,
 * and channel 0 of the PIT in mode 2 with count 0 (18.2 Hz), as SeaBIOS does. All interrupts but
 * the cascade are masked: SeaBIOS leaves some open, but it also leaves handlers for them, and here
 * the vector table is empty. The guest opens those that it has handlers for. COM1 is at 115200 8N1,
 * so that a guest can print without programming it.
 */
void platform_set_bios_state(struct platform *p, uint64_t now_ns);

/* One access of the guest. False if nobody answered at a port of it (it read all ones). */
static inline bool platform_io(struct platform *p, struct io_access *io)
{
	return io_bus_access(&p->io, io);
}

/* For platform_sync(). */
void platform_sync_slow(struct platform *p, uint64_t now_ns, uint64_t ran_until_ns);

/*
 * Carries the lines to the PIC as they are at now_ns. The guest ran until ran_until_ns (its last
 * exit), at most now_ns. A tick after the deadline that platform_deadline_ns() gave is not the
 * guest's to lose either, if the exit came later than that. To be called before each entry, before
 * platform_intr(), and while the guest does not run when platform_deadline_ns() has come. A few
 * loads where nothing is due.
 */
static inline void platform_sync(struct platform *p, uint64_t now_ns, uint64_t ran_until_ns)
{
	if (p->stale || now_ns >= p->next_event_ns)
		platform_sync_slow(p, now_ns, ran_until_ns);
}

/* After an access: is there anything to do but to go on (a line, a deadline, a byte to send, A20)?
 * An interrupt that is waiting is another question. Most accesses change nothing of that. */
static inline bool platform_needs_sync(const struct platform *p)
{
	return p->stale | p->wake_stale | p->switched;
}

/* Was something written since the last call that may switch A20, reset the machine or end it, or
 * that is debug output? */
static inline bool platform_take_switched(struct platform *p)
{
	bool switched = p->switched;

	p->switched = false;
	return switched;
}

/* Does the PIC ask for an interrupt? As of the last platform_sync(). */
static inline bool platform_intr(const struct platform *p)
{
	return vpic_intr(&p->pic);
}

/* The CPU takes the interrupt: returns its vector. The next tick that is owed is requested then. */
uint8_t platform_acknowledge(struct platform *p);

/* For platform_deadline_ns(). */
void platform_find_deadline(struct platform *p, uint64_t now_ns);

/* When to call platform_sync() again so that no interrupt comes late, as the board is now; NS_NEVER
 * if none comes by itself. A tick that could not interrupt, since IRQ 0 is masked or in service or
 * still waiting, needs no waking: platform_sync() will find it later. Call it after
 * platform_sync(), and after platform_acknowledge(), which may open the way for the next tick
 * (automatic EOI). */
static inline uint64_t platform_deadline_ns(struct platform *p, uint64_t now_ns)
{
	if (p->wake_stale)
		platform_find_deadline(p, now_ns);
	return p->wake_ns;
}

/* Could an interrupt still come, as the guest has programmed the board: from the PIT, the clock or
 * the keyboard, or through COM1 by what the outside does? A guest that halts and gets false sleeps
 * for good. */
bool platform_could_wake(const struct platform *p);

/* Bytes that were typed, for the keyboard. False: no room, the caller keeps it. */
MUST_CHECK bool platform_type(struct platform *p, uint8_t byte, uint64_t now_ns);

/* COM1's outside, as vuart_receive() and vuart_take_tx(). Whoever uses another function that
 * changes a chip sets p->stale. */
MUST_CHECK bool platform_receive(struct platform *p, uint8_t byte, uint64_t now_ns);
bool platform_take_tx(struct platform *p, uint8_t *byte);
