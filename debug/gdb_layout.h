/*
 * debug/gdb_layout.h - the registers that gdb is told of: one table for descriptions and values.
 *
 * Spec: "Debugging with GDB", "i386 Features" for the names and their order; SDM 1 "FXSAVE Area".
 */
#pragma once

#include "debug/target.h"

enum gdb_feature { GDB_CORE, GDB_SSE, GDB_SEGMENTS, GDB_SYSTEM, GDB_FEATURES };

enum gdb_type {
	GDB_INT,
	GDB_GPR, /* an integer, or a pointer into the stack */
	GDB_CODE,
	GDB_FPU, /* 80 bits */
	GDB_FPU_CONTROL,
	GDB_VECTOR,
	GDB_FLAGS, /* the first of those with a list of bits */
	GDB_EFLAGS = GDB_FLAGS,
	GDB_MXCSR,
	GDB_CR0,
	GDB_CR4,
	GDB_EFER,
	GDB_TYPES
};

/* Registers of one kind, in a row. */
struct gdb_group {
	const char *names;    /* with blanks between */
	const uint8_t *order; /* which element each is; NULL: 0, 1, ... */
	uint16_t offset;      /* of element 0 in struct debug_registers */
	uint8_t stride, count;
	uint8_t bytes;   /* there */
	uint8_t wire;    /* bytes for gdb; 0: the layout's word */
	uint8_t layouts; /* bits by enum gdb_layout */
	uint8_t type, feature;
};

extern const struct gdb_group gdb_groups[];
extern const unsigned gdb_group_count;
