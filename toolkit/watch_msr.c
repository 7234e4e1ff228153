/*
 * toolkit/watch_msr.c - watch=msr:INDEX[-INDEX][:r|w]: RDMSR and WRMSR.
 *
 * Most MSRs of a guest exit in any case. Those that pass by the MSR bitmap, which all VMs share,
 * exit by a bitmap of the VM's own while one of them is watched. Indices outside of the bitmap's
 * two ranges have no bit and always exit. What the access does is vmx/exit_cpu.c's.
 * Spec: SDM 3C "MSR-Bitmap Address".
 */
#include "guest/msr.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/string.h"
#include "mm/phys.h"
#include "toolkit/msr_area.h"
#include "toolkit/tools.h"
#include "vmx/core.h"
#include "vmx/vmcs.h"

extern const struct tool tool_msr;

struct msr_state {
	hpa_t bitmap; /* 0: none */
};

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	(void)c;
	return watch_any(t, WATCH_MSR);
}

/* watch=syscall looks at EFER.SCE. */
static bool needs_bitmap(const struct vm_tools *t)
{
	return watch_any(t, WATCH_MSR) || watch_any(t, WATCH_SYSCALL);
}

static void fill(const struct vm_tools *t, uint8_t *bitmap)
{
	memcpy(bitmap, phys_ptr(vmx_msr_bitmap), MSR_BITMAP_BYTES);
	for (unsigned i = 0; i < t->watch_count; i++) {
		const struct watch *w = &t->watches[i];

		if (w->kind == WATCH_MSR)
			msr_bitmap_exit(bitmap, (uint32_t)w->low, (uint32_t)w->high,
					w->rights & WATCH_READ, w->rights & WATCH_WRITE);
	}
	if (watch_any(t, WATCH_SYSCALL))
		msr_bitmap_exit(bitmap, MSR_EFER, MSR_EFER, true, true);
}

static void give_back(struct msr_state *state)
{
	if (!state->bitmap.raw)
		return;
	vmcs_write(VMCS_MSR_BITMAP, vmx_msr_bitmap.raw);
	if (frames_free(vmx_frames, state->bitmap, 0) != OK)
		panic("a VM's MSR bitmap cannot be given back");
	state->bitmap.raw = 0;
}

static void change(struct vm *vm)
{
	struct msr_state *state = tool_state(vm->tools, &tool_msr);
	struct vcpu *v = &vm->vcpu;

	if (!needs_bitmap(vm->tools)) {
		give_back(state);
		return;
	}
	if (!state->bitmap.raw && frames_alloc(vmx_frames, 0, &state->bitmap) != OK) {
		/* Without bitmaps all of them exit: slower, and the same for the guest. */
		state->bitmap.raw = 0;
		log_warn(LOG_WATCH, "%s: no memory for an MSR bitmap: every MSR exits",
			 vm->config.name);
		v->proc_controls &= ~(uint32_t)PROC_MSR_BITMAPS;
		vmcs_write(VMCS_PROC_CONTROLS, v->proc_controls);
		return;
	}
	fill(vm->tools, phys_ptr(state->bitmap));
	vmcs_write(VMCS_MSR_BITMAP, state->bitmap.raw);
}

static void end(struct vm *vm)
{
	give_back(tool_state(vm->tools, &tool_msr));
}

static struct watch *find(struct vm_tools *t, uint32_t index, unsigned right)
{
	for (unsigned i = 0; i < t->watch_count; i++) {
		struct watch *w = &t->watches[i];

		if (w->kind == WATCH_MSR && (w->rights & right) && index >= w->low &&
		    index <= w->high)
			return w;
	}
	return NULL;
}

static enum exit_action see_msr(struct vcpu *v, struct tool_exit *x)
{
	bool write = x->reason == EXIT_REASON_WRMSR, has_old;
	uint32_t index = (uint32_t)v->gpr[RCX];
	uint64_t value = v->gpr[RDX] << 32 | (uint32_t)v->gpr[RAX], old = 0;
	struct watch *w = find(v->vm->tools, index, write ? WATCH_WRITE : WATCH_READ);
	const char *name = msr_name(index);
	enum exit_action action;
	char values[64] = "";

	if (!w)
		return tool_pass(v, x);
	has_old = write && (msr_area_has(v, index, &old) || vcpu_read_msr(v, index, &old));
	action = tool_pass(v, x);
	if (!write && action == EXIT_SKIP) {
		value = v->gpr[RDX] << 32 | (uint32_t)v->gpr[RAX];
		text_format(values, sizeof(values), " -> %016llxh", (unsigned long long)value);
	} else if (write) {
		text_format(values, sizeof(values),
			    has_old ? " <- %016llxh, was %016llxh" : " <- %016llxh",
			    (unsigned long long)value, (unsigned long long)old);
	}
	watch_hit(v, w, "%s %s (%08xh)%s%s at %#llx", write ? "WRMSR" : "RDMSR",
		  name ? name : "unknown", index, values, watch_outcome(v, action),
		  (unsigned long long)v->rip);
	return action;
}

const struct tool tool_msr = {
	.name = "msr",
	.state_bytes = sizeof(struct msr_state),
	.reasons = BIT(EXIT_REASON_RDMSR) | BIT(EXIT_REASON_WRMSR),
	.fit = fit,
	.change = change,
	.end = end,
	.exit = see_msr,
};
