/*
 * toolkit/tools.h - the VT-x toolkit: what a VM's line and the monitor have switched on, and how
 * the tools share a VM's exits and controls.
 *
 * Each tool is one small file with a `const struct tool tool_NAME`; toolkit/tool_table.c lists
 * them. A tool that is not active in a VM is not asked about its exits. All on the VM's core with
 * its VMCS loaded, but for read(), fit() and tools_reshape().
 */
#pragma once

#include "guest/vm_line.h"
#include "toolkit/watch_words.h"
#include "vmx/exit.h"
#include "vmx/vm.h"

#define WATCHES_MAX     24u
#define WATCHLOG        100u /* lines of each watch in a run, unless watchlog=N says otherwise */
#define TOOLS_MAX       32u
#define TOOL_TEXT       160u
#define TOOL_LINE_WORDS 8u
#define TYPED_MAX       1024u /* bytes */

/* VMX controls and masks that the active tools want, collected anew with each change. */
struct tool_controls {
	uint32_t on[CONTROL_GROUPS]; /* beside what Lintel wants (CONTROL_PROC, CONTROL_PROC2...) */
	uint32_t off[CONTROL_GROUPS]; /* not, though Lintel wants it */
	uint32_t exceptions;          /* for the exception bitmap */
	uint64_t cr0_mask, cr4_mask;  /* bits whose writes shall exit */
	/* Set by fit(): a part of the CPU that is no control (EPT execute-only...) and is missing;
	 * NULL: nothing is. With the MSR that tells. */
	const char *missing;
	/* BIT(enum vm_tool_word) of the word that wants it; 0: a watch, or the tool's only word. */
	uint32_t missing_word;
};

/* For fit(): missing, and the word that wants it. */
static inline void tool_lacks(struct tool_controls *c, const char *what, enum vm_tool_word word)
{
	c->missing = what;
	c->missing_word = (uint32_t)BIT(word);
}

/* What is wrong with a word. */
struct tool_refusal {
	struct text word; /* lies in what was read; at NULL: no single one's fault */
	const char *what;
};

struct vm_tools;

/* An exit on its way through the tools to its handler. */
struct tool_exit {
	uint32_t reason;
	unsigned at; /* index of the tool that has it now */
	const struct exit_entry *entry;
};

struct tool {
	const char *name;
	uint32_t state_bytes; /* tool_state() has so many, zeroed by create() */
	uint32_t words;       /* BIT(enum vm_tool_word): read() wants these */
	uint64_t reasons;     /* BIT(enum exit_reason): exit() wants these */

	/* A value of the VM's line, or from the monitor. Returns OK, or fills *refusal. */
	enum status (*read)(struct vm_tools *t, enum vm_tool_word word, struct text value,
			    struct tool_refusal *refusal);

	/* Adds what it wants to *c; true: it is active with the words and watches that t has. Also
	 * before there is a VM: only capabilities may be looked at. */
	bool (*fit)(const struct vm_tools *t, struct tool_controls *c);

	/* A run begins (all tools, active or not); fit()'s controls follow. message: TOOL_TEXT. */
	enum status (*begin)(struct vm *vm, char *message);
	/* Watches or words have changed while it runs; the controls are in the VMCS. */
	void (*change)(struct vm *vm);
	/* The machine goes (all tools). */
	void (*end)(struct vm *vm);
	/* After a run that is told of: lines beside those of its watches. */
	void (*report)(struct vm *vm);

	/* One of its reasons, if active: does it, or tool_pass(). */
	enum exit_action (*exit)(struct vcpu *v, struct tool_exit *x);
	/* A step for STEP_FOR_TOOL is over, if active. */
	void (*stepped)(struct vcpu *v);
	/* As struct vmx_tools_ops has it, active or not. */
	bool (*hypercall)(struct vcpu *v, uint32_t number, uint32_t *answer);
};

struct vm_tools {
	struct watch watches[WATCHES_MAX];
	unsigned watch_count;
	uint64_t log_lines; /* watchlog= */
	uint32_t active;    /* bit n: tools[n] */
	bool running;       /* between begin() and end() */
	bool asked;         /* it has a word for it, or a change has come since */
	void *state[TOOLS_MAX];
	uint64_t total_bytes;  /* of the whole allocation, the states behind this */
	char typed[TYPED_MAX]; /* values of words that came from the monitor */
	size_t typed_len;
};

/* eptmax=: the largest leaf for the VM's EPT, or the CPU's largest. */
uint64_t tools_ept_max_leaf(const struct vm_tools *t);

extern const struct tool *const tools[];
extern const unsigned tool_count;

/* A tool's own state in a VM. */
void *tool_state(const struct vm_tools *t, const struct tool *tool);

/* The exit goes on to the next tool that wants it, or to the handler that it would have had. */
enum exit_action tool_pass(struct vcpu *v, struct tool_exit *x);

/* Does the CPU have what the words want? ERR_UNSUPPORTED: message (TOOL_TEXT) says what it lacks.
 * Before there is a VM. tool_fits(): for what this one tool wants, with its missing_word. */
MUST_CHECK enum status tools_fit(const struct vm_tools *t, char *message);
MUST_CHECK enum status tool_fits(const struct vm_tools *t, const struct tool *tool, char *message,
				 uint32_t *missing_word);

/* After a change of watches or of what fit() looks at, while the VM runs: controls, masks and
 * bitmaps anew, then change() of each tool. ERR_UNSUPPORTED: message (TOOL_TEXT) says what the CPU
 * lacks; the caller takes its change back and calls again. */
MUST_CHECK enum status tools_apply(struct vm *vm, char *message);

/* "WORD=VALUE" instead of what the line has, from the next start on; no value: as if it were not
 * there. On the core of a VM that has ended for good (vm->retired). Watches and switches are those
 * of the words again. Errors of create(); ERR_INVALID, ERR_FULL; message (TOOL_TEXT). */
MUST_CHECK enum status tools_reshape(struct vm *vm, struct text typed, char *message);

/* ---- toolkit/watch.c ---- */

/* A word of watch= more, while the VM runs or before. Errors of watch_read() and tools_apply();
 * ERR_FULL, ERR_EXISTS; message (TOOL_TEXT) says what is wrong. */
MUST_CHECK enum status tools_add_watch(struct vm *vm, struct text word, char *message);

/* ERR_NOT_FOUND. An empty word: all of them. */
MUST_CHECK enum status tools_remove_watch(struct vm *vm, struct text word);

/* Writes "WORD": what, of a long word its beginning. message: TOOL_TEXT. */
void tool_quote(char *message, struct text word, const char *what);

/* Fills *r; returns s. */
enum status tool_refuse(struct tool_refusal *r, enum status s, struct text word, const char *what);

/* The value of watch=, beside those that are there. ERR_FULL, ERR_EXISTS, errors of
 * watch_read(). */
MUST_CHECK enum status watches_read(struct vm_tools *t, struct text value, struct tool_refusal *r);

/* The first watch of that kind whose range has value; NULL. */
struct watch *watch_find(struct vm_tools *t, enum watch_kind kind, uint64_t value);
/* The first of that kind, whatever its range; NULL. */
struct watch *watch_first(struct vm_tools *t, enum watch_kind kind);
bool watch_any(const struct vm_tools *t, enum watch_kind kind);

/* One more hit: counted, and told in a line "VM: watch WORD: text" as long as watchlog= allows.
 * It may be asked before whether the text is worth making. */
bool watch_tells(const struct vm_tools *t, const struct watch *w);
void watch_hit(struct vcpu *v, struct watch *w, const char *format, ...) PRINTF_LIKE(3, 4);

/* How the instruction of an exit went, for such a line: ": #GP(0) into the guest", ": #UD ...", or
 * nothing if it was done. action is what its handler has returned. */
const char *watch_outcome(const struct vcpu *v, enum exit_action action);
