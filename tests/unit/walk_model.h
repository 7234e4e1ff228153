/*
 * tests/unit/walk_model.h - a second page walk, for the tests of guest/walk.c: the formats of the
 * entries as pictures, gone through bit by bit.
 *
 * It knows nothing of the first one: no code, no constant of it, but struct guest_cpu_state and the
 * kinds of access. It works on a copy of RAM of its own, from address 0 up.
 * Spec: SDM 3A "Paging": the figures "Formats of CR3 and Paging-Structure Entries" of each mode,
 * "Access Rights", "Page-Fault Exceptions", "Accessed and Dirty Flags".
 */
#pragma once

#include <string.h>

#include "guest/walk.h"

#define MODEL_RAM_BYTES (32 * PAGE_4K)

/*
 * The pictures, highest bit first:
 *	P W U A D  the flags of these names	X  execute-disable, reserved with EFER.NXE = 0
 *	m  an address bit, reserved from MAXPHYADDR up
 *	h  bits 32 and up of an address (PSE-36), reserved from the lesser of MAXPHYADDR and 40 up
 *	.  reserved	-  ignored, or of no meaning here
 */
#define M5              "mmmmm"
#define M10             M5 M5
#define M40             M10 M10 M10 M10
#define HIGH            "X-----------" /* of 4-level paging: bits 63 to 52 */
#define HIGHP           "X..........." /* of PAE paging */

#define PML4E           HIGH M40 "----.-A--UWP"
#define TABLE           HIGH M40 "------A--UWP"
#define PAGE1G                                                                                     \
	HIGH M10 M10 "mm"                                                                          \
		     "................."                                                           \
		     "------DA--UWP"
#define PAGE2M                                                                                     \
	HIGH M10 M10 M10 "m"                                                                       \
			 "........"                                                                \
			 "------DA--UWP"
#define PAGE4K HIGH M40 "-----DA--UWP"

#define TABLEP HIGHP M40 "------A--UWP"
#define PAGE2MP                                                                                    \
	HIGHP M10 M10 M10 "m"                                                                      \
			  "........"                                                               \
			  "------DA--UWP"
#define PAGE4KP HIGHP M40 "-----DA--UWP"

#define TABLE32 M10 M10 "------A--UWP"
#define PAGE4M32                                                                                   \
	M10 "hhhhhhhhh"                                                                            \
	    "------DA--UWP"
#define PAGE4K32 M10 M10 "-----DA--UWP"

struct model_level {
	unsigned high, low;       /* of the linear address: the index */
	const char *table, *page; /* without and with bit 7; NULL: there is none */
};

struct model_mode {
	unsigned bytes; /* of an entry */
	struct model_level levels[4];
};

static const struct model_mode model_32 = {
	4, {{31, 22, TABLE32, PAGE4M32}, {21, 12, PAGE4K32, PAGE4K32}}};
static const struct model_mode model_32_without_pse = {
	4, {{31, 22, TABLE32, TABLE32}, {21, 12, PAGE4K32, PAGE4K32}}};
static const struct model_mode model_pae = {
	8, {{29, 21, TABLEP, PAGE2MP}, {20, 12, PAGE4KP, PAGE4KP}}};
static const struct model_mode model_4_level = {8,
						{{47, 39, PML4E, PML4E},
						 {38, 30, TABLE, PAGE1G},
						 {29, 21, TABLE, PAGE2M},
						 {20, 12, PAGE4K, PAGE4K}}};

struct model_outcome {
	bool faults;
	uint32_t error_code;
	uint64_t at, page_bytes;
	unsigned count;                    /* of the entries used */
	uint64_t where[4], flag_values[4]; /* their addresses, and what they hold afterwards */
	unsigned entry_bytes;
};

struct model {
	const struct guest_cpu_state *cpu;
	uint8_t ram[MODEL_RAM_BYTES];
};

static inline uint64_t model_load(const struct model *m, uint64_t at, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)(at + i < MODEL_RAM_BYTES ? m->ram[at + i] : 0xff) << (8 * i);
	return value;
}

static inline void model_store(struct model *m, uint64_t at, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes && at + i < MODEL_RAM_BYTES; i++)
		m->ram[at + i] = (uint8_t)(value >> (8 * i));
}

/* What an entry says, read off its picture. */
struct model_entry {
	bool has[256]; /* by letter: a flag is set */
	bool reserved;
	uint64_t address;
};

static inline void model_bit(const struct guest_cpu_state *c, struct model_entry *e, char letter,
			     unsigned bit)
{
	unsigned address_bit = letter == 'h' ? bit + 19 : bit;
	unsigned limit = letter == 'h' && c->maxphyaddr > 40 ? 40 : c->maxphyaddr;

	if (letter == 'm' || letter == 'h') {
		if (address_bit >= limit)
			e->reserved = true;
		e->address |= UINT64_C(1) << address_bit;
	} else if (letter == '.' || (letter == 'X' && !(c->efer >> 11 & 1))) {
		e->reserved = true;
	} else {
		e->has[(uint8_t)letter] = true;
	}
}

static inline struct model_entry model_read(const struct guest_cpu_state *c, const char *picture,
					    uint64_t value)
{
	struct model_entry e = {.reserved = false};
	unsigned count = (unsigned)strlen(picture);

	for (unsigned bit = 0; bit < count; bit++) {
		if (value >> bit & 1)
			model_bit(c, &e, picture[count - 1 - bit], bit);
	}
	return e;
}

/* What it takes to be allowed, by access and page: SDM 3A "Determination of Access Rights". */
#define NEED_W    1u  /* the page is writable */
#define NEED_WP   2u  /* the page is writable, or CR0.WP is 0 */
#define NEED_X    4u  /* no XD */
#define NEED_SMEP 8u  /* CR4.SMEP is 0 */
#define NEED_SMAP 16u /* CR4.SMAP is 0, or EFLAGS.AC is 1 and the access explicit */
#define NEVER     32u

enum { MODEL_READ, MODEL_WRITE, MODEL_FETCH };

static const unsigned model_needs[2][2][3] = {
	/* supervisor-mode accesses to supervisor-mode and user-mode pages: read, write, fetch */
	{{0, NEED_WP, NEED_X}, {NEED_SMAP, NEED_SMAP | NEED_WP, NEED_X | NEED_SMEP}},
	/* user-mode accesses to the same */
	{{NEVER, NEVER, NEVER}, {0, NEED_W, NEED_X}},
};

static inline bool model_allows(const struct guest_cpu_state *c, unsigned access, bool w, bool u,
				bool x)
{
	unsigned what = access & WALK_WRITE ? MODEL_WRITE : access & WALK_FETCH ? MODEL_FETCH : 0;
	unsigned needs = model_needs[(access & WALK_USER) != 0][u][what], missing = NEVER;
	bool explicit_ac = (c->rflags >> 18 & 1) && !(access & WALK_IMPLICIT);

	if (access & WALK_ALL_RIGHTS)
		return true;
	missing |= w ? 0 : NEED_W;
	missing |= w || !(c->cr0 >> 16 & 1) ? 0 : NEED_WP;
	missing |= x ? 0 : NEED_X;
	missing |= c->cr4 >> 20 & 1 ? NEED_SMEP : 0;
	missing |= (c->cr4 >> 21 & 1) && !explicit_ac ? NEED_SMAP : 0;
	return !(needs & missing);
}

static inline struct model_outcome model_fault(const struct guest_cpu_state *c, unsigned access,
					       uint32_t why)
{
	bool pae = c->cr4 >> 5 & 1, nxe = c->efer >> 11 & 1, smep = c->cr4 >> 20 & 1;
	struct model_outcome o = {.faults = true, .error_code = why};

	o.error_code += access & WALK_WRITE ? 2 : 0;
	o.error_code += access & WALK_USER ? 4 : 0;
	o.error_code += (access & WALK_FETCH) && (smep || (pae && nxe)) ? 16 : 0;
	return o;
}

static inline struct model_outcome model_tables(const struct model *m,
						const struct model_mode *mode, uint64_t table,
						uint64_t linear, unsigned access)
{
	struct model_outcome o = {.entry_bytes = mode->bytes};
	bool w = true, u = true, x = true;

	for (const struct model_level *l = mode->levels;; l++) {
		uint64_t index = (linear >> l->low) % (UINT64_C(1) << (l->high - l->low + 1));
		uint64_t where = table + index * mode->bytes;
		uint64_t value = model_load(m, where, mode->bytes);
		const char *picture = value >> 7 & 1 ? l->page : l->table;
		struct model_entry e = model_read(m->cpu, picture, value);

		if (!e.has['P'])
			return model_fault(m->cpu, access, 0);
		if (e.reserved)
			return model_fault(m->cpu, access, 1 + 8);
		w = w && e.has['W'];
		u = u && e.has['U'];
		x = x && !e.has['X'];
		o.where[o.count] = where;
		o.flag_values[o.count++] = value | 0x20;
		table = e.address;
		if (!strchr(picture, 'D'))
			continue;
		o.page_bytes = UINT64_C(1) << l->low;
		o.at = e.address + linear % o.page_bytes;
		if (access & WALK_WRITE)
			o.flag_values[o.count - 1] |= 0x40;
		return model_allows(m->cpu, access, w, u, x) ? o : model_fault(m->cpu, access, 1);
	}
}

static inline struct model_outcome model_walk(const struct model *m, uint64_t linear,
					      unsigned access)
{
	const struct guest_cpu_state *c = m->cpu;
	uint64_t table = c->cr3 >> 12 << 12;

	if (!(c->cr0 >> 31))
		return (struct model_outcome){.at = linear, .page_bytes = 4096};
	if (c->efer >> 10 & 1)
		return model_tables(m, &model_4_level, table % (UINT64_C(1) << 52), linear, access);
	if (!(c->cr4 >> 5 & 1))
		return model_tables(m, c->cr4 >> 4 & 1 ? &model_32 : &model_32_without_pse,
				    (uint32_t)table, linear, access);
	table = c->pdpte[linear >> 30];
	if (!(table & 1))
		return model_fault(c, access, 0);
	return model_tables(m, &model_pae, table >> 12 << 12, linear, access);
}

/* The accessed and dirty flags of a walk that did not fault. */
static inline void model_update(struct model *m, const struct model_outcome *o)
{
	for (unsigned i = 0; i < o->count; i++)
		model_store(m, o->where[i], o->flag_values[i], o->entry_bytes);
}
