/*
 * vmx/tools.h - where the VT-x toolkit takes part in a VM's life.
 *
 * vmx/ knows no more of toolkit/ than these calls. A VM that asks for nothing makes none of them
 * while it runs; one that does has TRACE_TOOLS in v->trace, the branch that the trace has anyway,
 * and its exits go the long way. Here only vmx/launch.c calls create() and destroy(), the toolkit's
 * own part of the monitor may exchange the tools of a VM that has ended; the rest is on the VM's
 * core.
 */
#pragma once

#include "vmx/exit.h"

struct vm;
struct vm_config;
struct vm_tools; /* toolkit/tools.h */

struct vmx_tools_ops {
	/* Reads the line's words for the toolkit. On failure message (size bytes) has lines for the
	 * user, as vm_line_parse() writes them. ERR_INVALID, ERR_RANGE: a word; ERR_UNSUPPORTED:
	 * the CPU lacks what a word needs; ERR_NO_MEMORY. */
	enum status (*create)(const struct vm_config *config, struct vm_tools **tools,
			      char *message, size_t size);
	void (*destroy)(struct vm_tools *tools);

	/* The largest leaf for its EPT: PAGE_4K, PAGE_2M or PAGE_1G. */
	uint64_t (*ept_max_leaf)(const struct vm_tools *tools);

	/* A run begins: the machine is whole and its VMCS loaded, nothing has run. message as
	 * vm_build() has it. After a failure end() is not called. */
	enum status (*begin)(struct vm *vm, char *message, size_t size);

	/* The machine goes; its VMCS is loaded, its memory is there still. */
	void (*end)(struct vm *vm);

	/* A run is over and told of (reset: only its machine): what was seen in it. */
	void (*report)(struct vm *vm);

	/* An exit with TRACE_TOOLS: calls the handler that e names, or does it in another way. */
	enum exit_action (*exit)(struct vcpu *v, const struct exit_entry *e);

	/* A step for STEP_FOR_TOOL is over. */
	void (*stepped)(struct vcpu *v);

	/* Another EPT is in force, by the A20 line. VM's lock held. */
	void (*follow_a20)(struct vm *vm);

	/* Has a tool made of this page of the guest something else than it is? */
	bool (*shapes)(struct vm *vm, gpa_t page);

	/* A hypercall that vmx/hypercall.c does not know: true if it is answered in *answer. */
	bool (*hypercall)(struct vcpu *v, uint32_t number, uint32_t *answer);
};

/* NULL: not built in (TOOLKIT=0). */
extern const struct vmx_tools_ops *const vmx_tools;
