; tests/firmware/fat12.asm - the boot sector of a FAT12 diskette: loads PROGRAM.BIN to 1000:0000 and
; jumps there with DL = the drive.
;
; It believes its BPB for where things are and int 13h AH = 08h for the geometry, so it says so if
; the two differ. Spec: Microsoft, "FAT: General Overview of On-Disk Format".

	bits	16
	cpu	386
	org	7C00h

PROGRAM_SEG	equ 1000h
BUFFER		equ 8000h		; the root directory, then the FAT
ENTRY_SIZE	equ 32
LAST_CLUSTER	equ 0FF8h

	jmp	short start
	nop
	db	"LINTEL  "
bytes_a_sector	dw 512
cluster_sectors	db 1
reserved	dw 1
fats		db 2
root_entries	dw 224
sectors		dw 2880
media		db 0F0h
fat_sectors	dw 9
track_sectors	dw 18
heads		dw 2
hidden		dd 0
sectors_large	dd 0
drive		db 0
		db 0, 29h
		dd 20261121h
		db "LINTEL     "
		db "FAT12   "

start:
	xor	ax, ax
	mov	ds, ax
	mov	es, ax
	mov	ss, ax
	mov	sp, 7C00h
	mov	[drive], dl
	mov	ah, 08h
	int	13h
	mov	si, geometry_text
	jc	stop
	and	cx, 3Fh
	cmp	cx, [track_sectors]
	jne	stop
	mov	dl, dh
	mov	dh, 0
	inc	dx
	cmp	dx, [heads]
	jne	stop
	xor	ax, ax
	mov	es, ax

	mov	al, [fats]
	mul	word [fat_sectors]
	add	ax, [reserved]
	mov	[root_start], ax
	mov	bp, [root_entries]
	shr	bp, 4
	mov	bx, BUFFER
	call	read
	add	[root_start], bp	; now where the clusters begin

	mov	di, BUFFER
	mov	dx, [root_entries]
search:
	push	di
	mov	si, name
	mov	cx, 11
	repe cmpsb
	pop	di
	je	found
	add	di, ENTRY_SIZE
	dec	dx
	jnz	search
	mov	si, missing_text
	jmp	stop

found:
	mov	di, [di + 26]		; the first cluster
	mov	ax, [reserved]
	mov	bp, [fat_sectors]
	mov	bx, BUFFER
	call	read
	mov	ax, PROGRAM_SEG
	mov	es, ax
next_cluster:
	lea	ax, [di - 2]
	add	ax, [root_start]
	mov	bp, 1
	xor	bx, bx
	call	read
	mov	ax, es
	add	ax, 512 / 16
	mov	es, ax
	mov	bx, di			; 12 bits for each cluster
	shr	bx, 1
	mov	ax, [BUFFER + bx + di]
	jnc	even
	shr	ax, 4
even:
	and	ax, 0FFFh
	mov	di, ax
	cmp	di, LAST_CLUSTER
	jb	next_cluster
	mov	dl, [drive]
	jmp	PROGRAM_SEG:0

; Reads BP sectors from sector AX to ES:BX, one by one. Changes BX, CX, DX.
read:
	push	ax
	push	bp
.next:
	push	ax
	xor	dx, dx
	div	word [track_sectors]
	inc	dx
	mov	cl, dl
	xor	dx, dx
	div	word [heads]
	mov	ch, al
	mov	dh, dl
	mov	dl, [drive]
	mov	ax, 0201h
	int	13h
	mov	si, read_text
	jc	stop
	pop	ax
	inc	ax
	add	bx, 512
	dec	bp
	jnz	.next
	pop	bp
	pop	ax
	ret

stop:
	lodsb
	or	al, al
	jz	$
	mov	ah, 0Eh
	mov	bx, 7
	int	10h
	jmp	stop

root_start	dw 0
name		db "PROGRAM BIN"
missing_text	db "fat12: no PROGRAM.BIN", 13, 10, 0
read_text	db "fat12: cannot read", 13, 10, 0
geometry_text	db "fat12: another geometry", 13, 10, 0

	times 510 - ($ - $$) db 0
	dw	0AA55h
