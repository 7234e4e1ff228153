/*
 * tests/gdb/toy_machine.h - a struct debug_target for tests: a hypervisor of two cores and two VMs
 * that really run a few instructions.
 *
 * Process 1 (64 bit, two cores) loops at 2000h, VM 2 (real mode, CS 7c0h) at 7c00h, VM 3 (64 bit)
 * at 1000h. Each loop is: NOP, INC BYTE [500h], NOP, JMP. The CPU knows these four, HLT (the
 * process ends: well if AL is 0), UD2 (a triple fault), INT3 (an exception), and ICEBP, which goes
 * from real mode to 32 bit and from there to 64. Each process has 64 KiB at linear 0; a VM's last
 * 4 KiB are ROM.
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "debug/target.h"

#define TOY_PROCESSES 3u
#define TOY_THREADS   4u
#define TOY_MEMORY    0x10000u
#define TOY_ROM       0xf000u
#define TOY_BREAKS    32u
#define TOY_COUNTER   0x500u

struct toy_break {
	uint32_t pid;
	enum debug_point_kind kind;
	uint64_t at, len;
};

struct toy_thread {
	struct debug_thread id;
	bool stopped, stop_asked, stop_pending, skip_break;
	enum debug_resume how;
	uint64_t start, end, steps;
	struct debug_stop stop;
	struct debug_registers r;
};

struct toy_machine {
	struct debug_target target;
	struct toy_thread threads[TOY_THREADS];
	bool alive[TOY_PROCESSES], attached[TOY_PROCESSES];
	uint8_t memory[TOY_PROCESSES][TOY_MEMORY];
	struct toy_break breaks[TOY_BREAKS];
	unsigned break_count, max_breaks;
	bool deaf; /* stop() does nothing */
	unsigned attach_calls, detach_calls;
	char command[256];
};

static inline struct toy_thread *toy_thread(struct toy_machine *m, struct debug_thread t)
{
	for (unsigned i = 0; i < TOY_THREADS; i++)
		if (m->threads[i].id.pid == t.pid && m->threads[i].id.tid == t.tid &&
		    m->alive[t.pid - 1])
			return &m->threads[i];
	return NULL;
}

static inline bool toy_matches(struct debug_thread who, const struct toy_thread *t)
{
	return (who.pid == 0 || who.pid == t->id.pid) && (who.tid == 0 || who.tid == t->id.tid);
}

static inline unsigned toy_list(void *state, struct debug_thread *out, unsigned max)
{
	struct toy_machine *m = state;
	unsigned count = 0;

	for (unsigned i = 0; i < TOY_THREADS; i++)
		if (m->alive[m->threads[i].id.pid - 1]) {
			if (count < max)
				out[count] = m->threads[i].id;
			count++;
		}
	return count;
}

static inline void toy_describe(void *state, struct debug_thread t, char *text, size_t size)
{
	(void)state;
	snprintf(text, size, t.pid == 1 ? "core %u" : "<vCPU> %u & \"more\"\n", t.tid - 1);
}

static inline void toy_name(void *state, uint32_t pid, char *text, size_t size)
{
	static const char *const names[] = {"lintel", "real", "long"};

	(void)state;
	snprintf(text, size, "%s", names[pid - 1]);
}

static inline bool toy_is_stopped(void *state, struct debug_thread t)
{
	struct toy_thread *thread = toy_thread(state, t);

	return thread != NULL && thread->stopped;
}

static inline enum status toy_read_registers(void *state, struct debug_thread t,
					     struct debug_registers *r)
{
	struct toy_thread *thread = toy_thread(state, t);

	if (thread == NULL)
		return ERR_NOT_FOUND;
	if (!thread->stopped)
		return ERR_INVALID;
	*r = thread->r;
	return OK;
}

static inline enum status toy_write_registers(void *state, struct debug_thread t,
					      const struct debug_registers *r)
{
	struct toy_thread *thread = toy_thread(state, t);

	if (thread == NULL)
		return ERR_NOT_FOUND;
	if (!thread->stopped)
		return ERR_INVALID;
	thread->r = *r;
	return OK;
}

/* How much of [at, at + len) there is below limit. */
static inline size_t toy_part(uint64_t at, size_t len, uint64_t limit)
{
	return at >= limit ? 0 : len < limit - at ? len : (size_t)(limit - at);
}

static inline enum status toy_read_memory(void *state, struct debug_thread t, uint64_t at, void *to,
					  size_t len, size_t *done)
{
	struct toy_machine *m = state;

	*done = toy_part(at, len, TOY_MEMORY);
	memcpy(to, m->memory[t.pid - 1] + (*done > 0 ? at : 0), *done);
	return *done > 0 ? OK : ERR_RANGE;
}

static inline enum status toy_write_memory(void *state, struct debug_thread t, uint64_t at,
					   const void *from, size_t len, size_t *done)
{
	struct toy_machine *m = state;

	*done = toy_part(at, len, t.pid == 1 ? TOY_MEMORY : TOY_ROM);
	memcpy(m->memory[t.pid - 1] + (*done > 0 ? at : 0), from, *done);
	return *done > 0 ? OK : ERR_RANGE;
}

static inline unsigned toy_map(void *state, uint32_t pid, struct debug_region *out, unsigned max)
{
	static const struct debug_region map[] = {
		{.start = 0, .len_bytes = TOY_ROM, .kind = DEBUG_RAM},
		{.start = TOY_ROM, .len_bytes = TOY_MEMORY - TOY_ROM, .kind = DEBUG_ROM},
	};

	(void)state;
	(void)pid;
	for (unsigned i = 0; i < 2 && i < max; i++)
		out[i] = map[i];
	return 2;
}

static inline struct toy_break *toy_find_break(struct toy_machine *m, uint32_t pid,
					       enum debug_point_kind kind, uint64_t at)
{
	for (unsigned i = 0; i < m->break_count; i++)
		if (m->breaks[i].pid == pid && m->breaks[i].kind == kind && m->breaks[i].at == at)
			return &m->breaks[i];
	return NULL;
}

static inline enum status toy_insert(void *state, uint32_t pid, enum debug_point_kind kind,
				     uint64_t at, uint64_t len)
{
	struct toy_machine *m = state;

	if (toy_find_break(m, pid, kind, at) != NULL)
		return OK;
	if (at >= TOY_MEMORY)
		return ERR_RANGE;
	if (m->break_count == m->max_breaks)
		return ERR_FULL;
	m->breaks[m->break_count++] =
		(struct toy_break){.pid = pid, .kind = kind, .at = at, .len = len};
	return OK;
}

static inline enum status toy_remove(void *state, uint32_t pid, enum debug_point_kind kind,
				     uint64_t at, uint64_t len)
{
	struct toy_machine *m = state;
	struct toy_break *b = toy_find_break(m, pid, kind, at);

	(void)len;
	if (b != NULL)
		*b = m->breaks[--m->break_count];
	return OK;
}

static inline void toy_resume(void *state, struct debug_thread who, enum debug_resume how,
			      uint64_t start, uint64_t end)
{
	struct toy_machine *m = state;

	for (unsigned i = 0; i < TOY_THREADS; i++) {
		struct toy_thread *t = &m->threads[i];

		if (!toy_matches(who, t) || !t->stopped)
			continue;
		t->stopped = t->stop_pending = t->stop_asked = false;
		t->skip_break = true;
		t->how = how;
		t->start = start;
		t->end = end;
	}
}

static inline void toy_stop(void *state, struct debug_thread who)
{
	struct toy_machine *m = state;

	for (unsigned i = 0; i < TOY_THREADS; i++)
		if (toy_matches(who, &m->threads[i]) && !m->threads[i].stopped && !m->deaf)
			m->threads[i].stop_asked = true;
}

static inline bool toy_next_stop(void *state, struct debug_stop *s)
{
	struct toy_machine *m = state;

	for (unsigned i = 0; i < TOY_THREADS; i++)
		if (m->threads[i].stop_pending) {
			m->threads[i].stop_pending = false;
			*s = m->threads[i].stop;
			return true;
		}
	return false;
}

static inline enum status toy_attach(void *state, uint32_t pid)
{
	struct toy_machine *m = state;

	if (pid == 0 || pid > TOY_PROCESSES || !m->alive[pid - 1])
		return ERR_NOT_FOUND;
	m->attach_calls++;
	m->attached[pid - 1] = true;
	return OK;
}

static inline void toy_detach(void *state, uint32_t pid)
{
	struct toy_machine *m = state;

	m->detach_calls++;
	m->attached[pid - 1] = false;
	for (unsigned i = m->break_count; i-- > 0;)
		if (m->breaks[i].pid == pid)
			m->breaks[i] = m->breaks[--m->break_count];
	toy_resume(state, (struct debug_thread){.pid = pid}, DEBUG_CONTINUE, 0, 0);
}

static inline enum status toy_kill(void *state, uint32_t pid)
{
	struct toy_machine *m = state;

	if (pid == 1)
		return ERR_UNSUPPORTED;
	m->alive[pid - 1] = false;
	return OK;
}

/* "lines N" prints N lines; anything else is said back. */
static inline void toy_command(void *state, struct text line, const struct debug_output *out)
{
	struct toy_machine *m = state;
	char text[300];
	unsigned count = 0;

	snprintf(m->command, sizeof(m->command), "%.*s", (int)line.len, line.at);
	if (sscanf(m->command, "lines %u", &count) == 1) {
		for (unsigned i = 0; i < count; i++)
			out->write(out->state, text,
				   (size_t)snprintf(text, sizeof(text), "line %u\n", i));
		return;
	}
	out->write(out->state, text,
		   (size_t)snprintf(text, sizeof(text), "you said: %s\n", m->command));
}

static inline void toy_report(struct toy_thread *t, enum debug_stop_reason reason, uint64_t address,
			      uint32_t number)
{
	t->stopped = t->stop_pending = true;
	t->stop_asked = false;
	t->stop = (struct debug_stop){
		.thread = t->id, .reason = reason, .address = address, .number = number};
}

static inline uint64_t toy_rip(const struct toy_thread *t)
{
	return t->r.mode == DEBUG_64_BIT ? t->r.cpu.rip
					 : t->r.cpu.rip + t->r.cpu.segments[GUEST_CS].base;
}

static inline bool toy_breaks_at(struct toy_machine *m, struct toy_thread *t)
{
	if (t->skip_break) {
		t->skip_break = false;
		return false;
	}
	for (unsigned kind = DEBUG_POINT_SOFTWARE; kind <= DEBUG_POINT_HARDWARE; kind++)
		if (toy_find_break(m, t->id.pid, (enum debug_point_kind)kind, toy_rip(t)) != NULL) {
			toy_report(t,
				   kind == DEBUG_POINT_SOFTWARE ? DEBUG_STOP_BREAKPOINT
								: DEBUG_STOP_HARDWARE,
				   0, 0);
			return true;
		}
	return false;
}

static inline bool toy_watches(struct toy_machine *m, struct toy_thread *t, uint64_t at)
{
	for (unsigned i = 0; i < m->break_count; i++) {
		const struct toy_break *b = &m->breaks[i];

		if (b->pid == t->id.pid && b->kind >= DEBUG_POINT_WRITE && at >= b->at &&
		    at - b->at < b->len) {
			toy_report(t,
				   (enum debug_stop_reason)(b->kind - DEBUG_POINT_WRITE +
							    DEBUG_STOP_WATCH_WRITE),
				   b->at, 0);
			return true;
		}
	}
	return false;
}

static inline void toy_change_mode(struct debug_registers *r)
{
	r->mode = r->mode == DEBUG_16_BIT ? DEBUG_32_BIT : DEBUG_64_BIT;
	r->cpu.rip = (r->cpu.rip + r->cpu.segments[GUEST_CS].base) & UINT32_MAX;
	r->cpu.segments[GUEST_CS].base = 0;
	r->cpu.cr0 |= CR0_PE;
	if (r->mode == DEBUG_64_BIT)
		r->cpu.cr0 |= CR0_PG;
}

/* One instruction; false: the thread has stopped. */
static inline bool toy_execute(struct toy_machine *m, struct toy_thread *t)
{
	uint8_t *memory = m->memory[t->id.pid - 1],
		*code = memory + (toy_rip(t) & 0xfff0u) + (toy_rip(t) & 15);
	bool writes = code[0] == 0xfe;

	t->steps++;
	switch (code[0]) {
	case 0xeb:
		t->r.cpu.rip += 2 + (uint64_t)(int64_t)(int8_t)code[1];
		break;
	case 0xfe:
		memory[TOY_COUNTER]++;
		t->r.cpu.rip += code[1] == 6 ? 4 : 7;
		break;
	case 0xf1:
		t->r.cpu.rip++;
		toy_change_mode(&t->r);
		break;
	case 0xf4:
		toy_report(t, DEBUG_STOP_EXITED, 0, t->r.cpu.gpr[RAX] & 0xff);
		m->alive[t->id.pid - 1] = false;
		return false;
	case 0x0f:
		toy_report(t, DEBUG_STOP_TRIPLE_FAULT, 0, 0);
		return false;
	case 0xcc:
		toy_report(t, DEBUG_STOP_EXCEPTION, 0, EXC_BP);
		return false;
	default:
		t->r.cpu.rip++;
	}
	return !writes || !toy_watches(m, t, TOY_COUNTER);
}

/* Each running thread has a few instructions. */
static inline void toy_run(struct toy_machine *m, unsigned instructions)
{
	for (unsigned i = 0; i < TOY_THREADS; i++) {
		struct toy_thread *t = &m->threads[i];

		for (unsigned n = 0; n < instructions; n++) {
			if (t->stopped || !m->alive[t->id.pid - 1])
				break;
			if (t->stop_asked) {
				toy_report(t, DEBUG_STOP_ASKED, 0, 0);
				break;
			}
			if (toy_breaks_at(m, t) || !toy_execute(m, t))
				break;
			if (t->how == DEBUG_STEP ||
			    (t->how == DEBUG_STEP_RANGE &&
			     (toy_rip(t) < t->start || toy_rip(t) >= t->end)))
				toy_report(t, DEBUG_STOP_STEP, 0, 0);
		}
	}
}

static inline void toy_fill(struct toy_machine *m, unsigned i, uint32_t pid, uint32_t tid,
			    enum debug_mode mode, uint64_t start)
{
	static const uint8_t loop16[] = {0x90, 0xfe, 0x06, 0x00, 0x05, 0x90, 0xeb, 0xf8};
	static const uint8_t loop64[] = {0x90, 0xfe, 0x04, 0x25, 0x00, 0x05,
					 0x00, 0x00, 0x90, 0xeb, 0xf5};
	struct toy_thread *t = &m->threads[i];
	struct debug_registers *r = &t->r;

	t->id = (struct debug_thread){.pid = pid, .tid = tid};
	for (unsigned g = 0; g < GPR_COUNT; g++)
		r->cpu.gpr[g] = mode == DEBUG_64_BIT ? 0x1122334455660000u + g : 0x1000u + g;
	r->cpu.gpr[RAX] = 0;
	r->cpu.rip = start;
	r->cpu.rflags = 0x202;
	r->cpu.cr0 = mode == DEBUG_64_BIT ? CR0_PE | CR0_PG | CR0_ET : CR0_ET;
	r->cpu.cr4 = CR4_PAE;
	r->cpu.efer = mode == DEBUG_64_BIT ? EFER_LMA | EFER_LME : 0;
	r->cpu.segments[GUEST_CS] = (struct guest_segment){.selector = 8, .limit = 0xffff};
	if (mode == DEBUG_16_BIT) {
		r->cpu.rip = 0;
		r->cpu.segments[GUEST_CS].selector = (uint16_t)(start >> 4);
		r->cpu.segments[GUEST_CS].base = start;
	}
	r->cpu.segments[GUEST_FS].base = 0x1234;
	r->cpu.gdtr.limit = 0x27;
	r->mode = mode;
	r->has_fpu = pid != 1;
	r->fpu[0] = 0x7f;
	r->fpu[1] = 0x03;
	r->fpu[24] = 0x80;
	r->fpu[25] = 0x1f;
	r->cpu.cr8 = 7;
	r->dr[3] = 0xd3;
	if (mode == DEBUG_16_BIT)
		memcpy(m->memory[pid - 1] + start, loop16, sizeof(loop16));
	else
		memcpy(m->memory[pid - 1] + start, loop64, sizeof(loop64));
}

/* All run. */
static inline void toy_init(struct toy_machine *m)
{
	memset(m, 0, sizeof(*m));
	m->target = (struct debug_target){
		.state = m,
		.threads = toy_list,
		.describe = toy_describe,
		.process_name = toy_name,
		.is_stopped = toy_is_stopped,
		.read_registers = toy_read_registers,
		.write_registers = toy_write_registers,
		.read_memory = toy_read_memory,
		.write_memory = toy_write_memory,
		.memory_map = toy_map,
		.insert = toy_insert,
		.remove = toy_remove,
		.resume = toy_resume,
		.stop = toy_stop,
		.next_stop = toy_next_stop,
		.attach = toy_attach,
		.detach = toy_detach,
		.kill = toy_kill,
		.command = toy_command,
	};
	for (unsigned i = 0; i < TOY_PROCESSES; i++)
		m->alive[i] = true;
	m->max_breaks = TOY_BREAKS;
	toy_fill(m, 0, 1, 1, DEBUG_64_BIT, 0x2000);
	toy_fill(m, 1, 1, 2, DEBUG_64_BIT, 0x2000);
	toy_fill(m, 2, 2, 1, DEBUG_16_BIT, 0x7c00);
	toy_fill(m, 3, 3, 1, DEBUG_64_BIT, 0x1000);
}

/* As a VM with debug=wait: stopped before its first instruction. */
static inline void toy_wait(struct toy_machine *m, uint32_t pid)
{
	struct toy_thread *t = &m->threads[pid];

	toy_report(t, DEBUG_STOP_START, 0, 0);
}
