/* debug/guest_target.c - see debug/guest_target.h. */
#include "debug/guest_target.h"

#include "guest/segment.h"
#include "vmx/vm.h"
#include "vmx/vm_debug.h"

/* A VM that steps until it leaves [start, end). */
static struct range {
	bool on;
	bool asked; /* stop() came meanwhile */
	uint64_t start, end;
} ranges[VM_MAX];

static unsigned asked_last; /* next_stop() begins behind this VM, so that each has its turn */

static struct vm *vm_of(uint32_t pid)
{
	struct vm *vm;

	if (pid < DEBUG_FIRST_VM || pid - DEBUG_FIRST_VM >= vm_count)
		return NULL;
	vm = vms[pid - DEBUG_FIRST_VM];
	return vm_debug_is_there(vm) ? vm : NULL;
}

static struct vm *vm_of_thread(struct debug_thread t)
{
	return t.tid <= 1 ? vm_of(t.pid) : NULL;
}

static bool vm_stopped(const struct vm *vm)
{
	return !ranges[vm->index].on && vm_debug_is_stopped(vm);
}

static unsigned threads(void *state, struct debug_thread *out, unsigned max)
{
	unsigned count = 0;

	(void)state;
	for (uint32_t pid = DEBUG_FIRST_VM; pid < DEBUG_FIRST_VM + vm_count; pid++) {
		if (!vm_of(pid))
			continue;
		if (count < max)
			out[count] = (struct debug_thread){.pid = pid, .tid = 1};
		count++;
	}
	return count;
}

static void describe(void *state, struct debug_thread t, char *text, size_t size)
{
	struct vm *vm = vm_of_thread(t);
	struct guest_cpu_state s;
	const char *mode = "running";

	(void)state;
	if (!vm) {
		text_format(text, size, "not there");
		return;
	}
	if (vm_stopped(vm) && vm_debug_read_state(vm, &s, (uint64_t[4]){0}, NULL) == OK)
		mode = vcpu_mode_text(&s);
	text_format(text, size, "%s: vCPU 0 on core %u, %s%s", vm->config.name, vm->vcpu.core, mode,
		    vm->vcpu.halted || vm->vcpu.in_hlt ? ", halted" : "");
}

static void process_name(void *state, uint32_t pid, char *text, size_t size)
{
	struct vm *vm = vm_of(pid);

	(void)state;
	text_format(text, size, "%s", vm ? vm->config.name : "");
}

static bool is_stopped(void *state, struct debug_thread t)
{
	struct vm *vm = vm_of_thread(t);

	(void)state;
	return vm && vm_stopped(vm);
}

static enum debug_mode mode_of(const struct guest_cpu_state *s)
{
	if (guest_is_64bit(s))
		return DEBUG_64_BIT;
	return s->segments[GUEST_CS].access & SEGMENT_DB ? DEBUG_32_BIT : DEBUG_16_BIT;
}

static enum status read_registers(void *state, struct debug_thread t, struct debug_registers *r)
{
	struct vm *vm = vm_of_thread(t);
	enum status s;

	(void)state;
	if (!vm)
		return ERR_NOT_FOUND;
	s = vm_debug_read_state(vm, &r->cpu, r->dr, r->fpu);
	if (s != OK)
		return s;
	r->mode = mode_of(&r->cpu);
	r->has_fpu = true;
	return OK;
}

static enum status write_registers(void *state, struct debug_thread t,
				   const struct debug_registers *r)
{
	struct vm *vm = vm_of_thread(t);

	(void)state;
	return vm ? vm_debug_write_state(vm, &r->cpu, r->dr, r->fpu) : ERR_NOT_FOUND;
}

static enum status read_memory(void *state, struct debug_thread t, uint64_t at, void *to,
			       size_t len_bytes, size_t *done)
{
	struct vm *vm = vm_of_thread(t);

	(void)state;
	return vm ? vm_debug_read(vm, false, at, to, len_bytes, done) : ERR_NOT_FOUND;
}

static enum status write_memory(void *state, struct debug_thread t, uint64_t at, const void *from,
				size_t len_bytes, size_t *done)
{
	struct vm *vm = vm_of_thread(t);

	(void)state;
	return vm ? vm_debug_write(vm, false, at, from, len_bytes, done) : ERR_NOT_FOUND;
}

/* gdb takes what is in no region for unreachable, and asks only once, whatever the guest's paging
 * does later: so all that is not ROM counts as RAM. */
static unsigned memory_map(void *state, uint32_t pid, struct debug_region *out, unsigned max)
{
	struct vm *vm = vm_of(pid);
	uint64_t from = 0;
	unsigned count = 0;

	(void)state;
	for (uint32_t i = 0; vm && i < vm->memory.count && count + 2 < max; i++) {
		const struct guest_chunk *c = &vm->memory.chunks[i];

		if (!c->rom)
			continue;
		if (c->start.raw > from)
			out[count++] = (struct debug_region){from, c->start.raw - from, DEBUG_RAM};
		out[count++] = (struct debug_region){c->start.raw, c->len_bytes, DEBUG_ROM};
		from = c->start.raw + c->len_bytes;
	}
	if (count < max)
		out[count] = (struct debug_region){from, UINT64_MAX - from, DEBUG_RAM};
	return count + 1;
}

static enum status insert(void *state, uint32_t pid, enum debug_point_kind kind, uint64_t at,
			  uint64_t len_bytes)
{
	struct vm *vm = vm_of(pid);

	(void)state;
	return vm ? vm_debug_insert(vm, kind, at, len_bytes) : ERR_NOT_FOUND;
}

static enum status remove(void *state, uint32_t pid, enum debug_point_kind kind, uint64_t at,
			  uint64_t len_bytes)
{
	struct vm *vm = vm_of(pid);

	(void)state;
	return vm ? vm_debug_remove(vm, kind, at, len_bytes) : ERR_NOT_FOUND;
}

static void resume(void *state, struct debug_thread t, enum debug_resume how, uint64_t start,
		   uint64_t end)
{
	(void)state;
	for (uint32_t pid = DEBUG_FIRST_VM; pid < DEBUG_FIRST_VM + vm_count; pid++) {
		struct vm *vm = t.pid == 0 || t.pid == pid ? vm_of(pid) : NULL;

		if (!vm || t.tid > 1 || !vm_stopped(vm))
			continue;
		ranges[vm->index] = (struct range){
			.on = how == DEBUG_STEP_RANGE,
			.start = start,
			.end = end,
		};
		vm_debug_resume(vm, how != DEBUG_CONTINUE);
	}
}

static void stop(void *state, struct debug_thread t)
{
	(void)state;
	for (uint32_t pid = DEBUG_FIRST_VM; pid < DEBUG_FIRST_VM + vm_count; pid++) {
		struct vm *vm = t.pid == 0 || t.pid == pid ? vm_of(pid) : NULL;

		if (!vm || t.tid > 1)
			continue;
		ranges[vm->index].asked = ranges[vm->index].on;
		vm_debug_stop(vm);
	}
}

static bool is_in_range(struct vm *vm, const struct range *r)
{
	struct guest_cpu_state s;
	uint64_t at;

	if (vm_debug_read_state(vm, &s, (uint64_t[4]){0}, NULL) != OK)
		return false;
	at = s.rip + (mode_of(&s) == DEBUG_64_BIT ? 0 : s.segments[GUEST_CS].base);
	return at >= r->start && at < r->end;
}

static const uint8_t reasons[] = {
	[VM_STOP_ASKED] = DEBUG_STOP_ASKED,
	[VM_STOP_START] = DEBUG_STOP_START,
	[VM_STOP_STEP] = DEBUG_STOP_STEP,
	[VM_STOP_BREAKPOINT] = DEBUG_STOP_BREAKPOINT,
	[VM_STOP_HARDWARE] = DEBUG_STOP_HARDWARE,
	[VM_STOP_WATCH] = DEBUG_STOP_WATCH_WRITE,
	[VM_STOP_TRIPLE_FAULT] = DEBUG_STOP_TRIPLE_FAULT,
	[VM_STOP_ENTRY_FAILURE] = DEBUG_STOP_ENTRY_FAILURE,
	[VM_STOP_UNHANDLED] = DEBUG_STOP_UNHANDLED,
	[VM_STOP_ENDED] = DEBUG_STOP_EXITED,
};

/* Is it a stop for the debugger? One that ends a step within a range may not be. */
static bool take_stop(struct vm *vm, struct vm_stop *stop)
{
	struct range *r = &ranges[vm->index];

	if (!vm_debug_next_stop(vm, stop))
		return false;
	if (r->on && stop->reason == VM_STOP_STEP) {
		if (!r->asked && is_in_range(vm, r)) {
			vm_debug_resume(vm, true);
			return false;
		}
		if (r->asked)
			stop->reason = VM_STOP_ASKED;
	}
	r->on = false;
	return true;
}

static bool next_stop(void *state, struct debug_stop *s)
{
	struct vm_stop stop;

	(void)state;
	for (unsigned i = 0; i < vm_count; i++) {
		asked_last = (asked_last + 1) % vm_count;
		if (!take_stop(vms[asked_last], &stop))
			continue;
		*s = (struct debug_stop){
			.thread = {.pid = DEBUG_FIRST_VM + asked_last, .tid = 1},
			.reason = (enum debug_stop_reason)reasons[stop.reason],
			.address = stop.address,
			.number = stop.number,
		};
		if (stop.reason == VM_STOP_WATCH)
			s->reason += stop.kind - DEBUG_POINT_WRITE;
		return true;
	}
	return false;
}

static enum status attach(void *state, uint32_t pid)
{
	struct vm *vm = vm_of(pid);

	(void)state;
	if (!vm)
		return ERR_NOT_FOUND;
	vm_debug_attach(vm);
	return OK;
}

static void detach(void *state, uint32_t pid)
{
	struct vm *vm = vm_of(pid);

	(void)state;
	if (!vm)
		return;
	ranges[vm->index].on = false;
	vm_debug_detach(vm);
}

static enum status kill(void *state, uint32_t pid)
{
	struct vm *vm = vm_of(pid);

	(void)state;
	return vm ? vm_debug_end(vm, false, "killed by the debugger") : ERR_NOT_FOUND;
}

const struct debug_target guest_target = {
	.threads = threads,
	.describe = describe,
	.process_name = process_name,
	.is_stopped = is_stopped,
	.read_registers = read_registers,
	.write_registers = write_registers,
	.read_memory = read_memory,
	.write_memory = write_memory,
	.memory_map = memory_map,
	.insert = insert,
	.remove = remove,
	.resume = resume,
	.stop = stop,
	.next_stop = next_stop,
	.attach = attach,
	.detach = detach,
	.kill = kill,
};
