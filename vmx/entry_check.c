/* vmx/entry_check.c - which rules of VM entry the current VMCS breaks. */
#include "vmx/entry_check.h"

#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/string.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"

static const char *const area_words[] = {
	[ENTRY_CONTROLS_AREA] = "the controls (error 7)",
	[ENTRY_HOST_AREA] = "the host state (error 8)",
	[ENTRY_GUEST_AREA] = "the guest state (exit reason 33)",
	[ENTRY_AREAS] = "nothing",
};

void entry_state_read(struct entry_state *e)
{
	struct cpuid_regs sizes = cpu_cpuid(0x80000008, 0);
	uint32_t encoding;

	vmx_caps_read(&e->msrs);
	e->physical_bits = (uint8_t)sizes.eax;
	e->linear_bits = (uint8_t)(sizes.eax >> 8);
	e->value[AT_NONE] = 0;
	for (unsigned i = 0; vmcs_field_after(NULL, i, &encoding); i++) {
		if (vmcs_try_read(encoding, &e->value[i + 1]) != OK)
			e->value[i + 1] = 0;
	}
}

bool entry_is_barred(void)
{
	struct entry_state e;

	entry_state_read(&e);
	return entry_verdict(&e) != ENTRY_AREAS;
}

static const char *field_name(unsigned at)
{
	const char *name = NULL;
	uint32_t encoding;

	for (unsigned i = 0; i < at; i++)
		name = vmcs_field_after(name, i, &encoding);
	return name;
}

static void log_breach(const struct vcpu *v, const struct entry_state *e,
		       const struct entry_breach *b)
{
	const char *name = v->vm->config.name, *text = entry_rule_text(b->number);
	const char *words = strchr(text, ':') ? NULL : entry_rule_words(b->rule);
	unsigned beside = b->rule->beside ? b->rule->beside + b->at - b->rule->first : AT_NONE;

	log_error(LOG_VMX, "%s: breaks the entry rule %s%s%s", name, text, words ? ": " : "",
		  words ? words : "");
	log_error(LOG_VMX, "%s:   %s is %#llx (SDM 3C \"%s\")", name, field_name(b->at),
		  (unsigned long long)e->value[b->at], entry_rule_title(b->rule));
	if (beside)
		log_error(LOG_VMX, "%s:   %s is %#llx", name, field_name(beside),
			  (unsigned long long)e->value[beside]);
}

/* The area that the CPU will find fault with; what else is wrong it does not come to. */
static enum entry_area log_breaches(const struct vcpu *v, const struct entry_state *e)
{
	enum entry_area area = entry_verdict(e);
	struct entry_breach breach;
	unsigned position = 0;

	while (entry_next_breach(e, area, &position, &breach))
		log_breach(v, e, &breach);
	return area;
}

static unsigned rule_count(void)
{
	unsigned count = 0;

	while (entry_rule_at(count))
		count++;
	return count;
}

void entry_check(struct vcpu *v, bool failed, enum entry_area at_fault)
{
	const char *name = v->vm->config.name;
	struct entry_state e;
	enum entry_area area;

	entry_state_read(&e);
	area = log_breaches(v, &e);
	if (!failed)
		log_info(LOG_VMX, "%s: check=entry: by %u rules the CPU will find fault with %s",
			 name, rule_count(), area_words[area]);
	else if (area != at_fault)
		log_error(LOG_VMX, "%s: the CPU finds fault with %s, the %u rules with %s", name,
			  area_words[at_fault], rule_count(), area_words[area]);
}
