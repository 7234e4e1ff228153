; guest/programs/nmi.asm - non-maskable interrupts, asked for by hypercall.
;
; Promise: an NMI arrives through vector 2 with interrupts on or off, does not interrupt the handler
; of another one, and takes no timer interrupt's place.
; SDM 3A "Nonmaskable Interrupt (NMI)", "Handling Multiple NMIs".
; Only in Lintel: on the machine itself nobody would answer the hypercall.

%define NAME "nmi"
%include "lib.inc"

HYPERCALL_NMI	equ 4C4E0002h

%macro ask_nmi 0
	mov	eax, HYPERCALL_NMI
	vmcall
%endmacro

main:
	set_vector 2, on_nmi
	mov	dword [count], 0
	cli
	ask_nmi
	nop
	cmp	dword [count], 1
	ok_if	e, "an NMI comes with interrupts off"
	cmp	eax, 0
	ok_if	e, "the hypercall answers 0"
	sti
	ask_nmi
	nop
	cli
	cmp	dword [count], 2
	ok_if	e, "and with interrupts on"
	mov	byte [again], 1
	ask_nmi
	nop
	cmp	dword [count], 4
	ok_if	e, "an NMI in its handler comes behind the IRET"
	cmp	byte [nested], 0
	ok_if	e, "and not in the middle of it"
	mov	dword [count], 0
	mov	cx, 1000
.many:
	ask_nmi
	loop	.many
	nop
	cmp	dword [count], 1000
	ok_if	e, "a thousand asked for, a thousand came"
	call	pit_flood
	pass

; NMIs beside timer interrupts: neither takes the other's place.
pit_flood:
	mov	dword [count], 0
	mov	dword [ticks], 0
	pic_init
	set_vector PIC1_VECTOR, on_tick
	outb	PIC1 + 1, 0FEh
	outb	43h, 34h
	outb	40h, 0
	outb	40h, 8			; 2048: about 583 ticks a second
	sti
.next:
	ask_nmi
	cmp	dword [ticks], 50
	jb	.next
	cli
	outb	PIC1 + 1, 0FFh
	cmp	dword [count], 50
	ok_if	a, "NMIs and timer interrupts side by side"
	ret

on_nmi:
	push	eax
	cmp	byte [inside], 0
	je	.outer
	mov	byte [nested], 1
.outer:
	mov	byte [inside], 1
	inc	dword [count]
	cmp	byte [again], 0
	je	.done
	mov	byte [again], 0
	ask_nmi
	nop
	nop
.done:
	mov	byte [inside], 0
	pop	eax
	iret

on_tick:
	push	ax
	inc	dword [ticks]
	outb	PIC1, 20h
	pop	ax
	iret

count:	dd 0
ticks:	dd 0
again:	db 0
nested:	db 0
inside:	db 0
