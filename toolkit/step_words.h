/*
 * toolkit/step_words.h - the word steps=, and how long an instruction is that was stepped over.
 *
 * Pure. Not a disassembler: most instructions are as long as RIP has moved. Those that go elsewhere
 * or stay (jumps, calls, returns, INT n, an iteration of REP) are known by their bytes.
 * Spec: SDM 2A "Instruction Format", SDM 2D "Opcode Map".
 */
#pragma once

#include "guest/decode.h"
#include "kernel/text.h"
#include "toolkit/code_place.h"

#define STEPS_DEFAULT 1000u
#define STEPS_MAX     100000u

/* 1 to STEPS_MAX. ERR_INVALID, ERR_RANGE. */
MUST_CHECK enum status steps_read(struct text value, uint64_t *steps);

/* bytes: count of them could be fetched, up to DECODE_MAX_BYTES; moved: the RIP behind the step
 * less that before it. 0: not known. */
unsigned step_length(const uint8_t *bytes, unsigned count, enum code_mode mode, uint64_t moved);

#define STEP_BYTES_TEXT (3u * DECODE_MAX_BYTES + 4u)

/* "b8 01 00"; of unknown length (0) the first four, and "..". to has STEP_BYTES_TEXT bytes. */
void step_bytes_text(const uint8_t *bytes, unsigned count, unsigned length, char *to);
