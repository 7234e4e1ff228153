/*
 * guest/segment.h - modes, segments and descriptors of a guest CPU: logical to linear addresses.
 *
 * Pure; touches no memory. Alignment checks (#AC) are not made.
 * Spec: SDM 3A "Protection", "Segment Descriptors"; SDM 1 "Canonical Addressing".
 */
#pragma once

#include "guest/cpu_state.h"

/* Access rights, the low byte (descriptor byte 5), and above. */
#define SEGMENT_TYPE        0x0fu
#define SEGMENT_TYPE_CODE   0x08u /* with S: code, else data */
#define SEGMENT_CONFORMING  0x04u /* code */
#define SEGMENT_EXPAND_DOWN 0x04u /* data */
#define SEGMENT_WRITABLE    0x02u /* data; for code: readable */
#define SEGMENT_ACCESSED    0x01u
#define SEGMENT_S           0x10u /* code or data, not a system segment */
#define SEGMENT_DPL_SHIFT   5u
#define SEGMENT_PRESENT     0x80u
#define SEGMENT_LONG        0x2000u
#define SEGMENT_DB          0x4000u
#define SEGMENT_GRANULAR    0x8000u

#define SELECTOR_TI         4u
#define SELECTOR_RPL        3u
#define SELECTOR_INDEX_MASK 0xfff8u
#define SELECTOR_ERROR_MASK 0xfffcu /* what an error code keeps of a selector */

enum segment_access { SEGMENT_READ, SEGMENT_WRITE, SEGMENT_FETCH };

static inline bool guest_is_real_mode(const struct guest_cpu_state *s)
{
	return !(s->cr0 & CR0_PE);
}

static inline bool guest_is_v86(const struct guest_cpu_state *s)
{
	return (s->cr0 & CR0_PE) && (s->rflags & RFLAGS_VM);
}

/* IA-32e mode: 64-bit or compatibility mode. */
static inline bool guest_is_ia32e(const struct guest_cpu_state *s)
{
	return (s->efer & EFER_LMA) != 0;
}

static inline bool guest_is_64bit(const struct guest_cpu_state *s)
{
	return guest_is_ia32e(s) && (s->segments[GUEST_CS].access & SEGMENT_LONG);
}

static inline bool guest_is_canonical(uint64_t linear)
{
	return (uint64_t)((int64_t)(linear << 16) >> 16) == linear;
}

/* Fills in an exception; its error code counts only outside of real mode, which pushes none. */
void guest_raise(const struct guest_cpu_state *s, struct guest_fault *fault, enum exception vector,
		 uint32_t error_code);

/*
 * The linear address of len_bytes (1 or more) at segment:offset, if the segment allows the access.
 * Else false and *fault: #SS(0) for the stack segment, #GP(0) for others. offset is cut to the
 * address size by the caller. segment: GUEST_ES to GUEST_GS.
 */
MUST_CHECK bool guest_segment_linear(const struct guest_cpu_state *s,
				     enum guest_segment_name segment, uint64_t offset,
				     uint64_t len_bytes, enum segment_access access, gva_t *at,
				     struct guest_fault *fault);

/* An 8-byte descriptor in parts. The limit comes out scaled. selector is only copied. */
void guest_segment_from_descriptor(struct guest_segment *seg, uint16_t selector,
				   uint64_t descriptor);

/* What real mode (dpl 0) and virtual-8086 mode (dpl 3) make of a selector. */
void guest_segment_real(struct guest_segment *seg, uint16_t selector, unsigned dpl);
