/* tests/unit/test_gdb_registers.c - register descriptions, and the registers that they describe. */
#include "tests/unit/gdb_rig.h"

#include <stdlib.h>

#define REAL 2
#define LONG 3

static char description[32768];

/* The whole document, in pieces of so many bytes. */
static void read_description(unsigned piece)
{
	size_t at = 0;

	do {
		char packet[64];

		snprintf(packet, sizeof(packet), "qXfer:features:read:target.xml:%zx,%x", at,
			 piece);
		ask(packet);
		assert_true(rig_reply[0] == 'm' || rig_reply[0] == 'l');
		assert_in_range(strlen(rig_reply), 1, piece + 1);
		strcpy(description + at, rig_reply + 1);
		at += strlen(rig_reply) - 1;
	} while (rig_reply[0] == 'm');
}

static void connect_described(uint32_t pid)
{
	rig_connect(false, pid);
	read_description(0xffb);
}

/* What stands between the quotes behind NAME= of the register at `from`. */
static bool attribute(const char *from, const char *name, char *value, size_t size)
{
	char wanted[32];
	const char *at;
	size_t len;

	snprintf(wanted, sizeof(wanted), " %s=\"", name);
	at = strstr(from, wanted);
	if (at == NULL || at > strchr(from, '>'))
		return false;
	at += strlen(wanted);
	len = (size_t)(strchr(at, '"') - at);
	snprintf(value, size, "%.*s", (int)len, at);
	return true;
}

/* Number and bits of a register by its name; false: it is not described. */
static bool find(const char *wanted, unsigned *number, unsigned *bits)
{
	char value[32];

	for (const char *at = description; (at = strstr(at, "<reg ")) != NULL; at++) {
		assert_true(attribute(at, "name", value, sizeof(value)));
		if (strcmp(value, wanted) != 0)
			continue;
		assert_true(attribute(at, "regnum", value, sizeof(value)));
		*number = (unsigned)atoi(value);
		assert_true(attribute(at, "bitsize", value, sizeof(value)));
		*bits = (unsigned)atoi(value);
		return true;
	}
	return false;
}

static const char *value_of(const char *name)
{
	unsigned number = 0, bits = 0;
	char packet[16];

	assert_true(find(name, &number, &bits));
	snprintf(packet, sizeof(packet), "p%x", number);
	ask(packet);
	assert_int_equal(strlen(rig_reply), bits / 4);
	return rig_reply;
}

static const char *set_value(const char *name, const char *hex)
{
	unsigned number = 0, bits = 0;
	char packet[64];

	assert_true(find(name, &number, &bits));
	snprintf(packet, sizeof(packet), "P%x=%s", number, hex);
	return ask(packet);
}

static void each_mode_has_its_architecture(void **state)
{
	(void)state;
	connect_described(2);
	assert_non_null(strstr(description, "<architecture>i8086</architecture>"));
	machine.threads[REAL].r.mode = DEBUG_32_BIT;
	read_description(0xffb);
	assert_non_null(strstr(description, "<architecture>i386</architecture>"));
	machine.threads[REAL].r.mode = DEBUG_64_BIT;
	read_description(0xffb);
	assert_non_null(strstr(description, "<architecture>i386:x86-64</architecture>"));
	assert_non_null(strstr(description, "\"org.gnu.gdb.i386.segments\""));
}

static void a_description_is_the_same_in_pieces_of_any_size(void **state)
{
	static char whole[sizeof(description)];

	(void)state;
	connect_described(3);
	strcpy(whole, description);
	assert_string_equal(whole + strlen(whole) - 9, "</target>");
	read_description(37);
	assert_string_equal(description, whole);
	read_description(200);
	assert_string_equal(description, whole);
}

static void the_core_has_the_numbers_of_the_manual(void **state)
{
	static const char *const names[2][26] = {
		{"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "eip", "eflags", "cs",
		 "ss", "ds", "es", "fs", "gs", "st0"},
		{"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8",
		 "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip", "eflags",
		 "cs",  "ss",  "ds",  "es",  "fs",  "gs",  "st0"},
	};
	unsigned number = 0, bits = 0;

	(void)state;
	for (unsigned mode = 0; mode < 2; mode++) {
		connect_described(2 + mode);
		for (unsigned i = 0; names[mode][i] != NULL; i++) {
			assert_true(find(names[mode][i], &number, &bits));
			assert_int_equal(number, i);
		}
		assert_true(find("xmm0", &number, &bits));
		assert_int_equal(number, mode == 0 ? 32 : 40);
		assert_int_equal(bits, 128);
	}
}

/* Every register described is written with a pattern and read back. */
static void every_register_is_written_and_read(void **state)
{
	char name[32], hex[64], bits_text[16];

	(void)state;
	for (uint32_t pid = 2; pid <= 3; pid++) {
		unsigned count = 0;

		connect_described(pid);
		for (const char *at = description; (at = strstr(at, "<reg ")) != NULL; at++) {
			assert_true(attribute(at, "name", name, sizeof(name)));
			assert_true(attribute(at, "bitsize", bits_text, sizeof(bits_text)));
			for (unsigned i = 0; i < (unsigned)atoi(bits_text) / 4; i++)
				hex[i] = "123456789abcdef0123456789abcdef0"[i];
			hex[atoi(bits_text) / 4] = '\0';
			/* Fewer bits behind it than on the wire. */
			if (strstr(" cs ss ds es fs gs ldtr tr gdtr_limit idtr_limit ftag fctrl "
				   "fstat fiseg foseg fop ",
				   name) != NULL &&
			    strlen(hex) == 8)
				memcpy(hex + 4, "0000", 4);
			if (strcmp(name, "ftag") == 0) /* valid, valid, ..., all empty above */
				memcpy(hex, "ffff", 4);
			assert_string_equal(set_value(name, hex), "OK");
			assert_string_equal(value_of(name), hex);
			count++;
		}
		assert_int_equal(count, pid == 2 ? 83 : 99);
	}
}

static void rip_is_linear(void **state)
{
	(void)state;
	connect_described(2);
	machine.threads[REAL].r.cpu.rip = 5;
	assert_string_equal(value_of("eip"), "057c0000");
	assert_string_equal(set_value("eip", "067c0000"), "OK");
	assert_int_equal(machine.threads[REAL].r.cpu.rip, 6);
	machine.threads[REAL].r.cpu.segments[GUEST_CS].base = 0xffff0000;
	machine.threads[REAL].r.cpu.rip = 0xfff0;
	assert_string_equal(value_of("eip"), "f0ffffff");
	/* In 64-bit mode there is no base. */
	connect_described(3);
	machine.threads[LONG].r.cpu.segments[GUEST_CS].base = 0x1000;
	assert_string_equal(value_of("rip"), "0010000000000000");
}

static void g_has_what_comes_before_the_fpu(void **state)
{
	char all[512];

	(void)state;
	connect_described(2);
	assert_int_equal(strlen(ask("g")), 2 * 16 * 4);
	assert_memory_equal(rig_reply + 8, "01100000", 8);
	strcpy(all, rig_reply);
	all[9] = '7';
	memmove(all + 1, all, sizeof(all) - 1);
	all[0] = 'G';
	assert_string_equal(ask(all), "OK");
	assert_int_equal(machine.threads[REAL].r.cpu.gpr[RCX], 0x1007);
	all[20] = 'x';
	assert_string_equal(ask(all), "E01");
	connect_described(3);
	assert_int_equal(strlen(ask("g")), 2 * (16 * 8 + 8 + 7 * 4));
}

/* Two bytes of a register's four on the line. */
static void more_than_a_register_holds_is_refused(void **state)
{
	static const char *const names[] = {"cs", "tr", "gdtr_limit", "fctrl", "ftag", "fop"};
	char all[512], before[32];

	(void)state;
	for (uint32_t pid = 2; pid <= 3; pid++) {
		connect_described(pid);
		for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
			strcpy(before, value_of(names[i]));
			assert_string_equal(set_value(names[i], "00000100"), "E16");
			assert_string_equal(set_value(names[i], "00000080"), "E16");
			assert_string_equal(value_of(names[i]), before);
		}
	}
	connect_described(2);
	all[0] = 'G';
	strcpy(all + 1, ask("g"));
	all[1 + 1] = '1'; /* eax */
	for (unsigned i = 0; i < 8; i++)
		all[1 + 8 * 15 + i] = "00000100"[i]; /* gs */
	assert_string_equal(ask(all), "E16");
	assert_string_equal(value_of("eax"), "00000000");
}

static void a_layout_stays_until_it_is_read_again(void **state)
{
	(void)state;
	connect_described(2);
	machine.threads[REAL].r.mode = DEBUG_64_BIT;
	machine.threads[REAL].r.cpu.rip = 0xffffffff80001234;
	machine.threads[REAL].r.cpu.gpr[RAX] = 0x1122334455667788;
	assert_int_equal(strlen(ask("g")), 128);
	assert_string_equal(value_of("eip"), "34120080");
	/* What has no room stays as it is. */
	assert_string_equal(set_value("eax", "00000000"), "OK");
	assert_int_equal(machine.threads[REAL].r.cpu.gpr[RAX], 0x1122334400000000);
	assert_string_equal(set_value("eip", "35120080"), "OK");
	assert_int_equal(machine.threads[REAL].r.cpu.rip, 0xffffffff80001235);
	read_description(0xffb);
	assert_string_equal(value_of("rip"), "35120080ffffffff");
}

static void a_process_that_was_not_described_is_an_i386(void **state)
{
	(void)state;
	connect_described(2);
	ask("Hgp3.1");
	assert_int_equal(strlen(ask("g")), 128);
	assert_string_equal(ask("p48"), "xxxxxxxx"); /* what gdb calls orig_eax */
	assert_string_equal(ask("p0"), "00000000");
	read_description(0xffb);
	assert_string_equal(ask("pff"), "xxxxxxxx");
	assert_string_equal(ask("Pff=00000000"), "E01");
}

static void the_hypervisor_has_no_fpu(void **state)
{
	unsigned number = 0, bits = 0;

	(void)state;
	connect_described(0);
	assert_non_null(strstr(description, "i386:x86-64"));
	assert_false(find("xmm0", &number, &bits));
	assert_true(find("fs_base", &number, &bits));
	assert_int_equal(number, 57); /* the same with and without */
	assert_string_equal(value_of("st0"), "xxxxxxxxxxxxxxxxxxxx");
	assert_string_equal(value_of("fctrl"), "xxxxxxxx");
	assert_string_equal(set_value("fctrl", "7f030000"), "E5f");
	assert_string_equal(value_of("eflags"), "02020000");
}

/* SDM 1 "x87 FPU Tag Word": 0 valid, 1 zero, 2 special, 3 empty. */
static void tags_are_those_of_the_registers(void **state)
{
	struct debug_registers *r = &machine.threads[REAL].r;

	(void)state;
	connect_described(2);
	assert_string_equal(value_of("ftag"), "ffff0000");
	r->fpu[4] = 0xe0;      /* R7, R6, R5 */
	r->fpu[3] = 5 << 3;    /* TOP is R5: ST0 is R5, ST1 is R6, ST2 is R7 */
	r->fpu[32 + 7] = 0x80; /* ST0 is 1.0 */
	r->fpu[32 + 8] = 0xff;
	r->fpu[32 + 9] = 0x3f;
	r->fpu[64 + 8] = 0xff; /* ST2 is infinite, ST1 is zero */
	r->fpu[64 + 9] = 0x7f;
	assert_string_equal(value_of("ftag"), "ff930000");
	assert_string_equal(set_value("ftag", "ffbf0000"), "OK");
	assert_int_equal(r->fpu[4], 0x80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mode_has_its_architecture),
		cmocka_unit_test(a_description_is_the_same_in_pieces_of_any_size),
		cmocka_unit_test(the_core_has_the_numbers_of_the_manual),
		cmocka_unit_test(every_register_is_written_and_read),
		cmocka_unit_test(rip_is_linear),
		cmocka_unit_test(g_has_what_comes_before_the_fpu),
		cmocka_unit_test(more_than_a_register_holds_is_refused),
		cmocka_unit_test(a_layout_stays_until_it_is_read_again),
		cmocka_unit_test(a_process_that_was_not_described_is_an_i386),
		cmocka_unit_test(the_hypervisor_has_no_fpu),
		cmocka_unit_test(tags_are_those_of_the_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
