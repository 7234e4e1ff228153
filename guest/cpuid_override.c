/* guest/cpuid_override.c - single answers of CPUID, once the table is made. */
#include "guest/cpuid.h"

/* What lies above the highest leaf has its answer. */
static void repeat_highest(struct cpuid_policy *p)
{
	for (uint32_t leaf = p->max_basic + 1; leaf < CPUID_BASIC_LEAVES; leaf++)
		p->basic[leaf] = p->basic[p->max_basic];
}

/* SDM 2A "CPUID", leaf 15h: TSC Hz = ECX * EBX / EAX. Guests believe it, also where the host's is
 * wrong (in emulators, where the TSC is slower). EBX is as small as the 32 bits of ECX allow. */
void cpuid_set_tsc_hz(struct cpuid_policy *p, uint64_t hz)
{
	uint64_t part = 1;

	if (p->max_basic < 0x15)
		return;
	while (hz / part > UINT32_MAX)
		part++;
	p->basic[0x15] = (struct cpuid_regs){1, (uint32_t)part, (uint32_t)(hz / part), 0};
	repeat_highest(p);
}

/* Where the answer to leaf.subleaf stands. */
static struct cpuid_regs *basic_entry(struct cpuid_policy *p, uint32_t leaf, uint32_t subleaf)
{
	switch (leaf) {
	case 4:
		return subleaf < CPUID_CACHES ? &p->caches[subleaf] : NULL;
	case 7:
		return subleaf == 1 ? &p->features1 : subleaf ? NULL : &p->basic[7];
	case 0xd:
		return p->xcr0_allowed && subleaf < CPUID_XSAVE_COMPONENTS ? &p->xsave[subleaf]
									   : NULL;
	default:
		return subleaf ? NULL : &p->basic[leaf];
	}
}

static struct cpuid_regs *entry_of(struct cpuid_policy *p, uint32_t leaf, uint32_t subleaf)
{
	if (leaf <= p->max_basic)
		return basic_entry(p, leaf, subleaf);
	if (subleaf)
		return NULL;
	if (leaf - CPUID_HYPERVISOR < CPUID_HYPERVISOR_LEAVES)
		return &p->hypervisor[leaf - CPUID_HYPERVISOR];
	if (leaf >= CPUID_EXTENDED && leaf <= p->max_extended)
		return &p->extended[leaf - CPUID_EXTENDED];
	return NULL;
}

enum status cpuid_override(struct cpuid_policy *p, const struct cpuid_override *o)
{
	struct cpuid_regs *r = entry_of(p, o->leaf, o->subleaf);

	if (!r)
		return ERR_NOT_FOUND;
	if (o->leaf == 0xb || (o->leaf == 0xd && !o->subleaf && (o->named & 2)))
		return ERR_UNSUPPORTED;
	r->eax = o->named & 1 ? o->regs.eax : r->eax;
	r->ebx = o->named & 2 ? o->regs.ebx : r->ebx;
	r->ecx = o->named & 4 ? o->regs.ecx : r->ecx;
	r->edx = o->named & 8 ? o->regs.edx : r->edx;
	repeat_highest(p);
	return OK;
}
