; guest/programs/clock.asm - never ends: a line each second, and the CPU halts in between.
;
; Promise: it goes on until it is stopped from outside, so that one may take one's time to look at
; it, in the monitor or with gdb. A hundred interrupts of the PIT are a second.

%define NAME "clock"
%include "lib.inc"

TICK_HZ		equ 100

main:
	pic_init
	set_vector PIC1_VECTOR + 0, .on_tick
	pit_start 0, 2, PIT_HZ / TICK_HZ
	outb	PIC1 + 1, 0FEh
	xor	ecx, ecx
	line	"clock: a line each second, forever"
.wait:
	sti
	hlt
	cmp	dword [ticks], TICK_HZ
	jb	.wait
	cli
	sub	dword [ticks], TICK_HZ
	inc	ecx
	say	"second "
	mov	eax, ecx
	print_dec
	line
	jmp	.wait

.on_tick:
	push	ax
	inc	dword [ticks]
	outb	PIC1, 20h
	pop	ax
	iret

	align	4
ticks		dd 0
