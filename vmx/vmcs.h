/*
 * vmx/vmcs.h - the VMX instructions, one function each, and the VMCS fields by name.
 *
 * All of them need VMX root operation; reads and writes go to this core's current VMCS. A field
 * that VMREAD or VMWRITE refuses is our own mistake: it panics with the field's name.
 * Spec: SDM 3C, "VMX Instruction Reference" and "Conventions" (CF: VMfailInvalid, ZF: VMfailValid).
 */
#pragma once

#include "kernel/text.h"
#include "vmx/fields.h"

enum vmcs_field {
#define VMCS_ENUM(name, encoding) VMCS_##name = (encoding),
	VMCS_FIELDS(VMCS_ENUM)
#undef VMCS_ENUM
};

/* The name of a field, "GUEST_RIP"; "?" for an encoding that is not in the list. */
const char *vmcs_field_name(uint32_t encoding);

/* The fields in their order: index counts from 0, before is the name of the one before, NULL for
 * the first. NULL past the last one. */
const char *vmcs_field_after(const char *before, unsigned index, uint32_t *encoding);

/* The field of a name, if it is one that poke= may write. *harmless: whatever stands there, the
 * host is safe: guest state, and the controls that make more or fewer exits. ERR_NOT_FOUND: no such
 * field; ERR_UNSUPPORTED: it is the CPU's to write. */
MUST_CHECK enum status vmcs_field_for_poke(struct text name, enum vmcs_field *field,
					   bool *harmless);

/* Called by vmcs_read() and vmcs_write() when the CPU refuses; panics. */
NORETURN void vmcs_access_failed(const char *instruction, uint32_t encoding, uint64_t value);

static inline uint64_t vmcs_read(enum vmcs_field field)
{
	uint64_t value;

	__asm__ goto("vmread %1, %0\n\tjbe %l2"
		     : "=rm"(value)
		     : "r"((uint64_t)field)
		     : "cc"
		     : failed);
	return value;
failed:
	vmcs_access_failed("VMREAD", field, 0);
}

/* For a field that not every CPU has. ERR_UNSUPPORTED. */
MUST_CHECK static inline enum status vmcs_try_read(uint32_t encoding, uint64_t *value)
{
	bool failed;

	__asm__ volatile("vmread %2, %0"
			 : "=rm"(*value), "=@ccbe"(failed)
			 : "r"((uint64_t)encoding)
			 : "memory");
	return failed ? ERR_UNSUPPORTED : OK;
}

static inline void vmcs_write(enum vmcs_field field, uint64_t value)
{
	__asm__ goto("vmwrite %0, %1\n\tjbe %l2"
		     :
		     : "rm"(value), "r"((uint64_t)field)
		     : "cc"
		     : failed);
	return;
failed:
	vmcs_access_failed("VMWRITE", field, value);
}

/* region: 4 KiB aligned, its first word the VMCS revision. ERR_INVALID: VMfailInvalid or -Valid. */
MUST_CHECK static inline enum status vmx_on(hpa_t region)
{
	bool failed;

	__asm__ volatile("vmxon %1" : "=@ccbe"(failed) : "m"(region.raw) : "memory");
	return failed ? ERR_INVALID : OK;
}

static inline void vmx_off(void)
{
	__asm__ volatile("vmxoff" ::: "cc", "memory");
}

MUST_CHECK static inline enum status vmcs_clear(hpa_t vmcs)
{
	bool failed;

	__asm__ volatile("vmclear %1" : "=@ccbe"(failed) : "m"(vmcs.raw) : "memory");
	return failed ? ERR_INVALID : OK;
}

MUST_CHECK static inline enum status vmcs_load(hpa_t vmcs)
{
	bool failed;

	__asm__ volatile("vmptrld %1" : "=@ccbe"(failed) : "m"(vmcs.raw) : "memory");
	return failed ? ERR_INVALID : OK;
}

#define INVEPT_SINGLE  1u
#define INVEPT_ALL     2u
#define INVVPID_SINGLE 1u
#define INVVPID_ALL    2u

MUST_CHECK static inline enum status vmx_invept(uint64_t type, uint64_t eptp)
{
	struct {
		uint64_t eptp, zero;
	} descriptor = {.eptp = eptp};
	bool failed;

	__asm__ volatile("invept %1, %2"
			 : "=@ccbe"(failed)
			 : "m"(descriptor), "r"(type)
			 : "memory");
	return failed ? ERR_UNSUPPORTED : OK;
}

MUST_CHECK static inline enum status vmx_invvpid(uint64_t type, uint16_t vpid, uint64_t linear)
{
	struct {
		uint64_t vpid, linear;
	} descriptor = {.vpid = vpid, .linear = linear};
	bool failed;

	__asm__ volatile("invvpid %1, %2"
			 : "=@ccbe"(failed)
			 : "m"(descriptor), "r"(type)
			 : "memory");
	return failed ? ERR_UNSUPPORTED : OK;
}

/* vmx/entry.asm; vmx_enter() is how it is called. */
void vmx_enter_guest(void);

/* vmx/entry.asm; for VMCS_HOST_RIP, never called as functions. */
void vmx_exit(void);
void vmx_exit_long(void);

struct vcpu;

/* No exit reason: there was no VM entry. The same numbers stand in vmx/vcpu_layout.inc. */
#define VMX_ENTER_INVALID 0xffff0001u /* VMfailInvalid: no current VMCS */
#define VMX_ENTER_REFUSED 0xffff0002u /* VMfailValid: the VMCS has the error's number */
/* The exit was dealt with (vmx/exit_fast.c); v->prepare and the board say what is left. */
#define VMX_ENTER_DONE    0xffff0003u

/* Runs the guest of the current VMCS, which is v's, until its next VM exit. Interrupts off. Returns
 * the whole exit reason, or VMX_ENTER_... */
static inline uint32_t vmx_enter(struct vcpu *v)
{
	uint32_t reason;

	__asm__ volatile("call %c2"
			 : "=a"(reason)
			 : "b"(v), "i"(vmx_enter_guest)
			 : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
			   "r14", "r15", "cc", "memory");
	return reason;
}

/* What the host-state area needs to know of this core. */
struct descriptor_table {
	uint16_t limit;
	uint64_t base;
} PACKED;

static inline struct descriptor_table vmx_store_gdtr(void)
{
	struct descriptor_table t;

	__asm__ volatile("sgdt %0" : "=m"(t));
	return t;
}

static inline struct descriptor_table vmx_store_idtr(void)
{
	struct descriptor_table t;

	__asm__ volatile("sidt %0" : "=m"(t));
	return t;
}

#define VMX_SELECTOR(name, instruction)                                                            \
	static inline uint16_t vmx_store_##name(void)                                              \
	{                                                                                          \
		uint16_t selector;                                                                 \
                                                                                                   \
		__asm__ volatile(instruction " %0" : "=rm"(selector));                             \
		return selector;                                                                   \
	}
VMX_SELECTOR(cs, "mov %%cs,")
VMX_SELECTOR(ss, "mov %%ss,")
VMX_SELECTOR(tr, "str")
#undef VMX_SELECTOR

/* Calls the host's own handler for an NMI or #MC that ended a run of the guest. IRET in it unblocks
 * NMIs (SDM 3C "VM Exits Due to NMIs", "Blocking by NMI"). */
static inline void vmx_host_nmi(void)
{
	__asm__ volatile("int $2" ::: "memory");
}

static inline void vmx_host_machine_check(void)
{
	__asm__ volatile("int $18" ::: "memory");
}

/* CR0 or CR4 as the guest sees it: of the bits in the mask the shadow, of the others the real one.
 * SDM 3C "Guest/Host Masks and Read Shadows for CR0 and CR4". */
static inline uint64_t vmcs_read_masked(enum vmcs_field real, enum vmcs_field mask,
					enum vmcs_field shadow)
{
	uint64_t m = vmcs_read(mask);

	return (vmcs_read(real) & ~m) | (vmcs_read(shadow) & m);
}

/* SS.DPL is the CPL (SDM 3C "Guest Register State"); real mode has DPL 0 there. */
static inline unsigned vmcs_read_cpl(void)
{
	return (unsigned)(vmcs_read(VMCS_GUEST_SS_ACCESS) >> 5) & 3;
}
