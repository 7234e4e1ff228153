/*
 * tests/unit/emulate_rig.h - a CPU, 4 MiB of RAM, and a device that is 8 KiB of bytes at D0000000h
 * and keeps a list of its accesses.
 */
#pragma once

#include "tests/unit/memory_rig.h"

#include <string.h>

#include "guest/emulate.h"
#include "guest/segment.h"

#define DEVICE       UINT64_C(0xd0000000)
#define DEVICE_BYTES 0x2000u
#define CODE         UINT64_C(0x1000)
#define NOW          UINT64_C(42)
#define TABLES       UINT64_C(0x10000)

static struct guest_cpu_state cpu;
static struct mmio_bus bus;
static struct guest_fault fault;
static struct emulate_report report;

static struct {
	uint8_t bytes[DEVICE_BYTES];
	struct mmio_access log[64];
	unsigned count;
} device;

static void access_device(void *state, struct mmio_access *a)
{
	uint8_t *at = device.bytes + (a->at.raw - DEVICE);

	assert_ptr_equal(state, &device);
	assert_in_range(a->at.raw, DEVICE, DEVICE + DEVICE_BYTES - a->size);
	if (a->write)
		memcpy(at, &a->value, a->size);
	else
		memcpy(&a->value, at, a->size);
	device.log[device.count++ % 64] = *a;
}

static void put(uint64_t at, const void *from, size_t len)
{
	assert_int_equal(guest_memory_write(&memory, gpa(at), from, len), OK);
}

static inline void put64(uint64_t at, uint64_t value)
{
	put(at, &value, 8);
}

static inline uint64_t get64(uint64_t at)
{
	uint64_t value;

	assert_int_equal(guest_memory_read(&memory, gpa(at), &value, 8), OK);
	return value;
}

/* Flat 32-bit protected mode without paging. */
static inline void mode_32(void)
{
	cpu.cr0 = CR0_PE;
	cpu.efer = 0;
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++)
		cpu.segments[i] = (struct guest_segment){.access = i == GUEST_CS ? 0xc09b : 0xc093,
							 .limit = UINT32_MAX};
}

/* Real mode, but that every segment's base is the device's: RAM fills the whole first MiB. */
static inline void mode_16(void)
{
	cpu.cr0 = 0;
	cpu.efer = 0;
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++) {
		guest_segment_real(&cpu.segments[i], 0, 0);
		cpu.segments[i].base = i == GUEST_CS ? 0 : DEVICE;
	}
}

/* 4-level paging: RAM and the device at their addresses, in 4 KiB pages, warm. */
static inline void mode_64(void)
{
	mode_32();
	cpu.cr0 = CR0_PE | CR0_PG | CR0_WP;
	cpu.cr4 = CR4_PAE;
	cpu.efer = EFER_LME | EFER_LMA | EFER_NXE;
	cpu.cr3 = TABLES;
	cpu.segments[GUEST_CS].access = 0xa09b;
	put64(TABLES, (TABLES + 0x1000) | 0x27);
	put64(TABLES + 0x1000, (TABLES + 0x2000) | 0x27);
	put64(TABLES + 0x1000 + 3 * 8, (TABLES + 0x3000) | 0x27);
	put64(TABLES + 0x2000, (TABLES + 0x4000) | 0x27);
	put64(TABLES + 0x3000 + 0x80 * 8, (TABLES + 0x5000) | 0x27);
	for (uint64_t i = 0; i < 512; i++) {
		put64(TABLES + 0x4000 + i * 8, i << 12 | 0x67);
		put64(TABLES + 0x5000 + i * 8, (DEVICE + (i << 12)) | 0x67);
	}
}

/* The page table entry of an address of RAM or the device. */
static inline uint64_t entry_of(uint64_t at)
{
	return (at >= DEVICE ? TABLES + 0x5000 : TABLES + 0x4000) + (at >> 12 & 0x1ff) * 8;
}

static int start(void **state)
{
	(void)state;
	open_memory(4 * MIB);
	memset(&cpu, 0, sizeof(cpu));
	memset(&device, 0, sizeof(device));
	cpu.rflags = RFLAGS_ONE;
	cpu.maxphyaddr = 39;
	mmio_bus_init(&bus);
	assert_int_equal(
		mmio_bus_claim(&bus, "device", access_device, &device, gpa(DEVICE), DEVICE_BYTES),
		OK);
	mode_32();
	return 0;
}

static inline enum emulate_result again(void)
{
	return emulate_instruction(&cpu, &memory, &bus, NOW, &report, &fault);
}

static inline enum emulate_result run_bytes(const uint8_t *bytes, size_t len)
{
	device.count = 0;
	cpu.rip = CODE;
	put(CODE, bytes, len);
	return again();
}

/* Puts the bytes at CODE and runs them there. */
#define RUN(...) run_bytes((const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

/* The same, and they must be one instruction that is done. */
#define DO(...)                                                                                    \
	do {                                                                                       \
		assert_int_equal(RUN(__VA_ARGS__), EMULATE_DONE);                                  \
		assert_int_equal(cpu.rip, CODE + sizeof((uint8_t[]){__VA_ARGS__}));                \
		assert_int_equal(report.length, sizeof((uint8_t[]){__VA_ARGS__}));                 \
	} while (0)

static inline uint64_t device_64(unsigned at)
{
	uint64_t value;

	memcpy(&value, device.bytes + at, 8);
	return value;
}

static inline void set_device_64(unsigned at, uint64_t value)
{
	memcpy(device.bytes + at, &value, 8);
}

static inline void assert_access(unsigned i, uint64_t at, unsigned size, bool write, uint64_t value)
{
	assert_true(i < device.count);
	assert_int_equal(device.log[i].at.raw, at);
	assert_int_equal(device.log[i].size, size);
	assert_int_equal(device.log[i].write, write);
	assert_int_equal(device.log[i].value, value);
	assert_int_equal(device.log[i].now_ns, NOW);
}
