/*
 * debug/gdb_packet.h - packets of gdb's remote protocol on a serial line, both ways, byte by byte.
 *
 * Knows framing, checksums, acknowledgement, repetition, escapes and run lengths; not what a packet
 * means. Pure: time is an argument, and who owns the line fetches what goes out.
 *
 * Acknowledged mode is safe on a line that drops or garbles bytes: a request that came broken is
 * asked for again, an answer that was not taken is sent again. A request that gdb repeats, because
 * our acknowledgement was lost, is told by being the same as the one before while that one's answer
 * is not acknowledged for a while; then the answer is repeated, and nothing is done twice. Two
 * faults in a packet may have the right sum, which nobody can tell. gdb's mode without
 * acknowledgements has nothing of this, and is for lines that lose nothing.
 *
 * Spec: "Debugging with GDB", appendix "GDB Remote Serial Protocol".
 */
#pragma once

#include "kernel/types.h"

#define GDB_PACKET_BYTES 4096u /* between '$' and '#', both ways */
#define GDB_RUN_BASE     29    /* of "0*" and a byte: less this, it is how many 0 follow */

enum gdb_event {
	GDB_NOTHING,
	GDB_PACKET, /* a request: in[], in_len, in_wrong; gdb_packet_done() when it is served */
	GDB_BREAK,  /* Ctrl-C */
};

enum gdb_receiving {
	GDB_IN_IDLE,
	GDB_IN_DATA,
	GDB_IN_ESCAPE,
	GDB_IN_RUN,
	GDB_IN_SUM_HIGH,
	GDB_IN_SUM_LOW,
};

/* Takes bytes of the line that belong to no packet. NULL: nobody wants them. */
struct gdb_text_sink {
	void (*put)(void *state, uint8_t byte);
	void *state;
};

struct gdb_packet {
	/* The line is a text line on which gdb may begin to speak: what is no good packet is text.
	 * Else gdb speaks on it: what is no good packet is noise. */
	bool text_line;
	bool no_ack;
	bool lost; /* gdb has not taken a packet in all the time that there is */
	struct gdb_text_sink sink;
	uint64_t now_ns;

	enum gdb_receiving receiving;
	bool wrong, skip; /* skip: the packet before is still being served */
	uint8_t sum, sum_high;
	uint16_t in_len;
	uint64_t in_ns; /* when the last byte of a packet came */
	uint8_t in[GDB_PACKET_BYTES];

	bool held;     /* in[] is a request that is being served */
	bool in_wrong; /* it came whole, but with bad escapes, or it is too long */
	bool answered; /* the last request has its answer */
	uint32_t last_hash;
	uint64_t asked_ns; /* when the last request came that was no repetition */

	/* out[out_at..out_len) is to be sent; out_len stays for a repetition. */
	uint16_t out_len, out_at;
	bool out_waits; /* for the acknowledgement */
	bool out_again, out_notice;
	uint8_t out_tries, acks_len;
	uint64_t out_ns; /* when its last byte went */
	uint8_t acks[8];
	uint8_t out[GDB_PACKET_BYTES + 4];
};

void gdb_packet_init(struct gdb_packet *p, bool text_line, struct gdb_text_sink sink);

/* A byte came in. */
enum gdb_event gdb_packet_input(struct gdb_packet *p, uint8_t byte, uint64_t now_ns);

/* Time passes: gives up a packet that does not go on, repeats one that is not acknowledged. */
void gdb_packet_poll(struct gdb_packet *p, uint64_t now_ns);

/* The request was served, so that in[] is free again. answered: it has got its answer. */
void gdb_packet_done(struct gdb_packet *p, bool answered);

/* The next byte to send. False: there is none. */
bool gdb_packet_output(struct gdb_packet *p, uint8_t *byte);

/* May a packet be composed? Not while one is on its way, or not acknowledged yet. */
bool gdb_packet_free(const struct gdb_packet *p);

/* Composing: begin, any number of puts, end. What has no room is left out. begin also while the
 * packet before waits to be acknowledged: it counts as taken. */
void gdb_packet_begin(struct gdb_packet *p, bool notice);
void gdb_put_byte(struct gdb_packet *p, uint8_t byte);
void gdb_put_text(struct gdb_packet *p, const char *text);
void gdb_put_hex(struct gdb_packet *p, const void *bytes, size_t len_bytes);
void gdb_put_number(struct gdb_packet *p, uint64_t value); /* hexadecimal, without zeros */
unsigned gdb_put_room(const struct gdb_packet *p);         /* in bytes */
void gdb_packet_end(struct gdb_packet *p);

/* The value of a hexadecimal digit, or -1. */
int gdb_digit(uint8_t c);
