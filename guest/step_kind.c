/* guest/step_kind.c - the few instructions that a step by TF has to know. */
#include "guest/step_kind.h"

#define OPCODE_ESCAPE 0x0fu
#define REX_FIRST     0x40u
#define REX_LAST      0x4fu

static bool is_prefix(uint8_t byte, enum decode_mode mode)
{
	static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64,
					   0x65, 0x66, 0x67, 0xf2, 0xf3};

	for (unsigned i = 0; i < sizeof(prefixes); i++) {
		if (byte == prefixes[i])
			return true;
	}
	return mode == DECODE_64 && byte >= REX_FIRST && byte <= REX_LAST;
}

static const struct {
	uint8_t escape, opcode, kind, vector;
} known[] = {
	{0, 0x9c, STEP_PUSHES_FLAGS, 0},        {0, 0x9d, STEP_LOADS_FLAGS, 0},
	{0, 0xcf, STEP_LOADS_FLAGS, 0},         {OPCODE_ESCAPE, 0x07, STEP_LOADS_FLAGS, 0},
	{OPCODE_ESCAPE, 0x05, STEP_SYSCALL, 0}, {0, 0xcd, STEP_INT, 0},
	{0, 0xcc, STEP_INT3, EXC_BP},           {0, 0xce, STEP_INTO, EXC_OF},
	{0, 0xf1, STEP_INT1, EXC_DB},           {0, 0xfb, STEP_STI, 0},
};

struct step_instruction step_instruction_at(const uint8_t *bytes, unsigned count,
					    enum decode_mode mode)
{
	struct step_instruction plain = {.kind = STEP_PLAIN}, found;
	unsigned at = 0;
	uint8_t escape = 0;

	while (at < count && is_prefix(bytes[at], mode))
		at++;
	if (at < count && bytes[at] == OPCODE_ESCAPE)
		escape = bytes[at++];
	if (at >= count)
		return plain;
	for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i].escape != escape || known[i].opcode != bytes[at])
			continue;
		found = (struct step_instruction){.kind = known[i].kind,
						  .length = (uint8_t)(at + 1),
						  .vector = known[i].vector};
		if (found.kind == STEP_INTO && mode == DECODE_64)
			return plain; /* #UD */
		if (found.kind != STEP_INT)
			return found;
		if (at + 1 >= count)
			return plain;
		found.vector = bytes[at + 1];
		found.length++;
		return found;
	}
	return plain;
}
