/* debug/trace.c - see debug/trace.h. */
#include "debug/trace.h"

#include "debug/stream.h"
#include "drivers/console.h"
#include "kernel/command_line.h"
#include "kernel/log.h"
#include "kernel/time.h"
#include "mm/phys.h"
#include "vmx/core.h"
#include "vmx/trace.h"
#include "vmx/vm.h"

#define RING_BYTES_MIN  PAGE_4K
#define RING_BYTES_MOST (64 * MIB)
#define FINISH_NS       (10 * NS_PER_SECOND)
#define NOT_YET         INT32_MAX /* the condition has not come */

static struct {
	struct trace_want want, stop;
	bool on;         /* atomic */
	bool run_out;    /* atomic: switched off by the condition, and trace_service() shall know */
	bool names_told; /* names of no VM */
	int32_t left;    /* atomic: so many records until it stops */
	uint32_t capacity;
	unsigned order;
} trace = {.left = NOT_YET, .order = 4};

static struct trace_ring *rings[CPU_MAX]; /* (in memory that is zero, and so not in the image) */

/* ---- rings ---- */

struct trace_ring *trace_ring_of(unsigned core)
{
	return core < cpu_count ? rings[core] : NULL;
}

uint64_t trace_memory_bytes(void)
{
	return rings[0] ? cpu_count * (PAGE_4K << trace.order) : 0;
}

/* A ring too few is none at all. */
static bool make_rings(void)
{
	hpa_t at;

	if (rings[0])
		return true;
	trace.capacity = (uint32_t)(((PAGE_4K << trace.order) - sizeof(struct trace_ring)) /
				    sizeof(struct trace_record));
	for (unsigned i = cpu_count; i-- > 0;) {
		if (frames_alloc(vmx_frames, trace.order, &at) != OK)
			goto undo;
		rings[i] = phys_ptr(at);
		*rings[i] = (struct trace_ring){0};
	}
	return true;

undo:
	for (unsigned i = 0; i < cpu_count; i++) {
		if (rings[i] && frames_free(vmx_frames, phys_of(rings[i]), trace.order) != OK)
			log_error(LOG_MM, "trace: a ring cannot be given back");
		rings[i] = NULL;
	}
	return false;
}

uint64_t trace_oldest(const struct trace_ring *ring)
{
	uint64_t written = __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE);

	/* One place may be written to just now. */
	return written < trace.capacity ? 0 : written - trace.capacity + 1;
}

bool trace_read(const struct trace_ring *ring, uint64_t n, struct trace_record *r)
{
	if (n >= __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE))
		return false;
	*r = ring->records[n % trace.capacity];
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return n >= trace_oldest(ring);
}

/* ---- what is traced ---- */

static bool has(const struct trace_want *w)
{
	return w->words[0] != '\0';
}

/* One record less until it stops. True: that was the last one. Another core may switch the trace on
 * anew in between, and then its word counts. */
static bool count_down(void)
{
	int32_t left = __atomic_load_n(&trace.left, __ATOMIC_RELAXED);

	while (left != NOT_YET && !__atomic_compare_exchange_n(&trace.left, &left, left - 1, false,
							       __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	return left != NOT_YET && left <= 1;
}

/* A trace point's record; on the core of the VM. */
static void note(const struct trace_record *r)
{
	struct trace_ring *ring = rings[this_cpu()->index];
	int32_t not_yet = NOT_YET;
	bool now;

	if (!ring || !__atomic_load_n(&trace.on, __ATOMIC_ACQUIRE))
		return;
	now = __atomic_load_n(&trace.left, __ATOMIC_RELAXED) == NOT_YET && has(&trace.stop) &&
	      trace_filter_match(&trace.stop.filter, r);
	if (trace_filter_match(&trace.want.filter, r)) {
		ring->records[ring->written % trace.capacity] = *r;
		__atomic_store_n(&ring->written, ring->written + 1, __ATOMIC_RELEASE);
		if (count_down()) {
			__atomic_store_n(&trace.on, false, __ATOMIC_RELEASE);
			__atomic_store_n(&trace.run_out, true, __ATOMIC_RELEASE);
		}
	}
	if (now) /* the first of them, if several cores see one */
		__atomic_compare_exchange_n(&trace.left, &not_yet, (int32_t)trace.stop.filter.after,
					    false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static unsigned kinds_by(struct trace_want *w, const struct vm *vm)
{
	if (!has(w) || !trace_filter_wants_vm(&w->filter, vm->config.name))
		return 0;
	__atomic_fetch_or(&w->filter.vms, BIT(vm->index), __ATOMIC_RELAXED);
	return w->filter.kinds;
}

static uint16_t kinds_of(const struct vm *vm)
{
	if (!__atomic_load_n(&trace.on, __ATOMIC_ACQUIRE))
		return 0;
	return (uint16_t)(kinds_by(&trace.want, vm) | kinds_by(&trace.stop, vm));
}

/* All VMs, from their next turn on, which is now. */
static void apply(void)
{
	for (unsigned i = 0; i < vm_count; i++)
		__atomic_store_n(&vms[i]->trace, kinds_of(vms[i]), __ATOMIC_RELEASE);
	for (unsigned i = 0; vm_count && i < cpu_count; i++)
		host_ops->kick(i);
}

/* The first name that no VM has; NULL. */
static const char *unknown_name(const struct trace_filter *f)
{
	for (unsigned i = 0; i < f->name_count; i++) {
		if (!vm_find(text_from(f->names[i])))
			return f->names[i];
	}
	return NULL;
}

static bool read_words(struct trace_want *w, struct text words, bool condition,
		       char message[TRACE_MESSAGE])
{
	struct trace_filter f;
	const char *unknown;

	if (words.len >= TRACE_WORDS) {
		text_format(message, TRACE_MESSAGE, "at most %u characters", TRACE_WORDS - 1);
		return false;
	}
	if (trace_filter_parse(&f, words, condition, exit_reason_name, message, TRACE_MESSAGE) !=
	    OK)
		return false;
	unknown = vm_count ? unknown_name(&f) : NULL; /* else they come later */
	if (unknown) {
		text_format(message, TRACE_MESSAGE, "no VM is called %s", unknown);
		return false;
	}
	if (!make_rings()) {
		text_format(message, TRACE_MESSAGE, "not enough memory: trace-size=");
		return false;
	}
	/* Nobody reads it while it changes, but who is in note() now; the worst is a record more or
	 * less. */
	__atomic_store_n(&trace.on, false, __ATOMIC_RELEASE);
	w->filter = f;
	text_format(w->words, TRACE_WORDS, "%.*s", (int)words.len, words.at);
	return true;
}

static void switch_on(void)
{
	vmx_trace.note = note;
	vmx_trace.kinds_of = kinds_of;
	__atomic_store_n(&trace.left, NOT_YET, __ATOMIC_RELAXED);
	__atomic_store_n(&trace.on, true, __ATOMIC_RELEASE);
	apply();
}

bool trace_on(struct text words, char message[TRACE_MESSAGE])
{
	if (!read_words(&trace.want, words.len ? words : text_from("all"), false, message))
		return false;
	switch_on();
	return true;
}

bool trace_stop_when(struct text words, char message[TRACE_MESSAGE])
{
	bool was_on = trace.on;

	if (!words.len) {
		text_format(message, TRACE_MESSAGE, "which record? as in: reason=hlt after=4");
		return false;
	}
	if (!read_words(&trace.stop, words, true, message))
		return false;
	if (was_on)
		switch_on();
	return true;
}

void trace_off(void)
{
	__atomic_store_n(&trace.on, false, __ATOMIC_RELEASE);
	trace.stop.words[0] = '\0';
	apply();
}

void trace_clear(void)
{
	for (unsigned i = 0; trace_ring_of(i); i++)
		rings[i]->cleared = rings[i]->sent = rings[i]->written;
}

void trace_status(trace_emit_fn emit, void *state)
{
	char line[2 * TRACE_WORDS];

	text_format(line, sizeof(line), "trace %s: %s", trace.on ? "on" : "off",
		    has(&trace.want) ? trace.want.words : "was never on");
	emit(state, line);
	if (has(&trace.stop)) {
		text_format(line, sizeof(line), "%s when: %s",
			    trace.left == NOT_YET ? "stops" : "stopped", trace.stop.words);
		emit(state, line);
	}
	for (unsigned i = 0; trace_ring_of(i); i++) {
		const struct trace_ring *ring = rings[i];

		text_format(line, sizeof(line), "core %u: %llu records, room for %u", i,
			    (unsigned long long)(ring->written - ring->cleared),
			    trace.capacity - 1);
		emit(state, line);
	}
	text_format(line, sizeof(line), "stream %s, %llu records lost",
		    stream_is_on() ? "on" : "off", (unsigned long long)stream_lost());
	emit(state, line);
}

/* ---- start, service, end ---- */

static void option_words(const char *key, bool (*read)(struct text words, char *message))
{
	char message[TRACE_MESSAGE];
	struct text words;

	if (options_text(&command_line, key, &words) == OK && !read(words, message))
		log_error(LOG_BOOT, "option %s: %s", key, message);
}

void trace_start(void)
{
	uint64_t size = PAGE_4K << trace.order;
	enum status s = options_size(&command_line, "trace-size", &size);
	struct text port;

	if (s == OK && (size < RING_BYTES_MIN || size > RING_BYTES_MOST))
		s = ERR_RANGE;
	command_line_complain("trace-size", s);
	if (s == OK)
		trace.order = frames_order_for(size);
	s = options_text(&command_line, "trace-port", &port);
	if (s == OK)
		s = stream_set_port(port);
	if (s == ERR_EXISTS)
		log_error(LOG_BOOT, "option trace-port: gdb= has this port");
	else
		command_line_complain("trace-port", s);
	option_words("trace-stop", trace_stop_when);
	option_words("trace", trace_on);
}

/* Names that the options gave, once the VMs are there. */
static void check_names(void)
{
	const struct trace_want *both[] = {&trace.want, &trace.stop};

	trace.names_told = true;
	for (unsigned i = 0; i < ARRAY_SIZE(both); i++) {
		const char *unknown = has(both[i]) ? unknown_name(&both[i]->filter) : NULL;

		if (unknown)
			log_error(LOG_GUEST, "trace: no VM is called %s", unknown);
	}
}

void trace_service(void)
{
	if (UNLIKELY(!trace.names_told) && vm_count)
		check_names();
	if (UNLIKELY(__atomic_load_n(&trace.run_out, __ATOMIC_ACQUIRE))) {
		__atomic_store_n(&trace.run_out, false, __ATOMIC_RELEASE);
		log_info(LOG_EXIT, "trace: stopped by its condition");
		apply();
	}
	stream_service(false);
}

uint64_t trace_patience_ns(void)
{
	return stream_patience_ns();
}

void trace_finish(void)
{
	uint64_t give_up_ns = now_ns() + FINISH_NS;

	while (stream_service(true)) {
		console_service();
		if (now_ns() > give_up_ns) {
			log_warn(LOG_EXIT, "trace: the stream's end was not sent");
			return;
		}
	}
}
