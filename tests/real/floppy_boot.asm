; tests/real/floppy_boot.asm - a boot sector for a FAT12 floppy: finds HELLO.TXT and prints it.
;
; mformat puts the parameters of the disk into bytes 3 to 61. The file has to be among the first
; sixteen of the root directory, and only its first sector is read. Spec: FAT file system,
; "Boot Sector and BPB".

%include "text.inc"

	bits	16
	org	7C00h

	jmp	short start
	nop
parameters	equ 7C00h
RESERVED	equ parameters + 14
FATS		equ parameters + 16
ROOT_ENTRIES	equ parameters + 17
FAT_SECTORS	equ parameters + 22
TRACK_SECTORS	equ parameters + 24
HEADS		equ parameters + 26
	times	62 - ($ - $$) db 0

start:
	jmp	0:.here
.here:
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

	mov	al, [FATS]
	cbw
	mul	word [FAT_SECTORS]
	add	ax, [RESERVED]
	mov	[root], ax
	call	read
	mov	di, buffer
.entry:
	mov	si, name
	mov	cx, 11
	push	di
	repe cmpsb
	pop	di
	je	.found
	add	di, 32
	cmp	di, buffer + 512
	jb	.entry
	mov	si, missing
	call	print
	jmp	finish
.found:
	mov	ax, [ROOT_ENTRIES]
	shr	ax, 4			; sixteen entries in a sector
	add	ax, [root]
	add	ax, [di + 26]		; the first cluster; a cluster is a sector
	sub	ax, 2
	call	read
	mov	si, buffer
	call	print
	mov	si, ended
	call	print
	jmp	finish

; Reads sector AX to buffer.
read:
	xor	dx, dx
	div	word [TRACK_SECTORS]
	mov	cl, dl
	inc	cl
	xor	dx, dx
	div	word [HEADS]
	mov	ch, al
	mov	dh, dl
	mov	dl, [drive]
	mov	ax, 0201h
	mov	bx, buffer
	int	13h
	jc	.wrong
	ret
.wrong:
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
root	dw 0
name	db "HELLO   TXT"
hello	db "floppy: drive ", 0
missing	db "floppy: no HELLO.TXT", 13, 10, 0
ended	db "floppy: done"
line_end db 13, 10, 0
failed	db "floppy: INT 13h failed with ", 0

	times	510 - ($ - $$) db 0
	dw	0AA55h
buffer	equ	7E00h
