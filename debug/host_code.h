/*
 * debug/host_code.h - the hypervisor's code as its debugger changes it: INT3 in the places of
 * breakpoints, which nobody sees who reads the code by the debugger.
 *
 * The caller has the debugger's lock, but for what says otherwise.
 * Spec: SDM 3B "Breakpoint Exception (#BP)"; SDM 3A "Handling Self- and Cross-Modifying Code".
 */
#pragma once

#include "debug/target.h"

#define HOST_INT3 0xccu

struct code_place {
	uint64_t at; /* 0: free */
	uint8_t original;
	uint8_t kinds; /* bit 0: DEBUG_POINT_SOFTWARE; bit 1: _HARDWARE, which is INT3, too */
};

/* From any core, in the handlers of traps. */
bool host_is_code(uint64_t at);
struct code_place *host_find(uint64_t at); /* of the breakpoints; at is not 0 */

/* Puts INT3 into a place of the caller's own, and takes it out if it is there. Other cores are
 * held. */
void host_place_int3(struct code_place *p, uint64_t at);
void host_take_int3(struct code_place *p);

/* This core executes what stands under a breakpoint, by one step. end: false if it did not. From
 * the handlers of traps; another core that comes there now misses the breakpoint. */
void host_pass_begin(unsigned core, const struct code_place *p);
bool host_pass_end(unsigned core);

/* kind: SOFTWARE or HARDWARE, which differ in what the stop is called. others_run: the other cores
 * are not held. ERR_FULL; ERR_RANGE: no code; ERR_UNSUPPORTED: code of the trap handlers. */
MUST_CHECK enum status host_insert(uint64_t at, enum debug_point_kind kind, bool others_run);
void host_remove(uint64_t at, enum debug_point_kind kind, bool others_run);
void host_remove_all(bool others_run);

/* The bytes at an address were read, or (written) are what was just written there: breakpoints in
 * them give way to what stands beneath. */
void host_hide_breakpoints(uint64_t at, uint8_t *bytes, size_t len_bytes, bool written);
