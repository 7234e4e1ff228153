; guest/programs/stop.asm - the shortest life: it ends at once, without a word. Start and stop of a
; VM are measured with it.

	bits	16
	org	7C00h

	jmp	0:start
start:
	xor	ax, ax
	mov	ds, ax
	cld
	mov	si, text
	mov	dx, 8900h	; the end: "Shutdown", byte by byte
	mov	cx, 8
	rep outsb
	cli
	hlt

text	db "Shutdown"
