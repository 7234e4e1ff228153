/*
 * guest/emulate.h - carries out one instruction of the guest that touched something which is not
 * RAM.
 *
 * Pure. Knows what guest/decode.h knows, with a memory operand or the stack: an instruction that
 * has neither cannot have caused such an exit. Operands go through segments and the guest's page
 * tables as on the CPU, and each page of them is RAM or belongs to the bus. ROM is read as memory;
 * writes to it go to the bus, where nobody answers.
 *
 * A fault leaves registers and memory as they were, but for accessed flags of pages that the
 * instruction would have read. REP stands as after the last whole element.
 *
 * LOCK and XCHG are atomic against other vCPUs where the operand is RAM and naturally aligned;
 * other operands in RAM are read and then written. On the bus the VM's lock has the same effect.
 *
 * Flags that the SDM leaves undefined: AF after AND, OR, XOR and TEST is 0; BT, BTS, BTR and BTC
 * leave OF, SF, AF and PF alone.
 * Not modelled: alignment checks (#AC), data breakpoints, 5-level paging, protection keys.
 * Spec: SDM 2A to 2D, the pages of the instructions.
 */
#pragma once

#include "guest/decode.h"
#include "guest/mmio_bus.h"
#include "guest/walk.h"

#define EMULATE_CHUNK 1024u /* elements of REP in one call, at most */

enum emulate_result {
	EMULATE_DONE,        /* RIP is behind the instruction */
	EMULATE_AGAIN,       /* more to do: RIP stays, the guest (or a later call) goes on. With
			    RFLAGS.TF set this comes after each element of REP, and owes a #DB */
	EMULATE_FAULT,       /* the guest gets *fault, RIP stays */
	EMULATE_UNKNOWN,     /* not an instruction that is known here: nothing was done */
	EMULATE_UNSUPPORTED, /* 5-level paging: nothing was done, or REP stands within */
};

struct emulate_report {
	uint8_t bytes[DECODE_BUFFER]; /* at CS:RIP; those from count on mean nothing */
	uint8_t count;                /* as far as they could be fetched, at most 15 */
	uint8_t length;               /* of the instruction; 0: unknown, or not decoded */
};

/*
 * The instruction at CS:RIP. The caller fills in s: general registers, RIP, RFLAGS, CR0, CR3, CR4,
 * EFER, PDPTEs, the six segments, maxphyaddr; and writes back general registers, RIP and RFLAGS
 * after every result. It holds the VM's lock. What a finished instruction owes besides is the
 * caller's: the #DB of RFLAGS.TF, the end of blocking by STI and MOV SS, RFLAGS.RF. The bytes are
 * fetched anew, with the rights of a fetch: another vCPU may have changed them since the exit.
 * now_ns goes to the devices. report is set in any case, *fault with EMULATE_FAULT only.
 */
MUST_CHECK enum emulate_result emulate_instruction(struct guest_cpu_state *s,
						   struct guest_memory *m, struct mmio_bus *bus,
						   uint64_t now_ns, struct emulate_report *report,
						   struct guest_fault *fault);
