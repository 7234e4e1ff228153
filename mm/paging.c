/* mm/paging.c - the hypervisor's own page tables, in the processor's format. */
#include "mm/paging.h"

#include "kernel/x86.h"
#include "mm/radix.h"

#define RIGHTS        ((unsigned)(PAGING_WRITE | PAGING_EXEC | PAGING_USER))
#define ALL_FLAGS     ((unsigned)(RIGHTS | PAGING_UNCACHED | PAGING_GLOBAL))

#define INPUT_MASK    (BIT(RADIX_INPUT_BITS) - 1)
#define PHYSICAL_LAST (BIT(52) - 1)

static struct radix tree_of(struct paging *p)
{
	return (struct radix){
		.frames = p->frames,
		.root = p->root,
		.max_leaf = p->has_1g ? PAGE_1G : PAGE_2M,
		.present = PTE_PRESENT,
		/* Rights are the leaf's: a table entry takes none away. */
		.table_bits = PTE_PRESENT | PTE_WRITABLE | PTE_USER,
		.sticky = PTE_ACCESSED | PTE_DIRTY,
		.table_count = &p->table_count,
		.leaves = p->leaves,
		.retired = &p->retired,
		.stale = &p->stale,
	};
}

static bool is_canonical(uint64_t virt)
{
	uint64_t upper = virt >> (RADIX_INPUT_BITS - 1);

	return upper == 0 || upper == UINT64_MAX >> (RADIX_INPUT_BITS - 1);
}

/* The range has len_bytes > 0 and may end with the address space. */
static enum status check_range(uint64_t virt, uint64_t len_bytes)
{
	uint64_t last = virt + (len_bytes - 1);

	if (!is_aligned(virt | len_bytes, PAGE_4K))
		return ERR_ALIGNMENT;
	if (last < virt || !is_canonical(virt) || !is_canonical(last) || virt >> 63 != last >> 63)
		return ERR_RANGE;
	return OK;
}

static enum status check_rights(unsigned flags)
{
	return (flags & PAGING_WRITE) != 0 && (flags & PAGING_EXEC) != 0 ? ERR_INVALID : OK;
}

static uint64_t rights_to_entry(const struct paging *p, unsigned flags)
{
	uint64_t entry = 0;

	if ((flags & PAGING_WRITE) != 0)
		entry |= PTE_WRITABLE;
	if ((flags & PAGING_USER) != 0)
		entry |= PTE_USER;
	if ((flags & PAGING_EXEC) == 0 && p->has_nx)
		entry |= PTE_NX;
	return entry;
}

static uint64_t flags_to_entry(const struct paging *p, unsigned flags)
{
	uint64_t entry = PTE_PRESENT | rights_to_entry(p, flags);

	if ((flags & PAGING_UNCACHED) != 0)
		entry |= PTE_PCD | PTE_PWT;
	if ((flags & PAGING_GLOBAL) != 0)
		entry |= PTE_GLOBAL;
	return entry;
}

static unsigned entry_to_flags(uint64_t entry)
{
	uint64_t flags = 0;

	if ((entry & PTE_WRITABLE) != 0)
		flags |= PAGING_WRITE;
	if ((entry & PTE_USER) != 0)
		flags |= PAGING_USER;
	if ((entry & PTE_NX) == 0)
		flags |= PAGING_EXEC;
	if ((entry & PTE_PCD) != 0)
		flags |= PAGING_UNCACHED;
	if ((entry & PTE_GLOBAL) != 0)
		flags |= PAGING_GLOBAL;
	return (unsigned)flags;
}

static enum status change(struct paging *p, uint64_t virt, uint64_t len_bytes,
			  struct radix_change c)
{
	struct radix tree = tree_of(p);

	c.from = virt & INPUT_MASK;
	c.end = c.from + len_bytes;
	return radix_apply(&tree, &c);
}

enum status paging_init(struct paging *p, struct frames *frames, bool has_1g, bool has_nx)
{
	*p = (struct paging){.frames = frames, .has_1g = has_1g, .has_nx = has_nx};
	return radix_init(frames, &p->root, &p->table_count);
}

void paging_destroy(struct paging *p)
{
	struct radix tree = tree_of(p);

	radix_destroy(&tree);
}

enum status paging_map(struct paging *p, uint64_t virt, hpa_t to, uint64_t len_bytes,
		       unsigned flags)
{
	enum status s;

	if (len_bytes == 0)
		return OK;
	if (!is_aligned(to.raw, PAGE_4K))
		return ERR_ALIGNMENT;
	s = check_range(virt, len_bytes);
	if (s != OK)
		return s;
	if (to.raw > PHYSICAL_LAST || len_bytes - 1 > PHYSICAL_LAST - to.raw)
		return ERR_RANGE;
	if ((flags & ~ALL_FLAGS) != 0)
		return ERR_INVALID;
	s = check_rights(flags);
	if (s != OK)
		return s;

	return change(p, virt, len_bytes,
		      (struct radix_change){
			      .verb = RADIX_MAP,
			      .to = to.raw,
			      .set = flags_to_entry(p, flags),
		      });
}

enum status paging_unmap(struct paging *p, uint64_t virt, uint64_t len_bytes)
{
	enum status s;

	if (len_bytes == 0)
		return OK;
	s = check_range(virt, len_bytes);
	if (s != OK)
		return s;
	return change(p, virt, len_bytes, (struct radix_change){.verb = RADIX_UNMAP});
}

enum status paging_protect(struct paging *p, uint64_t virt, uint64_t len_bytes, unsigned flags)
{
	enum status s;

	if (len_bytes == 0)
		return OK;
	s = check_range(virt, len_bytes);
	if (s != OK)
		return s;
	if ((flags & ~RIGHTS) != 0)
		return ERR_INVALID;
	s = check_rights(flags);
	if (s != OK)
		return s;

	return change(p, virt, len_bytes,
		      (struct radix_change){
			      .verb = RADIX_PROTECT,
			      .clear = PTE_WRITABLE | PTE_USER | PTE_NX,
			      .set = rights_to_entry(p, flags),
		      });
}

enum status paging_walk(const struct paging *p, uint64_t virt, struct paging_leaf *leaf)
{
	struct paging copy = *p;
	struct radix tree = tree_of(&copy); /* a walk changes nothing of it */
	struct radix_leaf found;
	enum status s;

	if (!is_canonical(virt))
		return ERR_RANGE;
	s = radix_walk(&tree, virt & INPUT_MASK, &found);
	if (s != OK)
		return s;

	leaf->start = align_down(virt, found.size);
	leaf->at = found.at;
	leaf->size = found.size;
	leaf->flags = entry_to_flags(found.entry);
	return OK;
}

bool paging_stale(const struct paging *p)
{
	return p->stale;
}

void paging_flushed(struct paging *p)
{
	struct radix tree = tree_of(p);

	radix_flushed(&tree);
}
