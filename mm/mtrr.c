/* mm/mtrr.c - see mm/mtrr.h. */
#include "mm/mtrr.h"

#define TYPE_MASK     UINT64_C(0xff)
#define FIXED_ENTRIES 8u

const uint16_t mtrr_fixed_msr[MTRR_FIXED] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
					     0x26b, 0x26c, 0x26d, 0x26e, 0x26f};

/* SDM 3A "Fixed Range MTRRs": how much of an address space each entry covers. */
static const struct {
	uint64_t start, entry_bytes;
	unsigned first;
} fixed_parts[] = {{0xc0000, 4 * KIB, 3}, {0x80000, 16 * KIB, 1}, {0, 64 * KIB, 0}};

const char *ept_memtype_name(enum ept_memtype type)
{
	static const char names[8][3] = {"UC", "WC", "?", "?", "WT", "WP", "WB", "?"};

	return names[type & 7];
}

static enum ept_memtype type_of(uint64_t value)
{
	value &= TYPE_MASK;
	return value == EPT_WC || value == EPT_WT || value == EPT_WP || value == EPT_WB
		       ? (enum ept_memtype)value
		       : EPT_UC;
}

static enum ept_memtype fixed_type(const struct mtrrs *m, uint64_t at, uint64_t *end)
{
	unsigned part = 0, entry;

	while (at < fixed_parts[part].start)
		part++;
	entry = (unsigned)((at - fixed_parts[part].start) / fixed_parts[part].entry_bytes);
	*end = fixed_parts[part].start + (entry + 1) * fixed_parts[part].entry_bytes;
	return type_of(m->fixed[fixed_parts[part].first + entry / FIXED_ENTRIES] >>
		       8 * (entry % FIXED_ENTRIES));
}

/* SDM 3A "MTRR Precedences". */
static enum ept_memtype both(enum ept_memtype a, enum ept_memtype b)
{
	if (a == b)
		return a;
	return (a == EPT_WT && b == EPT_WB) || (a == EPT_WB && b == EPT_WT) ? EPT_WT : EPT_UC;
}

enum ept_memtype mtrr_type(const struct mtrrs *m, hpa_t at, uint64_t *end)
{
	uint64_t address_bits = (BIT(m->maxphyaddr) - 1) & ~(PAGE_4K - 1);
	enum ept_memtype type = type_of(m->default_type);
	uint64_t step = BIT(m->maxphyaddr);
	bool any = false;

	if (!(m->default_type & MTRR_ENABLE)) {
		*end = BIT(m->maxphyaddr);
		return EPT_UC;
	}
	if (m->has_fixed && (m->default_type & MTRR_FIXED_ENABLE)) {
		if (at.raw < MIB)
			return fixed_type(m, at.raw, end);
	}
	for (unsigned i = 0; i < m->count; i++) {
		const struct mtrr_variable *v = &m->variable[i];
		uint64_t mask = v->mask & address_bits;

		if (!(v->mask & MTRR_VALID))
			continue;
		/* Addresses that differ below the mask's lowest bit match or do not, together. */
		step = min_u64(step, mask & -mask ? mask & -mask : step);
		if ((at.raw & mask) != (v->base & mask))
			continue;
		type = any ? both(type, type_of(v->base)) : type_of(v->base);
		any = true;
	}
	*end = align_down(at.raw, step) + step;
	return type;
}
