; guest/programs/pit.asm - the 8254: modes, latches, access, and the channels against each other.
;
; Promise: what the data sheet says of the six modes, as far as port 61h (gate and OUT of channel
; 2) and the read-back command show it. 8254 data sheet, "Mode Definitions", "Read Operations".

%define NAME "pit"
%include "lib.inc"

READ_BACK	equ 0C0h	; + 20h: no count, + 10h: no status, + 2 << channel
STATUS_2	equ 0E8h
OUT_PIN		equ 80h
NULL_COUNT	equ 40h

main:
	pit_start 0, 2, 0
	call	registers
	call	latches
	call	accesses
	call	mode_0
	call	mode_1
	call	mode_2
	call	mode_3
	call	mode_4
	call	mode_5
	call	bcd
	call	rates
	call	port_61
	pass

gate_on:
	push	ax
	inb	61h
	and	al, 0Ch
	or	al, 1
	out	61h, al
	pop	ax
	ret

gate_off:
	push	ax
	inb	61h
	and	al, 0Ch
	out	61h, al
	pop	ax
	ret

; EAX: the count of channel 2 (low, high), latched.
count_2:
	outb	43h, 80h
	inb	42h
	mov	ah, al
	inb	42h
	xchg	al, ah
	movzx	eax, ax
	ret

; EAX: the status of channel 2. OUT is bit 7.
status_2:
	outb	43h, STATUS_2
	inb	42h
	movzx	eax, al
	ret

; Waits until OUT 2 is high (low); EAX = 1, or 0 if it never comes.
%macro wait_out_2 2
%1:
	push	ecx
	mov	ecx, 200000
.look:
	in	al, 61h
	test	al, 20h
	j%2	.there
	loop	.look, ecx
	xor	eax, eax
	pop	ecx
	ret
.there:
	mov	eax, 1
	pop	ecx
	ret
%endmacro

	wait_out_2 wait_high, nz
	wait_out_2 wait_low, z

; A pause of 300 clocks of the timer, by channel 0, which counts all the time.
wait_a_while:
	push	eax
	push	ebx
	call	count_0
	mov	bx, ax
.next:
	call	count_0
	sub	ax, bx
	neg	ax			; it counts down
	cmp	ax, 300
	jb	.next
	pop	ebx
	pop	eax
	ret

count_0:
	outb	43h, 0
	inb	40h
	mov	ah, al
	inb	40h
	xchg	al, ah
	ret

registers:
	call	gate_off
	pit_start 2, 3, 1234h
	call	status_2
	mov	ebx, eax
	and	eax, 3Fh
	cmp	eax, 36h
	ok_if	e, "status: access, mode and BCD as written"
	outb	43h, 0BEh		; mode 7 is mode 3
	call	status_2
	and	eax, NULL_COUNT
	ok_if	nz, "status: null count until a count is written"
	ret

latches:
	call	gate_on
	pit_start 2, 2, 0
	call	wait_a_while
	outb	43h, 80h
	inb	42h
	mov	bl, al
	call	wait_a_while
	outb	43h, 80h		; ignored: the first latch is not read out yet
	inb	42h
	mov	bh, al
	call	count_2
	movzx	ebx, bx
	sub	ebx, eax
	mov	eax, ebx
	cmp	eax, 200
	ok_if	ge, "a latch holds its count while the counter runs on"
	outb	43h, READ_BACK | 8	; both: status first, then the count
	inb	42h
	mov	bl, al
	call	wait_a_while
	inb	42h
	mov	ah, al
	inb	42h
	xchg	al, ah
	movzx	ecx, ax
	call	count_2
	sub	ecx, eax
	movzx	eax, bl
	and	eax, 3Fh
	cmp	eax, 34h
	ok_if	e, "read-back: the status comes first"
	mov	eax, ecx
	cmp	eax, 100
	ok_if	ge, "read-back: the count is latched as well"
	ret

accesses:
	call	gate_off
	outb	43h, 0B0h		; mode 0, low then high
	outb	42h, 34h
	outb	42h, 12h
	; (the count is loaded with the gate off, and stays)
	call	wait_a_while
	call	count_2
	cmp	eax, 1234h
	ok_if	e, "access low then high"
	outb	43h, 90h		; low only
	outb	42h, 56h
	call	wait_a_while
	inb	42h
	movzx	ebx, al
	inb	42h
	shl	ebx, 8
	mov	bl, al
	mov	eax, ebx
	cmp	eax, 5656h
	ok_if	e, "access low only: each read is the low byte"
	outb	43h, 0A0h		; high only
	outb	42h, 78h
	call	wait_a_while
	outb	43h, 80h
	inb	42h
	movzx	eax, al
	cmp	eax, 78h
	ok_if	e, "access high only"
	ret

mode_0:
	call	gate_on
	pit_start 2, 0, 2000
	call	status_2
	and	eax, OUT_PIN
	ok_if	z, "mode 0: OUT is low while it counts"
	call	wait_high
	test	eax, eax
	ok_if	nz, "mode 0: OUT is high when the count is over"
	call	wait_a_while
	call	count_2
	cmp	eax, 8000h
	ok_if	ae, "mode 0: the counter goes on from FFFFh"
	call	gate_off
	pit_start 2, 0, 2000
	call	wait_a_while
	call	count_2
	cmp	eax, 2000
	ok_if	e, "mode 0: nothing counts while the gate is low"
	ret

mode_1:
	call	gate_off
	pit_start 2, 1, 20000
	call	status_2
	and	eax, OUT_PIN
	ok_if	nz, "mode 1: OUT is high before the trigger"
	call	gate_on
	call	wait_a_while
	call	status_2
	and	eax, OUT_PIN
	ok_if	z, "mode 1: the gate's edge starts a low pulse"
	call	wait_a_while
	call	count_2
	mov	ebx, eax
	call	gate_off
	call	gate_on			; triggers again
	call	wait_a_while
	call	count_2
	cmp	eax, ebx
	ok_if	a, "mode 1: a new edge starts it again"
	call	wait_high
	test	eax, eax
	ok_if	nz, "mode 1: OUT is high when the pulse is over"
	ret

mode_2:
	call	gate_on
	pit_start 2, 2, 500
	call	wait_a_while
	mov	ecx, 2000
	xor	ebx, ebx
.next:
	call	count_2
	dec	eax
	cmp	eax, 500
	must	b, "mode 2: a count that is not 1 to N"
	cmp	eax, ebx
	jb	.lower
	mov	ebx, eax
.lower:
	loop	.next, ecx
	ok	"mode 2: the count stays between 1 and N"
	mov	eax, ebx
	cmp	eax, 400
	ok_if	a, "mode 2: it starts again from N"
	call	gate_off
	call	wait_a_while
	call	status_2
	and	eax, OUT_PIN
	ok_if	nz, "mode 2: OUT is high while the gate is low"
	ret

mode_3:
	call	gate_on
	pit_start 2, 3, 20000
	mov	ecx, 6
.half:
	call	wait_low
	test	eax, eax
	must	nz, "mode 3: low"
	call	wait_high
	test	eax, eax
	must	nz, "mode 3: high"
	dec	ecx
	jnz	.half
	ok	"mode 3: OUT goes up and down"
	mov	ecx, 1000
.even:
	call	count_2
	cmp	eax, 20000
	must	be, "mode 3: a count above N"
	test	al, 1
	must	z, "mode 3: the count goes by two"
	loop	.even, ecx
	ok	"mode 3: the count goes by two"
	ret

mode_4:
	call	gate_on
	pit_start 2, 4, 300
	call	wait_a_while
	call	wait_a_while
	call	count_2
	cmp	eax, 300
	ok_if	a, "mode 4: it counts once and goes on from FFFFh"
	call	status_2
	and	eax, OUT_PIN
	ok_if	nz, "mode 4: OUT is high but for its strobe"
	ret

mode_5:
	call	gate_off
	pit_start 2, 5, 20000
	call	gate_on
	call	wait_a_while
	call	count_2
	mov	ebx, eax
	cmp	eax, 20000
	ok_if	b, "mode 5: the gate's edge starts it"
	call	gate_off
	call	wait_a_while
	call	count_2
	cmp	eax, ebx
	ok_if	b, "mode 5: the gate's level does not matter"
	call	status_2
	and	eax, OUT_PIN
	ok_if	nz, "mode 5: OUT is high until the strobe"
	ret

bcd:
	call	gate_on
	outb	43h, 0B5h		; mode 2, BCD
	outb	42h, 0
	outb	42h, 10h		; 1000
	mov	ecx, 2000
.next:
	call	count_2
	mov	ebx, eax
	cmp	eax, 1000h
	must	be, "BCD: a count above 1000"
	mov	edx, eax		; no digit above nine: adding six to each carries nowhere
	add	edx, 6666h
	xor	edx, ebx
	xor	edx, 6666h
	test	edx, 11110h
	must	z, "BCD: a digit above nine"
	loop	.next, ecx
	ok	"BCD: 1000 down to 1, decimal digits"
	ret

; Channels 0 and 2 count the same clock.
rates:
	call	gate_on
	pit_start 0, 2, 0
	pit_start 2, 2, 0
	mov	ecx, 20
	call	difference
	mov	ebx, eax
.next:
	call	wait_a_while
	call	difference
	sub	eax, ebx
	add	eax, 8
	cmp	ax, 16
	must	be, "the channels drift apart"
	loop	.next, ecx
	ok	"channels 0 and 2 keep their distance"
	ret

; EAX: channel 2 minus channel 0, both latched at once.
difference:
	outb	43h, READ_BACK | 10h | 2 | 8
	inb	40h
	mov	dl, al
	inb	40h
	mov	dh, al
	inb	42h
	mov	ah, al
	inb	42h
	xchg	al, ah
	sub	ax, dx
	movzx	eax, ax
	ret

port_61:
	mov	ecx, 100000
	in	al, 61h
	mov	bl, al
.next:
	in	al, 61h
	xor	al, bl
	test	al, 10h
	jnz	.toggles
	loop	.next, ecx
.toggles:
	test	al, 10h
	ok_if	nz, "port 61h: bit 4 toggles"
	mov	al, 2
	out	61h, al
	in	al, 61h
	and	eax, 3
	cmp	eax, 2
	ok_if	e, "port 61h: gate and speaker bits read as written"
	xor	al, al
	out	61h, al
	ret
