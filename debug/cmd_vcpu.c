/* debug/cmd_vcpu.c - the monitor on a VM's CPU: registers, VMCS, capabilities, events. */
#include "debug/caps_text.h"
#include "debug/monitor.h"
#include "kernel/percpu.h"
#include "kernel/string.h"
#include "kernel/trap_text.h"
#include "vmx/by_hand.h"
#include "vmx/controls.h"
#include "vmx/core.h"
#include "vmx/exit.h"
#include "vmx/inject.h"
#include "vmx/vm.h"
#include "vmx/vm_debug.h"
#include "vmx/vmcs.h"

#define EXITS_SHOWN 8u
#define ROW_COLUMNS 78u

static const enum vmcs_field control_fields[CONTROL_GROUPS] = {
	[CONTROL_PIN] = VMCS_PIN_CONTROLS,     [CONTROL_PROC] = VMCS_PROC_CONTROLS,
	[CONTROL_PROC2] = VMCS_PROC2_CONTROLS, [CONTROL_EXIT] = VMCS_EXIT_CONTROLS,
	[CONTROL_ENTRY] = VMCS_ENTRY_CONTROLS,
};

/* ---- vcpu ---- */

static void print_general(const struct monitor_args *a, const struct guest_cpu_state *s)
{
	static const char regs[GPR_COUNT][4] = {"RAX", "RCX", "RDX", "RBX", "RSP", "RBP",
						"RSI", "RDI", "R8",  "R9",  "R10", "R11",
						"R12", "R13", "R14", "R15"};

	for (unsigned i = 0; i < GPR_COUNT; i++)
		monitor_print(a, "%-3s %016llx%s", regs[i], (unsigned long long)s->gpr[i],
			      i % 3 == 2 || i == GPR_COUNT - 1 ? "\n" : "  ");
}

static void print_segments(const struct monitor_args *a, const struct guest_cpu_state *s)
{
	static const char names[GUEST_SEGMENTS][5] = {"ES", "CS", "SS",   "DS",
						      "FS", "GS", "LDTR", "TR"};

	for (unsigned i = 0; i < GUEST_SEGMENTS; i++) {
		const struct guest_segment *g = &s->segments[i];

		monitor_print(a, "%-4s %04x  base %016llx  limit %08x  rights %05x%s\n", names[i],
			      g->selector, (unsigned long long)g->base, g->limit, g->access,
			      g->access & SEGMENT_UNUSABLE ? " (unusable)" : "");
	}
}

/* Bits of the mask are the host's: the guest reads them from the shadow. */
static void print_masks(const struct monitor_args *a)
{
	monitor_print(a, "CR0 mask %llx  shadow %llx  really %llx\n",
		      (unsigned long long)vmcs_read(VMCS_CR0_MASK),
		      (unsigned long long)vmcs_read(VMCS_CR0_SHADOW),
		      (unsigned long long)vmcs_read(VMCS_GUEST_CR0));
	monitor_print(a, "CR4 mask %llx  shadow %llx  really %llx\n",
		      (unsigned long long)vmcs_read(VMCS_CR4_MASK),
		      (unsigned long long)vmcs_read(VMCS_CR4_SHADOW),
		      (unsigned long long)vmcs_read(VMCS_GUEST_CR4));
}

/* The names of the controls that are on, in rows. */
static void print_controls(const struct monitor_args *a)
{
	for (unsigned group = 0; group < CONTROL_GROUPS; group++) {
		uint64_t value = vmcs_read(control_fields[group]);
		size_t column = ROW_COLUMNS;

		monitor_print(a, "%s controls %08llx:", control_group_names[group],
			      (unsigned long long)value);
		for (unsigned i = 0; i < control_bit_count; i++) {
			const struct control_bit *b = &control_bits[i];

			if (b->group != group || !(value & BIT(b->bit)))
				continue;
			column += strlen(b->name) + 2;
			if (column > ROW_COLUMNS) {
				monitor_print(a, "\n ");
				column = strlen(b->name) + 3;
			}
			monitor_print(a, " %s;", b->name);
		}
		monitor_print(a, "\n");
	}
}

static void print_exits(const struct monitor_args *a, const struct vcpu *v)
{
	uint64_t shown = min_u64(vcpu_exits(v), EXITS_SHOWN);

	monitor_print(a, "%llu exits, the last ones:\n", (unsigned long long)vcpu_exits(v));
	for (uint64_t i = shown; i-- > 0;) {
		const struct exit_record *r = &v->history[(v->history_at / 8 - i) % EXIT_HISTORY];
		const char *name = exit_reason_name((uint32_t)r->reason & 0xffff);

		monitor_print(a, "  %-24s RIP %llx  qualification %llx\n", name ? name : "?",
			      (unsigned long long)r->rip, (unsigned long long)r->qualification);
	}
}

static void print_vcpu(struct vm *vm, const struct monitor_args *a, void *context)
{
	static const char *const activities[] = {"active", "HLT", "shutdown", "wait-for-SIPI"};
	static const char *const blockings[] = {"STI", "MOV SS", "SMI", "NMI"};
	struct vcpu *v = &vm->vcpu;
	struct guest_cpu_state s;
	uint64_t blocking;

	(void)context;
	(void)inject_nmis_blocked(v); /* else it may still be another guest's */
	blocking = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY);
	vcpu_read_state(v, &s);
	if (this_cpu()->vmx->fpu_owner != v) {
		s.cr2 = v->parked.cr2;
		s.dr6 = v->parked.dr6;
	}
	monitor_print(a, "%s: core %u, %s, %s%s, CPL %u\n", vm->config.name, v->core,
		      vcpu_mode_text(&s), activities[vmcs_read(VMCS_GUEST_ACTIVITY_STATE) & 3],
		      v->halted ? " (halted)" : "", guest_cpl(&s));
	print_general(a, &s);
	monitor_print(a, "RIP %016llx  RFLAGS %08llx  EFER %llx  DR6 %llx  DR7 %llx\n",
		      (unsigned long long)s.rip, (unsigned long long)s.rflags,
		      (unsigned long long)s.efer, (unsigned long long)s.dr6,
		      (unsigned long long)s.dr7);
	monitor_print(a, "CR0 %llx  CR2 %llx  CR3 %llx  CR4 %llx  CR8 %llx\n",
		      (unsigned long long)s.cr0, (unsigned long long)s.cr2,
		      (unsigned long long)s.cr3, (unsigned long long)s.cr4,
		      (unsigned long long)s.cr8);
	print_segments(a, &s);
	monitor_print(a, "GDTR %016llx limit %04x  IDTR %016llx limit %04x\n",
		      (unsigned long long)s.gdtr.base, s.gdtr.limit,
		      (unsigned long long)s.idtr.base, s.idtr.limit);
	print_masks(a);
	monitor_print(a, "event for the next entry %08x%s; blocked by", v->event.info,
		      v->nmi_pending ? ", an NMI waits" : "");
	for (unsigned i = 0; i < ARRAY_SIZE(blockings); i++)
		if (blocking & BIT(i))
			monitor_print(a, " %s", blockings[i]);
	monitor_print(a, blocking & 0xf ? "\n" : " nothing\n");
	print_controls(a);
	print_exits(a, v);
}

static bool vcpu(const struct monitor_args *a)
{
	return monitor_run_on(a, 2, print_vcpu, NULL);
}

const struct monitor_command command_vcpu = {
	.name = "vcpu",
	.usage = "NAME",
	.help = "a VM's CPU: mode, registers, segments, controls, last exits",
	.run = vcpu,
	.vm_names = true,
};

/* ---- vmcs ---- */

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Does name hold part, in whatever case? An empty part is in all. */
static bool holds(const char *name, struct text part)
{
	for (; *name; name++) {
		size_t same = 0;

		while (same < part.len && upper(part.at[same]) == name[same])
			same++;
		if (same == part.len)
			return true;
	}
	return false;
}

/* SDM 3D "Field Encoding in VMCS": bits 14:13, as hexadecimal digits. */
static int field_digits(uint32_t encoding)
{
	static const uint8_t digits[] = {4, 16, 8, 16};

	return digits[encoding >> 13 & 3];
}

static void print_bits(const struct monitor_args *a, uint32_t encoding, uint64_t value)
{
	for (unsigned i = 0; i < control_bit_count; i++) {
		const struct control_bit *b = &control_bits[i];

		if (control_fields[b->group] == encoding)
			monitor_print(a, "    %2u %llu %s\n", b->bit,
				      (unsigned long long)(value >> b->bit & 1), b->name);
	}
}

static void print_vmcs(struct vm *vm, const struct monitor_args *a, void *context)
{
	struct text part = a->count > 2 ? a->words[2] : (struct text){.len = 0};
	const char *name = NULL;
	unsigned found = 0;
	uint32_t encoding;
	uint64_t value;

	(void)vm;
	(void)context;
	for (unsigned i = 0; (name = vmcs_field_after(name, i, &encoding)) != NULL; i++) {
		if (!holds(name, part))
			continue;
		found++;
		if (vmcs_try_read(encoding, &value) != OK) {
			monitor_print(a, "%-25s not on this CPU\n", name);
			continue;
		}
		monitor_print(a, "%-25s %0*llx\n", name, field_digits(encoding),
			      (unsigned long long)value);
		print_bits(a, encoding, value);
	}
	if (!found)
		monitor_print(a, "no field has \"%.*s\" in its name\n", (int)part.len, part.at);
}

static bool vmcs(const struct monitor_args *a)
{
	return monitor_run_on(a, 3, print_vmcs, NULL);
}

const struct monitor_command command_vmcs = {
	.name = "vmcs",
	.usage = "NAME [PART]",
	.help = "all fields of a VM's VMCS, or those with PART in their name; controls by bit",
	.run = vmcs,
	.vm_names = true,
};

/* ---- caps ---- */

static bool caps(const struct monitor_args *a)
{
	struct vmx_msrs msrs;
	char row[VMX_CAPS_ROW];

	if (!monitor_counts(a, 1, 1))
		return false;
	vmx_caps_read(&msrs);
	for (unsigned i = 0; vmx_caps_row(&msrs, &vmx_caps, i, row, sizeof(row)); i++)
		monitor_print(a, "%s\n", row);
	for (unsigned i = 0; caps_text_row(&msrs, i, row, sizeof(row)); i++)
		monitor_print(a, "%s\n", row);
	return true;
}

const struct monitor_command command_caps = {
	.name = "caps",
	.usage = "",
	.help = "what this CPU's VT-x can do: each control as wanted, allowed, granted",
	.run = caps,
};

/* ---- inject ---- */

static const char *name_of_event(uint64_t vector)
{
	return vector < 32 ? trap_name(vector) : "an interrupt";
}

static bool inject(const struct monitor_args *a)
{
	uint64_t vector, error_code = 0;
	struct vm *vm;
	enum status s;

	if (!monitor_counts(a, 3, 4) || !monitor_take_number(a, 2, 0, 255, &vector) ||
	    (a->count == 4 && !monitor_take_number(a, 3, 0, UINT16_MAX, &error_code)))
		return false;
	vm = monitor_vm(a, 1);
	if (!vm)
		return true;
	s = vm_debug_inject(vm, (uint8_t)vector, a->count == 4, (uint32_t)error_code);
	if (s == ERR_NOT_FOUND)
		monitor_print(a, "%s does not run\n", vm->config.name);
	else if (s == ERR_INVALID)
		monitor_print(a, "%s goes %s an error code\n", name_of_event(vector),
			      a->count == 4 ? "without" : "with");
	else if (s == ERR_FULL)
		monitor_print(a, "%s: no room: %u %s already\n", vm->config.name,
			      vector == EXC_NMI ? 1u
			      : vector < 32     ? BY_HAND_EXCEPTIONS
						: BY_HAND_INTERRUPTS,
			      vector == EXC_NMI ? "NMI waits"
			      : vector < 32     ? "exceptions wait"
						: "interrupts wait");
	else if (s != OK)
		monitor_print(a, "%s: %s\n", vm->config.name, status_text(s));
	return true;
}

const struct monitor_command command_inject = {
	.name = "inject",
	.usage = "NAME VECTOR [ERRORCODE]",
	.help = "an exception (below 32), NMI (2) or interrupt for a VM",
	.run = inject,
	.vm_names = true,
};
