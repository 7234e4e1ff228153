/* guest/cpuid.c - the host's CPUID, cut down to what a guest can use. */
#include "guest/cpuid.h"

#include "kernel/string.h"

#define EPT_BITS              48u
#define MAX_BASIC             0x16u /* what lies above is about features that are hidden */

#define LEAF_1_ECX_HYPERVISOR BIT(31)
#define LEAF_1_ECX_OSXSAVE    BIT(27)
#define LEAF_1_ECX_XSAVE      BIT(26)
#define XCR0_X87              BIT(0)
#define XCR0_SSE              BIT(1)
#define XCR0_AVX              BIT(2)
#define XCR0_AVX512           (BIT(5) | BIT(6) | BIT(7))
#define XSAVE_HEADER_END      576u /* legacy area and header: SDM 1 "XSAVE Area" */

/*
 * The allow lists. What is missing in them is hidden: besides bits that are reserved,
 *  1 ECX: DTES64, MONITOR, DS-CPL, VMX, SMX, EIST, TM2, CNXT-ID, SDBG, xTPR, PDCM, PCID, DCA,
 *	   x2APIC, TSC-deadline
 *  1 EDX: APIC, MTRR, MCA, PSN, DS, ACPI, HTT, TM, PBE
 *  7 EBX: TSC_ADJUST, SGX, HLE, INVPCID, RTM, PQM, MPX, PQE, PT
 *  7 ECX: PKU, OSPKE, WAITPKG, CET_SS, TME, LA57, KL, bus-lock detect, ENQCMD, SGX_LC, PKS
 *  7 EDX: UINTR, TSX bits, HYBRID, PCONFIG, LBRs, CET_IBT, AMX, SPEC_CTRL, STIBP, L1D_FLUSH,
 *	   ARCH_CAPABILITIES, CORE_CAPABILITIES, SSBD
 */
#define ALLOW_1_ECX                                                                                \
	(BIT(0) /* SSE3 */ | BIT(1) /* PCLMULQDQ */ | BIT(9) /* SSSE3 */ | BIT(12) /* FMA */ |     \
	 BIT(13) /* CMPXCHG16B */ | BIT(19) /* SSE4.1 */ | BIT(20) /* SSE4.2 */ |                  \
	 BIT(22) /* MOVBE */ | BIT(23) /* POPCNT */ | BIT(25) /* AES */ | LEAF_1_ECX_XSAVE |       \
	 BIT(28) /* AVX */ | BIT(29) /* F16C */ | BIT(30) /* RDRAND */)
#define ALLOW_1_EDX                                                                                \
	(BIT(0) /* FPU */ | BIT(1) /* VME */ | BIT(2) /* DE */ | BIT(3) /* PSE */ |                \
	 BIT(4) /* TSC */ | BIT(5) /* MSR */ | BIT(6) /* PAE */ |                                  \
	 BIT(7) /* MCE: #MC, which never comes, and no banks */ | BIT(8) /* CX8 */ |               \
	 BIT(11) /* SEP */ | BIT(13) /* PGE */ | BIT(15) /* CMOV */ | BIT(16) /* PAT */ |          \
	 BIT(17) /* PSE-36 */ | BIT(19) /* CLFSH */ | BIT(23) /* MMX */ | BIT(24) /* FXSR */ |     \
	 BIT(25) /* SSE */ | BIT(26) /* SSE2 */ | BIT(27) /* SS */)
#define ALLOW_7_EBX                                                                                \
	(BIT(0) /* FSGSBASE */ | BIT(3) /* BMI1 */ | BIT(5) /* AVX2 */ |                           \
	 BIT(6) /* FDP_EXCPTN_ONLY */ | BIT(7) /* SMEP */ | BIT(8) /* BMI2 */ |                    \
	 BIT(9) /* ERMS */ | BIT(13) /* no FPU CS, DS */ | BIT(16) /* AVX512F */ |                 \
	 BIT(17) /* AVX512DQ */ | BIT(18) /* RDSEED */ | BIT(19) /* ADX */ | BIT(20) /* SMAP */ |  \
	 BIT(21) /* AVX512_IFMA */ | BIT(23) /* CLFLUSHOPT */ | BIT(24) /* CLWB */ |               \
	 BIT(26) /* AVX512PF */ | BIT(27) /* AVX512ER */ | BIT(28) /* AVX512CD */ |                \
	 BIT(29) /* SHA */ | BIT(30) /* AVX512BW */ | BIT(31) /* AVX512VL */)
#define ALLOW_7_ECX                                                                                \
	(BIT(0) /* PREFETCHWT1 */ | BIT(1) /* AVX512_VBMI */ | BIT(2) /* UMIP */ |                 \
	 BIT(6) /* AVX512_VBMI2 */ | BIT(8) /* GFNI */ | BIT(9) /* VAES */ |                       \
	 BIT(10) /* VPCLMULQDQ */ | BIT(11) /* AVX512_VNNI */ | BIT(12) /* AVX512_BITALG */ |      \
	 BIT(14) /* AVX512_VPOPCNTDQ */ | BIT(22) /* RDPID */ | BIT(25) /* CLDEMOTE */ |           \
	 BIT(27) /* MOVDIRI */ | BIT(28) /* MOVDIR64B */)
#define ALLOW_7_EDX                                                                                \
	(BIT(2) /* AVX512_4VNNIW */ | BIT(3) /* AVX512_4FMAPS */ | BIT(4) /* FSRM */ |             \
	 BIT(8) /* AVX512_VP2INTERSECT */ | BIT(10) /* MD_CLEAR */ | BIT(14) /* SERIALIZE */ |     \
	 BIT(23) /* AVX512_FP16 */)
#define ALLOW_7_1_EAX                                                                              \
	(BIT(0) /* SHA512 */ | BIT(1) /* SM3 */ | BIT(2) /* SM4 */ | BIT(4) /* AVX-VNNI */ |       \
	 BIT(5) /* AVX512_BF16 */ | BIT(10) /* FZRM */ | BIT(11) /* FSRS */ |                      \
	 BIT(12) /* FSRCS */ | BIT(23) /* AVX-IFMA */)
#define ALLOW_7_1_EDX                                                                              \
	(BIT(4) /* AVX-VNNI-INT8 */ | BIT(5) /* AVX-NE-CONVERT */ | BIT(10) /* AVX-VNNI-INT16 */ | \
	 BIT(14) /* PREFETCHI */)
/* Not XSAVEC (bit 1): that of Bochs 2.7 lays the state out otherwise than its XRSTOR reads it, and
 * registers are lost. XSAVEOPT serves a guest as well. */
#define ALLOW_D_1_EAX (BIT(0) /* XSAVEOPT */ | BIT(2) /* XGETBV 1 */)
#define ALLOW_81_ECX  (BIT(0) /* LAHF */ | BIT(5) /* LZCNT */ | BIT(8) /* PREFETCHW */)
#define ALLOW_81_EDX                                                                               \
	(BIT(11) /* SYSCALL */ | BIT(20) /* NX */ | BIT(26) /* 1 GiB pages */ |                    \
	 BIT(27) /* RDTSCP */ | BIT(29) /* Intel 64 */)

/* What needs AVX or AVX-512 state: hidden with it. */
#define AVX_1_ECX      (BIT(12) | BIT(28) | BIT(29))
#define AVX_7_EBX      BIT(5)
#define AVX_7_ECX      (BIT(9) | BIT(10))
#define AVX_7_1_EAX    (BIT(0) | BIT(1) | BIT(2) | BIT(4) | BIT(23))
#define AVX_7_1_EDX    (BIT(4) | BIT(5) | BIT(10))
#define AVX512_7_EBX   (BIT(16) | BIT(17) | BIT(21) | (UINT64_C(0xd) << 28) | BIT(26) | BIT(27))
#define AVX512_7_ECX   (BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14))
#define AVX512_7_EDX   (BIT(2) | BIT(3) | BIT(8) | BIT(23))
#define AVX512_7_1_EAX BIT(5)

#define RDTSCP_81_EDX  BIT(27)
#define RDPID_7_ECX    BIT(22)

struct build {
	struct cpuid_policy *p;
	cpuid_host_fn host;
	const struct cpuid_options *options;
};

static void take_xsave(struct build *b)
{
	struct cpuid_policy *p = b->p;
	uint64_t usable = XCR0_X87 | XCR0_SSE;
	struct cpuid_regs main;

	if (!(p->basic[1].ecx & LEAF_1_ECX_XSAVE) || p->max_basic < 0xd) {
		p->basic[1].ecx &= (uint32_t)~LEAF_1_ECX_XSAVE;
		return;
	}
	main = b->host(0xd, 0);
	if (main.eax & XCR0_AVX) {
		usable |= XCR0_AVX;
		if ((main.eax & XCR0_AVX512) == XCR0_AVX512)
			usable |= XCR0_AVX512;
	}
	p->xcr0_allowed = main.eax & usable;
	p->xsave[1].eax = b->host(0xd, 1).eax & (uint32_t)ALLOW_D_1_EAX;
	p->xsave[0] =
		(struct cpuid_regs){.eax = (uint32_t)p->xcr0_allowed, .ecx = XSAVE_HEADER_END};
	for (uint32_t i = 2; i < CPUID_XSAVE_COMPONENTS; i++) {
		struct cpuid_regs *part = &p->xsave[i];

		if (!(p->xcr0_allowed & BIT(i)))
			continue;
		*part = b->host(0xd, i);
		part->ecx &= (uint32_t)BIT(1); /* aligned to 64 in the compact form */
		part->edx = 0;
		if (part->eax + part->ebx > p->xsave[0].ecx)
			p->xsave[0].ecx = part->eax + part->ebx;
	}
}

static void hide_without_state(struct build *b)
{
	struct cpuid_policy *p = b->p;

	if (!(p->xcr0_allowed & XCR0_AVX)) {
		p->basic[1].ecx &= (uint32_t)~AVX_1_ECX;
		p->basic[7].ebx &= (uint32_t)~AVX_7_EBX;
		p->basic[7].ecx &= (uint32_t)~AVX_7_ECX;
		p->features1.eax &= (uint32_t)~AVX_7_1_EAX;
		p->features1.edx &= (uint32_t)~AVX_7_1_EDX;
	}
	if (!(p->xcr0_allowed & BIT(5))) {
		p->basic[7].ebx &= (uint32_t)~AVX512_7_EBX;
		p->basic[7].ecx &= (uint32_t)~AVX512_7_ECX;
		p->basic[7].edx &= (uint32_t)~AVX512_7_EDX;
		p->features1.eax &= (uint32_t)~AVX512_7_1_EAX;
	}
}

static void take_features(struct build *b)
{
	struct cpuid_policy *p = b->p;
	struct cpuid_regs *one = &p->basic[1], *seven = &p->basic[7];

	*one = b->host(1, 0);
	one->ebx = (one->ebx & 0xffff) | 1 << 16; /* one logical CPU, its APIC ID 0 */
	one->ecx = (one->ecx & (uint32_t)ALLOW_1_ECX) | (uint32_t)LEAF_1_ECX_HYPERVISOR;
	one->edx &= (uint32_t)ALLOW_1_EDX;
	if (p->max_basic < 7)
		return;
	*seven = b->host(7, 0);
	if (seven->eax > 0) {
		p->features1 = b->host(7, 1);
		p->features1.eax &= (uint32_t)ALLOW_7_1_EAX;
		p->features1.ebx = 0;
		p->features1.ecx = 0;
		p->features1.edx &= (uint32_t)ALLOW_7_1_EDX;
		seven->eax = 1;
	}
	seven->ebx &= (uint32_t)ALLOW_7_EBX;
	seven->ecx &= (uint32_t)ALLOW_7_ECX;
	seven->edx &= (uint32_t)ALLOW_7_EDX;
	if (!b->options->rdtscp)
		seven->ecx &= (uint32_t)~RDPID_7_ECX;
}

/* SDM 2A "INPUT EAX = 04H": one core, one thread share each cache. */
static void take_caches(struct build *b)
{
	for (uint32_t i = 0; i < CPUID_CACHES; i++) {
		struct cpuid_regs *c = &b->p->caches[i];

		*c = b->host(4, i);
		if ((c->eax & 0x1f) == 0) {
			*c = (struct cpuid_regs){0};
			return;
		}
		c->eax &= 0x3fff;
	}
}

/* Numbers and not features: they pass, but for the TSC's. The rest (5 MONITOR, 6 thermal, 9 DCA, Ah
 * performance monitor, Fh and 10h resource control, 12h SGX, 14h trace) is all zeros. */
static void take_plain(struct build *b)
{
	static const uint8_t leaves[] = {2, 0x15, 0x16};

	for (size_t i = 0; i < ARRAY_SIZE(leaves); i++)
		if (leaves[i] <= b->p->max_basic)
			b->p->basic[leaves[i]] = b->host(leaves[i], 0);
	if (b->options->tsc_hz)
		cpuid_set_tsc_hz(b->p, b->options->tsc_hz);
}

static void take_extended(struct build *b)
{
	struct cpuid_policy *p = b->p;
	struct cpuid_regs top = b->host(CPUID_EXTENDED, 0);
	uint32_t last = CPUID_EXTENDED + CPUID_EXTENDED_LEAVES - 1;

	/* Before Intel 64 there were no such leaves, and the answer was another leaf's. */
	p->max_extended = top.eax < CPUID_EXTENDED ? CPUID_EXTENDED : top.eax;
	if (p->max_extended > last)
		p->max_extended = last;
	p->extended[0].eax = p->max_extended;
	for (uint32_t leaf = CPUID_EXTENDED + 1; leaf <= p->max_extended; leaf++)
		p->extended[leaf - CPUID_EXTENDED] = b->host(leaf, 0);

	p->extended[1].eax = 0;
	p->extended[1].ebx = 0;
	p->extended[1].ecx &= (uint32_t)ALLOW_81_ECX;
	p->extended[1].edx &= (uint32_t)ALLOW_81_EDX;
	if (!b->options->rdtscp)
		p->extended[1].edx &= (uint32_t)~RDTSCP_81_EDX;
	p->extended[5] = (struct cpuid_regs){0};
	p->extended[7] = (struct cpuid_regs){.edx = p->extended[7].edx & (uint32_t)BIT(8)};
	p->extended[8] = (struct cpuid_regs){.eax = p->extended[8].eax & 0xffff};
	p->maxphyaddr = (uint8_t)(p->extended[8].eax & 0xff);
	if (p->maxphyaddr > EPT_BITS) { /* what lies above, EPT with four levels cannot map */
		p->maxphyaddr = EPT_BITS;
		p->extended[8].eax = (p->extended[8].eax & 0xff00) | EPT_BITS;
	}
	if (p->maxphyaddr == 0)
		p->maxphyaddr = 36; /* SDM 2A: without the leaf, 36 with PAE */
}

static void make_hypervisor(struct build *b)
{
	struct cpuid_regs *name = &b->p->hypervisor[0];

	name->eax = CPUID_HYPERVISOR + CPUID_HYPERVISOR_LEAVES - 1;
	memcpy(&name->ebx, "Lint", 4);
	memcpy(&name->ecx, "elLi", 4);
	memcpy(&name->edx, "ntel", 4);
	b->p->hypervisor[1] =
		(struct cpuid_regs){.eax = CPUID_INTERFACE, .ebx = b->options->version};
}

static uint64_t cr4_of(const struct cpuid_policy *p)
{
	/* PCE exists on every CPU; there is no counter, so RDPMC is #GP anyway. */
	uint64_t allowed = CR4_TSD | CR4_PCE;
	static const struct {
		uint32_t feature;
		uint64_t cr4;
	} one_edx[] = {{BIT(1), CR4_VME | CR4_PVI}, {BIT(2), CR4_DE},         {BIT(3), CR4_PSE},
		       {BIT(6), CR4_PAE},           {BIT(7), CR4_MCE},        {BIT(13), CR4_PGE},
		       {BIT(24), CR4_OSFXSR},       {BIT(25), CR4_OSXMMEXCPT}};

	for (size_t i = 0; i < ARRAY_SIZE(one_edx); i++)
		if (p->basic[1].edx & one_edx[i].feature)
			allowed |= one_edx[i].cr4;
	if (p->basic[1].ecx & LEAF_1_ECX_XSAVE)
		allowed |= CR4_OSXSAVE;
	if (p->basic[7].ebx & BIT(0))
		allowed |= CR4_FSGSBASE;
	if (p->basic[7].ebx & BIT(7))
		allowed |= CR4_SMEP;
	if (p->basic[7].ebx & BIT(20))
		allowed |= CR4_SMAP;
	if (p->basic[7].ecx & BIT(2))
		allowed |= CR4_UMIP;
	return allowed;
}

void cpuid_policy_build(struct cpuid_policy *p, cpuid_host_fn host,
			const struct cpuid_options *options)
{
	struct build b = {.p = p, .host = host, .options = options};

	*p = (struct cpuid_policy){0};
	p->basic[0] = host(0, 0);
	p->max_basic = p->basic[0].eax < MAX_BASIC ? p->basic[0].eax : MAX_BASIC;
	p->basic[0].eax = p->max_basic;
	take_features(&b);
	take_xsave(&b);
	hide_without_state(&b);
	take_plain(&b);
	if (p->max_basic >= 4)
		take_caches(&b);
	take_extended(&b);
	make_hypervisor(&b);
	p->cr4_allowed = cr4_of(p);

	p->special = (uint32_t)(BIT(1) | BIT(4) | BIT(7) | BIT(0xb) | BIT(0xd));
	for (uint32_t leaf = p->max_basic + 1; leaf < CPUID_BASIC_LEAVES; leaf++) {
		p->basic[leaf] = p->basic[p->max_basic];
		p->special &= (uint32_t)~BIT(leaf);
		if (p->special & BIT(p->max_basic))
			p->special |= (uint32_t)BIT(leaf);
	}
}

/* SDM 1 "Standard Format of XSAVE Area". */
static uint32_t xsave_bytes(const struct cpuid_policy *p, uint64_t xcr0)
{
	uint32_t end = XSAVE_HEADER_END;

	for (uint32_t i = 2; i < CPUID_XSAVE_COMPONENTS; i++) {
		const struct cpuid_regs *part = &p->xsave[i];

		if ((xcr0 & p->xcr0_allowed & BIT(i)) && part->eax + part->ebx > end)
			end = part->eax + part->ebx;
	}
	return end;
}

static void answer_xsave(const struct cpuid_policy *p, uint32_t subleaf,
			 const struct cpuid_dynamic *now, struct cpuid_regs *out)
{
	*out = (struct cpuid_regs){0};
	if (p->xcr0_allowed == 0 || subleaf >= CPUID_XSAVE_COMPONENTS)
		return;
	*out = p->xsave[subleaf];
	if (subleaf == 0)
		out->ebx = xsave_bytes(p, now->xcr0);
}

/* SDM 2A "INPUT EAX = 0BH": a thread level and a core level of one logical CPU each. */
static void answer_topology(uint32_t subleaf, struct cpuid_regs *out)
{
	*out = (struct cpuid_regs){.ecx = subleaf & 0xff};
	if (subleaf < 2) {
		out->ebx = 1;
		out->ecx |= (subleaf + 1) << 8;
	}
}

static void answer_special(const struct cpuid_policy *p, uint32_t leaf, uint32_t subleaf,
			   const struct cpuid_dynamic *now, struct cpuid_regs *out)
{
	switch (leaf < p->max_basic ? leaf : p->max_basic) {
	case 1:
		if (now->cr4 & CR4_OSXSAVE)
			out->ecx |= (uint32_t)LEAF_1_ECX_OSXSAVE;
		break;
	case 4:
		*out = subleaf < CPUID_CACHES ? p->caches[subleaf] : (struct cpuid_regs){0};
		break;
	case 7:
		if (subleaf == 1)
			*out = p->features1;
		else if (subleaf > 1)
			*out = (struct cpuid_regs){0};
		break;
	case 0xb:
		answer_topology(subleaf, out);
		break;
	default:
		answer_xsave(p, subleaf, now, out);
		break;
	}
}

void cpuid_answer(const struct cpuid_policy *p, uint32_t leaf, uint32_t subleaf,
		  const struct cpuid_dynamic *now, struct cpuid_regs *out)
{
	if (LIKELY(leaf < CPUID_BASIC_LEAVES)) {
		*out = p->basic[leaf];
		if (p->special & BIT(leaf))
			answer_special(p, leaf, subleaf, now, out);
	} else if (leaf - CPUID_HYPERVISOR < CPUID_HYPERVISOR_LEAVES) {
		*out = p->hypervisor[leaf - CPUID_HYPERVISOR];
	} else if (leaf >= CPUID_EXTENDED && leaf <= p->max_extended) {
		*out = p->extended[leaf - CPUID_EXTENDED];
	} else if (leaf - CPUID_HYPERVISOR < 0x100) {
		*out = (struct cpuid_regs){0};
	} else {
		*out = p->basic[p->max_basic];
		if (p->special & BIT(p->max_basic))
			answer_special(p, p->max_basic, subleaf, now, out);
	}
}

bool xcr0_valid(const struct cpuid_policy *p, uint64_t value)
{
	if (!(value & XCR0_X87) || (value & ~p->xcr0_allowed))
		return false;
	if ((value & XCR0_AVX) && !(value & XCR0_SSE))
		return false;
	if ((value & XCR0_AVX512) == 0)
		return true;
	return (value & XCR0_AVX512) == XCR0_AVX512 && (value & XCR0_AVX);
}
