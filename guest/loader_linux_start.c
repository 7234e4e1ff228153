/* guest/loader_linux_start.c - kind=linux: what stands around a kernel at each of its entries. */
#include "guest/loader_linux.h"

#include "guest/e820.h"
#include "kernel/string.h"

/* The 16-bit entry: the setup code and all that it uses in one segment. */
#define REAL_AT         0x90000u
#define REAL_END        0x9fc00u
#define REAL_SEGMENT    0x9000u
#define HEAP_END        0xe000u /* of the segment: "Sample Boot Configuration" */
#define HEAP_END_ZIMAGE 0x9800u
#define HEAP_MIN        0x400u
#define OLD_CMDLINE     0x20u /* before 2.02: magic number and offset */
#define OLD_CMDLINE_ID  0xa33fu

/* The other entries. */
#define FLAT_AT         0x80000u
#define PAGE_TABLES     FLAT_AT
#define ZERO_PAGE       0x90000u
#define CMDLINE         0x91000u
#define GDT             0x9f000u
#define E820_COUNT      0x1e8u /* fields of the zero page */
#define E820_TABLE      0x2d0u
#define ENTRY_64        0x200u
#define MAPPED_GIB      4u

/* screen_info in the zero page: the VGA's text mode. */
#define SCREEN_MODE     0x06u
#define SCREEN_COLUMNS  0x07u
#define SCREEN_LINES    0x0eu
#define SCREEN_IS_VGA   0x0fu
#define SCREEN_POINTS   0x10u

enum status linux_reserve_16(struct placer *p)
{
	return place_fixed(p, REAL_AT, REAL_END - REAL_AT);
}

enum status linux_reserve_flat(struct placer *p)
{
	return place_fixed(p, FLAT_AT, REAL_END - FLAT_AT);
}

/* The command line with its NUL. end: of the room for it. */
static enum status put_cmdline(const struct loader_job *job, uint64_t at, uint64_t end)
{
	struct text args = job->in->config->args;
	enum status s = OK;

	if (args.len >= end - at)
		return loader_fail(job, ERR_RANGE,
				   "the command line has %llu characters, there is room for %llu",
				   (unsigned long long)args.len,
				   (unsigned long long)(end - at - 1));
	if (args.len > 0)
		s = loader_put(job, at, args.at, args.len, "the command line");
	return s == OK ? loader_put(job, at + args.len, "", 1, "the command line") : s;
}

enum status linux_start_16(const struct loader_job *job, const struct linux_image *image)
{
	bool modern = image->version >= 0x202 && image->high;
	uint16_t heap_end = modern ? HEAP_END : HEAP_END_ZIMAGE;
	const struct firmware_entry entry = {.ip = 0,
					     .cs = REAL_SEGMENT + 0x20,
					     .ss = REAL_SEGMENT,
					     .sp = heap_end,
					     .ds = REAL_SEGMENT};
	uint8_t header[HDR_END];
	enum status s;

	if (image->setup_bytes > heap_end - HEAP_MIN)
		return loader_fail(job, ERR_RANGE,
				   "setup_sects says %llu bytes of setup, there is room for %u",
				   (unsigned long long)image->setup_bytes, heap_end - HEAP_MIN);
	memcpy(header, image->setup, sizeof(header));
	linux_fill_header(image, header);
	if (image->version >= 0x201) {
		header[HDR_LOADFLAGS] |= CAN_USE_HEAP;
		linux_put16(header + HDR_HEAP_END_PTR, (uint16_t)(heap_end - 0x200));
	}
	if (image->version >= 0x202) {
		linux_put32(header + HDR_CMD_LINE_PTR, REAL_AT + heap_end);
	} else {
		linux_put16(header + OLD_CMDLINE, OLD_CMDLINE_ID);
		linux_put16(header + OLD_CMDLINE + 2, heap_end);
		linux_put16(header + HDR_SETUP_MOVE_SIZE,
			    (uint16_t)(heap_end + job->in->config->args.len + 1));
	}
	s = loader_own_bios(job, &entry);
	if (s == OK)
		s = loader_put(job, REAL_AT, image->setup, image->setup_bytes, "the setup code");
	if (s == OK)
		s = loader_put(job, REAL_AT, header, sizeof(header), "the setup header");
	return s == OK ? put_cmdline(job, REAL_AT + heap_end, REAL_END) : s;
}

/* The zero page: the header, the memory map, the screen; all else is 0. */
static enum status put_zero_page(const struct loader_job *job, const struct linux_image *image)
{
	uint32_t end = HDR_MAGIC + image->setup[HDR_JUMP + 1];
	struct e820_entry entries[E820_MAX];
	uint8_t page[E820_TABLE + sizeof(entries)] = {0};
	unsigned count = e820_build(job->m, entries, E820_MAX);

	memcpy(page + HDR_SETUP_SECTS, image->setup + HDR_SETUP_SECTS, end - HDR_SETUP_SECTS);
	linux_fill_header(image, page);
	linux_put32(page + HDR_CODE32_START, (uint32_t)image->load_at);
	linux_put32(page + HDR_CMD_LINE_PTR, CMDLINE);
	page[E820_COUNT] = (uint8_t)count;
	memcpy(page + E820_TABLE, entries, count * sizeof(entries[0]));
	page[SCREEN_MODE] = 3;
	page[SCREEN_COLUMNS] = 80;
	page[SCREEN_LINES] = 25;
	page[SCREEN_IS_VGA] = 1;
	linux_put16(page + SCREEN_POINTS, 16);
	return loader_put(job, ZERO_PAGE, page, sizeof(page), "the zero page");
}

static enum status put_entry(const struct loader_job *job, uint64_t table, unsigned index,
			     uint64_t entry)
{
	return loader_put(job, PAGE_TABLES + table * PAGE_4K + index * sizeof(entry), &entry,
			  sizeof(entry), "the page tables");
}

/* Identity for the first 4 GiB: a PML4, a PDPT and a page directory for each GiB, of 2 MiB pages,
 * which every CPU has. SDM 3A "4-Level Paging". */
static enum status put_page_tables(const struct loader_job *job)
{
	const uint64_t table = BIT(0) | BIT(1), leaf = table | BIT(7);
	enum status s = put_entry(job, 0, 0, (PAGE_TABLES + PAGE_4K) | table);

	for (unsigned i = 0; i < MAPPED_GIB && s == OK; i++)
		s = put_entry(job, 1, i, (PAGE_TABLES + (2 + i) * PAGE_4K) | table);
	for (unsigned i = 0; i < MAPPED_GIB * 512 && s == OK; i++)
		s = put_entry(job, 2 + i / 512, i % 512, i * PAGE_2M | leaf);
	return s;
}

enum status linux_start_flat(const struct loader_job *job, const struct linux_image *image)
{
	bool wide = job->in->config->entry == 64;
	struct guest_cpu_state *s = job->s;
	enum status status = put_zero_page(job, image);

	if (status == OK)
		status = put_cmdline(job, CMDLINE, GDT);
	if (status == OK)
		status = loader_protected(job, GDT, wide);
	if (status == OK && wide)
		status = put_page_tables(job);
	if (status != OK)
		return status;
	s->gpr[RSI] = ZERO_PAGE;
	s->rip = image->load_at;
	if (!wide)
		return OK;
	s->rip += ENTRY_64;
	s->cr3 = PAGE_TABLES;
	s->cr4 = CR4_PAE;
	s->efer = EFER_LME | EFER_LMA;
	s->cr0 |= CR0_PG;
	return OK;
}
