/* debug/machine_target.c - see debug/machine_target.h. */
#include "debug/machine_target.h"

#include "debug/guest_target.h"
#include "debug/host_stop.h"
#include "debug/host_target.h"
#include "debug/monitor.h"

static const struct debug_target *owner(uint32_t pid)
{
	return pid == DEBUG_HOST_PID ? &host_target : &guest_target;
}

static unsigned threads(void *state, struct debug_thread *out, unsigned max)
{
	unsigned own = host_target.threads(state, out, max);
	unsigned room = own < max ? max - own : 0;

	return own + guest_target.threads(state, room ? out + own : NULL, room);
}

static void describe(void *state, struct debug_thread t, char *text, size_t size)
{
	owner(t.pid)->describe(state, t, text, size);
}

static void process_name(void *state, uint32_t pid, char *text, size_t size)
{
	owner(pid)->process_name(state, pid, text, size);
}

static bool is_stopped(void *state, struct debug_thread t)
{
	return owner(t.pid)->is_stopped(state, t);
}

static enum status read_registers(void *state, struct debug_thread t, struct debug_registers *r)
{
	return owner(t.pid)->read_registers(state, t, r);
}

static enum status write_registers(void *state, struct debug_thread t,
				   const struct debug_registers *r)
{
	return owner(t.pid)->write_registers(state, t, r);
}

static enum status read_memory(void *state, struct debug_thread t, uint64_t at, void *to,
			       size_t len_bytes, size_t *done)
{
	return owner(t.pid)->read_memory(state, t, at, to, len_bytes, done);
}

static enum status write_memory(void *state, struct debug_thread t, uint64_t at, const void *from,
				size_t len_bytes, size_t *done)
{
	return owner(t.pid)->write_memory(state, t, at, from, len_bytes, done);
}

static unsigned memory_map(void *state, uint32_t pid, struct debug_region *out, unsigned max)
{
	return owner(pid)->memory_map(state, pid, out, max);
}

static enum status insert(void *state, uint32_t pid, enum debug_point_kind kind, uint64_t at,
			  uint64_t len_bytes)
{
	return owner(pid)->insert(state, pid, kind, at, len_bytes);
}

static enum status remove(void *state, uint32_t pid, enum debug_point_kind kind, uint64_t at,
			  uint64_t len_bytes)
{
	return owner(pid)->remove(state, pid, kind, at, len_bytes);
}

static void resume(void *state, struct debug_thread t, enum debug_resume how, uint64_t start,
		   uint64_t end)
{
	if (t.pid != DEBUG_HOST_PID)
		guest_target.resume(state, t, how, start, end);
	if (t.pid == 0 || t.pid == DEBUG_HOST_PID)
		host_target.resume(state, t, how, start, end);
	else if (host_is_stopped()) /* a VM runs where the hypervisor does */
		host_target.resume(state, (struct debug_thread){DEBUG_HOST_PID, 0}, DEBUG_CONTINUE,
				   0, 0);
}

static void stop(void *state, struct debug_thread t)
{
	if (t.pid != DEBUG_HOST_PID)
		guest_target.stop(state, t);
	if (t.pid == 0 || t.pid == DEBUG_HOST_PID)
		host_target.stop(state, t);
}

static bool next_stop(void *state, struct debug_stop *s)
{
	return host_target.next_stop(state, s) || guest_target.next_stop(state, s);
}

static enum status attach(void *state, uint32_t pid)
{
	return owner(pid)->attach(state, pid);
}

static void detach(void *state, uint32_t pid)
{
	owner(pid)->detach(state, pid);
}

static enum status kill(void *state, uint32_t pid)
{
	return owner(pid)->kill(state, pid);
}

static void command(void *state, struct text line, const struct debug_output *out)
{
	(void)state;
	monitor_run_line(line, out);
}

const struct debug_target machine_target = {
	.threads = threads,
	.describe = describe,
	.process_name = process_name,
	.is_stopped = is_stopped,
	.read_registers = read_registers,
	.write_registers = write_registers,
	.read_memory = read_memory,
	.write_memory = write_memory,
	.memory_map = memory_map,
	.insert = insert,
	.remove = remove,
	.resume = resume,
	.stop = stop,
	.next_stop = next_stop,
	.attach = attach,
	.detach = detach,
	.kill = kill,
	.command = command,
};
