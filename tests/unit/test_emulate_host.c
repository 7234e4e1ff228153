/*
 * tests/unit/test_emulate_host.c - guest/emulate.h against the CPU that runs the test.
 *
 * The same bytes run on the host and in the emulator, in 64-bit mode, with the same registers,
 * flags and memory; afterwards all of it must be the same, but for flags that the SDM leaves
 * undefined. The emulator's memory is a device in one round and RAM in the next.
 */
#include "tests/unit/emulate_rig.h"

#include <sys/mman.h>

#define BYTES    8192u
#define MIDDLE   (BYTES / 2)
#define FIRST    (MIDDLE - 1536) /* what can be reached, and is compared */
#define WINDOW   3072u
#define RAM_AT   UINT64_C(0x100000)
#define ALL      (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)
#define NOT_AF   (ALL & ~RFLAGS_AF)
#define BIT_ONLY (RFLAGS_CF | RFLAGS_ZF)

/* What the assembly below loads and stores. In the order of enum gpr. */
uint64_t host_gpr[GPR_COUNT];
uint64_t host_flags, host_stack;
const void *host_code;
void host_run(void);
extern const char host_back[];

asm(".text\n"
    ".globl host_run, host_back\n"
    "host_run:\n"
    "	push %rbx\n	push %rbp\n	push %r12\n	push %r13\n	push %r14\n	push %r15\n"
    "	mov %rsp, host_stack(%rip)\n"
    "	push host_flags(%rip)\n"
    "	popfq\n"
    "	mov host_gpr+0(%rip), %rax\n	mov host_gpr+8(%rip), %rcx\n"
    "	mov host_gpr+16(%rip), %rdx\n	mov host_gpr+24(%rip), %rbx\n"
    "	mov host_gpr+32(%rip), %rsp\n	mov host_gpr+40(%rip), %rbp\n"
    "	mov host_gpr+48(%rip), %rsi\n	mov host_gpr+56(%rip), %rdi\n"
    "	mov host_gpr+64(%rip), %r8\n	mov host_gpr+72(%rip), %r9\n"
    "	mov host_gpr+80(%rip), %r10\n	mov host_gpr+88(%rip), %r11\n"
    "	mov host_gpr+96(%rip), %r12\n	mov host_gpr+104(%rip), %r13\n"
    "	mov host_gpr+112(%rip), %r14\n	mov host_gpr+120(%rip), %r15\n"
    "	jmp *host_code(%rip)\n"
    "host_back:\n"
    "	mov %rax, host_gpr+0(%rip)\n	mov %rcx, host_gpr+8(%rip)\n"
    "	mov %rdx, host_gpr+16(%rip)\n	mov %rbx, host_gpr+24(%rip)\n"
    "	mov %rsp, host_gpr+32(%rip)\n	mov %rbp, host_gpr+40(%rip)\n"
    "	mov %rsi, host_gpr+48(%rip)\n	mov %rdi, host_gpr+56(%rip)\n"
    "	mov %r8, host_gpr+64(%rip)\n	mov %r9, host_gpr+72(%rip)\n"
    "	mov %r10, host_gpr+80(%rip)\n	mov %r11, host_gpr+88(%rip)\n"
    "	mov %r12, host_gpr+96(%rip)\n	mov %r13, host_gpr+104(%rip)\n"
    "	mov %r14, host_gpr+112(%rip)\n	mov %r15, host_gpr+120(%rip)\n"
    "	mov host_stack(%rip), %rsp\n"
    "	pushfq\n"
    "	popq host_flags(%rip)\n"
    "	cld\n"
    "	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbp\n	pop %rbx\n"
    "	ret\n");

static uint8_t *code_page;
static uint8_t host_bytes[BYTES] __attribute__((aligned(4096)));
static uint8_t device_bytes[BYTES];

/* An opcode to try, without prefixes; each /r in groups is one of its own. */
struct kind {
	uint8_t bytes[2];
	uint8_t count;
	uint8_t group;     /* ModRM.reg, or ANY */
	uint8_t immediate; /* bytes, or Z: 2 or 4 */
	bool lockable;
	uint64_t flags; /* that are defined */
};

#define ANY 0xff
#define Z   0xfe

/* clang-format off */
#define ALU(first, mask)                                                                           \
	{{(first)}, 1, ANY, 0, true, mask}, {{(first) + 1}, 1, ANY, 0, true, mask},                \
	{{(first) + 2}, 1, ANY, 0, false, mask}, {{(first) + 3}, 1, ANY, 0, false, mask},          \
	{{0x80}, 1, (first) >> 3, 1, true, mask}, {{0x81}, 1, (first) >> 3, Z, true, mask},        \
	{{0x83}, 1, (first) >> 3, 1, true, mask}
#define UNARY(byte, group, mask)                                                                   \
	{{(byte)}, 1, group, 0, true, mask}, {{(byte) + 1}, 1, group, 0, true, mask}

static const struct kind kinds[] = {
	ALU(0x00, ALL), ALU(0x08, NOT_AF), ALU(0x10, ALL), ALU(0x18, ALL), ALU(0x20, NOT_AF),
	ALU(0x28, ALL), ALU(0x30, NOT_AF),
	{{0x38}, 1, ANY, 0, false, ALL}, {{0x39}, 1, ANY, 0, false, ALL},
	{{0x3a}, 1, ANY, 0, false, ALL}, {{0x3b}, 1, ANY, 0, false, ALL},
	{{0x80}, 1, 7, 1, false, ALL}, {{0x81}, 1, 7, Z, false, ALL}, {{0x83}, 1, 7, 1, false, ALL},
	{{0x63}, 1, ANY, 0, false, ALL},
	{{0x84}, 1, ANY, 0, false, NOT_AF}, {{0x85}, 1, ANY, 0, false, NOT_AF},
	{{0x86}, 1, ANY, 0, true, ALL}, {{0x87}, 1, ANY, 0, true, ALL},
	{{0x88}, 1, ANY, 0, false, ALL}, {{0x89}, 1, ANY, 0, false, ALL},
	{{0x8a}, 1, ANY, 0, false, ALL}, {{0x8b}, 1, ANY, 0, false, ALL},
	{{0x8f}, 1, 0, 0, false, ALL}, {{0xff}, 1, 6, 0, false, ALL},
	{{0xc6}, 1, 0, 1, false, ALL}, {{0xc7}, 1, 0, Z, false, ALL},
	{{0xf6}, 1, 0, 1, false, NOT_AF}, {{0xf7}, 1, 0, Z, false, NOT_AF},
	UNARY(0xf6, 2, ALL), UNARY(0xf6, 3, ALL), UNARY(0xfe, 0, ALL), UNARY(0xfe, 1, ALL),
	{{0x0f, 0xa3}, 2, ANY, 0, false, BIT_ONLY}, {{0x0f, 0xab}, 2, ANY, 0, true, BIT_ONLY},
	{{0x0f, 0xb3}, 2, ANY, 0, true, BIT_ONLY}, {{0x0f, 0xbb}, 2, ANY, 0, true, BIT_ONLY},
	{{0x0f, 0xba}, 2, 4, 1, false, BIT_ONLY}, {{0x0f, 0xba}, 2, 5, 1, true, BIT_ONLY},
	{{0x0f, 0xba}, 2, 6, 1, true, BIT_ONLY}, {{0x0f, 0xba}, 2, 7, 1, true, BIT_ONLY},
	{{0x0f, 0xb0}, 2, ANY, 0, true, ALL}, {{0x0f, 0xb1}, 2, ANY, 0, true, ALL},
	{{0x0f, 0xb6}, 2, ANY, 0, false, ALL}, {{0x0f, 0xb7}, 2, ANY, 0, false, ALL},
	{{0x0f, 0xbe}, 2, ANY, 0, false, ALL}, {{0x0f, 0xbf}, 2, ANY, 0, false, ALL},
	{{0x0f, 0xc0}, 2, ANY, 0, true, ALL}, {{0x0f, 0xc1}, 2, ANY, 0, true, ALL},
	{{0x0f, 0xc3}, 2, ANY, 0, false, ALL},
	{{0x0f, 0x90}, 2, ANY, 0, false, ALL}, {{0x0f, 0x91}, 2, ANY, 0, false, ALL},
	{{0x0f, 0x92}, 2, ANY, 0, false, ALL}, {{0x0f, 0x93}, 2, ANY, 0, false, ALL},
	{{0x0f, 0x94}, 2, ANY, 0, false, ALL}, {{0x0f, 0x95}, 2, ANY, 0, false, ALL},
	{{0x0f, 0x96}, 2, ANY, 0, false, ALL}, {{0x0f, 0x97}, 2, ANY, 0, false, ALL},
	{{0x0f, 0x98}, 2, ANY, 0, false, ALL}, {{0x0f, 0x99}, 2, ANY, 0, false, ALL},
	{{0x0f, 0x9a}, 2, ANY, 0, false, ALL}, {{0x0f, 0x9b}, 2, ANY, 0, false, ALL},
	{{0x0f, 0x9c}, 2, ANY, 0, false, ALL}, {{0x0f, 0x9d}, 2, ANY, 0, false, ALL},
	{{0x0f, 0x9e}, 2, ANY, 0, false, ALL}, {{0x0f, 0x9f}, 2, ANY, 0, false, ALL},
};
static const uint8_t strings[] = {0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf};
/* clang-format on */

static void access_bytes(void *state, struct mmio_access *a)
{
	uint8_t *at = device_bytes + (a->at.raw - (uintptr_t)host_bytes);

	(void)state;
	if (a->write)
		memcpy(at, &a->value, a->size);
	else
		memcpy(&a->value, at, a->size);
}

/* Where the emulator's memory is: as far from the host's as this. */
static uint64_t place(bool in_ram)
{
	return in_ram ? RAM_AT - (uintptr_t)host_bytes : 0;
}

static bool is_address(unsigned reg)
{
	return reg == RBX || reg == RSP || reg == RSI || reg == RDI;
}

/* RBX, RSP, RSI and RDI point into the memory; values at the edges are frequent. */
static void fill(uint64_t *seed, bool equal)
{
	static const uint64_t edges[] = {0,          1,          0x7f,       0x80,
					 0xff,       0x7fff,     0x8000,     0x7fffffff,
					 0x80000000, UINT64_MAX, UINT32_MAX, BIT(63)};

	for (unsigned i = 0; i < GPR_COUNT; i++) {
		host_gpr[i] = random_next(seed);
		if (random_below(seed, 4) == 0)
			host_gpr[i] = edges[random_below(seed, ARRAY_SIZE(edges))];
		if (is_address(i))
			host_gpr[i] = (uintptr_t)host_bytes + MIDDLE + random_below(seed, 64) - 32;
	}
	for (unsigned i = FIRST; i < FIRST + WINDOW; i += 8) {
		uint64_t value = random_below(seed, 4)
					 ? random_next(seed)
					 : edges[random_below(seed, ARRAY_SIZE(edges))];

		if (equal)
			value = 0x5a5a5a5a5a5a5a5a;
		memcpy(host_bytes + i, &value, 8);
	}
	host_flags = RFLAGS_ONE | RFLAGS_IF | (random_next(seed) & ALL);
}

static void set_emulator(uint64_t delta)
{
	mode_32();
	cpu.efer = EFER_LME | EFER_LMA;
	cpu.segments[GUEST_CS].access = 0xa09b;
	for (unsigned i = 0; i < GPR_COUNT; i++)
		cpu.gpr[i] = host_gpr[i] + (is_address(i) ? delta : 0);
	cpu.rflags = host_flags;
	if (delta)
		put(RAM_AT + FIRST, host_bytes + FIRST, WINDOW);
	else
		memcpy(device_bytes + FIRST, host_bytes + FIRST, WINDOW);
}

static void run_host(const uint8_t *bytes, unsigned len)
{
	static const uint8_t jump[] = {0xff, 0x25, 0, 0, 0, 0};
	const void *back = host_back;

	memcpy(code_page, bytes, len);
	memcpy(code_page + len, jump, sizeof(jump));
	memcpy(code_page + len + sizeof(jump), &back, sizeof(back));
	host_code = code_page;
	host_run();
}

static void compare(const uint8_t *bytes, unsigned len, uint64_t flags, uint64_t delta)
{
	uint8_t now[WINDOW];
	bool same = (cpu.rflags & flags) == (host_flags & flags);

	for (unsigned i = 0; i < GPR_COUNT; i++)
		same = same && cpu.gpr[i] == host_gpr[i] + (is_address(i) ? delta : 0);
	if (delta)
		assert_int_equal(guest_memory_read(&memory, gpa(RAM_AT + FIRST), now, WINDOW), OK);
	else
		memcpy(now, device_bytes + FIRST, WINDOW);
	same = same && memcmp(now, host_bytes + FIRST, WINDOW) == 0;
	if (same)
		return;
	for (unsigned i = 0; i < len; i++)
		print_error("%02x ", bytes[i]);
	print_error("flags %lx, host %lx\n", (unsigned long)cpu.rflags, (unsigned long)host_flags);
	for (unsigned i = 0; i < GPR_COUNT; i++)
		print_error("%u: %lx, host %lx\n", i, (unsigned long)cpu.gpr[i],
			    (unsigned long)host_gpr[i]);
	fail();
}

static void both(const uint8_t *bytes, unsigned len, uint64_t flags, bool in_ram)
{
	uint64_t delta = place(in_ram);

	set_emulator(delta);
	assert_int_equal(run_bytes(bytes, len), EMULATE_DONE);
	assert_int_equal(cpu.rip, CODE + len);
	run_host(bytes, len);
	compare(bytes, len, flags, delta);
}

static int start_host(void **state)
{
	start(state);
	assert_int_equal(mmio_bus_claim(&bus, "bytes", access_bytes, NULL,
					gpa((uintptr_t)host_bytes), BYTES),
			 OK);
	code_page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(code_page, MAP_FAILED);
	return 0;
}

static int stop_host(void **state)
{
	munmap(code_page, 4096);
	return arena_teardown(state);
}

/* [rbx + disp8] and a register that is no address. */
static unsigned build(const struct kind *k, uint64_t *seed, uint8_t *bytes, unsigned *size)
{
	static const uint8_t regs[] = {RAX, RCX, RDX, RBP, R8, R9, R10, R12, R13, R15};
	unsigned reg = regs[random_below(seed, ARRAY_SIZE(regs))], at = 0;
	bool nti = k->bytes[1] == 0xc3;
	uint64_t dice = random_next(seed);
	bool wide = dice & 1, word = (dice & 6) == 0 && !nti && k->bytes[0] != 0x63;

	if (k->lockable && (dice & 0x70) == 0)
		bytes[at++] = 0xf0;
	if (word)
		bytes[at++] = 0x66;
	if (wide || reg >= 8 || (dice & 0x80))
		bytes[at++] = (uint8_t)(0x40 | (wide ? 8 : 0) | (reg >= 8 ? 4 : 0));
	memcpy(bytes + at, k->bytes, k->count);
	at += k->count;
	bytes[at++] = (uint8_t)(0x43 | (k->group == ANY ? reg & 7 : k->group) << 3);
	bytes[at++] = (uint8_t)(dice >> 16);
	/* A locked access over the edge of a cache line works, but Linux makes it take 10 ms. */
	if (bytes[0] == 0xf0 || (k->bytes[0] & 0xfe) == 0x86)
		host_gpr[RBX] -= (host_gpr[RBX] + (uint64_t)(int8_t)bytes[at - 1]) & 7;
	*size = word && !wide ? 2 : 4;
	for (unsigned i = k->immediate == Z ? *size : k->immediate; i > 0; i--)
		bytes[at++] = (uint8_t)random_next(seed);
	/* BT and its kin reach as far as the register says. */
	if (k->bytes[1] >= 0xa3 && k->bytes[1] <= 0xbb && k->group == ANY && k->bytes[1] != 0xb0 &&
	    k->bytes[1] != 0xb1)
		host_gpr[reg] = random_below(seed, 0x4000) - 0x2000;
	/* CMPXCHG shall succeed now and then. */
	if (k->bytes[1] >= 0xb0 && k->bytes[1] <= 0xb1 && (dice & 0x300))
		memcpy(&host_gpr[RAX],
		       (const uint8_t *)(uintptr_t)host_gpr[RBX] + (int8_t)bytes[at - 1], 8);
	return at;
}

static void operations_are_as_on_this_cpu(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 100; round++)
		for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
			uint8_t bytes[DECODE_MAX_BYTES];
			unsigned len, size;

			if (i % 16 == 0)
				fill(&seed, false);
			else
				host_flags = RFLAGS_ONE | RFLAGS_IF | (random_next(&seed) & ALL);
			host_gpr[RBX] =
				(uintptr_t)host_bytes + MIDDLE + random_below(&seed, 64) - 32;
			host_gpr[RSP] =
				(uintptr_t)host_bytes + MIDDLE - 1400 + random_below(&seed, 64);
			len = build(&kinds[i], &seed, bytes, &size);
			both(bytes, len, kinds[i].flags, round & 1);
		}
}

static void strings_are_as_on_this_cpu(void **state)
{
	static const uint8_t reps[] = {0, 0xf2, 0xf3};
	uint64_t seed = 8;

	(void)state;
	for (unsigned round = 0; round < 1000; round++) {
		uint8_t bytes[DECODE_MAX_BYTES];
		uint8_t rep = reps[random_below(&seed, 3)];
		uint64_t dice = random_next(&seed);
		unsigned len = 0;

		if (round % 8 == 0)
			fill(&seed, round % 16 == 0);
		host_flags = RFLAGS_ONE | RFLAGS_IF | (dice & ALL) | (dice & RFLAGS_DF);
		host_gpr[RSI] = (uintptr_t)host_bytes + MIDDLE + random_below(&seed, 64);
		host_gpr[RDI] = (uintptr_t)host_bytes + MIDDLE - random_below(&seed, 64);
		host_gpr[RCX] = random_below(&seed, 40);
		memcpy(&host_gpr[RAX], host_bytes + MIDDLE, 8);
		if (rep)
			bytes[len++] = rep;
		if (dice >> 32 & 1)
			bytes[len++] = 0x66;
		if (dice >> 33 & 1)
			bytes[len++] = 0x48;
		bytes[len] = strings[random_below(&seed, ARRAY_SIZE(strings))];
		len++;
		both(bytes, len, ALL, round & 1);
	}
}

static void pushes_and_pops_are_as_on_this_cpu(void **state)
{
	uint64_t seed = 9;

	(void)state;
	for (unsigned round = 0; round < 600; round++) {
		uint8_t bytes[DECODE_MAX_BYTES];
		unsigned reg = (unsigned)random_below(&seed, 16), len = 0;
		bool pop = random_below(&seed, 2);

		if (round % 8 == 0)
			fill(&seed, false);
		host_gpr[RSP] = (uintptr_t)host_bytes + MIDDLE + random_below(&seed, 64);
		host_gpr[RBX] = host_gpr[RSI] = host_gpr[RDI] = (uintptr_t)host_bytes + MIDDLE;
		if (random_below(&seed, 4) == 0)
			bytes[len++] = 0x66;
		if (reg == RSP || reg == RBX || reg == RSI || reg == RDI)
			reg = RBP;
		if (reg >= 8)
			bytes[len++] = 0x41;
		bytes[len++] = (uint8_t)((pop ? 0x58 : 0x50) | (reg & 7));
		both(bytes, len, ALL, round & 1);
	}
}

static void a_pop_by_way_of_the_stack_pointer_is_as_on_this_cpu(void **state)
{
	static const uint8_t pop_memory[] = {0x8f, 0x44, 0x24, 0x10}; /* pop [rsp + 10h] */
	static const uint8_t push_memory[] = {0xff, 0x74, 0x24, 0x10};
	static const uint8_t push_rsp[] = {0x54}, pop_rsp[] = {0x5c};
	uint64_t seed = 10;

	(void)state;
	fill(&seed, false);
	both(pop_memory, sizeof(pop_memory), ALL, false);
	both(push_memory, sizeof(push_memory), ALL, false);
	both(push_rsp, sizeof(push_rsp), ALL, false);
	both(pop_rsp, sizeof(pop_rsp), ALL, false);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start_host, stop_host)
	const struct CMUnitTest tests[] = {
		TEST(operations_are_as_on_this_cpu),
		TEST(strings_are_as_on_this_cpu),
		TEST(pushes_and_pops_are_as_on_this_cpu),
		TEST(a_pop_by_way_of_the_stack_pointer_is_as_on_this_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
