/* guest/syscall.c - see guest/syscall.h. */
#include "guest/syscall.h"

#include "guest/segment.h"

#define LOCK          0xf0u
#define REX_W         0x08u
#define CODE_64       0xa09bu /* present, accessed, readable; L and G */
#define CODE_32       0xc09bu /* the same; D and G */
#define DATA          0xc093u /* present, accessed, writable; B and G */
#define DPL_3         (3u << SEGMENT_DPL_SHIFT)
#define SYSRET_RFLAGS UINT64_C(0x3c7fd7)
#define FLAT_LIMIT    UINT32_MAX

/* LOCK is one that makes both of them #UD. */
static bool is_legacy_prefix(uint8_t byte)
{
	switch (byte) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
	case 0x66:
	case 0x67:
	case 0xf2:
	case 0xf3:
		return true;
	default:
		return false;
	}
}

struct syscall_instruction syscall_at(const uint8_t *bytes, unsigned count)
{
	struct syscall_instruction i = {.kind = SYSCALL_NONE};
	unsigned at = 0;

	while (at < count && is_legacy_prefix(bytes[at]))
		at++;
	/* Only the last REX counts, and only before the opcode. */
	if (at < count && (bytes[at] & 0xf0) == 0x40)
		i.wide = (bytes[at++] & REX_W) != 0;
	if (at + 2 > count || bytes[at] != 0x0f)
		return i;
	if (bytes[at + 1] == 0x05)
		i.kind = SYSCALL_CALL;
	else if (bytes[at + 1] == 0x07)
		i.kind = SYSCALL_RETURN;
	i.length = (uint8_t)(at + 2);
	return i;
}

static void load(struct guest_cpu_state *s, uint16_t code, uint16_t stack, uint32_t code_access,
		 uint32_t stack_access)
{
	s->segments[GUEST_CS] = (struct guest_segment){
		.selector = code, .access = code_access, .limit = FLAT_LIMIT};
	s->segments[GUEST_SS] = (struct guest_segment){
		.selector = stack, .access = stack_access, .limit = FLAT_LIMIT};
}

void syscall_enter(struct guest_cpu_state *s, const struct syscall_msrs *m, unsigned length)
{
	uint16_t base = (uint16_t)(m->star >> 32);

	s->gpr[RCX] = s->rip + length;
	s->gpr[R11] = s->rflags & ~RFLAGS_RF;
	s->rip = m->lstar;
	s->rflags = (s->gpr[R11] & ~m->fmask) | RFLAGS_ONE;
	load(s, base & SELECTOR_ERROR_MASK, (uint16_t)(base + 8), CODE_64, DATA);
}

bool syscall_return(struct guest_cpu_state *s, const struct syscall_msrs *m, bool wide)
{
	uint16_t base = (uint16_t)(m->star >> 48);

	if (guest_cpl(s) != 0 || (wide && !guest_is_canonical(s->gpr[RCX])))
		return false;
	s->rip = wide ? s->gpr[RCX] : (uint32_t)s->gpr[RCX];
	s->rflags = (s->gpr[R11] & SYSRET_RFLAGS) | RFLAGS_ONE;
	load(s, (uint16_t)((wide ? base + 16 : base) | SELECTOR_RPL),
	     (uint16_t)((base + 8) | SELECTOR_RPL), (wide ? CODE_64 : CODE_32) | DPL_3,
	     DATA | DPL_3);
	return true;
}
