/*
 * debug/caps_text.h - the VMX capability MSRs in words, but for the controls.
 *
 * Pure. Spec: SDM 3D appendix "VMX Capability Reporting Facility".
 */
#pragma once

#include "vmx/caps.h"

/* A row of a table with a heading: MSR, bits, name, whether Lintel wants it, and what the CPU says;
 * then what is fixed in CR0 and CR4. VMX_CAPS_ROW bytes. False: row is past the end. */
bool caps_text_row(const struct vmx_msrs *m, unsigned row, char *text, size_t size);
