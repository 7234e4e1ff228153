/* guest/vrtc_time.c - the time bytes of the guest's clock; see guest/vrtc_time.h. */
#include "guest/vrtc_time.h"

#include "guest/vrtc_registers.h"
#include "kernel/calendar.h"

#define SECONDS_PER_DAY  86400u
#define SECONDS_PER_HOUR 3600u
#define DEFAULT_CENTURY  20u
#define ANY              0xffu /* a part of the alarm that does not care */
#define NO_TIME          0xfeu

static uint8_t get(const uint8_t *cmos, uint8_t index)
{
	uint8_t value = cmos[index];

	if (cmos[RTC_B] & RTC_B_DM)
		return value;
	return (uint8_t)((value >> 4) * 10 + (value & 0x0f));
}

static uint8_t encode(const uint8_t *cmos, uint8_t number)
{
	return cmos[RTC_B] & RTC_B_DM ? number : calendar_to_bcd(number);
}

static void put(uint8_t *cmos, uint8_t index, uint8_t number)
{
	cmos[index] = encode(cmos, number);
}

static uint8_t clamp(uint8_t value, uint8_t lowest, uint8_t highest)
{
	if (value < lowest)
		return lowest;
	return value > highest ? highest : value;
}

static uint8_t get_clamped(const uint8_t *cmos, uint8_t index, uint8_t lowest, uint8_t highest)
{
	return clamp(get(cmos, index), lowest, highest);
}

static uint8_t get_hour(const uint8_t *cmos)
{
	uint8_t value = cmos[RTC_HOUR], hour;

	if (cmos[RTC_B] & RTC_B_24)
		return get_clamped(cmos, RTC_HOUR, 0, 23);
	hour = value & (uint8_t)~RTC_PM;
	if (!(cmos[RTC_B] & RTC_B_DM))
		hour = (uint8_t)((hour >> 4) * 10 + (hour & 0x0f));
	return (uint8_t)(clamp(hour, 1, 12) % 12 + (value & RTC_PM ? 12 : 0));
}

static uint8_t encode_hour(const uint8_t *cmos, uint8_t hour)
{
	if (cmos[RTC_B] & RTC_B_24)
		return encode(cmos, hour);
	return (uint8_t)(encode(cmos, hour % 12 ? hour % 12 : 12) | (hour < 12 ? 0 : RTC_PM));
}

static uint8_t get_century(const uint8_t *cmos)
{
	uint8_t century = get(cmos, RTC_CENTURY);

	return century < 100 ? century : DEFAULT_CENTURY;
}

static int64_t get_time(const uint8_t *cmos)
{
	struct calendar c = {
		.year = (uint16_t)(get_century(cmos) * 100 + get_clamped(cmos, RTC_YEAR, 0, 99)),
		.month = get_clamped(cmos, RTC_MONTH, 1, 12),
		.hour = get_hour(cmos),
		.minute = get_clamped(cmos, RTC_MINUTE, 0, 59),
		.second = get_clamped(cmos, RTC_SECOND, 0, 59),
	};
	int64_t unix_s = 0;
	enum status s;

	c.day = get_clamped(cmos, RTC_DAY, 1, calendar_days_in_month(c.year, c.month));
	s = calendar_to_unix(&c, &unix_s);
	(void)s; /* all of it is in range */
	return unix_s;
}

/* All but the weekday. The century is touched only when it changes: the guest may keep something
 * else there. */
static void put_time(uint8_t *cmos, const struct calendar *c)
{
	put(cmos, RTC_SECOND, c->second);
	put(cmos, RTC_MINUTE, c->minute);
	cmos[RTC_HOUR] = encode_hour(cmos, c->hour);
	put(cmos, RTC_DAY, c->day);
	put(cmos, RTC_MONTH, c->month);
	put(cmos, RTC_YEAR, (uint8_t)(c->year % 100));
	if (c->year / 100 != get_century(cmos))
		put(cmos, RTC_CENTURY, (uint8_t)(c->year / 100));
}

void vrtc_time_set(uint8_t *cmos, int64_t unix_s)
{
	struct calendar c;

	calendar_from_unix(unix_s, &c);
	put_time(cmos, &c);
	put(cmos, RTC_CENTURY, (uint8_t)(c.year / 100));
	put(cmos, RTC_WEEKDAY, c.weekday);
}

static uint32_t second_of_day(const uint8_t *cmos)
{
	return get_hour(cmos) * SECONDS_PER_HOUR + get_clamped(cmos, RTC_MINUTE, 0, 59) * 60u +
	       get_clamped(cmos, RTC_SECOND, 0, 59);
}

bool vrtc_time_advance(uint8_t *cmos, uint64_t seconds)
{
	uint32_t alarm = vrtc_time_until_alarm(cmos);
	uint64_t days = (second_of_day(cmos) + seconds) / SECONDS_PER_DAY;
	uint8_t weekday = get_clamped(cmos, RTC_WEEKDAY, 1, 7);
	struct calendar c;

	calendar_from_unix(get_time(cmos) + (int64_t)seconds, &c);
	put_time(cmos, &c);
	put(cmos, RTC_WEEKDAY, (uint8_t)((weekday - 1u + days) % 7 + 1));
	return alarm != 0 && alarm <= seconds;
}

/* A part of the alarm as a number below limit, or ANY, or NO_TIME. The chip compares bytes, so only
 * the one byte that the time would have meets it. */
static uint8_t alarm_part(const uint8_t *cmos, uint8_t index, uint8_t limit)
{
	uint8_t value = cmos[index];

	if ((value & RTC_DONT_CARE) == RTC_DONT_CARE)
		return ANY;
	for (uint8_t number = 0; number < limit; number++) {
		if (value ==
		    (index == RTC_HOUR_ALARM ? encode_hour(cmos, number) : encode(cmos, number)))
			return number;
	}
	return NO_TIME;
}

static bool meets(uint8_t part, uint32_t number)
{
	return part == ANY || part == number;
}

/* Goes from one possible moment to the next: hour by hour, then minute by minute. */
uint32_t vrtc_time_until_alarm(const uint8_t *cmos)
{
	uint8_t hour = alarm_part(cmos, RTC_HOUR_ALARM, 24);
	uint8_t minute = alarm_part(cmos, RTC_MINUTE_ALARM, 60);
	uint8_t second = alarm_part(cmos, RTC_SECOND_ALARM, 60);
	uint32_t now = second_of_day(cmos);
	uint32_t at = now + 1;

	if (hour == NO_TIME || minute == NO_TIME || second == NO_TIME)
		return 0;
	while (!meets(hour, at / SECONDS_PER_HOUR % 24))
		at = (at / SECONDS_PER_HOUR + 1) * SECONDS_PER_HOUR;
	while (!meets(minute, at / 60 % 60) || !meets(second, at % 60)) {
		if (!meets(minute, at / 60 % 60))
			at = (at / 60 + 1) * 60;
		else
			at++;
		while (!meets(hour, at / SECONDS_PER_HOUR % 24))
			at = (at / SECONDS_PER_HOUR + 1) * SECONDS_PER_HOUR;
	}
	return at - now;
}
