/*
 * vmx/vm_debug_state.c - a stopped VM's registers, and any VM's memory, for a debugger.
 *
 * A write of registers is tried on the VMCS itself, looked at by the rules of VM entry, and taken
 * back if one of them does not hold.
 */
#include "guest/cpuid.h"
#include "guest/segment.h"
#include "guest/walk.h"
#include "kernel/cpu.h"
#include "kernel/percpu.h"
#include "kernel/string.h"
#include "vmx/call_core.h"
#include "vmx/core.h"
#include "vmx/entry_check.h"
#include "vmx/inject.h"
#include "vmx/vm.h"
#include "vmx/vm_break.h"
#include "vmx/vmcs.h"

/* SDM 1 "XSAVE Area: Legacy Region", "XSAVE Header". */
#define FPU_FCW        0u
#define FPU_MXCSR      24u
#define FPU_MXCSR_MASK 28u
#define FPU_ST         32u
#define FPU_XMM        160u
#define FPU_USED       416u
#define XSTATE_BV      512u
#define XSTATE_X87     BIT(0)
#define XSTATE_SSE     BIT(1)
#define MXCSR_OLD_MASK 0xffbfu /* where the image says 0 */
#define MXCSR_RESET    0x1f80u
#define FCW_RESET      0x037fu

#define EFER_WRITABLE  (EFER_SCE | EFER_LME | EFER_NXE)
/* SDM 3A "Control Registers": the other bits stay clear, whatever is loaded. */
#define CR0_WRITABLE                                                                               \
	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)

struct state_job {
	struct vm *vm;
	enum status status;
	struct guest_cpu_state *s;
	const struct guest_cpu_state *wanted;
	uint64_t *dr;
	const uint64_t *wanted_dr;
	void *fpu;
	const void *wanted_fpu;
};

/* ---- the FPU ---- */

static bool is_live(const struct vcpu *v)
{
	return this_cpu()->vmx->fpu_owner == v;
}

static void set_u32(void *area, size_t offset, uint32_t value)
{
	memcpy((uint8_t *)area + offset, &value, sizeof(value));
}

static uint32_t get_u32(const void *area, size_t offset)
{
	uint32_t value;

	memcpy(&value, (const uint8_t *)area + offset, sizeof(value));
	return value;
}

/* What the XSAVE header says is in its initial state need not stand in the area. */
static void read_parked_fpu(const struct vcpu *v, uint8_t *image)
{
	uint64_t in_use = XSTATE_X87 | XSTATE_SSE;

	memcpy(image, v->fpu, GUEST_FPU_BYTES);
	if (vmx_xcr0_all)
		memcpy(&in_use, (const uint8_t *)v->fpu + XSTATE_BV, sizeof(in_use));
	if (!(in_use & XSTATE_X87)) {
		memset(image, 0, FPU_MXCSR);
		memset(image + FPU_ST, 0, FPU_XMM - FPU_ST);
		set_u32(image, FPU_FCW, FCW_RESET);
	}
	if (!(in_use & XSTATE_SSE)) {
		memset(image + FPU_XMM, 0, FPU_USED - FPU_XMM);
		set_u32(image, FPU_MXCSR, MXCSR_RESET);
	}
}

static void read_fpu(const struct vcpu *v, void *to)
{
	uint8_t image[GUEST_FPU_BYTES] ALIGNED(16);

	if (is_live(v))
		cpu_fxsave(image);
	else
		read_parked_fpu(v, image);
	memcpy(to, image, sizeof(image));
}

/* A reserved bit of MXCSR would be a #GP of the host. */
static bool fpu_is_valid(const void *image)
{
	uint8_t mine[GUEST_FPU_BYTES] ALIGNED(16);
	uint32_t mask;

	cpu_fxsave(mine);
	mask = get_u32(mine, FPU_MXCSR_MASK);
	return !(get_u32(image, FPU_MXCSR) & ~(mask ? mask : MXCSR_OLD_MASK));
}

static void write_fpu(struct vcpu *v, const void *from)
{
	uint8_t image[GUEST_FPU_BYTES] ALIGNED(16);
	uint64_t in_use;

	memcpy(image, from, sizeof(image));
	if (is_live(v)) {
		cpu_fxrstor(image);
		return;
	}
	memcpy(v->fpu, image, FPU_USED);
	if (!vmx_xcr0_all)
		return;
	memcpy(&in_use, (uint8_t *)v->fpu + XSTATE_BV, sizeof(in_use));
	in_use |= XSTATE_X87 | XSTATE_SSE;
	memcpy((uint8_t *)v->fpu + XSTATE_BV, &in_use, sizeof(in_use));
}

/* ---- registers ---- */

static void read_job(void *arg)
{
	struct state_job *j = arg;
	struct vcpu *v = &j->vm->vcpu, *before;

	if (!v->fpu) {
		j->status = ERR_INVALID; /* it has no machine now */
		return;
	}
	before = vmx_core_borrow(v);
	vcpu_read_state(v, j->s);
	vcpu_guest_breakpoints(v, j->dr);
	if (j->fpu)
		read_fpu(v, j->fpu);
	vmx_core_give_back(before);
	j->status = OK;
}

enum status vm_debug_read_state(struct vm *vm, struct guest_cpu_state *s, uint64_t dr[4], void *fpu)
{
	struct state_job j = {.vm = vm, .s = s, .dr = dr, .fpu = fpu};

	return vmx_call_core(vm->vcpu.core, read_job, &j) ? j.status : ERR_TIMEOUT;
}

/* What a MOV to a control register would not let pass, and no rule of VM entry knows. */
static bool controls_are_possible(const struct vcpu *v, const struct guest_cpu_state *s)
{
	return !(s->cr0 >> 32) && !((s->cr0 & CR0_NW) && !(s->cr0 & CR0_CD)) &&
	       !(s->cr4 & ~cr4_guest_allowed(&v->vm->cpuid)) &&
	       !(s->efer & ~(EFER_WRITABLE | EFER_LMA)) && !(s->dr6 >> 32) && !(s->cr8 >> 4);
}

/* Bits that the CPU keeps as they must be. */
static void fix_bits(struct guest_cpu_state *s)
{
	s->cr0 = (s->cr0 & CR0_WRITABLE) | CR0_ET;
	s->efer = (s->efer & EFER_WRITABLE) |
		  ((s->efer & EFER_LME) && (s->cr0 & CR0_PG) ? EFER_LMA : 0);
	s->rflags |= RFLAGS_ONE;
	s->dr6 |= DR6_FIXED;
	s->dr7 = (s->dr7 & ~DR7_ZEROS) | DR7_FIXED;
}

/* The PDPTEs are what CR3 points at, as after a MOV to CR3. */
static bool follow_cr3(struct vcpu *v, const struct guest_cpu_state *old,
		       const struct guest_cpu_state *s)
{
	bool pae = (s->cr0 & CR0_PG) && (s->cr4 & CR4_PAE) && !(s->efer & EFER_LMA);

	if (!pae || (s->cr3 == old->cr3 && s->cr0 == old->cr0 && s->cr4 == old->cr4 &&
		     s->efer == old->efer))
		return true;
	return vcpu_load_pdptes(v);
}

static bool can_enter(struct vcpu *v)
{
	struct entry_state e;
	struct entry_breach breach;
	unsigned position = 0;

	entry_state_read(&e);
	e.value[AT_ENTRY_INTERRUPTION_INFO] = v->event.info;
	return !entry_next_breach(&e, ENTRY_GUEST_AREA, &position, &breach);
}

/* What belonged to the place where it was does not hold in another one. */
static void leave_place(struct vcpu *v)
{
	v->halted = false;
	v->in_hlt = false;
	vmcs_write(VMCS_GUEST_ACTIVITY_STATE, ACTIVITY_ACTIVE);
	vmcs_write(VMCS_GUEST_PENDING_DEBUG, 0);
	if (((v->event.info >> EVENT_TYPE_SHIFT) & 7) >= EVENT_HARDWARE_EXCEPTION)
		v->event.info = 0;
}

/* The VMCS as it would be, if VM entry takes it; what is not in the VMCS comes afterwards. */
static bool try_state(struct vcpu *v, const struct guest_cpu_state *old,
		      const struct guest_cpu_state *s)
{
	uint64_t blocking = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY);
	uint64_t pending = vmcs_read(VMCS_GUEST_PENDING_DEBUG);
	uint64_t activity = vmcs_read(VMCS_GUEST_ACTIVITY_STATE);
	const uint64_t flags = RFLAGS_IF | RFLAGS_TF;

	if (s->rip != old->rip || ((s->rflags ^ old->rflags) & flags)) {
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
			   blocking & ~(INTERRUPTIBILITY_STI | INTERRUPTIBILITY_MOV_SS));
		vmcs_write(VMCS_GUEST_PENDING_DEBUG, 0);
		vmcs_write(VMCS_GUEST_ACTIVITY_STATE, ACTIVITY_ACTIVE);
	}
	vcpu_write_state(v, s);
	if (follow_cr3(v, old, s) && can_enter(v))
		return true;
	vcpu_write_state(v, old);
	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, blocking);
	vmcs_write(VMCS_GUEST_PENDING_DEBUG, pending);
	vmcs_write(VMCS_GUEST_ACTIVITY_STATE, activity);
	return false;
}

static enum status write_state(struct vcpu *v, const struct state_job *j)
{
	struct guest_cpu_state old, s = *j->wanted;

	vcpu_read_state(v, &old);
	for (unsigned i = 0; i < 4; i++)
		s.pdpte[i] = old.pdpte[i];
	if (!controls_are_possible(v, &s) || (j->wanted_fpu && !fpu_is_valid(j->wanted_fpu)))
		return ERR_INVALID;
	fix_bits(&s);
	if (!try_state(v, &old, &s))
		return ERR_INVALID;
	vcpu_set_guest_breakpoints(v, j->wanted_dr);
	if (j->wanted_fpu)
		write_fpu(v, j->wanted_fpu);
	if (s.rip != old.rip)
		leave_place(v);
	v->flush_vpid = true;
	v->prepare |= PREPARE_EVENTS;
	return OK;
}

static void write_job(void *arg)
{
	struct state_job *j = arg;
	struct vcpu *v = &j->vm->vcpu, *before;

	if (!vm_debug_is_stopped(j->vm)) {
		j->status = ERR_INVALID;
		return;
	}
	before = vmx_core_borrow(v);
	j->status = write_state(v, j);
	vmx_core_give_back(before);
}

enum status vm_debug_write_state(struct vm *vm, const struct guest_cpu_state *s,
				 const uint64_t dr[4], const void *fpu)
{
	struct state_job j = {.vm = vm, .wanted = s, .wanted_dr = dr, .wanted_fpu = fpu};

	return vmx_call_core(vm->vcpu.core, write_job, &j) ? j.status : ERR_TIMEOUT;
}
