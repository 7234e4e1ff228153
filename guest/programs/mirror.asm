; guest/programs/mirror.asm - looks at pages that are not what they seem; for redirect=.
;
; Without redirect= it finds its own memory. With redirect=20000:21000,22000:zeros,23000:ones it
; says what it sees instead: reads go elsewhere, and what is written is there when the page is
; itself again.

%define NAME "mirror"
%include "lib.inc"

main:
	mov	ax, 2000h
	mov	es, ax
	mov	dword [es:1000h], 22222222h	; at 21000h
	mov	dword [es:0], 11111111h
	mov	dword [es:2000h], 33333333h
	mov	dword [es:3000h], 44444444h
	say	"20000h: "
	mov	eax, [es:0]
	print_hex
	say	", 22000h: "
	mov	eax, [es:2000h]
	print_hex
	say	", 23000h: "
	mov	eax, [es:3000h]
	print_hex
	line
	mov	eax, [es:0]
	cmp	eax, 11111111h
	je	.plain
	cmp	eax, 22222222h
	ok_if	e, "the page reads as the other"
	mov	dword [es:1000h], 55555555h
	mov	eax, [es:0]
	cmp	eax, 55555555h
	ok_if	e, "and follows it"
	inc	dword [es:0]
	mov	eax, [es:0]
	cmp	eax, 55555555h
	ok_if	e, "what is written is not seen"
	pass
.plain:
	cmp	dword [es:2000h], 33333333h
	ok_if	e, "its own memory"
	pass
