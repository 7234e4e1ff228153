/* guest/loader_elf.c - the program headers of an ELF file. */
#include "guest/loader_elf.h"

#include "kernel/string.h"

#define MAGIC      "\177ELF"
#define CLASS_32   1u
#define CLASS_64   2u
#define LITTLE     1u
#define TYPE_EXEC  2u
#define TYPE_DYN   3u
#define MACHINE_32 3u  /* EM_386 */
#define MACHINE_64 62u /* EM_X86_64 */
#define PT_LOAD    1u

#define AT_CLASS   4u
#define AT_DATA    5u
#define AT_TYPE    16u
#define AT_MACHINE 18u
#define AT_ENTRY   24u

/* Where the two classes have their fields, and how long these are. */
struct layout {
	unsigned header_bytes, program_header_bytes, word;
	unsigned phoff, phentsize, phnum;             /* in the file's header */
	unsigned offset, vaddr, paddr, filesz, memsz; /* in a program header */
};

static const struct layout layout_32 = {52, 32, 4, 28, 42, 44, 4, 8, 12, 16, 20};
static const struct layout layout_64 = {64, 56, 8, 32, 54, 56, 8, 16, 24, 32, 40};

struct reader {
	const struct loader_job *job;
	const uint8_t *file;
	uint64_t len_bytes;
	const struct layout *l;
	uint64_t entry; /* virtual */
	bool has_entry; /* physical, found in a segment */
};

bool loader_is_elf(const struct loader_input *in)
{
	return in->len_bytes >= sizeof(MAGIC) - 1 &&
	       memcmp(in->image, MAGIC, sizeof(MAGIC) - 1) == 0;
}

static uint64_t word(const struct reader *r, const uint8_t *at)
{
	return r->l->word == 8 ? loader_u64(at) : loader_u32(at);
}

static enum status read_header(struct reader *r)
{
	const uint8_t *f = r->file;
	bool wide;

	if (r->len_bytes < layout_32.header_bytes)
		return loader_fail(r->job, ERR_CORRUPT, "the ELF header is cut: %llu bytes",
				   (unsigned long long)r->len_bytes);
	wide = f[AT_CLASS] == CLASS_64;
	if ((!wide && f[AT_CLASS] != CLASS_32) || f[AT_DATA] != LITTLE)
		return loader_fail(
			r->job, ERR_UNSUPPORTED,
			"ELF: class %u, data %u; 1 or 2, and 1 (little-endian) are known",
			f[AT_CLASS], f[AT_DATA]);
	r->l = wide ? &layout_64 : &layout_32;
	if (r->len_bytes < r->l->header_bytes)
		return loader_fail(r->job, ERR_CORRUPT, "the ELF header is cut: %llu bytes",
				   (unsigned long long)r->len_bytes);
	if (loader_u16(f + AT_MACHINE) != MACHINE_32 && loader_u16(f + AT_MACHINE) != MACHINE_64)
		return loader_fail(r->job, ERR_UNSUPPORTED,
				   "ELF: e_machine %u is no x86 (3) or x86-64 (62)",
				   loader_u16(f + AT_MACHINE));
	if (loader_u16(f + AT_TYPE) != TYPE_EXEC && loader_u16(f + AT_TYPE) != TYPE_DYN)
		return loader_fail(r->job, ERR_UNSUPPORTED, "ELF: e_type %u is no program (2 or 3)",
				   loader_u16(f + AT_TYPE));
	r->entry = word(r, f + AT_ENTRY);
	return OK;
}

static enum status fail_segment(const struct reader *r, unsigned i, const char *what, uint64_t at,
				uint64_t len_bytes)
{
	return loader_fail(r->job, ERR_CORRUPT, "ELF segment %u: %s, %#llx bytes at %#llx", i, what,
			   (unsigned long long)len_bytes, (unsigned long long)at);
}

static enum status add_segment(struct reader *r, struct loader_program *out, unsigned i,
			       const uint8_t *header)
{
	const struct layout *l = r->l;
	struct loader_segment s = {.file_at = word(r, header + l->offset),
				   .file_bytes = word(r, header + l->filesz),
				   .at = word(r, header + l->paddr),
				   .len_bytes = word(r, header + l->memsz)};
	uint64_t from = word(r, header + l->vaddr);

	if (loader_u32(header) != PT_LOAD || s.len_bytes == 0)
		return OK;
	if (s.file_bytes == 0)
		s.file_at = 0; /* all zeros: where the file would have them says nothing */
	if (s.file_at > r->len_bytes || s.file_bytes > r->len_bytes - s.file_at)
		return fail_segment(r, i, "p_offset and p_filesz leave the file", s.file_at,
				    s.file_bytes);
	if (s.file_bytes > s.len_bytes)
		return fail_segment(r, i, "p_memsz is less than p_filesz", s.at, s.len_bytes);
	if (s.at > 4 * GIB || s.len_bytes > 4 * GIB - s.at)
		return fail_segment(r, i, "p_paddr and p_memsz end above 4 GiB", s.at, s.len_bytes);
	if (out->count == LOADER_SEGMENTS)
		return loader_fail(r->job, ERR_FULL, "ELF: more than %u segments to load",
				   LOADER_SEGMENTS);
	if (!r->has_entry && r->entry >= from && r->entry - from < s.len_bytes) {
		out->entry = s.at + (r->entry - from);
		r->has_entry = true;
	}
	out->segments[out->count++] = s;
	return OK;
}

/* Some linker scripts give the entry as a physical address. */
static bool take_physical_entry(const struct reader *r, struct loader_program *out)
{
	for (unsigned i = 0; i < out->count; i++) {
		if (r->entry - out->segments[i].at >= out->segments[i].len_bytes)
			continue;
		out->entry = r->entry;
		return true;
	}
	return false;
}

enum status loader_read_elf(const struct loader_job *job, struct loader_program *out)
{
	struct reader r = {.job = job,
			   .file = job->in->image,
			   .len_bytes = job->in->len_bytes,
			   .l = &layout_32};
	uint64_t table, step, number;
	enum status s = read_header(&r);

	if (s != OK)
		return s;
	out->count = 0;
	table = word(&r, r.file + r.l->phoff);
	step = loader_u16(r.file + r.l->phentsize);
	number = loader_u16(r.file + r.l->phnum);
	if (step < r.l->program_header_bytes)
		return loader_fail(job, ERR_CORRUPT, "ELF: e_phentsize is %llu, %u is the least",
				   (unsigned long long)step, r.l->program_header_bytes);
	if (table > r.len_bytes || number * step > r.len_bytes - table)
		return loader_fail(job, ERR_CORRUPT,
				   "ELF: %llu program headers at %#llx leave the file of %llu "
				   "bytes",
				   (unsigned long long)number, (unsigned long long)table,
				   (unsigned long long)r.len_bytes);
	for (unsigned i = 0; i < number && s == OK; i++)
		s = add_segment(&r, out, i, r.file + table + i * step);
	if (s == OK && out->count == 0)
		return loader_fail(job, ERR_INVALID, "ELF: no segment to load");
	if (s == OK && !r.has_entry && !take_physical_entry(&r, out))
		return loader_fail(job, ERR_CORRUPT, "ELF: e_entry %#llx is in no segment",
				   (unsigned long long)r.entry);
	return s;
}
