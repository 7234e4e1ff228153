/* debug/trace_text.c - see debug/trace_text.h. */
#include "debug/trace_text.h"

#define IO_IN            BIT(3)
#define IO_STRING        BIT(4)
#define INFO_HAS_ERROR   BIT(11)
#define WRITE_BIT        BIT(1) /* EPT violations */
#define FETCH_BIT        BIT(2)
#define EXC_PF_INFO      0x30eu  /* type 3, vector 14 */
#define NO_ENTRY         0xffffu /* VMX_ENTER_...; error 0: VMfailInvalid */
#define REASON_EXCEPTION 0u
#define REASON_WRMSR     32u

typedef unsigned long long ull;

static const char action_names[TRACE_ACTIONS][12] = {"skip",  "retry", "block",
						     "yield", "stop",  "unhandled"};
static const char vm_event_names[TRACE_VM_EVENTS][8] = {"start", "end", "reset", "stop"};
/* SDM 3C "Event Injection": interruption types. */
static const char event_names[8][16] = {
	"interrupt", "type 1", "NMI", "exception", "INT", "INT1", "INT3 or INTO", "type 7",
};

/* info: as in "Event Injection". */
static size_t event_text(char *to, size_t size, uint32_t info)
{
	return text_format(to, size, "%s, vector %xh", event_names[(info >> 8) & 7], info & 0xff);
}

static size_t name_text(char *to, size_t size, const struct trace_record *r,
			trace_reason_fn reason_name)
{
	const char *name = reason_name(r->reason & 0xffff);

	return name ? text_format(to, size, "%s", name)
		    : text_format(to, size, "exit %u", r->reason & 0xffff);
}

static size_t exit_text(char *to, size_t size, const struct trace_record *r,
			trace_reason_fn reason_name)
{
	size_t len = name_text(to, size, r, reason_name);

	if (r->qualification && len < size)
		len += text_format(to + len, size - len, ", qualification %llxh",
				   (ull)r->qualification);
	if (r->reason == REASON_EXCEPTION && len < size) {
		len += text_format(to + len, size - len, ": ");
		if (len < size)
			len += event_text(to + len, size - len, r->detail);
	} else if ((r->detail || r->value) && len < size) {
		len += text_format(to + len, size - len, ", %xh -> %llxh", r->detail,
				   (ull)r->value);
	}
	return len;
}

static size_t io_text(char *to, size_t size, const struct trace_record *r)
{
	uint64_t q = r->qualification;
	bool in = (q & IO_IN) != 0;
	unsigned port = (q >> 16) & 0xffff, bytes = (q & 7) + 1;

	if (q & IO_STRING)
		return text_format(to, size, "%s %xh, %u bytes each", in ? "ins" : "outs", port,
				   bytes);
	return text_format(to, size, "%s %xh %s %llxh", in ? "in" : "out", port, in ? "->" : "<-",
			   (ull)r->value);
}

static size_t mmio_text(char *to, size_t size, const struct trace_record *r)
{
	bool write = (r->detail & WRITE_BIT) != 0;

	return text_format(to, size, "%s %llxh %s %llxh",
			   write                   ? "write"
			   : r->detail & FETCH_BIT ? "fetch"
						   : "read",
			   (ull)r->qualification, write ? "<-" : "->", (ull)r->value);
}

static size_t inject_text(char *to, size_t size, const struct trace_record *r)
{
	size_t len = event_text(to, size, r->reason);

	if ((r->reason & INFO_HAS_ERROR) && len < size)
		len += text_format(to + len, size - len, ", error code %xh", r->detail);
	if ((r->reason & 0x7ff) == EXC_PF_INFO && len < size)
		len += text_format(to + len, size - len, ", CR2 %llxh", (ull)r->qualification);
	return len;
}

static size_t fail_text(char *to, size_t size, const struct trace_record *r,
			trace_reason_fn reason_name)
{
	size_t len;

	if (r->reason >> 16 == NO_ENTRY)
		return text_format(to, size, "VM-instruction error %llu", (ull)r->value);
	len = name_text(to, size, r, reason_name);
	if (len < size)
		len += text_format(to + len, size - len, ", qualification %llxh",
				   (ull)r->qualification);
	return len;
}

static size_t irq_text(char *to, size_t size, uint64_t pics)
{
	return text_format(
		to, size, "inputs %02x %02x, in service %02x %02x, masked %02x %02x, INT %u",
		(unsigned)pics & 0xff, (unsigned)(pics >> 24) & 0xff, (unsigned)(pics >> 8) & 0xff,
		(unsigned)(pics >> 32) & 0xff, (unsigned)(pics >> 16) & 0xff,
		(unsigned)(pics >> 40) & 0xff, (unsigned)(pics >> 48) & 1);
}

static size_t what_text(char *to, size_t size, const struct trace_record *r,
			trace_reason_fn reason_name)
{
	switch (r->kind) {
	case TRACE_IO:
		return io_text(to, size, r);
	case TRACE_MSR:
		return text_format(to, size, "%s %llxh %s %llxh",
				   r->reason == REASON_WRMSR ? "wrmsr" : "rdmsr",
				   (ull)r->qualification, r->reason == REASON_WRMSR ? "<-" : "->",
				   (ull)r->value);
	case TRACE_CPUID:
		return text_format(to, size, "cpuid %xh, ecx %xh -> eax %xh, ebx %xh",
				   (unsigned)r->qualification, (unsigned)(r->qualification >> 32),
				   (unsigned)r->value, (unsigned)(r->value >> 32));
	case TRACE_MMIO:
		return mmio_text(to, size, r);
	case TRACE_INJECT:
		return inject_text(to, size, r);
	case TRACE_IRQ:
		return irq_text(to, size, r->value);
	case TRACE_FAIL:
		return fail_text(to, size, r, reason_name);
	case TRACE_VM:
		return text_format(to, size, "%s",
				   r->reason < TRACE_VM_EVENTS ? vm_event_names[r->reason] : "?");
	case TRACE_HALT:
		return text_format(to, size, "sleeps");
	case TRACE_WAKE:
		return text_format(to, size, "wakes");
	case TRACE_HOST:
		return text_format(to, size, "%u interrupts, pending %llxh", r->reason,
				   (ull)r->value);
	default:
		return exit_text(to, size, r, reason_name);
	}
}

void trace_text(char *to, size_t size, const struct trace_record *r, trace_reason_fn reason_name)
{
	size_t len = what_text(to, size, r, reason_name);

	if (r->rip && len < size)
		len += text_format(to + len, size - len, " at 0x%llx", (ull)r->rip);
	if (r->duration_ticks && len < size)
		len += text_format(to + len, size - len, ", %u ticks", r->duration_ticks);
	if ((BIT(r->kind) & TRACE_EXITS) && len < size)
		text_format(to + len, size - len, ", %s",
			    r->action < TRACE_ACTIONS ? action_names[r->action] : "?");
}
