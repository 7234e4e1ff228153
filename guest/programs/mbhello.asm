; guest/programs/mbhello.asm - a Multiboot 1 kernel.
;
; Promise: it starts in 32-bit protected mode with the magic number in EAX and the information in
; EBX, which says how much memory there is. Multiboot Specification 0.6.96, "Machine state", "Boot
; information format".

	bits	32
	org	100000h

COM1		equ 3F8h
FLAGS		equ 10003h		; pages, memory, addresses in the header
MAGIC		equ 1BADB002h

header:
	dd	MAGIC, FLAGS, -(MAGIC + FLAGS) & 0FFFFFFFFh
	dd	header, header, end, end, start

start:
	mov	esp, 9000h
	mov	ebp, eax
	mov	dx, COM1 + 3
	mov	al, 3			; 8N1
	out	dx, al
	mov	esi, bad_magic
	cmp	ebp, 2BADB002h
	jne	.say
	mov	esi, bad_memory
	test	byte [ebx], 1
	jz	.say
	cmp	dword [ebx + 8], 1024	; KiB above 1 MiB
	jne	.say
	mov	esi, well
.say:
	call	puts
	mov	esi, shutdown
	mov	dx, 8900h
	mov	ecx, 8
	rep outsb
.halt:
	hlt
	jmp	.halt

puts:
	lodsb
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

well	db "PASS mbhello", 13, 10, 0
bad_magic db "FAIL mbhello: magic number", 13, 10, 0
bad_memory db "FAIL mbhello: memory", 13, 10, 0
shutdown db "Shutdown"
	align	4
end:
