/* mm/ept.c - extended page tables, in the processor's format. */
#include "mm/ept.h"

#include "kernel/assert.h"

/* SDM 3C, "EPT Translation Mechanism": the formats of the entries and of the EPTP. */
#define ENTRY_TYPE_SHIFT    3u
#define ENTRY_TYPE_MASK     UINT64_C(7)
#define ENTRY_ACCESSED      BIT(8)
#define ENTRY_DIRTY         BIT(9)

#define EPTP_WALK_LENGTH_4  (UINT64_C(3) << 3)
#define EPTP_ACCESSED_DIRTY BIT(6)

#define GUEST_END           BIT(RADIX_INPUT_BITS)
#define PHYSICAL_LAST       (BIT(52) - 1)

static struct radix tree_of(struct ept *e)
{
	return (struct radix){
		.frames = e->frames,
		.root = e->root,
		.max_leaf = e->max_leaf,
		.present = EPT_RWX,
		.table_bits = EPT_RWX, /* rights are the leaf's: a table entry takes none away */
		.sticky = ENTRY_ACCESSED | ENTRY_DIRTY,
		.table_count = &e->table_count,
		.leaves = e->leaves,
		.retired = &e->retired,
		.reserve = &e->reserve,
		.stale = &e->stale,
	};
}

static enum status check_size(uint64_t size)
{
	return size == PAGE_4K || size == PAGE_2M || size == PAGE_1G ? OK : ERR_INVALID;
}

static enum status check_range(gpa_t at, uint64_t len_bytes)
{
	if (!is_aligned(at.raw | len_bytes, PAGE_4K))
		return ERR_ALIGNMENT;
	if (at.raw > GUEST_END || len_bytes > GUEST_END - at.raw)
		return ERR_RANGE;
	return OK;
}

/* SDM 3C, "EPT Misconfigurations". No right at all would be a hole and no leaf. */
static enum status check_perm(const struct ept *e, unsigned perm)
{
	if (perm == 0 || (perm & ~(unsigned)EPT_RWX) != 0)
		return ERR_INVALID;
	if ((perm & EPT_WRITE) != 0 && (perm & EPT_READ) == 0)
		return ERR_INVALID;
	if (perm == EPT_EXEC && !e->exec_only)
		return ERR_INVALID;
	return OK;
}

static bool is_memtype(enum ept_memtype type)
{
	return type == EPT_UC || type == EPT_WC || type == EPT_WT || type == EPT_WP ||
	       type == EPT_WB;
}

static enum status change(struct ept *e, gpa_t at, uint64_t len_bytes, struct radix_change c)
{
	struct radix tree = tree_of(e);

	c.from = at.raw;
	c.end = at.raw + len_bytes;
	return radix_apply(&tree, &c);
}

enum status ept_init(struct ept *e, struct frames *frames, uint64_t max_leaf, bool exec_only)
{
	if (check_size(max_leaf) != OK)
		return ERR_INVALID;
	*e = (struct ept){.frames = frames, .max_leaf = max_leaf, .exec_only = exec_only};
	return radix_init(frames, &e->root, &e->table_count);
}

void ept_destroy(struct ept *e)
{
	struct radix tree = tree_of(e);

	radix_destroy(&tree);
}

enum status ept_map(struct ept *e, gpa_t at, hpa_t to, uint64_t len_bytes, unsigned perm,
		    enum ept_memtype type)
{
	enum status s = check_range(at, len_bytes);

	if (s != OK)
		return s;
	if (!is_aligned(to.raw, PAGE_4K))
		return ERR_ALIGNMENT;
	if (to.raw > PHYSICAL_LAST || len_bytes > PHYSICAL_LAST + 1 - to.raw)
		return ERR_RANGE;
	s = check_perm(e, perm);
	if (s != OK)
		return s;
	if (!is_memtype(type))
		return ERR_INVALID;

	return change(e, at, len_bytes,
		      (struct radix_change){
			      .verb = RADIX_MAP,
			      .to = to.raw,
			      .set = perm | (uint64_t)type << ENTRY_TYPE_SHIFT,
		      });
}

enum status ept_unmap(struct ept *e, gpa_t at, uint64_t len_bytes)
{
	enum status s = check_range(at, len_bytes);

	if (s != OK)
		return s;
	return change(e, at, len_bytes, (struct radix_change){.verb = RADIX_UNMAP});
}

enum status ept_protect(struct ept *e, gpa_t at, uint64_t len_bytes, unsigned perm)
{
	enum status s = check_range(at, len_bytes);

	if (s != OK)
		return s;
	s = check_perm(e, perm);
	if (s != OK)
		return s;
	return change(e, at, len_bytes,
		      (struct radix_change){
			      .verb = RADIX_PROTECT,
			      .clear = EPT_RWX,
			      .set = perm,
		      });
}

enum status ept_split(struct ept *e, gpa_t at, uint64_t size)
{
	struct ept_leaf leaf;
	enum status s;

	if (size != PAGE_4K && size != PAGE_2M)
		return ERR_INVALID;
	s = ept_walk(e, at, &leaf);
	if (s != OK)
		return s;
	return change(e, gpa(align_down(at.raw, PAGE_4K)), PAGE_4K,
		      (struct radix_change){.verb = RADIX_SPLIT, .size = size, .reserved = true});
}

enum status ept_reserve(struct ept *e, uint64_t count)
{
	struct radix tree = tree_of(e);

	return radix_reserve(&tree, count);
}

enum status ept_limit(struct ept *e, uint64_t size)
{
	enum status s = check_size(size);

	if (s == OK)
		s = change(e, gpa(0), GUEST_END,
			   (struct radix_change){.verb = RADIX_SPLIT, .size = size});
	if (s == OK)
		e->max_leaf = size;
	return s;
}

void ept_clear_flags(struct ept *e)
{
	enum status s = change(e, gpa(0), GUEST_END,
			       (struct radix_change){
				       .verb = RADIX_PROTECT,
				       .clear = ENTRY_ACCESSED | ENTRY_DIRTY,
			       });

	ASSERT(s == OK); /* whole leaves: it needs no table */
}

unsigned ept_merge(struct ept *e, gpa_t at)
{
	struct radix tree = tree_of(e);

	return at.raw < GUEST_END ? radix_merge(&tree, at.raw) : 0;
}

enum status ept_walk(const struct ept *e, gpa_t at, struct ept_leaf *leaf)
{
	struct ept copy = *e;
	struct radix tree = tree_of(&copy); /* a walk changes nothing of it */
	struct radix_leaf found;
	enum status s;

	if (at.raw >= GUEST_END)
		return ERR_RANGE;
	s = radix_walk(&tree, at.raw, &found);
	if (s != OK)
		return s;

	*leaf = (struct ept_leaf){
		.at = found.at,
		.start = gpa(found.start),
		.size = found.size,
		.perm = (unsigned)(found.entry & EPT_RWX),
		.type = (enum ept_memtype)((found.entry >> ENTRY_TYPE_SHIFT) & ENTRY_TYPE_MASK),
		.accessed = (found.entry & ENTRY_ACCESSED) != 0,
		.dirty = (found.entry & ENTRY_DIRTY) != 0,
	};
	return OK;
}

bool ept_stale(const struct ept *e)
{
	return e->stale;
}

void ept_flushed(struct ept *e)
{
	struct radix tree = tree_of(e);

	radix_flushed(&tree);
}

uint64_t ept_pointer(const struct ept *e, bool accessed_dirty)
{
	return e->root.raw | (uint64_t)EPT_WB | EPTP_WALK_LENGTH_4 |
	       (accessed_dirty ? EPTP_ACCESSED_DIRTY : 0);
}
