/*
 * debug/cmd_memory.c - the monitor's commands that read and write memory: a guest's, by
 * guest-physical or linear address, and the host's, by physical or virtual address.
 *
 * The host's memory is touched with a fault expected, so an address where nothing is mapped is an
 * error like any other.
 */
#include "boot/address_space.h"
#include "debug/monitor.h"
#include "kernel/string.h"
#include "kernel/trap.h"
#include "mm/phys.h"
#include "vmx/vm.h"
#include "vmx/vm_debug.h"

#define ROW_BYTES   16u
#define CHUNK_BYTES 256u
#define DUMP_BYTES  64u   /* if no length is given */
#define DUMP_MOST   4096u /* fits the monitor's output */

enum space { SPACE_GPA, SPACE_GVA, SPACE_HPA, SPACE_HVA, SPACES };

static const char *const space_names[SPACES] = {"gpa", "gva", "hpa", "hva"};

/* An address as a user wrote it: "demo gva:0x7c00", "hpa:0x100000". */
struct place {
	enum space space;
	struct vm *vm; /* of gpa and gva */
	uint64_t at;
};

/* ---- access ---- */

static enum status access_host(const struct place *p, void *buffer, size_t len_bytes, bool write)
{
	void *at = p->space == SPACE_HVA ? (void *)(uintptr_t)p->at : phys_ptr(hpa(p->at));
	bool done;

	if (p->space == SPACE_HPA && !address_space_is_ram(hpa(p->at), len_bytes))
		return ERR_RANGE;
	done = write ? trap_copy(at, buffer, len_bytes) : trap_copy(buffer, at, len_bytes);
	return done ? OK : ERR_RANGE;
}

/* All of it or an error. */
static enum status access(const struct place *p, void *buffer, size_t len_bytes, bool write)
{
	bool physical = p->space == SPACE_GPA;
	enum status s;
	size_t done;

	if (p->space >= SPACE_HPA)
		return access_host(p, buffer, len_bytes, write);
	s = write ? vm_debug_write(p->vm, physical, p->at, buffer, len_bytes, &done)
		  : vm_debug_read(p->vm, physical, p->at, buffer, len_bytes, &done);
	return s == OK && done < len_bytes ? ERR_RANGE : s;
}

static void report(const struct monitor_args *a, const struct place *p, enum status s)
{
	monitor_print(a, "%s:%#llx: %s\n", space_names[p->space], (unsigned long long)p->at,
		      s == ERR_RANGE ? "no memory there" : status_text(s));
}

/* ---- words ---- */

/* "gva:0x7c00"; false: it is none, and it says so. */
static bool take_address(const struct monitor_args *a, unsigned word, struct place *p)
{
	struct monitor_args number = *a;
	struct text rest = a->words[word], space;

	if (text_next_piece(&rest, ':', &space)) {
		for (unsigned i = 0; i < SPACES; i++) {
			if (!text_is(space, space_names[i]))
				continue;
			p->space = (enum space)i;
			number.words[word] = rest;
			return monitor_take_number(&number, word, 0, UINT64_MAX, &p->at);
		}
	}
	return monitor_wrong(a, "\"%.*s\" is no address", (int)a->words[word].len,
			     a->words[word].at);
}

/* [NAME] ADDRESS from word 2 on; *word is the next one. False: wrong words. p->vm stays NULL where
 * there is no such VM; then that was said. */
static bool take_place(const struct monitor_args *a, struct place *p, unsigned *word, bool *found)
{
	bool named = memchr(a->words[2].at, ':', a->words[2].len) == NULL;

	*p = (struct place){0};
	*word = named ? 4 : 3;
	if (a->count < *word)
		return monitor_wrong(a, "something is missing");
	if (!take_address(a, *word - 1, p))
		return false;
	if (named != (p->space < SPACE_HPA))
		return monitor_wrong(a, named ? "the host's memory is no VM's" : "whose memory?");
	p->vm = named ? monitor_vm(a, 2) : NULL;
	*found = p->vm || !named;
	return true;
}

static bool is_size(uint64_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

/* An optional size of a value. */
static bool take_size(const struct monitor_args *a, unsigned word, uint64_t *size)
{
	*size = 4;
	if (!monitor_counts(a, word, word + 1))
		return false;
	if (a->count > word && !monitor_take_number(a, word, 1, 8, size))
		return false;
	return is_size(*size) || monitor_wrong(a, "a value has 1, 2, 4 or 8 bytes");
}

/* ---- commands ---- */

static void print_row(const struct monitor_args *a, uint64_t at, const uint8_t *bytes, size_t len)
{
	char text[ROW_BYTES + 1] = {0};

	monitor_print(a, "%016llx ", (unsigned long long)at);
	for (size_t i = 0; i < ROW_BYTES; i++) {
		if (i < len) {
			monitor_print(a, " %02x", bytes[i]);
			text[i] = bytes[i] >= ' ' && bytes[i] <= '~' ? (char)bytes[i] : '.';
		} else {
			monitor_print(a, "   ");
		}
	}
	monitor_print(a, "  %s\n", text);
}

/* In pieces that lie in one page: each costs a call of the VM's core. */
static void dump(const struct monitor_args *a, struct place p, uint64_t len_bytes)
{
	uint8_t bytes[CHUNK_BYTES];

	while (len_bytes > 0) {
		size_t len = min_u64(len_bytes, CHUNK_BYTES - p.at % CHUNK_BYTES);
		enum status s = access(&p, bytes, len, false);

		if (s != OK) {
			report(a, &p, s);
			return;
		}
		for (size_t at = 0, row; at < len; at += row) {
			row = min_u64(len - at, ROW_BYTES - (p.at + at) % ROW_BYTES);
			print_row(a, p.at + at, bytes + at, row);
		}
		p.at += len;
		len_bytes -= len;
	}
}

static bool run_dump(const struct monitor_args *a, const struct place *p, unsigned word)
{
	uint64_t len_bytes = DUMP_BYTES;

	if (!monitor_counts(a, word, word + 1) ||
	    (a->count > word && !monitor_take_number(a, word, 1, DUMP_MOST, &len_bytes)))
		return false;
	dump(a, *p, len_bytes);
	return true;
}

static bool run_read(const struct monitor_args *a, const struct place *p, unsigned word)
{
	uint64_t size, value = 0;
	enum status s;

	if (!take_size(a, word, &size))
		return false;
	s = access(p, &value, size, false);
	if (s != OK)
		report(a, p, s);
	else
		monitor_print(a, "%0*llx\n", (int)(2 * size), (unsigned long long)value);
	return true;
}

static bool run_write(const struct monitor_args *a, const struct place *p, unsigned word)
{
	uint64_t size, value;
	enum status s;

	if (!take_size(a, word + 1, &size) ||
	    !monitor_take_number(a, word, 0, UINT64_MAX >> (64 - 8 * size), &value))
		return false;
	s = access(p, &value, size, true);
	if (s != OK)
		report(a, p, s);
	return true;
}

static bool mem(const struct monitor_args *a)
{
	static const struct {
		const char *word;
		bool (*fn)(const struct monitor_args *a, const struct place *p, unsigned word);
	} verbs[] = {{"dump", run_dump}, {"r", run_read}, {"w", run_write}};
	bool found = false;
	struct place p;
	unsigned word;

	if (!monitor_counts(a, 3, MONITOR_WORDS_MAX))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!text_is(a->words[1], verbs[i].word))
			continue;
		return take_place(a, &p, &word, &found) && (!found || verbs[i].fn(a, &p, word));
	}
	return monitor_wrong(a, "do not know \"%.*s\"", (int)a->words[1].len, a->words[1].at);
}

static const char *const mem_words[] = {"dump", "r", "w", NULL};

const struct monitor_command command_mem = {
	.name = "mem",
	.usage = "dump PLACE [BYTES] | r PLACE [SIZE] | w PLACE VALUE [SIZE]; "
		 "PLACE: NAME gpa:ADDR, NAME gva:ADDR, hpa:ADDR or hva:ADDR",
	.help = "memory of a VM, physical or linear, or of the host",
	.run = mem,
	.words = mem_words,
	.vm_names = true,
};

/* ---- disasm ---- */

static bool disasm(const struct monitor_args *a)
{
	struct place p = {.space = SPACE_GVA};

	if (!monitor_counts(a, 3, 3) || !monitor_take_number(a, 2, 0, UINT64_MAX, &p.at))
		return false;
	p.vm = monitor_vm(a, 1);
	if (!p.vm)
		return true;
	dump(a, p, ROW_BYTES);
	monitor_print(a, "bytes only; gdb shows instructions: x/i %#llx\n",
		      (unsigned long long)p.at);
	return true;
}

const struct monitor_command command_disasm = {
	.name = "disasm",
	.usage = "NAME ADDR",
	.help = "the bytes of instructions at a linear address; gdb's x/i disassembles",
	.run = disasm,
	.vm_names = true,
};
