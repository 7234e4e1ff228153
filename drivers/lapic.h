/*
 * drivers/lapic.h - the local APIC of each core, as xAPIC (memory) or x2APIC (MSRs).
 *
 * Every call acts on the calling core's own APIC. Nothing waits but the INIT and SIPI sends, and in
 * xAPIC mode a send for the one before it. Interrupts are off in the caller, or the caller is an
 * interrupt handler: an xAPIC send is two writes.
 * Spec: SDM 3A "Advanced Programmable Interrupt Controller (APIC)".
 */
#pragma once

#include "boot/acpi.h"

/* Boot processor, once, after clock_init(): chooses the mode, maps the registers, sets this core's
 * APIC up, and a handler for every vector: set yours after it. option: NULL or "auto" (x2APIC where
 * it is on already or an id above 254 needs it), or "xapic" or "x2apic". ERR_INVALID: no such
 * option; ERR_UNSUPPORTED: no local APIC, or no x2APIC where one is asked for; ERR_NO_MEMORY. An
 * x2APIC that the firmware has switched on stays on: the way back leads through a disabled APIC.
 * The 8259 pair is masked before this. */
MUST_CHECK enum status lapic_init(const struct acpi *acpi, const char *option);

/* Every other core, once. */
void lapic_init_this_core(void);

/* "xAPIC" or "x2APIC". */
const char *lapic_mode_name(void);
bool lapic_is_x2apic(void);

/* This core's APIC id. 0 before lapic_init(). */
uint32_t lapic_id(void);

/* Every interrupt handler but the spurious one's ends with it. */
void lapic_eoi(void);

/* One interrupt on VECTOR_TIMER after delay_ns; arming again replaces the earlier one. 0: as soon
 * as possible; NS_NEVER: none. Where there is no TSC deadline, a delay of more than some seconds
 * ends early (the counter has 32 bits): the handler looks at the clock. */
void lapic_timer_arm_ns(uint64_t delay_ns);
void lapic_timer_stop(void);

/* Sends a fixed interrupt, an NMI. vector is 16 to 255. From any context but an NMI in the middle
 * of another send (xAPIC): a panic does not mind. The others are the cores that are online, one by
 * one: the shorthand would also reach those that were never started, or came too late, and have no
 * IDT of ours: they would reset the machine. */
void lapic_send_ipi(uint32_t apic_id, uint8_t vector);
void lapic_send_nmi(uint32_t apic_id);
void lapic_send_nmi_others(void);

/* INIT (level assert, edge) and start-up IPI; page is the physical page number of the trampoline,
 * below 100h. ERR_TIMEOUT: not delivered within 1 ms. */
MUST_CHECK enum status lapic_send_init(uint32_t apic_id);
MUST_CHECK enum status lapic_send_startup(uint32_t apic_id, uint8_t page);
