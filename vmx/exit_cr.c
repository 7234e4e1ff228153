/*
 * vmx/exit_cr.c - writes to CR0 and CR4 that touch bits which are ours, and CR8.
 *
 * The guest owns most of both registers and changes them without an exit. What comes here is
 * carried out whole: the checks, the shadow, and the side effects of the guest's own bits in the
 * same write. Spec: SDM 2B "MOV-Move to/from Control Registers"; SDM 3A "IA-32e Mode Operation",
 * "PDPTE Registers".
 */
#include "kernel/log.h"
#include "vmx/exit.h"
#include "vmx/inject.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"
#include "vmx/vmcs_setup.h"

enum cr_access_type { CR_MOV_TO, CR_MOV_FROM, CR_CLTS, CR_LMSW };

#define CR0_LMSW_BITS (CR0_PE | CR0_MP | CR0_EM | CR0_TS)

static uint64_t guest_cr0(void)
{
	return vmcs_read_masked(VMCS_GUEST_CR0, VMCS_CR0_MASK, VMCS_CR0_SHADOW);
}

static uint64_t guest_cr4(void)
{
	return vmcs_read_masked(VMCS_GUEST_CR4, VMCS_CR4_MASK, VMCS_CR4_SHADOW);
}

/* Present PDPTEs have reserved bits; what lies outside of RAM reads as ones, and so breaks them. */
static bool read_pdptes(struct vcpu *v, uint64_t pdpte[4])
{
	const uint64_t reserved = UINT64_C(0x1e6) | ~(BIT(v->vm->cpuid.maxphyaddr) - 1);
	uint64_t at = vmcs_read(VMCS_GUEST_CR3) & UINT64_C(0xffffffe0);

	if (guest_memory_read(&v->vm->memory, gpa(at), pdpte, 4 * sizeof(pdpte[0])) != OK)
		return false;
	for (unsigned i = 0; i < 4; i++) {
		if ((pdpte[i] & 1) && (pdpte[i] & reserved))
			return false;
	}
	return true;
}

bool vcpu_load_pdptes(struct vcpu *v)
{
	const enum vmcs_field fields[4] = {VMCS_GUEST_PDPTE0, VMCS_GUEST_PDPTE1, VMCS_GUEST_PDPTE2,
					   VMCS_GUEST_PDPTE3};
	uint64_t pdpte[4];

	if (!read_pdptes(v, pdpte))
		return false;
	for (unsigned i = 0; i < 4; i++)
		vmcs_write(fields[i], pdpte[i]);
	return true;
}

static bool cs_is_long(void)
{
	return (vmcs_read(VMCS_GUEST_CS_ACCESS) & BIT(13)) != 0;
}

static enum exit_action write_cr0(struct vcpu *v, uint64_t value)
{
	uint64_t old = guest_cr0();
	uint64_t cr4 = vmcs_read(VMCS_GUEST_CR4);
	uint64_t efer = vmcs_read(VMCS_GUEST_EFER);
	bool on = (value & CR0_PG) && !(old & CR0_PG);
	bool off = !(value & CR0_PG) && (old & CR0_PG);

	if (value >> 32)
		return inject_gp(v, 0);
	if (((value & CR0_PG) && !(value & CR0_PE)) || ((value & CR0_NW) && !(value & CR0_CD)))
		return inject_gp(v, 0);
	if (on && (efer & EFER_LME) && (!(cr4 & CR4_PAE) || cs_is_long()))
		return inject_gp(v, 0);
	if (off && ((efer & EFER_LMA && cs_is_long()) || (cr4 & CR4_PCIDE)))
		return inject_gp(v, 0);
	if ((value & CR0_PG) && (cr4 & CR4_PAE) && !(efer & EFER_LME) &&
	    ((value ^ old) & (CR0_PG | CR0_CD | CR0_NW)) && !vcpu_load_pdptes(v))
		return inject_gp(v, 0);

	if ((on && (efer & EFER_LME)) || (off && (efer & EFER_LMA))) {
		uint64_t entry = vmcs_read(VMCS_ENTRY_CONTROLS);

		vmcs_write(VMCS_GUEST_EFER, on ? efer | EFER_LMA : efer & ~EFER_LMA);
		vmcs_write(VMCS_ENTRY_CONTROLS, on ? entry | ENTRY_IA32E : entry & ~ENTRY_IA32E);
	}
	vmcs_write(VMCS_CR0_SHADOW, value | CR0_ET);
	vmcs_write(VMCS_GUEST_CR0, vmcs_real_cr0(value));
	if ((value ^ old) & (CR0_PG | CR0_WP)) {
		v->flush_vpid = true;
		v->prepare |= PREPARE_EVENTS;
	}
	return EXIT_SKIP;
}

static enum exit_action write_cr4(struct vcpu *v, uint64_t value)
{
	const uint64_t paging = CR4_PSE | CR4_PAE | CR4_PGE | CR4_SMEP | CR4_SMAP | CR4_PCIDE;
	uint64_t old = guest_cr4();
	uint64_t efer = vmcs_read(VMCS_GUEST_EFER);
	bool pae_paging =
		(vmcs_read(VMCS_GUEST_CR0) & CR0_PG) && (value & CR4_PAE) && !(efer & EFER_LMA);

	if (value & ~cr4_guest_allowed(&v->vm->cpuid))
		return inject_gp(v, 0);
	if ((efer & EFER_LMA) && !(value & CR4_PAE))
		return inject_gp(v, 0);
	if ((value & CR4_PCIDE) && !(old & CR4_PCIDE) &&
	    (!(efer & EFER_LMA) || (vmcs_read(VMCS_GUEST_CR3) & 0xfff)))
		return inject_gp(v, 0);
	if (pae_paging && ((value ^ old) & (CR4_PAE | CR4_PSE | CR4_PGE | CR4_SMEP)) &&
	    !vcpu_load_pdptes(v))
		return inject_gp(v, 0);
	vmcs_write(VMCS_CR4_SHADOW, value);
	vmcs_write(VMCS_GUEST_CR4, vmcs_real_cr4(value));
	if ((value ^ old) & paging) {
		v->flush_vpid = true;
		v->prepare |= PREPARE_EVENTS;
	}
	return EXIT_SKIP;
}

static uint64_t read_register(const struct vcpu *v, unsigned n)
{
	return n == RSP ? vmcs_read(VMCS_GUEST_RSP) : v->gpr[n];
}

static void write_register(struct vcpu *v, unsigned n, uint64_t value)
{
	if (n == RSP)
		vmcs_write(VMCS_GUEST_RSP, value);
	else
		v->gpr[n] = value;
}

/* Without a local APIC for the guest, CR8 is four bits that nothing looks at. */
static enum exit_action access_cr8(struct vcpu *v, bool write, unsigned reg)
{
	if (!write) {
		write_register(v, reg, vcpu_cr8(v));
		return EXIT_SKIP;
	}
	if (read_register(v, reg) & ~UINT64_C(0xf))
		return inject_gp(v, 0);
	vcpu_set_cr8(v, read_register(v, reg));
	return EXIT_SKIP;
}

/* LMSW sets PE and never clears it, and reaches four bits only (SDM 2A "LMSW"). */
static uint64_t lmsw_value(uint64_t old, uint64_t source)
{
	return (old & ~(CR0_LMSW_BITS & ~CR0_PE)) | (source & CR0_LMSW_BITS);
}

enum exit_action exit_cr_access(struct vcpu *v)
{
	uint64_t q = v->qualification;
	unsigned cr = q & 0xf;
	unsigned reg = (q >> 8) & 0xf;
	enum cr_access_type type = (enum cr_access_type)((q >> 4) & 3);
	uint64_t value;

	switch (type) {
	case CR_MOV_TO:
		value = read_register(v, reg);
		/* Outside of 64-bit mode the register has 32 bits. */
		if (!((vmcs_read(VMCS_ENTRY_CONTROLS) & ENTRY_IA32E) && cs_is_long()))
			value = (uint32_t)value;
		if (cr == 0)
			return write_cr0(v, value);
		if (cr == 4)
			return write_cr4(v, value);
		return cr == 8 ? access_cr8(v, true, reg) : EXIT_UNHANDLED;
	case CR_MOV_FROM:
		return cr == 8 ? access_cr8(v, false, reg) : EXIT_UNHANDLED;
	case CR_CLTS:
		return write_cr0(v, guest_cr0() & ~CR0_TS);
	case CR_LMSW:
		return write_cr0(v, lmsw_value(guest_cr0(), (q >> 16) & 0xffff));
	}
	return EXIT_UNHANDLED;
}
