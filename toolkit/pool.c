/* toolkit/pool.c - pool=N: EPT tables for splits. */
#include "toolkit/pool.h"

#include "kernel/log.h"
#include "kernel/panic.h"
#include "toolkit/tools.h"

#define POOL_DEFAULT 16u
#define POOL_MAX     512u

struct pool {
	uint64_t size; /* if it is given */
	bool is_given;
	uint64_t most_used, refused; /* in this run */
};

extern const struct tool tool_pool;

static struct pool *pool_of(const struct vm *vm)
{
	return tool_state(vm->tools, &tool_pool);
}

static enum status read(struct vm_tools *t, enum vm_tool_word word, struct text value,
			struct tool_refusal *refusal)
{
	struct pool *p = tool_state(t, &tool_pool);

	(void)word;
	p->is_given = true;
	if (text_to_u64(value, &p->size) == OK && p->size <= POOL_MAX)
		return OK;
	*refusal = (struct tool_refusal){.word = value, .what = "pool= goes from 0 to 512"};
	return ERR_RANGE;
}

/* Whether somebody may split. */
static bool is_wanted(const struct vm *vm)
{
	const struct text *words = vm->config.tools;

	return pool_of(vm)->is_given || words[VM_TOOL_REDIRECT].len || words[VM_TOOL_HOOK].len ||
	       words[VM_TOOL_VIEWS].len || watch_any(vm->tools, WATCH_EPT) ||
	       watch_any(vm->tools, WATCH_FRESH);
}

static enum status fill(struct vm *vm)
{
	const struct pool *p = pool_of(vm);

	if (vm->ept.reserve.made || !is_wanted(vm))
		return OK;
	return ept_reserve(&vm->ept, p->is_given ? p->size : POOL_DEFAULT);
}

static enum status begin(struct vm *vm, char *message)
{
	struct pool *p = pool_of(vm);
	enum status s = fill(vm);

	if (!vm->restart)
		p->most_used = p->refused = 0;
	if (s != OK)
		text_format(message, TOOL_TEXT, "its pool of EPT tables: %s", status_text(s));
	return s;
}

/* A watch came from the monitor. */
static void change(struct vm *vm)
{
	enum status s = fill(vm);

	if (s == OK)
		return;
	log_error(LOG_WATCH, "%s: its pool of EPT tables: %s", vm->config.name, status_text(s));
	if (ept_reserve(&vm->ept, 0) != OK) /* there is one, and it is empty */
		panic("an empty pool needs no memory");
}

static void report(struct vm *vm)
{
	const struct pool *p = pool_of(vm);

	if (p->most_used)
		log_info(LOG_WATCH, "%s: at most %llu EPT tables of the pool in use",
			 vm->config.name, (unsigned long long)p->most_used);
	if (p->refused)
		log_info(LOG_WATCH, "%s: %llu times the pool of EPT tables was empty",
			 vm->config.name, (unsigned long long)p->refused);
}

enum status pool_split(struct vm *vm, gpa_t at)
{
	struct pool *p = pool_of(vm);
	struct ept *e = vm_ept(vm);
	enum status s = ept_split(e, at, PAGE_4K);

	if (s == ERR_NO_MEMORY && p->refused++ == 0)
		log_error(LOG_WATCH,
			  "%s: the pool of EPT tables (pool=%llu) is empty: memory at %#llx is not "
			  "split and stays as it is",
			  vm->config.name, (unsigned long long)e->reserve.size,
			  (unsigned long long)at.raw);
	if (s == OK) {
		p->most_used = max_u64(p->most_used, e->reserve.size - e->reserve.count);
		if (ept_stale(e)) {
			vm->vcpu.flush_ept = true;
			vm->vcpu.prepare |= PREPARE_EVENTS;
		}
	}
	return s;
}

void pool_join(struct vm *vm, gpa_t at)
{
	if (ept_merge(vm_ept(vm), at) == 0)
		return;
	vm->vcpu.flush_ept = true;
	vm->vcpu.prepare |= PREPARE_EVENTS;
}

void pool_join_all(struct vm *vm)
{
	uint64_t end =
		vm->memory.len_bytes > GUEST_MEMORY_LOW_END
			? vm->memory.len_bytes + (GUEST_MEMORY_HIGH_START - GUEST_MEMORY_LOW_END)
			: vm->memory.len_bytes;

	for (uint64_t at = 0; at < end; at += GIB)
		pool_join(vm, gpa(at));
}

const struct tool tool_pool = {
	.name = "pool",
	.state_bytes = sizeof(struct pool),
	.words = BIT(VM_TOOL_POOL),
	.read = read,
	.begin = begin,
	.change = change,
	.report = report,
};
