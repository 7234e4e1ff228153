/*
 * tests/decode/zydis_view.h - what Zydis says of an instruction, in the terms of guest/decode.h.
 *
 * Zydis is an independent decoder (Debian's libzydis-dev); only its public interface is used.
 */
#pragma once

#include <Zydis/Zydis.h>

#include "guest/decode.h"

struct zydis_view {
	bool valid;
	bool is_ours; /* one of those that guest/decode.h promises to know */
	ZyanStatus status;
	ZydisDecodedInstruction instruction;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

void zydis_view_init(void);

/* The instruction at the beginning of count bytes. */
void zydis_view(const uint8_t *bytes, unsigned count, enum decode_mode mode,
		struct zydis_view *out);

/* NULL if Zydis agrees with all of d, else what it does not agree with. */
const char *zydis_view_differs(const struct zydis_view *z, const struct decoded *d);
