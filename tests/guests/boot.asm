; tests/guests/boot.asm - a boot sector that starts a guest program on the machine itself.
;
; It moves itself out of the way, reads the program (the sectors behind it) to 0000:7C00 and jumps
; there with what Lintel's flat loader gives: CS:IP = 0000:7C00, SS:SP likewise, DL = 80h,
; interrupts on, but all masked in the PICs. SECTORS is the program's length. Reads by "extended
; read" (Enhanced Disk Drive, INT 13h AH = 42h).

	bits	16
	org	600h

	cli
	xor	ax, ax
	mov	ds, ax
	mov	es, ax
	mov	ss, ax
	mov	sp, 600h
	cld
	mov	si, 7C00h
	mov	di, 600h
	mov	cx, 256
	rep movsw
	jmp	0:moved
moved:
	sti
next:
	mov	ah, 42h
	mov	dl, 80h
	mov	si, packet
	int	13h
	jc	next
	inc	dword [packet.block]
	add	word [packet.segment], 512 / 16
	dec	word [left]
	jnz	next

	cli
	mov	al, 0FFh
	out	21h, al
	out	0A1h, al
	xor	ax, ax
	mov	ds, ax
	mov	es, ax
	xor	bx, bx
	xor	cx, cx
	xor	si, si
	xor	di, di
	xor	bp, bp
	mov	dx, 80h
	mov	sp, 7C00h
	sti
	jmp	0:7C00h

left	dw SECTORS
	align	4
packet	db 16, 0
	dw 1			; one block at a time
	dw 0			; to offset 0 ...
.segment dw 7C0h		; ... of this segment
.block	dd 1, 0

	times	446 - ($ - $$) db 0
	db	80h, 0, 1, 0, 0, 15, 63, 0	; a partition, for a BIOS that wants one
	dd	0, 1008
	times	510 - ($ - $$) db 0
	dw	0AA55h
