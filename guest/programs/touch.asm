; guest/programs/touch.asm - touches four bytes of memory in each way there is; for watch=ept.
;
; Promise: nothing of it changes by being watched. The four bytes are at 20004h; the comments count
; what watches of them (ept:20004+4:w, :r), and of the code at 20100h (ept:20100+4:x), have to see.

%define NAME "touch"
%include "lib.inc"

SEGMENT_OF_IT	equ 2000h
IT		equ 4

main:
	mov	ax, SEGMENT_OF_IT
	mov	es, ax
	mov	dword [es:IT], 12345678h	; w 1
	inc	byte [es:IT + 1]		; r 1, w 2
	mov	word [es:IT + 4], 1		; behind it
	mov	byte [es:IT - 1], 2		; before it
	mov	eax, [es:IT]			; r 2
	cmp	eax, 12345778h
	ok_if	e, "a write and an increment"
	mov	dword [es:IT - 2], 0AAAABBBBh	; w 3: reaches into it
	movzx	eax, word [es:IT - 1]		; r 3: so does this
	cmp	eax, 0AABBh
	ok_if	e, "across its first byte"
	call	strings
	call	stack
	call	delivery
	call	code
	pass

strings:
	xor	di, di
	mov	al, 5Ah
	mov	cx, 16
	rep	stosb				; w 4 to 7
	push	ds
	push	es
	pop	ds
	xor	si, si
	mov	di, 1000h
	mov	cx, 8
	rep	movsw				; r 4, 5
	pop	ds
	cmp	dword [es:1000h + IT], 5A5A5A5Ah
	ok_if	e, "REP STOSB and REP MOVSW"
	ret

stack:
	mov	bp, sp
	mov	ax, SEGMENT_OF_IT
	mov	ss, ax
	mov	sp, IT + 4
	push	dword 0DEADh			; w 8
	pop	edx				; r 6
	mov	sp, 14h
	pusha					; w 9: from above it
	xor	ax, ax
	mov	ss, ax
	mov	sp, bp
	mov	eax, edx
	cmp	eax, 0DEADh
	ok_if	e, "PUSH, POP, PUSHA"
	ret

; Flags, CS and IP of a software interrupt.
delivery:
	set_vector 40h, .handler
	mov	bp, sp
	mov	ax, SEGMENT_OF_IT
	mov	ss, ax
	mov	sp, IT + 6
	int	40h				; w 10
.behind:
	xor	ax, ax
	mov	ss, ax
	mov	sp, bp
	cmp	edx, .behind
	ok_if	e, "an interrupt's frame"
	ret
.handler:
	movzx	edx, word [es:IT]		; r 7
	iret					; r 8: IP

; NOP, NOP, DEC CX, JNZ, RETF: the loop is run three times.
code:
	mov	di, 0FFh
	mov	dword [es:di], 49909090h	; at 20100h: NOP NOP DEC CX
	mov	dword [es:di + 4], 0CBFB75h	; JNZ to the first NOP, RETF
	mov	cx, 3
	call	SEGMENT_OF_IT:0FFh		; x 9: NOP, NOP, DEC CX in each turn; x 12: JNZ
	test	cx, cx
	ok_if	z, "code in its page"
	ret
