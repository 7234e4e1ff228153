; guest/programs/profile.asm - three functions that take 60, 30 and 10 % of the time, and a nap.
;
; Promise: a profile of it (watch=preempt:100) finds just that. Each function is a loop of its own
; length in steps of the same work; `main` calls them 400 times and then sleeps for three ticks.

%define NAME "profile"
%include "lib.inc"

ROUNDS		equ 400
UNIT		equ 200			; turns of a loop
TICK_HZ		equ 100

main:
	pic_init
	set_vector PIC1_VECTOR + 0, tick
	mov	ebx, ROUNDS
.round:
	call	heavy
	call	medium
	call	light
	dec	ebx
	jnz	.round
	line	"profile: the work is done"
	pit_start 0, 2, PIT_HZ / TICK_HZ
	outb	PIC1 + 1, 0FEh
	mov	ebx, 3
.nap:
	sti
	hlt
	dec	ebx
	jnz	.nap
	cli
	pass

heavy:
	mov	ecx, 6 * UNIT
.next:
	imul	eax, eax, 1664525
	dec	ecx
	jnz	.next
	ret

medium:
	mov	ecx, 3 * UNIT
.next:
	imul	eax, eax, 1664525
	dec	ecx
	jnz	.next
	ret

light:
	mov	ecx, UNIT
.next:
	imul	eax, eax, 1664525
	dec	ecx
	jnz	.next
	ret

tick:
	push	ax
	outb	PIC1, 20h
	pop	ax
	iret
