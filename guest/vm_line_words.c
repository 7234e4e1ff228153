/* guest/vm_line_words.c - the words of a line that describes a VM, and which go with which kind. */
#include "guest/vm_line.h"

#include "guest/vm_line_parser.h"
#include "kernel/string.h"

#define ALL_KINDS   (BIT(VM_KINDS) - 1)
#define MESSAGE_MAX 80u

static const struct {
	const char *name;
	uint64_t mem_bytes; /* without mem= */
} kinds[VM_KINDS] = {
	[VM_KIND_FLAT] = {"flat", 1 * MIB},
	[VM_KIND_BIOS] = {"bios", 64 * MIB},
	[VM_KIND_DISK] = {"disk", 64 * MIB},
	[VM_KIND_LINUX] = {"linux", 128 * MIB},
	[VM_KIND_MULTIBOOT] = {"multiboot", 64 * MIB},
};

const char *vm_kind_name(enum vm_kind kind)
{
	return (unsigned)kind < VM_KINDS ? kinds[kind].name : "unknown";
}

static enum status parse_name(struct line_parser *p)
{
	return line_take_name(p, p->config->name);
}

static enum status parse_kind(struct line_parser *p)
{
	for (unsigned i = 0; i < VM_KINDS; i++) {
		if (text_is(p->value, vm_kind_name(i))) {
			p->config->kind = i;
			return OK;
		}
	}
	return line_fail_value(p, ERR_INVALID,
			       "unknown kind; there are flat, bios, disk, linux and multiboot");
}

static enum status parse_mem(struct line_parser *p)
{
	uint64_t bytes = 0;
	enum status s = text_to_size(p->value, &bytes);

	if (s == ERR_INVALID)
		return line_fail_value(p, s, "mem= takes a number with K, M, G or T, such as 64M");
	if (s != OK || bytes < VM_MEM_MIN || bytes > VM_MEM_MAX)
		return line_fail_value(p, ERR_RANGE, "mem= goes from 64K to 1T");
	if (!is_aligned(bytes, PAGE_4K))
		return line_fail_value(p, ERR_RANGE, "mem= must be a multiple of 4K");
	p->config->mem_bytes = bytes;
	return OK;
}

/* One to four hexadecimal digits. */
static bool parse_hex16(struct text t, uint16_t *value)
{
	uint16_t sum = 0;

	if (t.len == 0 || t.len > 4)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		char c = t.at[i];
		int digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (c >= 'a' && c <= 'f')
			digit = c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			digit = c - 'A' + 10;
		else
			return false;
		sum = (uint16_t)(sum << 4 | digit);
	}
	*value = sum;
	return true;
}

static enum status parse_load(struct line_parser *p)
{
	struct text offset = p->value, segment = {.at = p->value.at, .len = 0};

	while (segment.len < p->value.len && p->value.at[segment.len] != ':')
		segment.len++;
	if (segment.len < p->value.len) {
		offset.at += segment.len + 1;
		offset.len -= segment.len + 1;
		if (parse_hex16(segment, &p->config->load_segment) &&
		    parse_hex16(offset, &p->config->load_offset))
			return OK;
	}
	return line_fail_value(p, ERR_INVALID,
			       "load= takes segment:offset in hex, such as 0000:7C00");
}

/* What a key with a number takes, and what is said of any other value. */
struct number_rule {
	uint64_t least, most;
	const char *not_a_number, *out_of_range;
};

static enum status take_number(struct line_parser *p, const struct number_rule *rule,
			       uint64_t *number)
{
	enum status s = text_to_u64(p->value, number);

	if (s == ERR_INVALID)
		return line_fail_value(p, s, rule->not_a_number);
	if (s != OK || *number < rule->least || *number > rule->most)
		return line_fail_value(p, ERR_RANGE, rule->out_of_range);
	return OK;
}

static enum status parse_core(struct line_parser *p)
{
	static const struct number_rule rule = {0, VM_CORE_LAST, "core= takes a number, or any",
						"core= goes from 0 to 255"};
	uint64_t core = 0;
	enum status s;

	if (text_is(p->value, "any")) {
		p->config->core = VM_CORE_ANY;
		return OK;
	}
	s = take_number(p, &rule, &core);
	if (s == OK)
		p->config->core = (int)core;
	return s;
}

static enum status parse_repeat(struct line_parser *p)
{
	static const struct number_rule rule = {1, VM_REPEAT_MAX, "repeat= takes a number",
						"repeat= goes from 1 to 1000000"};

	return take_number(p, &rule, &p->config->repeat);
}

static enum status parse_limit(struct line_parser *p)
{
	static const struct number_rule rule = {1, VM_LIMIT_MAX_S,
						"limit= takes a number of seconds",
						"limit= goes from 1 to 1000000 seconds"};

	return take_number(p, &rule, &p->config->limit_s);
}

static enum status parse_cpus(struct line_parser *p)
{
	static const struct number_rule rule = {1, VM_CORE_LAST + 1, "cpus= takes a number",
						"cpus= goes from 1 to 256"};
	uint64_t cpus = 0;
	enum status s = take_number(p, &rule, &cpus);

	if (s != OK)
		return s;
	if (cpus > 1)
		return line_fail_value(p, ERR_UNSUPPORTED,
				       "more than one CPU in a VM is not in this version");
	p->config->cpus = (unsigned)cpus;
	return OK;
}

static enum status parse_poke(struct line_parser *p)
{
	struct text rest = p->value, field;

	if (!text_next_piece(&rest, ':', &field) || field.len == 0 ||
	    text_to_u64(rest, &p->config->poke_value) != OK)
		return line_fail_value(
			p, ERR_INVALID,
			"poke= takes a VMCS field and a number, such as GUEST_RFLAGS:0");
	p->config->poke_field = field;
	return OK;
}

static enum status parse_check(struct line_parser *p)
{
	if (!text_is(p->value, "entry"))
		return line_fail_value(p, ERR_INVALID, "check= takes entry");
	p->config->check_entry = true;
	return OK;
}

static enum status parse_firmware(struct line_parser *p)
{
	if (!text_is(p->value, "own"))
		return line_fail_value(
			p, ERR_INVALID,
			"firmware= takes own; another one is a module with role=bios");
	p->config->own_firmware = true;
	return OK;
}

static enum status parse_entry(struct line_parser *p)
{
	static const struct {
		const char *word;
		unsigned bits;
	} entries[] = {{"16", 16}, {"32", 32}, {"64", 64}};

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		if (text_is(p->value, entries[i].word)) {
			p->config->entry = entries[i].bits;
			return OK;
		}
	}
	return line_fail_value(p, ERR_INVALID, "entry= takes 16, 32 or 64");
}

/* A word with one of two values. */
static enum status take_choice(struct line_parser *p, const char *yes, const char *no,
			       const char *neither, bool *choice)
{
	*choice = text_is(p->value, yes);
	if (!*choice && !text_is(p->value, no))
		return line_fail_value(p, ERR_INVALID, neither);
	return OK;
}

static enum status parse_on_reset(struct line_parser *p)
{
	return take_choice(p, "restart", "stop", "on-reset= takes restart or stop",
			   &p->config->restart_on_reset);
}

static enum status parse_display(struct line_parser *p)
{
	return take_choice(p, "text", "none", "display= takes text or none",
			   &p->config->text_display);
}

static enum status parse_debug(struct line_parser *p)
{
	p->config->debug_wait = text_is(p->value, "wait");
	return p->config->debug_wait ? OK : line_fail_value(p, ERR_INVALID, "debug= takes wait");
}

static enum status parse_debug_tsc(struct line_parser *p)
{
	return take_choice(p, "run", "stop", "debug-tsc= takes run or stop",
			   &p->config->debug_tsc_runs);
}

/* most: where the device still fits below 10000h. */
static enum status take_port(struct line_parser *p, const char *no_port, uint16_t most,
			     uint16_t *port)
{
	if (!parse_hex16(p->value, port) || *port == 0 || *port > most)
		return line_fail_value(p, ERR_INVALID, no_port);
	return OK;
}

static enum status parse_debug_exit(struct line_parser *p)
{
	return take_port(p, "debugexit= takes a port in hex, such as f4", 0xfffc,
			 &p->config->debug_exit_port);
}

static enum status parse_debug_console(struct line_parser *p)
{
	return take_port(p, "debugcon= takes a port in hex, such as e9", 0xffff,
			 &p->config->debug_console_port);
}

#define TOOL_WORDS(X)                                                                              \
	X(VM_TOOL_WATCH, "watch")                                                                  \
	X(VM_TOOL_WATCHLOG, "watchlog")                                                            \
	X(VM_TOOL_CR3TARGET, "cr3target")                                                          \
	X(VM_TOOL_CPUID, "cpuid")                                                                  \
	X(VM_TOOL_MSRAREA, "msrarea")                                                              \
	X(VM_TOOL_VPID, "vpid")                                                                    \
	X(VM_TOOL_EPTMAX, "eptmax")                                                                \
	X(VM_TOOL_TSC, "tsc")                                                                      \
	X(VM_TOOL_TPR, "tpr")                                                                      \
	X(VM_TOOL_PLE, "ple")                                                                      \
	X(VM_TOOL_VMX, "vmx")                                                                      \
	X(VM_TOOL_HYPERCALLS, "hypercalls")                                                        \
	X(VM_TOOL_STEPS, "steps")                                                                  \
	X(VM_TOOL_REDIRECT, "redirect")                                                            \
	X(VM_TOOL_HOOK, "hook")                                                                    \
	X(VM_TOOL_VIEWS, "views")                                                                  \
	X(VM_TOOL_POOL, "pool")                                                                    \
	X(VM_TOOL_PASS, "pass")

#define NAME(word, name) [word] = (name),
static const char *const tool_words[VM_TOOL_WORDS] = {TOOL_WORDS(NAME)};

const char *vm_tool_word_name(enum vm_tool_word word)
{
	return tool_words[word];
}

bool vm_tool_word_find(struct text name, enum vm_tool_word *word)
{
	for (unsigned i = 0; i < VM_TOOL_WORDS; i++) {
		if (text_is(name, tool_words[i])) {
			*word = (enum vm_tool_word)i;
			return true;
		}
	}
	return false;
}

/* What the value means is the toolkit's; an empty one would look like no word. */
static enum status parse_tool(struct line_parser *p)
{
	enum vm_tool_word word;

	if (p->value.len == 0)
		return line_fail(p, ERR_INVALID, p->key, "this word needs a value");
	if (vm_tool_word_find(p->key, &word))
		p->config->tools[word] = p->value;
	return OK;
}

static enum status parse_role(struct line_parser *p)
{
	return line_fail(p, ERR_INVALID, p->key,
			 "role= belongs to a further module of a VM, not to its first");
}

#define WITH_FIRMWARE (BIT(VM_KIND_FLAT) | BIT(VM_KIND_DISK) | BIT(VM_KIND_LINUX))

enum { KEY_NAME, KEY_MEM, KEY_ON_RESET, KEY_FIRMWARE };

static const struct line_key keys[] = {
	[KEY_NAME] = {"vm", parse_name, ALL_KINDS, false},
	[KEY_MEM] = {"mem", parse_mem, ALL_KINDS, false},
	[KEY_ON_RESET] = {"on-reset", parse_on_reset, ALL_KINDS, false},
	[KEY_FIRMWARE] = {"firmware", parse_firmware, WITH_FIRMWARE, false},
	{"kind", parse_kind, ALL_KINDS, false},
	{"load", parse_load, BIT(VM_KIND_FLAT), false},
	{"entry", parse_entry, BIT(VM_KIND_LINUX), false},
	{"core", parse_core, ALL_KINDS, false},
	{"repeat", parse_repeat, ALL_KINDS, false},
	{"limit", parse_limit, ALL_KINDS, false},
	{"cpus", parse_cpus, ALL_KINDS, false},
	{"display", parse_display, ALL_KINDS, false},
	{"debugexit", parse_debug_exit, ALL_KINDS, false},
	{"debugcon", parse_debug_console, ALL_KINDS, false},
	{"debug", parse_debug, ALL_KINDS, false},
	{"debug-tsc", parse_debug_tsc, ALL_KINDS, false},
	{"check", parse_check, ALL_KINDS, false},
	{"poke", parse_poke, ALL_KINDS, false},
	{"role", parse_role, ALL_KINDS, false},
#define KEY(word, name) {name, parse_tool, ALL_KINDS, false},
	TOOL_WORDS(KEY)};

/* Once the kind is known: whether every word goes with it, and what the words left out mean. */
static enum status finish(struct line_parser *p)
{
	struct vm_config *c = p->config;
	char what[MESSAGE_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!p->seen[i].at || (keys[i].kinds & BIT(c->kind)))
			continue;
		text_format(what, sizeof(what), "this word does not go with kind=%s",
			    vm_kind_name(c->kind));
		return line_fail(p, ERR_INVALID, p->seen[i], what);
	}
	if (c->kind == VM_KIND_LINUX && c->entry != 16 && c->own_firmware)
		return line_fail(p, ERR_INVALID, p->seen[KEY_FIRMWARE],
				 "only entry=16 uses the firmware");
	if (!p->seen[KEY_MEM].at)
		c->mem_bytes = kinds[c->kind].mem_bytes;
	if (!p->seen[KEY_ON_RESET].at)
		c->restart_on_reset = c->kind != VM_KIND_FLAT;
	if (c->kind == VM_KIND_LINUX && c->entry == 16)
		c->own_firmware = true;
	return OK;
}

enum status vm_line_parse(struct text line, struct vm_config *config, char *message, size_t size)
{
	struct line_parser p = {.config = config,
				.message = message,
				.size = size,
				.keys = keys,
				.key_count = ARRAY_SIZE(keys)};
	enum status s;

	*config = (struct vm_config){
		.load_offset = 0x7c00,
		.core = VM_CORE_ANY,
		.repeat = 1,
		.cpus = 1,
		.entry = 16,
	};
	s = line_parse(&p, line);
	config->line = p.line;
	config->args = p.args;
	return s == OK ? finish(&p) : s;
}
