/*
 * guest/vi8042.h - the 8042 keyboard controller that the guest sees, with a keyboard and no mouse.
 *
 * Pure model: no port, clock, lock or log. The caller holds the VM's lock. Port 60h is register 0,
 * port 64h is register 1. The controller works at once, so its input buffer is always empty, and
 * its replies are there after the command. A byte of the keyboard needs VI8042_BYTE_NS from when
 * the one before it was read, or its command was written; the interrupt line is low meanwhile.
 *
 * Without a mouse: A9h finds the clock line stuck, D4h gives FEh with time-out. Unknown commands
 * are ignored, as are the pulses of F0h to FFh but for the reset's.
 * Not modelled: the key lock, the password (A4h says that there is none), input port polling (C1h,
 * C2h), parity errors.
 * Spec: IBM Personal System/2 Hardware Interface Technical Reference, "Keyboard/Auxiliary Device
 * Controller"; IBM PC AT Technical Reference, "Keyboard Controller" (C0h, E0h).
 */
#pragma once

#include "guest/io.h"
#include "guest/vkeyboard.h"

#define VI8042_PORTS   2u
#define VI8042_RAM     32u

/* 11 bits at the fastest clock of a keyboard, 16.7 kHz. */
#define VI8042_BYTE_NS UINT64_C(660000)

struct vi8042 {
	uint8_t ram[VI8042_RAM]; /* byte 0 is the command byte */
	uint8_t status;          /* as a read gives it */
	uint8_t data;            /* the output buffer */
	uint8_t waiting; /* what goes to port 60h next is for this command; 0: for the keyboard */
	uint8_t port;    /* output port: bits that commands set */
	bool has_reply;  /* a reply waits for the output buffer */
	uint8_t reply, reply_status;
	bool broke; /* translation: F0h has come */
	bool reset_pending;
	uint64_t ready_ns; /* before it, nothing more comes into the output buffer */
	struct vkeyboard keyboard;
};

/* As before any firmware: interrupts enabled, no translation, A20 on, nothing in the buffers. */
void vi8042_power_on(struct vi8042 *k);

/* After vi8042_power_on(), for a guest that starts without firmware: as a BIOS leaves it, with
 * translation to set 1 and the system flag. */
void vi8042_skip_firmware(struct vi8042 *k);

/* One byte access to register io->port, 0 or 1. */
void vi8042_access(void *state, struct io_access *io);

/* Levels of IRQ 1 and of IRQ 12 (which only D3h and D4h can raise) at now_ns. */
bool vi8042_irq(const struct vi8042 *k, uint64_t now_ns);
bool vi8042_irq12(const struct vi8042 *k);

/* When the level of IRQ 1 may rise next, after now_ns; NS_NEVER: not before the guest's next
 * access, or it is high. */
uint64_t vi8042_deadline_ns(const struct vi8042 *k, uint64_t now_ns);

/* Is address line 20 let through? */
bool vi8042_a20(const struct vi8042 *k);

/* The line was moved by its other gate: the output port shows it. */
void vi8042_set_a20(struct vi8042 *k, bool high);

/* Did the guest ask for a CPU reset since the last call? Answers true once for each time. */
MUST_CHECK bool vi8042_take_reset(struct vi8042 *k);

/* As vkeyboard_can_type() and vkeyboard_type() in guest/vkeyboard.h. */
bool vi8042_can_type(const struct vi8042 *k);
MUST_CHECK bool vi8042_type(struct vi8042 *k, uint8_t byte, uint64_t now_ns);
