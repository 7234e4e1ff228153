; guest/programs/exits.asm - a known number of exits of some kinds, for those who count them: half
; of them one after the other, half in turn with others.
;
; Then it goes on for ever, with interrupts off and without any more.

%define NAME "exits"
%include "lib.inc"

IN_40H		equ 1000
OUT_21H		equ 300
CPUID_1		equ 500
RDMSR_17H	equ 70
READS		equ 40			; of 100000h, which is not RAM with 1 MiB

%macro times_do 2+
	mov	esi, %1
%%next:
	%2
	dec	esi
	jnz	%%next
%endmacro

%macro do_in 0
	in	al, 40h
%endmacro

%macro do_out 0
	mov	al, 0FFh
	out	PIC1 + 1, al
%endmacro

%macro do_cpuid 0
	mov	eax, 1
	cpuid
%endmacro

%macro do_rdmsr 0
	mov	ecx, 17h
	rdmsr
%endmacro

%macro do_read 0
	mov	eax, [es:10h]
%endmacro

main:
	mov	ax, 0FFFFh
	mov	es, ax
	times_do IN_40H / 2, do_in
	times_do OUT_21H / 2, do_out
	times_do CPUID_1 / 2, do_cpuid
	times_do RDMSR_17H / 2, do_rdmsr
	times_do READS / 2, do_read
	mov	edi, IN_40H / 2
.mixed:
	do_in
	cmp	edi, OUT_21H / 2
	ja	.no_out
	do_out
.no_out:
	cmp	edi, CPUID_1 / 2
	ja	.no_cpuid
	do_cpuid
.no_cpuid:
	cmp	edi, RDMSR_17H / 2
	ja	.no_rdmsr
	do_rdmsr
.no_rdmsr:
	cmp	edi, READS / 2
	ja	.no_read
	do_read
.no_read:
	dec	edi
	jnz	.mixed
	line	"exits: done"
	cli
	jmp	$
