/*
 * guest/hypercall.h - the calls that a guest can make to Lintel by VMCALL.
 *
 * Only at CPL 0 (elsewhere #UD), only meaningful where CPUID leaf 40000000h says "LintelLintel".
 * EAX has the number, EAX gets the answer; every other register is kept. Not part of any other
 * hypervisor's numbers: the upper half is "LN".
 */
#pragma once

#include "kernel/types.h"

enum hypercall {
	HYPERCALL_VERSION = 0x4c4e0000, /* EAX: major << 16 | minor of this interface */
	HYPERCALL_END = 0x4c4e0001,     /* EBX: status, 0 if all is well; does not return */
	HYPERCALL_NMI = 0x4c4e0002,     /* an NMI to the calling vCPU; EAX: 0 */
};

/* A number of Lintel's, known or not. */
static inline bool is_hypercall(uint32_t number)
{
	return number >> 16 == HYPERCALL_VERSION >> 16;
}

#define HYPERCALL_INTERFACE UINT32_C(0x00010000) /* 1.0 */
#define HYPERCALL_UNKNOWN   UINT32_C(0xffffffff) /* the answer to any other number */
