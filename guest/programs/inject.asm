; guest/programs/inject.asm - events that the guest asks Lintel for: HYPERCALL_INJECT.
;
; Promise: an event by hand comes when one of a device or of an instruction could: interrupts with
; IF set and behind the shadow of STI, in the order asked for; an NMI behind the IRET of the one
; before; exceptions at once, with their error code, and with TF set beside the #DB that is owed.
; SDM 3A "Enabling and Disabling Interrupts", "Handling Multiple NMIs", "Error Code".
; Only in Lintel: on the machine itself nobody would answer.

%define NAME "inject"
%define LIB_32
%include "lib.inc"
%include "protected.inc"

CALL_INJECT	equ 4C4E0005h
WITH_ERROR	equ 100h

BAD		equ -3
FULL		equ -4

NO_MEMORY	equ 40000000h
INTERRUPTS_MAX	equ 16		; that wait
WITH_CODE	equ 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17

; ask VECTOR [, ERROR CODE]: EAX is the answer. Loses EBX, ECX.
%macro ask 1-2
	mov	ebx, %1
	%if %0 > 1
	or	ebx, WITH_ERROR
	mov	ecx, %2
	%endif
	mov	eax, CALL_INJECT
	vmcall
%endmacro

%macro expect 2+
	cmp	eax, %1
	ok_if	e, %2
%endmacro

; order "text", VECTOR...: what has arrived since the last time, one after the other.
%macro order 2+
	mov	esi, %%list
	call	compare_order
	jmp	%%judge
%%list:	db	%2, 0
%%judge:
	ok_if	e, %1
%endmacro

; Notes in a handler that VECTOR has arrived.
%macro arrives 1
	push	eax
	push	ebx
	mov	al, %1
	call	note
	pop	ebx
	pop	eax
%endmacro

main:
	try	{ask 13, 0}
	raises	13, "#GP in real mode"
	call	enter_protected
	bits	32
	set_gate 2, on_nmi
	call	arguments
	call	exceptions
	call	with_tf
	set_gate 20h, on_tick		; the PIT's
%assign v 22h
%rep 4
	set_gate %[v], on_%[v]
	%assign v v + 1
%endrep
	call	interrupts
	call	in_hlt
	call	full
	call	nmis
	call	cut_short
	call	leave_protected
	bits	16
	pass

	bits	32
arguments:
	ask	13
	expect	BAD, "#GP without an error code"
	ask	6, 0
	expect	BAD, "#UD with one"
	ask	22h, 0
	expect	BAD, "an interrupt with one"
	ask	2, 0
	expect	BAD, "an NMI with one"
	ask	13, 10000h
	expect	BAD, "an error code of more than 16 bits"
	ask	200h
	expect	BAD, "there is no vector 200h"
	ret

; All that VM entry takes. lib.inc's handlers note vector and error code.
exceptions:
	mov	edi, 31
.next:
	cmp	edi, 2
	je	.done
	mov	ebx, edi
	mov	ecx, 0
	bt	dword [with_code], edi
	jnc	.ask
	or	ebx, WITH_ERROR
	cmp	edi, 8
	je	.ask			; the code of #DF is 0
	lea	ecx, [edi + 5A50h]
.ask:
	mov	byte [lib_exception], NO_EXCEPTION
	mov	dword [lib_resume], .back
	mov	eax, CALL_INJECT
	vmcall
.back:
	movzx	eax, byte [lib_exception]
	cmp	eax, edi
	must	e, "an exception"
	mov	eax, [lib_error_code]
	cmp	eax, ecx
	must	e, "its error code"
	cmp	dword [lib_fault_ip], .back
	must	e, "it comes behind the call"
.done:
	dec	edi
	jns	.next
	ok	"31 exceptions behind the call, with their error codes"
	ret

; The call owes a #DB; the exception goes in behind it, so its handler runs first and returns to
; the first instruction of the other's.
with_tf:
	set_gate 1, on_db
	set_gate 6, on_ud
	mov	eax, CALL_INJECT
	mov	ebx, 6
	pushfd
	or	byte [esp + 1], 1	; TF
	popfd
	vmcall
.behind:
	order	"TF: the #DB that is owed and the #UD", 6, 1
	cmp	dword [ud_from], on_db
	ok_if	e, "TF: first the #DB"
	cmp	dword [db_from], .behind
	ok_if	e, "TF: the #DB is behind the call"
	set_gate 1, lib_stubs_32 + 1 * LIB_STUB
	set_gate 6, lib_stubs_32 + 6 * LIB_STUB
	ret

; (Gates of interrupts clear IF, so each comes behind the IRET of the one before.)
interrupts:
	ask	22h
	nop
	expect	0, "an interrupt is taken while IF is clear"
	ask	25h
	ask	24h
	nop
	cmp	byte [arrived], 0
	ok_if	e, "and waits"
	sti
	cli
	nop
	cmp	byte [arrived], 0
	ok_if	e, "STI then CLI lets nothing in"
	sti
	nop
.shadow:
	cli
	order	"they come in the order asked for", 22h, 25h, 24h
	cmp	dword [first_from], .shadow
	ok_if	e, "the first one behind the shadow of STI"
	sti
	ask	23h
.behind:
	nop
	cli
	order	"with IF set it comes at once", 23h
	cmp	dword [first_from], .behind
	ok_if	e, "behind the call"
	sti
	mov	eax, CALL_INJECT
	mov	ebx, 23h
	mov	dx, ss
	mov	ss, dx
	vmcall
.behind_2:
	cli
	order	"also behind MOV SS", 23h
	cmp	dword [first_from], .behind_2
	ok_if	e, "where the call ends the blocking"
	ret

in_hlt:
	ask	22h
	sti
	hlt
.behind:
	cli
	order	"it ends HLT", 22h
	cmp	dword [first_from], .behind
	ok_if	e, "and returns behind it"
	ret

full:
	mov	edi, INTERRUPTS_MAX
.next:
	ask	22h
	test	eax, eax
	must	z, "sixteen wait"
	dec	edi
	jnz	.next
	ask	22h
	expect	FULL, "there is no room for the 17th"
	sti
	nop
	nop
	cli
	movzx	eax, byte [arrived]
	cmp	eax, INTERRUPTS_MAX
	ok_if	e, "16 come"
	mov	byte [arrived], 0
	ret

; The NMI's handler asks for another, which waits for the IRET, and meanwhile halts: what waits must
; not end that.
nmis:
	call	start_tick
	ask	2
	nop
	nop
	cli
	order	"an NMI in its handler waits for IRET; in HLT too", 2, 20h, 2
	ret

; The stack lies where no memory is, so each push of the delivery is an EPT violation, and the frame
; is lost. SDM 3C "Information for VM Exits That Occur During Event Delivery".
cut_short:
	set_gate 21h, .on_interrupt
	set_gate 6, .on_ud
	mov	[kept_esp], esp
	sti
	mov	esp, NO_MEMORY
	ask	21h
	jmp	$
.on_interrupt:
	mov	eax, esp
	mov	esp, [kept_esp]
	arrives	21h
	sub	eax, NO_MEMORY
	cmp	eax, -12
	ok_if	e, "a delivery that an exit cuts short pushes its frame once"
	mov	esp, NO_MEMORY
	ask	6
	jmp	$
.on_ud:
	mov	esp, [kept_esp]
	arrives	6
	order	"the interrupt came once, and an exception too", 21h, 6
	set_gate 6, lib_stubs_32 + 6 * LIB_STUB
	ret

; One tick in 10 ms; 8259A in protected mode as in real mode.
start_tick:
	outb	PIC1, 11h
	outb	PIC1 + 1, PIC1_VECTOR
	outb	PIC1 + 1, 4
	outb	PIC1 + 1, 1
	outb	PIC1 + 1, 0FEh
	pit_start 0, 0, 11932
	ret

; ---- handlers -----------------------------------------------------------------------------------

%assign v 22h
%rep 4
on_%[v]:
	arrives	v
	iretd
	%assign v v + 1
%endrep

on_db:
	arrives	1
	push	eax
	mov	eax, [esp + 4]
	mov	[db_from], eax
	pop	eax
	and	byte [esp + 9], 0FEh	; TF
	iretd

on_ud:
	arrives	6
	push	eax
	mov	eax, [esp + 4]
	mov	[ud_from], eax
	pop	eax
	iretd

on_tick:
	arrives	20h
	push	eax
	outb	PIC1, 20h
	pop	eax
	iretd

on_nmi:
	pushad
	arrives	2
	cmp	byte [asked], 0
	jne	.done
	mov	byte [asked], 1
	ask	2
	test	eax, eax
	must	z, "the second NMI"
	ask	2
	cmp	eax, FULL
	must	e, "the third"
	sti
	hlt
; SDM 3A "Handling Multiple NMIs": the IRET of the tick unblocks them too.
	cmp	byte [arrived], 3
	must	e, "the tick and the second NMI"
.done:
	popad
	iretd

; AL arrives; the handler's frame lies 12 bytes up. Loses EBX.
note:
	movzx	ebx, byte [arrived]
	mov	[arrivals + ebx], al
	inc	byte [arrived]
	test	ebx, ebx
	jnz	.done
	mov	eax, [esp + 12]
	mov	[first_from], eax
.done:
	ret

; ESI: a list that ends with 0. ZF: that has arrived and no more; EAX: how many. Begins anew.
compare_order:
	movzx	eax, byte [arrived]
	mov	byte [arrivals + eax], 0
	mov	byte [arrived], 0
	mov	edi, arrivals
.next:
	cmpsb
	jne	.done
	cmp	byte [esi - 1], 0
	jne	.next
.done:
	ret

	align	4
with_code	dd WITH_CODE
db_from		dd 0
ud_from		dd 0
first_from	dd 0
kept_esp	dd 0
arrived		db 0
asked		db 0
arrivals	times 64 db 0
