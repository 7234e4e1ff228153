/*
 * tests/trace/encode.c - records by the thousand, as the kernel's code sends and prints them.
 *
 *	encode REASONS LINES FIELDS
 *
 * REASONS has the names of the exit reasons, a line each. LINES gets the stream; FIELDS a line for
 * each record: its fields, and its words behind a tab. For tests/system/test_trace.py.
 */
#include <stdio.h>
#include <string.h>

#include "debug/trace_stream.h"
#include "debug/trace_text.h"

#define RECORDS 5000u
#define CORES   3u

static char reasons[80][64];
static unsigned reason_count;

static uint64_t seed = 1;

/* xorshift64: the same in each run. */
static uint64_t random_bits(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Of any length up to 64 bits, and the ends of the range now and then. */
static uint64_t random_number(void)
{
	uint64_t n = random_bits();

	switch (random_bits() % 8) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	default:
		return n >> (random_bits() % 64);
	}
}

static const char *reason_name(uint32_t n)
{
	return n < reason_count ? reasons[n] : NULL;
}

static struct trace_record random_record(uint64_t tsc)
{
	return (struct trace_record){
		.tsc = tsc,
		.rip = random_number(),
		.qualification = random_number(),
		.value = random_number(),
		.duration_ticks = (uint32_t)random_number(),
		.reason = (uint32_t)random_number() & (random_bits() % 2 ? UINT32_MAX : 0x3f),
		.detail = (uint32_t)random_number(),
		.vm = random_bits() % 64,
		.vcpu = random_bits() % 8,
		.kind = random_bits() % TRACE_KINDS,
		.action = random_bits() % (TRACE_ACTIONS + 1),
	};
}

static void send(FILE *lines, const struct trace_line *l)
{
	static uint16_t number;
	char text[TRACE_LINE_TEXT];

	trace_line_text(l, number++, text);
	fprintf(lines, "%s%s", number % 3 ? "trace| " : "", text);
	if (number % 5 == 0)
		fprintf(lines, "[    0.1 c0 vmx    ] a line of the log\r\n");
}

static void print_fields(FILE *fields, unsigned core, const struct trace_record *r)
{
	char text[TRACE_TEXT_BYTES];

	trace_text(text, sizeof(text), r, reason_name);
	fprintf(fields, "%u %s %u %u %u %u %llu %llu %u %llu %llu %u\t%s\n", core,
		trace_kind_name(r->kind), r->action, r->vm, r->vcpu, r->reason,
		(unsigned long long)r->tsc, (unsigned long long)r->rip, r->duration_ticks,
		(unsigned long long)r->qualification, (unsigned long long)r->value, r->detail,
		text);
}

/* False: a record does not fit into an empty line. */
static bool write_records(FILE *lines, FILE *fields)
{
	uint64_t tsc = UINT64_C(1) << 40;
	struct trace_line l;
	unsigned core = 0;

	trace_line_begin_records(&l, core, tsc);
	for (unsigned i = 0; i < RECORDS; i++) {
		struct trace_record r;

		tsc += random_bits() % 100000;
		r = random_record(tsc);
		if (random_bits() % 50 == 0 || !trace_line_record(&l, &r)) {
			send(lines, &l);
			core = (core + 1) % CORES;
			trace_line_begin_records(&l, core, tsc);
			if (!trace_line_record(&l, &r))
				return false;
		}
		print_fields(fields, core, &r);
	}
	send(lines, &l);
	return true;
}

static void read_reasons(FILE *file)
{
	while (reason_count < ARRAY_SIZE(reasons) &&
	       fgets(reasons[reason_count], sizeof(reasons[0]), file)) {
		reasons[reason_count][strcspn(reasons[reason_count], "\n")] = '\0';
		reason_count++;
	}
	fclose(file);
}

int main(int argc, char **argv)
{
	FILE *names, *lines, *fields;
	struct trace_line l;

	if (argc != 4 || !(names = fopen(argv[1], "r")) || !(lines = fopen(argv[2], "w")) ||
	    !(fields = fopen(argv[3], "w")))
		return 1;
	read_reasons(names);
	trace_line_begin(&l, 'H');
	trace_line_number(&l, TRACE_STREAM_VERSION);
	trace_line_number(&l, 2000000000);
	trace_line_number(&l, UINT64_C(1) << 40);
	trace_line_number(&l, CORES);
	send(lines, &l);
	trace_line_begin(&l, 'V');
	trace_line_number(&l, 7);
	trace_line_bytes(&l, "demo", 4);
	send(lines, &l);
	if (!write_records(lines, fields))
		return 1;
	trace_line_begin(&l, 'L');
	trace_line_number(&l, 2);
	trace_line_number(&l, 300);
	send(lines, &l);
	return fclose(lines) | fclose(fields);
}
