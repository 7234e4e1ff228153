/* debug/gdb_put.c - what goes into a packet to gdb; see debug/gdb_packet.h. */
#include "debug/gdb_packet.h"

#include "kernel/string.h"

#define RUN_LEAST 3
#define RUN_MOST  97

int gdb_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void gdb_packet_begin(struct gdb_packet *p, bool notice)
{
	p->out[0] = notice ? '%' : '$';
	p->out_len = 1;
	p->out_at = 1; /* so that nothing goes before the end */
	p->out_notice = notice;
	p->out_again = false;
	p->out_tries = 0;
}

unsigned gdb_put_room(const struct gdb_packet *p)
{
	return GDB_PACKET_BYTES + 1 - p->out_len;
}

void gdb_put_byte(struct gdb_packet *p, uint8_t byte)
{
	if (gdb_put_room(p) > 0) {
		p->out[p->out_len++] = byte;
		p->out_at = p->out_len;
	}
}

void gdb_put_text(struct gdb_packet *p, const char *text)
{
	while (*text != '\0')
		gdb_put_byte(p, (uint8_t)*text++);
}

static uint8_t hex_digit(unsigned value)
{
	return (uint8_t) "0123456789abcdef"[value & 15];
}

void gdb_put_hex(struct gdb_packet *p, const void *bytes, size_t len_bytes)
{
	const uint8_t *from = bytes;

	for (size_t i = 0; i < len_bytes && gdb_put_room(p) >= 2; i++) {
		gdb_put_byte(p, hex_digit(from[i] >> 4));
		gdb_put_byte(p, hex_digit(from[i]));
	}
}

void gdb_put_number(struct gdb_packet *p, uint64_t value)
{
	unsigned shift = 60;

	while (shift > 0 && value >> shift == 0)
		shift -= 4;
	for (;; shift -= 4) {
		gdb_put_byte(p, hex_digit((unsigned)(value >> shift)));
		if (shift == 0)
			break;
	}
}

/* How often the byte at out[at] stands there, as a count that may be sent. */
static unsigned run_at(const struct gdb_packet *p, unsigned at, unsigned end)
{
	unsigned more = 0;

	while (at + more + 1 < end && more < RUN_MOST && p->out[at + more + 1] == p->out[at])
		more++;
	/* '#' and '$' may not be counts, and '+' and '-' are better not. */
	while (more > 0 && strchr("#$+-", (int)more + GDB_RUN_BASE) != NULL)
		more--;
	return more;
}

void gdb_packet_end(struct gdb_packet *p)
{
	unsigned to = 1, end = p->out_len;
	uint8_t sum = 0;

	for (unsigned at = 1; at < end;) {
		unsigned more = run_at(p, at, end);

		p->out[to++] = p->out[at];
		at++;
		if (more >= RUN_LEAST) {
			p->out[to++] = '*';
			p->out[to++] = (uint8_t)(more + GDB_RUN_BASE);
			at += more;
		}
	}
	for (unsigned i = 1; i < to; i++)
		sum = (uint8_t)(sum + p->out[i]);
	p->out[to++] = '#';
	p->out[to++] = hex_digit(sum >> 4);
	p->out[to++] = hex_digit(sum);
	p->out_len = (uint16_t)to;
	p->out_at = 0;
	p->out_waits = !p->no_ack && !p->out_notice;
}
