; guest/programs/mmio.asm - memory that nobody has, touched by every family of instructions.
;
; Promise: in real mode, 32-bit and 64-bit code, reads give all ones and writes are lost, whatever
; the instruction: flags, registers and strings are as the SDM says (2A to 2D, the instructions'
; pages). Operands that lie half in RAM behave half so. Instructions that an emulator may not know
; (SSE, FXSAVE) find the same.

%define NAME "mmio"
%define LIB_64
%define LIB_32
%include "lib.inc"
%include "protected.inc"
%include "long.inc"

NOWHERE		equ 0D0000000h
NOWHERE_64	equ 400000h		; linear, mapped to it behind the RAM's last page
RAM		equ 4000h		; a buffer
WORDS		equ 32

FLAG_CF		equ 01h
FLAG_ZF		equ 40h
FLAG_SF		equ 80h

; The arithmetic flags in CL must have these of CF, ZF, SF. Keeps EAX.
%macro flags_are 2+
	mov	[saved], eax
	lahf
	mov	cl, ah
	mov	eax, [saved]
	and	cl, FLAG_CF | FLAG_ZF | FLAG_SF
	cmp	cl, %1
	must	e, MODE, ": ", %2
%endmacro

%macro ones_in_eax 1+
	cmp	eax, -1
	must	e, MODE, ": ", %1
%endmacro

; EBX: nowhere. EBX is kept, all others are lost.
%macro families 1
	bits	%1
%if %1 == 64
	%define a_ADDRESS a64
	%define MODE "64-bit"
%else
	%define a_ADDRESS a32
%if %1 == 32
	%define MODE "32-bit"
%else
	%define MODE "real"
%endif
%endif
loads_%1:
	xor	eax, eax
	mov	al, [ebx]
	cmp	eax, 0FFh
	must	e, MODE, ": MOV of a byte"
	mov	ax, [ebx + 1]
	cmp	eax, 0FFFFh
	must	e, MODE, ": MOV of a word"
	mov	eax, [ebx + 3]
	ones_in_eax "MOV of a dword"
	movzx	eax, word [ebx]
	cmp	eax, 0FFFFh
	must	e, MODE, ": MOVZX"
	movsx	eax, byte [ebx]
	ones_in_eax "MOVSX"
	mov	dword [ebx], 12345678h
	mov	byte [ebx], 0
	mov	eax, [ebx]
	ones_in_eax "a store is lost"
	stc
	setc	byte [ebx]
	xor	eax, eax
	stc
	cmovc	eax, [ebx]
	ones_in_eax "CMOVC"
	ok	MODE, ": loads and stores"
	ret

arithmetic_%1:
	mov	eax, 1
	add	eax, [ebx]
	flags_are FLAG_CF | FLAG_ZF, "ADD of memory"
	cmp	byte [ebx], 0FFh
	flags_are FLAG_ZF, "CMP"
	test	dword [ebx], 80000000h
	flags_are FLAG_SF, "TEST"
	add	dword [ebx], 1
	flags_are FLAG_CF | FLAG_ZF, "ADD to memory"
	stc
	adc	dword [ebx], 0
	flags_are FLAG_CF | FLAG_ZF, "ADC to memory"
	stc
	sbb	dword [ebx], 0
	flags_are FLAG_SF, "SBB to memory"
	xor	dword [ebx], -1
	flags_are FLAG_ZF, "XOR to memory"
	and	word [ebx], 7FFFh
	flags_are 0, "AND to memory"
	or	byte [ebx], 0
	flags_are FLAG_SF, "OR to memory"
	clc
	inc	dword [ebx]
	flags_are FLAG_ZF, "INC"
	stc
	dec	dword [ebx]
	flags_are FLAG_CF | FLAG_SF, "DEC"
	neg	dword [ebx]
	flags_are FLAG_CF, "NEG"
	not	dword [ebx]
	shl	dword [ebx], 1
	flags_are FLAG_CF | FLAG_SF, "SHL"
	shr	byte [ebx], 4
	flags_are FLAG_CF, "SHR"
	xor	edx, edx
	mov	eax, -1
	div	dword [ebx]
	cmp	eax, 1
	must	e, MODE, ": DIV"
	mov	eax, 2
	mul	dword [ebx]
	cmp	edx, 1
	must	e, MODE, ": MUL"
	imul	eax, [ebx], 7
	cmp	eax, -7
	must	e, MODE, ": IMUL"
	bsr	eax, [ebx]
	cmp	eax, 31
	must	e, MODE, ": BSR"
	mov	eax, 5
	shld	[ebx], eax, 4
	mov	eax, [ebx]
	ones_in_eax "nothing stayed"
	ok	MODE, ": arithmetic and its flags"
	ret

locked_%1:
	mov	eax, 5
	xchg	eax, [ebx]
	ones_in_eax "XCHG"
	mov	eax, 1
	lock xadd [ebx], eax
	flags_are FLAG_CF | FLAG_ZF, "flags of XADD"
	ones_in_eax "XADD"
	mov	edx, 9
	lock cmpxchg [ebx], edx
	flags_are FLAG_ZF, "CMPXCHG of what is there"
	mov	eax, 5
	cmpxchg	[ebx], edx
	setne	dl
	cmp	dl, 1
	must	e, MODE, ": CMPXCHG of something else"
	ones_in_eax "CMPXCHG loads it"
	mov	edx, eax
	mov	ecx, 7
	lock cmpxchg8b [ebx]
	must	e, MODE, ": CMPXCHG8B"
	lock inc dword [ebx]
	must	e, MODE, ": LOCK INC"
	mov	eax, [ebx]
	ones_in_eax "nothing stayed"
	ok	MODE, ": exchanges"
	ret

bits_%1:
	bt	dword [ebx], 7
	must	c, MODE, ": BT"
	mov	eax, 1000
	bt	[ebx], eax
	must	c, MODE, ": BT far away"
	mov	eax, -1000
	bts	[ebx + 4000h], eax
	must	c, MODE, ": BTS far before"
	btr	dword [ebx], 0
	must	c, MODE, ": BTR"
	btc	word [ebx], 15
	must	c, MODE, ": BTC"
	ok	MODE, ": bits"
	ret

strings_%1:
	mov	edi, RAM
	mov	esi, ebx
	mov	ecx, WORDS
	a_ADDRESS rep movsd
	cmp	edi, RAM + 4 * WORDS
	must	e, MODE, ": EDI after MOVSD"
	mov	eax, [RAM]
	ones_in_eax "MOVSD out of nowhere"
	mov	eax, [RAM + 4 * WORDS - 4]
	ones_in_eax "the last MOVSD"
	mov	esi, RAM
	mov	edi, ebx
	mov	ecx, WORDS * 4
	a_ADDRESS rep movsb
	mov	eax, esi
	cmp	eax, RAM + 4 * WORDS
	must	e, MODE, ": ESI after MOVSB"
	mov	eax, ecx
	test	eax, eax
	must	z, MODE, ": ECX after MOVSB"
	mov	edi, ebx
	mov	ecx, 5000		; more than a page
	a_ADDRESS rep stosw
	lea	eax, [ebx + 10000]
	cmp	edi, eax
	must	e, MODE, ": STOSW"
	mov	esi, ebx
	xor	eax, eax
	a_ADDRESS lodsd
	ones_in_eax "LODSD"
	mov	edi, ebx
	mov	ecx, 100
	a_ADDRESS repe scasb
	must	e, MODE, ": SCASB finds ones only"
	std
	mov	esi, RAM + 4 * WORDS - 4
	lea	edi, [ebx + 4 * WORDS - 4]
	mov	ecx, WORDS
	a_ADDRESS repe cmpsd
	cld
	must	e, MODE, ": CMPSD backwards"
	ok	MODE, ": strings"
	ret

stack_%1:
	mov	esi, esp
%if %1 == 64
	push	qword [ebx]
	pop	rax
	push	5
	pop	qword [ebx]
%else
	push	dword [ebx]
	pop	eax
	push	dword 5
	pop	dword [ebx]
%endif
	ones_in_eax "PUSH"
	cmp	esp, esi
	must	e, MODE, ": the stack is even"
	ok	MODE, ": PUSH and POP"
	ret

unknown_%1:
	movups	xmm0, [ebx]
	movups	[RAM], xmm0
	mov	eax, [RAM + 12]
	ones_in_eax "MOVUPS from nowhere"
	xorps	xmm0, xmm0
	movups	[ebx + 0FF8h], xmm0	; two pages
	fxsave	[ebx]
	mov	eax, [ebx]
	ones_in_eax "FXSAVE is lost"
	movups	xmm0, [ebx + 0FF8h]
	movups	[RAM], xmm0
	mov	eax, [RAM]
	and	eax, [RAM + 12]
	ones_in_eax "MOVUPS to nowhere is lost"
	ok	MODE, ": SSE and FXSAVE"
	ret

families_%1:
	call	loads_%1
	call	arithmetic_%1
	call	locked_%1
	call	bits_%1
	call	strings_%1
	call	stack_%1
	call	unknown_%1
	ret
%endmacro

main:
	mov	eax, cr0
	and	al, ~0Eh		; no TS, EM, MP
	mov	cr0, eax
	mov	eax, cr4
	or	eax, 200h		; OSFXSR
	mov	cr4, eax
	call	big_segments
	mov	ebx, NOWHERE
	call	families_16
	call	enter_protected
	bits	32
	mov	ebx, NOWHERE
	call	families_32
	call	enter_long
	bits	64
	mov	dword [LONG_DIR + 16], NOWHERE | 83h
	mov	rax, cr3
	mov	cr3, rax
	mov	ebx, NOWHERE_64
	call	families_64
	call	quadwords
	call	halves
	pass

quadwords:
	mov	rax, [rbx]
	cmp	rax, -1
	ok_if	e, "64-bit: MOV of a qword"
	mov	rax, -1
	cqo
	mov	ecx, 3
	lock cmpxchg16b [rbx]
	ok_if	e, "64-bit: CMPXCHG16B"
	ret

; RAM up to NOWHERE_64, nobody from there on.
halves:
	mov	dword [rbx - 4], 11223344h
	mov	rax, [rbx - 4]
	mov	rcx, 0FFFFFFFF11223344h
	cmp	rax, rcx
	ok_if	e, "half RAM: a load"
	mov	word [rbx - 1], 0AABBh
	mov	eax, [rbx - 4]
	cmp	eax, 0BB223344h
	ok_if	e, "half RAM: a store"
	add	dword [rbx - 2], 1	; FFFFBB22h
	mov	eax, [rbx - 4]
	cmp	eax, 0BB233344h
	ok_if	e, "half RAM: read, changed, written"
	mov	dword [rbx - 8], 55667788h
	lea	rsi, [rbx - 8]
	mov	edi, RAM
	mov	ecx, 4
	rep movsd
	mov	rax, [RAM]
	mov	rcx, 0BB23334455667788h
	cmp	rax, rcx
	ok_if	e, "half RAM: MOVSD, the RAM's part"
	mov	rax, [RAM + 8]
	cmp	rax, -1
	ok_if	e, "half RAM: MOVSD, the rest"
	ret

	bits	16
; DS, ES and SS stay at 0, but reach 4 GiB, until they are loaded in protected mode again.
big_segments:
	cli
	lgdt	[gdt_pointer]
	mov	eax, cr0
	or	al, 1
	mov	cr0, eax
	mov	dx, DATA_32
	mov	ds, dx
	mov	es, dx
	and	al, 0FEh
	mov	cr0, eax
	xor	dx, dx
	mov	ds, dx
	mov	es, dx
	ret

	families 16
	families 32
	families 64

	align	4
saved	dd 0
