/*
 * kernel/port.h - the machine's I/O ports, and registers in memory (mapped uncached by mmio_map()).
 * Kernel mode only; not for the pure folders.
 */
#pragma once

#include "kernel/types.h"

static inline void port_write8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static inline void port_write16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}

static inline void port_write32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}

static inline uint8_t port_read8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint16_t port_read16(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint32_t port_read32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

/* One access of exactly this width; base is what mmio_map() gave. */
static inline uint32_t mmio_read32(const void *base, uint32_t offset)
{
	return *(const volatile uint32_t *)((uintptr_t)base + offset);
}

static inline void mmio_write32(void *base, uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)((uintptr_t)base + offset) = value;
}

static inline uint64_t mmio_read64(const void *base, uint32_t offset)
{
	return *(const volatile uint64_t *)((uintptr_t)base + offset);
}

static inline void mmio_write64(void *base, uint32_t offset, uint64_t value)
{
	*(volatile uint64_t *)((uintptr_t)base + offset) = value;
}

static inline void mmio_write16(void *base, uint32_t offset, uint16_t value)
{
	*(volatile uint16_t *)((uintptr_t)base + offset) = value;
}

static inline uint16_t mmio_read16(const void *base, uint32_t offset)
{
	return *(const volatile uint16_t *)((uintptr_t)base + offset);
}

static inline void mmio_write8(void *base, uint32_t offset, uint8_t value)
{
	*(volatile uint8_t *)((uintptr_t)base + offset) = value;
}
