; guest/programs/debuggee.asm - what a debugger looks at: known code in all three widths.
;
; Promise: whoever stops this program, steps through it, breaks and watches does not change what it
; prints. tests/system/test_gdb*.py follow it: each walk_N is a chain of instructions that the
; listing gives the addresses of, with INT, IRET, REP, MOV SS, STI, CPUID, IN and OUT among them.
; [wish] is the debugger's: what else shall happen.

%define NAME "debuggee"
%define LIB_32
%define LIB_64
%include "lib.inc"
%include "protected.inc"
%include "long.inc"

CALL_VECTOR	equ 2Fh		; the last in the tables of 32-bit and 64-bit code
ROUNDS		equ 100		; of each walk
BUFFER		equ 20000h
TICKS		equ 8
TICK_HZ		equ 100

WISH_SPIN	equ 1		; JMP $ with interrupts off
WISH_TRIPLE	equ 2		; a triple fault

main:
	pic_init
	set_vector CALL_VECTOR, called_16
	set_vector PIC1_VECTOR, on_tick
real_start:
	call	walk_16
	call	clock_16
	call	store_16
	line	"16 bits: ", "done"
	call	enter_protected
	bits	32
protected_start:
	set_gate CALL_VECTOR, called_32
	mov	eax, cr4
	or	eax, 600h		; SSE
	mov	cr4, eax
	fninit
	call	walk_32
	call	store_32
	line	"32 bits: ", "done"
	call	enter_long
	bits	64
long_start:
	mov	word [abs IDT_64 + CALL_VECTOR * 16], called_64
	mov	dword [abs IDT_64 + CALL_VECTOR * 16 + 2], CODE_64
	mov	word [abs IDT_64 + CALL_VECTOR * 16 + 5], 8Eh
	mov	word [abs IDT_64 + CALL_VECTOR * 16 + 6], 0
	call	walk_64
	call	store_64
	line	"64 bits: ", "done"
	call	look
	test	byte [wish], WISH_SPIN
	jz	spun
	cli
spin:
	jmp	$
spun:
	test	byte [wish], WISH_TRIPLE
	jz	finish
	lidt	[nowhere]
	int3
finish:
	mov	eax, [counter]
	cmp	eax, 3 * ROUNDS
	ok_if	e, "the counter counted each round"
	mov	eax, [calls]
	cmp	eax, 3 * ROUNDS
	ok_if	e, "each INT was carried out"
	pass

; Each line of it is one instruction; ECX counts the rounds. %2: the width of PUSHF and IRET.
%macro walk 3
	bits	%1
walk_%1:
	mov	ecx, ROUNDS
.round:
	inc	dword [counter]
	pushf%2
	popf%2
	int	CALL_VECTOR
	mov	eax, 0
	push	%3
	cpuid
	pop	%3
	mov	ax, ss
	mov	ss, ax
	nop
	sti
	nop
	cli
	in	al, 61h
	out	80h, al
	push	%3
	mov	edi, BUFFER
	mov	cx, 3
	movzx	ecx, cx
	rep stosb
	pop	%3
	dec	ecx
	jnz	.round
	ret
called_%1:
	inc	dword [calls]
	iret%2
%endmacro

	bits	64
	default	abs

	walk 16, w, ecx
	walk 32, d, ecx
	walk 64, q, rcx

; TICKS interrupts of the PIT, and the time between two of them by the TSC.
	bits	16
clock_16:
	mov	dword [ticks], 0
	pit_start 0, 2, PIT_HZ / TICK_HZ
	outb	PIC1 + 1, 0FEh
.wait:
	sti
	hlt
	cli
	cmp	dword [ticks], TICKS
	jb	.wait
	outb	PIC1 + 1, 0FFh
	mov	esi, stamps + 4		; the first comes whenever it comes
	mov	ecx, TICKS - 2
	mov	ebx, 0FFFFFFFFh		; the shortest
	xor	edx, edx		; the longest
.next:
	mov	eax, [esi + 4]
	sub	eax, [esi]
	cmp	eax, ebx
	cmovb	ebx, eax
	cmp	eax, edx
	cmova	edx, eax
	add	esi, 4
	loop	.next
	mov	eax, edx		; no more than half again
	shr	edx, 1
	cmp	edx, ebx
	ok_if	b, "the clock and the TSC went on together"
	ret

on_tick:
	pushad
	mov	ebx, [ticks]
	inc	dword [ticks]
	rdtsc
	cmp	ebx, TICKS + 1
	ja	.past
	mov	[stamps + ebx * 4], eax
.past:
	outb	PIC1, 20h
	popad
	iret

; All registers into memory, for a debugger that has written them, and no change of them.
	bits	16
store_16:
	mov	[saved + 0], eax
	mov	[saved + 4], ecx
	mov	[saved + 8], edx
	mov	[saved + 12], ebx
	mov	[saved + 16], esp
	mov	[saved + 20], ebp
	mov	[saved + 24], esi
	mov	[saved + 28], edi
	mov	[saved + 32], es
	mov	[saved + 34], fs
	mov	[saved + 36], gs
	pushfd
	pop	dword [saved + 40]
	mov	ax, [fs:8]
	mov	[saved + 44], ax
stored_16:
	ret

	bits	32
store_32:
	mov	[saved + 0], eax
	mov	[saved + 4], ecx
	mov	[saved + 8], edx
	mov	[saved + 12], ebx
	mov	[saved + 16], esp
	mov	[saved + 20], ebp
	mov	[saved + 24], esi
	mov	[saved + 28], edi
	pushfd
	pop	dword [saved + 40]
	movdqu	[saved + 48], xmm3
	mov	eax, cr2
	mov	[saved + 64], eax
	mov	eax, dr1
	mov	[saved + 68], eax
stored_32:
	ret

	bits	64
store_64:
	mov	[saved + 0], rax
	mov	[saved + 8], rcx
	mov	[saved + 16], rdx
	mov	[saved + 24], rbx
	mov	[saved + 32], rsp
	mov	[saved + 40], rbp
	mov	[saved + 48], rsi
	mov	[saved + 56], rdi
	mov	[saved + 64], r8
	mov	[saved + 72], r9
	mov	[saved + 80], r10
	mov	[saved + 88], r11
	mov	[saved + 96], r12
	mov	[saved + 104], r13
	mov	[saved + 112], r14
	mov	[saved + 120], r15
	pushfq
	pop	qword [saved + 128]
	movdqu	[saved + 144], xmm9
	mov	rax, cr2
	mov	[saved + 160], rax
	mov	rax, dr1
	mov	[saved + 168], rax
	mov	rax, cr8
	mov	[saved + 176], rax
	mov	ecx, 0C0000100h		; FS base
	rdmsr
	mov	[saved + 184], eax
	mov	[saved + 188], edx
	fnstcw	[saved + 192]
	xor	eax, eax
	mov	cr8, rax
stored_64:
	ret

; What a guest could see of a debugger: its own code, DR7, TF, and how long a loop takes.
look:
	mov	esi, main
	mov	ecx, (code_end - main) / 4
	xor	eax, eax
.add:
	add	eax, [rsi]
	add	esi, 4
	loop	.add
	say	"sum "
	print_hex
	mov	rax, dr7
	say	" dr7 "
	print_hex
	pushfq
	pop	rax
	and	eax, 100h
	say	" tf "
	print_hex
	line
	rdtsc
	mov	ebx, eax
	mov	ecx, 1000
.turn:
	mov	eax, [watched]
.looking:
	inc	eax
	mov	[watched], eax
	loop	.turn
	rdtsc
	sub	eax, ebx
	cmp	eax, 1000000
	ok_if	b, "a thousand rounds took no longer than they take"
	ret

	align	16
code_end:
saved		times 256 db 0
stamps		times TICKS + 2 dd 0
nowhere		dw 0
		dq 0
	align	8
counter		dd 0
calls		dd 0
ticks		dd 0
watched		dd 0
		db 0
odd		db 1, 2, 3, 4, 5
wish		db 0
