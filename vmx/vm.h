/*
 * vmx/vm.h - one virtual machine: memory, board, vCPU, and how it ended.
 *
 * A VM is created by vm_create() from a module, started by the core that it was given to, and taken
 * down by that core when it ends. vm->lock guards the board (platform) and the EPT.
 */
#pragma once

#include "guest/cpuid.h"
#include "guest/disk.h"
#include "guest/e820.h"
#include "guest/loader_fw_cfg.h"
#include "guest/memory.h"
#include "guest/msr.h"
#include "guest/platform.h"
#include "guest/vm_line.h"
#include "kernel/lock.h"
#include "kernel/log.h"
#include "kernel/time.h"
#include "mm/ept_text.h"
#include "vmx/host.h"
#include "vmx/vcpu.h"
#include "vmx/vm_stop.h"

#define VM_MAX         64u
#define VM_VOID_MAX    16u /* pages of unclaimed memory that are mapped at a time */
#define VM_END_TEXT    160u
#define VM_MODULES_MAX 16u /* beside the one that the VM itself is */
#define VM_DISKS_MAX   4u

enum vm_state { VM_READY, VM_RUNNING, VM_ENDED };

/* A guest-physical page that nobody answers: reads give all ones, writes go nowhere. */
struct vm_void {
	gpa_t at;
	bool mapped;
	bool writable; /* for the one instruction that is being stepped over */
};

/* A boot module that belongs to a VM. */
struct vm_module {
	enum vm_role role;
	hpa_t at;
	uint64_t len_bytes;
	bool read_only;
	struct text file, args;
};

/* What firmware asks fw_cfg for; it stays where it is while the VM lives. */
struct vm_firmware_tables {
	struct e820_entry ram[2];
	struct fw_linux *kernel; /* role=kernel; frames, else NULL */
};

struct vm {
	struct vcpu vcpu; /* first, and only one for now */
	struct lock lock;
	struct vm_config config;
	struct guest_memory memory;
	struct ept ept;     /* A20 on */
	struct ept ept_a20; /* A20 off; made when a guest first asks for it */
	bool ept_a20_made, a20_off;
	bool ept_flags;  /* the CPU sets accessed and dirty flags in EPT; for vm_load_ept() */
	hpa_t void_page; /* 4 KiB of ones */
	struct vm_void voids[VM_VOID_MAX];
	unsigned void_next;
	uint64_t void_touches; /* as far as they were seen: a mapped page makes no exit */
	struct platform platform;
	struct cpuid_policy cpuid;
	struct guest_msrs msrs;
	struct console_port *line;
	bool tx_held; /* a byte that the console had no room for */
	uint8_t tx_byte;

	struct vm_screen *screen; /* display=text, else NULL */

	hpa_t image; /* the module */
	uint64_t image_len_bytes;
	struct vm_module modules[VM_MODULES_MAX];
	unsigned module_count;
	struct disk disks[VM_DISKS_MAX];
	unsigned disk_count;
	struct vm_firmware_tables tables;
	bool has_firmware; /* a BIOS runs below the guest */
	enum vm_state state;
	uint16_t trace;      /* atomic, BIT(enum trace_kind): for its next runs (vmx/trace.h) */
	struct vm *next_new; /* in its core's list of VMs to start */
	unsigned index;
	unsigned runs_left;
	uint64_t runs_done;
	uint64_t resets;             /* in this run */
	uint64_t exits_before_reset; /* in this run */
	bool restart;                /* its end is a reset: it starts anew */
	bool ended_well;
	char end_text[VM_END_TEXT];
	struct exit_stats *stats; /* of all runs; it stays when the VM has ended */
	uint64_t stats_since_ns;  /* it counts since then; 0: no run is on */
	uint64_t stats_before_ns; /* how long it has counted in the runs before */
	uint64_t started_ns;      /* by the VM's clock, as the next */
	uint64_t limit_ns;        /* when its time is over (limit=); NS_NEVER */
	uint64_t paused_ns;       /* how long it has been stopped by a debugger */
	bool retired;             /* it has ended for good */
	struct vm_debug debug;
	struct vm_tools *tools; /* NULL: no toolkit is built in */
	bool tools_on;          /* the toolkit sees this VM's exits */
};

/* The VM's clock, which stands still while a debugger has stopped it. On its core. While it is
 * stopped only vm_clock_ns() is right. */
static inline uint64_t vm_time_at_tsc(const struct vm *vm, uint64_t tsc)
{
	return time_at_tsc(tsc) - vm->paused_ns;
}

static inline uint64_t vm_now_ns(const struct vm *vm)
{
	return now_ns() - vm->paused_ns;
}

/* The same from any core, and also while the VM is stopped. */
static inline uint64_t vm_clock_ns(const struct vm *vm)
{
	bool stopped = __atomic_load_n(&vm->debug.flags, __ATOMIC_ACQUIRE) & VM_STOPPED;

	return (stopped ? vm->debug.stop_ns : now_ns()) - vm->paused_ns;
}

/* A VM that the toolkit sees makes log lines as fast as it runs, and none shall be lost. */
static inline bool vm_waits_for_log(const struct vm *vm)
{
	return UNLIKELY(vm->tools_on) && log_crowded();
}

/* All VMs of this boot. */
extern struct vm *vms[VM_MAX];
extern unsigned vm_count;
extern unsigned vms_alive;  /* atomic: VMs that have not ended for good */
extern unsigned vms_failed; /* atomic */

/* Registers a VM; it runs when core config.core (or the one chosen) takes it up. ERR_NO_MEMORY,
 * ERR_FULL, ERR_EXISTS (its name is taken). Before the cores run their loops. */
MUST_CHECK enum status vm_create(const struct vm_config *config, hpa_t image,
				 uint64_t image_len_bytes, unsigned core, struct vm **vm);

/* The VM of that name; NULL. */
struct vm *vm_find(struct text name);

/* One more module for the VM. ERR_FULL. Before it runs. */
MUST_CHECK enum status vm_add_module(struct vm *vm, const struct vm_module *module);

/* Quotes the line that describes a VM, below an error about it. */
void vm_log_line(const struct vm_config *config);

/* Builds memory, EPT, board and vCPU, and loads the image. On the VM's core. False: an error, which
 * is logged, and the VM has ended. */
bool vm_start(struct vm *vm);

/* Takes all of it down again; every frame goes back. On the VM's core. True: it had runs left, and
 * has started anew. */
bool vm_finish(struct vm *vm);

/* A VM that has ended for good shall run once more; its core takes it up. On that core.
 * ERR_INVALID: it has not; ERR_BUSY: the machine is about to end. */
MUST_CHECK enum status vm_revive(struct vm *vm);

/* Notes why the VM ends; the first reason counts. Returns EXIT_STOP. */
enum exit_action vm_end(struct vm *vm, bool well, const char *format, ...) PRINTF_LIKE(3, 4);

/* The machine is reset, by what the text says: it starts anew, or ends (on-reset=). Returns
 * EXIT_STOP. On the VM's core, with or without its lock. */
enum exit_action vm_reset(struct vm *vm, const char *by);

/* Bytes between the guest's serial port, or its screen and keyboard, and its console line, both
 * ways. VM's lock held. */
void vm_pump_serial(struct vm *vm, uint64_t now_ns);

/* For ept_init(): the largest leaf that the CPU has and the VM's line allows. */
uint64_t vm_ept_max_leaf(const struct vm *vm);

/* The EPT in force, and a change of the A20 line. VM's lock held. */
struct ept *vm_ept(struct vm *vm);
void vm_load_ept(struct vm *vm); /* writes VMCS_EPT_POINTER; its VMCS is loaded */

/* What the CPU lets the entries of a VM's EPT have. Any core. */
struct ept_cpu vm_ept_cpu(const struct vm *vm);
void vm_follow_a20(struct vm *vm);
