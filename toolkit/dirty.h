/*
 * toolkit/dirty.h - watch=dirty: which pages a guest has written, for the monitor.
 *
 * On the VM's core with its VMCS loaded.
 */
#pragma once

#include "guest/written.h"
#include "vmx/vm.h"

struct dirty_pages {
	const struct guest_written *written;
	uint64_t accessed; /* pages */
	bool by_log;       /* page-modification logging; else by a scan of the tables */
	uint64_t log_full; /* exits for it */
};

/* As it is now, since the start or dirty_reset(). False: the VM has no watch=dirty. */
bool dirty_look(struct vm *vm, struct dirty_pages *pages);

/* From now on nothing is written. Behind a dirty_look() that was true. */
void dirty_reset(struct vm *vm);
