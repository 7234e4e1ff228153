/* debug/records.c - what the trace has, as text: for the monitor, and in a panic. */
#include "debug/trace.h"
#include "debug/trace_text.h"
#include "kernel/panic_report.h"
#include "kernel/time.h"
#include "vmx/core.h"
#include "vmx/exit.h"
#include "vmx/vm.h"

#define PANIC_RECORDS 8u
#define LINE_BYTES    (TRACE_TEXT_BYTES + 80u)

static void emit_record(unsigned core, const struct trace_record *r, trace_emit_fn emit,
			void *state)
{
	uint64_t us = time_tsc_to_ns(r->tsc - time_base.start_tsc) / 1000;
	char line[LINE_BYTES];
	size_t len;

	len = text_format(line, sizeof(line), "[%5llu.%06llu c%u] %-8s %-6s ",
			  (unsigned long long)(us / 1000000), (unsigned long long)(us % 1000000),
			  core, r->vm < vm_count ? vms[r->vm]->config.name : "?",
			  trace_kind_name(r->kind));
	trace_text(line + len, sizeof(line) - len, r, exit_reason_name);
	emit(state, line);
}

/* The core whose record is the next one, going back (older) or forth; TRACE_ALL_CORES: none. Each
 * ring's cursor is behind the next one, or at it. */
static uint32_t next_core(uint32_t only, bool back, struct trace_record *best)
{
	uint32_t core = TRACE_ALL_CORES;
	struct trace_record r;

	for (unsigned i = 0; trace_ring_of(i); i++) {
		struct trace_ring *ring = trace_ring_of(i);
		bool there = only == TRACE_ALL_CORES || only == i;

		if (back)
			there = there && ring->cursor > max_u64(ring->cleared, trace_oldest(ring));
		else /* what was overwritten in the meantime */
			ring->cursor = max_u64(ring->cursor, trace_oldest(ring));
		if (!there || !trace_read(ring, ring->cursor - back, &r))
			continue;
		if (core == TRACE_ALL_CORES ||
		    (trace_record_end(&r) > trace_record_end(best)) == back) {
			core = i;
			*best = r;
		}
	}
	return core;
}

void trace_show(unsigned count, uint32_t only, trace_emit_fn emit, void *state)
{
	struct trace_record r = {0};
	unsigned shown = 0;
	uint32_t core;

	for (unsigned i = 0; trace_ring_of(i); i++)
		trace_ring_of(i)->cursor = trace_ring_of(i)->written;
	for (; shown < count && (core = next_core(only, true, &r)) != TRACE_ALL_CORES; shown++)
		trace_ring_of(core)->cursor--;
	for (; shown > 0 && (core = next_core(only, false, &r)) != TRACE_ALL_CORES; shown--) {
		trace_ring_of(core)->cursor++;
		emit_record(core, &r, emit, state);
	}
}

static void panic_emit(void *state, const char *line)
{
	(void)state;
	panic_line("  %s", line);
}

static void panic_exits(const struct vcpu *v)
{
	uint64_t count = min_u64(vcpu_exits(v), PANIC_RECORDS);

	while (count-- > 0) {
		const struct exit_record *r =
			&v->history[(v->history_at / 8 - count) % EXIT_HISTORY];
		const char *name = exit_reason_name((uint32_t)r->reason & 0xffff);

		panic_line("  %s at %#llx, qualification %#llx", name ? name : "?",
			   (unsigned long long)r->rip, (unsigned long long)r->qualification);
	}
}

void trace_panic(void)
{
	for (unsigned i = 0; i < cpu_count; i++) {
		const struct vcpu *v = cpus[i]->vmx ? cpus[i]->vmx->loaded : NULL;

		if (v) {
			panic_line("core %u: %s, its last exits:", i, v->vm->config.name);
			panic_exits(v);
		}
		if (trace_ring_of(i) && trace_ring_of(i)->written) {
			panic_line("core %u: the trace ends with:", i);
			trace_show(PANIC_RECORDS, i, panic_emit, NULL);
		}
	}
}
