/* guest/loader_multiboot1.c - the header and the information structure of Multiboot 1. */
#include "guest/loader_multiboot.h"

#include "guest/e820.h"
#include "kernel/string.h"

#define MAGIC              0x2badb002u
#define HEADER_FLAGS       4u
#define HEADER_ADDRESSES   12u /* header, load, load_end, bss_end, entry */
#define HEADER_ADDRESS_END 32u
#define FLAGS_KNOWN        0x7u /* of those that must be: page alignment, memory, video */
#define FLAGS_REQUIRED     0xffffu
#define FLAG_ADDRESSES     0x10000u

#define INFO_MEMORY        BIT(0)
#define INFO_CMDLINE       BIT(2)
#define INFO_MODULES       BIT(3)
#define INFO_MMAP          BIT(6)
#define INFO_LOADER_NAME   BIT(9)
#define INFO_FRAMEBUFFER   BIT(12)

struct information {
	uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr;
	uint32_t syms[4];
	uint32_t mmap_length, mmap_addr;
	uint32_t drives_length, drives_addr, config_table, boot_loader_name, apm_table;
	uint32_t vbe[4];
	uint64_t framebuffer_addr;
	uint32_t framebuffer_pitch, framebuffer_width, framebuffer_height;
	uint8_t framebuffer_bpp, framebuffer_type, color_info[6];
} PACKED;

struct module {
	uint32_t start, end, string, reserved;
};

struct mmap_entry {
	uint32_t size; /* of the rest */
	struct e820_entry e;
} PACKED;

_Static_assert(sizeof(struct information) == 116, "as the specification has it");

enum status multiboot1_read(struct multiboot *mb)
{
	const uint8_t *header = (const uint8_t *)mb->job->in->image + mb->header_at;
	uint32_t flags = loader_u32(header + HEADER_FLAGS);

	if (flags & FLAGS_REQUIRED & ~FLAGS_KNOWN)
		return loader_fail(mb->job, ERR_UNSUPPORTED,
				   "Multiboot header: flags %#x ask for what is not known", flags);
	if (!(flags & FLAG_ADDRESSES))
		return OK;
	if (mb->job->in->len_bytes - mb->header_at < HEADER_ADDRESS_END)
		return loader_fail(mb->job, ERR_CORRUPT, "the Multiboot header is cut");
	mb->addresses = (struct multiboot_addresses){
		.header = loader_u32(header + HEADER_ADDRESSES),
		.load = loader_u32(header + HEADER_ADDRESSES + 4),
		.load_end = loader_u32(header + HEADER_ADDRESSES + 8),
		.bss_end = loader_u32(header + HEADER_ADDRESSES + 12),
	};
	mb->entry = loader_u32(header + HEADER_ADDRESSES + 16);
	mb->has_addresses = true;
	mb->has_entry = true;
	return OK;
}

static enum status write_mmap(struct multiboot *mb, struct information *info)
{
	struct e820_entry entries[E820_MAX];
	unsigned count = e820_build(mb->job->m, entries, E820_MAX);
	enum status s = OK;

	info->mmap_addr = (uint32_t)mb->next;
	info->mmap_length = count * (uint32_t)sizeof(struct mmap_entry);
	for (unsigned i = 0; i < count && s == OK; i++) {
		struct mmap_entry entry = {.size = sizeof(entry.e), .e = entries[i]};

		s = multiboot_append(mb, &entry, sizeof(entry));
	}
	return s;
}

/* The table of modules, and their strings behind it. */
static enum status write_modules(struct multiboot *mb, struct information *info)
{
	uint64_t string = mb->next + mb->module_count * sizeof(struct module);
	enum status s = OK;

	info->mods_addr = (uint32_t)mb->next;
	info->mods_count = mb->module_count;
	for (unsigned i = 0; i < mb->module_count && s == OK; i++) {
		struct module module = {.start = mb->modules[i].start,
					.end = mb->modules[i].end,
					.string = (uint32_t)string};

		s = multiboot_append(mb, &module, sizeof(module));
		string += mb->modules[i].args.len + 1;
	}
	for (unsigned i = 0; i < mb->module_count && s == OK; i++)
		s = multiboot_append_string(mb, mb->modules[i].args);
	return s;
}

enum status multiboot1_write(struct multiboot *mb, uint32_t *magic)
{
	struct information info = {
		.flags = INFO_MEMORY | INFO_CMDLINE | INFO_MODULES | INFO_MMAP | INFO_LOADER_NAME |
			 INFO_FRAMEBUFFER,
		.mem_lower = E820_LOW_END / KIB,
		.mem_upper = (uint32_t)((mb->placer.ram_end - MIB) / KIB),
		.framebuffer_addr = VGA_TEXT_AT,
		.framebuffer_pitch = VGA_TEXT_COLUMNS * 2,
		.framebuffer_width = VGA_TEXT_COLUMNS,
		.framebuffer_height = VGA_TEXT_LINES,
		.framebuffer_bpp = 16,
		.framebuffer_type = FRAMEBUFFER_IS_TEXT,
	};
	enum status s;

	*magic = MAGIC;
	mb->next = align_up(mb->info_at + sizeof(info), 8);
	s = write_mmap(mb, &info);
	if (s == OK)
		s = write_modules(mb, &info);
	info.cmdline = (uint32_t)mb->next;
	if (s == OK)
		s = multiboot_append_string(mb, mb->job->in->config->args);
	info.boot_loader_name = (uint32_t)mb->next;
	if (s == OK)
		s = multiboot_append_string(mb, text_from(MULTIBOOT_LOADER_NAME));
	return s == OK ? loader_put(mb->job, mb->info_at, &info, sizeof(info),
				    "the Multiboot information")
		       : s;
}
