; guest/programs/ata.asm - an ATA disk on the first channel, as device 0.
;
; Promise: IDENTIFY describes it; sectors are read word by word, by REP INSW and REP INSD, several
; in a block; what is written is read back, or refused by a disk that is read-only; IRQ 14 comes
; when data is there; what is not on the disk is an error. The test makes the disk: each sector
; begins with "sector" and its number as a dword. ATA/ATAPI-6, "Protocols", "Command descriptions".

%define NAME "ata"
%include "lib.inc"

DATA		equ 1F0h
ERROR		equ 1F1h
COUNT		equ 1F2h
LBA_LOW		equ 1F3h
LBA_MID		equ 1F4h
LBA_HIGH	equ 1F5h
DEVICE		equ 1F6h
STATUS		equ 1F7h
CONTROL		equ 3F6h
BSY_DRDY	equ 0C0h
DRDY		equ 40h
DRQ		equ 08h
ERR		equ 01h
BUFFER		equ 5000h
SCRATCH_SECTOR	equ 40

; command CODE, SECTOR, COUNT: to device 0, LBA28.
%macro command 3
	outb	DEVICE, 0E0h
	outb	COUNT, %3
	outb	LBA_LOW, (%2) & 0FFh
	outb	LBA_MID, ((%2) >> 8) & 0FFh
	outb	LBA_HIGH, ((%2) >> 16) & 0FFh
	mov	dword [interrupts], 0
	outb	STATUS, %1
	call	ready
%endmacro

; status_is MASK, VALUE, "text"
%macro status_is 3+
	inb	STATUS
	movzx	eax, al
	mov	cl, al
	and	cl, %1
	cmp	cl, %2
	ok_if	e, %3
%endmacro

main:
	pic_init
	set_vector PIC2_VECTOR + 6, on_disk
	outb	PIC1 + 1, 0FBh
	outb	PIC2 + 1, 0BFh
	outb	CONTROL, 0
	sti
	call	identify
	call	read_words
	call	read_strings
	call	read_multiple
	call	errors
	call	write
	pass

on_disk:
	push	ax
	push	dx
	inc	dword [interrupts]
	inb	STATUS
	outb	PIC2, 20h
	outb	PIC1, 20h
	pop	dx
	pop	ax
	iret

; Until BSY is clear.
ready:
	inb	CONTROL
	test	al, 80h
	jnz	ready
	ret

; Until DRQ is set too.
data:
	inb	CONTROL
	test	al, 80h
	jnz	data
	test	al, DRQ | ERR
	jz	data
	ret

take_sector:
	call	data
	mov	di, BUFFER
	mov	cx, 256
	mov	dx, DATA
	rep insw
	ret

; EAX: the number; ZF if the buffer has that sector.
is_sector:
	cmp	dword [BUFFER], "sect"
	jne	.done
	cmp	word [BUFFER + 4], "or"
	jne	.done
	cmp	[BUFFER + 6], eax
.done:
	ret

identify:
	command 0ECh, 0, 0
	call	take_sector
	movzx	eax, word [BUFFER]
	test	ah, 80h
	ok_if	z, "IDENTIFY: an ATA device"
	mov	eax, [BUFFER + 120]
	cmp	eax, 200
	ok_if	e, "IDENTIFY: its sectors"
	movzx	eax, word [BUFFER + 98]
	test	ah, 2
	ok_if	nz, "IDENTIFY: LBA"
	mov	eax, [interrupts]
	cmp	eax, 1
	ok_if	e, "IRQ 14 came"
	status_is BSY_DRDY | DRQ | ERR, DRDY, "and then it is idle"
	ret

read_words:
	command 20h, 3, 1
	call	data
	mov	di, BUFFER
	mov	cx, 256
	mov	dx, DATA
.next:
	in	ax, dx
	stosw
	loop	.next
	mov	eax, 3
	call	is_sector
	ok_if	e, "a sector word by word"
	ret

read_strings:
	command 20h, 150, 2
	call	take_sector
	mov	eax, 150
	call	is_sector
	ok_if	e, "a sector by REP INSW"
	call	data
	mov	di, BUFFER
	mov	cx, 128
	mov	dx, DATA
	rep insd
	mov	eax, 151
	call	is_sector
	ok_if	e, "the next one by REP INSD"
	mov	eax, [interrupts]
	cmp	eax, 2
	ok_if	e, "an interrupt for each"
	ret

read_multiple:
	command 0C6h, 0, 8		; SET MULTIPLE MODE
	status_is ERR, 0, "eight sectors in a block"
	command 0C4h, 100, 8
	call	data
	mov	di, BUFFER
	mov	cx, 8 * 256
	mov	dx, DATA
	rep insw
	mov	eax, 100
	call	is_sector
	ok_if	e, "the first of the block"
	mov	eax, 107
	cmp	[BUFFER + 7 * 512 + 6], eax
	ok_if	e, "the last of the block"
	mov	eax, [interrupts]
	cmp	eax, 1
	ok_if	e, "one interrupt for all"
	ret

errors:
	command 20h, 200, 1
	status_is ERR | DRQ, ERR, "behind the end: an error"
	inb	ERROR
	movzx	eax, al
	test	al, 14h			; IDNF or ABRT
	ok_if	nz, "and which"
	command 0FFh, 0, 0
	inb	ERROR
	movzx	eax, al
	test	al, 4
	ok_if	nz, "an unknown command is aborted"
	ret

write:
	command 20h, SCRATCH_SECTOR, 1
	call	take_sector
	mov	eax, SCRATCH_SECTOR
	call	is_sector
	ok_if	e, "a sector that nobody wrote to"
	mov	di, BUFFER
	mov	cx, 128
	mov	eax, 5A5A1234h
	rep stosd
	command 30h, SCRATCH_SECTOR, 1
	inb	CONTROL
	test	al, ERR
	jnz	.refused
	mov	si, BUFFER
	mov	cx, 256
	mov	dx, DATA
	rep outsw
	call	ready
	inb	CONTROL
	test	al, ERR
	jnz	.refused
	command 0E7h, 0, 0		; FLUSH CACHE
	mov	dword [BUFFER], 0
	command 20h, SCRATCH_SECTOR, 1
	call	take_sector
	mov	eax, [BUFFER + 508]
	cmp	eax, 5A5A1234h
	must	e, "what was written is not read back"
	mov	eax, [BUFFER]
	cmp	eax, 5A5A1234h
	must	e, "what was written is not read back"
	line	"written and read back"
	ret
.refused:
	line	"the write is refused"
	command 20h, SCRATCH_SECTOR, 1
	call	take_sector
	mov	eax, SCRATCH_SECTOR
	call	is_sector
	must	e, "the sector has changed"
	ret

	align	4
interrupts	dd 0
