; guest/programs/selfcheck.asm - sums up its own code, and runs a function in it; for hook=.
;
; answer() is at 9000h and returns 1 by MOV AX, 1 (B8 01 00); with hook=9000:b80200 it returns 2.
; The sum of its page, and its bytes, stay what they are: read from another page, and by code in
; the page itself. What is written in the page is run. trap() at 9800h returns 1 as well, and
; 3 if it becomes INT 40h (9800:cd4090). If the line grants it (hypercalls=hook), it
; turns the hook off and on.

; EAX: the sum of answer's page; returns.
%macro sum_page 0
	xor	eax, eax
	mov	si, answer
.next:
	add	eax, [si]
	add	si, 4
	cmp	si, answer + 1000h
	jne	.next
	ret
%endmacro

%define NAME "selfcheck"
%include "lib.inc"

HYPERCALL_HOOK	equ 4C4E0007h

main:
	set_vector 40h, on_trap
	call	sum_from_here
	mov	[sum], eax
	call	answer
	movzx	eax, ax
	say	"the answer is "
	print_dec
	line
	call	sum_from_here
	cmp	eax, [sum]
	must	e, "the sum from another page"
	call	sum_from_within
	cmp	eax, [sum]
	must	e, "the sum from the page itself"
	mov	eax, [answer]
	cmp	eax, 0C30001B8h
	ok_if	e, "the sums and the bytes are as they were"
	call	neighbour
	mov	byte [neighbour + 1], 7		; MOV AL, 5 becomes MOV AL, 7
	call	neighbour
	movzx	eax, al
	cmp	al, 7
	ok_if	e, "what is written in the page is run"
	call	write_within
	call	neighbour
	movzx	eax, al
	cmp	al, 9
	ok_if	e, "also by code in the page"
	mov	byte [neighbour + 1], 5
	mov	bx, ax
	mov	eax, HYPERCALL_HOOK
	mov	ebx, 0
	vmcall
	test	eax, eax
	jnz	.done
	call	answer
	movzx	eax, ax
	cmp	ax, 1
	ok_if	e, "switched off, the answer is 1"
	mov	eax, HYPERCALL_HOOK
	mov	ebx, 1
	vmcall
	call	answer
	movzx	eax, ax
	cmp	ax, 2
	ok_if	e, "and on again, 2"
.done:
	call	trap
	movzx	eax, ax
	say	"the trap gives "
	print_dec
	line
	call	sum_from_here
	cmp	eax, [sum]
	ok_if	e, "the sum at last"
	pass

sum_from_here:
	sum_page

; Its frame: IP, CS, flags.
on_trap:
	mov	bp, sp
	test	byte [bp + 5], 1	; TF
	must	z, "TF is clear in the flags that INT pushes"
	mov	ax, 3
	iret

sum	dd 0

	times 9000h - 7C00h - ($ - $$) db 0
answer:
	mov	ax, 1
	ret

neighbour:
	mov	al, 5
	ret

write_within:
	mov	byte [neighbour + 1], 9
	ret

sum_from_within:
	sum_page
	times 9800h - 7C00h - ($ - $$) db 0
trap:
	mov	ax, 1
	ret
	times 0A000h - 7C00h - ($ - $$) db 0
