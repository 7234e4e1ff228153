; guest/programs/haltstep.asm - HLT ends by an interrupt, and only so.
;
; Promise: the instruction behind each HLT comes after the handler of the interrupt that ended it,
; whoever goes through the program step by step or stops it meanwhile. SDM 2A "HLT".

%define NAME "haltstep"
%include "lib.inc"

TICKS	equ 120

main:
	pic_init
	set_vector PIC1_VECTOR + 0, .on_tick
	pit_start 0, 2, 0FFFFh
	outb	PIC1 + 1, 0FEh
	line	"halts and goes on"
	xor	ecx, ecx
.next:
	mov	ebx, [ticks]
	sti
	hlt
	cli
	cmp	ebx, [ticks]
	je	.woken
	inc	ecx
	cmp	ecx, TICKS
	jb	.next
	pass

.woken:
	fail	"HLT ended without an interrupt"

.on_tick:
	inc	dword [ticks]
	push	ax
	outb	PIC1, 20h
	pop	ax
	iret

ticks:	dd 0
