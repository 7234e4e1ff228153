/*
 * guest/vrtc_time.h - the time bytes of the guest's clock: what they say, how they go on, and when
 * they meet the alarm. For guest/vrtc.c.
 *
 * Pure. cmos points to the chip's bytes; register B among them says how to take the others. A byte
 * that is no number there, or out of range, counts as the nearest one that is.
 * Spec: MC146818 data sheet, "Time, Calendar, and Alarm Locations".
 */
#pragma once

#include "kernel/types.h"

/* Time, date, weekday and century for unix_s, seconds since 1970. */
void vrtc_time_set(uint8_t *cmos, int64_t unix_s);

/* Lets seconds (at least 1) pass. The weekday goes on by itself, whatever the date is. True: one of
 * them met the alarm. */
bool vrtc_time_advance(uint8_t *cmos, uint64_t seconds);

/* Seconds until the alarm comes, 1 to 86400; 0: its bytes are no time and it never comes. */
uint32_t vrtc_time_until_alarm(const uint8_t *cmos);
