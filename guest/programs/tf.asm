; guest/programs/tf.asm - single step over instructions that exit.
;
; Promise: with TF set there is one #DB behind every instruction, also behind one that the
; hypervisor did instead of the CPU; behind MOV SS there is none. SDM 3B "Single-Step Exception
; Condition"; SDM 3C "Pending Debug Exceptions", "VM-Exit Controls" (an emulated instruction owes
; the #DB).

%define NAME "tf"
%include "lib.inc"

LOG_MAX		equ 64

; step INSTRUCTION: expected to be followed by a #DB, whose address goes into a list behind the
; code.
%assign STEPS 0
%macro step 1+
	%1
step_%[STEPS]:
	%assign STEPS STEPS + 1
%endmacro

; As `step`, but no #DB may come between it and the next.
%macro no_step 1+
	%1
%endmacro

main:
	set_vector 1, on_step
	pic_init
	xor	eax, eax
	mov	dr6, eax
	xor	bx, bx
	mov	di, buffer
	mov	si, buffer
	pushf
	pop	ax
	mov	cx, ax
	or	ah, 1
	push	ax
	popf				; no #DB behind this one: TF was clear when it began
	step	nop
	step	xor eax, eax
	step	cpuid
	step	cli
	step	sti			; holds off interrupts until the next one is over, not #DB
	step	cpuid
	step	nop
	step	in al, 61h
	step	nop
	step	in ax, 80h
	step	out 80h, al
	step	mov dx, 3FFh
	step	out dx, al
	step	in eax, dx
	step	mov eax, cr0
	step	mov cr0, eax
	step	mov eax, cr4
	step	mov cr4, eax
	step	mov eax, cr3
	step	mov cr3, eax
	step	mov ecx, 10h		; the TSC: a write to it exits
	step	rdtsc
	step	wrmsr
	step	mov ecx, 277h
	step	rdmsr
	step	wrmsr
	step	rdtsc
	step	wbinvd
	step	clts
	step	smsw ax
	step	xor bx, bx
	no_step	mov ss, bx
	step	nop
	no_step	mov ss, bx
	step	in al, 61h
	step	sgdt [table]
	step	sidt [table]
	no_step	mov ss, bx
	step	lidt [table]
	step	push bx
	no_step	pop ss
	step	cpuid
	step	xor cx, cx
	step	mov cl, 3
	step	mov dx, 80h
rep_out:
%assign REP_OUT_STEP STEPS
	step	rep outsb
	step	mov di, buffer
	step	mov cl, 2
rep_in:
%assign REP_IN_STEP STEPS
	step	rep insb
	step	insb
	step	outsb
	step	pushf
	step	pop ax
	step	and ah, 0FEh
	step	push ax
	step	popf			; TF was set when it began
	nop
	nop

	mov	ax, [lost_bs]
	test	ax, ax
	ok_if	z, "every #DB had DR6.BS"
	xor	bx, bx
.compare:
	movzx	eax, word [log + bx]
	cmp	ax, [expected + bx]
	je	.same
	say	"step "
	movzx	eax, bx
	shr	eax, 1
	print_dec
	say	", expected "
	mov	ax, [expected + bx]
	print_hex 4
	line
	movzx	eax, word [log + bx]
	fail	"a #DB at another place"
.same:
	add	bx, 2
	cmp	bx, expected.end - expected
	jb	.compare
	ok	"a #DB behind each instruction, at the right place"
	ok	"REP INS and OUTS: a #DB behind each turn"
	ok	"no #DB behind MOV SS and POP SS"
	mov	ax, [logged]
	and	eax, 0FFFFh
	cmp	eax, expected.end - expected
	ok_if	e, "and not one more"
	pass

on_step:
	push	eax
	push	ebx
	push	ebp
	mov	bp, sp
	mov	bx, [logged]
	cmp	bx, LOG_MAX * 2
	jae	.full
	mov	ax, [bp + 12]
	mov	[log + bx], ax
.full:
	add	word [logged], 2
	mov	eax, dr6
	test	ah, 40h
	jnz	.bs
	inc	word [lost_bs]
.bs:
	xor	eax, eax
	mov	dr6, eax
	pop	ebp
	pop	ebx
	pop	eax
	iret

; The addresses that the handler must have seen. A REP goes back to itself until its last turn.
	align	2
expected:
%assign i 0
%rep STEPS
%if i == REP_OUT_STEP
	dw	rep_out, rep_out
%elif i == REP_IN_STEP
	dw	rep_in
%endif
	dw	step_%[i]
%assign i i + 1
%endrep
.end:

	align	2
log		times LOG_MAX dw 0
logged		dw 0
lost_bs		dw 0
table		times 6 db 0
buffer		times 8 db 0
