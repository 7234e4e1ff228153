/* vmx/caps_decide.c - the pure half of vmx/caps.h: from capability MSRs to a decision. */
#include "vmx/caps.h"

#include "kernel/text.h"

#define MISC_HLT_STATE      BIT(6)
#define EPT_CAP_EXEC_ONLY   BIT(0)
#define EPT_CAP_WALK_4      BIT(6)
#define EPT_CAP_WB          BIT(14)
#define EPT_CAP_2M          BIT(16)
#define EPT_CAP_1G          BIT(17)
#define EPT_CAP_INVEPT      BIT(20)
#define EPT_CAP_FLAGS       BIT(21)
#define EPT_CAP_INVEPT_ONE  BIT(25)
#define EPT_CAP_INVEPT_ALL  BIT(26)
#define EPT_CAP_INVVPID     BIT(32)
#define EPT_CAP_INVVPID_ONE BIT(41)
#define EPT_CAP_INVVPID_ALL BIT(42)

enum status vmx_caps_without(struct vmx_msrs *m, struct text word)
{
	const struct {
		const char *word;
		uint64_t *msr;
		uint64_t bits;
	} features[] = {
		{"ept", &m->group[CONTROL_PROC2], PROC2_EPT << 32},
		{"unrestricted-guest", &m->group[CONTROL_PROC2], PROC2_UNRESTRICTED_GUEST << 32},
		{"vpid", &m->group[CONTROL_PROC2], PROC2_VPID << 32},
		{"preemption-timer", &m->group[CONTROL_PIN], PIN_PREEMPTION_TIMER << 32},
		{"virtual-nmis", &m->group[CONTROL_PIN], PIN_VIRTUAL_NMIS << 32},
		{"pat", &m->group[CONTROL_ENTRY], ENTRY_LOAD_PAT << 32},
		{"pml", &m->group[CONTROL_PROC2], PROC2_PML << 32},
		{"ept-flags", &m->ept_vpid, EPT_CAP_FLAGS},
		{"exec-only", &m->ept_vpid, EPT_CAP_EXEC_ONLY},
		{"1g", &m->ept_vpid, EPT_CAP_1G},
		{"2m", &m->ept_vpid, EPT_CAP_2M | EPT_CAP_1G},
	};

	if (text_is(word, "vmx")) {
		m->cpu_has_vmx = false;
		return OK;
	}
	if (text_is(word, "fast-path")) {
		m->no_fast_path = true;
		return OK;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(features); i++) {
		if (text_is(word, features[i].word)) {
			*features[i].msr &= ~features[i].bits;
			return OK;
		}
	}
	return ERR_NOT_FOUND;
}

static enum status refuse(char *text, size_t size, const char *why)
{
	text_format(text, size, "%s", why);
	return ERR_UNSUPPORTED;
}

/* SDM 3C "Enabling and Entering VMX Operation": IA32_FEATURE_CONTROL must be locked with bit 2
 * set. */
static enum status decide_presence(const struct vmx_msrs *m, struct vmx_caps *caps, char *text,
				   size_t size)
{
	if (!m->cpu_has_vmx)
		return refuse(
			text, size,
			m->in_emulator
				? "this virtual CPU has no VT-x (CPUID.1:ECX.VMX is 0). Start the "
				  "machine with nested virtualisation, as QEMU does with "
				  "'-accel kvm -cpu host' where KVM has nested=1, or use Bochs"
				: "this CPU has no VT-x (CPUID.1:ECX.VMX is 0). Lintel needs an "
				  "Intel CPU with VT-x and EPT");
	if (m->feature_control & FEATURE_CONTROL_LOCKED) {
		if (!(m->feature_control & FEATURE_CONTROL_VMX_OUTSIDE_SMX))
			return refuse(text, size,
				      "VT-x is switched off and locked by the firmware "
				      "(IA32_FEATURE_CONTROL bit 0 is 1, bit 2 is 0). Enable "
				      "'Intel Virtualization Technology' in the firmware's set-up "
				      "and switch the machine off and on again");
		caps->must_lock_feature_control = false;
	} else {
		caps->must_lock_feature_control = true;
	}
	return OK;
}

static enum status decide_controls(const struct vmx_msrs *m, struct vmx_caps *caps, char *text,
				   size_t size)
{
	if (!control_may_be_1(m->group[CONTROL_PROC], 31))
		return refuse(
			text, size,
			"this CPU has no secondary processor-based controls, so no EPT. Lintel "
			"needs EPT and unrestricted guest (Intel Core of 2010 and newer)");
	if (!control_may_be_1(m->group[CONTROL_PROC2], 1))
		return refuse(text, size,
			      "this CPU has no EPT (IA32_VMX_PROCBASED_CTLS2 bit 33 is 0). If this "
			      "is a virtual machine, switch EPT on in the outer hypervisor "
			      "(kvm_intel ept=1)");
	if (!control_may_be_1(m->group[CONTROL_PROC2], 7))
		return refuse(text, size,
			      "this CPU has no unrestricted guest (IA32_VMX_PROCBASED_CTLS2 bit 39 "
			      "is 0), so guests cannot start in real mode. If this is a virtual "
			      "machine, switch it on in the outer hypervisor (kvm_intel "
			      "unrestricted_guest=1)");
	for (unsigned g = 0; g < CONTROL_GROUPS; g++) {
		const struct control_bit *refused;

		caps->controls[g] = controls_fit((enum control_group)g, m->group[g], &refused);
		if (refused) {
			text_format(text, size,
				    "this CPU refuses the %s control \"%s\" (bit %u), which Lintel "
				    "cannot do without",
				    control_group_names[g], refused->name, refused->bit);
			return ERR_UNSUPPORTED;
		}
	}
	return OK;
}

static enum status decide_ept(const struct vmx_msrs *m, struct vmx_caps *caps, char *text,
			      size_t size)
{
	uint64_t e = m->ept_vpid;

	if (!(e & EPT_CAP_WALK_4))
		return refuse(text, size,
			      "this CPU's EPT has no page walk of four levels "
			      "(IA32_VMX_EPT_VPID_CAP bit 6 is 0)");
	if (!(e & EPT_CAP_WB))
		return refuse(text, size,
			      "this CPU's EPT structures cannot be write-back "
			      "(IA32_VMX_EPT_VPID_CAP bit 14 is 0)");
	if (!(e & EPT_CAP_INVEPT) || !(e & (EPT_CAP_INVEPT_ONE | EPT_CAP_INVEPT_ALL)))
		return refuse(
			text, size,
			"this CPU has EPT but no INVEPT (IA32_VMX_EPT_VPID_CAP bits 20, 25 and "
			"26)");
	caps->ept_max_leaf = (e & EPT_CAP_1G) ? PAGE_1G : (e & EPT_CAP_2M) ? PAGE_2M : PAGE_4K;
	caps->ept_exec_only = (e & EPT_CAP_EXEC_ONLY) != 0;
	caps->ept_flags = (e & EPT_CAP_FLAGS) != 0;
	caps->pml = caps->ept_flags && control_may_be_1(m->group[CONTROL_PROC2], 17);
	caps->invept_single = (e & EPT_CAP_INVEPT_ONE) != 0;
	caps->invvpid_single = (e & EPT_CAP_INVVPID_ONE) != 0;
	/* A VPID without any INVVPID could never be used again after its guest has gone. */
	caps->vpid = (e & EPT_CAP_INVVPID) && (e & (EPT_CAP_INVVPID_ONE | EPT_CAP_INVVPID_ALL)) &&
		     (caps->controls[CONTROL_PROC2] & PROC2_VPID);
	if (!caps->vpid)
		caps->controls[CONTROL_PROC2] &= ~(uint32_t)PROC2_VPID;
	return OK;
}

enum status vmx_caps_decide(const struct vmx_msrs *m, struct vmx_caps *caps, char *text,
			    size_t text_size)
{
	enum status s;

	*caps = (struct vmx_caps){0};
	s = decide_presence(m, caps, text, text_size);
	if (s == OK)
		s = decide_controls(m, caps, text, text_size);
	if (s == OK)
		s = decide_ept(m, caps, text, text_size);
	if (s != OK)
		return s;

	caps->revision = (uint32_t)m->basic & 0x7fffffff;
	caps->cr0_fixed0 = m->cr0_fixed0;
	caps->cr0_fixed1 = m->cr0_fixed1;
	caps->cr4_fixed0 = m->cr4_fixed0;
	caps->cr4_fixed1 = m->cr4_fixed1;
	caps->preemption_timer = (caps->controls[CONTROL_PIN] & PIN_PREEMPTION_TIMER) != 0;
	caps->preemption_shift = m->misc & 0x1f;
	caps->hlt_state = (m->misc & MISC_HLT_STATE) != 0;
	caps->fast_path = !m->no_fast_path;
	caps->mtf = control_may_be_1(m->group[CONTROL_PROC], 27);
	caps->mov_dr_exits = control_may_be_1(m->group[CONTROL_PROC], 23);
	caps->rdtscp = (caps->controls[CONTROL_PROC2] & PROC2_RDTSCP) != 0;
	caps->guest_pat = (caps->controls[CONTROL_EXIT] & EXIT_SAVE_PAT) &&
			  (caps->controls[CONTROL_EXIT] & EXIT_LOAD_PAT) &&
			  (caps->controls[CONTROL_ENTRY] & ENTRY_LOAD_PAT);
	return OK;
}

static const char *allowed_text(uint64_t capability, unsigned bit)
{
	if (control_must_be_1(capability, bit))
		return "always 1";
	return control_may_be_1(capability, bit) ? "0 or 1" : "always 0";
}

bool vmx_caps_row(const struct vmx_msrs *m, const struct vmx_caps *caps, unsigned row, char *text,
		  size_t size)
{
	const struct control_bit *b = &control_bits[row > 0 ? row - 1 : 0];
	uint64_t capability;

	if (row > control_bit_count)
		return false;
	if (row == 0) {
		text_format(text, size, "%-26s %-5s %-38s %-9s %-9s %s", "controls", "bit", "name",
			    "wanted", "allowed", "granted");
		return true;
	}
	capability = m->group[b->group];
	text_format(text, size, "%-26s %-5u %-38s %-9s %-9s %u", control_group_names[b->group],
		    b->bit, b->name,
		    control_want_text(b->want, control_may_be_1(capability, b->bit) &&
						       !control_must_be_1(capability, b->bit)),
		    allowed_text(capability, b->bit), (caps->controls[b->group] >> b->bit) & 1);
	return true;
}
