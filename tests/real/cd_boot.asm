; tests/real/cd_boot.asm - a boot image for a CD (El Torito, no emulation): prints its name.
;
; Loaded by a BIOS at 0000:7C00 with the drive in DL. It reads the volume descriptor (sector 16, of
; 2048 bytes) by INT 13h AH = 42h. Spec: El Torito Bootable CD-ROM Format Specification.

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

	mov	ah, 42h
	mov	si, packet
	mov	dl, [drive]
	int	13h
	jc	wrong
	mov	si, volume
	call	print
	mov	byte [buffer + 46], 0	; the first six letters of the name
	mov	si, buffer + 40
	call	print
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
	dd 16, 0
hello	db "CD: drive ", 0
volume	db "CD: volume ", 0
ended	db 13, 10, "CD: done"
line_end db 13, 10, 0
failed	db "CD: INT 13h failed with ", 0

	times	2048 - ($ - $$) db 0
buffer:
