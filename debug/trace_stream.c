/* debug/trace_stream.c - see debug/trace_stream.h. */
#include "debug/trace_stream.h"

#include "kernel/string.h"
#include "kernel/text.h"

_Static_assert(TRACE_LINE_BYTES % 3 == 0 && TRACE_LINE_BYTES < 256, "whole groups of base64");

void trace_line_begin(struct trace_line *l, char type)
{
	l->bytes[0] = (uint8_t)type;
	l->used = 1;
}

/* One byte more than there is room for is what says that it is full. */
static void put(struct trace_line *l, uint8_t byte)
{
	if (l->used < TRACE_LINE_BYTES)
		l->bytes[l->used] = byte;
	if (l->used <= TRACE_LINE_BYTES)
		l->used++;
}

void trace_line_number(struct trace_line *l, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		put(l, (uint8_t)(n | 0x80));
	put(l, (uint8_t)n);
}

void trace_line_bytes(struct trace_line *l, const char *bytes, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes; i++)
		put(l, (uint8_t)bytes[i]);
}

static void put_difference(struct trace_line *l, uint64_t now, uint64_t before)
{
	uint64_t d = now - before;

	trace_line_number(l, d >> 63 ? ~(d << 1) : d << 1);
}

void trace_line_begin_records(struct trace_line *l, unsigned core, uint64_t tsc)
{
	trace_line_begin(l, 'R');
	trace_line_number(l, core);
	trace_line_number(l, tsc);
	l->tsc = tsc;
	l->rip = 0;
}

bool trace_line_record(struct trace_line *l, const struct trace_record *r)
{
	uint8_t used = l->used;

	put(l, (uint8_t)(r->kind | r->action << 4));
	trace_line_number(l, r->vm | (unsigned)r->vcpu << 6);
	trace_line_number(l, r->reason);
	put_difference(l, r->tsc, l->tsc);
	put_difference(l, r->rip, l->rip);
	trace_line_number(l, r->duration_ticks);
	trace_line_number(l, r->qualification);
	trace_line_number(l, r->value);
	trace_line_number(l, r->detail);
	if (l->used > TRACE_LINE_BYTES) {
		l->used = used;
		return false;
	}
	l->tsc = r->tsc;
	l->rip = r->rip;
	return true;
}

static char base64_digit(unsigned six_bits)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";

	return digits[six_bits & 63];
}

static uint16_t crc16(const char *at, size_t len)
{
	unsigned crc = 0xffff;

	for (size_t i = 0; i < 8 * len; i++) {
		unsigned bit = (uint8_t)at[i / 8] >> (7 - i % 8) & 1;

		crc = crc << 1 ^ (((crc >> 15) ^ bit) & 1 ? 0x1021 : 0);
	}
	return (uint16_t)crc;
}

size_t trace_line_text(const struct trace_line *l, uint16_t number, char *to)
{
	size_t len = text_format(to, TRACE_LINE_TEXT, "LT:%04x:", number);
	unsigned used = l->used < TRACE_LINE_BYTES ? l->used : TRACE_LINE_BYTES;

	for (unsigned i = 0; i < used; i += 3) {
		unsigned left = used - i;
		unsigned group = (unsigned)l->bytes[i] << 16 |
				 (left > 1 ? (unsigned)l->bytes[i + 1] << 8 : 0) |
				 (left > 2 ? l->bytes[i + 2] : 0u);

		to[len++] = base64_digit(group >> 18);
		to[len++] = base64_digit(group >> 12);
		to[len++] = left > 1 ? base64_digit(group >> 6) : '=';
		to[len++] = left > 2 ? base64_digit(group) : '=';
	}
	return len +
	       text_format(to + len, TRACE_LINE_TEXT - len, ":%04x\r\n", crc16(to + 3, len - 3));
}
