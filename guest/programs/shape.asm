; guest/programs/shape.asm - what controls of VM entry and exit may load, shadow or scale, and a
; guest must not notice.
;
; Promise: SYSCALL's MSRs keep what was written through any number of exits (msrarea=), CR8 reads as
; written (tpr=), a changed page table counts after MOV to CR3 or INVLPG (vpid=), and the TSC runs
; as CPUID leaf 15h says (tsc=). SDM 3C "VM-Entry Controls for MSRs", "TPR Virtualization",
; "Time-Stamp Counter Offset and Multiplier".

%define NAME "shape"
%define LIB_32
%define LIB_64
%include "lib.inc"
%include "protected.inc"
%include "long.inc"

STAR		equ 0C0000081h
LSTAR		equ 0C0000082h
KERNEL_GS_BASE	equ 0C0000102h
TSC_AUX		equ 0C0000103h
PAGE_TABLE	equ 1B000h
PLACE		equ 600000h	; linear; leads to one of these two
FRAME_A		equ 20000h
FRAME_B		equ 21000h

main:
	call	tsc_rate
	call	enter_protected
	bits	32
	call	enter_long
	bits	64
	call	msrs
	call	task_priority
	call	pages
	call	leave_long
	bits	32
	call	leave_protected
	bits	16
	pass

; The PIT counts 50 ms down, and the TSC counts meanwhile.
COUNT		equ PIT_HZ / 20
tsc_rate:
	mov	eax, 0
	cpuid
	cmp	eax, 15h
	jb	.unknown
	mov	eax, 15h
	xor	ecx, ecx
	cpuid
	test	ecx, ecx
	jz	.unknown
	mov	esi, eax
	mov	eax, ecx
	mul	ebx
	cmp	edx, esi
	jae	.unknown		; too fast for 32 bits
	div	esi			; Hz
	mov	edi, eax
	rdtsc
	mov	eax, edx
	say	"TSC, upper half: "
	print_hex
	line
	in	al, 61h
	and	al, 0FCh
	or	al, 1			; gate of channel 2
	out	61h, al
	pit_start 2, 0, COUNT
	rdtsc
	mov	ebx, eax
.wait:
	in	al, 61h
	test	al, 20h
	jz	.wait
	rdtsc
	sub	eax, ebx
	mov	ecx, eax
	xor	edx, edx
	mov	eax, edi
	mov	ebx, 2000
	div	ebx
	mov	ebx, eax
	mov	eax, ecx
	xor	edx, edx
	div	ebx			; per cent of what it should be
	cmp	eax, 90
	setae	bl
	cmp	eax, 150			; others may have the core meanwhile
	setbe	bh
	and	bl, bh
	cmp	bl, 1
	in_lintel_if e, "the TSC runs as fast as CPUID 15h says"
	ret
.unknown:
	line	"CPUID 15h says nothing of the TSC"
	ret

	bits	64
; show_msr INDEX, "name"
%macro show_msr 2
	mov	ecx, %1
	rdmsr
	say	%2, " begins as "
	xchg	eax, edx
	print_hex
	mov	eax, edx
	print_hex
	line
%endmacro

; set_msr INDEX, UPPER HALF, LOWER HALF
%macro set_msr 3
	mov	ecx, %1
	mov	edx, %2
	mov	eax, %3
	wrmsr
%endmacro

%macro msr_is 4
	mov	ecx, %1
	rdmsr
	cmp	edx, %2
	must	e, %4
	cmp	eax, %3
	ok_if	e, %4
%endmacro

msrs:
	show_msr LSTAR, "LSTAR"
	set_msr	STAR, 00230010h, 12345678h
	set_msr	LSTAR, 0FFFF8000h, 89ABCDEFh
	set_msr	KERNEL_GS_BASE, 00007FFFh, 0FEDCBA98h
	set_msr	TSC_AUX, 0, 77h
	mov	edi, 1000
.exits:
	mov	eax, 40000000h
	xor	ecx, ecx
	cpuid
	dec	edi
	jnz	.exits
	msr_is	STAR, 00230010h, 12345678h, "STAR survives a thousand exits"
	msr_is	LSTAR, 0FFFF8000h, 89ABCDEFh, "LSTAR"
	msr_is	KERNEL_GS_BASE, 00007FFFh, 0FEDCBA98h, "KERNEL_GS_BASE"
	rdtscp
	mov	eax, ecx
	cmp	eax, 77h
	ok_if	e, "TSC_AUX"
	mov	ecx, LSTAR
	mov	edx, 8000h
	try	wrmsr
	raises	13, "#GP: LSTAR with an address that is not canonical"
	ret

; TPR VALUE: written and read back.
%macro tpr 1
	mov	eax, %1
	mov	cr8, rax
	mov	rbx, cr8
	cmp	rax, rbx
	must	e, "CR8 reads as written"
%endmacro

task_priority:
	mov	edi, 1000
.many:
	tpr	8
	tpr	15
	tpr	6
	dec	edi
	jnz	.many
	tpr	5
	tpr	4
	tpr	6
	tpr	5
	tpr	0
	ok	"CR8 reads as written"
	mov	eax, 16
	try	mov cr8, rax
	raises	13, "#GP: CR8 above 15"
	ret

pages:
	mov	edi, PAGE_TABLE
	xor	eax, eax
	mov	ecx, 1024
	rep stosd
	mov	dword [FRAME_A], "AAAA"
	mov	dword [FRAME_B], "BBBB"
	mov	dword [LONG_DIR + 3 * 8], PAGE_TABLE | 3
	mov	dword [PAGE_TABLE], FRAME_A | 3
	mov	edi, 100
.next:
	mov	dword [PAGE_TABLE], FRAME_A | 3
	mov	rax, cr3
	mov	cr3, rax
	mov	eax, [PLACE]
	cmp	eax, "AAAA"
	must	e, "the first page"
	mov	dword [PAGE_TABLE], FRAME_B | 3
	invlpg	[PLACE]
	mov	eax, [PLACE]
	cmp	eax, "BBBB"
	must	e, "the second page"
	dec	edi
	jnz	.next
	ok	"MOV to CR3, INVLPG: a changed page table counts"
	ret
	bits	16
