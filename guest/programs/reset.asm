; guest/programs/reset.asm - every way to reset the machine.
;
; Promise: the reset that stands at its end, where a test may put another one, happens:
;   0	the keyboard controller's pulse		1	port 92h	2	port CF9h, the CPU
;   3	port CF9h, the whole machine		4	a triple fault
; With bit 3 it is set up before (CMOS 0Fh, 40:67h) that the firmware goes on here after a reset of
; the CPU, and RAM is kept.
; 8042 "Output Port"; ICH data sheet, "PORT92", "RST_CNT"; SDM 3A "Interrupt 8".

%define NAME "reset"
%include "lib.inc"

main:
	cmp	dword [marker], 0
	ok_if	e, "RAM is new"
	mov	dword [marker], 1
.drain:
	inb	COM1_LSR
	test	al, LSR_TEMT
	jz	.drain
	mov	dword [467h], resumed
	mov	al, [reset_code]
	test	al, 8
	jz	.cold
	outb	70h, 0Fh
	outb	71h, 0Ah
.cold:
	mov	al, [reset_code]
	and	al, 7
	cmp	al, 1
	je	.port92
	cmp	al, 2
	je	.soft
	cmp	al, 3
	je	.hard
	cmp	al, 4
	je	.triple
	outb	64h, 0FEh
	jmp	.alive
.port92:
	in	al, 92h
	or	al, 1
	out	92h, al
	jmp	.alive
.soft:
	outb	0CF9h, 0
	outb	0CF9h, 4
	jmp	.alive
.hard:
	outb	0CF9h, 2
	outb	0CF9h, 6
	jmp	.alive
.triple:
	lidt	[nothing]
	int3
.alive:
	fail	"still alive"

resumed:
	xor	ax, ax
	mov	ds, ax
	mov	es, ax
	mov	ss, ax
	mov	esp, 7C00h
	cmp	dword [marker], 1
	ok_if	e, "the firmware goes on here, and RAM is kept"
	pass

	align	4
nothing	dw 0
	dd 0
	align	4
marker	dd 0
	times 4095 - ($ - $$) db 0
reset_code db 0
