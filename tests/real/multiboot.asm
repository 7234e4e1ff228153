; tests/real/multiboot.asm - a Multiboot kernel that prints all that its loader tells, on COM1.
;
; VERSION 1 (an ELF32 file), VERSION 2 (an ELF64 file, entered in 32-bit mode as the specification
; wants), or VERSION 1 with KLUDGE defined (no ELF, the address fields of the header). It ends by
; "Shutdown" at port 8900h. Spec: Multiboot Specification 0.6.96, "Boot information format";
; Multiboot2 Specification 2.0, "Boot information format".

%ifndef VERSION
%define VERSION 1
%endif

LOAD	equ 200000h

	bits	32
	org	LOAD

file:
%ifndef KLUDGE
 %if VERSION = 1
	db	7Fh, "ELF", 1, 1, 1, 0			; 32 bits, little-endian
	dq	0
	dw	2, 3					; an executable, i386
	dd	1, start, program - file, 0, 0
	dw	52, 32, 1, 0, 0, 0
program:
	dd	1, 0, LOAD, LOAD, end - file, stack_end - file, 7, 1000h
 %else
	db	7Fh, "ELF", 2, 1, 1, 0			; 64 bits, little-endian
	dq	0
	dw	2, 62					; an executable, x86-64
	dd	1
	dq	start, program - file, 0
	dd	0
	dw	64, 56, 1, 0, 0, 0
program:
	dd	1, 7
	dq	0, LOAD, LOAD, end - file, stack_end - file, 1000h
 %endif
%endif

	align	8
header:
%if VERSION = 1
MAGIC	equ 2BADB002h
 %ifdef KLUDGE
FLAGS	equ 10003h
 %else
FLAGS	equ 3					; modules on pages, memory is wanted
 %endif
	dd	1BADB002h, FLAGS, -(1BADB002h + FLAGS)
 %ifdef KLUDGE
	dd	header, LOAD, end, stack_end, start
 %endif
%else
MAGIC	equ 36D76289h
	dd	0E85250D6h, 0, .end - header, -(0E85250D6h + .end - header)
	dw	6, 0					; modules on pages
	dd	8
	dw	0, 0
	dd	8
.end:
%endif

start:
	mov	esp, stack_end
	cld
	mov	[info], ebx
	mov	ebp, eax
	mov	dx, 3FBh
	mov	al, 83h
	out	dx, al
	mov	dx, 3F8h
	mov	ax, 1
	out	dx, ax
	mov	dx, 3FBh
	mov	al, 3
	out	dx, al

	mov	esi, text_hello
	call	print
	mov	eax, ebp
	call	hex
	mov	esi, text_wrong
	cmp	ebp, MAGIC
	jne	.judged
	mov	esi, text_right
.judged:
	call	print
	cmp	ebp, MAGIC
	jne	finish
	mov	ebx, [info]
%if VERSION = 1
	call	version_1
%else
	call	version_2
%endif
finish:
	mov	esi, text_done
	call	print
	mov	dx, 8900h
	mov	esi, shutdown
	mov	ecx, 8
	rep outsb
	cli
	hlt

%if VERSION = 1
version_1:
	test	byte [ebx], 1
	jz	.no_memory
	mov	esi, text_memory
	call	print
	mov	eax, [ebx + 4]
	call	hex
	call	space
	mov	eax, [ebx + 8]
	call	hex
	call	line
.no_memory:
	test	byte [ebx], 4
	jz	.no_command
	mov	esi, text_command
	call	print
	mov	esi, [ebx + 16]
	call	print
	call	line
.no_command:
	test	byte [ebx], 8
	jz	.no_modules
	mov	ecx, [ebx + 20]
	mov	edi, [ebx + 24]
	jecxz	.no_modules
.module:
	mov	eax, [edi]
	mov	edx, [edi + 4]
	mov	esi, [edi + 8]
	call	module
	add	edi, 16
	loop	.module
.no_modules:
	test	byte [ebx], 64
	jz	.no_map
	mov	edi, [ebx + 48]
	mov	ebp, [ebx + 44]
	add	ebp, edi
.range:
	cmp	edi, ebp
	jae	.no_map
	mov	eax, [edi]
	add	edi, 4
	push	eax
	call	range
	pop	eax
	add	edi, eax
	jmp	.range
.no_map:
	ret
%else
version_2:
	add	ebx, 8
.tag:
	mov	eax, [ebx]
	test	eax, eax
	jz	.done
	cmp	eax, 1
	je	.command
	cmp	eax, 3
	je	.module
	cmp	eax, 4
	je	.memory
	cmp	eax, 6
	je	.map
.next:
	mov	eax, [ebx + 4]
	add	eax, 7
	and	eax, -8
	add	ebx, eax
	jmp	.tag
.done:
	ret
.command:
	mov	esi, text_command
	call	print
	lea	esi, [ebx + 8]
	call	print
	call	line
	jmp	.next
.module:
	mov	eax, [ebx + 8]
	mov	edx, [ebx + 12]
	lea	esi, [ebx + 16]
	call	module
	jmp	.next
.memory:
	mov	esi, text_memory
	call	print
	mov	eax, [ebx + 8]
	call	hex
	call	space
	mov	eax, [ebx + 12]
	call	hex
	call	line
	jmp	.next
.map:
	lea	edi, [ebx + 16]
	mov	ebp, [ebx + 4]
	add	ebp, ebx
.range:
	cmp	edi, ebp
	jae	.next
	call	range
	add	edi, [ebx + 8]
	jmp	.range
%endif

; One module: from EAX to EDX, its text at ESI. Prints its own first line too.
module:
	pushad
	mov	edi, eax
	push	esi
	mov	esi, text_module
	call	print
	mov	eax, edx
	sub	eax, edi
	call	hex
	call	space
	pop	esi
	call	print
	mov	esi, text_holds
	call	print
.byte:
	cmp	edi, edx
	jae	.end
	mov	al, [edi]
	cmp	al, ' '
	jb	.end
	call	character
	inc	edi
	jmp	.byte
.end:
	call	line
	popad
	ret

; One range of the memory map at EDI: base, length, type.
range:
	mov	esi, text_range
	call	print
	mov	eax, [edi + 4]
	call	hex
	mov	eax, [edi]
	call	hex
	call	space
	mov	eax, [edi + 12]
	call	hex
	mov	eax, [edi + 8]
	call	hex
	call	space
	mov	al, [edi + 16]
	add	al, '0'
	call	character
	jmp	line

line:
	mov	al, 13
	call	character
	mov	al, 10
	jmp	character
space:
	mov	al, ' '
; Prints AL. Every routine from here on keeps all registers but EAX and ESI.
character:
	push	edx
	push	eax
	mov	dx, 3FDh
.wait:
	in	al, dx
	test	al, 20h
	jz	.wait
	pop	eax
	mov	dx, 3F8h
	out	dx, al
	pop	edx
	ret

; The text at ESI, up to a 0.
print:
	lodsb
	test	al, al
	jz	.done
	call	character
	jmp	print
.done:
	ret

; EAX in eight digits.
hex:
	push	ecx
	push	edx
	mov	edx, eax
	mov	ecx, 8
.digit:
	rol	edx, 4
	mov	al, dl
	and	al, 15
	cmp	al, 10
	sbb	al, 69h
	das
	call	character
	loop	.digit
	pop	edx
	pop	ecx
	ret

info		dd 0
text_hello	db "multiboot ", '0' + VERSION, ": magic ", 0
text_right	db " is right", 13, 10, 0
text_wrong	db " is wrong", 13, 10, 0
text_memory	db "memory: ", 0
text_command	db "command line: ", 0
text_module	db "module: ", 0
text_holds	db " holds: ", 0
text_range	db "map: ", 0
text_done	db "multiboot: done", 13, 10, 0
shutdown	db "Shutdown"
	align	8
end:
stack_end	equ end + 4096
