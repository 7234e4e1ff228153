; guest/programs/power.asm - debug output, and the ends that a guest can ask for.
;
; Promise: lines written to ports E9h and 402h come whole, and in their order; then the guest ends
; by what stands at END_OFFSET, where a test may put another code:
;   0	ACPI: 2000h to port 604h	1	the same at B004h
;   2	debug exit: 10h to port F4h	3	ACPI, the upper byte alone
; QEMU documentation, "isa-debug-exit"; 82371AB (PIIX4) data sheet, "PMCNTRL".

%define NAME "power"
%include "lib.inc"

LINES	equ 40

main:
	inb	0E9h
	movzx	eax, al
	cmp	al, 0E9h
	ok_if	e, "somebody reads port E9h"
	mov	si, hello
	mov	cx, hello.end - hello
	mov	dx, 402h
.next:
	lodsb
	out	dx, al
	loop	.next
	; Forty lines at once.
	mov	dx, 0E9h
	mov	si, many
	mov	cx, many.end - many
	rep outsb
	line	"the end is near"
.drain:
	inb	COM1_LSR
	test	al, LSR_TEMT
	jz	.drain
	mov	al, [end_code]
	cmp	al, 1
	je	.b004
	cmp	al, 2
	je	.debug
	cmp	al, 3
	je	.byte
	mov	ax, 2000h
	mov	dx, 604h
	out	dx, ax
	jmp	.alive
.b004:
	mov	ax, 2000h
	mov	dx, 0B004h
	out	dx, ax
	jmp	.alive
.byte:
	outb	605h, 20h
	jmp	.alive
.debug:
	outb	0F4h, 10h
.alive:
	fail	"still alive"

hello	db "by 402h", 13, 10
.end:
many:
%assign n 10
%rep LINES
%defstr number n
	db "line ", number, 10
%assign n n + 1
%endrep
	db "no end of line"
.end:

	times 4095 - ($ - $$) db 0
end_code db 0
