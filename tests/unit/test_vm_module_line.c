/* tests/unit/test_vm_module_line.c - the command line of a VM's further modules. */
#include "tests/unit/support.h"

#include <string.h>

#include "guest/vm_line.h"

static struct vm_module_line module;
static char message[VM_LINE_MESSAGE_SIZE];

static enum status parse(const char *line)
{
	message[0] = '\0';
	return vm_line_parse_module(text_from(line), &module, message, sizeof(message));
}

static void every_role_is_known(void **state)
{
	static const char *const lines[VM_ROLES] = {
		[VM_ROLE_INITRD] = "vm=a role=initrd",   [VM_ROLE_DISK] = "vm=a role=disk",
		[VM_ROLE_CDROM] = "vm=a role=cdrom",     [VM_ROLE_FLOPPY] = "vm=a role=floppy",
		[VM_ROLE_BIOS] = "vm=a role=bios",       [VM_ROLE_MODULE] = "vm=a role=module",
		[VM_ROLE_KERNEL] = "vm=a role=kernel",   [VM_ROLE_FWCFG] = "vm=a role=fwcfg file=x",
		[VM_ROLE_SYMBOLS] = "vm=a role=symbols",
	};

	(void)state;
	for (unsigned i = 0; i < VM_ROLES; i++) {
		assert_int_equal(parse(lines[i]), OK);
		assert_string_equal(module.name, "a");
		assert_int_equal(module.role, i);
		assert_int_equal(module.read_only, i == VM_ROLE_CDROM);
		assert_memory_equal(vm_role_name(i), lines[i] + 10, strlen(vm_role_name(i)));
		assert_true(vm_line_has_role(text_from(lines[i])));
	}
	assert_string_equal(vm_role_name(VM_ROLES), "unknown");
}

static void words_and_the_guests_part_are_taken(void **state)
{
	(void)state;
	assert_int_equal(parse(" ro role=disk  vm=web.1 "), OK);
	assert_string_equal(module.name, "web.1");
	assert_true(module.read_only);
	assert_int_equal(module.line.len, 22);
	assert_int_equal(parse("vm=a role=fwcfg file=etc/show-boot-menu"), OK);
	assert_true(text_is(module.file, "etc/show-boot-menu"));
	assert_int_equal(parse("vm=a role=module --  x role=y "), OK);
	assert_true(text_is(module.args, "x role=y"));
	assert_int_equal(parse("vm=a role=kernel -- quiet"), OK);
	assert_int_equal(parse("vm=a role=disk --"), OK);
}

static void a_role_is_seen_before_the_guests_words_only(void **state)
{
	(void)state;
	assert_false(vm_line_has_role(text_from("vm=a kind=linux -- role=initrd")));
	assert_false(vm_line_has_role(text_from("vm=a role-x roles=1")));
	assert_false(vm_line_has_role(text_from("")));
	assert_true(vm_line_has_role(text_from("role vm=a")));
}

static void roles_fit_the_kinds_that_use_them(void **state)
{
	(void)state;
	assert_true(vm_role_fits(VM_ROLE_INITRD, VM_KIND_LINUX));
	assert_true(vm_role_fits(VM_ROLE_INITRD, VM_KIND_BIOS));
	assert_false(vm_role_fits(VM_ROLE_INITRD, VM_KIND_MULTIBOOT));
	assert_true(vm_role_fits(VM_ROLE_MODULE, VM_KIND_MULTIBOOT));
	assert_false(vm_role_fits(VM_ROLE_MODULE, VM_KIND_LINUX));
	assert_true(vm_role_fits(VM_ROLE_BIOS, VM_KIND_DISK));
	assert_false(vm_role_fits(VM_ROLE_BIOS, VM_KIND_BIOS));
	assert_false(vm_role_fits(VM_ROLES, VM_KIND_BIOS));
	assert_false(vm_role_fits(VM_ROLE_DISK, VM_KINDS));
	for (unsigned kind = 0; kind < VM_KINDS; kind++)
		assert_true(vm_role_fits(VM_ROLE_DISK, kind) &&
			    vm_role_fits(VM_ROLE_SYMBOLS, kind));
}

static const struct {
	const char *line;
	enum status status;
	const char *words;
} mistakes[] = {
	{"role=disk", ERR_NOT_FOUND, "vm=NAME is missing"},
	{"vm=a", ERR_NOT_FOUND, "role= is missing\n  vm=a\n  ^~~~"},
	{"vm=a role=", ERR_INVALID, "unknown role; there are initrd,"},
	{"vm=a role=Disk", ERR_INVALID, "unknown role; there are initrd,"},
	{"vm=a role", ERR_INVALID, "needs a value"},
	{"vm=a/b role=disk", ERR_INVALID, "a vm= name has"},
	{"vm=a role=disk ro=1", ERR_INVALID, "this word takes no value"},
	{"vm=a role=disk ro ro", ERR_EXISTS, "there twice"},
	{"vm=a ro role=bios", ERR_INVALID,
	 "does not go with role=bios\n  vm=a ro role=bios\n  "
	 "     ^~"},
	{"vm=a role=symbols ro", ERR_INVALID, "does not go with role=symbols"},
	{"vm=a role=disk file=x", ERR_INVALID, "does not go with role=disk"},
	{"vm=a role=fwcfg", ERR_NOT_FOUND, "role=fwcfg needs a name"},
	{"vm=a role=fwcfg file=", ERR_INVALID, "1 to 55 characters"},
	{"vm=a role=fwcfg file=12345678901234567890123456789012345678901234567890123456",
	 ERR_INVALID, "1 to 55 characters"},
	{"vm=a role=fwcfg file=a\x7f", ERR_INVALID, "printable characters only"},
	{"vm=a role=initrd -- x", ERR_INVALID, "only role=module and role=kernel"},
	{"vm=a role=disk mem=1M", ERR_INVALID, "unknown word"},
};

static void each_mistake_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		enum status s = parse(mistakes[i].line);

		if (s != mistakes[i].status || !strstr(message, mistakes[i].words))
			fail_msg("%s: %s, %s", mistakes[i].line, status_text(s), message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_role_is_known),
		cmocka_unit_test(words_and_the_guests_part_are_taken),
		cmocka_unit_test(a_role_is_seen_before_the_guests_words_only),
		cmocka_unit_test(roles_fit_the_kinds_that_use_them),
		cmocka_unit_test(each_mistake_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
