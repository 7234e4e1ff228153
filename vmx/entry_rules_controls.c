/* vmx/entry_rules_controls.c - VM entry's checks on the VMX controls. */
#include "vmx/entry_rules_parts.h"

#define MISC_CR3_TARGETS(misc) (((misc) >> 16) & 0x1ff)
#define MISC_ZERO_LENGTH       BIT(30)
#define BASIC_ANY_ERROR_CODE   BIT(56)
#define EPT_WALK_5             BIT(7)
#define EPT_ACCESSED_DIRTY     BIT(21)
#define EPT_SHADOW_STACK       BIT(23)

static ENTRY_HOLDS(cr3_targets)
{
	return value <= MISC_CR3_TARGETS(e->msrs.misc);
}

static ENTRY_HOLDS(tpr_threshold)
{
	return entry_control(e, arg) || !(value >> 4);
}

static ENTRY_HOLDS(apic_needs_shadow)
{
	return entry_control(e, arg) || !(entry_control(e, PROC2(4)) ||
					  entry_control(e, PROC2(8)) || entry_control(e, PROC2(9)));
}

static ENTRY_HOLDS(eptp_type)
{
	unsigned type = value & 7;

	return (type == 0 && (e->msrs.ept_vpid & BIT(8))) ||
	       (type == 6 && (e->msrs.ept_vpid & BIT(14)));
}

static ENTRY_HOLDS(eptp_walk)
{
	unsigned levels = ((value >> 3) & 7) + 1;

	return levels == 4 || (levels == 5 && (e->msrs.ept_vpid & EPT_WALK_5));
}

static ENTRY_HOLDS(eptp_reserved)
{
	uint64_t reserved = UINT64_C(0xf00) | ~(BIT(e->physical_bits) - 1);

	if (!(e->msrs.ept_vpid & EPT_ACCESSED_DIRTY))
		reserved |= BIT(6);
	if (!(e->msrs.ept_vpid & EPT_SHADOW_STACK))
		reserved |= BIT(7);
	return !(value & reserved);
}

/* Function 0 is EPTP switching, and there is no other one. */
static ENTRY_HOLDS(vm_functions)
{
	return !(value & ~BIT(0)) && (!(value & BIT(0)) || entry_control(e, arg));
}

static ENTRY_HOLDS(eptp_list)
{
	return !(VALUE(e, VM_FUNCTION_CONTROLS) & BIT(0)) || entry_address(e, value, arg);
}

/* arg: the area's count. */
static ENTRY_HOLDS(msr_area)
{
	uint64_t last = value + e->value[arg] * 16 - 1;

	return !e->value[arg] || (entry_address(e, value, 4) && !(last >> e->physical_bits));
}

static ENTRY_HOLDS(event_type)
{
	bool mtf = control_may_be_1(e->msrs.group[CONTROL_PROC], 27);

	return EVENT_TYPE_OF(value) != 1 && (EVENT_TYPE_OF(value) != 7 || mtf);
}

static ENTRY_HOLDS(event_vector)
{
	switch (EVENT_TYPE_OF(value)) {
	case 2:
		return EVENT_VECTOR_OF(value) == EXC_NMI;
	case 3:
		return EVENT_VECTOR_OF(value) < 32;
	case 7:
		return EVENT_VECTOR_OF(value) == 0;
	default:
		return true;
	}
}

static ENTRY_HOLDS(event_has_error_code)
{
	const uint32_t with_code = 1u << 8 | 0x1fu << 10 | 1u << 17 | 1u << 21;
	bool real = entry_control(e, arg) && !(VALUE(e, GUEST_CR0) & CR0_PE);
	bool possible = !real && EVENT_TYPE_OF(value) == 3, given = (value >> 11) & 1;

	if (e->msrs.basic & BASIC_ANY_ERROR_CODE)
		return possible || !given;
	return given == (possible && ((with_code >> (value & 31)) & 1));
}

static ENTRY_HOLDS(event_reserved)
{
	return !(value & UINT64_C(0x7ffff000));
}

static ENTRY_HOLDS(event_error_code)
{
	return !(e->value[arg] & BIT(11)) || !(value >> 16);
}

static ENTRY_HOLDS(event_length)
{
	unsigned type = EVENT_TYPE_OF(e->value[arg]);
	uint64_t least = e->msrs.misc & MISC_ZERO_LENGTH ? 0 : 1;

	return type < 4 || type > 6 || (value >= least && value <= 15);
}

#define RULES(RULE)                                                                                \
	RULE("pin-reserved", entry_controls_fit, IN_EXECUTION, ENTRY_ALWAYS, CONTROL_PIN, 0,       \
	     ONE(PIN_CONTROLS))                                                                    \
	RULE("proc-reserved", entry_controls_fit, IN_EXECUTION, ENTRY_ALWAYS, CONTROL_PROC, 0,     \
	     ONE(PROC_CONTROLS))                                                                   \
	RULE("proc2-reserved", entry_controls_fit, IN_EXECUTION, PROC(31), CONTROL_PROC2, 0,       \
	     ONE(PROC2_CONTROLS))                                                                  \
	RULE("cr3-targets: no more than IA32_VMX_MISC says", cr3_targets, IN_EXECUTION,            \
	     ENTRY_ALWAYS, 0, 0, ONE(CR3_TARGET_COUNT))                                            \
	RULE("io-bitmaps", entry_address, IN_EXECUTION, PROC(25), 12, 0,                           \
	     RANGE(IO_BITMAP_A, IO_BITMAP_B, NONE))                                                \
	RULE("msr-bitmap", entry_address, IN_EXECUTION, PROC(28), 12, 0, ONE(MSR_BITMAP))          \
	RULE("virtual-apic", entry_address, IN_EXECUTION, PROC(21), 12, 0,                         \
	     ONE(VIRTUAL_APIC_ADDRESS))                                                            \
	RULE("tpr-threshold: bits 31:4 are 0", tpr_threshold, IN_EXECUTION, PROC(21), PROC2(9), 0, \
	     ONE(TPR_THRESHOLD))                                                                   \
	RULE("virtual-nmis: NMI exiting too", entry_needs, IN_EXECUTION, PIN(5), PIN(3), 0,        \
	     ONE(PIN_CONTROLS))                                                                    \
	RULE("nmi-window: virtual NMIs too", entry_needs, IN_EXECUTION, PROC(22), PIN(5), 0,       \
	     TWO(PROC_CONTROLS, PIN_CONTROLS))                                                     \
	RULE("apic-access", entry_address, IN_EXECUTION, PROC2(0), 12, 0,                          \
	     ONE(APIC_ACCESS_ADDRESS))                                                             \
	RULE("apic-shadow: the TPR shadow too", apic_needs_shadow, IN_EXECUTION, ENTRY_ALWAYS,     \
	     PROC(21), 0, TWO(PROC2_CONTROLS, PROC_CONTROLS))                                      \
	RULE("x2apic: no virtualized APIC accesses", entry_bars, IN_EXECUTION, PROC2(4), PROC2(0), \
	     0, ONE(PROC2_CONTROLS))                                                               \
	RULE("virtual-interrupts: external-interrupt exiting too", entry_needs, IN_EXECUTION,      \
	     PROC2(9), PIN(0), 0, TWO(PROC2_CONTROLS, PIN_CONTROLS))                               \
	RULE("posted: virtual-interrupt delivery too", entry_needs, IN_EXECUTION, PIN(7),          \
	     PROC2(9), 0, TWO(PIN_CONTROLS, PROC2_CONTROLS))                                       \
	RULE("posted-ack: acknowledge interrupt on exit too", entry_needs, IN_EXECUTION, PIN(7),   \
	     EXIT(15), 0, TWO(PIN_CONTROLS, EXIT_CONTROLS))                                        \
	RULE("posted-vector: at most 255", entry_width, IN_EXECUTION, PIN(7), 8, 0,                \
	     ONE(POSTED_INTERRUPT_VECTOR))                                                         \
	RULE("posted-descriptor: an address in steps of 64", entry_address, IN_EXECUTION, PIN(7),  \
	     6, 0, ONE(POSTED_INTERRUPT_ADDRESS))                                                  \
	RULE("vpid: not 0", entry_not_zero, IN_EXECUTION, PROC2(5), 0, 0, ONE(VPID))               \
	RULE("ept-type: the CPU has this memory type", eptp_type, IN_EXECUTION, PROC2(1), 0, 0,    \
	     ONE(EPT_POINTER))                                                                     \
	RULE("ept-walk: the CPU has this page-walk length", eptp_walk, IN_EXECUTION, PROC2(1), 0,  \
	     0, ONE(EPT_POINTER))                                                                  \
	RULE("ept-reserved: bits that the CPU lacks are 0", eptp_reserved, IN_EXECUTION, PROC2(1), \
	     0, 0, ONE(EPT_POINTER))                                                               \
	RULE("pml-ept: EPT too", entry_needs, IN_EXECUTION, PROC2(17), PROC2(1), 0,                \
	     ONE(PROC2_CONTROLS))                                                                  \
	RULE("pml", entry_address, IN_EXECUTION, PROC2(17), 12, 0, ONE(PML_ADDRESS))               \
	RULE("unrestricted-ept: EPT too", entry_needs, IN_EXECUTION, PROC2(7), PROC2(1), 0,        \
	     ONE(PROC2_CONTROLS))                                                                  \
	RULE("execute-ept: EPT too", entry_needs, IN_EXECUTION, PROC2(22), PROC2(1), 0,            \
	     ONE(PROC2_CONTROLS))                                                                  \
	RULE("spp-ept: EPT too", entry_needs, IN_EXECUTION, PROC2(23), PROC2(1), 0,                \
	     ONE(PROC2_CONTROLS))                                                                  \
	RULE("spp-table", entry_address, IN_EXECUTION, PROC2(23), 12, 0, ONE(SPP_TABLE_POINTER))   \
	RULE("vm-functions: only EPTP switching, with EPT", vm_functions, IN_EXECUTION, PROC2(13), \
	     PROC2(1), 0, TWO(VM_FUNCTION_CONTROLS, PROC2_CONTROLS))                               \
	RULE("eptp-list: a page", eptp_list, IN_EXECUTION, PROC2(13), 12, 0,                       \
	     ONE(EPTP_LIST_ADDRESS))                                                               \
	RULE("shadow-bitmaps", entry_address, IN_EXECUTION, PROC2(14), 12, 0,                      \
	     RANGE(VMREAD_BITMAP, VMWRITE_BITMAP, NONE))                                           \
	RULE("ve-information", entry_address, IN_EXECUTION, PROC2(18), 12, 0,                      \
	     ONE(VE_INFORMATION_ADDRESS))                                                          \
	RULE("pt-ept: EPT too", entry_needs, IN_EXECUTION, PROC2(24), PROC2(1), 0,                 \
	     ONE(PROC2_CONTROLS))                                                                  \
	RULE("pt-load: load IA32_RTIT_CTL too", entry_needs, IN_EXECUTION, PROC2(24), ENTRY(18),   \
	     0, TWO(PROC2_CONTROLS, ENTRY_CONTROLS))                                               \
	RULE("pt-clear: clear IA32_RTIT_CTL too", entry_needs, IN_EXECUTION, PROC2(24), EXIT(25),  \
	     0, TWO(PROC2_CONTROLS, EXIT_CONTROLS))                                                \
	RULE("tsc-multiplier: not 0", entry_not_zero, IN_EXECUTION, PROC2(25), 0, 0,               \
	     ONE(TSC_MULTIPLIER))                                                                  \
	RULE("exit-reserved", entry_controls_fit, IN_EXIT, ENTRY_ALWAYS, CONTROL_EXIT, 0,          \
	     ONE(EXIT_CONTROLS))                                                                   \
	RULE("save-timer: the VMX-preemption timer too", entry_needs, IN_EXIT, EXIT(22), PIN(6),   \
	     0, TWO(EXIT_CONTROLS, PIN_CONTROLS))                                                  \
	RULE("exit-msr-store: in steps of 16, not too high", msr_area, IN_EXIT, ENTRY_ALWAYS,      \
	     AT_EXIT_MSR_STORE_COUNT, 0, TWO(EXIT_MSR_STORE_ADDRESS, EXIT_MSR_STORE_COUNT))        \
	RULE("exit-msr-load: in steps of 16, not too high", msr_area, IN_EXIT, ENTRY_ALWAYS,       \
	     AT_EXIT_MSR_LOAD_COUNT, 0, TWO(EXIT_MSR_LOAD_ADDRESS, EXIT_MSR_LOAD_COUNT))           \
	RULE("entry-reserved", entry_controls_fit, IN_ENTRY, ENTRY_ALWAYS, CONTROL_ENTRY, 0,       \
	     ONE(ENTRY_CONTROLS))                                                                  \
	RULE("event-type: not reserved", event_type, IN_ENTRY, ENTRY_IF_EVENT, 0, 0,               \
	     ONE(ENTRY_INTERRUPTION_INFO))                                                         \
	RULE("event-vector: suits the type", event_vector, IN_ENTRY, ENTRY_IF_EVENT, 0, 0,         \
	     ONE(ENTRY_INTERRUPTION_INFO))                                                         \
	RULE("event-has-code: bit 11 suits the exception and CR0.PE", event_has_error_code,        \
	     IN_ENTRY, ENTRY_IF_EVENT, PROC2(7), 0, TWO(ENTRY_INTERRUPTION_INFO, GUEST_CR0))       \
	RULE("event-reserved: bits 30:12 are 0", event_reserved, IN_ENTRY, ENTRY_IF_EVENT, 0, 0,   \
	     ONE(ENTRY_INTERRUPTION_INFO))                                                         \
	RULE("event-code: bits 31:16 are 0", event_error_code, IN_ENTRY, ENTRY_IF_EVENT,           \
	     AT_ENTRY_INTERRUPTION_INFO, 0, TWO(ENTRY_ERROR_CODE, ENTRY_INTERRUPTION_INFO))        \
	RULE("event-length: 1 to 15 (or 0) of a software event", event_length, IN_ENTRY,           \
	     ENTRY_IF_EVENT, AT_ENTRY_INTERRUPTION_INFO, 0,                                        \
	     TWO(ENTRY_INSTRUCTION_LENGTH, ENTRY_INTERRUPTION_INFO))                               \
	RULE("entry-msr-load: in steps of 16, not too high", msr_area, IN_ENTRY, ENTRY_ALWAYS,     \
	     AT_ENTRY_MSR_LOAD_COUNT, 0, TWO(ENTRY_MSR_LOAD_ADDRESS, ENTRY_MSR_LOAD_COUNT))        \
	RULE("entry-smm: only in SMM", entry_bars, IN_ENTRY, ENTRY(10), ENTRY(10), 0,              \
	     ONE(ENTRY_CONTROLS))                                                                  \
	RULE("entry-monitor: only in SMM", entry_bars, IN_ENTRY, ENTRY(11), ENTRY(11), 0,          \
	     ONE(ENTRY_CONTROLS))

ENTRY_TABLE(entry_rules_controls, RULES)
