/* tests/decode/encodings.c - encodings to try. */
#include "tests/decode/encodings.h"

#include <string.h>

#include "tests/unit/support.h"

struct bytes {
	uint8_t at[6];
	uint8_t count;
};

/* clang-format off */
static const struct bytes prefixes[] = {
	{{0}, 0}, {{0x66}, 1}, {{0x67}, 1}, {{0xf0}, 1}, {{0xf2}, 1}, {{0xf3}, 1},
	{{0x26}, 1}, {{0x2e}, 1}, {{0x36}, 1}, {{0x3e}, 1}, {{0x64}, 1}, {{0x65}, 1},
	{{0x66, 0x67}, 2}, {{0x67, 0x66}, 2}, {{0x66, 0xf0}, 2}, {{0xf3, 0x66}, 2},
	{{0x64, 0x2e}, 2}, {{0x3e, 0x65}, 2}, {{0xf2, 0xf3}, 2}, {{0xf3, 0xf2}, 2},
	{{0x66, 0x66}, 2}, {{0xf0, 0xf0}, 2}, {{0x67, 0x36}, 2}, {{0xf0, 0xf3}, 2},
	{{0x40}, 1}, {{0x41}, 1}, {{0x42}, 1}, {{0x44}, 1}, {{0x48}, 1}, {{0x4f}, 1},
	{{0x66, 0x48}, 2}, {{0x48, 0x66}, 2}, {{0x67, 0x4d}, 2}, {{0xf0, 0x49}, 2},
	{{0xf3, 0x48}, 2}, {{0x65, 0x44}, 2}, {{0x48, 0x40}, 2}, {{0x40, 0x48}, 2},
	{{0x26, 0x65, 0x66, 0x67, 0xf3, 0x4a}, 6}, {{0x48, 0xf0, 0x66, 0x36, 0x41}, 5},
};

static const uint8_t prefix_bytes[] = {
	0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
	0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4c, 0x4f,
};
static const uint8_t known[] = {
	0x01, 0x0b, 0x20, 0x3a, 0x52, 0x5c, 0x63, 0x68, 0x6a, 0x80, 0x81, 0x82, 0x83, 0x84, 0x87,
	0x88, 0x89, 0x8a, 0x8b, 0x8f, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab,
	0xac, 0xad, 0xae, 0xaf, 0xc6, 0xc7, 0xf6, 0xf7, 0xfe, 0xff,
};
static const uint8_t known_0f[] = {
	0x92, 0x9f, 0xa3, 0xab, 0xb0, 0xb1, 0xb3, 0xb6, 0xb7, 0xba, 0xbb, 0xbe, 0xbf, 0xc0, 0xc1,
	0xc3,
};
/* clang-format on */

static void fill_random(uint8_t *at, unsigned count, uint64_t *seed)
{
	for (unsigned i = 0; i < count; i += 8) {
		uint64_t value = random_next(seed);

		memcpy(at + i, &value, count - i < 8 ? count - i : 8);
	}
}

static unsigned put(uint8_t *at, const struct bytes *b)
{
	memcpy(at, b->at, b->count);
	return b->count;
}

uint64_t encodings_enumerate(enum decode_mode mode, encoding_fn try, uint64_t *seed)
{
	uint64_t count = 0;

	for (unsigned p = 0; p < ARRAY_SIZE(prefixes); p++)
		for (unsigned opcode = 0; opcode < 0x200; opcode++)
			for (unsigned modrm = 0; modrm < 0x100; modrm++) {
				uint8_t bytes[DECODE_BUFFER];
				unsigned at;

				fill_random(bytes, DECODE_BUFFER, seed);
				at = put(bytes, &prefixes[p]);
				if (opcode >= 0x100)
					bytes[at++] = 0x0f;
				bytes[at++] = (uint8_t)opcode;
				bytes[at] = (uint8_t)modrm;
				try(bytes, mode);
				count++;
			}
	return count;
}

uint64_t encodings_enumerate_sib(enum decode_mode mode, encoding_fn try, uint64_t *seed)
{
	static const uint8_t opcodes[] = {0x8b, 0x88, 0x81, 0xc6};
	uint64_t count = 0;

	for (unsigned rex = 0; rex < 0x11; rex++)
		for (unsigned modrm = 0; modrm < 0xc0; modrm++)
			for (unsigned sib = 0; sib < 0x100; sib++) {
				uint8_t bytes[DECODE_BUFFER];
				unsigned at = 0;

				fill_random(bytes, DECODE_BUFFER, seed);
				if (mode == DECODE_16)
					bytes[at++] = 0x67;
				if (rex < 0x10)
					bytes[at++] = (uint8_t)(0x40 + rex);
				bytes[at++] = opcodes[count % ARRAY_SIZE(opcodes)];
				bytes[at++] = (uint8_t)modrm;
				bytes[at] = (uint8_t)sib;
				try(bytes, mode);
				count++;
			}
	return count;
}

void encodings_random(enum decode_mode mode, encoding_fn try, uint64_t *seed, uint64_t count)
{
	while (count-- > 0) {
		uint8_t bytes[DECODE_BUFFER];
		uint64_t dice = random_next(seed);
		unsigned many = dice % 16 == 0 ? 15 : 4;
		unsigned n = (unsigned)(dice >> 8) % (many + 1), at = 0;

		fill_random(bytes, DECODE_BUFFER, seed);
		while (at < n) {
			bytes[at] = prefix_bytes[bytes[at] % ARRAY_SIZE(prefix_bytes)];
			at++;
		}
		if (dice >> 16 & 1)
			bytes[at] = known[bytes[at] % ARRAY_SIZE(known)];
		else if (dice >> 17 & 1) {
			bytes[at++] = 0x0f;
			bytes[at] = known_0f[bytes[at] % ARRAY_SIZE(known_0f)];
		}
		try(bytes, mode);
	}
}
