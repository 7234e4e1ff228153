/*
 * vmx/call_core.h - has another core do something, and waits for it.
 *
 * For the debugger: a VMCS can be read only where it is loaded. The other core does it between two
 * runs of guest code, so within 1 ms; a core that is held (the hypervisor is stopped by a debugger)
 * does it in its hold.
 */
#pragma once

#include "kernel/types.h"

/* Runs fn(arg) on core cpu_index (this one: at once) and returns when it is done. One caller at a
 * time, who holds the debugger's lock and no other; interrupts off. False: the core does not answer
 * (a second has passed) or is not in VMX operation (at once), and fn is not called any more. */
bool vmx_call_core(unsigned cpu_index, void (*fn)(void *arg), void *arg);

/* Does what waits for this core; cheap if nothing does. From the loop's regular service, and from
 * the hold, which may have come in the middle of anything: fn leaves the core as it finds it. */
void vmx_serve_calls(void);

/* Between two runs of guests: what other cores want, then the host's own regular work. */
void vmx_service(void);
