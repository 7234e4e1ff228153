/* tests/unit/test_string_io.c - INS and OUTS, also against a simple model. */
#include "tests/unit/memory_rig.h"

#include <string.h>

#include "guest/segment.h"
#include "guest/string_io.h"

#define PORT 0x1f0u

static struct guest_cpu_state cpu;
static struct guest_fault fault;

/* The port: gives 01020304h, 05060708h... and keeps what is written. */
static struct {
	unsigned count;
	uint32_t last;
	uint8_t written[8192];
	unsigned bytes;
	uint64_t now_ns;
} port;

static uint8_t stream_byte(unsigned i)
{
	return (uint8_t)(i * 7 + 3);
}

static unsigned stream_at;

static void access_port(void *context, struct io_access *io)
{
	assert_ptr_equal(context, &port);
	assert_int_equal(io->port, PORT);
	port.count++;
	port.now_ns = io->now_ns;
	if (io->write) {
		assert_true(port.bytes + io->size <= sizeof(port.written));
		memcpy(port.written + port.bytes, &io->value, io->size);
		port.bytes += io->size;
		port.last = io->value;
		return;
	}
	io->value = 0;
	for (unsigned i = 0; i < io->size; i++)
		io->value |= (uint32_t)stream_byte(stream_at++) << (i * 8);
}

static void access_run(void *context, const struct io_run *run)
{
	for (uint64_t i = 0; i < run->count; i++) {
		struct io_access io = io_run_element(run, i);

		access_port(context, &io);
		io_run_answer(run, i, &io);
	}
}

static int start(void **state)
{
	(void)state;
	open_memory(4 * MIB);
	memset(&cpu, 0, sizeof(cpu));
	memset(&port, 0, sizeof(port));
	stream_at = 0;
	cpu.rflags = RFLAGS_ONE;
	cpu.maxphyaddr = 39;
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++)
		guest_segment_real(&cpu.segments[i], 0, 0);
	return 0;
}

static enum string_io_result run(const struct string_io *op)
{
	return string_io_run(op, &cpu, &memory, access_run, &port, 42, STRING_IO_CHUNK, &fault);
}

static uint8_t byte_at(uint64_t at)
{
	uint8_t value;

	assert_int_equal(guest_memory_read(&memory, gpa(at), &value, 1), OK);
	return value;
}

static void fill(uint64_t at, unsigned len)
{
	for (unsigned i = 0; i < len; i++) {
		uint8_t byte = stream_byte(i);

		assert_int_equal(guest_memory_write(&memory, gpa(at + i), &byte, 1), OK);
	}
}

static const struct string_io insb = {
	.port = PORT, .size = 1, .rep = true, .address_size = 2, .segment = GUEST_DS};
static const struct string_io outsb = {.port = PORT,
				       .size = 1,
				       .write = true,
				       .rep = true,
				       .address_size = 2,
				       .segment = GUEST_DS};

static void a_single_element_moves_and_leaves_the_count(void **state)
{
	struct string_io op = insb;

	(void)state;
	op.rep = false;
	op.size = 4;
	cpu.gpr[RDI] = 0x1000;
	cpu.gpr[RCX] = 0;
	assert_int_equal(run(&op), STRING_IO_DONE);
	assert_int_equal(cpu.gpr[RDI], 0x1004);
	assert_int_equal(cpu.gpr[RCX], 0);
	assert_int_equal(byte_at(0x1003), stream_byte(3));
	assert_int_equal(port.count, 1);
	assert_int_equal(port.now_ns, 42);
}

static void a_count_of_zero_touches_nothing(void **state)
{
	(void)state;
	cpu.gpr[RCX] = 0xffff0000; /* CX is 0 */
	cpu.gpr[RDI] = 0x1000;
	assert_int_equal(run(&insb), STRING_IO_DONE);
	assert_int_equal(port.count, 0);
	assert_int_equal(cpu.gpr[RCX], 0xffff0000);
	assert_int_equal(cpu.gpr[RDI], 0x1000);
}

static void the_direction_flag_goes_down(void **state)
{
	struct string_io op = outsb;

	(void)state;
	fill(0x2000, 8);
	op.size = 2;
	cpu.gpr[RSI] = 0x2006;
	cpu.gpr[RCX] = 4;
	cpu.rflags |= RFLAGS_DF;
	assert_int_equal(run(&op), STRING_IO_DONE);
	assert_int_equal(cpu.gpr[RSI], 0x1ffe);
	assert_int_equal(port.count, 4);
	assert_int_equal(port.written[0], stream_byte(6));
	assert_int_equal(port.written[7], stream_byte(1));
}

static void a_segment_override_is_for_outs_only(void **state)
{
	struct string_io op = outsb;

	(void)state;
	guest_segment_real(&cpu.segments[GUEST_FS], 0x200, 0);
	guest_segment_real(&cpu.segments[GUEST_ES], 0x300, 0);
	fill(0x2010, 2);
	op.segment = GUEST_FS;
	cpu.gpr[RSI] = 0x10;
	cpu.gpr[RCX] = 2;
	assert_int_equal(run(&op), STRING_IO_DONE);
	assert_int_equal(port.written[1], stream_byte(1));
	op = insb;
	op.segment = GUEST_FS;
	cpu.gpr[RDI] = 0x20;
	cpu.gpr[RCX] = 1;
	assert_int_equal(run(&op), STRING_IO_DONE);
	assert_int_equal(byte_at(0x3020), stream_byte(0));
}

static void registers_wrap_within_the_address_size(void **state)
{
	struct string_io op = outsb;

	(void)state;
	cpu.gpr[RSI] = 0xaaaaffff;
	cpu.gpr[RCX] = 0xbbbb0002;
	assert_int_equal(run(&op), STRING_IO_DONE);
	assert_int_equal(cpu.gpr[RSI], 0xaaaa0001);
	assert_int_equal(cpu.gpr[RCX], 0xbbbb0000);
	/* 32-bit addresses clear the upper half in 64-bit mode */
	cpu.efer = EFER_LME | EFER_LMA;
	cpu.segments[GUEST_CS].access = 0x209b;
	op.address_size = 4;
	cpu.gpr[RSI] = 0xcccccccc00001000;
	cpu.gpr[RCX] = 0xdddddddd00000001;
	assert_int_equal(run(&op), STRING_IO_DONE);
	assert_int_equal(cpu.gpr[RSI], 0x1001);
	assert_int_equal(cpu.gpr[RCX], 0);
	op.address_size = 8;
	cpu.gpr[RSI] = 0x1000;
	cpu.gpr[RCX] = 3;
	assert_int_equal(run(&op), STRING_IO_DONE);
	assert_int_equal(cpu.gpr[RSI], 0x1003);
}

static void an_element_over_the_limit_faults_after_the_ones_before(void **state)
{
	struct string_io op = outsb;

	(void)state;
	op.size = 2;
	cpu.gpr[RSI] = 0xfffb;
	cpu.gpr[RCX] = 9;
	assert_int_equal(run(&op), STRING_IO_FAULT);
	assert_int_equal(fault.vector, EXC_GP);
	assert_false(fault.has_error_code); /* real mode */
	assert_int_equal(cpu.gpr[RSI], 0xffff);
	assert_int_equal(cpu.gpr[RCX], 7);
	assert_int_equal(port.count, 2);
	op = insb;
	op.size = 4;
	cpu.gpr[RDI] = 0xfffe;
	assert_int_equal(run(&op), STRING_IO_FAULT);
	assert_int_equal(stream_at, 0); /* nothing was taken from the port */
}

static void a_long_run_comes_in_chunks(void **state)
{
	(void)state;
	cpu.gpr[RDI] = 0x1000;
	cpu.gpr[RCX] = 2500;
	assert_int_equal(run(&insb), STRING_IO_AGAIN);
	assert_int_equal(cpu.gpr[RCX], 2500 - STRING_IO_CHUNK);
	assert_int_equal(run(&insb), STRING_IO_AGAIN);
	assert_int_equal(run(&insb), STRING_IO_DONE);
	for (unsigned i = 0; i < 2500; i++)
		assert_int_equal(byte_at(0x1000 + i), stream_byte(i));
	cpu.gpr[RCX] = STRING_IO_CHUNK;
	assert_int_equal(run(&insb), STRING_IO_DONE);
}

static void single_stepping_stops_after_each_element(void **state)
{
	(void)state;
	cpu.rflags |= RFLAGS_TF;
	cpu.gpr[RDI] = 0x1000;
	cpu.gpr[RCX] = 2;
	assert_int_equal(run(&insb), STRING_IO_AGAIN);
	assert_int_equal(cpu.gpr[RCX], 1);
	assert_int_equal(run(&insb), STRING_IO_DONE);
}

/* 32-bit paging: linear = physical for 4 MiB, but for one page. */
static void start_paging(uint32_t odd_page, uint32_t entry)
{
	uint32_t value = 0x10000 | 7;

	assert_int_equal(guest_memory_write(&memory, gpa(0xf000), &value, 4), OK);
	for (uint32_t i = 0; i < 1024; i++) {
		value = i == odd_page ? entry : (i << 12 | 7);
		assert_int_equal(guest_memory_write(&memory, gpa(0x10000 + i * 4), &value, 4), OK);
	}
	cpu.cr0 = CR0_PE | CR0_PG | CR0_WP;
	cpu.cr3 = 0xf000;
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++)
		cpu.segments[i] = (struct guest_segment){.access = i == GUEST_CS ? 0xc09b : 0xc093,
							 .limit = UINT32_MAX};
}

static void a_page_fault_half_way_loses_no_byte(void **state)
{
	struct string_io op = insb;
	uint32_t entry;

	(void)state;
	start_paging(3, 0x3005); /* not writable */
	op.address_size = 4;
	op.size = 4;
	cpu.gpr[RDI] = 0x2ffa; /* the second element lies in both pages */
	cpu.gpr[RCX] = 5;
	assert_int_equal(run(&op), STRING_IO_FAULT);
	assert_int_equal(fault.vector, EXC_PF);
	assert_int_equal(fault.cr2, 0x3000);
	assert_int_equal(fault.error_code, PF_PRESENT | PF_WRITE);
	assert_int_equal(cpu.gpr[RDI], 0x2ffe);
	assert_int_equal(cpu.gpr[RCX], 4);
	assert_int_equal(stream_at, 4);
	entry = 0x3007; /* the guest's handler makes it writable; the instruction goes on */
	assert_int_equal(guest_memory_write(&memory, gpa(0x1000c), &entry, 4), OK);
	assert_int_equal(run(&op), STRING_IO_DONE);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(byte_at(0x2ffa + i), stream_byte(i));
}

static void a_page_that_is_absent_stops_outs_before_the_port(void **state)
{
	struct string_io op = outsb;

	(void)state;
	start_paging(3, 0);
	op.address_size = 4;
	cpu.gpr[RSI] = 0x2fff;
	cpu.gpr[RCX] = 3;
	assert_int_equal(run(&op), STRING_IO_FAULT);
	assert_int_equal(fault.cr2, 0x3000);
	assert_int_equal(fault.error_code, 0);
	assert_int_equal(port.count, 1);
	assert_int_equal(cpu.gpr[RCX], 2);
	cpu.segments[GUEST_SS].access |= 3u << 5; /* CPL 3 */
	assert_int_equal(run(&op), STRING_IO_FAULT);
	assert_int_equal(fault.error_code, PF_USER);
}

static void a_read_only_segment_takes_no_ins(void **state)
{
	(void)state;
	start_paging(3, 0x3007);
	cpu.segments[GUEST_ES].access = 0xc091;
	cpu.gpr[RCX] = 1;
	assert_int_equal(run(&insb), STRING_IO_FAULT);
	assert_int_equal(fault.vector, EXC_GP);
	assert_true(fault.has_error_code);
	assert_int_equal(port.count, 0);
}

static void five_level_paging_is_given_up(void **state)
{
	(void)state;
	cpu.cr0 = CR0_PE | CR0_PG;
	cpu.cr4 = CR4_PAE | CR4_LA57;
	cpu.efer = EFER_LME | EFER_LMA;
	cpu.segments[GUEST_CS].access = 0x209b;
	cpu.gpr[RCX] = 1;
	assert_int_equal(run(&insb), STRING_IO_UNSUPPORTED);
	assert_int_equal(run(&outsb), STRING_IO_UNSUPPORTED);
}

/* The whole of INS and OUTS in a few lines, for real mode. */
static void model(const struct string_io *op, uint8_t *image, uint16_t *index, uint16_t *count,
		  bool down, unsigned *taken, uint8_t *sent, unsigned *sent_bytes)
{
	while (*count) {
		for (unsigned i = 0; i < op->size; i++) {
			if (op->write)
				sent[(*sent_bytes)++] = image[(uint32_t)*index + i];
			else
				image[(uint32_t)*index + i] = stream_byte((*taken)++);
		}
		*index = (uint16_t)(down ? *index - op->size : *index + op->size);
		--*count;
	}
}

static void random_runs_are_as_in_the_model(void **state)
{
	static uint8_t image[0x10000], sent[8192];
	uint64_t seed = 99;

	(void)state;
	memset(image, 0, sizeof(image));
	for (unsigned round = 0; round < 400; round++) {
		struct string_io op = random_below(&seed, 2) ? insb : outsb;
		unsigned taken = 0, sent_bytes = 0;
		uint16_t index, count;
		bool down = random_below(&seed, 2);

		op.size = (uint8_t)(1u << random_below(&seed, 3));
		count = (uint16_t)random_below(&seed, 1500);
		index = (uint16_t)(0x4000 + random_below(&seed, 0x8000));
		cpu.rflags = RFLAGS_ONE | (down ? RFLAGS_DF : 0);
		cpu.gpr[RCX] = count;
		cpu.gpr[RSI] = cpu.gpr[RDI] = index;
		memset(&port, 0, sizeof(port));
		stream_at = 0;
		while (run(&op) == STRING_IO_AGAIN)
			;
		model(&op, image, &index, &count, down, &taken, sent, &sent_bytes);
		assert_int_equal(cpu.gpr[RCX], 0);
		assert_int_equal(cpu.gpr[op.write ? RSI : RDI], index);
		assert_int_equal(port.bytes, sent_bytes);
		assert_memory_equal(port.written, sent, sent_bytes);
		assert_memory_equal(guest_memory_ptr(&memory, gpa(0), sizeof(image)), image,
				    sizeof(image));
	}
}

static void a_size_that_cannot_be_is_our_bug(void **state)
{
	struct string_io op = insb;

	(void)state;
	op.size = 3;
	expect_assert_failure((void)!run(&op));
	op = insb;
	op.address_size = 1;
	expect_assert_failure((void)!run(&op));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, arena_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_single_element_moves_and_leaves_the_count),
		TEST(a_count_of_zero_touches_nothing),
		TEST(the_direction_flag_goes_down),
		TEST(a_segment_override_is_for_outs_only),
		TEST(registers_wrap_within_the_address_size),
		TEST(an_element_over_the_limit_faults_after_the_ones_before),
		TEST(a_long_run_comes_in_chunks),
		TEST(single_stepping_stops_after_each_element),
		TEST(a_page_fault_half_way_loses_no_byte),
		TEST(a_page_that_is_absent_stops_outs_before_the_port),
		TEST(a_read_only_segment_takes_no_ins),
		TEST(five_level_paging_is_given_up),
		TEST(random_runs_are_as_in_the_model),
		TEST(a_size_that_cannot_be_is_our_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
