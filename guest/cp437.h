/*
 * guest/cp437.h - the characters of code page 437, which a text screen shows, in Unicode.
 *
 * Pure. Codes 01h-1Fh and 7Fh are the glyphs that the screen shows for them, not control
 * characters; 00h is a blank.
 * Spec: Unicode's mapping tables, "cp437_DOSLatinUS to Unicode table", and for 00h-1Fh and 7Fh
 * "IBM PC memory-mapped video graphics to Unicode".
 */
#pragma once

#include "kernel/types.h"

#define CP437_UTF8_MAX 3u /* bytes of one character */

/* The Unicode character of c; 20h to 266Bh, never a control character. */
uint16_t cp437_to_unicode(uint8_t c);

/* The same as UTF-8 in to[]. Returns the number of bytes, 1 to CP437_UTF8_MAX. */
unsigned cp437_to_utf8(uint8_t c, char to[CP437_UTF8_MAX]);
