/* boot/selftest_crash.c - dying on purpose, so that a test can look at the report. */
#include "boot/selftest.h"

#include "kernel/assert.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/percpu.h"
#include "kernel/stacks.h"
#include "kernel/string.h"

void selftest_undefined_opcode(void);
void selftest_double_fault(void);
void selftest_software_nmi(void);

static void crash_panic(void)
{
	panic("asked for by crash=panic");
}

static void crash_page_fault(void)
{
	__atomic_store_n((uint8_t *)cpu_opaque(16), 0, __ATOMIC_RELAXED);
}

static void crash_general_protection(void)
{
	const uint64_t not_canonical = UINT64_C(0x1234000000000000);

	__atomic_store_n((uint8_t *)cpu_opaque(not_canonical), 0, __ATOMIC_RELAXED);
}

static void crash_guard(void)
{
	struct stack_range r = stacks_range(this_cpu()->index, STACK_MAIN);

	__atomic_store_n((uint8_t *)cpu_opaque(r.bottom - 1), 0, __ATOMIC_RELAXED);
}

static void crash_assert(void)
{
	unsigned legs = cpu_count;

	ASSERT(legs == CPU_MAX + 1);
}

/* In the debug build the compiler checks the shift; in the other one nothing does. */
static void crash_undefined(void)
{
	unsigned distance = (unsigned)cpu_opaque(33);

	log_info(LOG_BOOT, "shifted: %d", 1 << distance);
	__builtin_trap();
}

/* Each call's frame is used after the next one, so that they pile up. */
static unsigned recurse(unsigned depth)
{
	char frame[512];

	memset(frame, (int)depth, sizeof(frame));
	if (cpu_opaque(0) != 0)
		return depth;
	return recurse(depth + 1) + (unsigned)frame[depth % sizeof(frame)];
}

static void crash_stack(void)
{
	log_info(LOG_BOOT, "a stack without end: %u", recurse(cpu_count));
}

/* The debug build has -fstack-protector; elsewhere the return goes wild, which must panic as well.
 * */
static void crash_smash(void)
{
	char small[8];

	memset((void *)cpu_opaque((uintptr_t)small), 0x41, cpu_opaque(32));
}

static void crash_nmi(void)
{
	selftest_software_nmi();
	log_drain();
	panic("asked for by crash=nmi: back from the NMI handler");
}

/* Takes "@2" off the end: the core that is to die, 0 without it. */
static unsigned take_core(struct text *name)
{
	struct text rest = *name, core;
	uint64_t index = 0;

	if (!text_next_piece(&rest, '@', name) || rest.len == 0)
		return 0;
	core = rest;
	if (text_to_u64(core, &index) != OK || index >= CPU_MAX)
		log_error(LOG_BOOT, "crash: there is no core \"%.*s\"", (int)core.len, core.at);
	return (unsigned)index;
}

void selftest_crash(struct text name)
{
	static const struct {
		const char *name;
		void (*crash)(void);
	} ways[] = {
		{"panic", crash_panic},
		{"pf", crash_page_fault},
		{"gp", crash_general_protection},
		{"ud", selftest_undefined_opcode},
		{"guard", crash_guard},
		{"assert", crash_assert},
		{"ubsan", crash_undefined},
		{"stack", crash_stack},
		{"smash", crash_smash},
		{"df", selftest_double_fault},
		{"nmi", crash_nmi},
	};

	if (take_core(&name) != this_cpu()->index)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (text_is(name, ways[i].name)) {
			log_info(LOG_BOOT, "crash=%s", ways[i].name);
			ways[i].crash();
		}
	}
	log_error(LOG_BOOT, "crash: there is no way \"%.*s\"", (int)name.len, name.at);
}
