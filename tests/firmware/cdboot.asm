; tests/firmware/cdboot.asm - a CD-ROM's boot image: says what int 13h says of the CD-ROM.
;
; Four sectors of 512 bytes; the last word proves that all of it was loaded.

	bits	16
	cpu	386
	org	7C00h

BUFFER		equ 9000h

	jmp	0:start
start:
	xor	ax, ax
	mov	ds, ax
	mov	es, ax
	mov	[drive], dl
	mov	ax, dx
	call	put_ax
	mov	ax, [last]
	call	put_ax
	mov	ax, 4B01h
	mov	si, status
	int	13h
	sbb	ax, ax
	call	put_ax
	mov	cx, 9
.word:
	lodsw
	call	put_ax
	loop	.word
	mov	si, line_text
	call	put_text
	mov	dl, [drive]
	mov	ah, 42h
	mov	si, packet
	int	13h
	sbb	ax, ax
	call	put_ax
	mov	byte [BUFFER + 30], 0
	mov	si, BUFFER + 7
	call	put_text
	mov	ah, 42h			; beyond the end
	mov	byte [packet + 10], 1
	mov	si, packet
	int	13h
	pushf
	call	put_ax
	pop	ax
	and	ax, 1
	call	put_ax
	mov	dl, [drive]
	mov	ax, 0201h
	int	13h
	call	put_ax
	mov	si, done_text
	call	put_text
	jmp	$

put_text:
	lodsb
	or	al, al
	jz	.done
	call	put
	jmp	put_text
.done:
	ret

put_ax:
	push	cx
	mov	cx, 4
.digit:
	rol	ax, 4
	push	ax
	and	al, 0Fh
	add	al, '0'
	cmp	al, '9'
	jbe	.put
	add	al, 'A' - '9' - 1
.put:
	call	put
	pop	ax
	loop	.digit
	mov	al, ' '
	call	put
	pop	cx
	ret

put:
	mov	ah, 0Eh
	mov	bx, 7
	int	10h
	ret

drive		db 0
packet		dw 10h, 1, BUFFER, 0, 17, 0, 0, 0
status		times 20 db 0
line_text	db 13, 10, 0
done_text	db "cdboot: done", 13, 10, 0
	times 2046 - ($ - $$) db 0
last	dw	0CAFEh
