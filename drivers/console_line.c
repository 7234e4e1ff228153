/* drivers/console_line.c - the console's chip side: between the rings, the log and the UART. */
#include "drivers/console_line.h"

#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/percpu.h"
#include "kernel/time.h"

#define CHUNK_BYTES     64u                /* what one pass moves to or from the chip */
#define INPUT_STOP_ROOM 4096u              /* less room: RTS off */
#define INPUT_GO_ROOM   32768u             /* more room: RTS on again */
#define LOOK_NS         NS_PER_MILLISECOND /* between two looks that nobody asked for */
#define IDLE_READS      1000000u           /* of a chip that takes nothing: half a second or more */
#define FORCE_SPINS     1000000u
#define PASSES_MOST     4u /* in one console_serve() */

static const struct cpu *draining; /* the core that takes log lines with the lock held */
static bool forced;                /* a panic goes on: the console is its own for good */

static bool is_shared(void)
{
	return console.sharer && __atomic_load_n(&console.sharer->on, __ATOMIC_RELAXED);
}

/* A reader that a debugger has stopped in the middle has to find that others went on: what it has
 * looked at is not its own until the tail has moved for it. */
static bool send_sharers_output(void)
{
	struct byte_ring *r = &console.sharer->output;
	uint32_t tail = r->tail, used = byte_ring_used(r);
	uint8_t bytes[16];
	size_t n = used < sizeof(bytes) ? used : sizeof(bytes);

	for (uint32_t i = 0; i < n; i++)
		bytes[i] = byte_ring_peek(r, i);
	n = uart16550_send(&console.uart, bytes, n);
	return __atomic_compare_exchange_n(&r->tail, &tail, tail + (uint32_t)n, false,
					   __ATOMIC_RELEASE, __ATOMIC_RELAXED) &&
	       byte_ring_used(r) == 0;
}

size_t console_chip_send(const uint8_t *bytes, size_t len)
{
	return send_sharers_output() ? uart16550_send(&console.uart, bytes, len) : 0;
}

/* Where text goes; returns how much of it went. */
static size_t show(const uint8_t *bytes, size_t n)
{
	struct console_sharer *s = console.sharer;
	size_t done = 0;

	if (!s || !__atomic_load_n(&s->text_on, __ATOMIC_RELAXED))
		return console.uart_there ? uart16550_send(&console.uart, bytes, n) : n;
	while (done < n && byte_ring_put(&s->text, bytes[done]))
		done++;
	s->arrived();
	return done;
}

static void receive(void)
{
	struct byte_ring *input = &console.mux.input;
	unsigned count = 0, typed = 0;
	uint8_t byte;

	while (count < CHUNK_BYTES && byte_ring_room(input) > 0 &&
	       uart16550_receive(&console.uart, &byte)) {
		count++;
		if (is_shared() && byte_ring_put(&console.sharer->input, byte))
			console.sharer->arrived();
		else if (!console.input_filter || !console.input_filter(byte))
			typed += byte_ring_put(input, byte);
	}
	if (byte_ring_room(input) < INPUT_STOP_ROOM)
		uart16550_set_rts(&console.uart, false);
	else if (byte_ring_room(input) > INPUT_GO_ROOM)
		uart16550_set_rts(&console.uart, true);
	__atomic_store_n(&console.input_paused, byte_ring_room(input) == 0, __ATOMIC_RELAXED);
	if (count == CHUNK_BYTES)
		console_ask_for_work();
	if (typed > 0 && console.input_hook && console.mux.foreground)
		console.input_hook(console.mux.foreground);
}

/* Takes up to most bytes to the chip and the mirror; returns how many. */
static uint32_t transmit(uint32_t most)
{
	struct byte_ring *output = &console.mux.output;
	uint32_t done = 0, used;

	if (console.sharer && !send_sharers_output())
		return 0;
	while (done < most && (used = byte_ring_used(output)) > 0) {
		uint8_t bytes[16];
		size_t n = used < sizeof(bytes) ? used : sizeof(bytes);

		for (uint32_t i = 0; i < n; i++)
			bytes[i] = byte_ring_peek(output, i);
		n = show(bytes, n);
		if (n == 0)
			break;
		if (console.mirror)
			console.mirror(bytes, n);
		byte_ring_skip(output, (uint32_t)n);
		done += (uint32_t)n;
	}
	return done;
}

static void set_irqs(void)
{
	bool receiving = !__atomic_load_n(&console.input_paused, __ATOMIC_RELAXED);
	bool sending = byte_ring_used(&console.mux.output) > 0 ||
		       (console.sharer && byte_ring_used(&console.sharer->output) > 0);

	if (console.uart_there)
		uart16550_set_irq(&console.uart, console.irq_works && receiving,
				  console.irq_works && sending);
}

/* Lines stay in the log's own rings until there is room for them here. */
static unsigned take_log_lines(uint64_t now, bool urgent)
{
	unsigned room = console_mux_log_room(&console.mux, now, urgent), lines = 0;

	if (room > 0) {
		draining = this_cpu();
		lines = log_drain_some(room);
		draining = NULL;
	}
	return lines;
}

/* One pass. The caller has the lock. */
static void serve(void)
{
	uint64_t now = now_ns();

	__atomic_store_n(&console.work, false, __ATOMIC_SEQ_CST);
	if (console.uart_there)
		receive();
	console_mux_pump(&console.mux, now, false);
	take_log_lines(now, log_crowded());
	transmit(CHUNK_BYTES);
	set_irqs();
	if (console.mux.waiting || (byte_ring_used(&console.mux.output) > 0 && !console.irq_works))
		console_ask_for_work();
	__atomic_store_n(&console.next_look, cpu_rdtsc() + time_ns_to_tsc(LOOK_NS),
			 __ATOMIC_RELAXED);
}

/* Nobody's call is lost: who finds the lock taken leaves a note, and the holder looks for notes
 * after letting go. Not for ever, or many talkative cores would keep the holder from its own work:
 * then the note stays, for the next who comes. */
void console_serve(void)
{
	bool irqs = cpu_irq_save();

	__atomic_store_n(&console.again, true, __ATOMIC_SEQ_CST);
	for (unsigned passes = 0; __atomic_load_n(&console.again, __ATOMIC_SEQ_CST); passes++) {
		if (passes == PASSES_MOST) {
			console_ask_for_work();
			break;
		}
		if (!lock_try(&console.lock))
			break;
		__atomic_store_n(&console.again, false, __ATOMIC_SEQ_CST);
		serve();
		lock_release(&console.lock);
	}
	cpu_irq_restore(irqs);
}

/* Until the output ring is empty and the chip is idle, or nothing moves any more. */
static void drain_output(void)
{
	unsigned idle = 0;

	while (byte_ring_used(&console.mux.output) > 0 && idle < IDLE_READS)
		idle = transmit(CHUNK_BYTES) > 0 ? 0 : idle + 1;
	byte_ring_skip(&console.mux.output, byte_ring_used(&console.mux.output));
	for (idle = 0; console.uart_there && idle < IDLE_READS; idle++) {
		if (uart16550_idle(&console.uart))
			break;
	}
}

/* All that guests have written; lines are broken only when nothing else moves any more. They may
 * still write, hence the limit. */
static void flush_guests(void)
{
	for (unsigned i = 0; i < 2 * CONSOLE_PORTS * CONSOLE_PORT_BYTES; i++) {
		if (!console_mux_pump(&console.mux, now_ns(), false) &&
		    !console_mux_pump(&console.mux, now_ns(), true))
			break;
		if (byte_ring_room(&console.mux.output) < CONSOLE_OUTPUT_BYTES / 2)
			drain_output();
	}
	drain_output();
}

/* A holder that a panic has stopped never lets go. */
static void take_lock_by_force(void)
{
	for (unsigned i = 0; i < FORCE_SPINS; i++) {
		if (lock_try(&console.lock))
			return;
		cpu_pause();
	}
	console.lock = (struct lock){.next = 1};
}

void console_flush(void)
{
	bool irqs = cpu_irq_save();

	if (!forced)
		take_lock_by_force();
	flush_guests();
	while (take_log_lines(now_ns(), true) > 0)
		drain_output();
	if (!forced) {
		set_irqs();
		lock_release(&console.lock);
	}
	cpu_irq_restore(irqs);
}

/* Called by take_log_lines(), or by a log_drain() somewhere else, which must not lose a line. */
static void sink_write(enum log_level level, const char *line, size_t len)
{
	bool ours = draining == this_cpu(), irqs = cpu_irq_save();

	(void)level;
	if (!ours) {
		lock_acquire(&console.lock);
		if (byte_ring_room(&console.mux.output) < CONSOLE_LINE_BYTES)
			drain_output();
	}
	console_mux_log(&console.mux, line, len);
	if (!ours) {
		transmit(CHUNK_BYTES);
		set_irqs();
		lock_release(&console.lock);
	}
	cpu_irq_restore(irqs);
}

/* A panic: the others are quiet, or will never let go of what they hold. */
static void sink_write_now(enum log_level level, const char *line, size_t len)
{
	(void)level;
	if (!forced) {
		take_lock_by_force();
		forced = true;
		flush_guests();
	}
	console_mux_log(&console.mux, line, len);
	drain_output();
}

const struct log_sink console_log_sink = {
	.name = "console",
	.write = sink_write,
	.write_now = sink_write_now,
};
