; guest/programs/uartrx.asm - receives 100,000 bytes by interrupt.
;
; Promise: none is lost and the order is kept. Two sums of what came, as in RFC 1950 "Adler-32" but
; modulo 2^32: sum += byte; sums += sum. -DBYTES=n changes the number.

%define NAME "uartrx"
%include "lib.inc"

%ifndef BYTES
%define BYTES 100000
%endif

main:
	pic_init
	set_vector PIC1_VECTOR + 4, on_serial
	outb	COM1_FCR, 47h		; trigger at four bytes: a late handler loses nothing
	outb	COM1_MCR, 3 | MCR_OUT2
	%defstr BYTES_TEXT BYTES
	line	"send ", BYTES_TEXT, " bytes"
.drain:
	inb	COM1_LSR
	test	al, LSR_TEMT
	jz	.drain
	outb	PIC1 + 1, 0EFh
	outb	COM1_IER, 5		; data and line status
.wait:
	sti
	hlt
	cli
	cmp	dword [count], BYTES
	jb	.wait
	outb	COM1_IER, 0
	say	"got "
	mov	eax, [count]
	print_dec
	say	" bytes, sum "
	mov	eax, [sum]
	print_hex
	say	", sums "
	mov	eax, [sums]
	print_hex
	line
	mov	eax, [errors]
	test	eax, eax
	ok_if	z, "no overrun, no framing error"
	pass

on_serial:
	push	eax
	push	edx
.next:
	inb	COM1_LSR
	test	al, 0Eh
	jz	.good
	inc	dword [errors]
.good:
	test	al, 1
	jz	.done
	mov	dx, COM1
	in	al, dx
	movzx	eax, al
	inc	dword [count]
	add	eax, [sum]
	mov	[sum], eax
	add	[sums], eax
	jmp	.next
.done:
	inb	COM1_IIR
	test	al, 1
	jz	.next			; something came meanwhile
	outb	PIC1, 20h
	pop	edx
	pop	eax
	iret

	align	4
count		dd 0
sum		dd 0
sums		dd 0
errors		dd 0
