/* guest/msr.c - the table of a guest's model-specific registers. */
#include "guest/msr.h"

#include "guest/segment.h"
#include "kernel/assert.h"
#include "kernel/string.h"

/* SDM 4 "IA32_MISC_ENABLE": no branch trace, no PEBS; fast strings as on the host, since kernels
 * choose their copying by it; all else off or absent. */
#define MISC_ENABLE_VALUE        (BIT(11) | BIT(12))
#define MISC_ENABLE_FAST_STRINGS BIT(0)

/* The patch level stands in the upper half; 1 for "some", since kernels read it to judge errata. */
#define BIOS_SIGN_VALUE          BIT(32)

#define BITMAP_READ_LOW          0u
#define BITMAP_READ_HIGH         1024u
#define BITMAP_WRITE_LOW         2048u
#define BITMAP_WRITE_HIGH        3072u
#define BITMAP_MSRS              0x2000u /* in each of the two ranges */
#define BITMAP_HIGH              0xc0000000u

enum action {
	ACT_GP,
	ACT_PASS,     /* no exit */
	ACT_CONSTANT, /* reads the table's value */
	ACT_IGNORE,   /* a write that does nothing */
	ACT_STORED,   /* MISC_ENABLE: read from struct guest_msrs */
	ACT_TSC,
	ACT_DEBUGCTL,
};

/* When the MSR is there, or is passed through. */
enum condition { ALWAYS, IF_RDTSCP, IF_PAT_SWITCHED, IF_EFER_SWITCHED };

/* What WRMSR checks before it stores. */
enum check { ANY, CANONICAL, UPPER_HALF_ZERO, PAT_TYPES, EFER_BITS };

struct msr_rule {
	uint32_t first, last;
	uint8_t read, write;
	uint8_t condition, check;
	bool caller_switches; /* passed through, and the CPU leaves the switching to us */
	uint64_t value;
	const char *name;
};

/*
 * Sorted by index. PLATFORM_ID 0: processor flag 0. P5_MC_ADDR and P5_MC_TYPE: no machine check
 * since reset. BIOS_UPDT_TRIG: microcode is the host's affair, an update goes nowhere. MISC_ENABLE:
 * nothing of it can be switched, and kernels write it blindly.
 */
static const struct msr_rule rules[] = {
	{0x0, 0x1, ACT_CONSTANT, ACT_IGNORE, .name = "P5_MC"},
	{MSR_TSC, MSR_TSC, ACT_PASS, ACT_TSC, .name = "TIME_STAMP_COUNTER"},
	{MSR_PLATFORM_ID, MSR_PLATFORM_ID, ACT_CONSTANT, ACT_GP, .name = "PLATFORM_ID"},
	{0x79, 0x79, ACT_GP, ACT_IGNORE, .name = "BIOS_UPDT_TRIG"},
	{MSR_BIOS_SIGN_ID, MSR_BIOS_SIGN_ID, ACT_CONSTANT, ACT_IGNORE, .value = BIOS_SIGN_VALUE,
	 .name = "BIOS_SIGN_ID"},
	{MSR_SYSENTER_CS, MSR_SYSENTER_CS, ACT_PASS, ACT_PASS, .name = "SYSENTER_CS"},
	{MSR_SYSENTER_ESP, MSR_SYSENTER_ESP, ACT_PASS, ACT_PASS, .check = CANONICAL,
	 .name = "SYSENTER_ESP"},
	{MSR_SYSENTER_EIP, MSR_SYSENTER_EIP, ACT_PASS, ACT_PASS, .check = CANONICAL,
	 .name = "SYSENTER_EIP"},
	{MSR_MISC_ENABLE, MSR_MISC_ENABLE, ACT_STORED, ACT_IGNORE, .name = "MISC_ENABLE"},
	{MSR_DEBUGCTL, MSR_DEBUGCTL, ACT_DEBUGCTL, ACT_DEBUGCTL, .name = "DEBUGCTL"},
	{MSR_PAT, MSR_PAT, ACT_PASS, ACT_PASS, IF_PAT_SWITCHED, PAT_TYPES, .name = "PAT"},
	{MSR_EFER, MSR_EFER, ACT_PASS, ACT_PASS, IF_EFER_SWITCHED, EFER_BITS, .name = "EFER"},
	{MSR_STAR, MSR_STAR, ACT_PASS, ACT_PASS, .caller_switches = true, .name = "STAR"},
	{MSR_LSTAR, MSR_LSTAR, ACT_PASS, ACT_PASS, .check = CANONICAL, .caller_switches = true,
	 .name = "LSTAR"},
	{MSR_CSTAR, MSR_CSTAR, ACT_PASS, ACT_PASS, .check = CANONICAL, .caller_switches = true,
	 .name = "CSTAR"},
	{MSR_FMASK, MSR_FMASK, ACT_PASS, ACT_PASS, .check = UPPER_HALF_ZERO,
	 .caller_switches = true, .name = "FMASK"},
	{MSR_FS_BASE, MSR_FS_BASE, ACT_PASS, ACT_PASS, .check = CANONICAL, .name = "FS_BASE"},
	{MSR_GS_BASE, MSR_GS_BASE, ACT_PASS, ACT_PASS, .check = CANONICAL, .name = "GS_BASE"},
	{MSR_KERNEL_GS_BASE, MSR_KERNEL_GS_BASE, ACT_PASS, ACT_PASS, .check = CANONICAL,
	 .caller_switches = true, .name = "KERNEL_GS_BASE"},
	{MSR_TSC_AUX, MSR_TSC_AUX, ACT_PASS, ACT_PASS, IF_RDTSCP, UPPER_HALF_ZERO, true,
	 .name = "TSC_AUX"},
};

static const struct msr_rule *find(uint32_t index)
{
	size_t low = 0, high = ARRAY_SIZE(rules);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index < rules[middle].first)
			high = middle;
		else if (index > rules[middle].last)
			low = middle + 1;
		else
			return &rules[middle];
	}
	return NULL;
}

/* PAT and EFER exist in any case; the feature only decides whether they must exit. */
static bool exists(const struct msr_rule *r, const struct msr_features *f)
{
	return r->condition != IF_RDTSCP || f->rdtscp;
}

static bool passes(const struct msr_rule *r, const struct msr_features *f)
{
	switch ((enum condition)r->condition) {
	case IF_RDTSCP:
		return f->rdtscp;
	case IF_PAT_SWITCHED:
		return f->pat_switched;
	case IF_EFER_SWITCHED:
		return f->efer_switched;
	case ALWAYS:
		break;
	}
	return true;
}

void msr_reset(struct guest_msrs *m, const struct msr_features *features)
{
	*m = (struct guest_msrs){.features = *features, .misc_enable = MISC_ENABLE_VALUE};
	if (features->fast_strings)
		m->misc_enable |= MISC_ENABLE_FAST_STRINGS;
}

enum msr_result msr_read(const struct guest_msrs *m, uint32_t index, uint64_t *value)
{
	const struct msr_rule *r = find(index);

	if (!r || !exists(r, &m->features))
		return MSR_UNKNOWN;
	switch ((enum action)r->read) {
	case ACT_CONSTANT:
		*value = r->value;
		return MSR_DONE;
	case ACT_STORED:
		*value = m->misc_enable;
		return MSR_DONE;
	case ACT_PASS:
		return MSR_CALLER_PASS;
	case ACT_DEBUGCTL:
		return MSR_CALLER_DEBUGCTL;
	default:
		return MSR_GP;
	}
}

/* SDM 3A "Page Attribute Table": the encodings that each of the eight bytes may have. */
static bool pat_valid(uint64_t value)
{
	for (unsigned i = 0; i < 8; i++) {
		uint64_t type = value >> (i * 8) & 0xff;

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

/* SDM 3A "Extended Feature Enable Register": LME is fixed while paging is on, LMA is the CPU's. */
static bool efer_valid(uint64_t *value, const struct msr_context *now)
{
	if (*value & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE))
		return false;
	if (((*value ^ now->efer) & EFER_LME) && (now->cr0 & CR0_PG))
		return false;
	*value = (*value & ~EFER_LMA) | (now->efer & EFER_LMA);
	return true;
}

static bool value_valid(const struct msr_rule *r, uint64_t *value, const struct msr_context *now)
{
	switch ((enum check)r->check) {
	case CANONICAL:
		return guest_is_canonical(*value);
	case UPPER_HALF_ZERO:
		return *value >> 32 == 0;
	case PAT_TYPES:
		return pat_valid(*value);
	case EFER_BITS:
		return efer_valid(value, now);
	case ANY:
		break;
	}
	return true;
}

enum msr_result msr_write(struct guest_msrs *m, uint32_t index, uint64_t *value,
			  const struct msr_context *now)
{
	const struct msr_rule *r = find(index);

	if (!r || !exists(r, &m->features))
		return MSR_UNKNOWN;
	if (!value_valid(r, value, now))
		return MSR_GP;
	switch ((enum action)r->write) {
	case ACT_PASS:
		return MSR_CALLER_PASS;
	case ACT_IGNORE:
		return MSR_DONE;
	case ACT_TSC:
		return MSR_CALLER_TSC;
	case ACT_DEBUGCTL:
		/* No branch records to switch on: LBR is taken and forgotten. */
		if (*value & ~(DEBUGCTL_LBR | DEBUGCTL_BTF))
			return MSR_GP;
		*value &= DEBUGCTL_BTF;
		return MSR_CALLER_DEBUGCTL;
	default:
		return MSR_GP;
	}
}

static void let_through(uint8_t *bitmap, uint32_t index, uint32_t low, uint32_t high)
{
	uint32_t n = index & (BITMAP_MSRS - 1);
	uint8_t *half = bitmap + (index >= BITMAP_HIGH ? high : low);

	ASSERT(index - (index >= BITMAP_HIGH ? BITMAP_HIGH : 0) < BITMAP_MSRS);
	half[n / 8] = (uint8_t)(half[n / 8] & ~BIT(n % 8));
}

void msr_fill_bitmap(uint8_t bitmap[MSR_BITMAP_BYTES], const struct msr_features *features)
{
	memset(bitmap, 0xff, MSR_BITMAP_BYTES);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct msr_rule *r = &rules[i];

		if (!passes(r, features))
			continue;
		for (uint32_t index = r->first; index <= r->last; index++) {
			if (r->read == ACT_PASS)
				let_through(bitmap, index, BITMAP_READ_LOW, BITMAP_READ_HIGH);
			if (r->write == ACT_PASS)
				let_through(bitmap, index, BITMAP_WRITE_LOW, BITMAP_WRITE_HIGH);
		}
	}
}

/* The part of first to last that lies in one of the two ranges. */
static void exit_half(uint8_t *half, uint32_t range, uint32_t first, uint32_t last)
{
	uint32_t end = range + (BITMAP_MSRS - 1);

	if (last < range || first > end)
		return;
	for (uint32_t n = first > range ? first - range : 0; n <= (last < end ? last : end) - range;
	     n++)
		half[n / 8] = (uint8_t)(half[n / 8] | BIT(n % 8));
}

void msr_bitmap_exit(uint8_t bitmap[MSR_BITMAP_BYTES], uint32_t first, uint32_t last, bool read,
		     bool write)
{
	if (read) {
		exit_half(bitmap + BITMAP_READ_LOW, 0, first, last);
		exit_half(bitmap + BITMAP_READ_HIGH, BITMAP_HIGH, first, last);
	}
	if (write) {
		exit_half(bitmap + BITMAP_WRITE_LOW, 0, first, last);
		exit_half(bitmap + BITMAP_WRITE_HIGH, BITMAP_HIGH, first, last);
	}
}

const char *msr_name(uint32_t index)
{
	const struct msr_rule *r = find(index);

	return r ? r->name : NULL;
}

bool msr_caller_switches(const struct msr_features *features, unsigned i, uint32_t *index)
{
	for (size_t k = 0; k < ARRAY_SIZE(rules); k++) {
		const struct msr_rule *r = &rules[k];
		uint32_t count = r->last - r->first + 1;

		if (!r->caller_switches || !passes(r, features))
			continue;
		if (i < count) {
			*index = r->first + i;
			return true;
		}
		i -= count;
	}
	return false;
}
