; guest/programs/unpack.asm - makes code and runs it, as an unpacker does; for watch=fresh. It
; stands alone (no lib.inc), so that it knows of each write: its stack is far from its code.
;
; Promise: says "PASS unpack". Three times it unpacks a routine into a page of its own and runs it;
; the routine of the first is run twice, which is fresh once. Then it writes over its own next
; instruction.

	bits	16
	org	7C00h

	xor	ax, ax
	mov	ds, ax
	mov	ax, 1000h
	mov	ss, ax
	mov	sp, 8000h
	cld
	mov	ax, 2000h
	mov	bp, 3
unpack:
	mov	es, ax
	xor	di, di
	mov	si, packed
next_byte:
	lodsb
	xor	al, 55h
	stosb
	cmp	si, packed_end
	jne	next_byte
	mov	[es:100h], es		; where the far call below goes
	mov	word [es:0FEh], 0
	call	far [es:0FEh]
	cmp	ax, 1234h
	jne	bad
	mov	ax, es
	add	ax, 100h
	dec	bp
	jnz	unpack

	call	2000h:0			; it has been run already
	mov	byte [cs:change], 90h	; NOP over HLT
change:
	hlt
	mov	si, good_text
	jmp	say
bad:
	mov	si, bad_text
say:
	mov	dx, 3FBh
	mov	al, 3			; LCR: 8 data bits
	out	dx, al
	mov	cx, 13
.next:
	mov	dx, 3FDh		; LSR: the transmitter is empty
	in	al, dx
	test	al, 20h
	jz	.next
	mov	dx, 3F8h
	outsb
	loop	.next
	mov	dx, 8900h		; the end
	mov	si, shutdown
	mov	cx, 8
	rep	outsb
	cli
	hlt

; MOV AX, 1234h; RETF
packed	db 0B8h ^ 55h, 34h ^ 55h, 12h ^ 55h, 0CBh ^ 55h
packed_end:
good_text db "PASS unpack", 13, 10
bad_text db "FAIL unpack", 13, 10
shutdown db "Shutdown"
