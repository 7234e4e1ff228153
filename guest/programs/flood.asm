; guest/programs/flood.asm - interrupts as fast as they come, and a computation among them.
;
; Promise: the computation goes on and is right, whatever comes in between: registers and flags
; survive every injection, and neither source starves the other.

%define NAME "flood"
%include "lib.inc"

PERIOD		equ 24			; about 50 kHz
TICKS_WANTED	equ 3000
SERIALS_WANTED	equ 300
LENGTH		equ 256			; bytes, first part of the program

main:
	pic_init
	set_vector PIC1_VECTOR + 0, on_tick
	set_vector PIC1_VECTOR + 4, on_serial
	call	crc			; undisturbed
	mov	[undisturbed], eax
.drain:
	inb	COM1_LSR
	test	al, LSR_TEMT
	jz	.drain
	; loopback; some chips gate interrupts by OUT2 there
	outb	COM1_MCR, 10h | MCR_OUT2
	pit_start 0, 2, PERIOD
	outb	PIC1 + 1, ~(1 << 0 | 1 << 4) & 0FFh
	outb	COM1_IER, 3
	sti
.again:
	call	crc
	inc	dword [rounds]
	cmp	eax, [undisturbed]
	jne	.done
	cmp	dword [ticks], TICKS_WANTED
	jb	.again
	cmp	dword [serials], SERIALS_WANTED
	jb	.again
.done:
	cli
	mov	ebx, eax
	call	quiet
	call	lib_serial_init
	call	crc
	cmp	eax, [undisturbed]
	must	e, "the sum afterwards"
	cmp	eax, ebx
	ok_if	e, "every sum under the flood is right"
	mov	eax, [ticks]
	cmp	eax, TICKS_WANTED
	ok_if	ae, "thousands of timer interrupts came"
	mov	eax, [serials]
	cmp	eax, SERIALS_WANTED
	ok_if	ae, "hundreds of serial interrupts came"
	pass

quiet:
	outb	COM1_IER, 0
	outb	PIC1 + 1, 0FFh
	outb	43h, 30h
	ret

; Returns in EAX a CRC-32 of code that does not change; uses EBX, ESI, EDI, EBP and the flags.
crc:
	push	ebx
	mov	si, 7C00h
	mov	edi, LENGTH
	mov	ebp, 0EDB88320h
	mov	eax, 0FFFFFFFFh
.byte:
	inc	word [progress]
	movzx	ebx, byte [si]
	inc	si
	xor	eax, ebx
	mov	bx, 8
.bit:
	shr	eax, 1
	jnc	.zero
	xor	eax, ebp
.zero:
	dec	bx
	jnz	.bit
	dec	edi
	jnz	.byte
	pop	ebx
	ret

on_tick:
	push	ax
	inc	dword [ticks]
	call	slow_down_if_starved
	outb	PIC1, 20h
	pop	ax
	iret

; Sixteen ticks without any progress: this machine cannot handle ticks as fast as they come, so
; nothing else runs. Then they come half as often.
slow_down_if_starved:
	mov	ax, [progress]
	cmp	ax, [last_progress]
	mov	[last_progress], ax
	jne	.moves
	dec	byte [patience]
	jnz	.done
	shl	word [period], 1
	outb	40h, [period]
	outb	40h, [period + 1]
.moves:
	mov	byte [patience], 16
.done:
	ret

; Takes what came in, and sends again while more is wanted.
on_serial:
	push	ax
	push	dx
	inc	dword [serials]
	inc	word [progress]
.next:
	inb	COM1_IIR
	test	al, 1
	jnz	.done
	and	al, 0Fh
	cmp	al, 2
	je	.send
	inb	COM1_LSR
	inb	COM1
	jmp	.next
.send:
	cmp	dword [serials], SERIALS_WANTED * 4
	jae	.enough
	outb	COM1, 'x'
	; more requests at once: the line must go low and high for an edge
	jmp	.done
.enough:
	outb	COM1_IER, 1
.done:
	; low for a moment, so that what still waits makes a new edge
	outb	COM1_IER, 0
	mov	al, 3
	cmp	dword [serials], SERIALS_WANTED * 4
	jb	.more
	mov	al, 1
.more:
	mov	dx, COM1_IER
	out	dx, al
	outb	PIC1, 20h
	pop	dx
	pop	ax
	iret

	align	4
ticks		dd 0
serials		dd 0
rounds		dd 0
undisturbed	dd 0
progress	dw 0
last_progress	dw 0
period		dw PERIOD
patience	db 16
