; boot/header.asm - from the boot loader to C: Multiboot2 header, 32-bit entry, first page tables.
;
; The boot loader leaves us in 32-bit protected mode without paging, EAX = Multiboot2's magic
; number, EBX = the physical address of its information. This file checks that the CPU has long
; mode, builds page tables that map the first 4 GiB three times (as they are, at the direct map, and
; their first GiB at the kernel's address), and calls kernel_main(magic, info).
;
; These tables have no protection worth the name; boot/address_space.c builds the real ones. They
; stay for the application processors, which pass through them on their way up.
;
; Spec: Multiboot2 Specification 2.0, "The layout of Multiboot2 header", "I386 machine state";
; SDM 3A "Initializing IA-32e Mode".

KERNEL_VIRT	equ 0xffffffff80000000
PHYS		equ -KERNEL_VIRT		; a label + PHYS is its physical address
BOOT_MAGIC	equ 0x36d76289
STACK_PAGES	equ 28				; kernel/stacks.h, STACKS_PAGES
STACK_MAIN_TOP	equ 9 * 4096			; one guard page and eight of main stack

COM1		equ 0x3f8
VGA_TEXT	equ 0xb8000
VGA_WHITE_ON_RED equ 0x4f

PTE_P		equ 1 << 0
PTE_W		equ 1 << 1
PTE_PS		equ 1 << 7
NX_HIGH		equ 1 << 31			; bit 63, in the upper half of an entry

CR0_BITS	equ 1 << 31 | 1 << 16		; PG, WP
CR4_PAE		equ 1 << 5
MSR_EFER	equ 0xc0000080
EFER_LME	equ 1 << 8
EFER_NXE	equ 1 << 11
CPUID_LM	equ 1 << 29
CPUID_NX	equ 1 << 20

extern kernel_main
global boot_entry
global boot_page_tables

;---------------------------------------------------------------------------------------------------
section .multiboot2 align=8 progbits alloc noexec nowrite

HEADER_MAGIC	equ 0xe85250d6
TAG_OPTIONAL	equ 1

multiboot2_header:
	dd HEADER_MAGIC
	dd 0					; architecture: i386
	dd .end - multiboot2_header
	dd -(HEADER_MAGIC + (.end - multiboot2_header)) & 0xffffffff

	align 8, db 0				; without these we cannot start
.required:
	dw 1, 0
	dd .required_end - .required
	dd 1, 3, 6				; command line, modules, memory map
.required_end:

	align 8, db 0				; these we use where they are
.wanted:
	dw 1, TAG_OPTIONAL
	dd .wanted_end - .wanted
	dd 2, 4, 8, 14, 15, 17			; loader, basic memory, framebuffer, RSDPs, EFI map
.wanted_end:

	; No framebuffer tag: with it GRUB sets a VBE mode on BIOS machines, where text is what we
	; want (and dies of it in Bochs). On UEFI it tells of the framebuffer without being asked.

	align 8, db 0
	dw 6, 0					; modules on page borders
	dd 8

	align 8, db 0
	dw 0, 0
	dd 8
.end:

;---------------------------------------------------------------------------------------------------
section .boot align=16 progbits alloc exec nowrite
bits 32

boot_entry:
	cli
	cld
	mov esp, boot_stacks + STACK_MAIN_TOP + PHYS
	mov edi, eax				; kernel_main()'s first argument
	mov esi, ebx				; and its second
	mov ebp, no_magic + PHYS
	cmp eax, BOOT_MAGIC
	jne refuse

	mov ebp, no_cpuid + PHYS
	pushfd					; CPUID is there if EFLAGS.ID can be changed
	pop eax
	mov ecx, eax
	xor eax, 1 << 21
	push eax
	popfd
	pushfd
	pop eax
	push ecx
	popfd
	cmp eax, ecx
	je refuse

	mov ebp, no_long_mode + PHYS
	mov eax, 0x80000000
	cpuid
	cmp eax, 0x80000001
	jb refuse
	mov eax, 0x80000001
	cpuid
	test edx, CPUID_LM
	jz refuse
	and edx, CPUID_NX
	mov ebp, edx				; not zero: the CPU has NX

	call build_tables

	mov eax, CR4_PAE		; and nothing of the firmware's: LA57 wants 5 levels
	mov cr4, eax
	mov eax, boot_page_tables + PHYS
	mov cr3, eax
	mov ecx, MSR_EFER
	rdmsr
	or eax, EFER_LME
	test ebp, ebp
	jz .no_nx
	or eax, EFER_NXE
.no_nx:
	wrmsr
	mov eax, cr0
	or eax, CR0_BITS
	mov cr0, eax
	lgdt [boot_gdt_pointer + PHYS]
	jmp 0x08:(boot_entry64 + PHYS)

; Fills boot_page_tables. EBP: not zero if there is NX. Uses EAX, EBX, ECX, EDX; keeps ESI, EDI,
; EBP.
build_tables:
	mov ebx, boot_page_tables + PHYS
	lea eax, [ebx + 0x1000 + PTE_P + PTE_W]
	mov [ebx], eax				; as it is
	mov [ebx + 256 * 8], eax		; the direct map
	test ebp, ebp
	jz .no_nx
	mov dword [ebx + 256 * 8 + 4], NX_HIGH	; ... which holds no code
.no_nx:
	add eax, 0x1000
	mov [ebx + 511 * 8], eax		; the kernel

	add eax, 0x1000				; four page directories
	mov [ebx + 0x2000 + 510 * 8], eax
	mov [ebx + 0x1000], eax
	add eax, 0x1000
	mov [ebx + 0x1008], eax
	add eax, 0x1000
	mov [ebx + 0x1010], eax
	add eax, 0x1000
	mov [ebx + 0x1018], eax

	mov eax, PTE_P | PTE_W | PTE_PS
	mov ecx, 4 * 512
	add ebx, 0x3000
.next:
	mov [ebx], eax
	add eax, 0x200000
	add ebx, 8
	loop .next
	ret

; Says why we cannot start, on COM1 and on a VGA text screen, and stops. EBP: the text.
refuse:
	mov dx, COM1 + 3			; 115200 8N1, FIFO off: it may be all that there is
	mov al, 0x80
	out dx, al
	mov dx, COM1
	mov al, 1
	out dx, al
	inc dx
	xor al, al
	out dx, al
	mov dx, COM1 + 3
	mov al, 3
	out dx, al
	mov edi, VGA_TEXT
	mov ah, VGA_WHITE_ON_RED
.next:
	mov bl, [ebp]
	inc ebp
	test bl, bl
	jz .stop
	mov ecx, 100000				; a port that is not there must not hold us
	mov dx, COM1 + 5
.wait:
	in al, dx
	test al, 0x20
	loopz .wait
	mov al, bl
	mov dx, COM1
	out dx, al
	cmp al, ' '
	jb .next				; the line's end is for the serial port only
	stosw
	jmp .next
.stop:
	cli
	hlt
	jmp .stop

no_magic:	db "Lintel: this takes a Multiboot2 boot loader (EAX is not 36D76289h)", 13, 10, 0
no_cpuid:	db "Lintel: this CPU is too old: it has no CPUID, let alone long mode", 13, 10, 0
no_long_mode:	db "Lintel: this CPU has no long mode (64 bits); Lintel needs it", 13, 10, 0

align 8
boot_gdt:
	dq 0
	dq 0x00af9a000000ffff			; 08: code, 64 bits
	dq 0x00cf92000000ffff			; 10: data
boot_gdt_pointer:
	dw $ - boot_gdt - 1
	dq boot_gdt + PHYS

bits 64
boot_entry64:
	mov rax, boot_entry_high
	jmp rax

;---------------------------------------------------------------------------------------------------
section .text

boot_entry_high:
	mov eax, 0x10
	mov ss, eax
	xor eax, eax
	mov ds, eax
	mov es, eax
	mov fs, eax
	mov gs, eax
	mov rsp, boot_stacks + STACK_MAIN_TOP
	xor ebp, ebp				; a backtrace ends here
	mov edi, edi				; the upper halves are undefined after the switch
	mov esi, esi
	push rbp				; as if called from address 0
	push rbp
	mov rbp, rsp
	call kernel_main
	ud2

;---------------------------------------------------------------------------------------------------
section .bss align=4096

alignb 4096
boot_page_tables:
	resb 7 * 4096				; PML4, two PDPTs, four page directories

section .stacks nobits alloc noexec write align=4096
boot_stacks:
	resb STACK_PAGES * 4096
