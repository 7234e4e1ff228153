; guest/programs/triple.asm - ends by a triple fault, on purpose.
;
; Promise: an exception while the CPU delivers a double fault shuts this guest down, and nobody
; else. SDM 3A "Interrupt 8 - Double Fault Exception (#DF)".

%define NAME "triple"
%include "lib.inc"

main:
	line	"triple: an interrupt table without entries, and then an invalid opcode"
.drain:
	inb	COM1_LSR		; let the line out before the end
	test	al, LSR_TEMT
	jz	.drain
	lidt	[no_table]
	ud2				; #UD → #GP (no such entry) → #DF (none either) → shutdown
	lidt	[real_table]
	fail	"still alive"

	align	4
no_table	dw 0
		dd 0
real_table	dw 3FFh
		dd 0
