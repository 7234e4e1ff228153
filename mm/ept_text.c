/* mm/ept_text.c - see mm/ept_text.h. */
#include "mm/ept_text.h"

#include "kernel/text.h"
#include "mm/mtrr.h"
#include "mm/phys.h"

#define ENTRY_TYPE(e)  ((enum ept_memtype)((e) >> 3 & 7))
#define ENTRY_LARGE    BIT(7)
#define ENTRY_ACCESSED BIT(8)
#define ENTRY_DIRTY    BIT(9)
#define ENTRY_ADDRESS  UINT64_C(0x000ffffffffff000)
#define TYPES_RESERVED (BIT(2) | BIT(3) | BIT(7))

static bool is_leaf(uint64_t entry, unsigned level)
{
	return level == 1 || (level < 4 && (entry & ENTRY_LARGE));
}

static uint64_t reserved_bits(uint64_t entry, unsigned level, const struct ept_cpu *cpu)
{
	uint64_t reserved = ENTRY_ADDRESS & ~(BIT(cpu->maxphyaddr) - 1);

	if (!is_leaf(entry, level))
		return reserved | (level == 4 ? UINT64_C(0xf8) : UINT64_C(0x78));
	if (EPT_TEXT_SPAN(level) > cpu->max_leaf)
		reserved |= ENTRY_LARGE;
	return reserved | (ENTRY_ADDRESS & (EPT_TEXT_SPAN(level) - 1));
}

bool ept_entry_wrong(uint64_t entry, unsigned level, const struct ept_cpu *cpu, char *text,
		     size_t size)
{
	uint64_t reserved = entry & reserved_bits(entry, level, cpu);
	unsigned rights = entry & EPT_RWX;
	const char *why = NULL;

	if (!rights)
		return false;
	if ((rights & EPT_WRITE) && !(rights & EPT_READ))
		why = "write without read";
	else if (rights == EPT_EXEC && !cpu->exec_only)
		why = "execute without read, which this CPU lacks";
	else if (!reserved && is_leaf(entry, level) && (TYPES_RESERVED >> ENTRY_TYPE(entry) & 1))
		why = "a memory type that does not exist";
	if (why)
		text_format(text, size, "%s", why);
	else if (reserved)
		text_format(text, size, "reserved bits are set: %#llx",
			    (unsigned long long)reserved);
	return why || reserved;
}

/* Behind the rights. Returns whether the walk goes on. */
static bool end_of_line(uint64_t entry, unsigned level, gpa_t at, const struct ept_cpu *cpu,
			char *text, size_t size)
{
	uint64_t inside = EPT_TEXT_SPAN(level) - 1;
	char why[64];

	if (!(entry & EPT_RWX))
		text_format(text, size, "not present");
	else if (ept_entry_wrong(entry, level, cpu, why, sizeof(why)))
		text_format(text, size, "misconfigured: %s", why);
	else if (is_leaf(entry, level))
		text_format(text, size, "%s%s%s: %#llx is host-physical %#llx",
			    ept_memtype_name(ENTRY_TYPE(entry)),
			    entry & ENTRY_ACCESSED ? " accessed" : "",
			    entry & ENTRY_DIRTY ? " dirty" : "", (unsigned long long)at.raw,
			    (unsigned long long)((entry & ENTRY_ADDRESS & ~inside) |
						 (at.raw & inside)));
	else {
		text_format(text, size, "table");
		return true;
	}
	return false;
}

unsigned ept_walk_text(const struct ept *e, gpa_t at, const struct ept_cpu *cpu,
		       char lines[EPT_LEVELS][EPT_LINE])
{
	static const char names[EPT_LEVELS][6] = {"PTE", "PDE", "PDPTE", "PML4E"};
	uint64_t entry = e->root.raw;
	unsigned count = 0;

	for (unsigned level = EPT_LEVELS; level > 0; level--) {
		const uint64_t *table = phys_ptr(hpa(entry & ENTRY_ADDRESS));
		const uint64_t *slot = &table[at.raw / EPT_TEXT_SPAN(level) % 512];
		char *line = lines[count++];
		size_t used;

		entry = __atomic_load_n(slot, __ATOMIC_RELAXED);
		used = text_format(line, EPT_LINE, "%-5s at %#llx: %016llx %c%c%c ",
				   names[level - 1], (unsigned long long)phys_of(slot).raw,
				   (unsigned long long)entry, entry & EPT_READ ? 'r' : '-',
				   entry & EPT_WRITE ? 'w' : '-', entry & EPT_EXEC ? 'x' : '-');
		if (!end_of_line(entry, level, at, cpu, line + used, EPT_LINE - used))
			break;
	}
	return count;
}
