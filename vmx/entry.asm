; vmx/entry.asm - into the guest and back.
;
; Entering is a call that returns after the next VM exit, so the run loop is plain C and a backtrace
; from an exit handler goes through it. Spec: SDM 3C "VM Entries", "VM Exits"; the calling convention
; is the System V one.

%include "vmx/vcpu_layout.inc"

%define VMCS_HOST_RSP_FIELD 0x6c14

%define REG(n) (VCPU_GPR + 8 * (n))

	default rel
	section .text

; int vmx_enter(struct vcpu *v /* rdi */)
; Runs the guest of the current VMCS until its next VM exit, with interrupts off before and after.
; Returns 0 after an exit, 1 if VMLAUNCH or VMRESUME failed (VMfailInvalid), 2 if it failed with an
; error number (VMfailValid). Keeps rbx, rbp, r12-r15. On exit the guest's registers are in v->gpr.
global vmx_enter
vmx_enter:
	push	rbp
	mov	rbp, rsp		; a frame for the backtrace
	push	rbx
	push	r12
	push	r13
	push	r14
	push	r15
	push	rdi			; vmx_exit finds v here
	cmp	rsp, [rdi + VCPU_HOST_RSP]
	je	.host_rsp_stands
	mov	[rdi + VCPU_HOST_RSP], rsp
	mov	eax, VMCS_HOST_RSP_FIELD
	vmwrite	rax, rsp
	jbe	.failed
.host_rsp_stands:
	cmp	byte [rdi + VCPU_LAUNCHED], 0	; MOV keeps the flag until the branch
	mov	rax, [rdi + REG(0)]
	mov	rcx, [rdi + REG(1)]
	mov	rdx, [rdi + REG(2)]
	mov	rbx, [rdi + REG(3)]
	mov	rbp, [rdi + REG(5)]
	mov	rsi, [rdi + REG(6)]
	mov	r8, [rdi + REG(8)]
	mov	r9, [rdi + REG(9)]
	mov	r10, [rdi + REG(10)]
	mov	r11, [rdi + REG(11)]
	mov	r12, [rdi + REG(12)]
	mov	r13, [rdi + REG(13)]
	mov	r14, [rdi + REG(14)]
	mov	r15, [rdi + REG(15)]
	mov	rdi, [rdi + REG(7)]
	je	.launch
	vmresume
	jmp	.failed
.launch:
	vmlaunch
.failed:
	mov	eax, 1			; CF: VMfailInvalid
	jc	.leave
	mov	eax, 2			; ZF: VMfailValid
.leave:
	pop	rdi
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbx
	pop	rbp
	ret

; VMCS_HOST_RIP. rsp is VMCS_HOST_RSP, everything else is the guest's.
global vmx_exit
vmx_exit:
	push	rdi
	mov	rdi, [rsp + 8]
	mov	[rdi + REG(0)], rax
	pop	rax
	mov	[rdi + REG(7)], rax
	mov	[rdi + REG(1)], rcx
	mov	[rdi + REG(2)], rdx
	mov	[rdi + REG(3)], rbx
	mov	[rdi + REG(5)], rbp
	mov	[rdi + REG(6)], rsi
	mov	[rdi + REG(8)], r8
	mov	[rdi + REG(9)], r9
	mov	[rdi + REG(10)], r10
	mov	[rdi + REG(11)], r11
	mov	[rdi + REG(12)], r12
	mov	[rdi + REG(13)], r13
	mov	[rdi + REG(14)], r14
	mov	[rdi + REG(15)], r15
	xor	eax, eax
	jmp	vmx_enter.leave
