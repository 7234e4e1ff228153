/*
 * toolkit/code_place.h - where a guest's code is: by what address, in which mode.
 *
 * Pure. Spec: SDM 3A "Modes of Operation", "Logical and Linear Addresses".
 */
#pragma once

#include "guest/cpu_state.h"

/* By the code that runs: in long mode's compatibility mode it is 32-bit, too. */
enum code_mode { CODE_REAL, CODE_V86, CODE_16, CODE_32, CODE_64, CODE_MODES };

struct code_place {
	enum code_mode mode;
	uint16_t selector; /* of CS */
	uint64_t rip;
	uint64_t linear; /* CS base + RIP; outside of 64-bit mode it wraps at 4 GiB */
};

/* Looks at RIP, CS, CR0, EFER and RFLAGS. */
struct code_place code_place_of(const struct guest_cpu_state *s);

/* "real", "v86", "16-bit", "32-bit", "64-bit". */
const char *code_mode_name(enum code_mode mode);

#define CODE_PLACE_TEXT 32u

/* Real mode and virtual-8086 mode: "real 0000:7c00"; others: "32-bit 0x7c00". to has
 * CODE_PLACE_TEXT bytes. */
void code_place_text(const struct code_place *p, char *to);
