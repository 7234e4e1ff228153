/*
 * mm/radix.h - four levels of 512-entry tables: what our page tables (mm/paging.c) and EPT
 * (mm/ept.c) have in common.
 *
 * Both formats keep the address in bits 51:12, mark a large leaf by bit 7, and translate 48 bits of
 * input by 9 bits a level. What they do not share (rights, types) is passed through as bits.
 * Only paging.c and ept.h include this file. The caller has checked alignment and range.
 *
 * A change first counts and takes the tables that it needs, and then cannot fail: it is done wholly
 * or not at all. Entries of live tables are changed by compare-and-exchange, since processors set
 * accessed and dirty bits in them meanwhile.
 * Spec: SDM 3A "4-Level Paging and 5-Level Paging"; SDM 3C "EPT Translation Mechanism".
 */
#pragma once

#include "mm/frames.h"

#define RADIX_ADDRESS    UINT64_C(0x000ffffffffff000)
#define RADIX_LARGE      BIT(7) /* in an entry of level 2 or 3: a leaf, not a table */
#define RADIX_INPUT_BITS 48u

/* Frames for the tables of splits. */
struct radix_reserve {
	uint64_t head;        /* list of zeroed frames */
	uint64_t count, size; /* how many there are, and how many there are when none is in use */
	bool made;            /* splits take from here only, even if the size is 0 */
};

/* One of our trees, as its owner lends it for a call. */
struct radix {
	struct frames *frames;
	hpa_t root;
	uint64_t max_leaf;     /* PAGE_4K, PAGE_2M or PAGE_1G */
	uint64_t present;      /* an entry with none of these bits is a hole */
	uint64_t table_bits;   /* what an entry that leads to a table holds beside the address */
	uint64_t sticky;       /* bits that the processor sets in leaves: accessed, dirty */
	uint64_t *table_count; /* tables in use */
	uint64_t *leaves;      /* [0] 4 KiB, [1] 2 MiB, [2] 1 GiB */
	uint64_t *retired; /* list of tables out of use that a processor may still know; 0: none */
	struct radix_reserve *reserve; /* NULL: none */
	bool *stale;                   /* set when an entry that was present goes or changes */
};

enum radix_verb { RADIX_MAP, RADIX_UNMAP, RADIX_PROTECT, RADIX_SPLIT };

/* What to do with the input range [from, end), end at most 2^48. */
struct radix_change {
	enum radix_verb verb;
	uint64_t from, end;
	uint64_t to;    /* MAP: where from leads */
	uint64_t set;   /* MAP: bits of the leaf, without RADIX_LARGE; PROTECT: bits to set */
	uint64_t clear; /* PROTECT: bits to clear first */
	uint64_t size;  /* SPLIT: leaves larger than this are cut */
	bool reserved;  /* its tables come from the reserve only, if one was made */
};

struct radix_leaf {
	uint64_t start; /* input address of the first byte */
	uint64_t size;
	uint64_t entry; /* as it stands in the table */
	hpa_t at;
};

/* A zeroed frame for the root, counted. ERR_NO_MEMORY. */
MUST_CHECK enum status radix_init(struct frames *frames, hpa_t *root, uint64_t *table_count);

/* A reserve is made, or has so many frames more. ERR_NO_MEMORY: nothing changed. */
MUST_CHECK enum status radix_reserve(const struct radix *t, uint64_t count);

/* Every table goes back, the retired and reserved ones too. Nothing happens where there is none any
 * more, or radix_init() failed. */
void radix_destroy(const struct radix *t);

/* ERR_NO_MEMORY: nothing changed. */
MUST_CHECK enum status radix_apply(const struct radix *t, const struct radix_change *c);

/* Joins what can be joined in the 1 GiB that hold at; returns how many tables were retired. */
unsigned radix_merge(const struct radix *t, uint64_t at);

/* ERR_NOT_FOUND. */
MUST_CHECK enum status radix_walk(const struct radix *t, uint64_t at, struct radix_leaf *leaf);

/* The caller has flushed what processors remember: retired tables go back to the reserve, if
 * it lacks any, or the frames. */
void radix_flushed(const struct radix *t);
