; guest/programs/uarttx.asm - sends 100,000 bytes by interrupt.
;
; Promise: none is lost and the order is kept. 1000 lines of 100 bytes: a number and the alphabet.
; -DLINES=n changes their number.

%define NAME "uarttx"
%include "lib.inc"

%ifndef LINES
%define LINES 1000
%endif

main:
	pic_init
	set_vector PIC1_VECTOR + 4, on_serial
	outb	COM1_MCR, 3 | MCR_OUT2
	outb	PIC1 + 1, 0EFh
	outb	COM1_IER, 2
.wait:
	sti
	hlt
	cli
	cmp	word [lines_left], 0
	jne	.wait
.drain:
	inb	COM1_LSR
	test	al, LSR_TEMT
	jz	.drain
	pass

; An empty transmitter takes sixteen bytes.
on_serial:
	pushad
	inb	COM1_IIR
	and	al, 0Fh
	cmp	al, 2
	jne	.end
	mov	cx, 16
	mov	dx, COM1
	mov	si, [next_byte]
.byte:
	lodsb
	out	dx, al
	cmp	si, text_end
	jb	.more
	mov	si, text
	call	next_number
	dec	word [lines_left]
	jz	.all
.more:
	loop	.byte
	mov	[next_byte], si
	jmp	.end
.all:
	outb	COM1_IER, 0
.end:
	outb	PIC1, 20h
	popad
	iret

; The four digits in front count up.
next_number:
	mov	bx, text + 3
.digit:
	inc	byte [bx]
	cmp	byte [bx], '9'
	jbe	.done
	mov	byte [bx], '0'
	dec	bx
	cmp	bx, text
	jae	.digit
.done:
	ret

lines_left	dw LINES
next_byte	dw text
text		db "0000 ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz "
		db "0123456789 the quick brown fox jumps up", 13, 10
text_end:
	times	100 - (text_end - text) db 0	; NASM fails here unless the line is 100 bytes
	times	(text_end - text) - 100 db 0
