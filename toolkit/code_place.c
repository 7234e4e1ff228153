/* toolkit/code_place.c - see toolkit/code_place.h. */
#include "toolkit/code_place.h"

#include "guest/segment.h"
#include "kernel/text.h"

static enum code_mode mode_of(const struct guest_cpu_state *s)
{
	if (guest_is_real_mode(s))
		return CODE_REAL;
	if (guest_is_v86(s))
		return CODE_V86;
	if (guest_is_64bit(s))
		return CODE_64;
	return s->segments[GUEST_CS].access & SEGMENT_DB ? CODE_32 : CODE_16;
}

struct code_place code_place_of(const struct guest_cpu_state *s)
{
	const struct guest_segment *cs = &s->segments[GUEST_CS];
	enum code_mode mode = mode_of(s);

	return (struct code_place){
		.mode = mode,
		.selector = cs->selector,
		.rip = s->rip,
		.linear = mode == CODE_64 ? s->rip : (uint32_t)(cs->base + s->rip),
	};
}

const char *code_mode_name(enum code_mode mode)
{
	static const char *const names[CODE_MODES] = {
		[CODE_REAL] = "real", [CODE_V86] = "v86",   [CODE_16] = "16-bit",
		[CODE_32] = "32-bit", [CODE_64] = "64-bit",
	};

	return names[mode];
}

void code_place_text(const struct code_place *p, char *to)
{
	const char *mode = code_mode_name(p->mode);

	if (p->mode <= CODE_V86)
		text_format(to, CODE_PLACE_TEXT, "%s %04x:%04llx", mode, p->selector,
			    (unsigned long long)p->rip);
	else
		text_format(to, CODE_PLACE_TEXT, "%s %#llx", mode, (unsigned long long)p->linear);
}
