/*
 * guest/vm_line.h - the command lines of boot modules, which describe virtual machines.
 *
 * Pure. Words are separated by blanks; what follows "--" belongs to the guest. A VM's first module
 * is what it runs, and its line says all about the machine:
 *
 *	vm=demo kind=flat mem=1M load=0000:7C00 core=2 repeat=1000 -- words for the guest
 *
 *	vm=NAME	        letters, digits, - _ . ; 1 to 31 of them; must be there
 *	kind=KIND       flat (default): runs at load=; bios: a ROM; disk: the first disk; linux:
 *	                a bzImage; multiboot: a kernel for Multiboot 1 or 2
 *	mem=SIZE        64K to 1T, a multiple of 4 KiB, suffix K M G T; by default 1M for flat,
 *	                128M for linux, 64M for others
 *	load=SEG:OFF    flat: hexadecimal, four digits at most each; default 0000:7C00
 *	firmware=own    flat, disk, linux with entry=16 (there it is the default): Lintel's BIOS
 *	entry=16|32|64  linux: which entry of the boot protocol, default 16
 *	on-reset=WORD   restart or stop: what a guest's reset does; flat stops, others restart
 *	display=WORD    text: its screen is drawn on the console; none (default)
 *	debugexit=PORT  hexadecimal, 1 to FFFC: QEMU's debug exit, such as f4
 *	debugcon=PORT   hexadecimal, 1 to FFFF: QEMU's debug console, such as e9
 *	core=N	        the core to run on, 0 to 255; "any" is the default
 *	repeat=N        how often to start it anew after it ended, 1 (default) to 1000000 runs
 *	limit=N	        each run is ended after so many seconds, 1 to 1000000; none by default
 *	cpus=N	        1 (default); more: not in this version
 *	debug=wait      it is stopped for a debugger before its first instruction
 *	debug-tsc=WORD  run or stop (default): its TSC, while a debugger has stopped it
 *	check=entry     the rules of VM entry are checked before a run's first entry
 *	poke=FIELD:N    for experiments: a VMCS field is written before the first entry, such as
 *		        GUEST_RFLAGS:0; whether the field is one that may be written is the caller's
 *	watch=... and the other words of enum vm_tool_word: for the VT-x toolkit, which reads them
 *
 * A word that means nothing for the kind is an error. Further modules of a VM name it and their
 * role (vm=linux role=initrd):
 *
 *	role=initrd     kind=linux, or for fw_cfg: with a kernel
 *	role=disk       an ATA disk (raw image); "ro" refuses writes
 *	role=cdrom      an ATAPI drive (ISO image), always read-only
 *	role=floppy     a floppy image
 *	role=bios       kind=disk: the ROM that boots it
 *	role=module     kind=multiboot: a boot module, with its command line after "--"
 *	role=kernel     for fw_cfg, with its command line after "--"
 *	role=fwcfg      a file of fw_cfg; file=NAME (1 to 55 characters) must be there
 *	role=symbols    names of its code as `nm` prints them, for the toolkit; not for the guest
 */
#pragma once

#include "kernel/text.h"

#define VM_NAME_SIZE         32u /* with the final NUL */
#define VM_FILE_MAX          55u /* characters of file= */
#define VM_CORE_ANY          (-1)
#define VM_CORE_LAST         255
#define VM_REPEAT_MAX        UINT64_C(1000000)
#define VM_LIMIT_MAX_S       UINT64_C(1000000)
#define VM_MEM_MIN           (64 * KIB)
#define VM_MEM_MAX           (1 * TIB)
#define VM_LINE_MESSAGE_SIZE 256u /* enough for every message of vm_line_parse...() */

enum vm_kind {
	VM_KIND_FLAT,
	VM_KIND_BIOS,
	VM_KIND_DISK,
	VM_KIND_LINUX,
	VM_KIND_MULTIBOOT,
	VM_KINDS
};

enum vm_role {
	VM_ROLE_INITRD,
	VM_ROLE_DISK,
	VM_ROLE_CDROM,
	VM_ROLE_FLOPPY,
	VM_ROLE_BIOS,
	VM_ROLE_MODULE,
	VM_ROLE_KERNEL,
	VM_ROLE_FWCFG,
	VM_ROLE_SYMBOLS,
	VM_ROLES
};

/* Words whose values toolkit/tools.h reads. vm_tool_word_name() has the names. */
enum vm_tool_word {
	VM_TOOL_WATCH,
	VM_TOOL_WATCHLOG,
	VM_TOOL_CR3TARGET,
	VM_TOOL_CPUID,
	VM_TOOL_MSRAREA,
	VM_TOOL_VPID,
	VM_TOOL_EPTMAX,
	VM_TOOL_TSC,
	VM_TOOL_TPR,
	VM_TOOL_PLE,
	VM_TOOL_VMX,
	VM_TOOL_HYPERCALLS,
	VM_TOOL_STEPS,
	VM_TOOL_REDIRECT,
	VM_TOOL_HOOK,
	VM_TOOL_VIEWS,
	VM_TOOL_POOL,
	VM_TOOL_PASS,
	VM_TOOL_WORDS
};

struct vm_config {
	char name[VM_NAME_SIZE];
	enum vm_kind kind;
	uint64_t mem_bytes;
	uint16_t load_segment, load_offset;
	int core; /* VM_CORE_ANY, or 0 to VM_CORE_LAST: the caller checks that it exists */
	uint64_t repeat;
	uint64_t limit_s; /* 0: none */
	unsigned cpus;
	bool own_firmware; /* asked for, or needed; loader_own_firmware() knows of modules too */
	unsigned entry;    /* 16, 32, 64 */
	bool restart_on_reset, text_display;
	bool debug_wait, debug_tsc_runs;
	uint16_t debug_exit_port, debug_console_port; /* 0: none */
	bool check_entry;
	struct text poke_field; /* empty: none; points into the line */
	uint64_t poke_value;
	/* Values; empty: not there. They point into the line, until the toolkit has taken others;
	 * one that it has taken away is empty and not NULL. */
	struct text tools[VM_TOOL_WORDS];
	struct text line; /* all of it, without blanks around it; points into the line given */
	struct text args; /* what follows "--", without blanks around it; points into the line */
};

struct vm_module_line {
	char name[VM_NAME_SIZE]; /* of the VM */
	enum vm_role role;
	bool read_only;
	struct text file;       /* role=fwcfg; points into the line, as the next two */
	struct text line, args; /* as above */
};

/*
 * Reads the line of a VM's first module. On failure *config is not to be used and message (size
 * bytes, may be 0) holds three lines, each ended by '\n' but the last: what is wrong, the line, and
 * a caret line under the word at fault. A long line is cut around that word; control characters
 * show as '?'. ERR_INVALID: unknown word, bad value, bad name, a word that does not go with the
 * kind. ERR_RANGE: value out of range or mem not in 4 KiB steps. ERR_NOT_FOUND: no vm=. ERR_EXISTS:
 * a key twice. ERR_UNSUPPORTED: not in this version.
 */
MUST_CHECK enum status vm_line_parse(struct text line, struct vm_config *config, char *message,
				     size_t size);

/* Whether it is the line of a further module: one with role=. */
bool vm_line_has_role(struct text line);

/* The same for the line of a further module. ERR_NOT_FOUND: no vm=, no role=, no file= for fwcfg.
 * Whether there is a VM of that name, and vm_role_fits(), are the caller's. */
MUST_CHECK enum status vm_line_parse_module(struct text line, struct vm_module_line *module,
					    char *message, size_t size);

/* Whether a VM of that kind has a use for a module of that role. */
bool vm_role_fits(enum vm_role role, enum vm_kind kind);

/* As vm_line_parse() writes it, for a fault that somebody else has found: word lies in line. */
void vm_line_quote(struct text line, struct text word, const char *what, char *message,
		   size_t size);

const char *vm_kind_name(enum vm_kind kind);
const char *vm_tool_word_name(enum vm_tool_word word);
bool vm_tool_word_find(struct text name, enum vm_tool_word *word);
const char *vm_role_name(enum vm_role role);
