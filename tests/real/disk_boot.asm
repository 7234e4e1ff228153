; tests/real/disk_boot.asm - a boot sector for a hard disk: greets, and reads the next sector.
;
; Loaded by a BIOS at 0000:7C00 with the drive in DL. The sector behind it (LBA 1) holds a text that
; ends with 0; it is read by INT 13h AH = 02h and, if there are extensions, once more by AH = 42h.

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
	mov	si, hello
	call	print
	mov	al, [drive]
	call	hex_byte
	mov	si, line_end
	call	print

	mov	ax, 0201h		; one sector ...
	mov	cx, 2			; ... cylinder 0, sector 2
	mov	dh, 0
	mov	dl, [drive]
	mov	bx, buffer
	int	13h
	jc	wrong
	mov	si, buffer
	call	print

	mov	ah, 41h
	mov	bx, 55AAh
	mov	dl, [drive]
	int	13h
	jc	done
	cmp	bx, 0AA55h
	jne	done
	mov	ah, 42h
	mov	si, packet
	mov	dl, [drive]
	int	13h
	jc	wrong
	mov	si, extended
	call	print
	mov	si, buffer
	call	print
done:
	mov	si, ended
	call	print
	jmp	finish

wrong:
	push	ax
	mov	si, failed
	call	print
	pop	ax
	mov	al, ah
	call	hex_byte
	mov	si, line_end
	call	print
	jmp	finish


	TEXT_ROUTINES

drive	db 0
	align	4
packet	db 16, 0
	dw 1, buffer, 0
	dd 1, 0
hello	db "boot sector: drive ", 0
extended db "by LBA: ", 0
ended	db "boot sector: done"
line_end db 13, 10, 0
failed	db "boot sector: INT 13h failed with ", 0

	times	446 - ($ - $$) db 0
	db	80h, 0, 1, 0, 0, 15, 63, 0	; a partition, for a BIOS that wants one
	dd	0, 1008
	times	510 - ($ - $$) db 0
	dw	0AA55h
buffer:
