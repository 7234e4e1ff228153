; guest/programs/rom.asm - a ROM of 64 KiB, with nothing else in its machine.
;
; Promise: it runs from the reset vector; a write to it is lost; and one by an instruction that an
; emulator may not know ends the machine, if the byte at its end (where a test may put another one)
; is 1. It stays where the reset vector is, below 4 GiB, since its copy below 1 MiB may be RAM; CS
; is the one segment that reaches it. SDM 3A "First Instruction Executed".

	bits	16
	org	0

COM1	equ 3F8h

start:
	cli
	xor	ax, ax
	mov	ss, ax
	mov	sp, 7C00h
	mov	dx, COM1 + 3
	mov	al, 3			; 8N1
	out	dx, al
	mov	byte [cs:marker], 0
	cmp	byte [cs:marker], 5Ah
	jne	bad
	inc	word [cs:marker]
	cmp	word [cs:marker], 0A55Ah
	jne	bad
	pop	word [cs:marker]
	xchg	ax, [cs:marker]
	cmp	ax, 0A55Ah
	jne	bad
	cmp	[cs:marker], ax
	jne	bad
	mov	si, kept
	call	puts
	cmp	byte [cs:unknown], 1
	jne	end
	mov	eax, cr4
	or	ax, 200h		; OSFXSR
	mov	cr4, eax
	movups	[cs:marker], xmm0
bad:
	mov	si, wrong
	call	puts
	jmp	halt
end:
	mov	si, shutdown
	mov	dx, 8900h
	mov	cx, 8
	cs rep outsb
halt:
	hlt
	jmp	halt

puts:
	cs lodsb
	test	al, al
	jz	.done
	mov	dx, COM1
	out	dx, al
.wait:
	mov	dx, COM1 + 5
	in	al, dx
	test	al, 40h			; all sent
	jz	.wait
	jmp	puts
.done:
	ret

marker	dw 0A55Ah
	times 16 db 0FFh
kept	db "the ROM is as it was", 13, 10, 0
wrong	db "FAIL rom", 13, 10, 0
shutdown db "Shutdown"

	times 0FFF0h - ($ - $$) db 0
	jmp	near start
	times 0FFFFh - ($ - $$) db 0
unknown	db 0
