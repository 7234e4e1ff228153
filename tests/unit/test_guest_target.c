/*
 * tests/unit/test_guest_target.c - the promises of debug/guest_target.h, over VMs that are played.
 */
#include "tests/unit/support.h"

#include "debug/guest_target.h"
#include "guest/segment.h"
#include "vmx/vm.h"
#include "vmx/vm_debug.h"
#include "kernel/string.h"

#define MACHINES 3u

struct vm *vms[VM_MAX];
unsigned vm_count;

/* What the played VM does, and what was asked of it. */
static struct played {
	struct vm vm;
	struct guest_chunk chunks[3];
	struct guest_cpu_state cpu;
	bool stopped, event, attached, ended;
	struct vm_stop stop;
	unsigned steps, runs, stops_asked, inserted, removed;
} played[MACHINES];

static struct played *of(const struct vm *vm)
{
	return &played[vm->index];
}

void vm_debug_attach(struct vm *vm)
{
	of(vm)->attached = true;
}

void vm_debug_detach(struct vm *vm)
{
	of(vm)->attached = false;
	of(vm)->stopped = false;
}

void vm_debug_stop(struct vm *vm)
{
	of(vm)->stops_asked++;
}

bool vm_debug_is_there(const struct vm *vm)
{
	return vm->state == VM_RUNNING;
}

bool vm_debug_is_stopped(const struct vm *vm)
{
	return of(vm)->stopped;
}

bool vm_debug_next_stop(struct vm *vm, struct vm_stop *s)
{
	bool news = of(vm)->event;

	*s = of(vm)->stop;
	of(vm)->event = false;
	return news;
}

void vm_debug_resume(struct vm *vm, bool step)
{
	struct played *p = of(vm);

	if (step) {
		p->steps++;
		p->cpu.rip += 2;
		p->stop = (struct vm_stop){.reason = VM_STOP_STEP};
		p->event = true;
		return;
	}
	p->runs++;
	p->stopped = false;
}

enum status vm_debug_read_state(struct vm *vm, struct guest_cpu_state *s, uint64_t dr[4], void *fpu)
{
	if (!of(vm)->stopped)
		return ERR_INVALID;
	*s = of(vm)->cpu;
	for (unsigned i = 0; i < 4; i++)
		dr[i] = 0x1000 * i;
	if (fpu)
		memset(fpu, 0x5a, GUEST_FPU_BYTES);
	return OK;
}

enum status vm_debug_write_state(struct vm *vm, const struct guest_cpu_state *s,
				 const uint64_t dr[4], const void *fpu)
{
	(void)dr;
	(void)fpu;
	of(vm)->cpu = *s;
	return OK;
}

enum status vm_debug_read(struct vm *vm, bool physical, uint64_t at, void *to, size_t len_bytes,
			  size_t *done)
{
	assert_false(physical);
	memset(to, (int)(at & 0xff) + (int)vm->index, len_bytes);
	*done = len_bytes;
	return OK;
}

enum status vm_debug_write(struct vm *vm, bool physical, uint64_t at, const void *from,
			   size_t len_bytes, size_t *done)
{
	(void)vm;
	(void)physical;
	(void)at;
	(void)from;
	*done = len_bytes;
	return OK;
}

enum status vm_debug_insert(struct vm *vm, enum debug_point_kind kind, uint64_t at,
			    uint64_t len_bytes)
{
	(void)at;
	(void)len_bytes;
	of(vm)->inserted |= 1u << kind;
	return OK;
}

enum status vm_debug_remove(struct vm *vm, enum debug_point_kind kind, uint64_t at,
			    uint64_t len_bytes)
{
	(void)at;
	(void)len_bytes;
	of(vm)->removed |= 1u << kind;
	return OK;
}

enum status vm_debug_end(struct vm *vm, bool well, const char *text)
{
	assert_false(well);
	assert_non_null(text);
	of(vm)->ended = true;
	return OK;
}

const char *vcpu_mode_text(const struct guest_cpu_state *s)
{
	return s->cr0 & CR0_PE ? "protected mode" : "real mode";
}

static const struct debug_target *const target = &guest_target;

static int set_up(void **state)
{
	static const char *const names[MACHINES] = {"one", "two", "three"};

	(void)state;
	memset(played, 0, sizeof(played));
	vm_count = MACHINES;
	for (unsigned i = 0; i < MACHINES; i++) {
		struct vm *vm = &played[i].vm;

		vms[i] = vm;
		vm->index = i;
		vm->state = VM_RUNNING;
		vm->vcpu.core = i;
		memcpy(vm->config.name, names[i], strlen(names[i]) + 1);
		played[i].stopped = true;
		played[i].cpu.segments[GUEST_CS].base = 0x10000;
	}
	return 0;
}

static struct debug_thread thread(unsigned vm)
{
	return (struct debug_thread){.pid = DEBUG_FIRST_VM + vm, .tid = 1};
}

static void each_vm_that_runs_is_a_process_with_one_thread(void **state)
{
	struct debug_thread out[MACHINES];
	char text[80];

	(void)state;
	played[1].vm.state = VM_ENDED;
	assert_int_equal(target->threads(NULL, out, MACHINES), 2);
	assert_int_equal(out[0].pid, 2);
	assert_int_equal(out[1].pid, 4);
	assert_int_equal(out[1].tid, 1);
	assert_int_equal(target->threads(NULL, out, 0), 2);
	target->process_name(NULL, 4, text, sizeof(text));
	assert_string_equal(text, "three");
	target->process_name(NULL, 3, text, sizeof(text));
	assert_string_equal(text, "");
}

static void a_description_says_core_and_mode(void **state)
{
	char text[80];

	(void)state;
	target->describe(NULL, thread(2), text, sizeof(text));
	assert_string_equal(text, "three: vCPU 0 on core 2, real mode");
	played[2].stopped = false;
	played[2].vm.vcpu.halted = true;
	target->describe(NULL, thread(2), text, sizeof(text));
	assert_string_equal(text, "three: vCPU 0 on core 2, running, halted");
	target->describe(NULL, thread(7), text, sizeof(text));
	assert_string_equal(text, "not there");
}

static void what_is_not_there_is_not_found(void **state)
{
	struct debug_registers r;
	size_t done;

	(void)state;
	for (uint32_t pid = 0; pid < 70; pid++) {
		const struct debug_thread t = {.pid = pid, .tid = 1};

		if (pid >= DEBUG_FIRST_VM && pid < DEBUG_FIRST_VM + MACHINES)
			continue;
		assert_false(target->is_stopped(NULL, t));
		assert_int_equal(target->read_registers(NULL, t, &r), ERR_NOT_FOUND);
		assert_int_equal(target->write_registers(NULL, t, &r), ERR_NOT_FOUND);
		assert_int_equal(target->read_memory(NULL, t, 0, &r, 1, &done), ERR_NOT_FOUND);
		assert_int_equal(target->write_memory(NULL, t, 0, &r, 1, &done), ERR_NOT_FOUND);
		assert_int_equal(target->insert(NULL, pid, DEBUG_POINT_SOFTWARE, 0, 1),
				 ERR_NOT_FOUND);
		assert_int_equal(target->remove(NULL, pid, DEBUG_POINT_SOFTWARE, 0, 1),
				 ERR_NOT_FOUND);
		assert_int_equal(target->attach(NULL, pid), ERR_NOT_FOUND);
		assert_int_equal(target->kill(NULL, pid), ERR_NOT_FOUND);
		target->detach(NULL, pid);
	}
	assert_int_equal(target->read_registers(NULL, (struct debug_thread){2, 2}, &r),
			 ERR_NOT_FOUND);
}

static void the_mode_is_that_of_the_code_segment(void **state)
{
	struct debug_registers r;

	(void)state;
	assert_int_equal(target->read_registers(NULL, thread(0), &r), OK);
	assert_int_equal(r.mode, DEBUG_16_BIT);
	assert_true(r.has_fpu);
	assert_int_equal(r.fpu[511], 0x5a);
	assert_int_equal(r.dr[3], 0x3000);
	played[0].cpu.segments[GUEST_CS].access = SEGMENT_DB;
	assert_int_equal(target->read_registers(NULL, thread(0), &r), OK);
	assert_int_equal(r.mode, DEBUG_32_BIT);
	played[0].cpu.segments[GUEST_CS].access = SEGMENT_LONG;
	played[0].cpu.efer = EFER_LMA;
	assert_int_equal(target->read_registers(NULL, thread(0), &r), OK);
	assert_int_equal(r.mode, DEBUG_64_BIT);
	r.cpu.gpr[RBX] = 77;
	assert_int_equal(target->write_registers(NULL, thread(0), &r), OK);
	assert_int_equal(played[0].cpu.gpr[RBX], 77);
	played[0].stopped = false;
	assert_int_equal(target->read_registers(NULL, thread(0), &r), ERR_INVALID);
}

static void the_map_is_ram_around_the_rom(void **state)
{
	struct debug_region out[8];
	struct guest_memory *m = &played[0].vm.memory;

	(void)state;
	assert_int_equal(target->memory_map(NULL, 2, out, 8), 1);
	assert_int_equal(out[0].start, 0);
	assert_int_equal(out[0].len_bytes, UINT64_MAX);
	m->chunks = played[0].chunks;
	m->count = 3;
	m->chunks[0] = (struct guest_chunk){.start = gpa(0), .len_bytes = 0xa0000};
	m->chunks[1] =
		(struct guest_chunk){.start = gpa(0xe0000), .len_bytes = 0x20000, .rom = true};
	m->chunks[2] =
		(struct guest_chunk){.start = gpa(0x100000), .len_bytes = 0x10000, .rom = true};
	assert_int_equal(target->memory_map(NULL, 2, out, 8), 4);
	assert_int_equal(out[0].len_bytes, 0xe0000);
	assert_int_equal(out[1].start, 0xe0000);
	assert_int_equal(out[1].kind, DEBUG_ROM);
	assert_int_equal(out[2].start, 0x100000);
	assert_int_equal(out[2].kind, DEBUG_ROM);
	assert_int_equal(out[3].start, 0x110000);
	assert_int_equal(out[3].kind, DEBUG_RAM);
	assert_int_equal(out[3].len_bytes, UINT64_MAX - 0x110000);
	for (unsigned room = 0; room < 5; room++)
		assert_true(target->memory_map(NULL, 2, out, room) >= 1);
}

static void memory_and_breakpoints_go_to_the_vm(void **state)
{
	uint8_t bytes[4];
	size_t done;

	(void)state;
	assert_int_equal(target->read_memory(NULL, thread(1), 0x10, bytes, 4, &done), OK);
	assert_int_equal(bytes[3], 0x11);
	assert_int_equal(target->write_memory(NULL, thread(1), 0x10, bytes, 4, &done), OK);
	for (int kind = DEBUG_POINT_SOFTWARE; kind <= DEBUG_POINT_ACCESS; kind++) {
		assert_int_equal(target->insert(NULL, 3, (enum debug_point_kind)kind, 0, 1), OK);
		assert_int_equal(target->remove(NULL, 3, (enum debug_point_kind)kind, 0, 1), OK);
	}
	assert_int_equal(played[1].inserted, 0x1f);
	assert_int_equal(played[1].removed, 0x1f);
	assert_int_equal(played[0].inserted, 0);
}

static void resume_reaches_those_that_are_named_and_stopped(void **state)
{
	(void)state;
	target->resume(NULL, thread(1), DEBUG_CONTINUE, 0, 0);
	assert_int_equal(played[0].runs + played[2].runs, 0);
	assert_int_equal(played[1].runs, 1);
	target->resume(NULL, (struct debug_thread){0, 0}, DEBUG_CONTINUE, 0, 0);
	assert_int_equal(played[0].runs, 1);
	assert_int_equal(played[1].runs, 1);
	assert_int_equal(played[2].runs, 1);
}

static void stop_asks_those_that_are_named(void **state)
{
	(void)state;
	target->stop(NULL, thread(2));
	assert_int_equal(played[2].stops_asked, 1);
	target->stop(NULL, (struct debug_thread){0, 0});
	assert_int_equal(played[0].stops_asked, 1);
	assert_int_equal(played[2].stops_asked, 2);
}

static void a_range_is_stepped_until_it_is_left(void **state)
{
	struct debug_stop s;

	(void)state;
	played[0].cpu.rip = 0x100; /* linear 10100h */
	target->resume(NULL, thread(0), DEBUG_STEP_RANGE, 0x10100, 0x10106);
	assert_int_equal(played[0].steps, 1);
	assert_false(target->is_stopped(NULL, thread(0)));
	assert_false(target->next_stop(NULL, &s)); /* 10102h, one step more */
	assert_int_equal(played[0].steps, 2);
	assert_false(target->next_stop(NULL, &s));
	assert_int_equal(played[0].steps, 3);
	assert_true(target->next_stop(NULL, &s));
	assert_int_equal(s.reason, DEBUG_STOP_STEP);
	assert_int_equal(s.thread.pid, 2);
	assert_int_equal(played[0].cpu.rip, 0x106);
	assert_int_equal(played[0].steps, 3);
	assert_true(target->is_stopped(NULL, thread(0)));
}

static void a_breakpoint_ends_a_range(void **state)
{
	struct debug_stop s;

	(void)state;
	target->resume(NULL, thread(0), DEBUG_STEP_RANGE, 0x10000, 0x20000);
	played[0].stop = (struct vm_stop){.reason = VM_STOP_BREAKPOINT};
	assert_true(target->next_stop(NULL, &s));
	assert_int_equal(s.reason, DEBUG_STOP_BREAKPOINT);
	assert_true(target->is_stopped(NULL, thread(0)));
}

static void a_range_ends_when_a_stop_is_asked_for(void **state)
{
	struct debug_stop s;

	(void)state;
	target->resume(NULL, thread(0), DEBUG_STEP_RANGE, 0x10000, 0x20000);
	target->stop(NULL, (struct debug_thread){2, 0});
	assert_true(target->next_stop(NULL, &s));
	assert_int_equal(s.reason, DEBUG_STOP_ASKED);
	assert_int_equal(played[0].steps, 1);
	assert_true(target->is_stopped(NULL, thread(0)));
}

static void stops_are_told_in_turn(void **state)
{
	struct debug_stop s;
	unsigned seen = 0;

	(void)state;
	for (unsigned i = 0; i < MACHINES; i++) {
		played[i].stop = (struct vm_stop){.reason = VM_STOP_TRIPLE_FAULT};
		played[i].event = true;
	}
	for (unsigned i = 0; i < MACHINES; i++) {
		assert_true(target->next_stop(NULL, &s));
		assert_int_equal(s.reason, DEBUG_STOP_TRIPLE_FAULT);
		seen |= 1u << s.thread.pid;
		played[s.thread.pid - DEBUG_FIRST_VM].event = i == 0; /* one has news again */
	}
	assert_int_equal(seen, 0x1c);
}

static void a_watchpoint_s_kind_is_told(void **state)
{
	static const struct {
		enum debug_point_kind kind;
		enum debug_stop_reason reason;
	} cases[] = {
		{DEBUG_POINT_WRITE, DEBUG_STOP_WATCH_WRITE},
		{DEBUG_POINT_READ, DEBUG_STOP_WATCH_READ},
		{DEBUG_POINT_ACCESS, DEBUG_STOP_WATCH_ACCESS},
	};
	struct debug_stop s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		played[1].stop = (struct vm_stop){
			.reason = VM_STOP_WATCH, .kind = cases[i].kind, .address = 0x1234};
		played[1].event = true;
		assert_true(target->next_stop(NULL, &s));
		assert_int_equal(s.reason, cases[i].reason);
		assert_int_equal(s.address, 0x1234);
	}
}

static void no_vm_makes_no_stop(void **state)
{
	struct debug_stop s;

	(void)state;
	vm_count = 0;
	assert_false(target->next_stop(NULL, &s));
}

static void attach_detach_and_kill_reach_the_vm(void **state)
{
	(void)state;
	assert_int_equal(target->attach(NULL, 3), OK);
	assert_true(played[1].attached);
	target->resume(NULL, thread(1), DEBUG_STEP_RANGE, 0x10000, 0x20000);
	target->detach(NULL, 3);
	assert_false(played[1].attached);
	assert_false(target->is_stopped(NULL, thread(1)));
	assert_int_equal(target->kill(NULL, 3), OK);
	assert_true(played[1].ended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_vm_that_runs_is_a_process_with_one_thread, set_up),
		cmocka_unit_test_setup(a_description_says_core_and_mode, set_up),
		cmocka_unit_test_setup(what_is_not_there_is_not_found, set_up),
		cmocka_unit_test_setup(the_mode_is_that_of_the_code_segment, set_up),
		cmocka_unit_test_setup(the_map_is_ram_around_the_rom, set_up),
		cmocka_unit_test_setup(memory_and_breakpoints_go_to_the_vm, set_up),
		cmocka_unit_test_setup(resume_reaches_those_that_are_named_and_stopped, set_up),
		cmocka_unit_test_setup(stop_asks_those_that_are_named, set_up),
		cmocka_unit_test_setup(a_range_is_stepped_until_it_is_left, set_up),
		cmocka_unit_test_setup(a_breakpoint_ends_a_range, set_up),
		cmocka_unit_test_setup(a_range_ends_when_a_stop_is_asked_for, set_up),
		cmocka_unit_test_setup(stops_are_told_in_turn, set_up),
		cmocka_unit_test_setup(a_watchpoint_s_kind_is_told, set_up),
		cmocka_unit_test_setup(no_vm_makes_no_stop, set_up),
		cmocka_unit_test_setup(attach_detach_and_kill_reach_the_vm, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
