; guest/programs/user.asm - what code at CPL 3 may do, and what not.
;
; Promise: the guest's own privilege checks come before anything that the hypervisor does; a port
; that the task's I/O bitmap allows works; VMCALL is for CPL 0 alone.
; SDM 3A "Privileged Instructions"; SDM 1 "I/O Permission Bit Map".

%define NAME "user"
%define LIB_32
%include "lib.inc"
%include "protected.inc"

TSS		equ 20000h
TSS_IOMAP	equ 104
TSS_LIMIT	equ TSS_IOMAP + 8192	; with the byte of ones behind the bitmap
KERNEL_STACK	equ 30000h		; where exceptions at CPL 3 arrive
USER_STACK	equ 31000h
PORT_OPEN	equ COM1_SCR		; the bitmap allows this one
RFLAGS_RF	equ 1 << 16
RETURN		equ 2Fh			; INT that leads back to CPL 0

USER_CODE	equ (gdt.extra - gdt) | 3
USER_DATA	equ (gdt.extra + 8 - gdt) | 3
TASK		equ gdt.extra + 16 - gdt

; note INSTRUCTION: tries it at CPL 3 and keeps the exception. (There is no printing at CPL 3.)
%assign NOTES 0
%macro note 1+
	try	%1
	mov	al, [lib_exception]
	mov	[notes + NOTES], al
	%assign NOTES NOTES + 1
%endmacro

main:
	outb	COM1_SCR, 5Ah
	call	enter_protected
	bits	32
	call	saved_flags
	call	prepare
	mov	[kernel_esp], esp
	push	dword USER_DATA
	push	dword USER_STACK
	push	dword 2
	push	dword USER_CODE
	push	dword user
	iretd

; A fault saves RF set, whoever raised it; a trap does not. SDM 3B "Instruction-Breakpoint Exception
; Condition".
saved_flags:
	try	ud2
	raises	6, "UD2"
	call	.test_rf
	ok_if	nz, "#UD of the CPU saves RF"
	try	vmxoff
	raises	6, "VMXOFF"
	call	.test_rf
	ok_if	nz, "#UD of VMXOFF saves RF"
	mov	ecx, 12345678h
	try	rdmsr
	raises	13, "RDMSR"
	call	.test_rf
	ok_if	nz, "#GP of RDMSR saves RF"
	try	int3
	raises	3, "INT3"
	call	.test_rf
	ok_if	z, "#BP saves it clear"
	ret
.test_rf:
	test	dword [lib_fault_flags], RFLAGS_RF
	ret

user:
	mov	ax, USER_DATA
	mov	ds, ax
	mov	es, ax
	note	mov eax, cr0
	note	hlt
	note	cli
	note	wbinvd
	note	rdmsr
	mov	dx, 61h
	note	in al, dx
	mov	edi, USER_STACK
	note	insb
	note	vmcall
	note	vmxoff
	note	lgdt [gdt_pointer]
	note	mov eax, dr7
	mov	dx, PORT_OPEN
	note	in al, dx
	note	in ax, dx		; the second of its two ports is closed
	mov	dx, PORT_OPEN
	in	al, dx
	mov	[port_value], al
	xor	eax, eax
	note	cpuid
	note	rdtsc
	mov	ax, cs
	mov	[user_cs], ax
	int	RETURN

back:
	mov	ax, DATA_32
	mov	ds, ax
	mov	es, ax
	mov	ss, ax
	mov	esp, [kernel_esp]
	call	judge_notes
	call	leave_protected
	bits	16
	pass
	bits	32

judge_notes:
	movzx	eax, word [user_cs]
	cmp	eax, USER_CODE
	ok_if	e, "this was at CPL 3"
	xor	ebx, ebx
.next:
	movzx	eax, byte [notes + ebx]
	cmp	al, [expected + ebx]
	je	.same
	say	"instruction "
	xchg	eax, ebx
	print_dec
	xchg	eax, ebx
	line
	fail	"another exception than expected"
.same:
	inc	ebx
	cmp	ebx, NOTES
	jb	.next
	ok	"#GP: privileged instructions, and ports that are not open"
	ok	"#UD: VMCALL and VMX instructions"
	movzx	eax, byte [port_value]
	cmp	eax, 5Ah
	ok_if	e, "a port that the I/O bitmap opens works"
	ok	"CPUID and RDTSC work"
	ret

prepare:
	mov	edi, TSS
	xor	eax, eax
	mov	ecx, TSS_IOMAP / 4
	rep stosd
	dec	eax
	mov	ecx, 8192 / 4 + 1
	rep stosd
	mov	dword [TSS + 4], KERNEL_STACK
	mov	dword [TSS + 8], DATA_32
	mov	word [TSS + 102], TSS_IOMAP
	and	byte [TSS + TSS_IOMAP + PORT_OPEN / 8], ~(1 << (PORT_OPEN & 7)) & 0FFh
	mov	dword [gdt.extra], 0000FFFFh
	mov	dword [gdt.extra + 4], 00CFFA00h
	mov	dword [gdt.extra + 8], 0000FFFFh
	mov	dword [gdt.extra + 12], 00CFF200h
	mov	dword [gdt.extra + 16], (TSS & 0FFFFh) << 16 | TSS_LIMIT
	mov	dword [gdt.extra + 20], 8900h | TSS >> 16
	mov	ax, TASK
	ltr	ax
	set_gate RETURN, back
	mov	byte [IDT_32 + RETURN * 8 + 5], 0EEh	; DPL 3
	ret

expected	db 13, 13, 13, 13, 13, 13, 13	; MOV CR0 to INSB
		db 6, 6				; VMCALL, VMXOFF
		db 13, 13			; LGDT, MOV DR7
		db NO_EXCEPTION, 13		; IN of one byte, of two
		db NO_EXCEPTION, NO_EXCEPTION	; CPUID, RDTSC
notes		times 32 db 0
port_value	db 0
user_cs		dw 0
	align	4
kernel_esp	dd 0
