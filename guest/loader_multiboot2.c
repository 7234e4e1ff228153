/* guest/loader_multiboot2.c - the header and the boot information of Multiboot 2. */
#include "guest/loader_multiboot.h"

#include "guest/e820.h"
#include "kernel/string.h"

#define MAGIC             0x36d76289u
#define HEADER_BYTES      16u
#define TAG_BYTES         8u
#define ARCHITECTURE_I386 0u
#define TAG_OPTIONAL      1u
#define CONSOLE_REQUIRED  BIT(0)
#define CONSOLE_TEXT      BIT(1)

enum header_tag {
	HEADER_END,
	HEADER_REQUEST,
	HEADER_ADDRESS,
	HEADER_ENTRY,
	HEADER_CONSOLE,
	HEADER_FRAMEBUFFER,
	HEADER_MODULE_ALIGN,
	HEADER_EFI_SERVICES,
	HEADER_EFI_ENTRY_32,
	HEADER_EFI_ENTRY_64,
	HEADER_RELOCATABLE,
	HEADER_TAGS
};

enum info_tag {
	INFO_END = 0,
	INFO_CMDLINE = 1,
	INFO_LOADER_NAME = 2,
	INFO_MODULE = 3,
	INFO_MEMORY = 4,
	INFO_MMAP = 6,
	INFO_FRAMEBUFFER = 8,
	INFO_BASE = 21,
};

/* A tag of the header in the file. */
struct tag {
	const uint8_t *at;
	uint32_t type, size;
	bool optional;
};

static enum status read_request(struct multiboot *mb, const struct tag *tag)
{
	static const uint8_t given[] = {INFO_CMDLINE, INFO_LOADER_NAME, INFO_MODULE, INFO_MEMORY,
					INFO_MMAP,    INFO_FRAMEBUFFER, INFO_BASE};

	for (uint32_t i = TAG_BYTES; i + 4 <= tag->size && !tag->optional; i += 4) {
		uint32_t type = loader_u32(tag->at + i);

		if (type > INFO_BASE || !memchr(given, (int)type, sizeof(given)))
			return loader_fail(mb->job, ERR_UNSUPPORTED,
					   "Multiboot2 header: information tag %u is required, but "
					   "not given here",
					   type);
	}
	return OK;
}

static enum status read_address(struct multiboot *mb, const struct tag *tag)
{
	mb->has_addresses = true;
	mb->addresses = (struct multiboot_addresses){.header = loader_u32(tag->at + 8),
						     .load = loader_u32(tag->at + 12),
						     .load_end = loader_u32(tag->at + 16),
						     .bss_end = loader_u32(tag->at + 20)};
	return OK;
}

static enum status read_entry(struct multiboot *mb, const struct tag *tag)
{
	mb->has_entry = true;
	mb->entry = loader_u32(tag->at + 8);
	return OK;
}

static enum status read_console(struct multiboot *mb, const struct tag *tag)
{
	uint32_t flags = loader_u32(tag->at + 8);

	if (!tag->optional && (flags & CONSOLE_REQUIRED) && !(flags & CONSOLE_TEXT))
		return loader_fail(mb->job, ERR_UNSUPPORTED,
				   "Multiboot2 header: console_flags %#x want graphics, there is "
				   "text only",
				   flags);
	return OK;
}

/* A depth of 0 is no preference: text will do. */
static enum status read_framebuffer(struct multiboot *mb, const struct tag *tag)
{
	if (!tag->optional && loader_u32(tag->at + 16) != 0)
		return loader_fail(
			mb->job, ERR_UNSUPPORTED,
			"Multiboot2 header: a framebuffer of depth %u is required, there "
			"is text only",
			loader_u32(tag->at + 16));
	return OK;
}

static enum status read_relocatable(struct multiboot *mb, const struct tag *tag)
{
	mb->relocatable = true;
	mb->min = loader_u32(tag->at + 8);
	mb->max = loader_u32(tag->at + 12);
	mb->align = loader_u32(tag->at + 16);
	mb->preference = loader_u32(tag->at + 20);
	if (mb->align == 0 || (mb->align & (mb->align - 1)) != 0)
		return loader_fail(mb->job, ERR_INVALID,
				   "Multiboot2 header: align %#x is no power of two", mb->align);
	return OK;
}

/* Modules are aligned to pages in any case, and without EFI its tags say nothing. */
static enum status read_tag(struct multiboot *mb, const struct tag *tag)
{
	static const struct {
		uint32_t bytes;
		enum status (*read)(struct multiboot *mb, const struct tag *tag);
	} tags[HEADER_TAGS] = {
		[HEADER_REQUEST] = {8, read_request},
		[HEADER_ADDRESS] = {24, read_address},
		[HEADER_ENTRY] = {12, read_entry},
		[HEADER_CONSOLE] = {12, read_console},
		[HEADER_FRAMEBUFFER] = {20, read_framebuffer},
		[HEADER_RELOCATABLE] = {24, read_relocatable},
	};

	if (tag->type >= HEADER_TAGS)
		return tag->optional ? OK
				     : loader_fail(mb->job, ERR_UNSUPPORTED,
						   "Multiboot2 header: tag %u is required, but not "
						   "known",
						   tag->type);
	if (tag->size < tags[tag->type].bytes)
		return loader_fail(mb->job, ERR_CORRUPT,
				   "Multiboot2 header: tag %u has %u bytes, %u are the least",
				   tag->type, tag->size, tags[tag->type].bytes);
	return tags[tag->type].read ? tags[tag->type].read(mb, tag) : OK;
}

enum status multiboot2_read(struct multiboot *mb)
{
	const uint8_t *header = (const uint8_t *)mb->job->in->image + mb->header_at;
	uint64_t left = mb->job->in->len_bytes - mb->header_at, end = loader_u32(header + 8);
	enum status s = OK;

	if (loader_u32(header + 4) != ARCHITECTURE_I386)
		return loader_fail(mb->job, ERR_UNSUPPORTED,
				   "Multiboot2 header: architecture %u is not known, 0 (i386) is",
				   loader_u32(header + 4));
	if (end > left)
		return loader_fail(mb->job, ERR_CORRUPT,
				   "Multiboot2 header: header_length %llu leaves the file",
				   (unsigned long long)end);
	for (uint64_t at = HEADER_BYTES; at + TAG_BYTES <= end && s == OK;) {
		struct tag tag = {.at = header + at,
				  .type = loader_u16(header + at),
				  .size = loader_u32(header + at + 4),
				  .optional = loader_u16(header + at + 2) & TAG_OPTIONAL};

		if (tag.size < TAG_BYTES || tag.size > end - at)
			return loader_fail(mb->job, ERR_CORRUPT,
					   "Multiboot2 header: tag %u has a size of %u", tag.type,
					   tag.size);
		if (tag.type == HEADER_END)
			return OK;
		s = read_tag(mb, &tag);
		at += align_up(tag.size, 8);
	}
	return s == OK ? loader_fail(mb->job, ERR_CORRUPT, "Multiboot2 header: no end tag") : s;
}

/* A tag of the information: its first words, and perhaps a string behind them. */
static enum status append_tag(struct multiboot *mb, enum info_tag type, const uint32_t *words,
			      unsigned count, const struct text *string)
{
	uint32_t head[2] = {type, (uint32_t)(TAG_BYTES + count * 4)};
	enum status s;

	if (string)
		head[1] += (uint32_t)string->len + 1;
	mb->next = align_up(mb->next, 8);
	s = multiboot_append(mb, head, sizeof(head));
	if (s == OK && count > 0)
		s = multiboot_append(mb, words, count * 4);
	return s == OK && string ? multiboot_append_string(mb, *string) : s;
}

static enum status append_mmap(struct multiboot *mb)
{
	struct e820_entry entries[E820_MAX];
	unsigned count = e820_build(mb->job->m, entries, E820_MAX);
	uint32_t head[4] = {INFO_MMAP, (uint32_t)sizeof(head) + count * 24, 24, 0}, zero = 0;
	enum status s;

	mb->next = align_up(mb->next, 8);
	s = multiboot_append(mb, head, sizeof(head));
	for (unsigned i = 0; i < count && s == OK; i++) {
		s = multiboot_append(mb, &entries[i], sizeof(entries[i]));
		if (s == OK)
			s = multiboot_append(mb, &zero, sizeof(zero));
	}
	return s;
}

static enum status append_machine(struct multiboot *mb)
{
	const uint32_t memory[] = {E820_LOW_END / KIB,
				   (uint32_t)((mb->placer.ram_end - MIB) / KIB)};
	const uint32_t screen[] = {VGA_TEXT_AT,          0,
				   VGA_TEXT_COLUMNS * 2, VGA_TEXT_COLUMNS,
				   VGA_TEXT_LINES,       16 | FRAMEBUFFER_IS_TEXT << 8};
	const uint32_t base = (uint32_t)mb->base;
	enum status s = append_tag(mb, INFO_MEMORY, memory, ARRAY_SIZE(memory), NULL);

	if (s == OK)
		s = append_mmap(mb);
	if (s == OK)
		s = append_tag(mb, INFO_FRAMEBUFFER, screen, ARRAY_SIZE(screen), NULL);
	return s == OK && mb->relocatable ? append_tag(mb, INFO_BASE, &base, 1, NULL) : s;
}

enum status multiboot2_write(struct multiboot *mb, uint32_t *magic)
{
	const struct text name = text_from(MULTIBOOT_LOADER_NAME);
	uint32_t total[2] = {0};
	enum status s;

	*magic = MAGIC;
	mb->next = mb->info_at + sizeof(total);
	s = append_tag(mb, INFO_CMDLINE, NULL, 0, &mb->job->in->config->args);
	if (s == OK)
		s = append_tag(mb, INFO_LOADER_NAME, NULL, 0, &name);
	for (unsigned i = 0; i < mb->module_count && s == OK; i++) {
		const uint32_t range[] = {mb->modules[i].start, mb->modules[i].end};

		s = append_tag(mb, INFO_MODULE, range, 2, &mb->modules[i].args);
	}
	if (s == OK)
		s = append_machine(mb);
	if (s == OK)
		s = append_tag(mb, INFO_END, NULL, 0, NULL);
	total[0] = (uint32_t)(mb->next - mb->info_at);
	return s == OK ? loader_put(mb->job, mb->info_at, total, sizeof(total),
				    "the Multiboot information")
		       : s;
}
