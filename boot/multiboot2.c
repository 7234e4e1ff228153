/* boot/multiboot2.c - see boot/multiboot2.h. */
#include "boot/multiboot2.h"

#include "kernel/string.h"

#define HEADER_BYTES 8u /* total_size, reserved */
#define TAG_BYTES    8u /* type, size */

enum tag_type {
	TAG_END = 0,
	TAG_COMMAND_LINE = 1,
	TAG_LOADER_NAME = 2,
	TAG_MODULE = 3,
	TAG_BASIC_MEMORY = 4,
	TAG_MEMORY_MAP = 6,
	TAG_FRAMEBUFFER = 8,
	TAG_RSDP_OLD = 14,
	TAG_RSDP_NEW = 15,
	TAG_EFI_MEMORY_MAP = 17,
	TAG_EFI_BOOT_SERVICES = 18,
};

/* A tag whose size has been checked against the block. */
struct tag {
	uint32_t type, size; /* size: with the 8 bytes of type and size */
	const uint8_t *at;
};

/* A tag's parser returns NULL, or what is wrong with the tag in words. */
typedef const char *(*tag_parser)(struct multiboot2 *m, const struct tag *t);

static uint8_t get_u8(const struct tag *t, uint32_t offset)
{
	return t->at[offset];
}

static uint32_t get_u32(const struct tag *t, uint32_t offset)
{
	uint32_t value;

	memcpy(&value, t->at + offset, sizeof(value));
	return value;
}

static uint64_t get_u64(const struct tag *t, uint32_t offset)
{
	uint64_t value;

	memcpy(&value, t->at + offset, sizeof(value));
	return value;
}

/* The text from offset on; NULL if it does not end within the tag. */
static const char *get_text(const struct tag *t, uint32_t offset)
{
	for (uint32_t i = offset; i < t->size; i++) {
		if (t->at[i] == '\0')
			return (const char *)t->at + offset;
	}
	return NULL;
}

static const char *const no_text_end = "its text has no end";
static const char *const too_small = "it is too small";

static const char *parse_command_line(struct multiboot2 *m, const struct tag *t)
{
	const char *text = get_text(t, 8);

	if (text == NULL)
		return no_text_end;
	m->command_line = text;
	return NULL;
}

static const char *parse_loader_name(struct multiboot2 *m, const struct tag *t)
{
	const char *text = get_text(t, 8);

	if (text == NULL)
		return no_text_end;
	m->loader_name = text;
	return NULL;
}

static const char *parse_module(struct multiboot2 *m, const struct tag *t)
{
	struct multiboot2_module module;

	if (t->size < 17)
		return too_small;
	module = (struct multiboot2_module){
		.start = get_u32(t, 8),
		.end = get_u32(t, 12),
		.command_line = get_text(t, 16),
	};
	if (module.command_line == NULL)
		return no_text_end;
	if (module.end < module.start)
		return "it ends before it starts";
	if (m->module_count == MULTIBOOT2_MODULES_MAX) {
		m->modules_left_out++;
		return NULL;
	}
	m->modules[m->module_count++] = module;
	return NULL;
}

static const char *parse_basic_memory(struct multiboot2 *m, const struct tag *t)
{
	if (t->size < 16)
		return too_small;
	m->has_basic_memory = true;
	m->lower_kib = get_u32(t, 8);
	m->upper_kib = get_u32(t, 12);
	return NULL;
}

/* Both maps: entry size, version, entries. Entries may grow in later versions, never shrink. */
static const char *parse_table(struct multiboot2_table *table, const struct tag *t,
			       uint32_t least_entry_bytes)
{
	uint32_t entry_bytes, rest;

	if (t->size < 16)
		return too_small;
	entry_bytes = get_u32(t, 8);
	rest = t->size - 16;
	if (entry_bytes < least_entry_bytes)
		return "its entries are too small";
	if (entry_bytes % 8 != 0)
		return "its entry size is not a multiple of 8";
	if (rest % entry_bytes != 0)
		return "its size is not a whole number of entries";
	if (rest == 0)
		return "it is empty";
	*table = (struct multiboot2_table){
		.entries = t->at + 16,
		.entry_bytes = entry_bytes,
		.count = rest / entry_bytes,
	};
	return NULL;
}

static const char *parse_memory_map(struct multiboot2 *m, const struct tag *t)
{
	return parse_table(&m->memory, t, 24);
}

static const char *parse_efi_memory_map(struct multiboot2 *m, const struct tag *t)
{
	/* UEFI Specification, EFI_MEMORY_DESCRIPTOR: 40 bytes, and firmware may add some. */
	return parse_table(&m->efi_memory, t, 40);
}

static const char *parse_efi_boot_services(struct multiboot2 *m, const struct tag *t)
{
	(void)t;
	m->efi_boot_services = true;
	return NULL;
}

static const char *parse_rsdp_old(struct multiboot2 *m, const struct tag *t)
{
	if (t->size < TAG_BYTES + sizeof(m->rsdp_old))
		return too_small;
	memcpy(m->rsdp_old, t->at + TAG_BYTES, sizeof(m->rsdp_old));
	m->has_rsdp_old = true;
	return NULL;
}

static const char *parse_rsdp_new(struct multiboot2 *m, const struct tag *t)
{
	if (t->size < TAG_BYTES + sizeof(m->rsdp_new))
		return too_small;
	memcpy(m->rsdp_new, t->at + TAG_BYTES, sizeof(m->rsdp_new));
	m->has_rsdp_new = true;
	return NULL;
}

static struct multiboot2_colour get_colour(const struct tag *t, uint32_t offset)
{
	return (struct multiboot2_colour){
		.position = get_u8(t, offset),
		.bits = get_u8(t, offset + 1),
	};
}

static const char *parse_framebuffer(struct multiboot2 *m, const struct tag *t)
{
	struct multiboot2_framebuffer f;

	if (t->size < 31)
		return too_small;
	f = (struct multiboot2_framebuffer){
		.at = hpa(get_u64(t, 8)),
		.pitch_bytes = get_u32(t, 16),
		.width = get_u32(t, 20),
		.height = get_u32(t, 24),
		.bits_per_pixel = get_u8(t, 28),
	};
	if (get_u8(t, 29) > FRAMEBUFFER_TEXT)
		return "its type is not known";
	f.kind = (enum multiboot2_framebuffer_kind)get_u8(t, 29);
	if (f.width == 0 || f.height == 0)
		return "it has no area";
	if (f.pitch_bytes < (uint64_t)f.width * f.bits_per_pixel / 8)
		return "its lines are shorter than its width";
	if (f.kind == FRAMEBUFFER_RGB) {
		if (t->size < 38)
			return too_small;
		f.red = get_colour(t, 32);
		f.green = get_colour(t, 34);
		f.blue = get_colour(t, 36);
	}
	m->framebuffer = f;
	m->has_framebuffer = true;
	return NULL;
}

static const struct tag_rule {
	uint32_t type;
	const char *name;
	bool needed; /* damage is an error and not only a problem */
	tag_parser parse;
} rules[] = {
	{TAG_COMMAND_LINE, "boot command line", true, parse_command_line},
	{TAG_LOADER_NAME, "boot loader name", false, parse_loader_name},
	{TAG_MODULE, "module", true, parse_module},
	{TAG_BASIC_MEMORY, "basic memory information", false, parse_basic_memory},
	{TAG_MEMORY_MAP, "memory map", true, parse_memory_map},
	{TAG_FRAMEBUFFER, "framebuffer", false, parse_framebuffer},
	{TAG_RSDP_OLD, "ACPI old RSDP", false, parse_rsdp_old},
	{TAG_RSDP_NEW, "ACPI new RSDP", false, parse_rsdp_new},
	{TAG_EFI_MEMORY_MAP, "EFI memory map", true, parse_efi_memory_map},
	{TAG_EFI_BOOT_SERVICES, "EFI boot services", false, parse_efi_boot_services},
};

static const struct tag_rule *find_rule(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (rules[i].type == type)
			return &rules[i];
	}
	return NULL;
}

const char *multiboot2_tag_name(uint32_t type)
{
	const struct tag_rule *rule = find_rule(type);

	if (rule != NULL)
		return rule->name;
	return type == TAG_END ? "end" : "unknown";
}

/* When the list is full the last entry is overwritten: an error must be seen above all. */
static void add_problem(struct multiboot2 *m, uint32_t type, uint32_t offset, const char *tag,
			const char *what)
{
	if (m->problem_count == MULTIBOOT2_PROBLEMS_MAX)
		m->problem_count--;
	m->problems[m->problem_count++] = (struct multiboot2_problem){
		.type = type,
		.offset = offset,
		.tag = tag,
		.what = what,
	};
}

static enum status parse_tag(struct multiboot2 *m, const struct tag *t, uint32_t offset)
{
	const struct tag_rule *rule = find_rule(t->type);
	const char *what;

	if (rule == NULL)
		return OK; /* later versions of the specification may have more */
	what = rule->parse(m, t);
	if (what == NULL)
		return OK;
	add_problem(m, t->type, offset, rule->name, what);
	return rule->needed ? ERR_CORRUPT : OK;
}

/* Goes through the list; every tag is on a border of 8 bytes and the last one is TAG_END. */
static enum status parse_tags(struct multiboot2 *m, const uint8_t *block)
{
	uint32_t offset = HEADER_BYTES;
	enum status s;

	while (m->total_bytes - offset >= TAG_BYTES) {
		struct tag t = {.at = block + offset};

		t.type = get_u32(&t, 0);
		t.size = get_u32(&t, 4);
		if (t.size < TAG_BYTES || t.size > m->total_bytes - offset) {
			add_problem(m, t.type, offset, multiboot2_tag_name(t.type),
				    t.size < TAG_BYTES ? "its size is less than its head"
						       : "it reaches past the end of the block");
			return ERR_CORRUPT;
		}
		if (t.type == TAG_END)
			return OK;
		s = parse_tag(m, &t, offset);
		if (s != OK)
			return s;

		uint64_t next = align_up((uint64_t)offset + t.size, 8);

		if (next > m->total_bytes)
			break;
		offset = (uint32_t)next;
	}
	add_problem(m, TAG_END, offset, "end", "it is missing");
	return ERR_CORRUPT;
}

enum status multiboot2_parse(struct multiboot2 *m, const void *info, uint64_t limit_bytes)
{
	const struct tag head = {.at = info};
	enum status s;

	*m = (struct multiboot2){.command_line = "", .loader_name = ""};
	if (!is_aligned((uintptr_t)info, 8)) {
		add_problem(m, TAG_END, 0, "tag list", "it is not on a border of 8 bytes");
		return ERR_ALIGNMENT;
	}
	if (limit_bytes >= HEADER_BYTES)
		m->total_bytes = get_u32(&head, 0);
	if (m->total_bytes < HEADER_BYTES + TAG_BYTES) {
		add_problem(m, TAG_END, 0, "tag list", too_small);
		return ERR_CORRUPT;
	}
	if (m->total_bytes > limit_bytes || m->total_bytes > MULTIBOOT2_MOST_BYTES) {
		add_problem(m, TAG_END, 0, "tag list", "it is too large");
		return ERR_CORRUPT;
	}
	s = parse_tags(m, info);
	if (s != OK)
		return s;
	if (m->memory.entries == NULL && m->efi_memory.entries == NULL) {
		add_problem(m, TAG_MEMORY_MAP, 0, "memory map", "it is missing");
		return ERR_NOT_FOUND;
	}
	return OK;
}
