/*
 * drivers/lapic_regs.h - registers of the local APIC, for drivers/lapic*.c alone.
 *
 * A register's MSR in x2APIC mode is 800h + (its offset in memory / 10h).
 * Spec: SDM 3A "Local APIC Register Address Map", "x2APIC Register Address Space".
 */
#pragma once

#include "kernel/cpu.h"
#include "kernel/port.h"

#define LAPIC_ID            0x020u
#define LAPIC_VERSION       0x030u
#define LAPIC_TPR           0x080u
#define LAPIC_EOI           0x0b0u
#define LAPIC_SVR           0x0f0u
#define LAPIC_ISR           0x100u /* 8 registers of 32 vectors, 10h apart */
#define LAPIC_ESR           0x280u
#define LAPIC_LVT_CMCI      0x2f0u
#define LAPIC_ICR           0x300u
#define LAPIC_ICR_HIGH      0x310u
#define LAPIC_LVT_TIMER     0x320u
#define LAPIC_LVT_THERMAL   0x330u
#define LAPIC_LVT_COUNTERS  0x340u
#define LAPIC_LVT_LINT0     0x350u
#define LAPIC_LVT_LINT1     0x360u
#define LAPIC_LVT_ERROR     0x370u
#define LAPIC_TIMER_INITIAL 0x380u
#define LAPIC_TIMER_CURRENT 0x390u
#define LAPIC_TIMER_DIVIDE  0x3e0u

#define SVR_ENABLE          0x100u
#define LVT_MASKED          0x10000u
#define LVT_DELIVERY        0x700u
#define LVT_SMI             0x200u
#define LVT_NMI             0x400u
#define LVT_ACTIVE_LOW      0x2000u
#define LVT_TIMER_DEADLINE  0x40000u
#define DIVIDE_BY_1         0xbu

#define ICR_FIXED           0x000u
#define ICR_NMI             0x400u
#define ICR_INIT            0x500u
#define ICR_STARTUP         0x600u
#define ICR_BUSY            0x1000u
#define ICR_ASSERT          0x4000u
#define ICR_LEVEL           0x8000u

#define MSR_TSC_DEADLINE    0x6e0u
#define MSR_X2APIC          0x800u

struct lapic {
	bool x2apic;
	void *regs;          /* xAPIC only */
	uint64_t base;       /* physical */
	uint64_t timer_hz;   /* of the counting timer; 0: the TSC deadline is used */
	uint64_t timer_mult; /* counts a nanosecond, * 2^32 */
};

extern struct lapic lapic; /* written by lapic_init() alone */

static inline uint32_t lapic_read(uint32_t reg)
{
	if (lapic.x2apic)
		return (uint32_t)cpu_rdmsr(MSR_X2APIC + (reg >> 4));
	return mmio_read32(lapic.regs, reg);
}

static inline void lapic_write(uint32_t reg, uint32_t value)
{
	if (lapic.x2apic)
		cpu_wrmsr(MSR_X2APIC + (reg >> 4), value);
	else
		mmio_write32(lapic.regs, reg, value);
}

/* Boot processor: finds out what there is, measures the counter. */
void lapic_timer_init(void);

/* Every core: the timer's LVT entry, stopped. */
void lapic_timer_init_this_core(void);
