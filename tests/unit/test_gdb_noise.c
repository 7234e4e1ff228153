/*
 * tests/unit/test_gdb_noise.c - a session over a line that drops, changes and doubles bytes.
 *
 * The client does as gdb does: it asks again when it is told so or hears nothing for two seconds,
 * takes an answer that comes instead of an acknowledgement for an old one, and acknowledges it.
 */
#include "tests/unit/gdb_rig.h"

#define PATIENCE_MS 2000u
#define TRIES       30u
#define PACKET_MOST 220u /* bytes */

static uint64_t seed;
static unsigned noise; /* of so many bytes one is disturbed; 0: none */
static uint8_t inbox[1 << 16];
static unsigned inbox_first, inbox_end, disturbed;

/* A packet has at most one fault: of two the checksum may be right again, and nobody can tell. */
static unsigned disturb(uint8_t *byte, unsigned *peace)
{
	if (*peace > 0)
		(*peace)--;
	if (noise == 0 || *peace > 0 || random_below(&seed, noise) != 0)
		return 1;
	disturbed++;
	*peace = PACKET_MOST;
	switch (random_below(&seed, 3)) {
	case 0:
		return 0;
	case 1:
		*byte ^= (uint8_t)BIT(random_below(&seed, 8));
		return 1;
	default:
		return 2;
	}
}

static void put(char c)
{
	static unsigned peace;
	uint8_t byte = (uint8_t)c;

	for (unsigned n = disturb(&byte, &peace); n > 0; n--)
		gdb_server_input(&server, byte, now_ns);
}

/* The next byte from the server, or -1 if none comes in time. */
static int get(void)
{
	static unsigned peace;
	uint8_t byte;

	for (unsigned ms = 0; inbox_first == inbox_end; ms++) {
		if (ms == PATIENCE_MS)
			return -1;
		inbox_first = inbox_end = 0;
		for (unsigned i = 0; i < 12 && gdb_server_output(&server, &byte); i++)
			for (unsigned n = disturb(&byte, &peace); n > 0; n--)
				inbox[inbox_end++] = byte;
		if (inbox_end == 0)
			rig_turn();
	}
	return inbox[inbox_first++];
}

static int digit(int c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The rest of a packet behind its '$'. False: broken. */
static bool get_frame(char *to)
{
	static char frame[RIG_REPLY_BYTES];
	size_t len = 0;
	unsigned sum = 0;
	int c, high, low;

	while ((c = get()) != '#') {
		if (c < 0)
			return false;
		if (c == '$') {
			len = sum = 0;
			continue;
		}
		frame[len++] = (char)c;
		sum += (unsigned)c;
		assert_true(len < GDB_PACKET_BYTES + 1000);
	}
	high = digit(get());
	low = digit(get());
	if (high < 0 || low < 0 || (unsigned)(high << 4 | low) != (sum & 0xff))
		return false;
	rig_decode(to, frame, len);
	return true;
}

static bool put_request(const char *payload)
{
	static char old[RIG_REPLY_BYTES];
	char end[4];
	uint8_t sum = 0;

	for (unsigned i = 0; payload[i] != '\0'; i++)
		sum = (uint8_t)(sum + (uint8_t)payload[i]);
	snprintf(end, sizeof(end), "#%02x", sum);
	for (unsigned i = 0; i < TRIES; i++) {
		int c;

		put('$');
		for (const char *p = payload; *p != '\0'; p++)
			put(*p);
		for (const char *p = end; *p != '\0'; p++)
			put(*p);
		while ((c = get()) >= 0 && c != '-') {
			if (c == '+')
				return true;
			if (c == '$') {
				(void)get_frame(old);
				put('+');
			}
		}
	}
	return false;
}

static bool get_answer(char *to)
{
	for (unsigned i = 0; i < TRIES; i++) {
		int c;

		while ((c = get()) >= 0 && c != '$')
			;
		if (c >= 0 && get_frame(to)) {
			put('+');
			return true;
		}
		put('-');
	}
	return false;
}

/* A session; all answers go to transcript. */
static void run_session(char *transcript, size_t size)
{
	static const char *const requests[] = {
		SUPPORTED,
		"Hg0",
		"qXfer:features:read:target.xml:0,60",
		"qXfer:features:read:target.xml:100,60",
		"?",
		"g",
		"m7c00,40",
		"Z0,7c05,1",
		"vCont;c:p2.-1",
		"z0,7c05,1",
		"p8",
		"vCont;s:p2.1",
		"p8",
		"P0=78563412",
		"p0",
		"M600,8:0011223344556677",
		"m600,8",
		"qRcmd,68656c6c6f",
		"vCont;s:p2.1",
		"m500,1",
		"vCont;s:p2.1",
		"vCont;s:p2.1",
		"g",
		"X600,3:abc",
		"m600,8",
		"qC",
		"vCont;s:p2.1",
		"g",
		"qXfer:threads:read::0,80",
		"vMustReplyEmpty",
		"nonsense",
		"m20000,1",
		"D;2",
	};
	size_t len = 0;

	rig_start(&(struct gdb_config){.when_gone = GDB_GONE_STAY});
	toy_wait(&machine, 2);
	inbox_first = inbox_end = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(requests); i++) {
		static char answer[RIG_REPLY_BYTES];

		if (!put_request(requests[i]))
			fail_msg("%s is not acknowledged", requests[i]);
		do
			if (!get_answer(answer))
				fail_msg("%s gets no answer", requests[i]);
		while (answer[0] == 'O' && strcmp(answer, "OK") != 0);
		len += (size_t)snprintf(transcript + len, size - len, "%s: %s\n", requests[i],
					answer);
		assert_true(len < size);
	}
}

static void a_noisy_line_gives_the_answers_of_a_quiet_one(void **state)
{
	static char quiet[32768], noisy[32768];

	(void)state;
	noise = 0;
	run_session(quiet, sizeof(quiet));
	assert_non_null(strstr(quiet, "vCont;c:p2.-1: T05thread:p2.1;swbreak"));
	for (unsigned i = 1; i <= 400; i++) {
		disturbed = 0;
		seed = i * UINT64_C(0x9e3779b97f4a7c15);
		noise = i % 2 == 0 ? 100 : 10;
		run_session(noisy, sizeof(noisy));
		assert_in_range(disturbed, 1, 1000);
		assert_string_equal(noisy, quiet);
	}
}

/* Anything at all: no answer is promised, but the server lives, and a new gdb is served. */
static void random_bytes_do_no_harm(void **state)
{
	static const char letters[] = "$#+-\003*}%;:,.?!gGpPmMXZzHTvqDkcsCSR0123456789abcdefp-";

	(void)state;
	rig_connect(false, 2);
	seed = UINT64_C(0x9e3779b97f4a7c15);
	for (unsigned i = 0; i < 300000; i++) {
		uint8_t byte = (uint8_t)letters[random_below(&seed, sizeof(letters) - 1)];

		if (random_below(&seed, 50) == 0)
			byte = (uint8_t)random_next(&seed);
		gdb_server_input(&server, byte, now_ns);
		if (random_below(&seed, 8) == 0)
			rig_turn();
		while (random_below(&seed, 3) != 0 && gdb_server_output(&server, &byte))
			;
	}
	noise = 0;
	rig_turn();
	now_ns += NS_PER_SECOND;
	assert_true(put_request("qSupported:multiprocess+"));
	assert_true(get_answer(rig_reply));
	assert_non_null(strstr(rig_reply, "PacketSize"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_noisy_line_gives_the_answers_of_a_quiet_one),
		cmocka_unit_test(random_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
