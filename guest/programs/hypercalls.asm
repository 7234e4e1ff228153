; guest/programs/hypercalls.asm - the calls of docs/hypercalls.md, from 16-, 32- and 64-bit code.
;
; Promise: each call answers as the page says and keeps all other registers; what is wrong in one is
; an error, not a fault; a guest that logs without end makes nobody else lose a line.
; Only in Lintel: on the machine itself nobody would answer. CPL 3: user.asm. INJECT: inject.asm.

%define NAME "hypercalls"
%define LIB_32
%define LIB_64
%include "lib.inc"
%include "protected.inc"
%include "long.inc"

CALL_LOG	equ 4C4E0003h
CALL_YIELD	equ 4C4E0004h
CALL_TSC_OFFSET	equ 4C4E0006h
CALL_HOOK	equ 4C4E0007h

UNKNOWN		equ -1
FAULT		equ -2
BAD		equ -3
DENIED		equ -5

LOG_MAX		equ 160
MAPPED		equ 400000h	; long.inc maps so many bytes
FLOOD		equ 300

; call_it NUMBER, EXPECTED, "text"
%macro call_it 3+
	mov	eax, %1
	vmcall
	cmp	eax, %2
	ok_if	e, %3
%endmacro

; log_it ADDRESS, LENGTH, EXPECTED, "text"
%macro log_it 4+
	mov	ebx, %1
	mov	ecx, %2
	call_it	CALL_LOG, %3, %4
%endmacro

main:
	call	registers
	call	tsc_offset
	log_it	hello_16, hello_16.end - hello_16, 0, "a line from 16-bit code"
	log_it	wild, wild.end - wild, 0, "control characters"
	log_it	hello_16, 0, 0, "an empty line"
	log_it	many_a, LOG_MAX, 0, "160 bytes"
	log_it	many_a, LOG_MAX + 1, BAD, "161 bytes are too many"
	log_it	hello_16, -1, BAD, "and 4294967295"
	mov	ebx, 1
	call_it	CALL_HOOK, DENIED, "HOOK is denied"
	call_it	CALL_HOOK + 1, UNKNOWN, "the next number is unknown"
	call_it	4C4EFFFFh, UNKNOWN, "and the last of Lintel's"
	call_it	4C4F0000h, UNKNOWN, "and another's"
	call	enter_protected
	bits	32
	log_it	hello_32, hello_32.end - hello_32, 0, "a line from 32-bit code"
	call	enter_long
	bits	64
	log_it	hello_64, hello_64.end - hello_64, 0, "a line from 64-bit code"
	log_it	MAPPED, 1, FAULT, "a page that is not there"
	log_it	MAPPED - 8, 16, FAULT, "a line that runs into it"
	log_it	MAPPED - 8, 8, 0, "up to it"
	mov	rbx, 1 << 48
	mov	ecx, 1
	call_it	CALL_LOG, FAULT, "an address that is not canonical"
	call	upper_halves
	call	flood
	pass

	bits	16
; Of the version, YIELD and an unknown number.
registers:
	mov	eax, HYPERCALL_VERSION
	vmcall
	cmp	eax, 00010001h
	ok_if	e, "interface 1.1"
	mov	ebx, 11111111h
	mov	ecx, 22222222h
	mov	edx, 33333333h
	mov	esi, 44444444h
	mov	edi, 55555555h
	mov	ebp, 66666666h
	mov	eax, CALL_YIELD
	vmcall
	cmp	eax, 0
	must	e, "YIELD"
	mov	eax, CALL_YIELD + 100h
	vmcall
	cmp	eax, UNKNOWN
	must	e, "an unknown number"
	cmp	ebx, 11111111h
	must	e, "EBX"
	cmp	ecx, 22222222h
	must	e, "ECX"
	cmp	edx, 33333333h
	must	e, "EDX"
	cmp	esi, 44444444h
	must	e, "ESI"
	cmp	edi, 55555555h
	must	e, "EDI"
	cmp	ebp, 66666666h
	ok_if	e, "YIELD and unknown numbers keep the registers"
	ret

; A guest that writes its TSC moves the offset by as much.
tsc_offset:
	call	.get
	mov	esi, ecx
	mov	edi, edx
	mov	ecx, 10h
	rdtsc
	mov	ebx, edx		; (its upper half is all that counts here)
	add	edx, 100h
	wrmsr
	call	.get
	sub	ecx, esi
	sbb	edx, edi
	mov	eax, edx
	sub	eax, 0FFh		; the TSC went on between the two: a little below 100h
	cmp	eax, 1
	ok_if	be, "TSC_OFFSET follows a write of the TSC"
	ret
.get:
	mov	eax, CALL_TSC_OFFSET
	vmcall
	test	eax, eax
	must	z, "TSC_OFFSET"
	ret

	bits	64
; RAX's upper half does not count in the number; the answer clears it. ECX alone is the length.
upper_halves:
	mov	rax, 5555555500000000h | CALL_LOG
	mov	rcx, 7777777700000000h | (hello_64.end - hello_64)
	mov	ebx, hello_64
	vmcall
	test	rax, rax
	ok_if	z, "upper halves"
	ret

flood:
	mov	esi, FLOOD
.next:
	mov	eax, CALL_LOG
	mov	ebx, flooding
	mov	ecx, flooding.end - flooding
	vmcall
	test	eax, eax
	must	z, "a line of many"
	dec	esi
	jnz	.next
	ok	"300 lines"
	ret

hello_16	db "hello from 16-bit code"
.end:
hello_32	db "hello from 32-bit code"
.end:
hello_64	db "hello from 64-bit code"
.end:
wild		db "a", 9, "b", 27, "[31mc", 0, "d", 10, "e", 0FFh
.end:
flooding	db "one of 300 lines"
.end:
many_a		times LOG_MAX + 1 db "a"
