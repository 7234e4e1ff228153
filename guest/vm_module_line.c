/* guest/vm_module_line.c - the line of a further module of a VM: an initrd, a disk, a file. */
#include "guest/vm_line_parser.h"

#include "kernel/string.h"

#define ALL_ROLES (BIT(VM_ROLES) - 1)
#define ALL_KINDS (BIT(VM_KINDS) - 1)
#define ON_A_BIOS (BIT(VM_KIND_BIOS) | BIT(VM_KIND_DISK))

static const struct {
	const char *name;
	uint64_t kinds; /* of VMs that can use it */
} roles[VM_ROLES] = {
	[VM_ROLE_INITRD] = {"initrd", BIT(VM_KIND_LINUX) | ON_A_BIOS},
	[VM_ROLE_DISK] = {"disk", ALL_KINDS},
	[VM_ROLE_CDROM] = {"cdrom", ALL_KINDS},
	[VM_ROLE_FLOPPY] = {"floppy", ALL_KINDS},
	[VM_ROLE_BIOS] = {"bios", BIT(VM_KIND_DISK)},
	[VM_ROLE_MODULE] = {"module", BIT(VM_KIND_MULTIBOOT)},
	[VM_ROLE_KERNEL] = {"kernel", ON_A_BIOS},
	[VM_ROLE_FWCFG] = {"fwcfg", ALL_KINDS},
	[VM_ROLE_SYMBOLS] = {"symbols", ALL_KINDS},
};

const char *vm_role_name(enum vm_role role)
{
	return (unsigned)role < VM_ROLES ? roles[role].name : "unknown";
}

bool vm_role_fits(enum vm_role role, enum vm_kind kind)
{
	return (unsigned)role < VM_ROLES && (unsigned)kind < VM_KINDS &&
	       (roles[role].kinds & BIT(kind));
}

bool vm_line_has_role(struct text line)
{
	struct text word, key, value;

	while (text_next_word(&line, &word) && !text_is(word, "--")) {
		text_split(word, &key, &value);
		if (text_is(key, "role"))
			return true;
	}
	return false;
}

static enum status parse_name(struct line_parser *p)
{
	return line_take_name(p, p->module->name);
}

static enum status parse_role(struct line_parser *p)
{
	for (unsigned i = 0; i < VM_ROLES; i++) {
		if (text_is(p->value, roles[i].name)) {
			p->module->role = i;
			return OK;
		}
	}
	return line_fail_value(p, ERR_INVALID,
			       "unknown role; there are initrd, disk, cdrom, floppy, bios, module, "
			       "kernel, fwcfg and symbols");
}

static enum status parse_ro(struct line_parser *p)
{
	p->module->read_only = true;
	return OK;
}

static enum status parse_file(struct line_parser *p)
{
	struct text v = p->value;

	if (v.len == 0 || v.len > VM_FILE_MAX)
		return line_fail_value(p, ERR_INVALID, "file= takes a name of 1 to 55 characters");
	for (size_t i = 0; i < v.len; i++)
		if (v.at[i] < '!' || v.at[i] > '~')
			return line_fail(p, ERR_INVALID, (struct text){.at = v.at + i, .len = 1},
					 "a file= name has printable characters only");
	p->module->file = v;
	return OK;
}

enum { KEY_NAME, KEY_ROLE, KEY_RO, KEY_FILE };

/* Here .kinds has bits of enum vm_role. */
static const struct line_key keys[] = {
	[KEY_NAME] = {"vm", parse_name, ALL_ROLES, false},
	[KEY_ROLE] = {"role", parse_role, ALL_ROLES, false},
	[KEY_RO] = {"ro", parse_ro, BIT(VM_ROLE_DISK) | BIT(VM_ROLE_CDROM) | BIT(VM_ROLE_FLOPPY),
		    true},
	[KEY_FILE] = {"file", parse_file, BIT(VM_ROLE_FWCFG), false},
};

static enum status finish(struct line_parser *p)
{
	struct vm_module_line *module = p->module;
	char what[80];

	if (!p->seen[KEY_ROLE].at)
		return line_fail(p, ERR_NOT_FOUND, p->first, "role= is missing");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!p->seen[i].at || (keys[i].kinds & BIT(module->role)))
			continue;
		text_format(what, sizeof(what), "this word does not go with role=%s",
			    vm_role_name(module->role));
		return line_fail(p, ERR_INVALID, p->seen[i], what);
	}
	if (module->role == VM_ROLE_FWCFG && !p->seen[KEY_FILE].at)
		return line_fail(p, ERR_NOT_FOUND, p->seen[KEY_ROLE],
				 "role=fwcfg needs a name, as in file=etc/show-boot-menu");
	if (module->args.len && module->role != VM_ROLE_MODULE && module->role != VM_ROLE_KERNEL)
		return line_fail(p, ERR_INVALID, module->args,
				 "only role=module and role=kernel have words of the guest");
	return OK;
}

enum status vm_line_parse_module(struct text line, struct vm_module_line *module, char *message,
				 size_t size)
{
	struct line_parser p = {.module = module,
				.message = message,
				.size = size,
				.keys = keys,
				.key_count = ARRAY_SIZE(keys)};
	enum status s;

	*module = (struct vm_module_line){.read_only = false};
	s = line_parse(&p, line);
	module->line = p.line;
	module->args = p.args;
	module->read_only = module->read_only || module->role == VM_ROLE_CDROM;
	return s == OK ? finish(&p) : s;
}
