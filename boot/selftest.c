/* boot/selftest.c - see boot/selftest.h. */
#include "boot/selftest.h"

#include "boot/address_space.h"
#include "boot/features.h"
#include "kernel/assert.h"
#include "kernel/cpu.h"
#include "kernel/gdt.h"
#include "kernel/layout.h"
#include "kernel/log.h"
#include "kernel/stacks.h"
#include "kernel/string.h"
#include "kernel/trap_text.h"
#include "mm/paging.h"
#include "mm/phys.h"

#define RET_OPCODE 0xc3u

extern const uint8_t selftest_user_code[], selftest_user_code_end[];
void selftest_return(void);

/* What a test is given: two pages of RAM, mapped at SCRATCH_BASE as its entry in the table says. */
struct selftest {
	const char *name;
	void (*fault)(void *page);
	uint64_t error_code; /* what has to come */
	uint8_t vector;
	unsigned page_flags[2]; /* PAGING_... of the two pages */
	const bool *needs;      /* NULL: every CPU has it */
	const char *needs_name;
};

static uint8_t data_with_code[16] = {RET_OPCODE};
static const uint8_t read_only_data[16] = {1};
static uint8_t ring0_stack[PAGE_4K] ALIGNED(16);

static void write_to(uintptr_t at)
{
	__atomic_store_n((uint8_t *)cpu_opaque(at), 0, __ATOMIC_RELAXED);
}

static void read_from(uintptr_t at)
{
	(void)__atomic_load_n((const uint8_t *)cpu_opaque(at), __ATOMIC_RELAXED);
}

static void call(uintptr_t at)
{
	((void (*)(void))at)();
}

/* The same byte of the image, by its physical address. */
static uintptr_t alias_of(uintptr_t at)
{
	return DIRECT_MAP_BASE + (at - KERNEL_VIRT_BASE);
}

static void write_text(void *page)
{
	(void)page;
	write_to((uintptr_t)selftest_return);
}

static void write_text_alias(void *page)
{
	(void)page;
	write_to(alias_of((uintptr_t)selftest_return));
}

static void write_rodata(void *page)
{
	(void)page;
	write_to((uintptr_t)read_only_data);
}

static void execute_data(void *page)
{
	(void)page;
	call((uintptr_t)data_with_code);
}

static void execute_alias(void *page)
{
	(void)page;
	call(alias_of((uintptr_t)selftest_return));
}

static void execute_stack(void *page)
{
	uint8_t code[16] ALIGNED(16) = {RET_OPCODE};

	(void)page;
	call((uintptr_t)code);
}

static void read_page_0(void *page)
{
	(void)page;
	read_from(8);
}

static void read_identity(void *page)
{
	(void)page;
	read_from(kernel_image_phys(kernel_text_start).raw);
}

static void write_below_stack(void *page)
{
	(void)page;
	write_to(stacks_range(this_cpu()->index, STACK_MAIN).bottom - 1);
}

static void write_above_stack(void *page)
{
	(void)page;
	write_to(stacks_range(this_cpu()->index, STACK_MAIN).top);
}

static void write_page(void *page)
{
	write_to((uintptr_t)page);
}

static void read_page(void *page)
{
	read_from((uintptr_t)page);
}

static void execute_page(void *page)
{
	call((uintptr_t)page);
}

/* The exception comes back on a stack of its own: ring 0's usual one is in use, by us. */
static void execute_in_ring_3(void *page)
{
	struct cpu_arch *arch = this_cpu()->arch;

	arch->tss.rsp[0] = (uintptr_t)ring0_stack + sizeof(ring0_stack);
	trap_probe_enter_user((uintptr_t)page, GDT_USER_CODE, GDT_USER_DATA);
}

#define NEEDS(feature, text) .needs = &cpu_features.feature, .needs_name = text
#define FAULT(n, f, v, e, ...)                                                                     \
	{                                                                                          \
		.name = n, .fault = f, .vector = v, .error_code = e, __VA_ARGS__                   \
	}

static const struct selftest tests[] = {
	FAULT("text", write_text, EXC_PF, PF_PRESENT | PF_WRITE),
	FAULT("alias", write_text_alias, EXC_PF, PF_PRESENT | PF_WRITE),
	FAULT("rodata", write_rodata, EXC_PF, PF_PRESENT | PF_WRITE),
	FAULT("wp", write_page, EXC_PF, PF_PRESENT | PF_WRITE),
	FAULT("nx-data", execute_data, EXC_PF, PF_PRESENT | PF_FETCH, NEEDS(nx, "NX")),
	FAULT("nx-stack", execute_stack, EXC_PF, PF_PRESENT | PF_FETCH, NEEDS(nx, "NX")),
	FAULT("nx-alias", execute_alias, EXC_PF, PF_PRESENT | PF_FETCH, NEEDS(nx, "NX")),
	FAULT("page0", read_page_0, EXC_PF, 0),
	FAULT("identity", read_identity, EXC_PF, 0),
	FAULT("guard-below", write_below_stack, EXC_PF, PF_WRITE),
	FAULT("guard-above", write_above_stack, EXC_PF, PF_WRITE),
	FAULT("smep", execute_page, EXC_PF, PF_PRESENT | PF_FETCH, NEEDS(smep, "SMEP"),
	      .page_flags = {PAGING_USER | PAGING_EXEC}),
	FAULT("smap", read_page, EXC_PF, PF_PRESENT, NEEDS(smap, "SMAP"),
	      .page_flags = {PAGING_USER}),
	FAULT("umip", execute_in_ring_3, EXC_GP, 0, NEEDS(umip, "UMIP"),
	      .page_flags = {PAGING_USER | PAGING_EXEC, PAGING_USER | PAGING_WRITE}),
};

/* Two pages that begin with the code for ring 3, or with RET for everybody else. */
static enum status map_pages(const struct selftest *t, hpa_t *at)
{
	size_t len_bytes = (size_t)(selftest_user_code_end - selftest_user_code);
	enum status s = frames_alloc_zeroed(&host_frames, 1, at);

	if (s != OK)
		return s;
	if (t->fault == execute_in_ring_3)
		memcpy(phys_ptr(*at), selftest_user_code, len_bytes);
	else
		memset(phys_ptr(*at), RET_OPCODE, 1);
	for (unsigned i = 0; i < 2; i++) {
		s = address_space_map(SCRATCH_BASE + i * PAGE_4K, hpa(at->raw + i * PAGE_4K),
				      PAGE_4K, t->page_flags[i]);
		if (s != OK)
			return s;
	}
	return OK;
}

static void unmap_pages(hpa_t at)
{
	enum status s = address_space_unmap(SCRATCH_BASE, 2 * PAGE_4K);

	ASSERT(s == OK);
	s = frames_free(&host_frames, at, 1);
	ASSERT(s == OK);
}

static bool report(const struct selftest *t, bool faulted, const struct trap_frame *f, uint64_t cr2)
{
	char words[TRAP_TEXT_BYTES];

	if (!faulted) {
		log_error(LOG_BOOT, "selftest: %s: FAILED: no fault, %s should have come", t->name,
			  trap_name(t->vector));
		return false;
	}
	trap_describe(f, cr2, words);
	if (f->vector != t->vector || f->error_code != t->error_code) {
		log_error(LOG_BOOT,
			  "selftest: %s: FAILED: %s, error code %#llx (%s), not %s, %#llx", t->name,
			  trap_name(f->vector), (unsigned long long)f->error_code, words,
			  trap_name(t->vector), (unsigned long long)t->error_code);
		return false;
	}
	log_info(LOG_BOOT, "selftest: %s: %s as it should%s%s%s", t->name, trap_name(f->vector),
		 words[0] != '\0' ? " (" : "", words, words[0] != '\0' ? ")" : "");
	return true;
}

static bool run(const struct selftest *t)
{
	struct trap_frame caught;
	hpa_t at;
	bool faulted;
	enum status s;

	if (t->needs != NULL && !*t->needs) {
		log_info(LOG_BOOT, "selftest: %s: skipped: the CPU has no %s", t->name,
			 t->needs_name);
		return true;
	}
	s = map_pages(t, &at);
	if (s != OK) {
		log_error(LOG_BOOT, "selftest: %s: FAILED: %s", t->name, status_text(s));
		return false;
	}
	faulted = trap_probe(t->fault, (void *)SCRATCH_BASE, &caught);

	uint64_t cr2 = cpu_read_cr2();

	unmap_pages(at);
	return report(t, faulted, &caught, cr2);
}

static bool run_named(struct text name)
{
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		if (text_is(name, tests[i].name))
			return run(&tests[i]);
	}
	log_error(LOG_BOOT, "selftest: there is no test \"%.*s\"", (int)name.len, name.at);
	return false;
}

unsigned selftest_run(struct text names)
{
	unsigned failed = 0;
	struct text name;

	while (text_next_piece(&names, ',', &name)) {
		if (!text_is(name, "all")) {
			failed += run_named(name) ? 0 : 1;
			continue;
		}
		for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
			failed += run(&tests[i]) ? 0 : 1;
	}
	return failed;
}
