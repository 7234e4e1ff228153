/* vmx/state.c - a vCPU's whole state between the VMCS and struct guest_cpu_state. */
#include "kernel/cpu.h"
#include "kernel/string.h"
#include "vmx/core.h"
#include "vmx/vcpu.h"
#include "vmx/vm.h"
#include "vmx/vm_break.h"
#include "vmx/vmcs.h"
#include "vmx/vmcs_setup.h"

/* The fields of segment n follow those of ES in steps of 2 (SDM 3D "Field Encoding in VMCS"). */
static enum vmcs_field segment_field(enum vmcs_field es_field, unsigned n)
{
	return (enum vmcs_field)((unsigned)es_field + 2 * n);
}

static void read_segment(struct guest_segment *g, unsigned n)
{
	*g = (struct guest_segment){
		.selector = (uint16_t)vmcs_read(segment_field(VMCS_GUEST_ES_SELECTOR, n)),
		.access = (uint32_t)vmcs_read(segment_field(VMCS_GUEST_ES_ACCESS, n)),
		.limit = (uint32_t)vmcs_read(segment_field(VMCS_GUEST_ES_LIMIT, n)),
		.base = vmcs_read(segment_field(VMCS_GUEST_ES_BASE, n)),
	};
}

static void read_pdptes(struct guest_cpu_state *s)
{
	for (unsigned i = 0; i < 4; i++)
		s->pdpte[i] = vmcs_read(segment_field(VMCS_GUEST_PDPTE0, i));
}

/* RFLAGS, the mode, and CR3, CR4 and the PDPTEs where there is paging. */
static void read_paging(struct vcpu *v, struct guest_cpu_state *s)
{
	s->rflags = vmcs_read(VMCS_GUEST_RFLAGS);
	s->cr0 = vmcs_read_masked(VMCS_GUEST_CR0, VMCS_CR0_MASK, VMCS_CR0_SHADOW);
	s->efer = vmcs_read(VMCS_GUEST_EFER);
	if (s->cr0 & CR0_PG) {
		s->cr3 = vmcs_read(VMCS_GUEST_CR3);
		s->cr4 = vmcs_read_masked(VMCS_GUEST_CR4, VMCS_CR4_MASK, VMCS_CR4_SHADOW);
		if (!(s->efer & EFER_LMA))
			read_pdptes(s);
	}
	s->maxphyaddr = v->vm->cpuid.maxphyaddr;
}

void vcpu_read_memory_state(struct vcpu *v, struct guest_cpu_state *s,
			    enum guest_segment_name segment)
{
	read_paging(v, s);
	s->segments[GUEST_CS].access = (uint32_t)vmcs_read(VMCS_GUEST_CS_ACCESS);
	s->segments[GUEST_SS].access = (uint32_t)vmcs_read(VMCS_GUEST_SS_ACCESS);
	read_segment(&s->segments[segment], segment);
}

static void read_memory_limits(struct guest_segment *g, unsigned n)
{
	g->access = (uint32_t)vmcs_read(segment_field(VMCS_GUEST_ES_ACCESS, n));
	g->limit = (uint32_t)vmcs_read(segment_field(VMCS_GUEST_ES_LIMIT, n));
	g->base = vmcs_read(segment_field(VMCS_GUEST_ES_BASE, n));
}

void vcpu_read_instruction_state(struct vcpu *v, struct guest_cpu_state *s)
{
	for (unsigned i = 0; i < GPR_COUNT; i++)
		s->gpr[i] = v->gpr[i];
	s->gpr[RSP] = vmcs_read(VMCS_GUEST_RSP);
	s->rip = v->rip;
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++)
		read_memory_limits(&s->segments[i], i);
	read_paging(v, s);
}

void vcpu_write_instruction_state(struct vcpu *v, const struct guest_cpu_state *s)
{
	for (unsigned i = 0; i < GPR_COUNT; i++)
		v->gpr[i] = s->gpr[i];
	vmcs_write(VMCS_GUEST_RSP, s->gpr[RSP]);
	vmcs_write(VMCS_GUEST_RFLAGS, s->rflags);
}

void vcpu_read_state(struct vcpu *v, struct guest_cpu_state *s)
{
	bool live = this_cpu()->vmx->fpu_owner == v;

	for (unsigned i = 0; i < GPR_COUNT; i++)
		s->gpr[i] = v->gpr[i];
	s->gpr[RSP] = vmcs_read(VMCS_GUEST_RSP);
	s->rip = vmcs_read(VMCS_GUEST_RIP);
	s->rflags = vmcs_read(VMCS_GUEST_RFLAGS);
	s->cr0 = vmcs_read_masked(VMCS_GUEST_CR0, VMCS_CR0_MASK, VMCS_CR0_SHADOW);
	s->cr2 = live ? cpu_read_cr2() : v->parked.cr2;
	s->cr3 = vmcs_read(VMCS_GUEST_CR3);
	s->cr4 = vmcs_read_masked(VMCS_GUEST_CR4, VMCS_CR4_MASK, VMCS_CR4_SHADOW);
	s->efer = vcpu_efer(v);
	s->dr6 = live ? cpu_read_dr6() : v->parked.dr6;
	s->dr7 = vcpu_guest_dr7(v);
	s->cr8 = vcpu_cr8(v);
	read_pdptes(s);
	for (unsigned i = 0; i < GUEST_SEGMENTS; i++)
		read_segment(&s->segments[i], i);
	s->gdtr = (struct guest_table){
		.base = vmcs_read(VMCS_GUEST_GDTR_BASE),
		.limit = (uint16_t)vmcs_read(VMCS_GUEST_GDTR_LIMIT),
	};
	s->idtr = (struct guest_table){
		.base = vmcs_read(VMCS_GUEST_IDTR_BASE),
		.limit = (uint16_t)vmcs_read(VMCS_GUEST_IDTR_LIMIT),
	};
	s->maxphyaddr = v->vm->cpuid.maxphyaddr;
}

static void write_segments(const struct guest_cpu_state *s)
{
	for (unsigned i = 0; i < GUEST_SEGMENTS; i++) {
		const struct guest_segment *g = &s->segments[i];

		vmcs_write(segment_field(VMCS_GUEST_ES_SELECTOR, i), g->selector);
		vmcs_write(segment_field(VMCS_GUEST_ES_ACCESS, i), g->access);
		vmcs_write(segment_field(VMCS_GUEST_ES_LIMIT, i), g->limit);
		vmcs_write(segment_field(VMCS_GUEST_ES_BASE, i), g->base);
	}
	vmcs_write(VMCS_GUEST_GDTR_BASE, s->gdtr.base);
	vmcs_write(VMCS_GUEST_GDTR_LIMIT, s->gdtr.limit);
	vmcs_write(VMCS_GUEST_IDTR_BASE, s->idtr.base);
	vmcs_write(VMCS_GUEST_IDTR_LIMIT, s->idtr.limit);
}

void vcpu_write_state(struct vcpu *v, const struct guest_cpu_state *s)
{
	uint64_t entry = vmcs_read(VMCS_ENTRY_CONTROLS) & ~ENTRY_IA32E;

	for (unsigned i = 0; i < GPR_COUNT; i++)
		v->gpr[i] = s->gpr[i];
	vmcs_write(VMCS_GUEST_RSP, s->gpr[RSP]);
	vmcs_write(VMCS_GUEST_RIP, s->rip);
	vmcs_write(VMCS_GUEST_RFLAGS, s->rflags | RFLAGS_ONE);
	vmcs_write(VMCS_CR0_SHADOW, s->cr0);
	vmcs_write(VMCS_GUEST_CR0, vmcs_real_cr0(s->cr0));
	vmcs_write(VMCS_GUEST_CR3, s->cr3);
	vmcs_write(VMCS_CR4_SHADOW, s->cr4);
	vmcs_write(VMCS_GUEST_CR4, vmcs_real_cr4(s->cr4));
	vcpu_set_efer(v, s->efer);
	/* SDM 3C "VM-Entry Control Fields": this bit and EFER.LMA must agree. */
	vmcs_write(VMCS_ENTRY_CONTROLS, s->efer & EFER_LMA ? entry | ENTRY_IA32E : entry);
	for (unsigned i = 0; i < 4; i++)
		vmcs_write(segment_field(VMCS_GUEST_PDPTE0, i), s->pdpte[i]);
	vcpu_set_cr8(v, s->cr8);
	write_segments(s);
	if (this_cpu()->vmx->fpu_owner == v) {
		cpu_write_cr2(s->cr2);
		cpu_write_dr6(s->dr6);
	} else {
		v->parked.cr2 = s->cr2;
		v->parked.dr6 = s->dr6;
	}
	vcpu_set_guest_dr7(v, s->dr7);
}

uint64_t vcpu_efer(const struct vcpu *v)
{
	return vmcs_read(VMCS_GUEST_EFER) | v->efer_hidden;
}

void vcpu_set_efer(struct vcpu *v, uint64_t efer)
{
	v->efer_hidden = efer & v->efer_ours;
	vmcs_write(VMCS_GUEST_EFER, efer & ~v->efer_ours);
}

void vcpu_hide_efer(struct vcpu *v, uint64_t bits)
{
	uint64_t efer = vcpu_efer(v);

	v->efer_ours = bits;
	vcpu_set_efer(v, efer);
}

uint64_t vcpu_cr8(const struct vcpu *v)
{
	return v->vtpr ? *v->vtpr >> 4 : v->cr8;
}

void vcpu_set_cr8(struct vcpu *v, uint64_t value)
{
	v->cr8 = value;
	if (!v->vtpr)
		return;
	*v->vtpr = (uint8_t)(value << 4);
	v->proc_controls |= (uint32_t)PROC_CR8_LOAD;
	vmcs_write(VMCS_PROC_CONTROLS, v->proc_controls);
	vmcs_write(VMCS_TPR_THRESHOLD, 0);
}

void vcpu_read_breakpoints(const struct vcpu *v, uint64_t dr[4])
{
	if (this_cpu()->vmx->fpu_owner != v) {
		memcpy(dr, v->parked.dr, sizeof(v->parked.dr));
		return;
	}
	dr[0] = cpu_read_dr0();
	dr[1] = cpu_read_dr1();
	dr[2] = cpu_read_dr2();
	dr[3] = cpu_read_dr3();
}

void vcpu_write_breakpoints(struct vcpu *v, const uint64_t dr[4])
{
	memcpy(v->parked.dr, dr, sizeof(v->parked.dr));
	if (this_cpu()->vmx->fpu_owner != v)
		return;
	cpu_write_dr0(dr[0]);
	cpu_write_dr1(dr[1]);
	cpu_write_dr2(dr[2]);
	cpu_write_dr3(dr[3]);
}
