; guest/programs/selfmod.asm - code that changes itself.
;
; Promise: what was written is what runs, also in a page that has run already, through another
; segment, by a string instruction, and when an emulated INS writes it. SDM 3A "Handling Self- and
; Cross-Modifying Code".

%define NAME "selfmod"
%include "lib.inc"

main:
	call	operand
	call	next_instruction
	call	alias
	call	moved
	call	from_port
	call	repeated
	pass

operand:
	mov	ecx, 1000
.next:
	mov	[.change + 2], ecx
	jmp	.change
.change:
	mov	eax, 0
	cmp	eax, ecx
	must	e, "an operand that was just written"
	loop	.next
	ok	"an operand, rewritten 1000 times"
	ret

next_instruction:
	mov	eax, 1
	mov	word [.change], 9090h	; NOP over INC EAX (two bytes)
.change:
	inc	eax
	cmp	eax, 1
	ok_if	e, "the very next instruction"
	ret

alias:
	mov	eax, 1
	mov	bx, .change
	shr	bx, 4
	mov	fs, bx
	mov	byte [fs:0], 90h	; the same byte by another segment
	jmp	.change
	align	16
.change:
	inc	ax
	cmp	eax, 1
	ok_if	e, "through another segment"
	ret

; Code is copied over code that has run.
moved:
	call	.place
	cmp	eax, 1
	must	e, "the first version"
	mov	si, .second
	mov	di, .place
	mov	cx, .second_end - .second
	rep movsb
	call	.place
	cmp	eax, 2
	ok_if	e, "by REP MOVS over code that has run"
	ret
.place:
	mov	eax, 1
	ret
	times 8 nop
.second:
	mov	eax, 2
	ret
.second_end:

; The scratch register of the serial port holds a NOP; INS writes it over an INC.
from_port:
	outb	COM1_SCR, 90h
	mov	eax, 1
	call	.change
	cmp	eax, 4
	must	e, "three times INC"
	mov	dx, COM1_SCR
	mov	di, .change
	mov	cx, 3
	rep insb
	mov	eax, 1
	call	.change
	cmp	eax, 1
	ok_if	e, "by REP INS from a port"
	ret
.change:
	inc	ax
	inc	ax
	inc	ax
	ret

; A function that flips itself between two versions.
repeated:
	mov	ecx, 2000
	xor	eax, eax
.next:
	call	.change
	xor	byte [.change], 40h ^ 48h	; INC AX, DEC AX
	loop	.next
	cmp	eax, 0
	ok_if	e, "flipped 2000 times between INC and DEC"
	ret
.change:
	inc	ax
	ret
