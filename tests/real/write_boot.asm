; tests/real/write_boot.asm - a boot sector that counts up a byte of the disk, and reads it back.
;
; The byte is the first of sector 1. It prints "count: XX and now YY".

%include "text.inc"

	bits	16
	org	7C00h

	jmp	0:start
start:
	xor	ax, ax
	mov	ds, ax
	mov	es, ax
	mov	ss, ax
	mov	sp, 7C00h
	sti
	cld
	mov	[drive], dl
	SERIAL_START
	mov	si, count
	call	print
	mov	ah, 2
	call	transfer
	mov	al, [buffer]
	sub	al, 's'			; what images.DISK_TEXT begins with
	call	hex_byte
	inc	byte [buffer]
	mov	ah, 3
	call	transfer
	mov	byte [buffer], 0
	mov	ah, 2
	call	transfer
	mov	si, now
	call	print
	mov	al, [buffer]
	sub	al, 's'
	call	hex_byte
	mov	si, line_end
	call	print
	jmp	finish

; Reads (AH = 2) or writes (AH = 3) sector 1.
transfer:
	mov	al, 1
	mov	cx, 2
	mov	dh, 0
	mov	dl, [drive]
	mov	bx, buffer
	int	13h
	jc	.wrong
	ret
.wrong:
	mov	si, failed
	call	print
	jmp	finish

	TEXT_ROUTINES

drive	db 0
count	db "count: ", 0
now	db " and now ", 0
failed	db "failed"
line_end db 13, 10, 0

	times	510 - ($ - $$) db 0
	dw	0AA55h
buffer:
