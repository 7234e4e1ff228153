/* guest/segment.c - segments and descriptors of a guest CPU. */
#include "guest/segment.h"

#define RIGHTS_REAL 0x93u /* present, read/write data, accessed */

void guest_raise(const struct guest_cpu_state *s, struct guest_fault *fault, enum exception vector,
		 uint32_t error_code)
{
	bool has_code =
		vector == EXC_DF || (vector >= EXC_TS && vector <= EXC_PF) || vector == EXC_AC;

	/* SDM 2A "Real-Address Mode Exceptions": no error code there. */
	has_code = has_code && !guest_is_real_mode(s);
	*fault = (struct guest_fault){.vector = (uint8_t)vector,
				      .has_error_code = has_code,
				      .error_code = has_code ? error_code : 0};
}

/* SDM 3A "Type Checking": what a segment of this type may be used for. */
static bool type_allows(uint32_t access, enum segment_access what)
{
	bool code = (access & SEGMENT_TYPE_CODE) != 0;

	switch (what) {
	case SEGMENT_WRITE:
		return !code && (access & SEGMENT_WRITABLE);
	case SEGMENT_FETCH:
		return code;
	case SEGMENT_READ:
		break;
	}
	return !code || (access & SEGMENT_WRITABLE);
}

/* SDM 3A "Limit Checking". Offsets above 4 GiB only come from 64-bit mode, which has no limits. */
static bool limit_allows(const struct guest_segment *seg, uint64_t offset, uint64_t len_bytes)
{
	bool code = (seg->access & SEGMENT_TYPE_CODE) != 0;
	uint64_t last = offset + len_bytes - 1;

	if (last < offset)
		return false;
	if (!code && (seg->access & SEGMENT_EXPAND_DOWN))
		return offset > seg->limit &&
		       last <= (seg->access & SEGMENT_DB ? UINT32_MAX : UINT16_MAX);
	return last <= seg->limit;
}

static bool linear_64(const struct guest_cpu_state *s, enum guest_segment_name segment,
		      uint64_t offset, uint64_t len_bytes, gva_t *at)
{
	bool based = segment == GUEST_FS || segment == GUEST_GS;

	*at = gva(offset + (based ? s->segments[segment].base : 0));
	return guest_is_canonical(at->raw) && guest_is_canonical(at->raw + len_bytes - 1) &&
	       (at->raw ^ (at->raw + len_bytes - 1)) >> 63 == 0;
}

static bool linear_32(const struct guest_cpu_state *s, enum guest_segment_name segment,
		      uint64_t offset, uint64_t len_bytes, enum segment_access access, gva_t *at)
{
	const struct guest_segment *seg = &s->segments[segment];

	*at = gva((uint32_t)(seg->base + offset));
	if (!limit_allows(seg, offset, len_bytes))
		return false;
	/* Real and virtual-8086 mode have limits, but neither types nor null selectors. */
	if (guest_is_real_mode(s) || guest_is_v86(s))
		return true;
	return !(seg->access & SEGMENT_UNUSABLE) && type_allows(seg->access, access);
}

bool guest_segment_linear(const struct guest_cpu_state *s, enum guest_segment_name segment,
			  uint64_t offset, uint64_t len_bytes, enum segment_access access,
			  gva_t *at, struct guest_fault *fault)
{
	bool good;

	if (guest_is_64bit(s))
		good = linear_64(s, segment, offset, len_bytes, at);
	else
		good = linear_32(s, segment, offset, len_bytes, access, at);
	if (!good)
		guest_raise(s, fault, segment == GUEST_SS ? EXC_SS : EXC_GP, 0);
	return good;
}

void guest_segment_from_descriptor(struct guest_segment *seg, uint16_t selector,
				   uint64_t descriptor)
{
	uint32_t limit = (uint32_t)(descriptor & 0xffff) | (uint32_t)(descriptor >> 32 & 0xf0000);

	seg->selector = selector;
	seg->access = (uint32_t)(descriptor >> 40 & 0xf0ff);
	seg->base = (descriptor >> 16 & 0xffffff) | (descriptor >> 32 & 0xff000000);
	seg->limit = seg->access & SEGMENT_GRANULAR ? limit << 12 | 0xfff : limit;
}

void guest_segment_real(struct guest_segment *seg, uint16_t selector, unsigned dpl)
{
	*seg = (struct guest_segment){
		.selector = selector,
		.access = RIGHTS_REAL | dpl << SEGMENT_DPL_SHIFT,
		.limit = 0xffff,
		.base = selector * UINT64_C(16),
	};
}
