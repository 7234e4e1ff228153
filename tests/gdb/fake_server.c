/*
 * tests/gdb/fake_server.c - the gdb server on a TCP port, over a toy machine: for the real gdb.
 *
 *   fake_server [wait2] [wait3] [noack] [noise=N [seed=N]]
 *
 * Prints the port it listens on. One connection after the other, until it is killed. wait2, wait3:
 * that VM stands before its first instruction. noise=N: of N bytes each way about one is dropped,
 * changed or doubled.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "debug/gdb_server.h"
#include "tests/gdb/toy_machine.h"

static struct toy_machine machine;
static struct gdb_server server;
static unsigned noise;
static uint64_t seed = 88172645463325252u;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;
}

static unsigned below(unsigned limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % limit;
}

/* What becomes of a byte on a bad line: how many of it arrive. */
static unsigned disturb(uint8_t *byte)
{
	if (noise == 0 || below(noise) != 0)
		return 1;
	switch (below(3)) {
	case 0:
		return 0;
	case 1:
		*byte ^= (uint8_t)(1u << below(8));
		return 1;
	default:
		return 2;
	}
}

/* On its way to gdb: '#' and what is behind it stay whole. A digit of the checksum that is none
 * makes gdb give up its command, where any other fault makes it ask again. */
static unsigned disturb_answer(uint8_t *byte)
{
	static unsigned whole;
	uint8_t changed = *byte;
	unsigned copies;

	if (*byte == '#')
		whole = 3;
	if (whole > 0) {
		whole--;
		return 1;
	}
	copies = disturb(&changed);
	if (*byte != '$' && changed != '#' && changed != '$')
		*byte = changed;
	return copies;
}

static bool receive(int line)
{
	uint8_t bytes[4096];
	ssize_t len = recv(line, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (len == 0 || (len < 0 && errno != EAGAIN))
		return false;
	for (ssize_t i = 0; i < len; i++)
		for (unsigned n = disturb(&bytes[i]); n > 0; n--)
			gdb_server_input(&server, bytes[i], now_ns());
	return true;
}

static bool transmit(int line)
{
	uint8_t bytes[8192], byte;
	size_t len = 0;

	while (len < sizeof(bytes) - 1 && gdb_server_output(&server, &byte))
		for (unsigned n = disturb_answer(&byte); n > 0; n--)
			bytes[len++] = byte;
	return len == 0 || send(line, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static void serve(int line)
{
	struct pollfd wait = {.fd = line, .events = POLLIN};
	bool open = true;

	while (open) {
		(void)poll(&wait, 1, 1);
		open = receive(line);
		toy_run(&machine, 50);
		gdb_server_poll(&server, now_ns());
		open = open && transmit(line);
	}
	gdb_server_gone(&server);
	close(line);
}

int main(int count, char **words)
{
	struct gdb_config config = {.when_gone = GDB_GONE_RUN};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	toy_init(&machine);
	for (int i = 1; i < count; i++) {
		if (strncmp(words[i], "wait", 4) == 0)
			toy_wait(&machine, (uint32_t)atoi(words[i] + 4));
		else if (strcmp(words[i], "noack") == 0)
			config.offer_no_ack = true;
		else if (strncmp(words[i], "noise=", 6) == 0)
			noise = (unsigned)atoi(words[i] + 6);
		else if (strncmp(words[i], "seed=", 5) == 0)
			seed += (uint64_t)atoi(words[i] + 5);
	}
	gdb_server_init(&server, &machine.target, &config);
	if (bind(listener, (struct sockaddr *)&at, size) != 0 || listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&at, &size) != 0)
		return 1;
	printf("%u\n", ntohs(at.sin_port));
	fflush(stdout);
	for (;;) {
		int line = accept(listener, NULL, NULL);

		if (line < 0)
			return 1;
		serve(line);
	}
}
