/*
 * toolkit/cpuid.c - cpuid=LEAF:eax=N...: other answers of CPUID.
 *
 * They go into the VM's table of answers, so that no exit takes longer. What the guest may do is
 * decided before, and stays: a feature that is only told has the guest run into #UD or #GP.
 */
#include "toolkit/cpuid_words.h"
#include "toolkit/tools.h"

struct cpuid_state {
	struct cpuid_override list[CPUID_WORDS_MAX];
	unsigned count;
};

extern const struct tool tool_cpuid;

static enum status read_cpuid(struct vm_tools *t, enum vm_tool_word word, struct text value,
			      struct tool_refusal *r)
{
	struct cpuid_state *c = tool_state(t, &tool_cpuid);

	(void)word;
	return cpuid_words_read(value, c->list, &c->count, &r->word, &r->what);
}

static enum status begin(struct vm *vm, char *message)
{
	const struct cpuid_state *c = tool_state(vm->tools, &tool_cpuid);

	for (unsigned i = 0; i < c->count; i++) {
		const struct cpuid_override *o = &c->list[i];
		enum status s = cpuid_override(&vm->cpuid, o);

		if (s == OK)
			continue;
		text_format(message, TOOL_TEXT, "cpuid=%x.%x: %s", o->leaf, o->subleaf,
			    s == ERR_NOT_FOUND ? "this guest has no such leaf"
					       : "this answer depends on the guest's state");
		return s;
	}
	return OK;
}

const struct tool tool_cpuid = {
	.name = "cpuid",
	.state_bytes = sizeof(struct cpuid_state),
	.words = BIT(VM_TOOL_CPUID),
	.read = read_cpuid,
	.begin = begin,
};
