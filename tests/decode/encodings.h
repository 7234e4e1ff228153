/* tests/decode/encodings.h - encodings to try: every combination of parts, and random ones. */
#pragma once

#include "guest/decode.h"

typedef void (*encoding_fn)(const uint8_t bytes[DECODE_BUFFER], enum decode_mode mode);

/* Each opcode of both maps with each ModRM after each combination of prefixes; what follows is
 * random. Returns how many. */
uint64_t encodings_enumerate(enum decode_mode mode, encoding_fn try, uint64_t *seed);

/* Each ModRM and SIB with each REX prefix, and some opcodes. */
uint64_t encodings_enumerate_sib(enum decode_mode mode, encoding_fn try, uint64_t *seed);

/* Up to 15 prefixes in any order, also repeated, before an opcode; many of them known ones. */
void encodings_random(enum decode_mode mode, encoding_fn try, uint64_t *seed, uint64_t count);
