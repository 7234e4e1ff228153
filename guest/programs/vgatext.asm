; guest/programs/vgatext.asm - the VGA as text programs use it.
;
; Promise: video RAM A0000h-BFFFFh keeps what is written, the registers of a text mode read back,
; the attribute controller's flip-flop works, and the status bits move. IBM PS/2 Hardware Interface
; Technical Reference, "Video Subsystem".

%define NAME "vgatext"
%include "lib.inc"

CRTC		equ 3D4h
STATUS_1	equ 3DAh
ATTRIBUTE	equ 3C0h	; index and data, written
ATTRIBUTE_READ	equ 3C1h
MISC_WRITE	equ 3C2h
SEQUENCER	equ 3C4h
DAC_STATE	equ 3C7h	; written: the index for reading
DAC_WRITE	equ 3C8h
DAC_DATA	equ 3C9h
MISC_READ	equ 3CCh
GRAPHICS	equ 3CEh

NO_DISPLAY	equ 01h
RETRACE		equ 08h
PATIENCE	equ 400000	; polls of the status, before it gives up; a frame takes 14 ms
FRAMES		equ 8		; of the right length, of so many tries:
FRAME_TRIES	equ 500

main:
	call	mode
	call	text_memory
	call	all_memory
	call	cursor
	call	protection
	call	attributes
	call	dac
	call	status
	pass

; AH: index, DX: index port. Returns EAX = the register.
get:
	mov	al, ah
	out	dx, al
	inc	dx
	in	al, dx
	dec	dx
	movzx	eax, al
	ret

; AH: value, AL: index, DX: index port.
set:
	out	dx, al
	inc	dx
	xchg	al, ah
	out	dx, al
	xchg	al, ah
	dec	dx
	ret

; %1: index, %2: value, %3: text; at DX.
%macro must_be 3
	mov	ah, %1
	call	get
	cmp	eax, %2
	must	e, %3
%endmacro

; ---- what a VGA BIOS has left -------------------------------------------------------------------

mode:
	inb	MISC_READ
	movzx	eax, al
	and	eax, 1
	ok_if	nz, "the registers are at 3D4h, as for colour"
	mov	dx, CRTC
	must_be	01h, 79, "80 columns"
	must_be	13h, 40, "80 cells from row to row"
	must_be	12h, 8Fh, "400 lines"
	mov	ah, 9
	call	get
	and	eax, 1Fh
	cmp	eax, 15
	must	e, "cells of 16 lines"
	mov	dx, GRAPHICS
	mov	ah, 6
	call	get
	and	eax, 0Dh
	cmp	eax, 0Ch
	must	e, "text at B8000h"
	ok	"mode 3: 80x25, text at B8000h"
	inb	3B4h
	movzx	eax, al
	cmp	eax, 0FFh
	ok_if	e, "nothing at 3B4h"
	ret

; ---- memory -------------------------------------------------------------------------------------

; Text mode as it stands: 32 KiB at B8000h, in bytes, words and dwords. The font is safe.
text_memory:
	mov	ax, 0B800h
	mov	fs, ax
	xor	ebx, ebx
.fill:
	imul	eax, ebx, 12345677
	mov	[fs:bx], eax
	add	bx, 4
	cmp	bx, 8000h
	jb	.fill
	xor	ebx, ebx
.check:
	imul	ecx, ebx, 12345677
	mov	eax, [fs:bx]
	cmp	eax, ecx
	must	e, "a dword of the text memory"
	add	bx, 4
	cmp	bx, 8000h
	jb	.check
	mov	byte [fs:1], 0A5h
	mov	byte [fs:2], 5Ah
	movzx	eax, word [fs:1]
	cmp	eax, 5AA5h
	must	e, "two bytes of the text memory"
	mov	word [fs:7FFEh], 1234h
	movzx	eax, byte [fs:7FFFh]
	cmp	eax, 12h
	must	e, "the last byte of the text memory"
	ok	"32 KiB at B8000h keep what is written"
	mov	ax, 0B800h
	mov	es, ax
	xor	di, di
	mov	ax, 0720h
	mov	cx, 4000h
	rep stosw
	xor	ax, ax
	mov	es, ax
	mov	eax, [fs:7FFCh]
	cmp	eax, 07200720h
	ok_if	e, "REP STOSW clears them"
	ret

; All 128 KiB, in a graphics mode with one plane: window A0000h-BFFFFh, no odd and even. A VGA shows
; the 64 KiB of the plane twice there, RAM has two halves; so each half is checked by itself.
all_memory:
	mov	dx, SEQUENCER
	mov	ax, 0102h		; map mask: plane 0
	call	set
	mov	ax, 0604h		; sequential
	call	set
	mov	dx, GRAPHICS
	mov	ax, 0004h		; read plane 0
	call	set
	mov	ax, 0005h		; write mode 0, no odd and even
	call	set
	mov	ax, 0FF08h
	call	set
	mov	ax, 0006h
	call	set
	mov	ax, 0A000h
	call	half
	mov	ax, 0B000h
	call	half
	mov	dx, SEQUENCER
	mov	ax, 0302h
	call	set
	mov	ax, 0204h
	call	set
	mov	dx, GRAPHICS
	mov	ax, 1005h
	call	set
	mov	ax, 0E06h
	call	set
	ok	"A0000h-BFFFFh: each 64 KiB keep what is written"
	ret

; AX: segment of 64 KiB.
half:
	mov	fs, ax
	movzx	esi, ax
	xor	ebx, ebx
.fill:
	lea	eax, [ebx + esi]
	imul	eax, eax, 12345677
	mov	[fs:bx], eax
	add	bx, 4
	jnz	.fill
.check:
	lea	ecx, [ebx + esi]
	imul	ecx, ecx, 12345677
	mov	eax, [fs:bx]
	cmp	eax, ecx
	must	e, "a dword of the video memory"
	add	bx, 4
	jnz	.check
	ret

; ---- CRT controller -----------------------------------------------------------------------------

; %1: index; %2: bits that it must have; at DX. Every value is written and read back.
%macro keeps 2
	mov	ch, %1
	mov	bl, %2
	call	keeps_all
%endmacro

; CH: index, BL: its bits, DX: index port.
keeps_all:
	mov	cl, 0
.value:
	mov	al, ch
	mov	ah, cl
	call	set
	mov	ah, ch
	call	get
	xor	al, cl
	test	al, bl
	must	z, "a register reads back"
	inc	cl
	jnz	.value
	ret

cursor:
	mov	dx, CRTC
	keeps	0Eh, 0FFh
	keeps	0Fh, 0FFh
	ok	"cursor location reads back"
	keeps	0Ah, 3Fh
	keeps	0Bh, 7Fh
	ok	"cursor shape reads back"
	keeps	0Ch, 0FFh
	keeps	0Dh, 0FFh
	ok	"start address reads back"
	mov	ax, 000Ch
	call	set
	mov	ax, 000Dh
	call	set
	mov	ax, 0D0Ah
	call	set
	mov	ax, 0E0Bh
	call	set
	mov	ax, 0F0Fh		; one access of 16 bits: index and data
	out	dx, ax
	mov	al, 0Eh
	out	dx, al
	in	ax, dx			; and for reading
	cmp	al, 0Eh
	must	e, "a word from the index port: the index"
	must_be	0Fh, 0Fh, "a word to the index port: the data"
	ok	"words go to index and data"
	ret

; CRTC 11h bit 7 locks 00h to 07h, but for bit 4 of 07h.
protection:
	mov	dx, CRTC
	mov	ah, 11h
	call	get
	mov	cl, al
	mov	ah, al
	or	ah, 80h
	mov	al, 11h
	call	set
	mov	ax, 1101h
	call	set
	must_be	01h, 79, "locked: 01h"
	mov	ah, 7
	call	get
	mov	bl, al
	mov	ah, al
	xor	ah, 10h
	mov	al, 7
	call	set
	xor	bl, 10h
	mov	ah, 7
	call	get
	cmp	al, bl
	must	e, "locked: line compare in 07h"
	xor	bl, 10h
	mov	ah, bl
	xor	ah, 02h
	mov	al, 7
	call	set
	mov	ah, 7
	call	get
	cmp	al, bl
	must	e, "locked: the rest of 07h"
	ok	"CRTC 00h-07h are locked, but for line compare"
	mov	ah, cl
	and	ah, 7Fh
	mov	al, 11h
	call	set
	mov	ax, 2701h
	call	set
	must_be	01h, 27h, "unlocked: 01h"
	mov	ax, 4F01h
	call	set
	mov	ah, cl
	mov	al, 11h
	call	set
	ok	"unlocked, they read back"
	ret

; ---- attribute controller -----------------------------------------------------------------------

flip_flop_reset:
	push	dx
	push	ax
	inb	STATUS_1
	pop	ax
	pop	dx
	ret

; AH: index. Returns EAX = the register. The screen is off until attributes are over.
get_attribute:
	call	flip_flop_reset
	mov	dx, ATTRIBUTE
	mov	al, ah
	out	dx, al
	inc	dx
	in	al, dx
	movzx	eax, al
	ret

attributes:
	mov	dx, ATTRIBUTE
	call	flip_flop_reset
	mov	al, 03h
	out	dx, al			; index
	mov	al, 2Ah
	out	dx, al			; data
	mov	al, 13h
	out	dx, al			; index again
	mov	al, 05h
	out	dx, al
	mov	ah, 03h
	call	get_attribute
	cmp	eax, 2Ah
	must	e, "palette 3 reads back"
	mov	ah, 13h
	call	get_attribute
	cmp	eax, 05h
	must	e, "attribute 13h reads back"
	ok	"index and data take turns at 3C0h"
	mov	dx, ATTRIBUTE
	call	flip_flop_reset
	mov	al, 02h
	out	dx, al
	call	flip_flop_reset
	mov	al, 03h
	out	dx, al			; an index again: palette 2 has not changed
	mov	ah, 02h
	call	get_attribute
	cmp	eax, 2
	must	e, "palette 2 has not changed"
	ok	"reading the status resets the flip-flop"
	mov	dx, ATTRIBUTE
	call	flip_flop_reset
	mov	al, 03h
	out	dx, al
	out	dx, al
	mov	al, 13h
	out	dx, al
	mov	al, 08h
	out	dx, al
	mov	al, 20h			; the screen is on again
	out	dx, al
	call	flip_flop_reset
	in	al, dx
	movzx	eax, al
	cmp	eax, 20h
	ok_if	e, "the index reads back, with the screen's switch"
	ret

; ---- DAC ----------------------------------------------------------------------------------------

; Colours F8h and F9h, one after the other.
dac:
	outb	DAC_WRITE, 0F8h
	mov	dx, DAC_DATA
	mov	cx, 6
.write:
	mov	al, cl
	add	al, 30h
	out	dx, al
	loop	.write
	inb	DAC_WRITE
	movzx	eax, al
	cmp	eax, 0FAh
	must	e, "the index goes on"
	inb	DAC_STATE
	and	eax, 3
	must	z, "the state says writing"
	outb	DAC_STATE, 0F8h
	inb	DAC_STATE
	and	eax, 3
	cmp	eax, 3
	must	e, "the state says reading"
	mov	dx, DAC_DATA
	mov	cx, 6
.read:
	in	al, dx
	movzx	eax, al
	mov	bl, cl
	add	bl, 30h
	cmp	al, bl
	must	e, "a colour reads back"
	loop	.read
	ok	"two colours of the DAC, three bytes each"
	ret

; ---- status -------------------------------------------------------------------------------------

; BL: bits, BH: what they must be. Polls until they are; "FAIL" if that does not come.
await:
	mov	ecx, PATIENCE
	mov	dx, STATUS_1
.poll:
	in	al, dx
	and	al, bl
	cmp	al, bh
	je	.come
	dec	ecx
	jnz	.poll
	movzx	eax, bx
	fail	"the status bits have not changed"
.come:
	ret

status:
	mov	si, 5
.frame:
	mov	bx, RETRACE << 8 | RETRACE
	call	await
	mov	bx, 0 << 8 | RETRACE
	call	await
	dec	si
	jnz	.frame
	ok	"the retrace bit comes and goes"
	mov	si, 100
.line:
	mov	bx, NO_DISPLAY << 8 | NO_DISPLAY
	call	await
	mov	bx, 0 << 8 | NO_DISPLAY
	call	await
	dec	si
	jnz	.line
	ok	"the display bit comes and goes"

	; Frames by channel 0 of the PIT, between edges of the retrace bit. It is set for 64 us, so
	; edges are missed where polls are slow or the CPU has other work: such a measurement does
	; not count.
	pit_start 0, 2, 0
	mov	si, FRAMES
	mov	edi, FRAME_TRIES
.measure:
	dec	edi
	movzx	eax, bp
	must	nz, "frames of the right length"
	call	edge
	call	count_0
	mov	ebp, eax
	call	edge
	call	count_0
	sub	bp, ax
	cmp	bp, PIT_HZ / 75
	jb	.measure
	cmp	bp, PIT_HZ / 65
	ja	.measure
	dec	si
	jnz	.measure
	ok	"a frame takes 1/75 s to 1/65 s"
	ret

; Waits for the beginning of the next vertical retrace.
edge:
	mov	bx, 0 << 8 | RETRACE
	call	await
	mov	bx, RETRACE << 8 | RETRACE
	jmp	await

; EAX: the count of PIT channel 0, latched.
count_0:
	outb	43h, 00h
	inb	40h
	mov	ah, al
	inb	40h
	xchg	al, ah
	movzx	eax, ax
	ret
