/* guest/walk.c - one walk through the guest's page tables. */
#include "guest/walk.h"

#define LEVELS_MAX     4u
#define RACES_MAX      8u /* walks begun anew since another CPU changed an entry meanwhile */
#define EMPTY_BUS      UINT64_MAX
#define TABLE_32       UINT64_C(0xfffff000)
#define PHYSICAL_LIMIT 52u

enum paging { PAGING_32, PAGING_PAE, PAGING_4_LEVEL };

struct step {
	void *entry; /* in guest RAM, or NULL outside of it */
	uint64_t value;
};

struct walk {
	const struct guest_cpu_state *s;
	struct guest_memory *m;
	uint64_t at;
	unsigned access;
	enum paging paging;
	struct step steps[LEVELS_MAX];
	unsigned count;
	bool writable, user, nx; /* all levels together */
};

/* Bits low to high (inclusive); none if high < low. */
static uint64_t bits(unsigned high, unsigned low)
{
	return high < low ? 0 : (~UINT64_C(0) >> (63 - high)) & (~UINT64_C(0) << low);
}

/* The bits of a present entry that must be 0. SDM 3A "Reserved bits" in the tables of entry formats
 * under "32-Bit Paging", "PAE Paging" and "4-Level Paging and 5-Level Paging". */
static uint64_t reserved_bits(const struct walk *w, unsigned level, bool large)
{
	unsigned width = w->s->maxphyaddr;
	uint64_t reserved;

	if (w->paging == PAGING_32)
		return large ? bits(21, (width < 40 ? width : 40) - 19) : 0;
	reserved = bits(w->paging == PAGING_PAE ? 62 : PHYSICAL_LIMIT - 1, width);
	if (!(w->s->efer & EFER_NXE))
		reserved |= PTE_NX;
	if (level == 4)
		reserved |= PTE_LARGE;
	else if (large)
		reserved |= bits(level == 3 ? 29 : 20, 13);
	return reserved;
}

/* SDM 3A "Page-Fault Exceptions": how the error code comes about. */
static enum guest_result page_fault(const struct walk *w, uint32_t cause, struct guest_fault *fault)
{
	const struct guest_cpu_state *s = w->s;
	bool nx_on = (s->cr4 & CR4_PAE) && (s->efer & EFER_NXE);
	uint32_t code = cause;

	if (w->access & WALK_WRITE)
		code |= PF_WRITE;
	if (w->access & WALK_USER)
		code |= PF_USER;
	if ((w->access & WALK_FETCH) && (nx_on || (s->cr4 & CR4_SMEP)))
		code |= PF_FETCH;
	*fault = (struct guest_fault){
		.vector = EXC_PF, .has_error_code = true, .error_code = code, .cr2 = w->at};
	return GUEST_FAULT;
}

/* SDM 3A "Determination of Access Rights". */
static bool rights_allow(const struct walk *w)
{
	const struct guest_cpu_state *s = w->s;
	bool write = (w->access & WALK_WRITE) != 0, fetch = (w->access & WALK_FETCH) != 0;

	if (w->access & WALK_ALL_RIGHTS)
		return true;
	if (fetch && w->nx)
		return false;
	if (w->access & WALK_USER)
		return w->user && (w->writable || !write);
	if (write && !w->writable && (s->cr0 & CR0_WP))
		return false;
	if (!w->user)
		return true;
	if (fetch)
		return !(s->cr4 & CR4_SMEP);
	return !(s->cr4 & CR4_SMAP) || ((s->rflags & RFLAGS_AC) && !(w->access & WALK_IMPLICIT));
}

static unsigned entry_bytes(const struct walk *w)
{
	return w->paging == PAGING_32 ? 4 : 8;
}

/* ROM can hold tables too; their flags stay as they are, as in a look without an update. */
static struct step read_entry(const struct walk *w, uint64_t at)
{
	struct step step = {.value = EMPTY_BUS};
	const void *source;

	if (!(w->access & WALK_NO_UPDATE))
		step.entry = guest_memory_ptr(w->m, gpa(at), entry_bytes(w));
	source = step.entry;

	if (!source)
		source = guest_memory_read_ptr(w->m, gpa(at), entry_bytes(w));
	if (entry_bytes(w) == 4)
		step.value = source ? __atomic_load_n((const uint32_t *)source, __ATOMIC_RELAXED)
				    : (uint32_t)EMPTY_BUS;
	else if (source)
		step.value = __atomic_load_n((const uint64_t *)source, __ATOMIC_RELAXED);
	return step;
}

/* Sets bits of an entry as the CPU does, in one locked step. False: the entry has changed. */
static bool set_bits(const struct walk *w, struct step *step, uint64_t wanted)
{
	uint64_t value = step->value | wanted;
	uint64_t old = step->value;
	uint32_t old_32 = (uint32_t)old;

	if (value == old || !step->entry)
		return true;
	step->value = value;
	if (entry_bytes(w) == 4)
		return __atomic_compare_exchange_n((uint32_t *)step->entry, &old_32,
						   (uint32_t)value, false, __ATOMIC_SEQ_CST,
						   __ATOMIC_RELAXED);
	return __atomic_compare_exchange_n((uint64_t *)step->entry, &old, value, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* SDM 3A "Accessed and Dirty Flags". */
static bool update_flags(struct walk *w)
{
	if (w->access & WALK_NO_UPDATE)
		return true;
	for (unsigned i = 0; i < w->count; i++) {
		bool dirty = i == w->count - 1 && (w->access & WALK_WRITE);

		if (!set_bits(w, &w->steps[i], PTE_ACCESSED | (dirty ? PTE_DIRTY : 0)))
			return false;
	}
	return true;
}

/* The address that a leaf maps. shift: log2 of its page size. */
static gpa_t leaf_address(const struct walk *w, uint64_t entry, unsigned shift)
{
	uint64_t offset = w->at & (BIT(shift) - 1);

	if (w->paging == PAGING_32 && shift == 22) /* PSE-36: bits 39:32 stand in bits 20:13 */
		return gpa((entry & bits(31, 22)) | (entry & bits(20, 13)) << 19 | offset);
	return gpa((entry & PTE_ADDRESS & ~(BIT(shift) - 1)) | offset);
}

static bool is_large(const struct walk *w, unsigned level, uint64_t entry)
{
	if (level == 1 || level == 4 || !(entry & PTE_LARGE))
		return false;
	return w->paging != PAGING_32 || (w->s->cr4 & CR4_PSE);
}

static enum guest_result walk_tables(struct walk *w, uint64_t table, unsigned level,
				     struct guest_translation *out, struct guest_fault *fault)
{
	unsigned index_bits = w->paging == PAGING_32 ? 10 : 9;

	w->count = 0;
	w->writable = true;
	w->user = true;
	w->nx = false;
	for (;; level--) {
		unsigned shift = 12 + (level - 1) * index_bits;
		uint64_t index = w->at >> shift & (BIT(index_bits) - 1);
		struct step step = read_entry(w, table + index * entry_bytes(w));
		bool large = is_large(w, level, step.value);

		if (!(step.value & PTE_PRESENT))
			return page_fault(w, 0, fault);
		if (step.value & reserved_bits(w, level, large))
			return page_fault(w, PF_PRESENT | PF_RSVD, fault);
		w->writable = w->writable && (step.value & PTE_WRITABLE);
		w->user = w->user && (step.value & PTE_USER);
		w->nx = w->nx || (w->paging != PAGING_32 && (step.value & PTE_NX));
		w->steps[w->count++] = step;
		if (level == 1 || large) {
			out->at = leaf_address(w, step.value, shift);
			out->page_size = BIT(shift);
			break;
		}
		table = step.value & (w->paging == PAGING_32 ? TABLE_32 : PTE_ADDRESS);
	}
	return rights_allow(w) ? GUEST_OK : page_fault(w, PF_PRESENT, fault);
}

enum guest_result guest_walk(const struct guest_cpu_state *s, struct guest_memory *m, gva_t at,
			     unsigned access, struct guest_translation *out,
			     struct guest_fault *fault)
{
	struct walk w = {.s = s, .m = m, .at = at.raw, .access = access};
	enum guest_result result;
	uint64_t table = s->cr3 & PTE_ADDRESS;
	unsigned level = 2;

	if (!(s->cr0 & CR0_PG)) {
		*out = (struct guest_translation){.at = gpa(at.raw), .page_size = PAGE_4K};
		return GUEST_OK;
	}
	if (s->efer & EFER_LMA) {
		if (s->cr4 & CR4_LA57)
			return GUEST_UNSUPPORTED;
		w.paging = PAGING_4_LEVEL;
		level = 4;
	} else if (s->cr4 & CR4_PAE) {
		w.paging = PAGING_PAE;
		table = s->pdpte[at.raw >> 30 & 3];
		if (!(table & PTE_PRESENT))
			return page_fault(&w, 0, fault);
		table &= PTE_ADDRESS;
	} else {
		w.paging = PAGING_32;
		table &= TABLE_32;
	}
	for (unsigned i = 0;; i++) {
		result = walk_tables(&w, table, level, out, fault);
		if (result != GUEST_OK || update_flags(&w) || i == RACES_MAX)
			return result;
	}
}
