/*
 * tests/unit/vrtc_rig.h - a clock chip on the workbench: registers by number, and a time that the
 * test winds.
 */
#pragma once

#include "tests/unit/support.h"

#include "guest/vrtc.h"
#include "guest/vrtc_registers.h"

#define US UINT64_C(1000)
#define MS (1000 * US)
#define S  (1000 * MS)

static struct vrtc rtc;
static uint64_t now_ns;

static inline void port_out(uint16_t port, uint8_t value)
{
	struct io_access io = {
		.port = port, .size = 1, .write = true, .value = value, .now_ns = now_ns};

	vrtc_access(&rtc, &io);
}

static inline uint8_t port_in(uint16_t port)
{
	struct io_access io = {.port = port, .size = 1, .value = 0xdeadbeef, .now_ns = now_ns};

	vrtc_access(&rtc, &io);
	assert_in_range(io.value, 0, 0xff);
	return (uint8_t)io.value;
}

static inline void put(uint8_t index, uint8_t value)
{
	port_out(0, index);
	port_out(1, value);
}

static inline uint8_t get(uint8_t index)
{
	port_out(0, index);
	return port_in(1);
}

static inline bool irq(void)
{
	return vrtc_irq(&rtc, now_ns);
}

static inline uint64_t deadline(void)
{
	return vrtc_deadline_ns(&rtc, now_ns);
}

/* BCD or binary, as register B says now. */
static inline void set_clock(uint8_t hour, uint8_t minute, uint8_t second)
{
	put(RTC_HOUR, hour);
	put(RTC_MINUTE, minute);
	put(RTC_SECOND, second);
}

static inline void set_alarm(uint8_t hour, uint8_t minute, uint8_t second)
{
	put(RTC_HOUR_ALARM, hour);
	put(RTC_MINUTE_ALARM, minute);
	put(RTC_SECOND_ALARM, second);
}

static inline void expect_clock(uint8_t hour, uint8_t minute, uint8_t second)
{
	assert_int_equal(get(RTC_HOUR), hour);
	assert_int_equal(get(RTC_MINUTE), minute);
	assert_int_equal(get(RTC_SECOND), second);
}

static inline void expect_date(uint8_t century, uint8_t year, uint8_t month, uint8_t day,
			       uint8_t weekday)
{
	assert_int_equal(get(RTC_CENTURY), century);
	assert_int_equal(get(RTC_YEAR), year);
	assert_int_equal(get(RTC_MONTH), month);
	assert_int_equal(get(RTC_DAY), day);
	assert_int_equal(get(RTC_WEEKDAY), weekday);
}

/* 2024-02-28 23:59:30, a Wednesday; its second begins at 10 s. */
#define START_UNIX_S 1709164770

static inline int setup(void **state)
{
	(void)state;
	now_ns = 10 * S;
	vrtc_power_on(&rtc, now_ns, START_UNIX_S);
	return 0;
}

#define VRTC_TEST(function) cmocka_unit_test_setup(function, setup)
