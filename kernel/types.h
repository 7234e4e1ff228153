/*
 * kernel/types.h - the types that every file uses: fixed-width integers, the three kinds of
 * address, page sizes, and a few compiler attributes by name.
 *
 * Pure: compiles for the host as well. Only mm/ turns one kind of address into another.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
	uint64_t raw;
} hpa_t; /* host-physical */

typedef struct {
	uint64_t raw;
} gpa_t; /* guest-physical */

typedef struct {
	uint64_t raw;
} gva_t; /* guest-linear */

static inline hpa_t hpa(uint64_t raw)
{
	return (hpa_t){.raw = raw};
}

static inline gpa_t gpa(uint64_t raw)
{
	return (gpa_t){.raw = raw};
}

static inline gva_t gva(uint64_t raw)
{
	return (gva_t){.raw = raw};
}

#define KIB                UINT64_C(1024)
#define MIB                (1024 * KIB)
#define GIB                (1024 * MIB)
#define TIB                (1024 * GIB)

#define PAGE_4K            UINT64_C(0x1000)
#define PAGE_2M            UINT64_C(0x200000)
#define PAGE_1G            UINT64_C(0x40000000)

#define NS_PER_SECOND      UINT64_C(1000000000)
#define NS_PER_MILLISECOND UINT64_C(1000000)
#define NS_NEVER           UINT64_MAX /* a deadline that does not come */

#define MUST_CHECK         __attribute__((warn_unused_result))
#define NORETURN           __attribute__((noreturn))
#define NOINLINE           __attribute__((noinline)) /* keeps a fast path's frame small */
/* On the way to the debugger's handler of a breakpoint, so no place for one: kernel/trap.h. */
#define NO_BREAKPOINT      __attribute__((noinline, section(".text.debugger")))
#define PACKED             __attribute__((packed))
#define ALIGNED(n)         __attribute__((aligned(n)))
#define PRINTF_LIKE(f, a)  __attribute__((format(printf, f, a)))
#define ARRAY_SIZE(a)      (sizeof(a) / sizeof((a)[0]))
#define BIT(n)             (UINT64_C(1) << (n))
#define LIKELY(c)          __builtin_expect(!!(c), 1)
#define UNLIKELY(c)        __builtin_expect(!!(c), 0)

/* align is a power of two. */
static inline uint64_t align_down(uint64_t value, uint64_t align)
{
	return value & ~(align - 1);
}

static inline uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

static inline bool is_aligned(uint64_t value, uint64_t align)
{
	return (value & (align - 1)) == 0;
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}
