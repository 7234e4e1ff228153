/* vmx/core.c - VMX on one core, and what all VMs share. */
#include "vmx/core.h"

#include "guest/cpuid.h"
#include "guest/msr.h"
#include "kernel/assert.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/string.h"
#include "kernel/trap.h"
#include "mm/phys.h"
#include "vmx/firmware.h"
#include "vmx/vcpu.h"
#include "vmx/vmcs.h"

#define REASON_SIZE 256u

struct vmx_caps vmx_caps;
struct vmx_msrs vmx_cpu_msrs;
struct frames *vmx_frames;
const struct host_ops *host_ops;
hpa_t vmx_io_bitmaps;
hpa_t vmx_msr_bitmap;
uint64_t vmx_xcr0_all;
unsigned vmx_fpu_order;
bool vmx_trace_ports;
bool vmx_off_between;

static struct text left_out;
static uint32_t switched_msrs[VCPU_PARKED_MSRS];
static unsigned switched_msr_count;
static char reason_text[REASON_SIZE];
static struct vmx_core cores[CPU_MAX];

struct msr_features vmx_msr_features(void)
{
	uint64_t misc_enable;

	if (cpu_rdmsr_safe(MSR_MISC_ENABLE, &misc_enable) != OK)
		misc_enable = 0;
	return (struct msr_features){
		.fast_strings = misc_enable & BIT(0),
		.rdtscp = vmx_caps.rdtscp,
		.pat_switched = vmx_caps.guest_pat,
		.efer_switched = true, /* these controls must be there, or vmx_init() refuses */
	};
}

/* The MSRs that pass from guest to guest by our own hand. */
static void list_switched_msrs(void)
{
	const struct msr_features features = vmx_msr_features();
	uint32_t index;

	for (switched_msr_count = 0; msr_caller_switches(&features, switched_msr_count, &index);) {
		ASSERT(switched_msr_count < VCPU_PARKED_MSRS);
		switched_msrs[switched_msr_count++] = index;
	}
}

static enum status make_shared_pages(void)
{
	const struct msr_features features = vmx_msr_features();
	enum status s = frames_alloc(vmx_frames, 1, &vmx_io_bitmaps);

	if (s != OK)
		return s;
	s = frames_alloc_zeroed(vmx_frames, 0, &vmx_msr_bitmap);
	if (s != OK)
		goto undo;
	memset(phys_ptr(vmx_io_bitmaps), 0xff, 2 * PAGE_4K);
	msr_fill_bitmap(phys_ptr(vmx_msr_bitmap), &features);
	return OK;

undo:
	if (frames_free(vmx_frames, vmx_io_bitmaps, 1) != OK)
		panic("the I/O bitmaps cannot be given back");
	return s;
}

/* SDM 1 "Enabling the XSAVE Feature Set and XSAVE-Enabled Features". */
static void measure_fpu(void)
{
	static struct cpuid_policy policy; /* large, and only looked at here */
	const struct cpuid_options options = {0};
	uint64_t len_bytes = PAGE_4K;

	cpuid_policy_build(&policy, cpu_cpuid, &options);
	if ((cpu_read_cr4() & CR4_OSXSAVE) && xcr0_allowed(&policy)) {
		vmx_xcr0_all = xcr0_allowed(&policy);
		cpu_xsetbv(0, vmx_xcr0_all);
		len_bytes = cpu_cpuid(0xd, 0).ebx;
	}
	vmx_fpu_order = frames_order_for(len_bytes);
}

/* What the CPU says, less what the command line takes away. */
static void read_caps(struct vmx_msrs *m)
{
	struct text rest = left_out, word;

	vmx_caps_read(m);
	while (text_next_piece(&rest, ',', &word)) {
		if (vmx_caps_without(m, word) != OK && this_cpu()->index == 0)
			log_error(LOG_VMX, "option without: do not know \"%.*s\"", (int)word.len,
				  word.at);
	}
}

void vmx_follow_log_levels(void)
{
	vmx_trace_ports = log_enabled(LOG_TRACE, LOG_PIC) || log_enabled(LOG_TRACE, LOG_PIT) ||
			  log_enabled(LOG_TRACE, LOG_UART) || log_enabled(LOG_TRACE, LOG_IO);
}

enum status vmx_init(struct frames *frames, const struct host_ops *ops, struct text without,
		     const char **reason)
{
	enum status s;

	vmx_frames = frames;
	host_ops = ops;
	*reason = reason_text;
	left_out = without;
	vmx_follow_log_levels();
	measure_fpu();
	read_caps(&vmx_cpu_msrs);
	s = vmx_caps_decide(&vmx_cpu_msrs, &vmx_caps, reason_text, sizeof(reason_text));
	if (vmx_cpu_msrs.cpu_has_vmx)
		vmx_caps_log(&vmx_cpu_msrs, &vmx_caps);
	if (s != OK)
		return s;
	log_info(LOG_VMX,
		 "VMCS revision %#x, EPT pages up to %s, VPID %s, preemption timer %s (TSC/%u)",
		 vmx_caps.revision,
		 vmx_caps.ept_max_leaf == PAGE_1G   ? "1 GiB"
		 : vmx_caps.ept_max_leaf == PAGE_2M ? "2 MiB"
						    : "4 KiB",
		 vmx_caps.vpid ? "yes" : "no", vmx_caps.preemption_timer ? "yes" : "no",
		 1u << vmx_caps.preemption_shift);
	list_switched_msrs();
	firmware_unpack();
	s = make_shared_pages();
	if (s != OK)
		*reason = "no memory for the I/O and MSR bitmaps";
	return s;
}

/* SDM 3C "Enabling and Entering VMX Operation": every core has its own IA32_FEATURE_CONTROL. */
static enum status check_this_core(void)
{
	struct vmx_msrs msrs;
	struct vmx_caps mine;
	char text[REASON_SIZE];
	enum status s;

	read_caps(&msrs);
	s = vmx_caps_decide(&msrs, &mine, text, sizeof(text));
	if (s != OK) {
		log_error(LOG_VMX, "core %u: %s", this_cpu()->index, text);
		return s;
	}
	if (mine.must_lock_feature_control)
		cpu_wrmsr(MSR_FEATURE_CONTROL, msrs.feature_control | FEATURE_CONTROL_LOCKED |
						       FEATURE_CONTROL_VMX_OUTSIDE_SMX);
	mine.must_lock_feature_control = vmx_caps.must_lock_feature_control;
	if (memcmp(mine.controls, vmx_caps.controls, sizeof(mine.controls)) != 0 ||
	    mine.revision != vmx_caps.revision || mine.ept_max_leaf != vmx_caps.ept_max_leaf) {
		log_error(LOG_VMX, "core %u: its VT-x differs from the boot processor's",
			  this_cpu()->index);
		return ERR_UNSUPPORTED;
	}
	return OK;
}

enum status vmx_core_on(void)
{
	struct cpu *c = this_cpu();
	struct vmx_core *core = &cores[c->index];
	enum status s = check_this_core();

	if (s != OK)
		return s;
	s = frames_alloc_zeroed(vmx_frames, 0, &core->region);
	if (s != OK)
		return s;
	*(uint32_t *)phys_ptr(core->region) = vmx_caps.revision;
	cpu_write_cr0((cpu_read_cr0() | vmx_caps.cr0_fixed0) & vmx_caps.cr0_fixed1);
	cpu_write_cr4((cpu_read_cr4() | vmx_caps.cr4_fixed0) & vmx_caps.cr4_fixed1);
	s = vmx_on(core->region);
	if (s != OK) {
		log_error(LOG_VMX, "core %u: VMXON failed (VMfailInvalid)", c->index);
		cpu_write_cr4(cpu_read_cr4() & ~CR4_VMXE);
		if (frames_free(vmx_frames, core->region, 0) != OK)
			panic("a VMXON region cannot be given back");
		return s;
	}
	c->vmx = core;
	log_debug(LOG_VMX, "VMX root operation");
	return OK;
}

void vmx_core_off(void)
{
	struct cpu *c = this_cpu();
	struct vmx_core *core = c->vmx;

	if (!core)
		return;
	ASSERT(!core->first && !core->loaded);
	vmx_off();
	cpu_write_cr4(cpu_read_cr4() & ~CR4_VMXE);
	c->vmx = NULL;
	if (frames_free(vmx_frames, core->region, 0) != OK)
		panic("a VMXON region cannot be given back");
	log_debug(LOG_VMX, "VMXOFF");
}

void vmx_core_between(void)
{
	struct vmx_core *core = this_cpu()->vmx;

	if (!vmx_off_between || core->first)
		return;
	vmx_core_off();
	if (vmx_core_on() != OK)
		panic("VMX operation cannot be entered again");
	core->times_off++;
}

struct vmx_core *vmx_core_of(unsigned cpu_index)
{
	ASSERT(cpu_index < CPU_MAX);
	return &cores[cpu_index];
}

static void park(struct vcpu *v)
{
	v->parked.cr2 = cpu_read_cr2();
	v->parked.dr[0] = cpu_read_dr0();
	v->parked.dr[1] = cpu_read_dr1();
	v->parked.dr[2] = cpu_read_dr2();
	v->parked.dr[3] = cpu_read_dr3();
	v->parked.dr6 = cpu_read_dr6();
	for (unsigned i = 0; i < switched_msr_count; i++)
		v->parked.msr[i] = cpu_rdmsr(switched_msrs[i]);
	if (vmx_xcr0_all) {
		/* All of it, also what this guest has switched off: nothing may reach the next
		 * one. */
		cpu_xsetbv(0, vmx_xcr0_all);
		cpu_xsave(v->fpu, vmx_xcr0_all);
	} else {
		cpu_fxsave(v->fpu);
	}
}

static void unpark(const struct vcpu *v)
{
	cpu_write_cr2(v->parked.cr2);
	cpu_write_dr0(v->parked.dr[0]);
	cpu_write_dr1(v->parked.dr[1]);
	cpu_write_dr2(v->parked.dr[2]);
	cpu_write_dr3(v->parked.dr[3]);
	cpu_write_dr6(v->parked.dr6);
	for (unsigned i = 0; i < switched_msr_count; i++)
		cpu_wrmsr(switched_msrs[i], v->parked.msr[i]);
	if (vmx_xcr0_all) {
		cpu_xsetbv(0, vmx_xcr0_all);
		cpu_xrstor(v->fpu, vmx_xcr0_all);
		cpu_xsetbv(0, v->parked.xcr0);
	} else {
		cpu_fxrstor(v->fpu);
	}
}

/* It is noted first: where a debugger's hold comes in between, it loads that one again. */
static void load_vmcs(struct vmx_core *core, struct vcpu *v)
{
	if (core->loaded == v)
		return;
	core->loaded = v;
	if (v && vmcs_load(v->vmcs) != OK)
		panic("VMPTRLD of %#llx refused", (unsigned long long)v->vmcs.raw);
}

/* Whatever is noted: a hold may have come between the note and VMPTRLD. */
struct vcpu *vmx_core_borrow(struct vcpu *v)
{
	struct vmx_core *core = this_cpu()->vmx;
	struct vcpu *before = core->loaded;

	core->loaded = NULL;
	load_vmcs(core, v);
	return before;
}

void vmx_core_give_back(struct vcpu *before)
{
	load_vmcs(this_cpu()->vmx, before);
}

void vmx_core_load(struct vcpu *v)
{
	struct vmx_core *core = this_cpu()->vmx;

	load_vmcs(core, v);
	if (core->fpu_owner != v) {
		if (core->fpu_owner)
			park(core->fpu_owner);
		unpark(v);
		core->fpu_owner = v;
	}
}

void vmx_core_unload(struct vcpu *v)
{
	struct vmx_core *core = this_cpu()->vmx;

	if (core->fpu_owner == v)
		core->fpu_owner = NULL;
	if (core->loaded == v)
		core->loaded = NULL;
	/* SDM 3C "VMCLEAR": only then may the page be used for something else. */
	if (vmcs_clear(v->vmcs) != OK)
		panic("VMCLEAR of %#llx refused", (unsigned long long)v->vmcs.raw);
}
