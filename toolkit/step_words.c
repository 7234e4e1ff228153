/* toolkit/step_words.c - see toolkit/step_words.h. */
#include "toolkit/step_words.h"

#include "kernel/string.h"

#define SHOWN_OF_UNKNOWN 4u

enum status steps_read(struct text value, uint64_t *steps)
{
	enum status s = text_to_u64(value, steps);

	return s == OK && (*steps == 0 || *steps > STEPS_MAX) ? ERR_RANGE : s;
}

static bool is_prefix(uint8_t b, enum code_mode mode)
{
	static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
					   0x66, 0x67, 0xf0, 0xf2, 0xf3};

	return memchr(prefixes, b, sizeof(prefixes)) ||
	       (mode == CODE_64 && (b & 0xf0) == 0x40); /* REX */
}

/* ModR/M, SIB and displacement. Bytes that are not there are 0. */
static unsigned modrm_length(const uint8_t *at, bool short_addresses)
{
	unsigned mod = at[0] >> 6, rm = at[0] & 7, length = 1;

	if (mod == 3)
		return length;
	if (short_addresses)
		return length + (mod == 0 ? (rm == 6 ? 2 : 0) : mod);
	if (rm == 4) {
		length++;
		rm = at[1] & 7;
	}
	if (mod == 0)
		return length + (rm == 5 ? 4 : 0);
	return length + (mod == 1 ? 1 : 4);
}

#define OFFSET 0x80u /* a near jump's: 2 or 4 bytes more */

/* What goes elsewhere or stays, by ranges of opcodes: bytes with the opcode's. */
static const struct {
	uint8_t escape, first, last, length;
} known[] = {
	{0, 0x6c, 0x6f, 1},             /* INS, OUTS */
	{0, 0x70, 0x7f, 2},             /* Jcc */
	{0, 0x9a, 0x9a, 3 | OFFSET},    /* CALL to another segment */
	{0, 0xa4, 0xa7, 1},             /* MOVS, CMPS */
	{0, 0xaa, 0xaf, 1},             /* STOS, LODS, SCAS */
	{0, 0xc2, 0xc2, 3},             /* RET n */
	{0, 0xc3, 0xc3, 1},             /* RET */
	{0, 0xca, 0xca, 3},             /* RETF n */
	{0, 0xcb, 0xcc, 1},             /* RETF, INT3 */
	{0, 0xcd, 0xcd, 2},             /* INT n */
	{0, 0xce, 0xcf, 1},             /* INTO, IRET */
	{0, 0xe0, 0xe3, 2},             /* LOOPNE, LOOPE, LOOP, JCXZ */
	{0, 0xe8, 0xe9, 1 | OFFSET},    /* CALL, JMP */
	{0, 0xea, 0xea, 3 | OFFSET},    /* JMP to another segment */
	{0, 0xeb, 0xeb, 2},             /* JMP */
	{0, 0xf1, 0xf1, 1},             /* INT1 */
	{0, 0xf4, 0xf4, 1},             /* HLT */
	{0x0f, 0x05, 0x05, 2},          /* SYSCALL */
	{0x0f, 0x07, 0x07, 2},          /* SYSRET */
	{0x0f, 0x34, 0x35, 2},          /* SYSENTER, SYSEXIT */
	{0x0f, 0x80, 0x8f, 2 | OFFSET}, /* Jcc */
};

/* 0: it is none of these. */
static unsigned known_length(const uint8_t *op, unsigned offset, bool short_addresses)
{
	uint8_t escape = op[0] == 0x0f ? 0x0f : 0, opcode = op[escape ? 1 : 0];

	if (op[0] == 0xff && (op[1] >> 3 & 7) >= 2 && (op[1] >> 3 & 7) <= 5) /* CALL, JMP */
		return 1 + modrm_length(op + 1, short_addresses);
	for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i].escape == escape && opcode >= known[i].first &&
		    opcode <= known[i].last)
			return (known[i].length & ~OFFSET) +
			       (known[i].length & OFFSET ? offset : 0);
	}
	return 0;
}

unsigned step_length(const uint8_t *bytes, unsigned count, enum code_mode mode, uint64_t moved)
{
	uint8_t all[2 * DECODE_MAX_BYTES] = {0};
	bool narrow = mode <= CODE_16, short_offset = narrow, short_addresses = narrow;
	unsigned at = 0, length;

	memcpy(all, bytes, count);
	for (; at < count && is_prefix(all[at], mode); at++) {
		if (all[at] == 0x66)
			short_offset = !narrow && mode != CODE_64;
		if (all[at] == 0x67)
			short_addresses = !narrow && mode != CODE_64;
	}
	length = known_length(all + at, short_offset ? 2 : 4, short_addresses);
	if (length)
		length += at;
	else if (moved <= count)
		length = (unsigned)moved;
	return length <= count ? length : 0;
}

void step_bytes_text(const uint8_t *bytes, unsigned count, unsigned length, char *to)
{
	unsigned shown = length ? length : (unsigned)min_u64(count, SHOWN_OF_UNKNOWN);

	to[0] = '\0';
	for (unsigned i = 0; i < shown; i++)
		text_format(to + 3 * i - (i > 0), 4, i ? " %02x" : "%02x", bytes[i]);
	if (!length)
		text_format(to + 3 * shown - (shown > 0), 4, shown ? " .." : "..");
}
