/*
 * toolkit/translation.c - experiments with address translation: vpid=off|single|all and
 * eptmax=4k|2m|1g.
 *
 * Without a VPID the CPU forgets all that it has cached of the guest's page tables with each entry
 * and each exit. single and all: which kind of INVVPID is used where some of it has to go; Lintel
 * takes single where the CPU has it.
 * Spec: SDM 3C "Virtual-Processor Identifiers (VPIDs)", "INVVPID"; SDM 3D "VPID and EPT
 * Capabilities".
 */
#include "toolkit/tools.h"

#include "kernel/log.h"
#include "vmx/core.h"
#include "vmx/vmcs.h"

enum vpid_word { VPID_AS_IT_IS, VPID_OFF, VPID_SINGLE, VPID_ALL };

static const char *const vpid_words[] = {"", "off", "single", "all"};
static const char *const leaf_words[] = {"4k", "2m", "1g"};
static const uint64_t leaf_sizes[] = {PAGE_4K, PAGE_2M, PAGE_1G};

struct translation_state {
	enum vpid_word vpid;
	uint64_t max_leaf; /* 0: what the CPU has */
};

extern const struct tool tool_translation;

static struct translation_state *state_of(const struct vm_tools *t)
{
	return tool_state(t, &tool_translation);
}

static enum status read_word(struct vm_tools *t, enum vm_tool_word word, struct text value,
			     struct tool_refusal *r)
{
	struct translation_state *state = state_of(t);

	for (unsigned i = 0; i < ARRAY_SIZE(leaf_words) && word == VM_TOOL_EPTMAX; i++) {
		if (!text_is(value, leaf_words[i]))
			continue;
		state->max_leaf = leaf_sizes[i];
		return OK;
	}
	for (unsigned i = VPID_OFF; i < ARRAY_SIZE(vpid_words) && word == VM_TOOL_VPID; i++) {
		if (!text_is(value, vpid_words[i]))
			continue;
		state->vpid = (enum vpid_word)i;
		return OK;
	}
	*r = (struct tool_refusal){value, word == VM_TOOL_VPID ? "vpid= takes off, single or all"
							       : "eptmax= takes 4k, 2m or 1g"};
	return ERR_INVALID;
}

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	const struct translation_state *state = state_of(t);
	uint64_t has = vmx_cpu_msrs.ept_vpid;

	if (state->vpid == VPID_OFF)
		c->off[CONTROL_PROC2] |= (uint32_t)PROC2_VPID;
	if (state->vpid == VPID_SINGLE && !(vmx_caps.vpid && (has & BIT(41))))
		tool_lacks(c, "INVVPID of a single context (IA32_VMX_EPT_VPID_CAP, bit 41)",
			   VM_TOOL_VPID);
	if (state->vpid == VPID_ALL && !(vmx_caps.vpid && (has & BIT(42))))
		tool_lacks(c, "INVVPID of all contexts (IA32_VMX_EPT_VPID_CAP, bit 42)",
			   VM_TOOL_VPID);
	if (state->max_leaf > vmx_caps.ept_max_leaf)
		tool_lacks(c,
			   state->max_leaf == PAGE_1G
				   ? "EPT pages of 1 GiB (IA32_VMX_EPT_VPID_CAP, bit 17)"
				   : "EPT pages of 2 MiB (IA32_VMX_EPT_VPID_CAP, bit 16)",
			   VM_TOOL_EPTMAX);
	return false;
}

static enum status begin(struct vm *vm, char *message)
{
	static const uint8_t kinds[] = {[VPID_SINGLE] = INVVPID_SINGLE, [VPID_ALL] = INVVPID_ALL};
	const struct translation_state *state = state_of(vm->tools);

	(void)message;
	if (state->vpid)
		vm->vcpu.invvpid = kinds[state->vpid];
	return OK;
}

static void report(struct vm *vm)
{
	const struct translation_state *state = state_of(vm->tools);

	if (state->vpid == VPID_OFF)
		log_info(LOG_WATCH, "%s: vpid=off: the CPU flushed at each entry and exit",
			 vm->config.name);
	else if (state->vpid)
		log_info(LOG_WATCH, "%s: vpid=%s: %u times INVVPID", vm->config.name,
			 vpid_words[state->vpid], vm->vcpu.vpid_flushes);
}

uint64_t tools_ept_max_leaf(const struct vm_tools *t)
{
	return state_of(t)->max_leaf ? state_of(t)->max_leaf : vmx_caps.ept_max_leaf;
}

const struct tool tool_translation = {
	.name = "translation",
	.state_bytes = sizeof(struct translation_state),
	.words = BIT(VM_TOOL_VPID) | BIT(VM_TOOL_EPTMAX),
	.read = read_word,
	.fit = fit,
	.begin = begin,
	.report = report,
};
