; guest/programs/steps.asm - from real mode to protected mode and back, in few instructions, for
; watch=step: an instruction of each kind that a single step has to take care of.
;
; Promise: none; it stands alone (no lib.inc), so that all of it can be seen. The timer interrupts a
; HLT and then a loop.

	bits	16
	org	7C00h

	jmp	0:start
start:
	cli
	xor	ax, ax
	mov	ds, ax
	mov	ss, ax
	mov	sp, 7C00h
	mov	word [20h * 4], own
	mov	[20h * 4 + 2], ax
	mov	word [6 * 4], undefined
	mov	[6 * 4 + 2], ax
	int	20h
	ud2
	lgdt	[gdt_pointer]
	mov	eax, cr0
	inc	ax
	mov	cr0, eax
	jmp	8:narrow_to_wide
	bits	32
narrow_to_wide:
	mov	ebx, [dword gdt_pointer]
	mov	ecx, 2
	loop	$
	cpuid
	dec	eax
	jmp	16:wide_to_narrow
	bits	16
wide_to_narrow:
	mov	eax, cr0
	dec	ax
	mov	cr0, eax
	jmp	0:real
real:
	call	own.near
	xor	ax, ax
	mov	word [8 * 4], tick	; IRQ 0, as a BIOS leaves the PIC
	mov	[8 * 4 + 2], ax
	mov	al, 34h			; PIT: 100 Hz
	out	43h, al
	mov	al, 9Ch
	out	40h, al
	mov	al, 2Eh
	out	40h, al
	mov	al, 0FEh
	out	21h, al
	sti
	hlt
	mov	al, 0FEh
	out	21h, al
wait_for_two:
	cmp	byte [ticks], 2
	jb	wait_for_two
	cli
	mov	si, text
	mov	dx, 8900h
	mov	cx, 8
	rep outsb
	hlt

own:
	pushf
	popf
	iret
.near:
	ret

undefined:
	mov	bp, sp
	add	word [bp], 2
	iret

tick:
	inc	byte [ticks]
	mov	al, 0FFh		; one is enough: a stepped guest gets many
	out	21h, al
	mov	al, 20h
	out	20h, al
	iret

text	db "Shutdown"
ticks	db 0

	align	8
gdt	dq 0
	dq 00CF9A000000FFFFh
	dq 00009A000000FFFFh
gdt_pointer	dw $ - gdt - 1
	dd gdt
