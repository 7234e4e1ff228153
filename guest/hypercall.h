/*
 * guest/hypercall.h - the calls that a guest can make to Lintel by VMCALL: docs/hypercalls.md.
 *
 * Only at CPL 0 (elsewhere #UD), only meaningful where CPUID leaf 40000000h says "LintelLintel".
 * EAX has the number, EAX gets the answer: 0, or one of the errors below; every other register is
 * kept, but where a call gives more. Not part of any other hypervisor's numbers: the upper half is
 * "LN".
 */
#pragma once

#include "kernel/types.h"

enum hypercall {
	HYPERCALL_VERSION = 0x4c4e0000,    /* EAX: major << 16 | minor of this interface */
	HYPERCALL_END = 0x4c4e0001,        /* EBX: status, 0 if all is well; does not return */
	HYPERCALL_NMI = 0x4c4e0002,        /* an NMI to the calling vCPU */
	HYPERCALL_LOG = 0x4c4e0003,        /* a log line: RBX its linear address, ECX its bytes */
	HYPERCALL_YIELD = 0x4c4e0004,      /* others may have the core */
	HYPERCALL_INJECT = 0x4c4e0005,     /* EBX: vector, HYPERCALL_WITH_ERROR; ECX: error code */
	HYPERCALL_TSC_OFFSET = 0x4c4e0006, /* EDX:ECX: the guest's TSC less the machine's */
	HYPERCALL_HOOK = 0x4c4e0007,       /* EBX: the VM's hook= on (1) or off (0) */
	HYPERCALL_LAST = HYPERCALL_HOOK,
};

/* A number of Lintel's, known or not. */
static inline bool is_hypercall(uint32_t number)
{
	return number >> 16 == HYPERCALL_VERSION >> 16;
}

#define HYPERCALL_INTERFACE  UINT32_C(0x00010001) /* 1.1 */

/* Answers in EAX. */
#define HYPERCALL_UNKNOWN    UINT32_C(0xffffffff) /* to any other number */
#define HYPERCALL_FAULT      UINT32_C(0xfffffffe) /* the guest's paging does not have the memory */
#define HYPERCALL_BAD        UINT32_C(0xfffffffd) /* an argument that is none */
#define HYPERCALL_FULL       UINT32_C(0xfffffffc) /* there is no room for one more */
#define HYPERCALL_DENIED     UINT32_C(0xfffffffb) /* the VM's line does not grant it */

#define HYPERCALL_LOG_MAX    160u   /* bytes of a line */
#define HYPERCALL_WITH_ERROR BIT(8) /* INJECT: there is an error code */
