/*
 * tests/fuzz/fuzz_vm_line.c - guest/vm_line.h fed with random command lines (libFuzzer).
 *
 * Each line is read as that of a first module and as that of a further one. It is in memory of its
 * exact size and without a NUL, so that AddressSanitizer sees a read past it. Whatever comes in,
 * the result keeps the promises of the header.
 */
#include "tests/fuzz/fuzzer.h"

#include "guest/vm_line.h"

static void check_config(const struct vm_config *c, const char *line, size_t size)
{
	size_t name = strnlen(c->name, sizeof(c->name));

	ASSERT(name >= 1 && name < VM_NAME_SIZE);
	ASSERT((unsigned)c->kind < VM_KINDS);
	ASSERT(c->entry == 16 || c->entry == 32 || c->entry == 64);
	ASSERT(c->entry == 16 || c->kind == VM_KIND_LINUX);
	ASSERT(c->mem_bytes >= VM_MEM_MIN && c->mem_bytes <= VM_MEM_MAX);
	ASSERT(is_aligned(c->mem_bytes, PAGE_4K));
	ASSERT(c->core >= VM_CORE_ANY && c->core <= VM_CORE_LAST);
	ASSERT(c->repeat >= 1 && c->repeat <= VM_REPEAT_MAX);
	ASSERT(c->cpus == 1);
	if (c->args.len > 0)
		ASSERT(c->args.at >= line && c->args.at + c->args.len <= line + size);
}

static void check_module(const struct vm_module_line *m, const char *line, size_t size)
{
	size_t name = strnlen(m->name, sizeof(m->name));

	ASSERT(name >= 1 && name < VM_NAME_SIZE);
	ASSERT((unsigned)m->role < VM_ROLES);
	ASSERT((m->file.len > 0) == (m->role == VM_ROLE_FWCFG));
	ASSERT(m->file.len <= VM_FILE_MAX);
	if (m->args.len > 0)
		ASSERT(m->args.at >= line && m->args.at + m->args.len <= line + size);
}

/* Three lines of printable text, and a caret under the second one. */
static void check_message(const char *message)
{
	const char *quote = strchr(message, '\n'), *mark, *caret;

	ASSERT(strlen(message) + 1 < VM_LINE_MESSAGE_SIZE);
	ASSERT(quote != NULL);
	mark = strchr(quote + 1, '\n');
	ASSERT(mark != NULL && strchr(mark + 1, '\n') == NULL);
	for (const char *c = message; *c != '\0'; c++)
		ASSERT(*c == '\n' || (*c >= ' ' && *c <= '~'));
	caret = strchr(mark, '^');
	ASSERT(caret != NULL && caret - mark <= mark - quote);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char message[VM_LINE_MESSAGE_SIZE], *line = malloc(size > 0 ? size : 1);
	struct vm_module_line module;
	struct vm_config config;
	struct text text;

	if (line == NULL)
		return 0;
	if (size > 0)
		memcpy(line, data, size);
	text = (struct text){.at = line, .len = size};
	if (vm_line_parse(text, &config, message, sizeof(message)) == OK) {
		check_config(&config, line, size);
		ASSERT(!vm_line_has_role(text));
	} else {
		check_message(message);
	}
	if (vm_line_parse_module(text, &module, message, sizeof(message)) == OK) {
		check_module(&module, line, size);
		ASSERT(vm_line_has_role(text));
	} else {
		check_message(message);
	}
	free(line);
	return 0;
}
