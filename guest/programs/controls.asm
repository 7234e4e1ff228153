; guest/programs/controls.asm - every register and instruction that a VM-execution control can make
; exit: control and debug registers, MSRs, exceptions, descriptor tables. In 16-, 32- and 64-bit
; code.
;
; Promise: each of them does what it does without anybody who watches; so this is what to run with
; watch=cr0, cr3, cr4, cr8, dr, msr:..., exc:..., desc. SDM 3A "Control Registers", "Protection",
; "Paging"; SDM 3B "Debug Registers"; SDM 2A, 2B for the instructions.

%define NAME "controls"
%define LIB_32
%define LIB_64
%include "lib.inc"
%include "protected.inc"
%include "long.inc"

; Page directories of 4 MiB pages, for 32-bit paging; and of PAE paging.
DIR_A		equ 10000h
DIR_B		equ 11000h
DIR_C		equ 12000h
PDPT_GOOD	equ 13000h
PDPT_BAD	equ 13020h
PAE_DIR		equ 14000h

TSS		equ gdt.extra - gdt
LDT		equ gdt.extra + 8 - gdt
NOT_PRESENT	equ gdt.extra + 16 - gdt
NOTHING		equ gdt.extra + 24 - gdt

main:
	call	cr0_moves
	call	debug_registers
	call	msrs
	call	exceptions_16
	call	enter_protected
	bits	32
	call	exceptions_32
	call	tables_32
	call	paging_32
	call	paging_pae
	call	enter_long
	bits	64
	call	cr8_moves
	call	tables_64
	mov	rax, cr3
	bts	rax, 62
	try	mov cr3, rax
	raises	13, "#GP: a reserved bit of CR3"
	call	leave_long
	bits	32
	call	leave_protected
	bits	16
	pass

; ---- 16-bit code --------------------------------------------------------------------------------

cr0_moves:
	mov	eax, 12h		; MP, ET
	mov	cr0, eax
	mov	ax, 8			; TS
	lmsw	ax
	clts
	mov	eax, 80000010h		; PG without PE
	try	mov cr0, eax
	raises	13, "#GP: CR0.PG without CR0.PE"
	mov	eax, 10h
	mov	cr0, eax
	mov	eax, cr0
	cmp	eax, 10h
	ok_if	e, "CR0 is what was written"
	mov	eax, 208h		; DE, OSFXSR
	mov	cr4, eax
	xor	eax, eax
	mov	cr4, eax
	mov	eax, cr4
	test	eax, eax
	ok_if	z, "CR4 is what was written"
	ret

debug_registers:
	mov	eax, 1234h
	mov	dr0, eax
	xor	eax, eax
	mov	eax, dr0
	cmp	eax, 1234h
	ok_if	e, "DR0 is what was written"
	mov	eax, 400h
	mov	dr5, eax
	mov	eax, dr7
	cmp	eax, 400h
	ok_if	e, "DR5 is DR7"
	mov	eax, 8			; DE
	mov	cr4, eax
	try	mov eax, dr4
	raises	6, "#UD: DR4 with CR4.DE"
	xor	eax, eax
	mov	cr4, eax
	mov	eax, 2400h		; GD
	mov	dr7, eax
	try	mov eax, dr1
	raises	1, "#DB: MOV DR with DR7.GD"
	mov	eax, dr6
	test	ah, 20h			; BD
	mov	dword [dr6_seen], eax
	ok_if	nz, "DR6.BD says so"
	xor	eax, eax
	mov	dr6, eax
	mov	dr0, eax
	ret

msrs:
	mov	ecx, 174h		; SYSENTER_CS
	mov	eax, 28h
	xor	edx, edx
	wrmsr
	xor	eax, eax
	rdmsr
	cmp	eax, 28h
	ok_if	e, "SYSENTER_CS is what was written"
	xor	eax, eax
	wrmsr
	mov	ecx, 277h		; PAT
	rdmsr
	mov	al, 2			; no such memory type
	try	wrmsr
	raises	13, "#GP: no such memory type"
	mov	ecx, 0C0000101h		; GS_BASE
	xor	eax, eax
	mov	edx, 8000h
	try	wrmsr
	raises	13, "#GP: GS_BASE is not canonical"
	mov	ecx, 480h		; VMX_BASIC
	try	rdmsr
	cmp	byte [lib_exception], 13
	in_lintel_if e, "#GP: an MSR that is not there"
	mov	ecx, 40000000h		; in none of the bitmap's ranges
	try	wrmsr
	cmp	byte [lib_exception], 13
	in_lintel_if e, "#GP: and another"
	mov	ecx, 10h		; the TSC
	rdmsr
	mov	esi, eax
	mov	edi, edx
	rdmsr
	sub	eax, esi
	sbb	edx, edi
	mov	eax, edx
	ok_if	z, "the TSC goes on"
	ret

exceptions_16:
	xor	ecx, ecx
	try	div ecx
	raises	0, "#DE"
	try	int3
	raises	3, "#BP"
	mov	al, 7Fh
	add	al, 1			; OF
	try	into
	raises	4, "#OF"
	try	ud2
	raises	6, "#UD"
	ret

; ---- 32-bit code --------------------------------------------------------------------------------

	bits	32
exceptions_32:
	mov	ax, NOTHING
	try	mov gs, ax
	raises	13, "#GP: a descriptor that is none"
	cmp	dword [lib_error_code], NOTHING
	ok_if	e, "its error code"
	ret

tables_32:
	mov	eax, tss_area
	mov	[gdt.extra + 2], ax
	mov	word [gdt.extra], 67h
	mov	word [gdt.extra + 5], 0089h	; available 32-bit TSS
	mov	dword [gdt.extra + 8], 0000001Fh
	mov	dword [gdt.extra + 12], 00008203h	; LDT at 30000h
	mov	dword [gdt.extra + 16], 0000001Fh
	mov	dword [gdt.extra + 20], 00000203h	; the same, not present
	sgdt	[table]
	mov	eax, [table + 2]
	cmp	eax, gdt
	ok_if	e, "SGDT: where the GDT is"
	lgdt	[table]
	sidt	[table]
	movzx	eax, word [table]
	cmp	eax, 48 * 8 - 1
	ok_if	e, "SIDT: the IDT's limit"
	lidt	[table]
	mov	ax, LDT
	lldt	ax
	sldt	eax
	cmp	eax, LDT
	ok_if	e, "LLDT and SLDT"
	mov	ax, NOT_PRESENT
	try	lldt ax
	raises	11, "#NP: LLDT"
	mov	ax, TSS
	ltr	ax
	str	eax
	cmp	eax, TSS
	ok_if	e, "LTR and STR"
	mov	al, [gdt.extra + 5]
	cmp	al, 8Bh
	ok_if	e, "the TSS is busy"
	mov	ax, TSS
	try	ltr ax
	raises	13, "#GP: LTR of a busy TSS"
	xor	eax, eax
	lldt	ax
	ret

; Identity by a page of 4 MiB, and nothing above it.
make_dir:
	mov	dword [edi], 83h
	xor	eax, eax
	add	edi, 4
	mov	ecx, 1023
	rep stosd
	ret

paging_32:
	mov	edi, DIR_A
	call	make_dir
	mov	edi, DIR_B
	call	make_dir
	mov	edi, DIR_C
	call	make_dir
	mov	eax, 10h		; PSE
	mov	cr4, eax
	mov	eax, DIR_A
	mov	cr3, eax
	mov	eax, cr0
	or	eax, 80000000h
	mov	cr0, eax
	; DIR_A 4 times in all, DIR_B 2, DIR_C 1
	mov	ebx, DIR_B
	mov	cr3, ebx
	mov	eax, DIR_A
	mov	cr3, eax
	mov	cr3, ebx
	mov	ecx, DIR_C
	mov	cr3, ecx
	mov	cr3, eax
	mov	eax, cr3
	cmp	eax, DIR_A
	ok_if	e, "CR3 is what was written"
	; the TLB goes with a move to CR3
	mov	dword [DIR_A + 4], 83h
	mov	eax, [400000h + table]
	mov	dword [DIR_A + 4], 0
	mov	eax, DIR_A
	mov	cr3, eax
	try	mov al, [400000h + table]
	raises	14, "#PF: a read"
	mov	eax, cr2
	cmp	eax, 400000h + table
	ok_if	e, "CR2"
	try	mov [400123h], al
	raises	14, "#PF: a write"
	mov	dword [DIR_A + 4], 81h	; read-only
	mov	eax, cr0
	or	eax, 10000h		; WP
	mov	cr0, eax
	try	mov [400123h], al
	raises	14, "#PF: a write to a read-only page"
	mov	eax, [lib_error_code]
	cmp	eax, 3
	ok_if	e, "error code 3"
	mov	eax, cr0
	and	eax, 7FFEFFFFh
	mov	cr0, eax
	ret

paging_pae:
	mov	edi, PDPT_GOOD
	xor	eax, eax
	mov	ecx, (PAE_DIR + 1000h - PDPT_GOOD) / 4
	rep stosd
	mov	dword [PDPT_GOOD], PAE_DIR | 1
	mov	dword [PDPT_BAD], PAE_DIR | 7	; two reserved bits
	mov	dword [PAE_DIR], 83h
	mov	eax, 20h		; PAE
	mov	cr4, eax
	mov	eax, PDPT_GOOD
	mov	cr3, eax
	mov	eax, cr0
	or	eax, 80000000h
	mov	cr0, eax
	mov	eax, PDPT_BAD
	try	mov cr3, eax
	raises	13, "#GP: CR3, and a PDPTE with reserved bits"
	mov	eax, cr3
	cmp	eax, PDPT_GOOD
	ok_if	e, "CR3 is as before"
	mov	eax, cr0
	and	eax, 7FFFFFFFh
	mov	cr0, eax
	xor	eax, eax
	mov	cr4, eax
	ret

; ---- 64-bit code --------------------------------------------------------------------------------

	bits	64
cr8_moves:
	mov	eax, 5
	mov	cr8, rax
	mov	rax, cr8
	cmp	rax, 5
	ok_if	e, "CR8 is what was written"
	mov	eax, 16
	try	mov cr8, rax
	raises	13, "#GP: CR8 above 15"
	xor	eax, eax
	mov	cr8, rax
	ret

tables_64:
	sgdt	[table]
	mov	rax, [table + 2]
	cmp	rax, gdt
	ok_if	e, "SGDT: 64 bits of base"
	lgdt	[table]
	mov	rax, 8000000000000000h
	mov	[table + 2], rax
	try	lgdt [table]
	raises	13, "#GP: LGDT of a base that is not canonical"
	ret
	bits	16

	align	8
table		times 10 db 0
	align	4
dr6_seen	dd 0
tss_area	times 104 db 0
