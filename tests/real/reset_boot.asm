; tests/real/reset_boot.asm - a boot sector that says a word and resets the machine, for ever.
;
; By port CF9h; and by port 64h (pulse of the reset line), if the machine has no CF9h.

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
	SERIAL_START
	mov	si, hello
	call	print
	call	wait_ticks
	mov	dx, 0CF9h
	mov	al, 2
	out	dx, al
	mov	al, 6
	out	dx, al
	mov	al, 0FEh
	out	64h, al
	jmp	finish

	TEXT_ROUTINES

hello	db "and again", 13, 10, 0

	times	510 - ($ - $$) db 0
	dw	0AA55h
