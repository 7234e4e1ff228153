; guest/programs/dirtyloop.asm - 64-bit code that writes to the same two pages forever; for
; watch=dirty and the monitor. It never ends by itself.

%define NAME "dirtyloop"
%define LIB_32
%define LIB_64
%include "lib.inc"
%include "protected.inc"
%include "long.inc"

	bits	16
main:
	line	"dirtyloop: writes to 20000h and 300000h forever"
	call	enter_protected
	bits	32
	call	enter_long
	bits	64
.next:
	inc	dword [20FFCh]
	inc	byte [300000h]
	jmp	.next
