/*
 * guest/string_io.h - INS and OUTS, with REP.
 *
 * Pure. Runs on a guest_cpu_state and guest memory; the elements go through an access function.
 * The caller has decoded the instruction (VM-exit qualification and instruction information);
 * privilege for the port was checked by the CPU before the exit. RIP is not moved here.
 * Not modelled: data breakpoints, alignment checks.
 * Spec: SDM 2A "INS/INSB/INSW/INSD", SDM 2B "OUTS/OUTSB/OUTSW/OUTSD", "REP/REPE/REPZ/REPNE/REPNZ".
 */
#pragma once

#include "guest/io.h"
#include "guest/linear.h"

#define STRING_IO_CHUNK 1024u /* a good number of elements for one call */

struct string_io {
	uint16_t port;
	uint8_t size; /* of an element: 1, 2 or 4 bytes */
	bool write;   /* OUTS: memory to port */
	bool rep;
	uint8_t address_size;            /* 2, 4 or 8 bytes of (R/E)SI, DI, CX */
	enum guest_segment_name segment; /* of OUTS, with its override; INS always uses ES */
};

/* Carries out all of a run. */
typedef void (*io_run_fn)(void *context, const struct io_run *run);

/* Element index of a run as an access; after a read, its answer goes back. */
struct io_access io_run_element(const struct io_run *run, uint64_t index);
void io_run_answer(const struct io_run *run, uint64_t index, const struct io_access *io);

enum string_io_result {
	STRING_IO_DONE,        /* finished: the caller moves RIP */
	STRING_IO_AGAIN,       /* more to do: RIP stays, the guest (or a later call) goes on. With
			    RFLAGS.TF set this comes after each element, and owes a #DB */
	STRING_IO_FAULT,       /* the guest gets *fault, RIP stays */
	STRING_IO_UNSUPPORTED, /* 5-level paging */
};

/*
 * Does up to max_elements (1 or more), in runs. Registers stand as after the last whole element in
 * every case. INS checks that its destination takes the element before it reads the port, so
 * nothing that a port gave is lost. now_ns goes into each struct io_run.
 */
MUST_CHECK enum string_io_result string_io_run(const struct string_io *op,
					       struct guest_cpu_state *s, struct guest_memory *m,
					       io_run_fn access, void *context, uint64_t now_ns,
					       unsigned max_elements, struct guest_fault *fault);
