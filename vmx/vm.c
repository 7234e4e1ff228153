/* vmx/vm.c - a virtual machine's life. */
#include "vmx/vm.h"

#include <stdarg.h>

#include "guest/loader.h"
#include "kernel/assert.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/percpu.h"
#include "kernel/string.h"
#include "kernel/text.h"
#include "kernel/time.h"
#include "kernel/version.h"
#include "mm/phys.h"
#include "vmx/core.h"
#include "vmx/exit.h"
#include "vmx/vmcs.h"

/* The shadow of A20 off takes a table for each 2 MiB, made in one exit: for larger VMs that would
 * be memory and time that nobody granted them. */
#define A20_MEM_MAX     (4 * GIB)

/* How long a guest's last bytes may hold up another VM on its core. */
#define DRAIN_SHARED_NS (5 * NS_PER_MILLISECOND)

struct vm *vms[VM_MAX];
unsigned vm_count;
unsigned vms_alive;
unsigned vms_failed;

static unsigned vm_struct_order(void)
{
	unsigned order = 0;

	while ((PAGE_4K << order) < sizeof(struct vm))
		order++;
	return order;
}

enum status vm_create(const struct vm_config *config, hpa_t image, uint64_t image_len_bytes,
		      unsigned core)
{
	struct vmx_core *c = vmx_core_of(core);
	hpa_t at;
	struct vm *vm, **last;
	enum status s;

	if (vm_count == VM_MAX)
		return ERR_FULL;
	for (unsigned i = 0; i < vm_count; i++) {
		if (strcmp(vms[i]->config.name, config->name) == 0)
			return ERR_EXISTS;
	}
	s = frames_alloc_zeroed(vmx_frames, vm_struct_order(), &at);
	if (s != OK)
		return s;
	vm = phys_ptr(at);
	vm->config = *config;
	vm->image = image;
	vm->image_len_bytes = image_len_bytes;
	vm->index = vm_count;
	vm->runs_left = (unsigned)config->repeat;
	vm->vcpu.core = core;
	vm->line = host_ops->line_open(vm->config.name); /* the first module's is in front */
	for (last = &c->new_vms; *last;)
		last = &(*last)->next_new;
	*last = vm;
	vms[vm_count++] = vm;
	vms_alive++;
	return OK;
}

void vm_log_line(const struct vm_config *config)
{
	log_error(LOG_GUEST, "  %.*s", (int)config->line.len, config->line.at);
}

enum exit_action vm_end(struct vm *vm, bool well, const char *format, ...)
{
	va_list args;

	if (vm->state == VM_ENDED)
		return EXIT_STOP;
	vm->state = VM_ENDED;
	vm->ended_well = well;
	va_start(args, format);
	text_vformat(vm->end_text, sizeof(vm->end_text), format, args);
	va_end(args);
	return EXIT_STOP;
}

struct ept *vm_ept(struct vm *vm)
{
	return vm->a20_off ? &vm->ept_a20 : &vm->ept;
}

/* Only the EPT in force has pages of unclaimed memory. */
static void forget_voids(struct vm *vm)
{
	for (unsigned i = 0; i < VM_VOID_MAX; i++) {
		if (vm->voids[i].mapped && ept_unmap(vm_ept(vm), vm->voids[i].at, PAGE_4K) != OK)
			vm_end(vm, false, "unclaimed memory at %#llx cannot be unmapped",
			       (unsigned long long)vm->voids[i].at.raw);
		vm->voids[i] = (struct vm_void){0};
	}
}

static enum status make_a20_ept(struct vm *vm)
{
	enum status s =
		ept_init(&vm->ept_a20, vmx_frames, vmx_caps.ept_max_leaf, vmx_caps.ept_exec_only);

	if (s != OK)
		return s;
	s = guest_memory_map_a20_off(&vm->memory, &vm->ept_a20);
	if (s != OK)
		ept_destroy(&vm->ept_a20);
	else
		vm->ept_a20_made = true;
	return s;
}

void vm_follow_a20(struct vm *vm)
{
	bool off = !port92_a20(&vm->platform.port92);

	if (off && !vm->ept_a20_made) {
		enum status s =
			vm->config.mem_bytes > A20_MEM_MAX ? ERR_UNSUPPORTED : make_a20_ept(vm);

		if (s != OK) {
			vm_end(vm, false, "the A20 line cannot be switched off: %s",
			       status_text(s));
			return;
		}
	}
	forget_voids(vm);
	vm->a20_off = off;
	guest_memory_set_a20(&vm->memory, !off);
	vmcs_write(VMCS_EPT_POINTER, ept_pointer(vm_ept(vm), false));
	vm->vcpu.flush_ept = true;
	vm->vcpu.flush_vpid = true;
	vm->vcpu.prepare |= PREPARE_EVENTS;
}

void vm_pump_serial(struct vm *vm, uint64_t now_ns)
{
	struct platform *p = &vm->platform;
	uint8_t byte;

	if (!vm->line)
		return;
	if (UNLIKELY(vm->tx_held)) {
		if (!host_ops->line_put(vm->line, vm->tx_byte))
			return;
		vm->tx_held = false;
	}
	while (platform_take_tx(p, &byte)) {
		if (!host_ops->line_put(vm->line, byte)) {
			vm->tx_byte = byte;
			vm->tx_held = true;
			break;
		}
	}
	if (UNLIKELY(host_ops->line_has_input(vm->line))) {
		while (vuart_can_receive(&p->com1) && host_ops->line_get(vm->line, &byte)) {
			if (!platform_receive(p, byte, now_ns))
				panic("the guest's UART had room and took no byte");
		}
	}
}

/* Memory, EPT and the page of ones. Undone by release_memory(), in part too. */
static enum status make_memory(struct vm *vm)
{
	enum status s = guest_memory_init(&vm->memory, vmx_frames, vm->config.mem_bytes);

	if (s != OK)
		return s;
	s = ept_init(&vm->ept, vmx_frames, vmx_caps.ept_max_leaf, vmx_caps.ept_exec_only);
	if (s != OK)
		goto undo_memory;
	s = guest_memory_map(&vm->memory, &vm->ept);
	if (s != OK)
		goto undo_ept;
	s = frames_alloc(vmx_frames, 0, &vm->void_page);
	if (s != OK)
		goto undo_ept;
	memset(phys_ptr(vm->void_page), 0xff, PAGE_4K);
	return OK;

undo_ept:
	ept_destroy(&vm->ept);
undo_memory:
	guest_memory_free(&vm->memory);
	return s;
}

static void release_memory(struct vm *vm)
{
	if (frames_free(vmx_frames, vm->void_page, 0) != OK)
		panic("a page of unclaimed memory cannot be given back");
	if (vm->ept_a20_made)
		ept_destroy(&vm->ept_a20);
	vm->ept_a20_made = false;
	vm->a20_off = false;
	ept_destroy(&vm->ept);
	guest_memory_free(&vm->memory);
}

/* The last word on the VMCS is the user's, for experiments with entries that fail. */
static void poke(struct vm *vm)
{
	enum vmcs_field field;

	if (!vm->config.poke_field.len || vmcs_field_for_poke(vm->config.poke_field, &field) != OK)
		return;
	log_warn(LOG_VMX, "%s: %s is %#llx by poke=", vm->config.name, vmcs_field_name(field),
		 (unsigned long long)vm->config.poke_value);
	vmcs_write(field, vm->config.poke_value);
	if (field == VMCS_PROC_CONTROLS)
		vm->vcpu.proc_controls = (uint32_t)vm->config.poke_value;
}

static enum status make_machine(struct vm *vm)
{
	const struct cpuid_options options = {.rdtscp = vmx_caps.rdtscp,
					      .version = LINTEL_VERSION_NUMBER};
	const struct msr_features features = vmx_msr_features();
	struct guest_cpu_state start;
	char message[LOADER_MESSAGE_SIZE];
	enum status s;

	cpuid_policy_build(&vm->cpuid, cpu_cpuid, &options);
	msr_reset(&vm->msrs, &features);
	platform_init(&vm->platform, now_ns());
	platform_set_bios_state(&vm->platform, now_ns());
	for (unsigned i = 0; i < VM_VOID_MAX; i++)
		vm->voids[i] = (struct vm_void){0};
	guest_cpu_reset_state(&start, cpuid_signature(&vm->cpuid), vm->cpuid.maxphyaddr);
	s = loader_flat(&vm->memory, &vm->config, phys_ptr(vm->image), vm->image_len_bytes, &start,
			message, sizeof(message));
	if (s != OK) {
		log_error(LOG_GUEST, "%s: %s", vm->config.name, message);
		return s;
	}
	s = vcpu_create(&vm->vcpu, vm, vm->vcpu.core, (uint16_t)(vm->index + 1), &start);
	if (s == OK)
		poke(vm);
	return s;
}

/* For good: no run is left, or it could not start. */
static void retire(struct vm *vm, bool well)
{
	vm->state = VM_ENDED;
	if (vm->line)
		host_ops->line_close(vm->line);
	vm->line = NULL;
	if (!well)
		__atomic_fetch_add(&vms_failed, 1, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&vms_alive, 1, __ATOMIC_RELEASE);
}

bool vm_start(struct vm *vm)
{
	enum status s = make_memory(vm);

	if (s == OK) {
		s = make_machine(vm);
		if (s != OK)
			release_memory(vm);
	}
	if (s != OK) {
		log_error(LOG_GUEST, "%s: not started: %s (%llu KiB asked for, %llu KiB free)",
			  vm->config.name, status_text(s),
			  (unsigned long long)(vm->config.mem_bytes / KIB),
			  (unsigned long long)(frames_free_bytes(vmx_frames) / KIB));
		vm_log_line(&vm->config);
		retire(vm, false);
		return false;
	}
	vm->tx_held = false;
	vm->state = VM_RUNNING;
	vm->started_ns = now_ns();
	vm->limit_ns = NS_NEVER;
	if (vm->config.limit_s)
		vm->limit_ns = vm->started_ns + vm->config.limit_s * NS_PER_SECOND;
	if (!vm->runs_done)
		log_info(LOG_GUEST,
			 "%s: started: %s, %llu KiB, EPT leaves %llu x 1G %llu x 2M %llu x 4K",
			 vm->config.name, vm_kind_name(vm->config.kind),
			 (unsigned long long)(vm->memory.len_bytes / KIB),
			 (unsigned long long)vm->ept.leaves[2],
			 (unsigned long long)vm->ept.leaves[1],
			 (unsigned long long)vm->ept.leaves[0]);
	return true;
}

/* What the guest sent last must still come out, and before the line about its end. Others on this
 * core do not wait long for that. */
static void drain_serial(struct vm *vm)
{
	const uint64_t start_ns = now_ns();
	bool alone = !this_cpu()->vmx->first;

	while (vuart_has_tx(&vm->platform.com1) || vm->tx_held ||
	       (vm->line && !host_ops->line_drained(vm->line))) {
		if (now_ns() - start_ns > (alone ? NS_PER_SECOND : DRAIN_SHARED_NS))
			return;
		vm_pump_serial(vm, now_ns());
		host_ops->service();
		cpu_irq_window();
	}
}

/* For those who want to know more: what it did, by exit reason and by port. */
static void report_details(const struct vm *vm)
{
	const struct io_bus *io = &vm->platform.io;

	for (uint32_t i = 0; i < EXIT_REASONS; i++) {
		const char *name = exit_reason_name(i);

		if (vm->vcpu.exit_counts[i])
			log_debug(LOG_EXIT, "%s: %8llu exits: %s", vm->config.name,
				  (unsigned long long)vm->vcpu.exit_counts[i], name ? name : "?");
	}
	for (unsigned i = 0; i < io->unclaimed_count; i++)
		log_debug(LOG_IO, "%s: port %04xh, which nobody claims: %llu reads, %llu writes",
			  vm->config.name, io->unclaimed[i].port,
			  (unsigned long long)io->unclaimed[i].reads,
			  (unsigned long long)io->unclaimed[i].writes);
}

static void report_end(const struct vm *vm)
{
	uint64_t ms = (now_ns() - vm->started_ns) / NS_PER_MILLISECOND;

	if (vm->runs_left > 1 && vm->ended_well)
		return; /* a line for each of a thousand runs would say nothing */
	log_at(vm->ended_well ? LOG_INFO : LOG_ERROR, LOG_GUEST,
	       "%s: %s (%llu ms, %llu exits, run %llu of %llu)", vm->config.name, vm->end_text,
	       (unsigned long long)ms, (unsigned long long)vcpu_exits(&vm->vcpu),
	       (unsigned long long)vm->runs_done, (unsigned long long)vm->config.repeat);
	if (vm->platform.io.unclaimed_total || vm->void_reads || vm->void_writes)
		log_info(LOG_IO,
			 "%s: unclaimed: %llu port accesses, %llu reads, %llu writes of memory",
			 vm->config.name, (unsigned long long)vm->platform.io.unclaimed_total,
			 (unsigned long long)vm->void_reads, (unsigned long long)vm->void_writes);
	report_details(vm);
}

bool vm_finish(struct vm *vm)
{
	ASSERT(vm->state == VM_ENDED);
	drain_serial(vm);
	for (uint32_t i = 0; i < EXIT_REASONS; i++)
		vm->exit_totals[i] += vm->vcpu.exit_counts[i];
	vcpu_destroy(&vm->vcpu);
	release_memory(vm);
	vm->runs_done++;
	report_end(vm);
	vm->runs_left--;
	if (vm->ended_well && vm->runs_left > 0)
		return vm_start(vm);
	retire(vm, vm->ended_well);
	return false;
}
