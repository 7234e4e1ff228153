/* drivers/rtc.c - the machine's own clock; see drivers/rtc.h. */
#include "drivers/rtc.h"

#include "kernel/calendar.h"
#include "kernel/port.h"
#include "kernel/time.h"

#define RTC_INDEX    0x70u
#define RTC_DATA     0x71u
#define NMI_MASK     0x80u
#define NOT_READABLE 0xffu

#define WAIT_NS      (20 * NS_PER_MILLISECOND) /* an update cycle takes 2.2 ms */
#define WAIT_READS   10000000u                 /* if the clock stands still */
#define TRIES        8u

enum {
	SECOND = 0x00,
	MINUTE = 0x02,
	HOUR = 0x04,
	DAY = 0x07,
	MONTH = 0x08,
	YEAR = 0x09,
	A = 0x0a,
	B = 0x0b,
	D = 0x0d,
	RAM = 0x0e,
	RAM_END = 0x80,

	A_UPDATE_IN_PROGRESS = 0x80,
	D_VALID = 0x80,
};

static uint8_t read_register(uint8_t nmi_mask, uint8_t index)
{
	port_write8(RTC_INDEX, nmi_mask | index);
	return port_read8(RTC_DATA);
}

static bool wait_for_update(uint8_t nmi_mask)
{
	uint64_t end_ns = now_ns() + WAIT_NS;

	for (unsigned i = 0; i < WAIT_READS && now_ns() < end_ns; i++) {
		if (!(read_register(nmi_mask, A) & A_UPDATE_IN_PROGRESS))
			return true;
	}
	return false;
}

static struct calendar_registers read_all(uint8_t nmi_mask, uint8_t century)
{
	struct calendar_registers r = {
		.second = read_register(nmi_mask, SECOND),
		.minute = read_register(nmi_mask, MINUTE),
		.hour = read_register(nmi_mask, HOUR),
		.day = read_register(nmi_mask, DAY),
		.month = read_register(nmi_mask, MONTH),
		.year = read_register(nmi_mask, YEAR),
		.has_century = century >= RAM && century < RAM_END,
		.register_b = read_register(nmi_mask, B),
	};

	if (r.has_century)
		r.century = read_register(nmi_mask, century);
	return r;
}

static bool same(const struct calendar_registers *a, const struct calendar_registers *b)
{
	return a->second == b->second && a->minute == b->minute && a->hour == b->hour &&
	       a->day == b->day && a->month == b->month && a->year == b->year &&
	       a->century == b->century && a->register_b == b->register_b;
}

/* Two readings that are the same: none of them was cut in two by an update. */
static enum status read_twice(uint8_t nmi_mask, uint8_t century, struct calendar_registers *r)
{
	struct calendar_registers again;

	for (unsigned i = 0; i < TRIES; i++) {
		if (!wait_for_update(nmi_mask))
			return ERR_TIMEOUT;
		*r = read_all(nmi_mask, century);
		if (!wait_for_update(nmi_mask))
			return ERR_TIMEOUT;
		again = read_all(nmi_mask, century);
		if (same(r, &again))
			return OK;
	}
	return ERR_BUSY;
}

enum status rtc_read(uint8_t century, int64_t *unix_s)
{
	uint8_t index = port_read8(RTC_INDEX);
	uint8_t nmi_mask = index == NOT_READABLE ? 0 : index & NMI_MASK;
	struct calendar_registers r;
	enum status s = read_twice(nmi_mask, century, &r);
	bool valid = read_register(nmi_mask, D) & D_VALID;

	/* It points to D now, whose accidental write does no harm. */
	if (s != OK)
		return s;
	if (!valid)
		return ERR_CORRUPT;
	return calendar_from_registers(&r, unix_s);
}
