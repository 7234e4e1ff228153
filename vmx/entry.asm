; vmx/entry.asm - into the guest and back.
;
; Entering is a call that returns after the next VM exit, so the run loop is plain C and a backtrace
; from an exit handler goes through it (not from the C of the short way below, where RBP is the
; guest's). C is called with RSP 8 above a multiple of 16: there is no SSE in the kernel.
;
; The exits that guests make most go a short way that never leaves this file, or for one call of
; C only (vmx/exit_fast.c, vmx/exit_fast_mmio.c): CPUID with a fixed answer, VMCALL, IN and OUT of a
; byte, some of OUTS, MOV to what is not RAM, and what brings an interrupt of the board. It does
; what the loop in vmx/run.c does for an exit: the record, RIP moved, the timer set. What is not
; plain goes the long way before anything was done: RFLAGS.TF, blocking by STI or MOV SS, EIP at the
; end of the 4 GiB. All exits go the long way while HOST_RIP is vmx_exit_long (vcpu_set_slow() in
; vmx/vcpu.h): a trace, a step, without=fast-path.
;
; Each exit has a record in the ring that is the history and what the statistics are made of: it is
; begun with the TSC at the exit, and ends with the TSC at the next entry, on both ways. Before the
; first record is used again, all are folded into the tables of vmx/exit_stats.c.
; Spec: SDM 3C "VM Entries", "VM Exits".

%include "vmx/entry_macros.inc"

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

; VMCS_HOST_RIP. VMCS_HOST_RSP is the end of v->gpr; all other registers are the guest's. Nothing is
; pushed: an NMI or #MC that comes in here has a stack of its own.
	align	64
global vmx_exit
vmx_exit:
	frame_is_vcpu
	mov	[V(REG(0))], rax
	mov	[V(REG(1))], rcx
	mov	[V(REG(2))], rdx
	begin_record vmx_exit_fold
	mov	eax, VMCS_EXIT_REASON
	vmread	rax, rax		; if it fails, 4402h stays, which the long way finds out
	cmp	eax, REASON_IO
	je	exit_io_fast
	cmp	eax, REASON_CPUID
	je	exit_cpuid_fast
	mov	rdx, SHORT_REASONS	; most others take the long way, and shall learn it soon
	bt	rdx, rax
	jnc	vmx_exit_slow
	cmp	eax, REASON_EPT_VIOLATION
	je	exit_mmio_fast
	cmp	eax, REASON_TIMER
	je	exit_events_fast
	cmp	eax, REASON_WINDOW
	je	exit_events_fast
	cmp	eax, REASON_VMCALL
	je	exit_vmcall_fast
	jmp	vmx_exit_slow

; VMCS_HOST_RIP while there is no short way.
	align	16
global vmx_exit_long
vmx_exit_long:
	frame_is_vcpu
	mov	[V(REG(0))], rax
	mov	[V(REG(1))], rcx
	mov	[V(REG(2))], rdx
	begin_record vmx_exit_long_fold

vmx_exit_slow:
	save_scratch
vmx_exit_kept:
	save_kept V(0)
	mov	rsp, [V(VCPU_HOST_STACK)]
	frame_is_stack
	mov	eax, VMCS_EXIT_REASON
	vmread	rax, rax
	ja	vmx_leave
	mov	eax, VMX_ENTER_INVALID	; no VMREAD works: it has no VMCS
	jmp	vmx_leave

; void exit_fast_fold(struct vcpu *v) in vmx/exit_fast.c: once in 32 exits.
	align	16
vmx_exit_fold:
vmx_exit_long_fold:
	frame_is_vcpu
	save_scratch
	lea	rdi, [V(0)]
	mov	rsp, [V(VCPU_HOST_STACK)]
	frame_is_stack
extern exit_fast_fold
	call	exit_fast_fold
	mov	rsp, [rsp]
	sub	rsp, -128
	frame_is_vcpu
	mov	rsi, [V(REG(6))]
	mov	rdi, [V(REG(7))]
	mov	r8, [V(REG(8))]
	mov	r9, [V(REG(9))]
	mov	r10, [V(REG(10))]
	mov	r11, [V(REG(11))]
	cmp	byte [V(VCPU_SLOW)], 0
	jne	vmx_exit_long_fold_done
	jmp	vmx_exit_fold_done

; Leaves whose answer is always the same.
	align	16
exit_cpuid_fast:
	frame_is_vcpu
	mov	eax, [V(REG(0))]
	mov	[RECORD(V(0)) + QUALIFICATION_AT], rax
	cmp	eax, 31
	ja	vmx_exit_slow
	bt	dword [V(VCPU_FIXED_LEAVES)], eax
	jnc	vmx_exit_slow
	look_for_debts vmx_exit_slow
	advance	vmx_exit_slow, REASON_CPUID
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
	advance	vmx_exit_slow, REASON_VMCALL
	mov	qword [RECORD(V(0)) + QUALIFICATION_AT], 0
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
	shl	rdx, 32			; the moment of the access is that of the exit
	mov	r8d, [RECORD(V(0)) + START_AT]
	or	r8, rdx
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
	mov	[RECORD(V(0)) + QUALIFICATION_AT], rsi
	advance	vmx_exit_kept, REASON_IO
	lea	rdi, [V(0)]
	mov	rdx, r8
	mov	rsp, [V(VCPU_HOST_STACK)]
	frame_is_stack
extern exit_fast_io
	call	exit_fast_io
	mov	rdi, [rsp]		; vmx_enter_guest has pushed it
	test	al, al
	jz	vmx_done
	movzx	ecx, byte [rdi + VCPU_HISTORY_AT]
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
	save_kept rdi
	mov	eax, VMX_ENTER_DONE
	jmp	vmx_leave

; The timer, or an interrupt window: bool exit_fast_events(struct vcpu *v, uint32_t reason) in
; vmx/exit_fast.c; false if it has done nothing.
	align	16
exit_events_fast:
	frame_is_vcpu
	save_scratch
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
	movzx	ecx, byte [rdi + VCPU_HISTORY_AT]
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
	save_scratch
	save_kept V(0)
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
	movzx	ecx, byte [rdi + VCPU_HISTORY_AT]
	set_timer rdi, -1
	jmp	vmx_resume
.not_done:
	lea	rsp, [rdi + 128]
	frame_is_vcpu
	jmp	vmx_exit_kept
	frames_end
