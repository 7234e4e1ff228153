; guest/programs/modes.asm - through the modes of the CPU: real, protected, 32-bit paging, PAE
; paging, long mode with its compatibility mode, and all the way back.
;
; Promise: each mode works as the manual says, and is entered and left as often as one likes.
; SDM 3A "Mode Switching", "Paging", "Initializing IA-32e Mode".

%define NAME "modes"
%define LIB_32
%define LIB_64
%include "lib.inc"
%include "protected.inc"

PAGE_DIR	equ 10000h	; 32-bit paging
PAGE_TABLE	equ 11000h
PDPT		equ 12000h	; PAE: one PDPT of four, one directory, one table
PAE_DIR		equ 13000h
PAE_TABLE	equ 14000h
PML4		equ 15000h	; long mode; shares PAE_DIR
PDPT_64		equ 16000h
PDPT_HIGH	equ 17000h

BUFFER		equ 20000h	; seen again at VIEW
VIEW		equ 180000h	; a linear address whose memory is elsewhere
HOLE		equ 181000h	; not present
READ_ONLY	equ 182000h	; BUFFER again, not writable
NO_EXECUTE	equ 183000h	; BUFFER again, not executable (PAE on)

PTE_PRESENT	equ 1
PTE_WRITE	equ 2
PTE_ACCESSED	equ 20h
PTE_DIRTY	equ 40h
PTE_LARGE	equ 80h

CR0_PG		equ 1 << 31
CR0_WP		equ 1 << 16
CR4_PSE		equ 1 << 4
CR4_PAE		equ 1 << 5

MSR_EFER	equ 0C0000080h
EFER_LME	equ 1 << 8
EFER_LMA	equ 1 << 10
EFER_NXE	equ 1 << 11

main:
	call	all_modes
	mov	byte [lib_quiet], 1
	call	all_modes		; what the first round leaves behind must not matter
	mov	byte [lib_quiet], 0
	ok	"and all of that once more"
	pass

all_modes:
	call	real_mode
	call	enter_protected
	bits	32
	call	protected_mode
	call	paging_32
	call	paging_pae
	call	long_mode
	call	leave_protected
	bits	16
	jmp	real_again

real_mode:
	mov	eax, cr0
	test	al, 1
	ok_if	z, "real mode: CR0.PE is clear"
	mov	ax, 0FFFFh	; segment:offset reaches up to 10FFEFh
	mov	fs, ax
	mov	bx, 2000h
	mov	gs, bx
	mov	dword [gs:0], 12345678h
	mov	bx, 1FF0h
	mov	gs, bx
	mov	eax, [gs:100h]
	cmp	eax, 12345678h
	ok_if	e, "real mode: the base is the segment times 16"
	ret

real_again:
	mov	eax, cr0
	test	eax, CR0_PG | 1
	ok_if	z, "real mode again: CR0.PG and CR0.PE are clear"
	mov	ecx, MSR_EFER
	rdmsr
	test	eax, EFER_LME | EFER_LMA
	ok_if	z, "real mode again: EFER.LME and EFER.LMA are clear"
	try	int 3
	raises	3, "real mode again: the old interrupt table works"
	ret

; ---- protected mode without paging --------------------------------------------------------------

	bits	32
protected_mode:
	mov	eax, cr0
	test	al, 1
	ok_if	nz, "protected mode: CR0.PE is set"
	mov	eax, esp
	sub	eax, 4
	push	eax
	cmp	[esp], esp
	ok_if	e, "protected mode: a push moves ESP by four"
	pop	eax
	lsl	eax, [selector_code_32]
	cmp	eax, 0FFFFFFFFh
	ok_if	e, "protected mode: LSL reads a limit of 4 GiB"
	mov	ax, DATA_16		; limit FFFFh
	mov	fs, ax
	try	mov byte [fs:10000h], 1
	raises	13, "protected mode: #GP past a segment's limit"
	mov	ax, 0F00h		; past the table
	try	mov fs, ax
	raises	13, "protected mode: #GP for a selector past the table"
	mov	eax, [lib_error_code]
	cmp	eax, 0F00h
	ok_if	e, "protected mode: the error code is that selector"
	mov	ax, CODE_32
	mov	fs, ax
	try	mov byte [fs:BUFFER], 1
	raises	13, "protected mode: #GP for a write to a code segment"
	mov	ax, DATA_32
	mov	fs, ax
	ret

selector_code_32 dw CODE_32

; ---- 32-bit paging ------------------------------------------------------------------------------

; The first 4 MiB (8-byte entries: 2 MiB) map to themselves, 4 KiB pages, with exceptions at VIEW
; and behind it. EDI: table; EDX: bytes in an entry (4, 8); loses EAX, ECX.
fill_table:
	push	edi
	mov	ecx, 1024		; entries of 4 bytes in a page; half as many of 8
	cmp	edx, 8
	jne	.start
	shr	ecx, 1
.start:
	mov	eax, PTE_PRESENT | PTE_WRITE
.entry:
	mov	[edi], eax
	cmp	edx, 8
	jne	.narrow
	mov	dword [edi + 4], 0
.narrow:
	add	edi, edx
	add	eax, 1000h
	loop	.entry
	pop	edi
	ret

paging_32:
	mov	edi, PAGE_DIR
	call	clear_page
	mov	edi, PAGE_TABLE
	mov	edx, 4
	call	fill_table
	mov	dword [PAGE_DIR], PAGE_TABLE | PTE_PRESENT | PTE_WRITE
	mov	dword [PAGE_TABLE + (VIEW >> 12) * 4], BUFFER | PTE_PRESENT | PTE_WRITE
	mov	dword [PAGE_TABLE + (HOLE >> 12) * 4], 0
	mov	dword [PAGE_TABLE + (READ_ONLY >> 12) * 4], BUFFER | PTE_PRESENT
	mov	eax, PAGE_DIR
	mov	cr3, eax
	mov	eax, cr0
	or	eax, CR0_PG | CR0_WP
	mov	cr0, eax
	jmp	.on
.on:
	mov	eax, cr0
	test	eax, CR0_PG
	ok_if	nz, "32-bit paging: CR0.PG is set"
	call	check_pages_32
	mov	eax, [PAGE_TABLE + (VIEW >> 12) * 4]
	and	eax, PTE_ACCESSED | PTE_DIRTY
	cmp	eax, PTE_ACCESSED | PTE_DIRTY
	ok_if	e, "32-bit paging: the accessed and dirty flags were set"

	mov	eax, cr4		; and one page of 4 MiB
	or	eax, CR4_PSE
	mov	cr4, eax
	mov	dword [PAGE_DIR + 4], PTE_PRESENT | PTE_WRITE | PTE_LARGE
	mov	dword [BUFFER], 0FACE0FFh
	mov	eax, [400000h + BUFFER]
	cmp	eax, 0FACE0FFh
	ok_if	e, "32-bit paging: a page of 4 MiB"

	mov	eax, cr0
	and	eax, ~CR0_PG
	mov	cr0, eax
	ret

; VIEW, HOLE and READ_ONLY, the same for both kinds of 32-bit tables.
check_pages_32:
	mov	dword [BUFFER], 1
	mov	dword [VIEW], 0CAFEh
	mov	eax, [BUFFER]
	cmp	eax, 0CAFEh
	ok_if	e, "a linear address leads to another page"
	try	mov byte [HOLE + 123h], 1
	raises	14, "#PF where no page is"
	mov	eax, [lib_error_code]
	cmp	eax, 2
	ok_if	e, "its error code: a write, not present"
	mov	eax, cr2
	cmp	eax, HOLE + 123h
	ok_if	e, "CR2 is the address"
	try	mov byte [READ_ONLY], 1
	raises	14, "#PF for a write to a read-only page, CR0.WP set"
	mov	eax, [lib_error_code]
	cmp	eax, 3
	ok_if	e, "its error code: a write, present"
	ret

clear_page:				; EDI; loses EAX, ECX
	push	edi
	xor	eax, eax
	mov	ecx, 1024
	rep stosd
	pop	edi
	ret

; ---- PAE ----------------------------------------------------------------------------------------

make_pae_tables:
	mov	edi, PDPT
	call	clear_page
	mov	edi, PAE_DIR
	call	clear_page
	mov	edi, PAE_TABLE
	mov	edx, 8
	call	fill_table
	mov	dword [PDPT], PAE_DIR | PTE_PRESENT
	mov	dword [PAE_DIR], PAE_TABLE | PTE_PRESENT | PTE_WRITE
	mov	dword [PAE_DIR + 8], PTE_PRESENT | PTE_WRITE | PTE_LARGE ; 2 MiB: to 0
	mov	dword [PAE_TABLE + (VIEW >> 12) * 8], BUFFER | PTE_PRESENT | PTE_WRITE
	mov	dword [PAE_TABLE + (HOLE >> 12) * 8], 0
	mov	dword [PAE_TABLE + (READ_ONLY >> 12) * 8], BUFFER | PTE_PRESENT
	mov	dword [PAE_TABLE + (NO_EXECUTE >> 12) * 8], BUFFER | PTE_PRESENT | PTE_WRITE
	mov	dword [PAE_TABLE + (NO_EXECUTE >> 12) * 8 + 4], 80000000h
	ret

paging_pae:
	call	make_pae_tables
	mov	eax, cr4
	or	eax, CR4_PAE
	mov	cr4, eax
	mov	ecx, MSR_EFER
	rdmsr
	or	eax, EFER_NXE
	wrmsr
	mov	eax, PDPT
	mov	cr3, eax
	mov	eax, cr0
	or	eax, CR0_PG | CR0_WP
	mov	cr0, eax
	ok	"PAE paging: on"
	call	check_pages_32
	mov	dword [BUFFER], 0BEEFh
	mov	eax, [200000h + BUFFER]
	cmp	eax, 0BEEFh
	ok_if	e, "PAE paging: a page of 2 MiB"
	mov	byte [BUFFER], 0C3h	; RET
	mov	eax, VIEW
	call	eax
	cmp	eax, VIEW
	ok_if	e, "PAE paging: code runs where NX is clear"
	mov	eax, NO_EXECUTE
	mov	[saved_esp], esp
	try	call eax
	mov	esp, [saved_esp]
	raises	14, "PAE paging: #PF where NX is set"
	mov	eax, [lib_error_code]
	cmp	eax, 11h
	ok_if	e, "PAE paging: its error code: a fetch, present"

	mov	eax, cr0
	and	eax, ~CR0_PG
	mov	cr0, eax
	ret

saved_esp dd 0

; ---- long mode ----------------------------------------------------------------------------------

HIGH		equ 0FFFF800000000000h	; the same first GiB once more

long_mode:
	call	make_pae_tables
	mov	edi, PML4
	call	clear_page
	mov	edi, PDPT_64
	call	clear_page
	mov	edi, PDPT_HIGH
	call	clear_page
	mov	dword [PML4], PDPT_64 | PTE_PRESENT | PTE_WRITE
	mov	dword [PML4 + 256 * 8], PDPT_HIGH | PTE_PRESENT | PTE_WRITE
	mov	dword [PDPT_64], PAE_DIR | PTE_PRESENT | PTE_WRITE
	mov	dword [PDPT_HIGH], PAE_DIR | PTE_PRESENT | PTE_WRITE
	call	make_idt_64
	mov	ecx, MSR_EFER
	rdmsr
	or	eax, EFER_LME
	wrmsr
	rdmsr
	test	eax, EFER_LMA
	ok_if	z, "long mode: EFER.LMA stays clear until paging is on"
	mov	eax, PML4
	mov	cr3, eax
	mov	eax, cr0
	or	eax, CR0_PG | CR0_WP
	mov	cr0, eax
	mov	ecx, MSR_EFER
	rdmsr
	test	eax, EFER_LMA
	ok_if	nz, "long mode: EFER.LMA is set"
	lidt	[idt_64_pointer]
	jmp	CODE_64:.wide

	bits	64
.wide:
	call	in_64_bits
	jmp	far dword [to_compatibility]

	bits	32
.compatible:
	mov	eax, 7Fh
	db	40h			; INC EAX here, a prefix in 64-bit code
	nop
	cmp	eax, 80h
	ok_if	e, "compatibility mode: opcode 40h is INC"
	mov	eax, cr0
	and	eax, ~CR0_PG
	mov	cr0, eax
	mov	ecx, MSR_EFER
	rdmsr
	test	eax, EFER_LMA
	ok_if	z, "long mode left: EFER.LMA is clear"
	and	eax, ~(EFER_LME | EFER_NXE)
	wrmsr
	mov	eax, cr4
	and	eax, ~(CR4_PAE | CR4_PSE)
	mov	cr4, eax
	mov	eax, cr0
	and	eax, ~CR0_WP
	mov	cr0, eax
	lidt	[idt_32_pointer]
	ret

; 16-byte interrupt gates to the 64-bit stubs; SDM 3A "64-Bit Mode IDT".
make_idt_64:
	mov	eax, lib_stubs_64
	mov	edi, IDT_64
	mov	ecx, 32
.next:
	mov	[edi], ax
	mov	word [edi + 2], CODE_64
	mov	dword [edi + 4], 8E00h
	mov	dword [edi + 8], 0
	mov	dword [edi + 12], 0
	add	eax, LIB_STUB
	add	edi, 16
	loop	.next
	ret

	bits	64
in_64_bits:
	mov	rax, 123456789ABCDEF0h
	mov	r15, rax
	mov	eax, 1			; clears the upper half
	shr	rax, 32
	ok_if	z, "64 bits: a write to EAX clears the upper half of RAX"
	shr	r15, 32
	mov	eax, r15d
	cmp	eax, 12345678h
	ok_if	e, "64 bits: R15 holds 64 bits"
	mov	rbx, HIGH
	mov	dword [abs VIEW], 0D00Dh
	mov	eax, [rbx + BUFFER]
	cmp	eax, 0D00Dh
	ok_if	e, "64 bits: an address in the upper half"
	mov	rbx, 0000800000000000h
	try	mov eax, [rbx]
	raises	13, "64 bits: #GP for a non-canonical address"
	try	mov byte [abs HOLE], 1
	raises	14, "64 bits: #PF where no page is"
	mov	rax, cr2
	cmp	rax, HOLE
	ok_if	e, "64 bits: CR2 is the address"
	mov	rax, cr4
	and	rax, ~CR4_PAE
	try	mov cr4, rax
	raises	13, "64 bits: #GP when CR4.PAE is cleared"
	mov	ecx, MSR_EFER
	rdmsr
	xor	eax, EFER_LME
	try	wrmsr
	raises	13, "64 bits: #GP when EFER.LME changes while paging is on"
	mov	ecx, 0C0000100h		; FS base, above 4 GiB
	mov	eax, BUFFER
	mov	edx, 0FFFF8000h
	wrmsr
	mov	eax, [fs:0]
	cmp	eax, 0D00Dh
	ok_if	e, "64 bits: the FS base from its MSR"
	lea	rax, [rel in_64_bits]
	mov	rbx, HIGH
	add	rax, rbx
	lea	rax, [rax + .above - in_64_bits]
	jmp	rax			; run from the upper half too
.above:
	lea	rax, [rel .above]
	shr	rax, 32
	cmp	eax, 0FFFF8000h
	ok_if	e, "64 bits: code runs in the upper half"
	mov	eax, .below
	jmp	rax
.below:
	ret

to_compatibility dd long_mode.compatible
		dw CODE_32
