/*
 * mm/regions.h - lists of physical memory ranges: the firmware's map, cleaned up.
 *
 * Pure. Input may be unsorted, overlapping, empty, past 64 bits; what is usable is what some entry
 * calls RAM and no entry calls anything else. RAM past 52 bits of address is left out.
 */
#pragma once

#include "kernel/status.h"

/* A firmware's map has some dozens of entries; EFI maps that were never merged have hundreds. */
#define REGIONS_MAX 512u

enum region_kind { REGION_RAM, REGION_RESERVED, REGION_ACPI_RECLAIM, REGION_ACPI_NVS, REGION_BAD };

struct region {
	hpa_t start;
	uint64_t len_bytes;
	enum region_kind kind;
};

struct regions {
	struct region items[REGIONS_MAX];
	size_t count;
};

void regions_init(struct regions *r);

/* Adds an entry as the firmware gave it. Empty: ignored. A range that wraps is cut at 2^64.
 * ERR_FULL: not added. */
MUST_CHECK enum status regions_add(struct regions *r, uint64_t start, uint64_t len_bytes,
				   enum region_kind kind);

/* Out of a raw list: sorted, disjoint, merged RAM only; whole 4 KiB pages inside of RAM and outside
 * of every other kind. ERR_FULL if the result has too many pieces. in and out are different. */
MUST_CHECK enum status regions_normalise(const struct regions *in, struct regions *out);

/* Cuts a range out of a normalised list (kernel, modules, low memory); partly covered pages go too.
 * ERR_FULL if a piece too many would come of it. */
MUST_CHECK enum status regions_remove(struct regions *r, uint64_t start, uint64_t len_bytes);

/* The sum of the lengths; that much memory only in a normalised list. */
uint64_t regions_total_bytes(const struct regions *r);

/* Whether one item of the list, so one run of RAM of a normalised one, holds the whole range. An
 * empty range is held by every list. */
bool regions_contain(const struct regions *r, uint64_t start, uint64_t len_bytes);
