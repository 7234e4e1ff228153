/*
 * vmx/exit_fast_mmio.c - MOV to and from memory that is not RAM, on the short way of vmx/entry.asm.
 *
 * The exit tells the address, so the instruction is looked at only for its length, its register and
 * its size; segments and paging let the access pass before. With paging on the guest's page tables
 * get their accessed and dirty flags by the emulator, and so it does that. False means that nothing
 * was done: vmx/exit_ept.c has the long way.
 * Spec: SDM 3C "Exit Qualification for EPT Violations".
 */
#include "guest/decode_mov.h"
#include "guest/segment.h"
#include "kernel/string.h"
#include "kernel/time.h"
#include "vmx/exit.h"
#include "vmx/inject.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"

#define VIOLATION_FETCH         BIT(2)
#define VIOLATION_LINEAR        BIT(7)
#define VIOLATION_FINAL         BIT(8)
#define VIOLATION_NMI_UNBLOCKED BIT(12)
#define VIOLATION_OTHER         (VIOLATION_FETCH | VIOLATION_NMI_UNBLOCKED)

bool exit_fast_mmio(struct vcpu *v); /* for vmx/entry.asm alone */

/* The access of an instruction itself, without paging, and nothing is owed behind it. */
static inline bool is_plain(uint64_t qualification, uint64_t rflags)
{
	const uint64_t wanted = VIOLATION_LINEAR | VIOLATION_FINAL;

	return (qualification & (wanted | VIOLATION_OTHER)) == wanted && !(rflags & RFLAGS_TF) &&
	       !(vmcs_read(VMCS_GUEST_CR0) & CR0_PG) &&
	       !(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) &
		 (INTERRUPTIBILITY_STI | INTERRUPTIBILITY_MOV_SS)) &&
	       !(vmcs_read(VMCS_IDT_VECTORING_INFO) & EVENT_VALID);
}

/* The page of RAM or ROM that is at a guest-physical address, with A20 on; NULL. It stays where it
 * is while the VM runs. */
static NOINLINE const uint8_t *find_page(struct vcpu *v, uint64_t page)
{
	const uint8_t *bytes = guest_memory_read_ptr(&v->vm->memory, gpa(page), PAGE_4K);

	v->code_page = bytes ? page : UINT64_MAX;
	v->code_bytes = bytes;
	return bytes;
}

/* Where the bytes of the instruction are; NULL: that takes a closer look. */
static inline const uint8_t *find_bytes(struct vcpu *v)
{
	uint64_t at = (uint32_t)(vmcs_read(VMCS_GUEST_CS_BASE) + v->rip);
	uint64_t offset = at & (PAGE_4K - 1);
	const uint8_t *page = v->code_bytes;

	if (UNLIKELY(v->vm->a20_off || offset > PAGE_4K - (DECODE_MAX_BYTES + 1)))
		return NULL;
	if (UNLIKELY(v->code_page != at - offset))
		page = find_page(v, at - offset);
	return page ? page + offset : NULL;
}

static inline bool is_ram(const struct vm *vm, uint64_t at)
{
	uint64_t low = min_u64(vm->memory.len_bytes, GUEST_MEMORY_LOW_END);

	return at < low || at - 4 * GIB < vm->memory.len_bytes - low;
}

/*
 * Is all of the access at the address that the exit tells? It may reach into the next page, or have
 * begun in the one before, of which there is no exit if something is mapped there. A page of RAM
 * itself is always mapped; that it be here is for the worst case.
 */
static inline bool is_whole(const struct vm *vm, uint64_t at, uint64_t size)
{
	uint64_t offset = at & (PAGE_4K - 1);

	if (LIKELY(offset != 0))
		return offset + size <= PAGE_4K && !is_ram(vm, at);
	return !is_ram(vm, at - 1) && !vm->void_touches && !vm->platform.mmio.claim_count &&
	       !(vm->has_firmware && guest_memory_is_rom(&vm->memory, gpa(at - 1)));
}

static inline uint64_t read_register(const struct vcpu *v, const struct decoded_mov *mov)
{
	uint64_t value = mov->reg & DECODE_HIGH ? v->gpr[mov->reg & 3] >> 8 : v->gpr[mov->reg];

	return mov->size == 4 ? (uint32_t)value : mov->size == 2 ? (uint16_t)value : (uint8_t)value;
}

/* Without paging there is no 64-bit mode, and so no size of 8. */
static inline void write_register(struct vcpu *v, const struct decoded_mov *mov, uint64_t value)
{
	uint8_t *reg = (uint8_t *)&v->gpr[mov->reg & 0xf] + (mov->reg & DECODE_HIGH ? 1 : 0);

	if (mov->size == 4)
		v->gpr[mov->reg] = value;
	else
		memcpy(reg, &value, mov->size == 2 ? 2 : 1);
}

/* All registers but RSP are in v->gpr, and are taken from there afterwards. */
bool exit_fast_mmio(struct vcpu *v)
{
	struct vm *vm = v->vm;
	uint64_t q = vmcs_read(VMCS_EXIT_QUALIFICATION);
	uint64_t rflags = vmcs_read(VMCS_GUEST_RFLAGS);
	struct mmio_access a;
	struct decoded_mov mov;
	const uint8_t *bytes;

	if (!is_plain(q, rflags))
		return false;
	a.at = gpa(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS));
	v->rip = vmcs_read(VMCS_GUEST_RIP);
	bytes = find_bytes(v);
	if (!bytes ||
	    !decode_mov(bytes, vmcs_read(VMCS_GUEST_CS_ACCESS) & SEGMENT_DB ? DECODE_32 : DECODE_16,
			&mov) ||
	    mov.reg == RSP || v->rip + mov.length > UINT32_MAX || !is_whole(vm, a.at.raw, mov.size))
		return false;
	a.size = mov.size;
	a.write = mov.write;
	a.value = mov.write ? read_register(v, &mov) : 0;
	if (!mmio_bus_nobody_again(&vm->platform.mmio, &a)) {
		a.now_ns = vm_now_ns(vm);
		(void)mmio_bus_access(&vm->platform.mmio, &a);
	}
	if (!mov.write)
		write_register(v, &mov, a.value);
	vmcs_write(VMCS_GUEST_RIP, v->rip + mov.length);
	if (rflags & RFLAGS_RF) /* an EPT violation sets it; it ends with the instruction */
		vmcs_write(VMCS_GUEST_RFLAGS, rflags & ~RFLAGS_RF);
	/* Without paging it is below 4 GiB. */
	vcpu_record_exit(v, EXIT_REASON_EPT_VIOLATION, q, (uint32_t)(a.at.raw / PAGE_4K));
	return true;
}
