/* guest/loader_multiboot.c - kind=multiboot: a kernel and its modules in memory, and the CPU. */
#include "guest/loader_multiboot.h"

#include "kernel/string.h"

#define MAGIC_1         0x1badb002u
#define MAGIC_2         0xe85250d6u
#define LIMIT_1         8192u
#define LIMIT_2         32768u
#define LOAD_WHOLE_FILE UINT32_MAX /* load_addr: from the file's first byte */
#define INFO_MIN        0x1000u
#define PREFER_NOTHING  0u
#define PREFER_HIGH     2u

enum status multiboot_find(const struct loader_input *in, uint32_t magic, uint64_t limit_bytes,
			   unsigned align, unsigned words, uint64_t *at)
{
	const uint8_t *file = in->image;
	uint64_t end = min_u64(limit_bytes, in->len_bytes);
	enum status s = ERR_NOT_FOUND;

	for (uint64_t i = 0; i + words * 4 <= end; i += align) {
		uint32_t sum = 0;

		if (loader_u32(file + i) != magic)
			continue;
		for (unsigned w = 0; w < words; w++)
			sum += loader_u32(file + i + w * 4);
		if (sum == 0 || s == ERR_NOT_FOUND)
			*at = i;
		if (sum == 0)
			return OK;
		s = ERR_CORRUPT;
	}
	return s;
}

/* The header gives addresses: one piece of the file goes to memory ("a.out kludge"). */
static enum status use_addresses(struct multiboot *mb)
{
	const struct multiboot_addresses *a = &mb->addresses;
	uint64_t file_len = mb->job->in->len_bytes, before = mb->header_at, bytes, len;
	struct loader_segment *seg = &mb->program.segments[0];

	if (a->load != LOAD_WHOLE_FILE)
		before = (uint64_t)a->header - a->load;
	if ((a->load != LOAD_WHOLE_FILE && a->load > a->header) || before > mb->header_at ||
	    before > a->header)
		return loader_fail(mb->job, ERR_CORRUPT,
				   "header_addr %#x and load_addr %#x do not fit a header at %#llx",
				   a->header, a->load, (unsigned long long)mb->header_at);
	seg->file_at = mb->header_at - before;
	seg->at = a->header - before;
	bytes = file_len - seg->file_at;
	if (a->load_end != 0) {
		if (a->load_end < seg->at || a->load_end - seg->at > bytes)
			return loader_fail(mb->job, ERR_CORRUPT,
					   "load_end_addr %#x: the file ends at %#llx", a->load_end,
					   (unsigned long long)seg->at + bytes);
		bytes = a->load_end - seg->at;
	}
	len = bytes;
	if (a->bss_end != 0) {
		if (a->bss_end < seg->at + bytes)
			return loader_fail(mb->job, ERR_CORRUPT,
					   "bss_end_addr %#x is below the data's end %#llx",
					   a->bss_end, (unsigned long long)seg->at + bytes);
		len = a->bss_end - seg->at;
	}
	seg->file_bytes = bytes;
	seg->len_bytes = len;
	mb->program.count = 1;
	if (!mb->has_entry)
		return loader_fail(mb->job, ERR_INVALID, "addresses without an entry address");
	return OK;
}

static enum status read_program(struct multiboot *mb)
{
	enum status s;

	if (mb->has_addresses)
		s = use_addresses(mb);
	else if (loader_is_elf(mb->job->in))
		s = loader_read_elf(mb->job, &mb->program);
	else
		return loader_fail(mb->job, ERR_INVALID,
				   "neither an ELF file nor addresses in the Multiboot header");
	if (s != OK || !mb->has_entry)
		return s;
	for (unsigned i = 0; i < mb->program.count; i++) {
		mb->program.entry = mb->entry;
		if (mb->entry - mb->program.segments[i].at < mb->program.segments[i].len_bytes)
			return OK;
	}
	return loader_fail(mb->job, ERR_CORRUPT, "the entry address %#x is in no segment",
			   mb->entry);
}

static enum status no_room(const struct multiboot *mb, enum status s, const char *what,
			   uint64_t len_bytes, uint64_t at)
{
	const char *why = s == ERR_EXISTS ? "it overlaps another" : status_text(s);

	return loader_fail(mb->job, s,
			   "no room for %s: %llu bytes at %#llx (%s), %llu KiB of memory", what,
			   (unsigned long long)len_bytes, (unsigned long long)at, why,
			   (unsigned long long)(mb->job->m->len_bytes / KIB));
}

/* The program from its lowest to its highest byte. */
static uint64_t span(const struct loader_program *p, uint64_t *base)
{
	uint64_t end = 0;

	*base = UINT64_MAX;
	for (unsigned i = 0; i < p->count; i++) {
		*base = min_u64(*base, p->segments[i].at);
		end = max_u64(end, p->segments[i].at + p->segments[i].len_bytes);
	}
	return end - *base;
}

/* A program that can run anywhere is moved as its header allows and prefers. */
static enum status relocate(struct multiboot *mb)
{
	struct placer trial = mb->placer;
	uint64_t base, to, len = span(&mb->program, &base);
	struct place_wish wish = {.len_bytes = len,
				  .align = mb->align,
				  .min = max_u64(mb->min, MIB),
				  .end = mb->max + UINT64_C(1),
				  .high = mb->preference == PREFER_HIGH};
	bool stays = mb->preference == PREFER_NOTHING && base >= mb->min &&
		     base + len <= wish.end && place_fixed(&trial, base, len) == OK;

	mb->base = base;
	if (stays)
		return OK;
	if (place_find(&trial, &wish, &to) != OK)
		return no_room(mb, ERR_RANGE, "the kernel", len, mb->min);
	for (unsigned i = 0; i < mb->program.count; i++)
		mb->program.segments[i].at = mb->program.segments[i].at - base + to;
	mb->program.entry = mb->program.entry - base + to;
	mb->base = to;
	return OK;
}

/* RAM is fresh, so what a segment has beyond its bytes in the file is 0. */
static enum status load_program(struct multiboot *mb)
{
	enum status s = mb->relocatable ? relocate(mb) : OK;

	for (unsigned i = 0; i < mb->program.count && s == OK; i++) {
		const struct loader_segment *seg = &mb->program.segments[i];

		s = place_fixed(&mb->placer, seg->at, seg->len_bytes);
		if (s != OK)
			return no_room(mb, s, "a segment", seg->len_bytes, seg->at);
		s = loader_put(mb->job, seg->at, (const uint8_t *)mb->job->in->image + seg->file_at,
			       seg->file_bytes, "a segment");
	}
	return s;
}

static enum status load_module(struct multiboot *mb, const struct loader_module *module)
{
	uint64_t base, at, end = span(&mb->program, &base) + base;
	struct place_wish wish = {.len_bytes = module->len_bytes,
				  .align = PAGE_4K,
				  .min = max_u64(end, MIB),
				  .end = 4 * GIB};

	if (mb->module_count == MULTIBOOT_MODULES)
		return loader_fail(mb->job, ERR_FULL, "more than %u modules", MULTIBOOT_MODULES);
	/* Above the kernel, where kernels look for them; else where there is room. */
	if (place_find(&mb->placer, &wish, &at) != OK) {
		wish.min = MIB;
		if (place_find(&mb->placer, &wish, &at) != OK)
			return no_room(mb, ERR_RANGE, "a module", module->len_bytes, wish.min);
	}
	mb->modules[mb->module_count].start = (uint32_t)at;
	mb->modules[mb->module_count].end = (uint32_t)(at + module->len_bytes);
	mb->modules[mb->module_count++].args = module->args;
	return loader_put(mb->job, at, module->at, module->len_bytes, "a module");
}

static enum status load_modules(struct multiboot *mb)
{
	const struct loader_input *in = mb->job->in;
	enum status s = OK;

	for (unsigned i = 0; i < in->module_count && s == OK; i++)
		if (in->modules[i].role == VM_ROLE_MODULE)
			s = load_module(mb, &in->modules[i]);
	return s;
}

/* Room for the GDT and for all that the information may hold. */
static enum status place_info(struct multiboot *mb)
{
	struct place_wish wish = {.align = 16, .min = INFO_MIN, .end = 4 * GIB};

	wish.len_bytes = LOADER_GDT_BYTES + MULTIBOOT_FIXED_BYTES + mb->job->in->config->args.len;
	for (unsigned i = 0; i < mb->module_count; i++)
		wish.len_bytes += 32 + mb->modules[i].args.len;
	if (place_find(&mb->placer, &wish, &mb->gdt) != OK)
		return no_room(mb, ERR_RANGE, "the Multiboot information", wish.len_bytes,
			       wish.min);
	mb->info_at = mb->gdt + LOADER_GDT_BYTES;
	mb->info_bytes = wish.len_bytes - LOADER_GDT_BYTES;
	mb->next = mb->info_at;
	return OK;
}

enum status multiboot_append(struct multiboot *mb, const void *from, uint64_t len_bytes)
{
	uint64_t at = mb->next;

	mb->next += len_bytes;
	return loader_put(mb->job, at, from, len_bytes, "the Multiboot information");
}

enum status multiboot_append_string(struct multiboot *mb, struct text t)
{
	enum status s = t.len > 0 ? multiboot_append(mb, t.at, t.len) : OK;

	return s == OK ? multiboot_append(mb, "", 1) : s;
}

/* A kernel that has both headers is started by the second version. */
static enum status read_header(struct multiboot *mb, bool *is_2)
{
	enum status s = multiboot_find(mb->job->in, MAGIC_2, LIMIT_2, 8, 4, &mb->header_at), one;
	uint64_t at = 0;

	*is_2 = s == OK;
	if (s == OK)
		return multiboot2_read(mb);
	one = multiboot_find(mb->job->in, MAGIC_1, LIMIT_1, 4, 3, &at);
	if (one == OK) {
		mb->header_at = at;
		return multiboot1_read(mb);
	}
	if (s == ERR_NOT_FOUND && one == ERR_NOT_FOUND)
		return loader_fail(mb->job, s, "no Multiboot header in the first 32 KiB");
	return loader_fail(mb->job, ERR_CORRUPT, "Multiboot header at %#llx: wrong checksum",
			   (unsigned long long)(s == ERR_CORRUPT ? mb->header_at : at));
}

enum status loader_run_multiboot(const struct loader_job *job)
{
	struct multiboot mb = {.job = job};
	uint32_t magic = 0;
	bool is_2 = false;
	enum status s;

	if (job->m->len_bytes < REAL_MODE_END)
		return loader_fail(job, ERR_RANGE,
				   "a Multiboot kernel needs 1024 KiB of memory, there are %llu",
				   (unsigned long long)(job->m->len_bytes / KIB));
	s = read_header(&mb, &is_2);
	if (s == OK)
		s = read_program(&mb);
	place_init(&mb.placer, job->m);
	if (s == OK)
		s = load_program(&mb);
	if (s == OK)
		s = load_modules(&mb);
	if (s == OK)
		s = place_info(&mb);
	if (s == OK)
		s = is_2 ? multiboot2_write(&mb, &magic) : multiboot1_write(&mb, &magic);
	if (s == OK)
		s = loader_bios_traces(job->m);
	if (s == OK)
		s = loader_protected(job, mb.gdt, false);
	if (s != OK)
		return s;
	job->s->gpr[RAX] = magic;
	job->s->gpr[RBX] = mb.info_at;
	job->s->rip = mb.program.entry;
	return OK;
}
