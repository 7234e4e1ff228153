; guest/programs/tick.asm - a second of ticks, for many guests at once.
;
; Promise: guests beside each other do not notice each other. Each fills 64 KiB with numbers that
; follow from its own clock, halts ten times for a tenth of a second, and finds them unchanged.

%define NAME "tick"
%include "lib.inc"

LINES		equ 10
TICK_HZ		equ 100
STORE		equ 2000h		; segment

main:
	pic_init
	set_vector PIC1_VECTOR + 0, .on_tick
	rdtsc
	mov	[seed], eax
	mov	byte [check], 0
	call	walk
	mov	byte [check], 1
	pit_start 0, 2, PIT_HZ / TICK_HZ
	outb	PIC1 + 1, 0FEh
	mov	ecx, 1
.line:
	sti
	hlt
	cmp	dword [ticks], TICK_HZ / 10
	jb	.line
	cli
	sub	dword [ticks], TICK_HZ / 10
	call	walk
	must	e, "somebody changed this memory"
	say	"tick "
	mov	eax, ecx
	print_dec
	line
	inc	ecx
	cmp	ecx, LINES
	jbe	.line
	pass

.on_tick:
	push	ax
	inc	dword [ticks]
	outb	PIC1, 20h
	pop	ax
	iret

; Fills the store or compares it; returns ZF if all is as it was.
walk:
	mov	ax, STORE
	mov	es, ax
	mov	eax, [seed]
	xor	di, di
.next:
	imul	eax, eax, 1664525	; any sequence does that the seed decides
	add	eax, 1013904223
	cmp	byte [check], 0
	jne	.compare
	stosd
	jmp	.more
.compare:
	scasd
	jne	.done
.more:
	test	di, di
	jnz	.next
.done:
	ret

	align	4
ticks		dd 0
seed		dd 0
check		db 0
