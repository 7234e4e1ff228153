/*
 * toolkit/pool.h - small pages of a guest's memory for the tools: large leaves of EPT are split,
 * and joined again.
 *
 * The tables for it are a reserve that was taken when the run began or the first such watch came
 * (pool=N, mm/ept.h): what happens in an exit never asks the allocator. With the A20 line low there
 * are 4 KiB leaves only. On the VM's core; the VM's lock is held.
 */
#pragma once

#include "vmx/vm.h"

/* Memory at a guest-physical address (any byte) is in a 4 KiB leaf from now on, for ept_protect()
 * or ept_map() of this page. ERR_NOT_FOUND: nothing is mapped there; ERR_NO_MEMORY: the pool is
 * empty, which is logged once in a run, and nothing has changed. */
MUST_CHECK enum status pool_split(struct vm *vm, gpa_t at);

/* The page has the rights and the place again that it had: its 2 MiB are one leaf again if that is
 * so of all their pages. Their table comes back to the pool with the INVEPT before the next entry.
 * Not while a page is restored for the length of a step only. */
void pool_join(struct vm *vm, gpa_t at);

/* The same for all RAM, after pages were restored that nobody knows any more. */
void pool_join_all(struct vm *vm);
