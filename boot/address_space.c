/* boot/address_space.c - see boot/address_space.h. */
#include "boot/address_space.h"

#include "boot/features.h"
#include "kernel/cpu.h"
#include "kernel/layout.h"
#include "kernel/lock.h"
#include "kernel/log.h"
#include "kernel/stacks.h"
#include "mm/paging.h"
#include "mm/phys.h"

#define BOOT_MAPPED_BYTES (4 * GIB) /* by boot/header.asm */
#define LOW_MEMORY_BYTES  MIB
#define LOW_RAM_BYTES     (640 * KIB)
#define DIRECT_MAP_BYTES  (STACKS_BASE - DIRECT_MAP_BASE)
#define MMIO_BYTES        (512 * GIB)
#define WINDOWS_MAX       64u
#define APICS_START       UINT64_C(0xfee00000) /* local APICs, and interrupts by a write */
#define APICS_END         UINT64_C(0xfef00000)

extern char boot_page_tables[];

uintptr_t phys_window_base = DIRECT_MAP_BASE;
struct frames host_frames;
hpa_t boot_trampoline_page;

static struct regions firmware_regions; /* as the firmware says */
static struct regions all_ram;          /* normalised, with what is in use */
static struct regions free_ram;         /* what the frame allocator gets */
static struct paging tables;
static struct lock tables_lock;
static uint64_t mmio_next = MMIO_BASE;

/* Registers that we use: host-physical pages. */
static struct {
	uint64_t first, end; /* end 0: not yet there */
} windows[WINDOWS_MAX];
static unsigned window_count;

/* Prefers 0x8000, as everybody does; else any free page below 640 KiB. */
static hpa_t find_trampoline_page(const struct regions *free)
{
	static const uint64_t preferred = 0x8000;

	if (regions_contain(free, preferred, PAGE_4K))
		return hpa(preferred);
	for (uint64_t at = PAGE_4K; at < LOW_RAM_BYTES; at += PAGE_4K) {
		if (regions_contain(free, at, PAGE_4K))
			return hpa(at);
	}
	return hpa(0);
}

/* Cuts out of free_ram what is in use already, and low memory, which firmware uses as it likes. */
static enum status remove_used(const struct multiboot2 *m, hpa_t info_at)
{
	uint64_t image = kernel_image_phys(kernel_start).raw;
	enum status s = regions_remove(&free_ram, image, (uint64_t)(kernel_end - kernel_start));

	if (s == OK)
		s = regions_remove(&free_ram, info_at.raw, m->total_bytes);
	for (unsigned i = 0; i < m->module_count && s == OK; i++) {
		const struct multiboot2_module *module = &m->modules[i];

		s = regions_remove(&free_ram, module->start, module->end - module->start);
	}
	if (s != OK)
		return s;
	boot_trampoline_page = find_trampoline_page(&free_ram);
	return regions_remove(&free_ram, 0, LOW_MEMORY_BYTES);
}

static enum status collect_regions(const struct multiboot2 *m, hpa_t info_at)
{
	enum status s;

	regions_init(&firmware_regions);
	s = multiboot2_add_memory(m, &firmware_regions);
	if (s == OK)
		s = regions_normalise(&firmware_regions, &all_ram);
	if (s == OK)
		s = regions_remove(&all_ram, DIRECT_MAP_BYTES, UINT64_MAX - DIRECT_MAP_BYTES);
	if (s != OK)
		return s;
	free_ram = all_ram;
	return remove_used(m, info_at);
}

static enum status map_image_part(const char *start, const char *end, unsigned flags)
{
	return paging_map(&tables, (uintptr_t)start, kernel_image_phys(start),
			  (uint64_t)(end - start), flags);
}

/* The kernel image; between the boot processor's stacks the guard pages stay holes. */
static enum status map_image(void)
{
	enum status s = map_image_part(kernel_text_start, kernel_text_end, PAGING_EXEC);

	if (s == OK)
		s = map_image_part(kernel_rodata_start, kernel_rodata_end, 0);
	if (s == OK)
		s = map_image_part(kernel_data_start, kernel_data_end, PAGING_WRITE);
	for (enum stack_kind kind = STACK_DF; kind <= STACK_MAIN && s == OK; kind++) {
		struct stack_range r = stacks_range(0, kind);

		s = map_image_part((const char *)r.bottom, (const char *)r.top, PAGING_WRITE);
	}
	return s;
}

static enum status map_direct(uint64_t start, uint64_t len_bytes)
{
	uint64_t first = align_down(start, PAGE_4K);
	uint64_t end = align_up(start + len_bytes, PAGE_4K);

	if (end < start || end > DIRECT_MAP_BYTES)
		return OK; /* ACPI regions that far up do not exist; RAM has been cut */
	return paging_map(&tables, DIRECT_MAP_BASE + first, hpa(first), end - first, PAGING_WRITE);
}

/* The direct map: RAM and what the firmware left for us in it. The image's alias is read-only. */
static enum status map_ram(void)
{
	enum status s = map_direct(0, LOW_RAM_BYTES);

	for (size_t i = 0; i < all_ram.count && s == OK; i++)
		s = map_direct(all_ram.items[i].start.raw, all_ram.items[i].len_bytes);
	for (size_t i = 0; i < firmware_regions.count && s == OK; i++) {
		const struct region *r = &firmware_regions.items[i];

		if (r->kind == REGION_ACPI_RECLAIM || r->kind == REGION_ACPI_NVS)
			s = map_direct(r->start.raw, r->len_bytes);
	}
	if (s != OK)
		return s;
	return paging_protect(&tables, DIRECT_MAP_BASE + kernel_image_phys(kernel_text_start).raw,
			      (uint64_t)(kernel_rodata_end - kernel_text_start), 0);
}

static void log_memory(void)
{
	log_info(LOG_MM, "%llu MiB of RAM in %zu regions, %llu MiB free",
		 (unsigned long long)(regions_total_bytes(&all_ram) / MIB), all_ram.count,
		 (unsigned long long)(frames_free_bytes(&host_frames) / MIB));
	for (size_t i = 0; i < firmware_regions.count; i++) {
		static const char *const kinds[] = {
			[REGION_RAM] = "RAM",
			[REGION_RESERVED] = "reserved",
			[REGION_ACPI_RECLAIM] = "ACPI tables",
			[REGION_ACPI_NVS] = "ACPI NVS",
			[REGION_BAD] = "bad",
		};
		const struct region *r = &firmware_regions.items[i];

		log_debug(LOG_MM, "firmware: 0x%012llx, %#llx bytes, %s",
			  (unsigned long long)r->start.raw, (unsigned long long)r->len_bytes,
			  kinds[r->kind]);
	}
	log_debug(LOG_MM, "page tables: %llu tables; %llu pages of 4K, %llu of 2M, %llu of 1G",
		  (unsigned long long)tables.table_count, (unsigned long long)tables.leaves[0],
		  (unsigned long long)tables.leaves[1], (unsigned long long)tables.leaves[2]);
}

enum status address_space_init(const struct multiboot2 *m, hpa_t info_at)
{
	enum status s = collect_regions(m, info_at);

	if (s != OK) {
		log_error(LOG_MM, "memory map: %s", status_text(s));
		return s;
	}
	s = frames_init(&host_frames, &free_ram, BOOT_MAPPED_BYTES);
	if (s == OK)
		s = paging_init(&tables, &host_frames, cpu_features.page_1g, cpu_features.nx);
	if (s == OK)
		s = map_image();
	if (s == OK)
		s = map_ram();
	if (s != OK) {
		log_error(LOG_MM, "page tables: %s", status_text(s));
		return s;
	}
	features_enable();
	cpu_write_cr3(tables.root.raw);
	paging_flushed(&tables);
	s = frames_add_above(&host_frames, &free_ram, BOOT_MAPPED_BYTES);
	if (s != OK) {
		log_error(LOG_MM, "RAM above 4 GiB: %s", status_text(s));
		return s;
	}
	log_memory();
	return OK;
}

uint64_t address_space_cr3(void)
{
	return tables.root.raw;
}

uint64_t address_space_boot_cr3(void)
{
	return kernel_image_phys(boot_page_tables).raw;
}

const struct regions *address_space_ram(void)
{
	return &all_ram;
}

bool address_space_is_ram(hpa_t at, uint64_t len_bytes)
{
	return regions_contain(&all_ram, at.raw, len_bytes);
}

enum status address_space_map(uintptr_t virt, hpa_t at, uint64_t len_bytes, unsigned flags)
{
	bool irq = cpu_irq_save();
	enum status s;

	lock_acquire(&tables_lock);
	s = paging_map(&tables, virt, at, len_bytes, flags);
	lock_release(&tables_lock);
	cpu_irq_restore(irq);
	return s;
}

enum status address_space_unmap(uintptr_t virt, uint64_t len_bytes)
{
	bool irq = cpu_irq_save();
	enum status s;

	lock_acquire(&tables_lock);
	s = paging_unmap(&tables, virt, len_bytes);
	if (paging_stale(&tables)) {
		cpu_write_cr3(cpu_read_cr3());
		paging_flushed(&tables);
	}
	lock_release(&tables_lock);
	cpu_irq_restore(irq);
	return s;
}

/* The pages that a range touches. False: it does not exist for this CPU. */
static bool whole_pages(hpa_t at, uint64_t len_bytes, uint64_t *first, uint64_t *end)
{
	uint64_t limit = BIT(cpu_features.physical_bits);

	if (len_bytes == 0 || at.raw >= limit || len_bytes > limit - at.raw)
		return false;
	*first = align_down(at.raw, PAGE_4K);
	*end = align_up(at.raw + len_bytes, PAGE_4K);
	return true;
}

/* False: there is no room to remember the window. */
static bool note_window(uint64_t first, uint64_t end)
{
	unsigned i = __atomic_fetch_add(&window_count, 1, __ATOMIC_RELAXED);

	if (i >= WINDOWS_MAX)
		return false;
	windows[i].first = first;
	__atomic_store_n(&windows[i].end, end, __ATOMIC_RELEASE);
	return true;
}

void *mmio_map(hpa_t at, uint64_t len_bytes)
{
	uint64_t first, end, window;

	if (!whole_pages(at, len_bytes, &first, &end) || !note_window(first, end))
		return NULL;
	window = __atomic_fetch_add(&mmio_next, end - first, __ATOMIC_RELAXED);
	if (window + (end - first) > MMIO_BASE + MMIO_BYTES)
		return NULL;
	if (address_space_map(window, hpa(first), end - first, PAGING_WRITE | PAGING_UNCACHED) !=
	    OK)
		return NULL;
	return (void *)(window + (at.raw - first));
}

const void *firmware_map(hpa_t at, uint64_t len_bytes)
{
	uint64_t first, end;

	if (!whole_pages(at, len_bytes, &first, &end) || end > DIRECT_MAP_BYTES)
		return NULL;
	/* Page by page: parts of it may be RAM and mapped already. */
	for (uint64_t page = first; page < end; page += PAGE_4K) {
		struct paging_leaf leaf;

		if (paging_walk(&tables, DIRECT_MAP_BASE + page, &leaf) == OK)
			continue;
		if (address_space_map(DIRECT_MAP_BASE + page, hpa(page), PAGE_4K, 0) != OK)
			return NULL;
	}
	return phys_ptr(at);
}

static bool overlap(uint64_t at, uint64_t end, uint64_t other, uint64_t other_end)
{
	return at < other_end && other < end;
}

const char *address_space_bar(hpa_t at, uint64_t len_bytes)
{
	uint64_t first, end;

	if (!whole_pages(at, len_bytes, &first, &end))
		return "this CPU has no such physical address";
	if (first < LOW_RAM_BYTES)
		return "this is the machine's RAM";
	for (size_t i = 0; i < firmware_regions.count; i++) {
		const struct region *r = &firmware_regions.items[i];

		if (r->kind != REGION_RESERVED &&
		    overlap(first, end, r->start.raw, r->start.raw + r->len_bytes))
			return "this is the machine's RAM";
	}
	if (overlap(first, end, APICS_START, APICS_END))
		return "this is where interrupts go";
	for (unsigned i = 0; i < WINDOWS_MAX; i++) {
		uint64_t window_end = __atomic_load_n(&windows[i].end, __ATOMIC_ACQUIRE);

		if (window_end && overlap(first, end, windows[i].first, window_end))
			return "Lintel uses a device there";
	}
	return NULL;
}
