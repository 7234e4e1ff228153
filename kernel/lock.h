/*
 * kernel/lock.h - a fair (ticket) spin lock.
 *
 * The caller has interrupts off, or the lock is never taken by an interrupt handler. Not for NMI
 * handlers, which may only use lock_try(). Compiles for the host, where it works between threads.
 */
#pragma once

#include "kernel/types.h"

struct lock {
	uint32_t next;    /* the ticket that the next comer takes */
	uint32_t serving; /* the ticket that may go on */
};

static inline void lock_acquire(struct lock *l)
{
	uint32_t mine = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&l->serving, __ATOMIC_ACQUIRE) != mine)
		__builtin_ia32_pause();
}

/* Takes the lock if it is free now; never waits. */
MUST_CHECK static inline bool lock_try(struct lock *l)
{
	uint32_t serving = __atomic_load_n(&l->serving, __ATOMIC_ACQUIRE);
	uint32_t expected = serving;

	return __atomic_compare_exchange_n(&l->next, &expected, serving + 1, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Nobody has it at this moment. */
static inline bool lock_is_free(const struct lock *l)
{
	return __atomic_load_n(&l->serving, __ATOMIC_ACQUIRE) ==
	       __atomic_load_n(&l->next, __ATOMIC_ACQUIRE);
}

static inline void lock_release(struct lock *l)
{
	__atomic_store_n(&l->serving, l->serving + 1, __ATOMIC_RELEASE);
}
