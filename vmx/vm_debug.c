/* vmx/vm_debug.c - a debugger's wishes, carried to the core of the VM. */
#include "vmx/vm_debug.h"

#include "vmx/call_core.h"
#include "vmx/core.h"
#include "vmx/by_hand.h"
#include "vmx/vm.h"
#include "vmx/vm_break.h"

/* What a core is asked to do about one of its VMs, with all arguments that there are. */
struct job {
	struct vm *vm;
	void (*fn)(struct job *j);
	enum status status;
	bool flag;
	uint8_t vector;
	uint32_t error_code;
	const char *text;
	enum debug_point_kind kind;
	uint64_t at, len_bytes;
};

static void run_job(void *arg)
{
	struct job *j = arg;
	struct vcpu *v = &j->vm->vcpu, *before;

	/* A hold may have come in the middle of an exit; on another core, of an allocation, which
	 * EPT needs for smaller pages. */
	if (!lock_is_free(&vmx_frames->lock) || !lock_try(&j->vm->lock)) {
		j->status = ERR_BUSY;
		return;
	}
	if (v->fpu) {
		before = vmx_core_borrow(v);
		j->fn(j);
		vmx_core_give_back(before);
	} else {
		j->fn(j); /* it has no machine now */
	}
	lock_release(&j->vm->lock);
}

/* Does it on the VM's core, which looks at its VMs afterwards. */
static enum status carry(struct job *j)
{
	unsigned core = j->vm->vcpu.core;

	j->status = OK;
	if (!vmx_call_core(core, run_job, j))
		return ERR_TIMEOUT;
	host_ops->kick(core);
	return j->status;
}

static uint32_t flags_of(const struct vm *vm)
{
	return __atomic_load_n(&vm->debug.flags, __ATOMIC_ACQUIRE);
}

bool vm_debug_is_there(const struct vm *vm)
{
	return vm->state != VM_READY && !vm->retired;
}

bool vm_debug_is_stopped(const struct vm *vm)
{
	return (flags_of(vm) & (VM_STOPPED | VM_GOES_ON)) == VM_STOPPED;
}

bool vm_debug_next_stop(struct vm *vm, struct vm_stop *s)
{
	struct vm_debug *d = &vm->debug;
	bool news;

	if (!lock_try(&d->lock))
		return false; /* the core writes it just now, or is held in that */
	news = d->event_waits;
	*s = d->event;
	d->event_waits = false;
	lock_release(&d->lock);
	return news;
}

void vm_debug_attach(struct vm *vm)
{
	vm->debug.attached = true;
}

/* ---- stop and go ---- */

/* Without the VM's lock, so that it works in a hold, too: flags and clock only. */
static void stop_job(void *arg)
{
	const struct job *j = arg;
	struct vm *vm = j->vm;

	if (vm->retired || vm_debug_is_stopped(vm))
		return;
	/* Who asks may wait for it in the service of this very core. */
	if (this_cpu()->vmx->between_runs && vm->vcpu.fpu && vm->state == VM_RUNNING)
		vm_stop_now(vm);
	else
		vm_stop_soon(vm, &(struct vm_stop){.reason = VM_STOP_ASKED});
}

void vm_debug_stop(struct vm *vm)
{
	struct job j = {.vm = vm};

	if (vmx_call_core(vm->vcpu.core, stop_job, &j)) /* else it runs no guest */
		host_ops->kick(vm->vcpu.core);
}

static void go_on(struct vm *vm, bool step)
{
	if (!vm_debug_is_stopped(vm))
		return;
	vm_stop_resume(vm, step);
}

static void resume_job(struct job *j)
{
	go_on(j->vm, j->flag);
}

void vm_debug_resume(struct vm *vm, bool step)
{
	struct job j = {.vm = vm, .fn = resume_job, .flag = step};

	if (carry(&j) != OK && vm_debug_is_stopped(vm))
		vm_stop_later(vm, VM_GOES_ON | (step ? VM_STEPS : 0));
}

static void detach_job(struct job *j)
{
	/* A step cannot be called off between an exit and its end. */
	if (!this_cpu()->vmx->between_runs && !(flags_of(j->vm) & VM_STOPPED)) {
		j->status = ERR_BUSY;
		return;
	}
	if (j->vm->vcpu.fpu)
		vm_stop_leave(j->vm);
	go_on(j->vm, false);
}

void vm_debug_detach(struct vm *vm)
{
	struct job j = {.vm = vm, .fn = detach_job};

	vm->debug.attached = false;
	if (carry(&j) != OK)
		vm_stop_later(vm, VM_LEFT_ALONE | VM_GOES_ON);
}

/* The VM's lock may be held by what its core is in the middle of. */
static void skip_time(void *arg)
{
	const struct job *j = arg;

	if (j->vm->vcpu.fpu && !(flags_of(j->vm) & VM_STOPPED))
		vm_stop_skip_time(j->vm);
}

void vm_debug_hold_time(void)
{
	vm_stop_hold_time(true);
}

void vm_debug_skip_time(void)
{
	for (unsigned i = 0; i < vm_count; i++) {
		struct job j = {.vm = vms[i]};

		/* A core that does not answer runs no guest. */
		(void)vmx_call_core(vms[i]->vcpu.core, skip_time, &j);
	}
	vm_stop_hold_time(false);
}

/* ---- its end, and a new beginning ---- */

/* Has it a machine that could run on? */
static bool is_alive(const struct vm *vm)
{
	return vm->vcpu.fpu && (vm->state == VM_RUNNING || vm_debug_is_stopped(vm));
}

static void end_job(struct job *j)
{
	struct vm *vm = j->vm;

	if (!is_alive(vm)) {
		j->status = ERR_INVALID;
		return;
	}
	vm_end(vm, j->flag, "%s", j->text);
	vm->runs_left = 1;
	vm->restart = false;
	go_on(vm, false);
}

enum status vm_debug_end(struct vm *vm, bool well, const char *text)
{
	struct job j = {.vm = vm, .fn = end_job, .flag = well, .text = text};

	return carry(&j);
}

static void reset_job(struct job *j)
{
	struct vm *vm = j->vm;

	if (!is_alive(vm)) {
		j->status = ERR_INVALID;
		return;
	}
	vm_end(vm, false, "reset by the monitor");
	vm->restart = true;
	go_on(vm, false);
}

enum status vm_debug_reset(struct vm *vm)
{
	struct job j = {.vm = vm, .fn = reset_job};

	return carry(&j);
}

static void start_job(struct job *j)
{
	j->status = vm_revive(j->vm);
}

enum status vm_debug_start(struct vm *vm)
{
	struct job j = {.vm = vm, .fn = start_job};

	return carry(&j);
}

/* ---- events ---- */

static void inject_job(struct job *j)
{
	if (!is_alive(j->vm) || j->vm->state != VM_RUNNING)
		j->status = ERR_NOT_FOUND;
	else
		j->status = by_hand_inject(&j->vm->vcpu, j->vector, j->flag, j->error_code);
}

enum status vm_debug_inject(struct vm *vm, uint8_t vector, bool with_error, uint32_t error_code)
{
	struct job j = {.vm = vm,
			.fn = inject_job,
			.flag = with_error,
			.vector = vector,
			.error_code = error_code};

	return carry(&j);
}

/* ---- points ---- */

static void insert_job(struct job *j)
{
	j->status = j->vm->vcpu.fpu ? vm_break_insert(j->vm, j->kind, j->at, j->len_bytes)
				    : ERR_INVALID;
}

static void remove_job(struct job *j)
{
	if (j->vm->vcpu.fpu)
		vm_break_remove(j->vm, j->kind, j->at, j->len_bytes);
}

enum status vm_debug_insert(struct vm *vm, enum debug_point_kind kind, uint64_t at,
			    uint64_t len_bytes)
{
	struct job j = {.vm = vm, .fn = insert_job, .kind = kind, .at = at, .len_bytes = len_bytes};

	return carry(&j);
}

enum status vm_debug_remove(struct vm *vm, enum debug_point_kind kind, uint64_t at,
			    uint64_t len_bytes)
{
	struct job j = {.vm = vm, .fn = remove_job, .kind = kind, .at = at, .len_bytes = len_bytes};

	return carry(&j);
}
