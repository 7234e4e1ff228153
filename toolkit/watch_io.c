/*
 * toolkit/watch_io.c - watch=io:PORT[-PORT], and io:all by unconditional I/O exiting.
 *
 * Each port of a VM exits by the I/O bitmaps anyway; a watch picks its own. With io:all the bitmaps
 * are off and the control "unconditional I/O exiting" is on.
 * Spec: SDM 3C "I/O-Bitmap Addresses", "Exit Qualification for I/O Instructions".
 */
#include "toolkit/tools.h"

#define IO_WIDTH  UINT64_C(7) /* exit qualification: bytes, less one */
#define IO_IN     BIT(3)
#define IO_STRING BIT(4)
#define IO_REP    BIT(5)

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	for (unsigned i = 0; i < t->watch_count; i++) {
		if (t->watches[i].kind != WATCH_IO || !t->watches[i].all)
			continue;
		c->on[CONTROL_PROC] |= (uint32_t)PROC_UNCONDITIONAL_IO;
		c->off[CONTROL_PROC] |= (uint32_t)PROC_IO_BITMAPS;
	}
	return watch_any(t, WATCH_IO);
}

/* An access of more than one byte is one to each port that it covers. */
static struct watch *find(struct vm_tools *t, unsigned port, unsigned size)
{
	struct watch *w = NULL;

	for (unsigned i = 0; i < size && !w; i++)
		w = watch_find(t, WATCH_IO, (port + i) & 0xffff);
	return w;
}

static enum exit_action watch_string(struct vcpu *v, struct watch *w, struct tool_exit *x)
{
	uint64_t q = v->qualification;

	watch_hit(v, w, "%s%s port %04llxh, %llu bytes each, at %#llx", q & IO_REP ? "REP " : "",
		  q & IO_IN ? "INS" : "OUTS", (unsigned long long)(q >> 16 & 0xffff),
		  (unsigned long long)(q & IO_WIDTH) + 1, (unsigned long long)v->rip);
	return tool_pass(v, x);
}

static enum exit_action see_io(struct vcpu *v, struct tool_exit *x)
{
	uint64_t q = v->qualification, rip = v->rip;
	unsigned port = q >> 16 & 0xffff, size = (unsigned)(q & IO_WIDTH) + 1, digits = 2 * size;
	uint64_t mask = UINT64_MAX >> (64 - 8 * size);
	struct watch *w = find(v->vm->tools, port, size);
	uint64_t out = v->gpr[RAX] & mask;
	enum exit_action action;

	if (!w)
		return tool_pass(v, x);
	if (q & IO_STRING)
		return watch_string(v, w, x);
	action = tool_pass(v, x);
	if (q & IO_IN)
		watch_hit(v, w, "IN port %04xh -> %0*llxh at %#llx", port, (int)digits,
			  (unsigned long long)(v->gpr[RAX] & mask), (unsigned long long)rip);
	else
		watch_hit(v, w, "OUT port %04xh <- %0*llxh at %#llx", port, (int)digits,
			  (unsigned long long)out, (unsigned long long)rip);
	return action;
}

const struct tool tool_io = {
	.name = "io",
	.reasons = BIT(EXIT_REASON_IO_INSTRUCTION),
	.fit = fit,
	.exit = see_io,
};
