; vmx/entry.asm - into the guest and back.
;
; Entering is a call that returns after the next VM exit, so the run loop is plain C and a backtrace
; from an exit handler goes through it. Spec: SDM 3C "VM Entries", "VM Exits".

%include "vmx/vcpu_layout.inc"

%define VMCS_EXIT_REASON 0x4402

%define REG(n) (VCPU_GPR + 8 * (n))

	default rel
	section .text

; uint32_t vmx_enter_guest(struct vcpu *v /* rbx */)
; Runs the guest of the current VMCS until its next VM exit, with interrupts off before and after.
; Returns the exit reason, or VMX_ENTER_INVALID or VMX_ENTER_REFUSED if there was no entry
; (VMfailInvalid, VMfailValid). On exit the guest's registers are in v->gpr.
; Keeps rsp, rbp and rbx only: called through vmx_enter() in vmx/vmcs.h, which tells the compiler,
; so that the run loop saves its registers once and not at each entry.
global vmx_enter_guest
vmx_enter_guest:
	push	rbp
	push	rbx
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
	pop	rbp
	ret

; VMCS_HOST_RIP. VMCS_HOST_RSP is the end of v->gpr, so that each push fills one register's slot;
; everything else is the guest's. An NMI or #MC that comes in here has a stack of its own.
global vmx_exit
vmx_exit:
	push	r15
	push	r14
	push	r13
	push	r12
	push	r11
	push	r10
	push	r9
	push	r8
	push	rdi
	push	rsi
	push	rbp
	push	rax			; RSP's slot, which is not used
	push	rbx
	push	rdx
	push	rcx
	push	rax
	mov	rsp, [rsp + VCPU_HOST_STACK]
	mov	eax, VMCS_EXIT_REASON
	vmread	rax, rax
	ja	vmx_leave
	mov	eax, VMX_ENTER_INVALID	; no VMREAD works: it has no VMCS
	jmp	vmx_leave
