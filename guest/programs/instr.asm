; guest/programs/instr.asm - instructions that a VM may be made to exit at.
;
; Promise: CPUID, XSETBV, RDTSC, RDTSCP, PAUSE, HLT and INVLPG do the same whether somebody watches
; them or not (watch=cpuid, xsetbv, tsc, pause, hlt, invlpg). SDM 3C "Instructions That Cause VM
; Exits Conditionally".

%define NAME "instr"
%define LIB_32
%define LIB_64
%include "lib.inc"
%include "protected.inc"
%include "long.inc"

PAGE_DIR	equ 10000h
PAGE_TABLE	equ 11000h
PLACE		equ 123000h	; linear; leads to one of these two
FRAME_A		equ 20000h
FRAME_B		equ 21000h
TSS		equ 22000h
KERNEL_STACK	equ 30000h
USER_STACK	equ 31000h
RETURN		equ 2Fh		; INT that leads back to CPL 0
USER_CODE	equ (gdt.extra - gdt) | 3
USER_DATA	equ (gdt.extra + 8 - gdt) | 3
TASK		equ gdt.extra + 16 - gdt
TSC_AUX		equ 0C0000103h

main:
	call	identify
	call	time
	call	xcr0
	call	pauses
	call	sleep
	call	enter_protected
	bits	32
	call	pages
	call	user_time
	call	enter_long
	bits	64
	call	time_and_aux
	call	leave_long
	bits	32
	call	leave_protected
	bits	16
	pass

identify:
	mov	eax, 1
	xor	ecx, ecx
	cpuid
	bt	ecx, 26
	mov	eax, ecx
	ok_if	c, "CPUID 1: XSAVE"
	mov	eax, 1
	cpuid
	say	"CPUID 1: family, model and stepping "
	print_hex
	line
	mov	eax, 7
	xor	ecx, ecx
	cpuid
	say	"CPUID 7: features "
	mov	eax, ebx
	print_hex
	line
	ret

time:
	rdtsc
	mov	ebx, eax
	mov	esi, edx
	rdtsc
	sub	eax, ebx
	sbb	edx, esi
	mov	eax, edx
	ok_if	z, "RDTSC: the second time is later, and soon"
	ret

xcr0:
	mov	eax, 1 << 18		; OSXSAVE
	mov	cr4, eax
	xor	ecx, ecx
	xor	edx, edx
	mov	eax, 3
	xsetbv
	xor	eax, eax
	xgetbv
	cmp	eax, 3
	ok_if	e, "XSETBV: x87 and SSE"
	mov	eax, 2
	try	xsetbv
	raises	13, "#GP: XSETBV without x87"
	xor	eax, eax
	mov	cr4, eax
	ret

pauses:
	mov	ecx, 1000
.next:
	pause
	loop	.next
	ok	"a thousand times PAUSE"
	ret

sleep:
	pic_init
	set_vector PIC1_VECTOR + 0, .tick
	outb	PIC1 + 1, 0FEh		; only IRQ 0
	pit_start 0, 2, PIT_HZ / 1000
	sti
	hlt
	hlt
	cli
	outb	PIC1 + 1, 0FFh
	cmp	byte [ticks], 2
	ok_if	ae, "HLT: a tick of the PIT ends it"
	ret
.tick:
	push	ax
	inc	byte [ticks]
	outb	PIC1, 20h
	pop	ax
	iret

	bits	32
; 32-bit paging: the first 4 MiB to themselves, but for one page.
pages:
	mov	edi, PAGE_DIR
	xor	eax, eax
	mov	ecx, 1024
	rep stosd
	mov	dword [PAGE_DIR], PAGE_TABLE | 7
	mov	edi, PAGE_TABLE
	mov	eax, 7
.fill:
	stosd
	add	eax, 1000h
	cmp	edi, PAGE_TABLE + 1000h
	jb	.fill
	mov	dword [FRAME_A], "AAAA"
	mov	dword [FRAME_B], "BBBB"
	mov	dword [PAGE_TABLE + (PLACE >> 12) * 4], FRAME_A | 7
	mov	eax, PAGE_DIR
	mov	cr3, eax
	mov	eax, cr0
	or	eax, 80000000h
	mov	cr0, eax
	mov	eax, [PLACE]
	cmp	eax, "AAAA"
	ok_if	e, "a linear address leads to a page"
	mov	dword [PAGE_TABLE + (PLACE >> 12) * 4], FRAME_B | 7
	invlpg	[PLACE]
	mov	eax, [PLACE]
	cmp	eax, "BBBB"
	ok_if	e, "INVLPG: and then to another"
	mov	eax, cr0
	and	eax, 7FFFFFFFh
	mov	cr0, eax
	ret

; CR4.TSD: only CPL 0 may read the TSC.
user_time:
	mov	edi, TSS
	xor	eax, eax
	mov	ecx, 26
	rep stosd
	mov	dword [TSS + 4], KERNEL_STACK
	mov	dword [TSS + 8], DATA_32
	mov	dword [gdt.extra], 0000FFFFh
	mov	dword [gdt.extra + 4], 00CFFA00h
	mov	dword [gdt.extra + 8], 0000FFFFh
	mov	dword [gdt.extra + 12], 00CFF200h
	mov	dword [gdt.extra + 16], (TSS & 0FFFFh) << 16 | 103
	mov	dword [gdt.extra + 20], 8900h | TSS >> 16
	mov	ax, TASK
	ltr	ax
	set_gate RETURN, .back
	mov	byte [IDT_32 + RETURN * 8 + 5], 0EEh	; DPL 3
	mov	[kernel_esp], esp
	push	dword USER_DATA
	push	dword USER_STACK
	push	dword 2
	push	dword USER_CODE
	push	dword .user
	mov	eax, 4			; TSD
	mov	cr4, eax
	rdtsc
	iretd
.user:
	mov	ax, USER_DATA
	mov	ds, ax
	mov	es, ax
	try	rdtsc
	int	RETURN
.back:
	mov	ax, DATA_32
	mov	ds, ax
	mov	es, ax
	mov	ss, ax
	mov	esp, [kernel_esp]
	xor	eax, eax
	mov	cr4, eax
	raises	13, "#GP: RDTSC at CPL 3 with CR4.TSD"
	ret

	bits	64
time_and_aux:
	mov	ecx, TSC_AUX
	mov	eax, 5A5Ah
	xor	edx, edx
	wrmsr
	mov	rax, -1
	mov	rcx, rax
	mov	rdx, rax
	rdtscp
	mov	rbx, rax
	or	rbx, rdx
	shr	rbx, 32
	ok_if	z, "64 bits: RDTSCP clears the upper halves"
	mov	rax, rcx
	cmp	rax, 5A5Ah
	ok_if	e, "RDTSCP: TSC_AUX"
	ret
	bits	16

	align	4
kernel_esp	dd 0
ticks		db 0
