; guest/programs/syscalls.asm - a small 64-bit kernel, and a program at CPL 3 that calls it.
;
; Promise: SYSCALL and SYSRET load what the manual says, to 64-bit and to compatibility mode, and
; raise #UD and #GP where it says so, whether somebody watches them (watch=syscall) or not. SDM 2B
; "SYSCALL-Fast System Call", "SYSRET-Return From Fast System Call".

%define NAME "syscalls"
%define LIB_32
%define LIB_64
%include "lib.inc"
%include "protected.inc"
%include "long.inc"

STAR		equ 0C0000081h
LSTAR		equ 0C0000082h
FMASK		equ 0C0000084h
EFER_SCE	equ 1
TSS		equ 20000h
KERNEL_STACK	equ 30000h
FAULT_STACK	equ 31000h	; where exceptions at CPL 3 arrive
USER_STACK	equ 32000h
FLAGS_MASKED	equ 400h	; DF

; The order is SYSCALL's and SYSRET's.
KERNEL_DATA	equ gdt.extra - gdt		; behind CODE_64
USER_CODE_32	equ (gdt.extra + 8 - gdt) | 3
USER_DATA	equ (gdt.extra + 16 - gdt) | 3
USER_CODE_64	equ (gdt.extra + 24 - gdt) | 3
TASK		equ gdt.extra + 32 - gdt

CALL_WRITE	equ 1		; RDI text, RSI characters; returns how many
CALL_ADD	equ 2		; returns RDI + RSI
CALL_NARROW	equ 3		; returns in compatibility mode
CALL_EXIT	equ 60		; RDI status

main:
	call	enter_protected
	bits	32
	mov	dword [gdt.extra], 0000FFFFh
	mov	dword [gdt.extra + 4], 00CF9200h
	mov	dword [gdt.extra + 8], 0000FFFFh
	mov	dword [gdt.extra + 12], 00CFFA00h
	mov	dword [gdt.extra + 16], 0000FFFFh
	mov	dword [gdt.extra + 20], 00CFF200h
	mov	dword [gdt.extra + 24], 0000FFFFh
	mov	dword [gdt.extra + 28], 00AFFA00h
	mov	dword [gdt.extra + 32], (TSS & 0FFFFh) << 16 | 103
	mov	dword [gdt.extra + 36], 8900h | TSS >> 16
	call	enter_long
	bits	64
	mov	edi, TSS
	xor	eax, eax
	mov	ecx, 26
	rep stosd
	mov	dword [TSS + 4], FAULT_STACK
	mov	ax, TASK
	ltr	ax
	or	byte [LONG_PML4], 4	; CPL 3 may use it
	or	byte [LONG_PDPT], 4
	or	byte [LONG_DIR], 4
	mov	rax, cr3
	mov	cr3, rax
	call	switch_on
	call	refused
	mov	[kernel_rsp], rsp
	mov	rcx, user
	mov	r11d, 402h		; DF is the program's
	mov	esp, USER_STACK
	o64 sysret

switch_on:
	try	syscall
	raises	6, "#UD: SYSCALL with EFER.SCE clear"
	mov	ecx, LONG_EFER
	rdmsr
	or	eax, EFER_SCE
	mov	ebx, eax
	wrmsr
	rdmsr
	cmp	eax, ebx
	ok_if	e, "EFER.SCE reads as written"
	mov	ecx, STAR
	mov	edx, USER_CODE_32 << 16 | CODE_64
	xor	eax, eax
	wrmsr
	mov	ecx, LSTAR
	xor	edx, edx
	mov	eax, kernel
	wrmsr
	mov	ecx, FMASK
	mov	eax, FLAGS_MASKED
	wrmsr
	ret

refused:
	mov	rcx, 1 << 60
	try	o64 sysret
	raises	13, "#GP: SYSRET to an address that is not canonical"
	try	ud2
	raises	6, "#UD of another instruction"
	ret

; All of the kernel: RAX is the number.
kernel:
	mov	[user_rsp], rsp
	mov	esp, KERNEL_STACK
	push	rcx
	push	r11
	inc	dword [calls]
	pushf
	pop	qword [seen_flags]
	mov	[seen_r11], r11
	mov	[seen_cs], cs
	mov	[seen_ss], ss
	cld
	cmp	eax, CALL_WRITE
	je	.write
	cmp	eax, CALL_ADD
	je	.add
	cmp	eax, CALL_NARROW
	je	.narrow
	cmp	eax, CALL_EXIT
	je	finish
	mov	rax, -38		; no such call
	jmp	.back
.write:
	mov	ebx, esi
	mov	esi, edi
	mov	ecx, ebx
.char:
	lodsb
	print_char
	loop	.char
	mov	eax, ebx
	jmp	.back
.add:
	lea	rax, [rdi + rsi]
.back:
	pop	r11
	pop	rcx
	mov	rsp, [user_rsp]
	o64 sysret
.narrow:
	xor	eax, eax
	pop	r11
	pop	rcx
	mov	rsp, [user_rsp]
	sysret

; ---- at CPL 3 -----------------------------------------------------------------------------------

user:
	mov	[user_cs], cs
	mov	[user_ss], ss
	mov	eax, USER_DATA		; IRET to CPL 3 takes the kernel's away
	mov	ds, ax
	mov	es, ax
	mov	eax, CALL_WRITE
	mov	edi, greeting
	mov	esi, greeting.end - greeting
	std
	syscall
.after_write:
	mov	[written], eax
	pushf
	pop	qword [user_flags]
	mov	[user_rcx], rcx
	cld
	mov	eax, CALL_ADD
	mov	rdi, 1 << 40
	mov	esi, 5
	syscall
	mov	[sum], rax
	mov	eax, 999
	syscall
	mov	[unknown], rax
	try	o64 sysret
	mov	al, [lib_exception]
	mov	[sysret_fault], al
	try	ud2
	mov	al, [lib_exception]
	mov	[ud2_fault], al
	mov	eax, CALL_NARROW
	syscall
	bits	32
	mov	[narrow_cs], cs
	mov	eax, 0
	dec	eax			; in 64-bit mode a REX prefix
	mov	[narrow_eax], eax
	try	syscall
	mov	al, [lib_exception]
	mov	[narrow_fault], al
	jmp	USER_CODE_64:.wide
	bits	64
.wide:
	mov	eax, CALL_EXIT
	xor	edi, edi
	syscall

; ---- at CPL 0 again, in the last call ------------------------------------------------------------

%macro was 3+
	mov	eax, [%1]
	cmp	eax, %2
	ok_if	e, %3
%endmacro

finish:
	mov	rsp, [kernel_rsp]
	was	user_cs, USER_CODE_64, "SYSRET: CS of 64-bit mode, at CPL 3"
	was	user_ss, USER_DATA, "SYSRET: SS"
	was	seen_cs, CODE_64, "SYSCALL: CS, at CPL 0"
	was	seen_ss, KERNEL_DATA, "SYSCALL: SS"
	mov	eax, [seen_flags]
	and	eax, FLAGS_MASKED
	ok_if	z, "SYSCALL clears the flags of FMASK"
	mov	eax, [user_flags]
	cmp	eax, 402h
	ok_if	e, "SYSRET brings them back"
	mov	rax, [user_rcx]
	cmp	rax, user.after_write
	ok_if	e, "RCX is the address behind SYSCALL"
	was	written, greeting.end - greeting, "a call returns a number"
	mov	rax, [sum]
	mov	rbx, 1 << 40 | 5
	cmp	rax, rbx
	ok_if	e, "of 64 bits"
	was	unknown, -38, "there is no call 999"
	movzx	eax, byte [sysret_fault]
	cmp	eax, 13
	ok_if	e, "#GP: SYSRET at CPL 3"
	movzx	eax, byte [ud2_fault]
	cmp	eax, 6
	ok_if	e, "#UD: UD2 at CPL 3"
	was	narrow_cs, USER_CODE_32, "SYSRET without REX.W: CS of compatibility mode"
	was	narrow_eax, -1, "opcode 48h is DEC there"
	movzx	eax, byte [narrow_fault]
	cmp	eax, 6
	ok_if	e, "#UD: SYSCALL in compatibility mode"
	was	calls, 5, "five system calls"
	call	leave_long
	bits	32
	call	leave_protected
	bits	16
	pass

greeting	db "hello from CPL 3", 13, 10
.end:
	align	8
kernel_rsp	dq 0
user_rsp	dq 0
user_flags	dq 0
user_rcx	dq 0
seen_flags	dq 0
seen_r11	dq 0
sum		dq 0
unknown		dq 0
user_cs		dd 0
user_ss		dd 0
seen_cs		dd 0
seen_ss		dd 0
written		dd 0
narrow_cs	dd 0
narrow_eax	dd 0
calls		dd 0
sysret_fault	db 0
ud2_fault	db 0
narrow_fault	db 0
