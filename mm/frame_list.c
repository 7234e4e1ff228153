/* mm/frame_list.c - a link is 45 bits: 5 in each of the first nine entries. */
#include "mm/frame_list.h"

#include "kernel/assert.h"
#include "mm/phys.h"

#define LINK_SLOTS 9u
#define LINK_SHIFT 52u
#define LINK_WIDTH 5u
#define LINK_MASK  (BIT(LINK_WIDTH) - 1)

/* By locked operations: a core may set accessed and dirty bits there meanwhile. */
void frame_list_push(uint64_t *head, hpa_t frame)
{
	uint64_t *table = phys_ptr(frame);

	for (unsigned i = 0; i < LINK_SLOTS; i++) {
		uint64_t part = (*head >> (i * LINK_WIDTH)) & LINK_MASK;

		__atomic_fetch_and(&table[i], ~(LINK_MASK << LINK_SHIFT), __ATOMIC_RELAXED);
		__atomic_fetch_or(&table[i], part << LINK_SHIFT, __ATOMIC_RELEASE);
	}
	*head = frame.raw / PAGE_4K + 1;
}

hpa_t frame_list_pop(uint64_t *head)
{
	hpa_t frame = hpa((*head - 1) * PAGE_4K);
	uint64_t *table = phys_ptr(frame);
	uint64_t next = 0;

	ASSERT(*head != 0);
	for (unsigned i = 0; i < LINK_SLOTS; i++) {
		next |= ((table[i] >> LINK_SHIFT) & LINK_MASK) << (i * LINK_WIDTH);
		table[i] &= ~(LINK_MASK << LINK_SHIFT);
	}
	*head = next;
	return frame;
}
