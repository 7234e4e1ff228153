; guest/programs/a20.asm - the A20 gate, by port 92h.
;
; Promise: with the gate closed, addresses lose bit 20: FFFF:0510 is 0000:0500 again, and 300500h
; is 200500h. 82371SB (PIIX3) data sheet, "Port 92 Register".

%define NAME "a20"
%define LIB_32
%include "lib.inc"
%include "protected.inc"

LOW		equ 500h		; a dword there, and at LOW + 1 MiB

main:
	mov	ax, 0FFFFh
	mov	fs, ax
	mov	al, 1
	call	gate
	inb	92h
	and	eax, 2
	cmp	eax, 2
	ok_if	e, "port 92h says open"
	mov	dword [LOW], 11111111h
	mov	dword [fs:LOW + 10h], 22222222h
	mov	eax, [LOW]
	cmp	eax, 11111111h
	ok_if	e, "open: two places"

	mov	al, 0
	call	gate
	inb	92h
	and	eax, 2
	ok_if	z, "port 92h says closed"
	mov	eax, [fs:LOW + 10h]
	cmp	eax, 11111111h
	ok_if	e, "closed: a read wraps at 1 MiB"
	mov	dword [fs:LOW + 10h], 33333333h
	mov	eax, [LOW]
	cmp	eax, 33333333h
	ok_if	e, "closed: a write wraps at 1 MiB"
	mov	al, 1
	call	gate
	mov	eax, [fs:LOW + 10h]
	cmp	eax, 22222222h
	ok_if	e, "open again: the old value above 1 MiB"

	call	enter_protected
	bits	32
	mov	dword [200500h], 44444444h
	mov	dword [300500h], 55555555h
	mov	al, 0
	call	gate_32
	mov	eax, [300500h]
	cmp	eax, 44444444h
	ok_if	e, "protected mode, closed: 300500h is 200500h"
	mov	al, 1
	call	gate_32
	mov	eax, [300500h]
	cmp	eax, 55555555h
	ok_if	e, "protected mode, open: it is itself"
	mov	ecx, 200
.toggle:
	mov	al, cl
	and	al, 1
	call	gate_32
	mov	eax, [300500h]
	test	cl, 1
	jnz	.open
	cmp	eax, 44444444h
	must	e, "toggled: closed"
	jmp	.next
.open:
	cmp	eax, 55555555h
	must	e, "toggled: open"
.next:
	loop	.toggle
	mov	al, 1
	call	gate_32
	ok	"toggled 200 times"
	call	leave_protected
	bits	16
	pass

; AL: 1 opens the gate, 0 closes it. Bit 0 would reset the machine.
%macro set_gate_bit 0
	push	eax
	mov	ah, al
	in	al, 92h
	and	al, 0FCh
	add	ah, ah
	or	al, ah
	out	92h, al
	pop	eax
	ret
%endmacro

gate:
	set_gate_bit
	bits	32
gate_32:
	set_gate_bit
