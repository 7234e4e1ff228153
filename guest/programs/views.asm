; guest/programs/views.asm - turns between two views of its memory by VMFUNC; for
; views=20000:21000.
;
; Without views= VMFUNC is #UD, as on a CPU without VMX.

%define NAME "views"
%include "lib.inc"

%macro view 1
	xor	eax, eax
	mov	ecx, %1
	vmfunc
%endmacro

main:
	mov	ax, 2000h
	mov	es, ax
	mov	dword [es:0], 11111111h
	mov	dword [es:1000h], 22222222h
	mov	ecx, 1
	xor	eax, eax
	try vmfunc
	cmp	byte [lib_exception], NO_EXCEPTION
	jne	.none
	mov	eax, [es:0]
	cmp	eax, 22222222h
	ok_if	e, "view 1 has the other page"
	mov	dword [es:0], 33333333h
	view	0
	mov	eax, [es:0]
	cmp	eax, 11111111h
	ok_if	e, "view 0 has its own"
	mov	eax, [es:1000h]
	cmp	eax, 33333333h
	ok_if	e, "what was written in view 1 is in the other page"
	mov	edi, 10000
.turn:
	view	1
	add	dword [es:0], 1
	view	0
	add	dword [es:0], 2
	dec	edi
	jnz	.turn
	mov	eax, [es:0]
	cmp	eax, 11111111h + 20000
	must	e, "10000 turns, view 0"
	mov	eax, [es:1000h]
	cmp	eax, 33333333h + 10000
	ok_if	e, "10000 turns"
	view	1
	mov	eax, [es:0]
	cmp	eax, 33333333h + 10000
	ok_if	e, "and lines are printed from view 1"
	xor	eax, eax
	mov	ecx, 2
	try vmfunc
	raises	6, "view 2: #UD"
	mov	eax, 1
	mov	ecx, 0
	try vmfunc
	raises	6, "function 1: #UD"
	mov	eax, [es:0]
	cmp	eax, 33333333h + 10000
	ok_if	e, "and it is view 1 still"
	pass
.none:
	raises	6, "without views= VMFUNC is #UD"
	pass
