/*
 * vmx/vm_report.h - what the log says of a VM's life.
 */
#pragma once

#include "vmx/vm.h"

void vm_report_start(const struct vm *vm);
void vm_report_reset(const struct vm *vm);

/* After a run has ended; the exits of this run are still in the vCPU. */
void vm_report_end(const struct vm *vm);

/* Finished lines of debug output (ports 402h, E9h, debugcon=) to the log. VM's lock held. */
void vm_report_debug_output(struct vm *vm);
