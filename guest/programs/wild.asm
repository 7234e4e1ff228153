; guest/programs/wild.asm - random accesses to all ports, to memory that is not there, to MSRs.
;
; Promise: nothing that a guest does to a port, an address or an MSR harms anybody else: unclaimed
; ports and addresses read all ones and ignore writes, unknown MSRs raise #GP.
; On the machine itself real devices would answer, so there only harmless ports are tried.

%define NAME "wild"
%define LIB_32
%include "lib.inc"
%include "protected.inc"

ROUNDS		equ 20000
NOWHERE		equ 0D0000000h		; no RAM, no device
BUFFER		equ 20000h

main:
	outb	COM1_MCR, 13h		; loopback: what goes out by chance is not seen
	call	read_all_ports
	call	random_ports
	call	lib_serial_init
	pic_init
	ok	"IN from every port"
	ok	"random IN and OUT, one, two and four bytes"
	call	unclaimed_ports
	call	enter_protected
	bits	32
	call	memory
	call	leave_protected
	bits	16
	call	msrs
	pass

read_all_ports:
	xor	dx, dx
.next:
	call	allowed
	jc	.skip
	in	al, dx
	in	ax, dx
	in	eax, dx
.skip:
	inc	dx
	jnz	.next
	ret

random_ports:
	mov	ecx, ROUNDS
.next:
	call	random
	mov	edx, eax
	shr	edx, 11
	bt	eax, 3
	jc	.any
	and	dx, 3FFh		; where most devices are
.any:
	and	edx, 0FFFFh
	call	allowed
	jc	.skip
	mov	ebx, eax
	call	random
	and	bx, 7
	cmp	bx, 6
	jae	.skip
	add	bx, bx
	call	[.accesses + bx]
.skip:
	dec	ecx
	jnz	.next
	ret
.accesses	dw .inb, .inw, .ind, .outb, .outw, .outd
.inb:	in	al, dx
	ret
.inw:	in	ax, dx
	ret
.ind:	in	eax, dx
	ret
.outb:	out	dx, al
	ret
.outw:	out	dx, ax
	ret
.outd:	out	dx, eax
	ret

; DX: a port. CF if one of the four bytes from there is better left alone.
allowed:
	push	si
	push	ax
	mov	si, forbidden
	cmp	byte [lib_lintel], 0
	jne	.next
	mov	si, forbidden_natively
.next:
	lodsw				; first
	cmp	dx, ax
	lodsw				; last
	jb	.next_range
	cmp	dx, ax
	jbe	.no
.next_range:
	cmp	si, forbidden_end
	jb	.next
	pop	ax
	pop	si
	clc
	ret
.no:
	pop	ax
	pop	si
	stc
	ret

; First and last port; three below the first that matters, for wide accesses. Those that reset or
; end a guest, and the modem control with the loopback.
forbidden_natively:
	dw	0, 7Ch			; only the POST port of the low ones,
	dw	81h, 2FCh		; and 2FDh to 31Ch of the others
	dw	31Dh, 0FFFFh
forbidden:
	dw	61h, 64h		; keyboard controller: pulse reset
	dw	8Fh, 92h		; fast reset, A20
	dw	3F9h, 3FCh		; modem control
	dw	0CF5h, 0CF9h		; reset control
	dw	88FDh, 8907h		; "Shutdown"
forbidden_end:

; EAX: xorshift, always the same sequence.
random:
	push	edx
	mov	eax, [seed]
	mov	edx, eax
	shl	edx, 13
	xor	eax, edx
	mov	edx, eax
	shr	edx, 17
	xor	eax, edx
	mov	edx, eax
	shl	edx, 5
	xor	eax, edx
	mov	[seed], eax
	pop	edx
	ret

unclaimed_ports:
	mov	dx, 300h
	xor	eax, eax
	out	dx, eax
	in	al, dx
	cmp	eax, 0FFh
	ok_if	e, "an unclaimed port reads FFh, into AL only"
	xor	eax, eax
	in	ax, dx
	cmp	eax, 0FFFFh
	ok_if	e, "FFFFh into AX only"
	in	eax, dx
	cmp	eax, 0FFFFFFFFh
	ok_if	e, "FFFFFFFFh into EAX"
	ret

	bits	32
memory:
	mov	ebx, NOWHERE
	xor	eax, eax
	mov	al, [ebx]
	cmp	eax, 0FFh
	ok_if	e, "no memory: a byte reads all ones"
	xor	eax, eax
	mov	ax, [ebx + 10]
	cmp	eax, 0FFFFh
	ok_if	e, "no memory: a word reads all ones"
	mov	eax, [ebx + 100]
	cmp	eax, 0FFFFFFFFh
	ok_if	e, "no memory: a dword reads all ones"
	mov	dword [ebx], 12345678h
	mov	byte [ebx + 1], 0
	mov	eax, [ebx]
	cmp	eax, 0FFFFFFFFh
	ok_if	e, "no memory: a write is ignored"
	mov	eax, [ebx + 0FFEh]
	cmp	eax, 0FFFFFFFFh
	ok_if	e, "no memory: a read across two pages"
	movzx	eax, byte [ebx + 5]
	cmp	eax, 0FFh
	ok_if	e, "no memory: MOVZX"
	movsx	eax, byte [ebx + 5]
	cmp	eax, 0FFFFFFFFh
	ok_if	e, "no memory: MOVSX"
	mov	eax, 0F0h
	and	al, [ebx]
	cmp	eax, 0F0h
	ok_if	e, "no memory: AND reads it"
	add	dword [ebx], 2
	mov	eax, [ebx]
	cmp	eax, 0FFFFFFFFh
	ok_if	e, "no memory: ADD to it"
	mov	eax, 5
	xchg	eax, [ebx]
	cmp	eax, 0FFFFFFFFh
	ok_if	e, "no memory: XCHG"
	push	dword [ebx]
	pop	eax
	cmp	eax, 0FFFFFFFFh
	ok_if	e, "no memory: PUSH reads it"
	mov	esi, ebx
	mov	edi, BUFFER
	mov	ecx, 64
	mov	eax, 0
	rep stosd
	mov	edi, BUFFER
	mov	ecx, 64
	rep movsd
	mov	eax, [BUFFER + 63 * 4]
	cmp	eax, 0FFFFFFFFh
	ok_if	e, "no memory: REP MOVS from it"
	mov	esi, BUFFER
	mov	edi, ebx
	mov	ecx, 64
	rep movsd
	mov	edi, ebx
	mov	ecx, 64
	xor	eax, eax
	rep stosb
	cmp	edi, NOWHERE + 64
	ok_if	e, "no memory: REP MOVS and STOS to it"
	mov	eax, [0FD000000h]
	cmp	eax, 0FFFFFFFFh
	ok_if	e, "no memory: nor at FD000000h"
	mov	esi, 20000000h		; 512 MiB and every 16 MiB from there
.next:
	mov	eax, [esi]
	not	dword [esi]
	and	eax, [esi]
	cmp	eax, 0FFFFFFFFh
	must	e, "memory beyond RAM"
	add	esi, 1000000h
	cmp	esi, 0A0000000h
	jb	.next
	ok	"no memory: a hundred places beyond RAM"
	ret

	bits	16
msrs:
	mov	si, unknown_msrs
.next:
	lodsd
	mov	ecx, eax
	try	rdmsr
	cmp	byte [lib_exception], 13
	mov	eax, ecx
	must	e, "#GP for RDMSR of an unknown MSR"
	xor	eax, eax
	xor	edx, edx
	try	wrmsr
	cmp	byte [lib_exception], 13
	mov	eax, ecx
	must	e, "#GP for WRMSR of an unknown MSR"
	cmp	si, unknown_msrs.end
	jb	.next
	ok	"#GP for MSRs that do not exist"
	ret

	align	4
unknown_msrs	dd 3, 1FFFh, 2000h, 12345678h, 40000000h, 4B564D00h, 0BFFFFFFFh, 0C0001FFFh
		dd 0C0010000h, 0C0011022h, 0DEADBEEFh, 0FFFFFFFFh
.end:
seed		dd 2463534242
