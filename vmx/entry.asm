; vmx/entry.asm - into the guest and back.
;
; Entering is a call that returns after the next VM exit, so the run loop is plain C and a backtrace
; from an exit handler goes through it (not from the C of the short way below, where RBP is the
; guest's). C is called with RSP 8 above a multiple of 16: there is no SSE in the kernel.
;
; The exits that guests make most go a short way that never leaves this file, or for one call of
; C only (vmx/exit_fast.c, vmx/exit_fast_mmio.c): CPUID with a fixed answer, VMCALL, IN and OUT of a
; byte, some of OUTS, MOV to what is not RAM, and what brings an interrupt of the board. It does
; what the loop in vmx/run.c does for an exit: the history and the count, RIP moved, the timer set.
; What is not plain goes the long way before anything was done: a trace or a step that is on
; (VCPU_SLOW), RFLAGS.TF, blocking by STI or MOV SS, EIP at the end of the 4 GiB. without=fast-path
; sends all exits the long way.
; Spec: SDM 3C "VM Entries", "VM Exits".

%include "vmx/vcpu_layout.inc"

; vmx/fields.h has these, too.
%define VMCS_EXIT_REASON		0x4402
%define VMCS_EXIT_INSTRUCTION_LENGTH	0x440c
%define VMCS_GUEST_SS_ACCESS		0x4818
%define VMCS_GUEST_INTERRUPTIBILITY	0x4824
%define VMCS_PREEMPTION_TIMER		0x482e
%define VMCS_EXIT_QUALIFICATION		0x6400
%define VMCS_GUEST_RIP			0x681e
%define VMCS_GUEST_RFLAGS		0x6820

%define REASON_WINDOW	7
%define REASON_CPUID	10
%define REASON_VMCALL	18
%define REASON_IO	30
%define REASON_EPT_VIOLATION 48
%define REASON_TIMER	52

%define SHORT_REASONS	((1 << REASON_WINDOW) | (1 << REASON_VMCALL) | \
			(1 << REASON_EPT_VIOLATION) | (1 << REASON_TIMER))

%define IO_WIDTH	0x07	; qualification: bytes, less one
%define IO_STRING	0x10
%define BLOCKING	0x3	; interruptibility: by STI, by MOV SS
%define SS_DPL		0x60	; access rights: the CPL
%define RFLAGS_TF	0x100

%define REG(n) (VCPU_GPR + 8 * (n))

; After a VM exit RSP is 128 above the vCPU: everything at hand takes a displacement of one byte.
%define V(offset) rsp + (offset) - 128

	default rel

%include "vmx/entry_frames.inc"

	section .text

; uint32_t vmx_enter_guest(struct vcpu *v /* rbx */)
; Runs the guest of the current VMCS until its next VM exit, with interrupts off before and after.
; Returns the exit reason; VMX_ENTER_INVALID or VMX_ENTER_REFUSED if there was no entry
; (VMfailInvalid, VMfailValid); VMX_ENTER_DONE if the fast path has dealt with the exit, but there
; is more to do before the next entry. On exit the guest's registers are in v->gpr.
; Keeps rsp, rbp and rbx only: called through vmx_enter() in vmx/vmcs.h, which tells the compiler,
; so that the run loop saves its registers once and not at each entry.
global vmx_enter_guest
vmx_enter_guest:
	frames_begin
	push	rbp
	frame_is_pushed 16, DWARF_RBP, 2
	push	rbx
	frame_is_pushed 24, DWARF_RBX, 3
	mov	[rbx + VCPU_HOST_STACK], rsp
	mov	rax, [rbx + REG(0)]
	mov	rcx, [rbx + REG(1)]
	mov	rdx, [rbx + REG(2)]
	mov	rbp, [rbx + REG(5)]
	mov	rsi, [rbx + REG(6)]
	mov	rdi, [rbx + REG(7)]
	mov	r8, [rbx + REG(8)]
	mov	r9, [rbx + REG(9)]
	mov	r10, [rbx + REG(10)]
	mov	r11, [rbx + REG(11)]
	mov	r12, [rbx + REG(12)]
	mov	r13, [rbx + REG(13)]
	mov	r14, [rbx + REG(14)]
	mov	r15, [rbx + REG(15)]
	mov	rbx, [rbx + REG(3)]
	vmresume
	; The first entry of all comes here too: VMRESUME looks at the launch state before all else.
vmx_not_resumed:
	mov	rbx, [rsp]		; MOV keeps the flags
	jc	.no_vmcs
	cmp	byte [rbx + VCPU_LAUNCHED], 0
	jne	.refused
	mov	byte [rbx + VCPU_LAUNCHED], 1
	mov	rbx, [rbx + REG(3)]
	vmlaunch
	jc	.no_vmcs
.refused:
	mov	eax, VMX_ENTER_REFUSED
	jmp	vmx_leave
.no_vmcs:
	mov	eax, VMX_ENTER_INVALID

; Back to the caller of vmx_enter_guest; eax is what it gets.
vmx_leave:
	pop	rbx
	frame_is_stack 16
	pop	rbp
	frame_is_stack 8
	ret

; The macros below are what the loop in vmx/run.c does for an exit. VMREAD and VMWRITE cannot fail
; in them, since a VMREAD gave the exit reason. RSP is that of the exit.

; TF owes a #DB behind the instruction, and blocking ends there: to %1. Changes rax, rcx.
%macro look_for_debts 1
	mov	eax, VMCS_GUEST_INTERRUPTIBILITY
	vmread	rax, rax
	mov	ecx, VMCS_GUEST_RFLAGS
	vmread	rcx, rcx
	mov	cl, al			; what lies below TF is not asked for
	test	ecx, RFLAGS_TF | BLOCKING
	jnz	%1
%endmacro

; Moves RIP behind the instruction, or goes to %1 where EIP may wrap; notes the exit for reason %2
; with qualification %3 in the history. Changes rax, rcx, rdx. From here on there is no way back.
%macro advance 3
	mov	eax, VMCS_EXIT_INSTRUCTION_LENGTH
	vmread	rax, rax
	mov	ecx, VMCS_GUEST_RIP
	vmread	rdx, rcx
	add	rax, rdx
	cmp	eax, edx
	jb	%1
	vmwrite	rcx, rax
	add	byte [V(VCPU_HISTORY_AT)], 8
	movzx	eax, byte [V(VCPU_HISTORY_AT)]
	mov	[V(VCPU_HISTORY) + rax * 4], rdx
	mov	qword [V(VCPU_HISTORY) + rax * 4 + 8], %3
	mov	qword [V(VCPU_HISTORY) + rax * 4 + 16], %2
	inc	qword [V(VCPU_EXIT_COUNTS) + 8 * (%2)]
%endmacro

; As set_timer() in vmx/run.c. %1: the vCPU, as an address; %2: where the deadline is over, the
; timer's value less one. -1: the guest is left again at once, since it has just done an
; instruction; 0: it may do one. Changes rax, rcx, rdx.
%macro set_timer 2
	rdtsc
	mov	edx, [%1 + VCPU_DEADLINE]
	sub	edx, eax
	mov	cl, [%1 + VCPU_TIMER_SHIFT]
	cmp	edx, [%1 + VCPU_TURN_TICKS]
	jbe	%%ahead
	mov	edx, %2
%%ahead:
	sar	edx, cl			; a turn has less than 31 bits
	inc	edx
	mov	ecx, VMCS_PREEMPTION_TIMER
	vmwrite	rcx, rdx
%endmacro

; VMCS_HOST_RIP. VMCS_HOST_RSP is the end of v->gpr; all other registers are the guest's. Nothing is
; pushed: an NMI or #MC that comes in here has a stack of its own.
	align	64
global vmx_exit
vmx_exit:
	frame_is_vcpu
	mov	[V(REG(0))], rax
	mov	[V(REG(1))], rcx
	mov	[V(REG(2))], rdx
	mov	eax, VMCS_EXIT_REASON
	vmread	rax, rax		; if it fails, 4402h stays, which the long way finds out
	cmp	word [V(VCPU_SLOW)], 0
	jne	vmx_exit_slow
	cmp	eax, REASON_IO
	je	exit_io_fast
	cmp	eax, REASON_CPUID
	je	exit_cpuid_fast
	mov	rcx, SHORT_REASONS	; most others take the long way, and shall learn it soon
	bt	rcx, rax
	jnc	vmx_exit_slow
	cmp	eax, REASON_TIMER
	je	exit_events_fast
	cmp	eax, REASON_WINDOW
	je	exit_events_fast
	cmp	eax, REASON_EPT_VIOLATION
	je	exit_mmio_fast
	cmp	eax, REASON_VMCALL
	je	exit_vmcall_fast

vmx_exit_slow:
	mov	[V(REG(6))], rsi
	mov	[V(REG(7))], rdi
	mov	[V(REG(8))], r8
	mov	[V(REG(9))], r9
	mov	[V(REG(10))], r10
	mov	[V(REG(11))], r11
vmx_exit_kept:				; what the ABI of C keeps
	mov	[V(REG(3))], rbx
	mov	[V(REG(5))], rbp
	mov	[V(REG(12))], r12
	mov	[V(REG(13))], r13
	mov	[V(REG(14))], r14
	mov	[V(REG(15))], r15
	mov	rsp, [V(VCPU_HOST_STACK)]
	frame_is_stack
	mov	eax, VMCS_EXIT_REASON
	vmread	rax, rax
	ja	vmx_leave
	mov	eax, VMX_ENTER_INVALID	; no VMREAD works: it has no VMCS
	jmp	vmx_leave

; Leaves whose answer is always the same.
	align	16
exit_cpuid_fast:
	frame_is_vcpu
	mov	eax, [V(REG(0))]
	cmp	eax, 31
	ja	vmx_exit_slow
	bt	dword [V(VCPU_FIXED_LEAVES)], eax
	jnc	vmx_exit_slow
	look_for_debts vmx_exit_slow
	advance	vmx_exit_slow, REASON_CPUID, 0
	set_timer V(0), -1
	mov	eax, [V(REG(0))]
	shl	eax, 4
	add	rax, [V(VCPU_LEAF_ANSWERS)]
	mov	ebx, [rax + 4]
	mov	ecx, [rax + 8]
	mov	edx, [rax + 12]
	mov	eax, [rax]
	vmresume
	jmp	vmx_not_resumed_fast

; The version, and numbers that mean nothing, at CPL 0.
	align	16
exit_vmcall_fast:
	mov	eax, VMCS_GUEST_SS_ACCESS
	vmread	rax, rax
	test	al, SS_DPL
	jnz	vmx_exit_slow
	mov	eax, [V(REG(0))]
	sub	eax, HYPERCALL_VERSION + 1
	cmp	eax, HYPERCALL_LAST - HYPERCALL_VERSION - 1
	jbe	vmx_exit_slow
	look_for_debts vmx_exit_slow
	advance	vmx_exit_slow, REASON_VMCALL, 0
	set_timer V(0), -1
	mov	eax, HYPERCALL_UNKNOWN
	mov	ecx, HYPERCALL_INTERFACE
	cmp	dword [V(REG(0))], HYPERCALL_VERSION
	cmove	eax, ecx
	mov	rcx, [V(REG(1))]
	mov	rdx, [V(REG(2))]
	vmresume

; VMRESUME has failed on the vCPU's own registers: to the stack of the host, with its flags.
vmx_not_resumed_fast:
	mov	rsp, [V(VCPU_HOST_STACK)]
	frame_is_stack
	jmp	vmx_not_resumed

; A byte. bool exit_fast_io(struct vcpu *v, uint64_t qualification, uint64_t tsc) in
; vmx/exit_fast.c does it; false if there is more to do before the next entry. What C keeps is the
; guest's all the time.
	align	16
exit_io_fast:
	frame_is_vcpu
	mov	[V(REG(8))], r8
	rdtsc				; as early as can be: the moment of the access
	shl	rdx, 32
	lea	r8, [rdx + rax]
	mov	[V(REG(6))], rsi
	mov	[V(REG(7))], rdi
	mov	[V(REG(9))], r9
	mov	[V(REG(10))], r10
	mov	[V(REG(11))], r11
	look_for_debts vmx_exit_kept
	mov	esi, VMCS_EXIT_QUALIFICATION
	vmread	rsi, rsi
	test	sil, IO_WIDTH | IO_STRING
	jnz	exit_string_fast
	advance	vmx_exit_kept, REASON_IO, rsi
	lea	rdi, [V(0)]
	mov	rdx, r8
	mov	rsp, [V(VCPU_HOST_STACK)]
	frame_is_stack
extern exit_fast_io
	call	exit_fast_io
	mov	rdi, [rsp]		; vmx_enter_guest has pushed it
	test	al, al
	jz	vmx_done
	set_timer rdi, -1
vmx_resume:				; after a call of C
	mov	rax, [rdi + REG(0)]
	mov	rcx, [rdi + REG(1)]
	mov	rdx, [rdi + REG(2)]
	mov	rsi, [rdi + REG(6)]
	mov	r8, [rdi + REG(8)]
	mov	r9, [rdi + REG(9)]
	mov	r10, [rdi + REG(10)]
	mov	r11, [rdi + REG(11)]
	mov	rdi, [rdi + REG(7)]
	vmresume
	jmp	vmx_not_resumed
vmx_done:
	mov	[rdi + REG(3)], rbx
	mov	[rdi + REG(5)], rbp
	mov	[rdi + REG(12)], r12
	mov	[rdi + REG(13)], r13
	mov	[rdi + REG(14)], r14
	mov	[rdi + REG(15)], r15
	mov	eax, VMX_ENTER_DONE
	jmp	vmx_leave

; The timer, or an interrupt window: bool exit_fast_events(struct vcpu *v, uint32_t reason) in
; vmx/exit_fast.c; false if it has done nothing.
	align	16
exit_events_fast:
	frame_is_vcpu
	mov	[V(REG(6))], rsi
	mov	[V(REG(7))], rdi
	mov	[V(REG(8))], r8
	mov	[V(REG(9))], r9
	mov	[V(REG(10))], r10
	mov	[V(REG(11))], r11
	lea	rdi, [V(0)]
	mov	esi, eax
	mov	rsp, [V(VCPU_HOST_STACK)]
	frame_is_stack
extern exit_fast_events
	call	exit_fast_events
vmx_tried:
	mov	rdi, [rsp]
	test	al, al
	jz	.not_done
	set_timer rdi, 0
	jmp	vmx_resume
.not_done:
	lea	rsp, [rdi + 128]
	frame_is_vcpu
	jmp	vmx_exit_kept

; bool exit_fast_string(struct vcpu *v, uint64_t qualification): the same for INS and OUTS.
exit_string_fast:
	frame_is_vcpu
	test	sil, IO_STRING
	jz	vmx_exit_kept
	lea	rdi, [V(0)]
	mov	rsp, [V(VCPU_HOST_STACK)]
	frame_is_stack
extern exit_fast_string
	call	exit_fast_string
	jmp	vmx_tried

; bool exit_fast_mmio(struct vcpu *v), vmx/exit_fast_mmio.c: any register may be read or written.
	align	16
exit_mmio_fast:
	frame_is_vcpu
	mov	[V(REG(3))], rbx
	mov	[V(REG(5))], rbp
	mov	[V(REG(6))], rsi
	mov	[V(REG(7))], rdi
	mov	[V(REG(8))], r8
	mov	[V(REG(9))], r9
	mov	[V(REG(10))], r10
	mov	[V(REG(11))], r11
	mov	[V(REG(12))], r12
	mov	[V(REG(13))], r13
	mov	[V(REG(14))], r14
	mov	[V(REG(15))], r15
	lea	rdi, [V(0)]
	mov	rsp, [V(VCPU_HOST_STACK)]
	frame_is_stack
extern exit_fast_mmio
	call	exit_fast_mmio
	mov	rdi, [rsp]
	test	al, al
	jz	.not_done
	mov	rbx, [rdi + REG(3)]
	mov	rbp, [rdi + REG(5)]
	mov	r12, [rdi + REG(12)]
	mov	r13, [rdi + REG(13)]
	mov	r14, [rdi + REG(14)]
	mov	r15, [rdi + REG(15)]
	set_timer rdi, -1
	jmp	vmx_resume
.not_done:
	lea	rsp, [rdi + 128]
	frame_is_vcpu
	jmp	vmx_exit_kept
	frames_end
