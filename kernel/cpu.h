/*
 * kernel/cpu.h - one function per privileged or unusual instruction, and the bits of CR0, CR4,
 * EFER, RFLAGS and the MSRs by their names in the manual.
 *
 * Kernel mode only; not for the pure folders, which take the bit names from kernel/x86.h.
 */
#pragma once

#include "kernel/types.h"
#include "kernel/x86.h"

static inline struct cpuid_regs cpu_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

static inline uint64_t cpu_rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

/* Not before earlier loads are done: for comparing the TSCs of two cores. */
static inline uint64_t cpu_rdtsc_ordered(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

/* #GP on an MSR that is not there: use cpu_rdmsr_safe() (kernel/trap.h) where that may be. */
static inline uint64_t cpu_rdmsr(uint32_t index)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index) : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void cpu_wrmsr(uint32_t index, uint64_t value)
{
	__asm__ volatile("wrmsr" ::"c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

#define CPU_CONTROL_REGISTER(n)                                                                    \
	static inline uint64_t cpu_read_cr##n(void)                                                \
	{                                                                                          \
		uint64_t value;                                                                    \
                                                                                                   \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(value)::"memory");                    \
		return value;                                                                      \
	}                                                                                          \
	static inline void cpu_write_cr##n(uint64_t value)                                         \
	{                                                                                          \
		__asm__ volatile("mov %0, %%cr" #n ::"r"(value) : "memory");                       \
	}
CPU_CONTROL_REGISTER(0)
CPU_CONTROL_REGISTER(2)
CPU_CONTROL_REGISTER(3)
CPU_CONTROL_REGISTER(4)
#undef CPU_CONTROL_REGISTER

#define CPU_DEBUG_REGISTER(n)                                                                      \
	static inline uint64_t cpu_read_dr##n(void)                                                \
	{                                                                                          \
		uint64_t value;                                                                    \
                                                                                                   \
		__asm__ volatile("mov %%dr" #n ", %0" : "=r"(value));                              \
		return value;                                                                      \
	}                                                                                          \
	static inline void cpu_write_dr##n(uint64_t value)                                         \
	{                                                                                          \
		__asm__ volatile("mov %0, %%dr" #n ::"r"(value));                                  \
	}
CPU_DEBUG_REGISTER(0)
CPU_DEBUG_REGISTER(1)
CPU_DEBUG_REGISTER(2)
CPU_DEBUG_REGISTER(3)
CPU_DEBUG_REGISTER(6)
CPU_DEBUG_REGISTER(7)
#undef CPU_DEBUG_REGISTER

/* Needs CR4.OSXSAVE. */
static inline uint64_t cpu_xgetbv(uint32_t index)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(index));
	return (uint64_t)high << 32 | low;
}

static inline void cpu_xsetbv(uint32_t index, uint64_t value)
{
	__asm__ volatile("xsetbv" ::"c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

/* area: 64-byte aligned; mask: state components. */
static inline void cpu_xsave(void *area, uint64_t mask)
{
	__asm__ volatile("xsave64 (%0)" ::"r"(area), "a"((uint32_t)mask),
			 "d"((uint32_t)(mask >> 32))
			 : "memory");
}

static inline void cpu_xrstor(const void *area, uint64_t mask)
{
	__asm__ volatile("xrstor64 (%0)" ::"r"(area), "a"((uint32_t)mask),
			 "d"((uint32_t)(mask >> 32))
			 : "memory");
}

/* area: 512 bytes, 16-byte aligned. */
static inline void cpu_fxsave(void *area)
{
	__asm__ volatile("fxsave64 (%0)" ::"r"(area) : "memory");
}

static inline void cpu_fxrstor(const void *area)
{
	__asm__ volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
}

static inline void cpu_invlpg(uintptr_t at)
{
	__asm__ volatile("invlpg (%0)" ::"r"(at) : "memory");
}

static inline void cpu_wbinvd(void)
{
	__asm__ volatile("wbinvd" ::: "memory");
}

/* (high * 2^64 + low) / divisor, rounded down; high is below divisor (else #DE). */
static inline uint64_t cpu_div128(uint64_t high, uint64_t low, uint64_t divisor)
{
	uint64_t quotient, rest;

	__asm__("divq %4" : "=a"(quotient), "=d"(rest) : "a"(low), "d"(high), "r"(divisor));
	return quotient;
}

/* a * b / c, rounded down; the result fits into 64 bits (else #DE). */
static inline uint64_t cpu_mul_div(uint64_t a, uint64_t b, uint64_t c)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return cpu_div128((uint64_t)(product >> 64), (uint64_t)product, c);
}

/* Everything before it is done and seen by all before anything after it begins: the fence that
 * non-serialising WRMSRs ask for. SDM 3A "WRMSR in x2APIC Mode", "Serializing Instructions". */
static inline void cpu_fence(void)
{
	__asm__ volatile("mfence; lfence" ::: "memory");
}

static inline void cpu_pause(void)
{
	__builtin_ia32_pause();
}

static inline uint64_t cpu_read_flags(void)
{
	uint64_t flags;

	__asm__ volatile("pushfq; popq %0" : "=r"(flags)::"memory");
	return flags;
}

static inline void cpu_irq_off(void)
{
	__asm__ volatile("cli" ::: "memory");
}

static inline void cpu_irq_on(void)
{
	__asm__ volatile("sti" ::: "memory");
}

/* Lets everything that is pending in; returns with interrupts off. */
static inline void cpu_irq_window(void)
{
	__asm__ volatile("sti; nop; cli" ::: "memory");
}

/* Turns interrupts off; returns whether they were on, for cpu_irq_restore(). */
static inline bool cpu_irq_save(void)
{
	bool on = (cpu_read_flags() & RFLAGS_IF) != 0;

	cpu_irq_off();
	return on;
}

static inline void cpu_irq_restore(bool on)
{
	if (on)
		cpu_irq_on();
}

/* Sleeps until the next interrupt has been handled; call with interrupts off, returns so. No
 * wake-up between the caller's last check and the HLT is lost (STI blocks for one instruction). */
static inline void cpu_halt_until_irq(void)
{
	__asm__ volatile("sti; hlt; cli" ::: "memory");
}

/* The operand of LGDT, SGDT, LIDT and SIDT in 64-bit mode. */
struct PACKED cpu_table_pointer {
	uint16_t limit; /* bytes, less one */
	uint64_t base;
};

static inline void cpu_lgdt(const struct cpu_table_pointer *p)
{
	__asm__ volatile("lgdt %0" ::"m"(*p) : "memory");
}

static inline void cpu_lidt(const struct cpu_table_pointer *p)
{
	__asm__ volatile("lidt %0" ::"m"(*p) : "memory");
}

static inline struct cpu_table_pointer cpu_sgdt(void)
{
	struct cpu_table_pointer p;

	__asm__ volatile("sgdt %0" : "=m"(p));
	return p;
}

static inline struct cpu_table_pointer cpu_sidt(void)
{
	struct cpu_table_pointer p;

	__asm__ volatile("sidt %0" : "=m"(p));
	return p;
}

static inline void cpu_ltr(uint16_t selector)
{
	__asm__ volatile("ltr %0" ::"r"(selector) : "memory");
}

/* CS by a far return; DS, ES and SS get data, FS and GS stay (loading GS would clear its base). */
static inline void cpu_load_segments(uint16_t code, uint16_t data)
{
	__asm__ volatile("pushq %0\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\tmovw %w1, %%ds\n\t"
			 "movw %w1, %%es\n\t"
			 "movw %w1, %%ss"
			 :
			 : "r"((uint64_t)code), "r"(data)
			 : "rax", "memory");
}

/* Copies upwards, byte after byte as far as one can tell; fast with ERMS. */
static inline void cpu_copy_forward(void *to, const void *from, size_t len_bytes)
{
	size_t words = len_bytes / 8;

	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words)::"memory");
	len_bytes %= 8;
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(len_bytes)::"memory");
}

static inline void cpu_fill(void *at, uint8_t byte, size_t len_bytes)
{
	size_t words = len_bytes / 8;

	__asm__ volatile("rep stosq"
			 : "+D"(at), "+c"(words)
			 : "a"(byte * UINT64_C(0x0101010101010101))
			 : "memory");
	len_bytes %= 8;
	__asm__ volatile("rep stosb" : "+D"(at), "+c"(len_bytes) : "a"(byte) : "memory");
}

/* One byte into a page that is mapped read-only: CR0.WP is off for a moment. Interrupts are off. */
static inline void cpu_write_read_only(uintptr_t at, uint8_t byte)
{
	uint64_t cr0 = cpu_read_cr0();

	cpu_write_cr0(cr0 & ~CR0_WP);
	*(volatile uint8_t *)at = byte;
	cpu_write_cr0(cr0);
}

/* The same value, of which the compiler knows nothing: for faults on purpose. */
static inline uint64_t cpu_opaque(uint64_t value)
{
	__asm__("" : "+r"(value));
	return value;
}

NORETURN static inline void cpu_stop(void)
{
	for (;;)
		__asm__ volatile("cli; hlt" ::: "memory");
}

/* The last way to reset a PC: an exception with no IDT to handle it. */
NORETURN static inline void cpu_triple_fault(void)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} PACKED no_idt = {0};

	__asm__ volatile("lidt %0; int3" ::"m"(no_idt));
	cpu_stop();
}
