/* vmx/vm_debug_memory.c - a VM's memory for a debugger. */
#include "guest/linear.h"
#include "kernel/string.h"
#include "vmx/call_core.h"
#include "vmx/core.h"
#include "vmx/vm.h"

struct copy_job {
	struct vm *vm;
	struct guest_cpu_state s;
	bool physical;
	uint64_t at;
	uint8_t *to;
	const uint8_t *from;
	size_t len_bytes, done;
};

/* A debugger may read and write whatever is mapped: no page is too user's or too read-only. */
static bool translate(struct copy_job *j, uint64_t at, gpa_t *physical)
{
	*physical = gpa(at);
	return j->physical || guest_linear_find(&j->s, &j->vm->memory, at, physical);
}

static bool copy_piece(struct copy_job *j, gpa_t at, size_t piece)
{
	struct guest_memory *m = &j->vm->memory;

	if (j->to) {
		const void *source = guest_memory_read_ptr(m, at, piece);

		if (source)
			memcpy(j->to + j->done, source, piece);
		return source != NULL;
	} else {
		void *target = guest_memory_ptr(m, at, piece);

		if (target)
			memcpy(target, j->from + j->done, piece);
		return target != NULL;
	}
}

static void copy_job(void *arg)
{
	struct copy_job *j = arg;
	struct vcpu *v = &j->vm->vcpu;

	if (!v->fpu)
		return; /* it has no machine now */
	if (!j->physical) {
		struct vcpu *before = vmx_core_borrow(v);

		vcpu_read_state(v, &j->s);
		vmx_core_give_back(before);
	}
	while (j->done < j->len_bytes) {
		uint64_t at = j->at + j->done;
		size_t piece = min_u64(j->len_bytes - j->done, PAGE_4K - at % PAGE_4K);
		gpa_t physical;

		if (at < j->at || !translate(j, at, &physical) || !copy_piece(j, physical, piece))
			return;
		j->done += piece;
	}
}

static enum status copy(struct copy_job *j, size_t *done)
{
	bool answered = vmx_call_core(j->vm->vcpu.core, copy_job, j);

	*done = j->done;
	if (!answered)
		return ERR_TIMEOUT;
	return j->done || !j->len_bytes ? OK : ERR_RANGE;
}

enum status vm_debug_read(struct vm *vm, bool physical, uint64_t at, void *to, size_t len_bytes,
			  size_t *done)
{
	struct copy_job j = {
		.vm = vm, .physical = physical, .at = at, .to = to, .len_bytes = len_bytes};

	return copy(&j, done);
}

enum status vm_debug_write(struct vm *vm, bool physical, uint64_t at, const void *from,
			   size_t len_bytes, size_t *done)
{
	struct copy_job j = {
		.vm = vm, .physical = physical, .at = at, .from = from, .len_bytes = len_bytes};

	return copy(&j, done);
}
