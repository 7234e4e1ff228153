/*
 * guest/vata.h - one ATA channel by PIO, as ISA has it: two places for a disk or a CD-ROM drive.
 *
 * Pure model: no port, clock, lock or log. The caller holds the VM's lock.
 * Registers (io->port): 0 to 7 are 1F0h to 1F7h (or 170h to 177h), 8 is 3F6h (376h). The claim must
 * be wide: the data register takes 1, 2 and 4 bytes at once; elsewhere each byte is a register of
 * its own. Every command completes at once, so BSY is only seen while SRST is set.
 * An access of one byte to the data register moves a word, as on the cable, and the upper byte is
 * lost (read) or 0 (write); one of four bytes moves two words.
 * A place without a device: status 0, count and LBA registers FFh, commands ignored; device 0
 * answers for the rest if it is there. So no driver waits: SeaBIOS and Linux see that count and LBA
 * do not keep what they write, and those that send IDENTIFY at once take status 0 as "no device". A
 * floating FFh has BSY set, and a driver that does not know it waits out its time limit.
 * Not modelled: DMA, overlapped and queued commands, SMART, security, SET MAX, the time that
 * anything takes. While DRQ is set, writes to the selected device's registers are ignored (the
 * standard calls the result indeterminate), but DEVICE RESET to a packet device. SLEEP is as
 * STANDBY: any command wakes the device.
 * Spec: ATA/ATAPI-6 (T13 1410D), "Register definitions", "Protocols", "Command descriptions"; for
 * what became obsolete there (CHS), ATA-3.
 */
#pragma once

#include "guest/io.h"
#include "guest/vata_device.h"

struct vata_drive {
	enum vata_kind kind;
	struct disk *disk; /* of a disk: what it holds; of a CD-ROM drive: the disc. Or NULL */
	uint8_t number;    /* shows in the serial number, so that drives of a VM differ */
};

struct vata {
	bool fell; /* see vata_take_fall() */
	struct vata_device devices[2];
	uint8_t control; /* as written */
	uint8_t selected;
};

/* Power-on, or the reset line. The disks stay as they are. A drive without disk (or a disk that is
 * not VATA_NONE with NULL) counts as an empty place. */
void vata_power_on(struct vata *c, const struct vata_drive drives[2]);

/* One access of 1, 2 or 4 bytes to register io->port, 0 to 8. */
void vata_access(void *state, struct io_access *io);

/* Level of INTRQ: IRQ 14, or 15 for the secondary channel. */
bool vata_irq(const struct vata *c);

/* Has the line been low since the last call, if only for a moment? A command ends the request of
 * the last one, and its own comes at once: two edges. */
bool vata_take_fall(struct vata *c);

/* What REP INS and REP OUTS do to the data register: up to count whole elements of size bytes, not
 * past the end of a DRQ block. Returns how many were moved; 0 says that this is none of the simple
 * cases (no DRQ, the other direction, size 1, an element that a block's end would cut), and the
 * caller makes one vata_access(). Elements behind the answer are not touched. */
unsigned vata_read_run(struct vata *c, void *to, unsigned size, unsigned count);
unsigned vata_write_run(struct vata *c, const void *from, unsigned size, unsigned count);
