/* tests/unit/test_vm_line.c - the command line of a module. */
#include "tests/unit/support.h"

#include <string.h>

#include "guest/vm_line.h"

static struct vm_config config;
static char message[VM_LINE_MESSAGE_SIZE];

static enum status parse(const char *line)
{
	message[0] = '\0';
	return vm_line_parse(text_from(line), &config, message, sizeof(message));
}

static void a_name_alone_gives_all_defaults(void **state)
{
	(void)state;
	assert_int_equal(parse("vm=demo"), OK);
	assert_string_equal(config.name, "demo");
	assert_int_equal(config.kind, VM_KIND_FLAT);
	assert_string_equal(vm_kind_name(config.kind), "flat");
	assert_string_equal(vm_kind_name(VM_KINDS), "unknown");
	assert_int_equal(config.mem_bytes, MIB);
	assert_int_equal(config.load_segment, 0);
	assert_int_equal(config.load_offset, 0x7c00);
	assert_int_equal(config.core, VM_CORE_ANY);
	assert_int_equal(config.repeat, 1);
	assert_int_equal(config.limit_s, 0);
	assert_int_equal(config.cpus, 1);
	assert_int_equal(config.args.len, 0);
}

static void every_key_is_taken(void **state)
{
	(void)state;
	assert_int_equal(parse(" vm=a-b_c.9 kind=flat\tmem=256M load=07c0:fF core=255 "
			       "repeat=1000000 limit=1000000 cpus=1 --  two words  "),
			 OK);
	assert_string_equal(config.name, "a-b_c.9");
	assert_int_equal(config.mem_bytes, 256 * MIB);
	assert_int_equal(config.load_segment, 0x7c0);
	assert_int_equal(config.load_offset, 0xff);
	assert_int_equal(config.core, 255);
	assert_int_equal(config.repeat, 1000000);
	assert_int_equal(config.limit_s, 1000000);
	assert_true(text_is(config.args, "two words"));
	assert_memory_equal(config.line.at, "vm=a-b_c.9 ", 11);
	assert_memory_equal(config.line.at + config.line.len - 11, "  two words", 11);
	assert_int_equal(config.poke_field.len, 0);
	assert_false(config.check_entry);
	assert_int_equal(parse("vm=x poke=GUEST_RFLAGS:0x10 check=entry"), OK);
	assert_true(config.check_entry);
	assert_true(text_is(config.poke_field, "GUEST_RFLAGS"));
	assert_int_equal(config.poke_value, 0x10);
	assert_int_equal(parse("vm=x core=any mem=1T load=A:0"), OK);
	assert_int_equal(config.core, VM_CORE_ANY);
	assert_int_equal(config.mem_bytes, TIB);
	assert_int_equal(config.load_segment, 10);
}

static void each_kind_has_its_defaults(void **state)
{
	static const struct {
		const char *line, *name;
		uint64_t mem_bytes;
		bool restarts, own_firmware;
	} cases[VM_KINDS] = {
		[VM_KIND_FLAT] = {"vm=x", "flat", MIB, false, false},
		[VM_KIND_BIOS] = {"kind=bios vm=x", "bios", 64 * MIB, true, false},
		[VM_KIND_DISK] = {"vm=x kind=disk", "disk", 64 * MIB, true, false},
		[VM_KIND_LINUX] = {"vm=x kind=linux", "linux", 128 * MIB, true, true},
		[VM_KIND_MULTIBOOT] = {"vm=x kind=multiboot", "multiboot", 64 * MIB, true, false},
	};

	(void)state;
	for (unsigned i = 0; i < VM_KINDS; i++) {
		assert_int_equal(parse(cases[i].line), OK);
		assert_int_equal(config.kind, i);
		assert_string_equal(vm_kind_name(config.kind), cases[i].name);
		assert_int_equal(config.mem_bytes, cases[i].mem_bytes);
		assert_int_equal(config.restart_on_reset, cases[i].restarts);
		assert_int_equal(config.own_firmware, cases[i].own_firmware);
		assert_int_equal(config.entry, 16);
		assert_false(config.text_display);
		assert_int_equal(config.debug_exit_port | config.debug_console_port, 0);
		assert_false(config.debug_wait || config.debug_tsc_runs);
	}
}

static void the_words_of_some_kinds_are_taken(void **state)
{
	(void)state;
	assert_int_equal(parse("vm=x entry=64 kind=linux on-reset=stop display=text debugexit=f4 "
			       "debugcon=E9 mem=1M"),
			 OK);
	assert_int_equal(config.entry, 64);
	assert_false(config.own_firmware);
	assert_false(config.restart_on_reset);
	assert_true(config.text_display);
	assert_int_equal(config.debug_exit_port, 0xf4);
	assert_int_equal(config.debug_console_port, 0xe9);
	assert_int_equal(config.mem_bytes, MIB);
	assert_int_equal(parse("vm=x kind=disk firmware=own display=none"), OK);
	assert_true(config.own_firmware);
	assert_int_equal(parse("vm=x firmware=own on-reset=restart load=1000:0"), OK);
	assert_true(config.own_firmware && config.restart_on_reset);
	assert_int_equal(parse("vm=x debug=wait debug-tsc=stop"), OK);
	assert_true(config.debug_wait && !config.debug_tsc_runs);
	assert_int_equal(parse("vm=x debug-tsc=run"), OK);
	assert_true(!config.debug_wait && config.debug_tsc_runs);
	assert_int_equal(parse("vm=x kind=linux firmware=own entry=16"), OK);
	assert_int_equal(parse("vm=x kind=linux entry=32"), OK);
	assert_int_equal(config.entry, 32);
}

static void words_of_the_guest_are_not_read(void **state)
{
	(void)state;
	assert_int_equal(parse("vm=x -- mem=lots vm=y --"), OK);
	assert_true(text_is(config.args, "mem=lots vm=y --"));
	assert_int_equal(parse("vm=x --"), OK);
	assert_int_equal(config.args.len, 0);
	assert_int_equal(parse("-- vm=x"), ERR_NOT_FOUND);
}

static void the_message_quotes_and_points(void **state)
{
	(void)state;
	assert_int_equal(parse("vm=demo meem=1M load=0:0"), ERR_INVALID);
	assert_string_equal(message, "unknown word\n"
				     "  vm=demo meem=1M load=0:0\n"
				     "          ^~~~");
	assert_int_equal(parse("vm=a load=0:0 kind=linux"), ERR_INVALID);
	assert_string_equal(message, "this word does not go with kind=linux\n"
				     "  vm=a load=0:0 kind=linux\n"
				     "       ^~~~");
	assert_int_equal(parse("vm=demo mem=2T"), ERR_RANGE);
	assert_string_equal(message, "mem= goes from 64K to 1T\n"
				     "  vm=demo mem=2T\n"
				     "              ^~");
	assert_int_equal(parse("kind=flat"), ERR_NOT_FOUND);
	assert_string_equal(message, "vm=NAME is missing\n  kind=flat\n  ^~~~~~~~~");
	assert_int_equal(parse(""), ERR_NOT_FOUND);
	assert_string_equal(message, "vm=NAME is missing\n  \n  ^");
	assert_int_equal(parse("vm=a\x01"
			       "b"),
			 ERR_INVALID);
	assert_string_equal(message, "a vm= name has letters, digits, '-', '_' and '.' only\n"
				     "  vm=a?b\n"
				     "      ^");
}

static const struct {
	const char *line;
	enum status status;
} mistakes[] = {
	{"vm=", ERR_INVALID},
	{"vm", ERR_INVALID},
	{"vm=a/b", ERR_INVALID},
	{"vm=12345678901234567890123456789012", ERR_INVALID},
	{"vm=1234567890123456789012345678901", OK},
	{"vm=a vm=b", ERR_EXISTS},
	{"vm=a mem=1M mem=1M", ERR_EXISTS},
	{"vm=a kind=linux", OK},
	{"vm=a kind=multiboot", OK},
	{"vm=a kind=bios", OK},
	{"vm=a kind=disk", OK},
	{"vm=a kind=unknown", ERR_INVALID},
	{"vm=a kind=", ERR_INVALID},
	{"vm=a kind=Flat", ERR_INVALID},
	{"vm=a mem=", ERR_INVALID},
	{"vm=a mem=x", ERR_INVALID},
	{"vm=a mem=64K", OK},
	{"vm=a mem=65535", ERR_RANGE},
	{"vm=a mem=60K", ERR_RANGE},
	{"vm=a mem=65537", ERR_RANGE},
	{"vm=a mem=1025G", ERR_RANGE},
	{"vm=a mem=99999999999999999999", ERR_RANGE},
	{"vm=a load=7C00", ERR_INVALID},
	{"vm=a load=:7C00", ERR_INVALID},
	{"vm=a load=0:", ERR_INVALID},
	{"vm=a load=12345:0", ERR_INVALID},
	{"vm=a load=0:g", ERR_INVALID},
	{"vm=a load=0:1:2", ERR_INVALID},
	{"vm=a core=256", ERR_RANGE},
	{"vm=a core=-1", ERR_INVALID},
	{"vm=a core=99999999999999999999", ERR_RANGE},
	{"vm=a repeat=0", ERR_RANGE},
	{"vm=a repeat=1000001", ERR_RANGE},
	{"vm=a repeat=often", ERR_INVALID},
	{"vm=a limit=0", ERR_RANGE},
	{"vm=a limit=1000001", ERR_RANGE},
	{"vm=a limit=2s", ERR_INVALID},
	{"vm=a poke=", ERR_INVALID},
	{"vm=a check=", ERR_INVALID},
	{"vm=a check=exit", ERR_INVALID},
	{"vm=a poke=GUEST_RIP", ERR_INVALID},
	{"vm=a poke=:1", ERR_INVALID},
	{"vm=a poke=GUEST_RIP:x", ERR_INVALID},
	{"vm=a cpus=0", ERR_RANGE},
	{"vm=a cpus=2", ERR_UNSUPPORTED},
	{"vm=a cpus=257", ERR_RANGE},
	{"vm=a cpus=two", ERR_INVALID},
	{"vm=a role=initrd", ERR_INVALID},
	{"vm=a firmware=sea", ERR_INVALID},
	{"vm=a kind=bios firmware=own", ERR_INVALID},
	{"vm=a kind=multiboot firmware=own", ERR_INVALID},
	{"vm=a kind=linux firmware=own entry=32", ERR_INVALID},
	{"vm=a kind=disk load=0:0", ERR_INVALID},
	{"vm=a entry=16", ERR_INVALID},
	{"vm=a kind=linux entry=8", ERR_INVALID},
	{"vm=a on-reset=never", ERR_INVALID},
	{"vm=a display=vga", ERR_INVALID},
	{"vm=a debug=now", ERR_INVALID},
	{"vm=a debug-tsc=no", ERR_INVALID},
	{"vm=a debugexit=0", ERR_INVALID},
	{"vm=a debugexit=10000", ERR_INVALID},
	{"vm=a debugexit=fffd", ERR_INVALID},
	{"vm=a debugcon=x", ERR_INVALID},
	{"vm=a debugcon=ffff", OK},
	{"vm=a ro", ERR_INVALID},
	{"vm=a file=x", ERR_INVALID},
	{"vm=a =", ERR_INVALID},
	{"vm=a =x", ERR_INVALID},
	{"vm=a -x", ERR_INVALID},
};

static void each_mistake_has_its_status(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		enum status s = parse(mistakes[i].line);

		if (s != mistakes[i].status)
			fail_msg("%s: %s, not %s", mistakes[i].line, status_text(s),
				 status_text(mistakes[i].status));
		assert_int_equal(s == OK, message[0] == '\0');
	}
}

static void a_long_line_is_cut_around_the_mistake(void **state)
{
	char line[600];

	(void)state;
	memset(line, 'a', sizeof(line));
	memcpy(line, "vm=x ", 5);
	memcpy(line + 300, " core=bad ", 10);
	line[sizeof(line) - 1] = '\0';
	line[4] = ' ';
	assert_int_equal(parse(line), ERR_INVALID); /* the long word itself */
	assert_non_null(strstr(message, "\n  vm=x aaaa"));
	assert_non_null(strstr(message, "aaa...\n       ^~~~"));

	memset(line, ' ', 300);
	memcpy(line, "vm=x", 4);
	assert_int_equal(parse(line), ERR_INVALID);
	assert_non_null(strstr(message, "core= takes a number, or any\n  ..."));
	assert_non_null(strstr(message, " core=bad aaa"));
	assert_true(strlen(message) < VM_LINE_MESSAGE_SIZE);
	/* The caret stands below the b of bad. */
	{
		const char *quote = strchr(message, '\n') + 1;
		const char *mark = strchr(quote, '\n') + 1;

		assert_int_equal(strstr(quote, "bad") - quote, strchr(mark, '^') - mark);
	}
}

static void the_toolkits_words_are_kept_as_they_stand(void **state)
{
	char line[80];

	(void)state;
	for (unsigned i = 0; i < VM_TOOL_WORDS; i++) {
		const char *name = vm_tool_word_name(i);

		text_format(line, sizeof(line), "vm=a %s=x:%u,y=z -- %s=1", name, i, name);
		assert_int_equal(parse(line), OK);
		for (unsigned k = 0; k < VM_TOOL_WORDS; k++)
			assert_int_equal(config.tools[k].len != 0, k == i);
		assert_ptr_equal(config.tools[i].at, line + 5 + strlen(name) + 1);
		line[5 + strlen(name) + 1 + config.tools[i].len] = '\0';
		assert_int_equal(strlen(config.tools[i].at), i < 10 ? 7 : 8);
		text_format(line, sizeof(line), "vm=a %s= mem=1M", name);
		assert_int_equal(parse(line), ERR_INVALID);
		assert_non_null(strstr(message, "this word needs a value\n"));
		text_format(line, sizeof(line), "vm=a %s=1 %s=1", name, name);
		assert_int_equal(parse(line), ERR_EXISTS);
	}
	assert_string_equal(vm_tool_word_name(VM_TOOL_WATCH), "watch");
	assert_string_equal(vm_tool_word_name(VM_TOOL_PASS), "pass");
}

static void a_fault_that_others_find_is_quoted_like_ours(void **state)
{
	struct text line = text_from("vm=a watch=io:3f8,oi:60,cr0"), bad;

	(void)state;
	bad = (struct text){.at = line.at + 18, .len = 2};
	vm_line_quote(line, bad, "unknown word in watch=", message, sizeof(message));
	assert_string_equal(message, "unknown word in watch=\n"
				     "  vm=a watch=io:3f8,oi:60,cr0\n"
				     "                    ^~");
	bad = (struct text){.at = line.at + line.len, .len = 0};
	vm_line_quote(line, bad, "x", message, sizeof(message));
	assert_string_equal(message, "x\n"
				     "  vm=a watch=io:3f8,oi:60,cr0\n"
				     "                             ^");
}

static void no_room_for_a_message_is_fine(void **state)
{
	char tiny[8] = "1234567";

	(void)state;
	assert_int_equal(vm_line_parse(text_from("nonsense"), &config, tiny, 4), ERR_INVALID);
	assert_string_equal(tiny, "unk");
	assert_int_equal(tiny[4], '5');
	assert_int_equal(vm_line_parse(text_from("nonsense"), &config, NULL, 0), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_alone_gives_all_defaults),
		cmocka_unit_test(every_key_is_taken),
		cmocka_unit_test(each_kind_has_its_defaults),
		cmocka_unit_test(the_words_of_some_kinds_are_taken),
		cmocka_unit_test(words_of_the_guest_are_not_read),
		cmocka_unit_test(the_message_quotes_and_points),
		cmocka_unit_test(each_mistake_has_its_status),
		cmocka_unit_test(a_long_line_is_cut_around_the_mistake),
		cmocka_unit_test(the_toolkits_words_are_kept_as_they_stand),
		cmocka_unit_test(a_fault_that_others_find_is_quoted_like_ours),
		cmocka_unit_test(no_room_for_a_message_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
