/* debug/gdb_packet.c - see debug/gdb_packet.h. */
#include "debug/gdb_packet.h"

#include "kernel/string.h"

/* A packet comes in one go; at 9600 bit/s a byte takes a millisecond. */
#define GAP_NS      (300 * NS_PER_MILLISECOND)
/* Less than gdb's own patience (2 s), so that it hears us before it gives up. */
#define ACK_WAIT_NS NS_PER_SECOND
#define REPEATED_NS (900 * NS_PER_MILLISECOND)
#define TRIES_MAX   5u

void gdb_packet_init(struct gdb_packet *p, bool text_line, struct gdb_text_sink sink)
{
	memset(p, 0, offsetof(struct gdb_packet, in));
	p->text_line = text_line;
	p->sink = sink;
	p->held = p->answered = p->out_waits = p->out_again = false;
	p->out_len = p->out_at = 0;
	p->acks_len = 0;
	p->last_hash = 0;
}

static bool is_sending(const struct gdb_packet *p)
{
	return p->out_at < p->out_len;
}

bool gdb_packet_free(const struct gdb_packet *p)
{
	return !is_sending(p) && !p->out_waits;
}

/* ---- in ---------------------------------------------------------------------------------------
 */

static void acknowledge(struct gdb_packet *p, char c)
{
	if (!p->no_ack && p->acks_len < sizeof(p->acks))
		p->acks[p->acks_len++] = (uint8_t)c;
}

static void give_text(const struct gdb_packet *p, uint8_t byte)
{
	if (p->sink.put != NULL)
		p->sink.put(p->sink.state, byte);
}

/* What looked like a packet was text. */
static void give_back(struct gdb_packet *p)
{
	give_text(p, '$');
	for (unsigned i = 0; i < p->in_len; i++)
		give_text(p, p->in[i]);
	if (p->receiving >= GDB_IN_SUM_HIGH)
		give_text(p, '#');
	if (p->receiving == GDB_IN_SUM_LOW)
		give_text(p, p->sum_high);
	p->receiving = GDB_IN_IDLE;
}

static uint32_t hash(const struct gdb_packet *p)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (unsigned i = 0; i < p->in_len; i++)
		h = (h ^ p->in[i]) * 16777619u;
	return h;
}

static void send_again(struct gdb_packet *p)
{
	if (is_sending(p))
		p->out_again = true;
	else
		p->out_at = 0;
}

static void take_back(struct gdb_packet *p)
{
	if (p->out_len > 0 && !p->out_notice && (p->answered || !gdb_packet_free(p)))
		send_again(p);
}

/* The same request once more: did gdb not hear us, or is it a new wish? While the answer is due or
 * on its way it is no wish. An answer that was not acknowledged may have arrived all the same; then
 * the next wish comes soon, where gdb waits a second or two before it asks again. */
static bool is_repeated(const struct gdb_packet *p)
{
	return !p->answered || is_sending(p) ||
	       (p->out_waits && (p->out_tries > 0 || p->now_ns - p->out_ns >= REPEATED_NS));
}

static enum gdb_event packet_came(struct gdb_packet *p)
{
	static const char first[] = "qSupported";
	uint32_t h = hash(p);
	bool is_first =
		p->in_len >= sizeof(first) - 1 && memcmp(p->in, first, sizeof(first) - 1) == 0;
	bool at_once = p->now_ns - p->asked_ns < REPEATED_NS;

	/* gdb begins each connection by this, and with acknowledgements. */
	if (is_first)
		p->no_ack = false;
	/* Twice: if gdb sees none it takes the answer for an old one, acknowledges it, and then
	 * asks again, and nothing tells that from a second wish. One too many is skipped. */
	acknowledge(p, '+');
	acknowledge(p, '+');
	if (!p->no_ack && h == p->last_hash && (is_repeated(p) || (is_first && at_once))) {
		/* Both waited in the line while nobody listened: gdb wants one answer. */
		if (p->answered && !at_once)
			send_again(p);
		return GDB_NOTHING;
	}
	/* With a new request gdb has done with all before: an old answer that went out behind the
	 * acknowledgement would be taken for the new one. */
	p->out_again = p->out_waits = false;
	if (p->out_at == 0)
		p->out_len = 0;
	p->last_hash = h;
	p->asked_ns = p->now_ns;
	p->held = true;
	p->answered = false;
	p->in_wrong = p->wrong;
	return GDB_PACKET;
}

static enum gdb_event end_of_packet(struct gdb_packet *p, uint8_t low)
{
	int value = gdb_digit(p->sum_high) < 0 ? -1 : gdb_digit(p->sum_high) << 4;
	bool good = value >= 0 && gdb_digit(low) >= 0 && (value | gdb_digit(low)) == p->sum;

	if (!good && p->text_line) {
		give_back(p);
		give_text(p, low);
		return GDB_NOTHING;
	}
	p->receiving = GDB_IN_IDLE;
	if (p->skip)
		return GDB_NOTHING;
	if (!good) {
		acknowledge(p, '-');
		return GDB_NOTHING;
	}
	return packet_came(p);
}

static void start(struct gdb_packet *p)
{
	p->receiving = GDB_IN_DATA;
	p->wrong = false;
	p->skip = p->held;
	p->sum = 0;
	if (!p->skip)
		p->in_len = 0;
}

static void store(struct gdb_packet *p, uint8_t byte)
{
	if (p->skip)
		return;
	if (p->in_len < GDB_PACKET_BYTES)
		p->in[p->in_len++] = byte;
	else
		p->wrong = true;
}

/* count: the byte behind '*'. */
static void run(struct gdb_packet *p, uint8_t count)
{
	if (p->in_len == 0 || count < ' ' || count > 126)
		p->wrong = true;
	else
		for (int i = count - GDB_RUN_BASE; i > 0 && !p->skip; i--)
			store(p, p->in[p->in_len - 1]);
}

static enum gdb_event idle_input(struct gdb_packet *p, uint8_t byte)
{
	if (byte == '$') {
		start(p);
	} else if (p->text_line) {
		give_text(p, byte);
	} else if (byte == '+') {
		if (!is_sending(p))
			p->out_waits = false;
	} else if (byte == '-') {
		take_back(p);
	} else if (byte == 3) {
		return GDB_BREAK;
	}
	return GDB_NOTHING;
}

static void data_input(struct gdb_packet *p, uint8_t byte)
{
	if (byte == '#') {
		p->wrong |= p->receiving != GDB_IN_DATA;
		p->receiving = GDB_IN_SUM_HIGH;
		return;
	}
	p->sum = (uint8_t)(p->sum + byte);
	if (p->receiving == GDB_IN_ESCAPE)
		store(p, byte ^ 0x20);
	else if (p->receiving == GDB_IN_RUN)
		run(p, byte);
	else if (byte == '}' || byte == '*') {
		p->receiving = byte == '}' ? GDB_IN_ESCAPE : GDB_IN_RUN;
		return;
	} else {
		store(p, byte);
	}
	p->receiving = GDB_IN_DATA;
}

/* Packets with which gdb begins are short and plain. */
static bool may_begin(const struct gdb_packet *p, uint8_t byte)
{
	return byte >= ' ' && byte <= '~' && byte != '}' && byte != '*' &&
	       p->in_len < GDB_PACKET_BYTES;
}

enum gdb_event gdb_packet_input(struct gdb_packet *p, uint8_t byte, uint64_t now_ns)
{
	gdb_packet_poll(p, now_ns);
	if (p->receiving == GDB_IN_IDLE)
		return p->in_ns = now_ns, idle_input(p, byte);
	p->in_ns = now_ns;
	if (p->text_line && (byte == '$' || !may_begin(p, byte))) {
		give_back(p);
		return idle_input(p, byte);
	}
	/* '$' is nowhere inside a packet: the end of the one before was lost. */
	if (byte == '$') {
		start(p);
		return GDB_NOTHING;
	}
	if (p->receiving == GDB_IN_SUM_LOW)
		return end_of_packet(p, byte);
	if (p->receiving == GDB_IN_SUM_HIGH) {
		p->sum_high = byte;
		p->receiving = GDB_IN_SUM_LOW;
		return GDB_NOTHING;
	}
	data_input(p, byte);
	return GDB_NOTHING;
}

void gdb_packet_done(struct gdb_packet *p, bool answered)
{
	p->held = false;
	p->answered = answered;
}

void gdb_packet_poll(struct gdb_packet *p, uint64_t now_ns)
{
	p->now_ns = now_ns;
	if (p->receiving != GDB_IN_IDLE && now_ns - p->in_ns >= GAP_NS) {
		if (p->text_line)
			give_back(p);
		else if (!p->skip)
			acknowledge(p, '-');
		p->receiving = GDB_IN_IDLE;
	}
	if (is_sending(p) || !p->out_waits || now_ns - p->out_ns < ACK_WAIT_NS)
		return;
	if (p->out_tries >= TRIES_MAX) {
		p->out_waits = false;
		p->lost = true;
	} else {
		p->out_tries++;
		p->out_at = 0;
	}
}

/* ---- out --------------------------------------------------------------------------------------
 */

bool gdb_packet_output(struct gdb_packet *p, uint8_t *byte)
{
	/* Inside a packet an acknowledgement would count as part of it. */
	if (p->acks_len > 0 && (p->out_at == 0 || !is_sending(p))) {
		*byte = p->acks[0];
		memmove(p->acks, p->acks + 1, --p->acks_len);
		return true;
	}
	if (!is_sending(p))
		return false;
	*byte = p->out[p->out_at++];
	if (p->out_at == p->out_len) {
		p->out_ns = p->now_ns;
		if (p->out_again)
			p->out_at = 0;
		p->out_again = false;
	}
	return true;
}
