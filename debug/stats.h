/*
 * debug/stats.h - what each VM did, by exit reason: the table behind the option stats=on.
 *
 * Spec: SDM 3D appendix "VMX Basic Exit Reasons" for the names.
 */
#pragma once

/* Logs a table for every VM of this boot, all of its runs together, the most frequent reason first.
 * Boot processor, after the last VM has ended. */
void stats_log(void);
