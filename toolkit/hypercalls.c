/*
 * toolkit/hypercalls.c - hypercalls=WORD,...: what a guest may ask for beside what each may.
 *
 *	hook    HYPERCALL_HOOK (guest/hypercall.h): its hook= on and off
 *
 * Without that word the call is denied here, before the tool that would carry it out sees it.
 */
#include "guest/hypercall.h"
#include "toolkit/tools.h"

extern const struct tool tool_hypercalls;

struct granted {
	bool hook;
};

static enum status read(struct vm_tools *t, enum vm_tool_word word, struct text value,
			struct tool_refusal *refusal)
{
	struct granted *g = tool_state(t, &tool_hypercalls);
	struct text piece;

	(void)word;
	while (text_next_piece(&value, ',', &piece)) {
		if (!text_is(piece, "hook")) {
			*refusal = (struct tool_refusal){piece, "hypercalls= takes hook"};
			return ERR_INVALID;
		}
		g->hook = true;
	}
	return OK;
}

static bool hypercall(struct vcpu *v, uint32_t number, uint32_t *answer)
{
	const struct granted *g = tool_state(v->vm->tools, &tool_hypercalls);

	if (number != HYPERCALL_HOOK || g->hook)
		return false;
	*answer = HYPERCALL_DENIED;
	return true;
}

const struct tool tool_hypercalls = {
	.name = "hypercalls",
	.state_bytes = sizeof(struct granted),
	.words = BIT(VM_TOOL_HYPERCALLS),
	.read = read,
	.hypercall = hypercall,
};
