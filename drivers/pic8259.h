/*
 * drivers/pic8259.h - the real 8259 pair, which we do not use: out of the way of the exceptions,
 * and silent.
 *
 * Spec: 8259A data sheet, "Programming the 8259A".
 */
#pragma once

#include "kernel/types.h"

/* Vectors 20h to 2fh, all masked. Before the first interrupt is let in. */
void pic8259_disable(void);
