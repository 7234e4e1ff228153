/*
 * kernel/hold.h - one core makes all others stand still for a while, and lets them go on.
 *
 * For the debugger. The others come by NMI, so from anywhere, and wait in its handler; what they
 * hold (locks) they keep. A panic takes them out of the hold, for good.
 */
#pragma once

#include "kernel/trap.h"

struct cpu;

/* send_nmi_others reaches all other cores; serve is called again and again by each that is held,
 * on its NMI stack. Once, before the first hold. */
void hold_init(void (*send_nmi_others)(void), void (*serve)(void));

/* Returns how many cores have not come in time (a second or so). One caller at a time, interrupts
 * off. Between a core's hold and its release, c->frame are its registers. */
unsigned hold_others(void);
void hold_release_others(void);

/* A held core goes on alone, until it holds again, or gets an NMI and is asked to again. */
void hold_release_one(struct cpu *c);
void hold_again(struct trap_frame *f);

/* If the core is to be held: waits until it may go on with what is in *f then, and returns true.
 * For the handler of NMIs. */
bool hold_if_asked(struct trap_frame *f);
