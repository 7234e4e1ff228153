/*
 * guest/chipset.h - the small ports of the board: POST codes, debug output, reset, power-off, the
 * PCI configuration ports of a machine without PCI, and the debug exit.
 *
 * Pure model. The caller holds the VM's lock. The state of all access functions is one struct
 * chipset. Each has the sizes of access that its comment names. What a guest asks of its machine is
 * kept until the caller takes it; while something waits, later requests are ignored, since the
 * machine would not have run on.
 * Not modelled: the hard disk light and the CPU self-test of the reset register; ACPI sleep states
 * other than S5; SMI.
 * Spec: 82371SB (PIIX3) data sheet, "RC - Reset Control Register"; ICH5 data sheet, "RST_CNT";
 * 82371AB (PIIX4) data sheet, "PMCNTRL - Power Management Control"; QEMU documentation, ISA debug
 * exit and debug console.
 */
#pragma once

#include "guest/io.h"

#define CHIPSET_LINE_SIZE 160u /* of a line of debug output, with its NUL */
#define CHIPSET_LINES     16u  /* finished lines that wait for the caller */

enum chipset_request {
	CHIPSET_NONE,
	CHIPSET_RESET_SOFT, /* the CPU only (INIT) */
	CHIPSET_RESET_HARD, /* the whole machine */
	CHIPSET_POWER_OFF,
	CHIPSET_DEBUG_EXIT, /* with chipset_exit_status() */
};

enum chipset_debug_port {
	CHIPSET_DEBUG_402, /* of SeaBIOS and OVMF */
	CHIPSET_DEBUG_E9,  /* of Bochs */
	CHIPSET_DEBUG_PORTS
};

struct chipset_line {
	char text[CHIPSET_LINE_SIZE];
	uint8_t len;
};

struct chipset {
	uint8_t post;        /* the last POST code */
	uint64_t post_count; /* how many have come */
	uint8_t reset;       /* the register at CF9h */
	uint16_t pm_control;
	enum chipset_request request;
	uint32_t exit_status;
	struct chipset_line unfinished[CHIPSET_DEBUG_PORTS];
	struct chipset_line lines[CHIPSET_LINES];
	uint8_t line_head, line_count;
	uint64_t lines_lost; /* they came faster than they were taken */
};

void chipset_power_on(struct chipset *c);

/* A POST code comes. */
static inline void chipset_post(struct chipset *c, uint8_t code)
{
	c->post = code;
	c->post_count++;
}

/* The POST port, 80h: one register, bytes. It reads back, as the page register does whose place it
 * has. */
void chipset_post_access(void *state, struct io_access *io);

/* Debug output: register 0 = 402h, 1 = E9h, bytes. Reads give E9h, which says that somebody
 * listens. */
void chipset_debug_access(void *state, struct io_access *io);

/* The reset register, CF9h: one register, bytes. Bit 2 going from 0 to 1 resets: the whole machine
 * if bit 1 is set, else the CPU. Bits 1 to 3 read back. */
void chipset_reset_access(void *state, struct io_access *io);

/*
 * PM1a_CNT at 604h (or B004h): registers 0 and 1, wide or byte by byte. SLP_EN (bit 13) written
 * with SLP_TYP (bits 10 to 12) 0 means power-off, as on QEMU's PC: a word 2000h, or a byte 20h to
 * register 1; of a dword the lower half counts. Other SLP_TYP are stored and do nothing. SLP_TYP
 * and bits 0 and 1 (SCI_EN, BRLD_EN_BM) read back, the other bits of the register are 0, and what
 * is behind it all ones.
 */
void chipset_power_access(void *state, struct io_access *io);

/*
 * CF8h to CFFh of a machine without PCI: registers 0 to 7, wide or byte by byte. All ones, and
 * writes are ignored. Linux, SeaBIOS and memtest86+ write 80000000h to CF8h and see that it does
 * not read back; GRUB does not look there, but finds no vendor in the data; iPXE asks the BIOS. A
 * byte at register 1 is the reset register above: one claim, a wide one, may have all eight ports.
 */
void chipset_pci_access(void *state, struct io_access *io);

/* The debug exit port: any number of registers, 1, 2 or 4 bytes. A write of V ends the machine with
 * status 2 * V + 1 (32 bits). Reads give 0. */
void chipset_exit_access(void *state, struct io_access *io);

/* What the guest has asked for since the last call, once. */
MUST_CHECK enum chipset_request chipset_take_request(struct chipset *c);

/* The status that came with CHIPSET_DEBUG_EXIT, always odd. */
uint32_t chipset_exit_status(const struct chipset *c);

/*
 * The next finished line of debug output, printable ASCII without its end, or NULL. It is valid
 * until the next call of any function on c. Bytes that are not printable show as '?', tabs as a
 * blank; CR, NUL and empty lines are dropped; a line that is too long is cut into several. When
 * nobody takes them, the newest lines are lost, and counted.
 */
const char *chipset_take_line(struct chipset *c);

/* Ends the lines that are not finished, so that they can be taken. */
void chipset_flush_line(struct chipset *c);
