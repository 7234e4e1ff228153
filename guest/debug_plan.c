/* guest/debug_plan.c - breakpoints over four registers. */
#include "guest/debug_plan.h"

#include "kernel/x86.h"

#define DR7_ENABLE(n) (UINT64_C(2) << (2 * (n))) /* G: no task switch clears it */
#define DR7_EITHER(n) (UINT64_C(3) << (2 * (n)))
#define DR7_SHIFT(n)  (16 + 4 * (n)) /* R/W, LEN */
#define RW_WRITE      UINT64_C(1)
#define RW_ACCESS     UINT64_C(3)

static bool fits(const struct debug_point *p)
{
	uint64_t len = p->len_bytes;

	return debug_point_is_code(p) ||
	       ((len == 1 || len == 2 || len == 4 || len == 8) && is_aligned(p->at, len));
}

/* R/W in bits 1:0, LEN in bits 3:2; the code of 8 bytes is 2. */
static uint64_t condition(const struct debug_point *p)
{
	static const uint8_t len_code[9] = {[1] = 0, [2] = 1, [4] = 3, [8] = 2};

	if (debug_point_is_code(p))
		return 0;
	return (p->kind == DEBUG_POINT_WRITE ? RW_WRITE : RW_ACCESS) |
	       (uint64_t)len_code[p->len_bytes] << 2;
}

static bool take_slot(struct debug_plan *plan, const struct debug_point *p, uint8_t number,
		      bool code)
{
	unsigned n = 0;

	while (n < DEBUG_SLOTS && (plan->point[n] != DEBUG_GUEST || (plan->dr7 & DR7_EITHER(n))))
		n++;
	if (n == DEBUG_SLOTS)
		return false;
	plan->point[n] = number;
	plan->dr[n] = p->at;
	plan->dr7 &= ~(UINT64_C(0xf) << DR7_SHIFT(n));
	plan->dr7 |= condition(p) << DR7_SHIFT(n);
	if (code || !debug_point_is_code(p))
		plan->dr7 |= DR7_ENABLE(n);
	return true;
}

void debug_plan_make(struct debug_plan *plan, struct debug_point points[DEBUG_POINTS],
		     const uint64_t dr[DEBUG_SLOTS], uint64_t dr7, bool code)
{
	plan->dr7 = dr7 & ~DR7_GD;
	for (unsigned n = 0; n < DEBUG_SLOTS; n++) {
		plan->dr[n] = dr[n];
		plan->point[n] = DEBUG_GUEST;
	}
	for (unsigned software = 0; software < 2; software++) {
		for (uint8_t i = 0; i < DEBUG_POINTS; i++) {
			struct debug_point *p = &points[i];

			if (p->used && (p->kind == DEBUG_POINT_SOFTWARE) == software)
				p->by_page = !fits(p) || !take_slot(plan, p, i, code);
		}
	}
}

uint8_t debug_plan_hit(const struct debug_plan *plan, uint64_t *bits)
{
	uint8_t hit = DEBUG_GUEST;

	for (unsigned n = 0; n < DEBUG_SLOTS; n++) {
		if (plan->point[n] == DEBUG_GUEST)
			continue;
		/* The bit says nothing where the slot is off. */
		if ((*bits & BIT(n)) && (plan->dr7 & DR7_EITHER(n)) && hit == DEBUG_GUEST)
			hit = plan->point[n];
		*bits &= ~BIT(n);
	}
	return hit;
}

uint8_t debug_plan_code_at(const struct debug_point points[DEBUG_POINTS], uint64_t linear)
{
	for (uint8_t i = 0; i < DEBUG_POINTS; i++) {
		const struct debug_point *p = &points[i];

		if (p->used && p->by_page && debug_point_is_code(p) && p->at == linear)
			return i;
	}
	return DEBUG_GUEST;
}

uint8_t debug_plan_watched(const struct debug_point points[DEBUG_POINTS], uint64_t linear,
			   bool write)
{
	for (uint8_t i = 0; i < DEBUG_POINTS; i++) {
		const struct debug_point *p = &points[i];

		if (p->used && p->by_page && !debug_point_is_code(p) &&
		    linear - p->at < p->len_bytes &&
		    p->kind != (write ? DEBUG_POINT_READ : DEBUG_POINT_WRITE))
			return i;
	}
	return DEBUG_GUEST;
}
