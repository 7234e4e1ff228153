/*
 * boot/acpi.h - what the firmware's tables say: cores, interrupt controllers, timers, power.
 *
 * Pure. Tables are reached by the caller's map function, so that a wild pointer in one of them is
 * a fault in the list and no page fault. Everything that is wrong with the tables is in that list,
 * for the caller's log; what can be used is used. Without a usable MADT there is one core, this
 * one, and no I/O APIC.
 * Not here: AML, but for the one package \_S5_ of the DSDT; MCFG, NUMA tables, devices.
 * Spec: ACPI specification 6.5, "ACPI Software Programming Model"; IA-PC HPET specification, "The
 * ACPI 2.0 HPET Description Table".
 */
#pragma once

#include "kernel/status.h"

#define ACPI_CORES_MAX     256u
#define ACPI_IOAPICS_MAX   16u
#define ACPI_NMIS_MAX      16u
#define ACPI_FAULTS_MAX    32u
#define ACPI_ISA_IRQS      16u
#define ACPI_ALL_CORES     UINT32_MAX /* struct acpi_nmi: wired to every core */
#define ACPI_LAPIC_DEFAULT UINT64_C(0xfee00000)

struct acpi_memory {
	/* A pointer through which len_bytes at this physical address can be read, or NULL. It stays
	 * good while acpi_read() runs. */
	const void *(*map)(void *context, hpa_t at, uint64_t len_bytes);
	void *context;
};

/* A register: "Generic Address Structure". address 0: there is none. */
enum acpi_space { ACPI_SPACE_MEMORY = 0, ACPI_SPACE_IO = 1, ACPI_SPACE_PCI = 2 };

struct acpi_register {
	uint8_t space;      /* enum acpi_space, or another number that we do not use */
	uint8_t width_bits; /* of the register */
	uint8_t access;     /* 0 undefined, 1 byte, 2 word, 3 dword, 4 qword */
	uint64_t address;
};

struct acpi_core {
	uint32_t apic_id;
	uint32_t uid; /* the processor's number for NMI entries */
};

struct acpi_ioapic {
	uint8_t id;
	uint32_t gsi_base;
	hpa_t at;
};

/* Where an ISA interrupt really arrives. */
struct acpi_route {
	uint32_t gsi;
	bool active_low, level;
};

struct acpi_nmi {
	uint32_t uid; /* or ACPI_ALL_CORES */
	uint8_t lint; /* local APIC pin, 0 or 1 */
	bool active_low, level;
};

/* A device interrupt that is an NMI. */
struct acpi_nmi_source {
	uint32_t gsi;
	bool active_low, level;
};

struct acpi_fault {
	char table[5];    /* "MADT", "RSDP", ... */
	const char *what; /* what is wrong with it */
	uint64_t value;   /* an address, length or id that belongs to it */
};

struct acpi {
	bool has_rsdp, has_madt, has_fadt, has_hpet, has_s5;
	uint8_t revision; /* of the RSDP: 0 is ACPI 1.0 */
	unsigned table_count;

	/* MADT */
	hpa_t lapic_at;
	bool has_8259;
	struct acpi_core cores[ACPI_CORES_MAX];
	unsigned core_count;     /* enabled ones */
	unsigned cores_disabled; /* not enabled, whether or not they could be switched on later */
	unsigned cores_too_many; /* enabled ones for which the table had no room */
	struct acpi_ioapic ioapics[ACPI_IOAPICS_MAX];
	unsigned ioapic_count;
	struct acpi_route routes[ACPI_ISA_IRQS];
	struct acpi_nmi nmis[ACPI_NMIS_MAX];
	unsigned nmi_count;
	struct acpi_nmi_source nmi_sources[ACPI_NMIS_MAX];
	unsigned nmi_source_count;

	/* FADT and the DSDT's \_S5_ */
	struct acpi_register pm1a_control, pm1b_control, pm_timer, reset, sleep_control;
	bool pm_timer_32bit, hardware_reduced;
	uint8_t reset_value;
	uint32_t smi_command_port; /* 0: ACPI mode is on for good */
	uint8_t acpi_enable;       /* written there to switch it on */
	uint8_t s5_a, s5_b;        /* SLP_TYP for PM1a and PM1b */
	uint8_t century_register;  /* of the CMOS clock; 0: there is none */

	/* HPET */
	hpa_t hpet_at;

	struct acpi_fault faults[ACPI_FAULTS_MAX];
	unsigned fault_count; /* may be above ACPI_FAULTS_MAX: the rest was not kept */
};

/* Nothing known: no core, ISA interrupts wired one to one. acpi_read() begins with it. */
void acpi_init(struct acpi *a);

/* The RSDP in a piece of memory, on a 16-byte boundary of it, with a good checksum. NULL: none. */
const uint8_t *acpi_find_rsdp(const uint8_t *window, size_t len_bytes);

/* As acpi_find_rsdp(), in the EBDA's first KiB and the ROM from E0000h to FFFFFh.
 * SPEC: "Finding the RSDP on IA-PC Systems". */
const uint8_t *acpi_scan_rsdp(const struct acpi_memory *memory);

/* Reads everything that the RSDP (len_bytes of it are there: 20 or 36) leads to. ERR_CORRUPT: no
 * table could be reached at all. Otherwise OK, and a.faults says what is amiss. */
MUST_CHECK enum status acpi_read(struct acpi *a, const uint8_t *rsdp, size_t len_bytes,
				 const struct acpi_memory *memory);
