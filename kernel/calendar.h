/*
 * kernel/calendar.h - days and seconds: a calendar date and unix time, each from the other, and
 * both from the registers of an MC146818 clock.
 *
 * Pure. Gregorian calendar, UTC, no leap seconds; years 0 to 9999.
 * Spec: ISO 8601 "Date" (the proleptic calendar); MC146818 data sheet, "Time, Calendar, and Alarm
 * Locations".
 */
#pragma once

#include "kernel/status.h"

#define CALENDAR_SECONDS_PER_DAY 86400

/* Of 400 Gregorian years; the calendar repeats after them. */
#define CALENDAR_DAYS_PER_CYCLE  146097

struct calendar {
	uint16_t year; /* 0 to 9999 */
	uint8_t month; /* 1 to 12 */
	uint8_t day;   /* 1 to 31 */
	uint8_t hour;  /* 0 to 23 */
	uint8_t minute, second;
	uint8_t weekday; /* 1 is Sunday; calendar_to_unix() does not look at it */
};

/* The time bytes of the chip as they are read, and register B, which says how to take them. */
struct calendar_registers {
	uint8_t second, minute, hour, day, month, year;
	uint8_t century;  /* only if has_century */
	bool has_century; /* without one the years are 2000 to 2099 */
	uint8_t register_b;
};

/* Days of a month, 28 to 31. month is 1 to 12. */
uint8_t calendar_days_in_month(uint16_t year, uint8_t month);

/* Seconds since the first second of 1970. ERR_RANGE: there is no such date or time. */
MUST_CHECK enum status calendar_to_unix(const struct calendar *c, int64_t *unix_s);

/* The other way round; what lies outside of the years 0 to 9999 is moved by whole 10000 years. */
void calendar_from_unix(int64_t unix_s, struct calendar *c);

/* What a clock chip shows, in seconds since 1970. ERR_RANGE: a byte that is no number in the mode
 * of register B, or no such date or time. */
MUST_CHECK enum status calendar_from_registers(const struct calendar_registers *r, int64_t *unix_s);

/* A byte of two decimal digits as a number, and back. ERR_RANGE: a digit above 9. The number is 0
 * to 99. */
MUST_CHECK enum status calendar_from_bcd(uint8_t bcd, uint8_t *number);
uint8_t calendar_to_bcd(uint8_t number);
