/*
 * guest/vrtc_registers.h - the registers of the MC146818 and their bits, for the model and its
 * tests.
 * Spec: MC146818 data sheet, "Registers".
 */
#pragma once

enum {
	RTC_SECOND = 0x00,
	RTC_SECOND_ALARM = 0x01,
	RTC_MINUTE = 0x02,
	RTC_MINUTE_ALARM = 0x03,
	RTC_HOUR = 0x04,
	RTC_HOUR_ALARM = 0x05,
	RTC_WEEKDAY = 0x06,
	RTC_DAY = 0x07,
	RTC_MONTH = 0x08,
	RTC_YEAR = 0x09,
	RTC_A = 0x0a,
	RTC_B = 0x0b,
	RTC_C = 0x0c,
	RTC_D = 0x0d,
	RTC_RAM = 0x0e, /* the first byte of RAM */
	RTC_CENTURY = 0x32,
};

enum {
	RTC_A_RATE = 0x0f,
	RTC_A_DIVIDER = 0x70,
	RTC_A_DIVIDER_RUNS = 0x20, /* up to this value */
	RTC_A_UIP = 0x80,

	RTC_B_DSE = 0x01,
	RTC_B_24 = 0x02,
	RTC_B_DM = 0x04,
	RTC_B_SQWE = 0x08,
	RTC_B_UIE = 0x10,
	RTC_B_AIE = 0x20,
	RTC_B_PIE = 0x40,
	RTC_B_SET = 0x80,

	RTC_C_UF = 0x10, /* each flag at its enable bit in B */
	RTC_C_AF = 0x20,
	RTC_C_PF = 0x40,
	RTC_C_FLAGS = 0x70,
	RTC_C_IRQF = 0x80,

	RTC_D_VRT = 0x80,

	RTC_PM = 0x80,        /* of an hour byte, if 24/12 is 0 */
	RTC_DONT_CARE = 0xc0, /* of an alarm byte */
};
