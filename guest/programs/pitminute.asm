; guest/programs/pitminute.asm - 1000 Hz for a minute.
;
; Promise: no tick is lost. The time-stamp counter measures every thousand ticks: were one lost,
; its thousand would take longer than the others. -DSECONDS=n changes the time.
; (Channel 2 would be the nearer clock, but reading it makes Bochs' own 8254 lose ticks of channel
; 0.)

%define NAME "pitminute"
%include "lib.inc"

%ifndef SECONDS
%define SECONDS 60
%endif
PERIOD		equ 1193		; 1000.15 Hz
SECOND		equ 1000		; ticks

main:
	pic_init
	set_vector PIC1_VECTOR + 0, on_tick
	pit_start 0, 2, PERIOD
	outb	PIC1 + 1, 0FEh
	mov	di, stamps
.second:
	mov	dword [ticks], 0
.wait:
	sti
	hlt
	cli
	cmp	dword [ticks], SECOND
	jb	.wait
	mov	eax, [tick_tsc]
	stosd
	add	dword [total], SECOND
	cmp	di, stamps_end
	jb	.second

	mov	eax, [total]
	sub	eax, SECOND		; the first only started the clock
	print_dec
	line	" ticks"
	call	shortest
	mov	ebx, eax
	xor	edx, edx
	mov	ecx, 2 * SECOND
	div	ecx
	mov	ebp, eax		; half a tick
	mov	si, stamps
.check:
	mov	eax, [si + 4]
	sub	eax, [si]
	sub	eax, ebx
	cmp	eax, ebp
	must	b, "a thousand ticks took longer than another thousand"
	add	si, 4
	cmp	si, stamps_end - 4
	jb	.check
	ok	"all seconds are of the same length, to half a tick"
	pass

; EAX: the fewest TSC ticks that a second took.
shortest:
	mov	si, stamps
	mov	eax, 0FFFFFFFFh
.next:
	mov	edx, [si + 4]
	sub	edx, [si]
	cmp	edx, eax
	jae	.longer
	mov	eax, edx
.longer:
	add	si, 4
	cmp	si, stamps_end - 4
	jb	.next
	ret

on_tick:
	push	eax
	push	edx
	rdtsc
	mov	[tick_tsc], eax
	inc	dword [ticks]
	outb	PIC1, 20h
	pop	edx
	pop	eax
	iret

	align	4
ticks		dd 0
total		dd 0
tick_tsc	dd 0
stamps		times SECONDS + 1 dd 0
stamps_end:
