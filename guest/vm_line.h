/*
 * guest/vm_line.h - the command line of a boot module, which describes a virtual machine.
 *
 * Pure. Words are separated by blanks; what follows "--" belongs to the guest:
 *
 *	vm=demo kind=flat mem=1M load=0000:7C00 core=2 repeat=1000 -- words for the guest
 *
 *	vm=NAME	      letters, digits, - _ . ; 1 to 31 of them; must be there
 *	kind=flat     default; linux, multiboot, bios: known, not in this version
 *	mem=SIZE      64K to 1T, a multiple of 4 KiB, suffix K M G T; default 1M
 *	load=SEG:OFF  hexadecimal, four digits at most each; default 0000:7C00
 *	core=N	      the core to run on, 0 to 255; "any" is the default
 *	repeat=N      how often to start it anew after it ended, 1 (default) to 1000000 runs
 *	limit=N	      each run is ended after so many seconds, 1 to 1000000; none by default
 *	cpus=N	      1 (default); more: not in this version
 *	poke=FIELD:N  for experiments: a VMCS field is written before the first entry, such as
 *		      GUEST_RFLAGS:0; whether the field is one that may be written is the caller's
 */
#pragma once

#include "kernel/text.h"

#define VM_NAME_SIZE         32u /* with the final NUL */
#define VM_CORE_ANY          (-1)
#define VM_CORE_LAST         255
#define VM_REPEAT_MAX        UINT64_C(1000000)
#define VM_LIMIT_MAX_S       UINT64_C(1000000)
#define VM_MEM_MIN           (64 * KIB)
#define VM_MEM_MAX           (1 * TIB)
#define VM_MEM_DEFAULT       (1 * MIB)
#define VM_LINE_MESSAGE_SIZE 256u /* enough for every message of vm_line_parse() */

enum vm_kind { VM_KIND_FLAT, VM_KINDS };

struct vm_config {
	char name[VM_NAME_SIZE];
	enum vm_kind kind;
	uint64_t mem_bytes;
	uint16_t load_segment, load_offset;
	int core; /* VM_CORE_ANY, or 0 to VM_CORE_LAST: the caller checks that it exists */
	uint64_t repeat;
	uint64_t limit_s; /* 0: none */
	unsigned cpus;
	struct text poke_field; /* empty: none; points into the line */
	uint64_t poke_value;
	struct text line; /* all of it, without blanks around it; points into the line given */
	struct text args; /* what follows "--", without blanks around it; points into the line */
};

/*
 * Reads a module's line. On failure *config is not to be used and message (size bytes, may be 0)
 * holds three lines, each ended by '\n' but the last: what is wrong, the line, and a caret line
 * under the word at fault. A long line is cut around that word; control characters show as '?'.
 * ERR_INVALID: unknown word, bad value, bad name, empty line. ERR_RANGE: value out of range or mem
 * not in 4 KiB steps. ERR_NOT_FOUND: no vm=. ERR_EXISTS: a key twice. ERR_UNSUPPORTED: not in this
 * version.
 */
MUST_CHECK enum status vm_line_parse(struct text line, struct vm_config *config, char *message,
				     size_t size);

const char *vm_kind_name(enum vm_kind kind);
