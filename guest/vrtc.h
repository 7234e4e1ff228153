/*
 * guest/vrtc.h - the MC146818 clock with its CMOS RAM that the guest sees.
 *
 * Pure model: no port, clock, lock or log. The caller holds the VM's lock. Ports 70h and 71h are
 * the registers 0 and 1. 128 bytes: 00h-0Dh the chip's own, 0Eh-7Fh RAM with what a PC's BIOS
 * keeps there.
 *
 * The divider is a counter of 32768 Hz that starts from 0 when its reset ends. The update cycle
 * begins half a second later and then each second; UIP goes up 244 us before and down with the end
 * of the cycle, 1984 us long, when the time bytes change and UF and AF come. A periodic interrupt
 * comes in the middle of each period. Bytes that are no time are brought into range by the next
 * update. The century (32h) goes on with the years, as in the chips after the first.
 *
 * Not modelled: the other time bases (DV 000 and 001 run as 010 does) and the dividers' test modes
 * (011 to 101 hold the divider as its reset does); daylight saving and the square wave (DSE and
 * SQWE are stored); what a read within the update cycle might give (it gives the old time).
 * Spec: MC146818 data sheet, "Registers", "Update Cycle", "Interrupts", "Divider Stages"; ICH data
 * sheet, "RTC_INDEX - Real-Time Clock Index Register".
 */
#pragma once

#include "guest/io.h"

#define VRTC_PORTS              2u
#define VRTC_BYTES              128u

/* The places that others than this model have to do with. */
#define VRTC_CMOS_SHUTDOWN      0x0fu
#define VRTC_CMOS_FLOPPIES      0x10u
#define VRTC_CMOS_DISKS         0x12u
#define VRTC_CMOS_EQUIPMENT     0x14u
#define VRTC_CMOS_BOOT_THIRD    0x38u
#define VRTC_CMOS_BOOT_SEQUENCE 0x3du

struct vrtc {
	uint8_t cmos[VRTC_BYTES]; /* as a read gives it, but for UIP and IRQF */
	uint8_t index;            /* as written to 70h: bit 7 masks NMI */
	uint64_t chain_ns;        /* when the divider was 0; its wrap below 0 does no harm */
	uint64_t seen_ns;         /* up to here, all that happened is in cmos */
	uint64_t set_ns;          /* when SET was cleared, or chain_ns: no cycle begins before it */
};

/* Power-on: the time of day is unix_s (seconds since 1970, UTC) and its second begins at now_ns.
 * BCD, 24 hours, no interrupt, divider running; RAM as a PC without floppies and disks has it, with
 * 640 KiB and no more until vrtc_set_memory(). The checksum is right. */
void vrtc_power_on(struct vrtc *r, uint64_t now_ns, int64_t unix_s);

/* The RESET pin: interrupts off and their flags gone; the clock and the RAM go on. */
void vrtc_reset(struct vrtc *r, uint64_t now_ns);

/* One byte access to register io->port, 0 or 1. */
void vrtc_access(void *state, struct io_access *io);

/* Level of IRQ 8 at now_ns. */
bool vrtc_irq(struct vrtc *r, uint64_t now_ns);

/* When the level may rise next, after now_ns; NS_NEVER: not before the guest's next access, or it
 * is high. */
uint64_t vrtc_deadline_ns(struct vrtc *r, uint64_t now_ns);

/* Does the guest mask NMI (bit 7 of port 70h)? */
bool vrtc_nmi_masked(const struct vrtc *r);

/* A byte of the RAM, for the board; index is below VRTC_BYTES. Registers A to D and the time are as
 * of the last access. */
uint8_t vrtc_cmos(const struct vrtc *r, uint8_t index);

/* The board's own write: the checksum over 10h to 2Dh is kept right, which the guest has to do by
 * itself. index is 0Eh to 7Fh. */
void vrtc_set_cmos(struct vrtc *r, uint8_t index, uint8_t value);

/* RAM from 0, holes not counted, and from 4 GiB on: what 15h-18h, 30h-31h, 34h-35h and 5Bh-5Dh
 * say. */
void vrtc_set_memory(struct vrtc *r, uint64_t below_4g_bytes, uint64_t above_4g_bytes);
