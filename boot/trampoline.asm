; boot/trampoline.asm - an application processor's way from real mode to C.
;
; drivers/smp.c copies the part from trampoline_start to trampoline_end to a page below 1 MiB and
; fills in the words at its start (boot/trampoline.h). A start-up IPI begins there in real mode, CS
; = page number * 100h, IP = 0. All cores run it at the same time, so it writes to nothing but the
; mailbox. It may stand at any page: addresses are taken from EBX, the page's own.
;
; Spec: SDM 3A "MP Initialization Protocol Algorithm", "Initializing IA-32e Mode".

CR0_BITS	equ 1 << 31 | 1 << 16 | 1 << 5 | 1 << 4 | 1 << 0	; PG, WP, NE, ET, PE
CR0_PE		equ 1
CR4_PAE		equ 1 << 5
MSR_EFER	equ 0xc0000080

CODE32		equ 0x08
DATA32		equ 0x10
CODE64		equ 0x18

global trampoline_start
global trampoline_end
global trampoline_code32
global trampoline_code64
global trampoline_gdt
global trampoline_high

;---------------------------------------------------------------------------------------------------
section .rodata
align 16
bits 16

trampoline_start:
	jmp near .start
	align 8, db 0
.boot_cr3:	dq 0			; tables that map this page where it is, below 4 GiB
.final_cr3:	dq 0
.efer:		dq 0
.high:		dq 0			; trampoline_high's address
.mailbox:	dq 0			; atomic: a stack for the next core, or 0
.closed:	dq 0			; atomic: not 0: who comes now is too late
.gdt_pointer:	dw 0
		dd 0
		align 8, db 0
.far32:		dd 0			; where trampoline_code32 stands
		dw CODE32
		align 8, db 0
.far64:		dd 0
		dw CODE64
		align 8, db 0
.start:
	cli
	cld
	mov ax, cs
	mov ds, ax
	movzx ebx, ax
	shl ebx, 4
	o32 lgdt [.gdt_pointer - trampoline_start]
	mov eax, CR0_PE			; clears CD and NW, which INIT may have left set
	mov cr0, eax
	jmp far dword [.far32 - trampoline_start]

bits 32
trampoline_code32:
	mov ax, DATA32
	mov ds, ax
	mov es, ax
	mov ss, ax
	mov eax, CR4_PAE
	mov cr4, eax
	mov eax, [ebx + trampoline_start.boot_cr3 - trampoline_start]
	mov cr3, eax
	mov ecx, MSR_EFER
	mov eax, [ebx + trampoline_start.efer - trampoline_start]
	xor edx, edx
	wrmsr
	mov eax, CR0_BITS
	mov cr0, eax
	jmp far dword [ebx + trampoline_start.far64 - trampoline_start]

bits 64
trampoline_code64:
	mov ebx, ebx			; the upper half is undefined after the switch
	mov rax, [rbx + trampoline_start.high - trampoline_start]
	mov rcx, [rbx + trampoline_start.final_cr3 - trampoline_start]
	jmp rax

	align 8, db 0
trampoline_gdt:
	dq 0
	dq 0x00cf9b000000ffff		; 08: 32-bit code
	dq 0x00cf93000000ffff		; 10: data
	dq 0x00af9b000000ffff		; 18: 64-bit code
trampoline_end:

;---------------------------------------------------------------------------------------------------
section .text
extern smp_core_main

; rbx: the trampoline page as it is, rcx: the final CR3. Waits for a stack, on which the struct
; cpu's address lies, and calls smp_core_main(struct cpu *), which does not return.
trampoline_high:
	xor eax, eax
	cmp [rbx + trampoline_start.closed - trampoline_start], rax
	jne .too_late
	xchg rax, [rbx + trampoline_start.mailbox - trampoline_start]
	test rax, rax
	jnz .have_stack
	pause
	jmp trampoline_high
.have_stack:
	mov cr3, rcx
	mov rsp, rax
	xor ebp, ebp			; a backtrace ends here
	mov rdi, [rsp]
	call smp_core_main
	ud2
.too_late:
	cli
	hlt
	jmp .too_late
