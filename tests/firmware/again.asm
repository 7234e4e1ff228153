; tests/firmware/again.asm - an entry of the loader's that ends by a jump to the reset vector, as
; iPXE's "reboot" does.

	bits	16
	org	0

	mov	dx, 3F8h
	mov	al, '1'
	out	dx, al
	jmp	0F000h:0FFF0h
