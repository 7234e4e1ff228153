/* kernel/calendar.c - dates and unix time; see kernel/calendar.h. */
#include "kernel/calendar.h"

#define DAYS_BEFORE_1970  719528 /* from the first day of the year 0 */
#define WEEKDAY_OF_YEAR_0 6      /* a Saturday, if Sunday is 0 */
#define YEARS             10000u
#define CYCLES            (YEARS / 400)

/* Register B. */
#define BINARY            0x04u
#define HOURS_24          0x02u

#define HOUR_PM           0x80u

static bool is_leap(uint32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

uint8_t calendar_days_in_month(uint16_t year, uint8_t month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return (uint8_t)(days[month - 1] + (month == 2 && is_leap(year)));
}

/* Days from the first day of the year 0 to the first day of this one. */
static int64_t days_before_year(uint32_t year)
{
	if (year == 0)
		return 0;
	return (int64_t)year * 365 + (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 + 1;
}

static bool is_valid(const struct calendar *c)
{
	return c->year < YEARS && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
	       c->day <= calendar_days_in_month(c->year, c->month) && c->hour < 24 &&
	       c->minute < 60 && c->second < 60;
}

enum status calendar_to_unix(const struct calendar *c, int64_t *unix_s)
{
	int64_t days;

	if (!is_valid(c))
		return ERR_RANGE;
	days = days_before_year(c->year) + c->day - 1 - DAYS_BEFORE_1970;
	for (uint8_t month = 1; month < c->month; month++)
		days += calendar_days_in_month(c->year, month);
	*unix_s = days * CALENDAR_SECONDS_PER_DAY + c->hour * 3600 + c->minute * 60 + c->second;
	return OK;
}

/* Rounded down, and what is left is never below 0. */
static int64_t divide_down(int64_t value, int64_t by, int64_t *left)
{
	int64_t quotient = value / by;

	*left = value % by;
	if (*left < 0) {
		*left += by;
		quotient--;
	}
	return quotient;
}

void calendar_from_unix(int64_t unix_s, struct calendar *c)
{
	int64_t second, days, cycle, day;
	uint32_t year;

	/* The weekday stays right, too: 400 years are whole weeks. */
	days = divide_down(unix_s, CALENDAR_SECONDS_PER_DAY, &second) + DAYS_BEFORE_1970;
	divide_down(divide_down(days, CALENDAR_DAYS_PER_CYCLE, &day), CYCLES, &cycle);
	*c = (struct calendar){
		.hour = (uint8_t)(second / 3600),
		.minute = (uint8_t)(second / 60 % 60),
		.second = (uint8_t)(second % 60),
		.weekday = (uint8_t)((day + WEEKDAY_OF_YEAR_0) % 7 + 1),
		.month = 1,
	};
	year = (uint32_t)(day / 366);
	while (days_before_year(year + 1) <= day)
		year++;
	day -= days_before_year(year);
	c->year = (uint16_t)((uint32_t)cycle * 400 + year);
	while (day >= calendar_days_in_month(c->year, c->month)) {
		day -= calendar_days_in_month(c->year, c->month);
		c->month++;
	}
	c->day = (uint8_t)(day + 1);
}

enum status calendar_from_bcd(uint8_t bcd, uint8_t *number)
{
	if ((bcd & 0x0f) > 9 || bcd >> 4 > 9)
		return ERR_RANGE;
	*number = (uint8_t)((bcd >> 4) * 10 + (bcd & 0x0f));
	return OK;
}

uint8_t calendar_to_bcd(uint8_t number)
{
	return (uint8_t)(number / 10 << 4 | number % 10);
}

static enum status number_of(uint8_t value, uint8_t register_b, uint8_t *number)
{
	if (!(register_b & BINARY))
		return calendar_from_bcd(value, number);
	*number = value;
	return OK;
}

static enum status hour_of(uint8_t value, uint8_t register_b, uint8_t *hour)
{
	bool afternoon;
	enum status s;

	if (register_b & HOURS_24)
		return number_of(value, register_b, hour);
	afternoon = value & HOUR_PM;
	s = number_of(value & (uint8_t)~HOUR_PM, register_b, hour);
	if (s != OK || *hour < 1 || *hour > 12)
		return ERR_RANGE;
	*hour = (uint8_t)(*hour % 12 + (afternoon ? 12 : 0));
	return OK;
}

enum status calendar_from_registers(const struct calendar_registers *r, int64_t *unix_s)
{
	struct calendar c = {0};
	uint8_t year, century = 20;

	if (number_of(r->second, r->register_b, &c.second) != OK ||
	    number_of(r->minute, r->register_b, &c.minute) != OK ||
	    hour_of(r->hour, r->register_b, &c.hour) != OK ||
	    number_of(r->day, r->register_b, &c.day) != OK ||
	    number_of(r->month, r->register_b, &c.month) != OK ||
	    number_of(r->year, r->register_b, &year) != OK || year > 99)
		return ERR_RANGE;
	if (r->has_century && number_of(r->century, r->register_b, &century) != OK)
		return ERR_RANGE;
	c.year = (uint16_t)(century * 100 + year);
	return calendar_to_unix(&c, unix_s);
}
