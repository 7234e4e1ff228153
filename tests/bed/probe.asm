; tests/bed/probe.asm - is VT-x really usable in this machine? A boot sector that tries it.
;
; It says one word on COM1 and ends the emulator: "usable" after a VMXON that succeeded on a CPU
; with EPT and unrestricted guest; else the first thing that is missing.
;
; Spec: SDM 3C "Discovering Support for VMX", "Enabling and Entering VMX Operation".

bits 16
org 0x7c00

COM1_DATA		equ 0x3f8
COM1_LINE_CONTROL	equ 0x3fb
COM1_LINE_STATUS	equ 0x3fd
PORT_BOCHS_SHUTDOWN	equ 0x8900
PORT_QEMU_EXIT		equ 0xf4

MSR_FEATURE_CONTROL	equ 0x3a
MSR_VMX_BASIC		equ 0x480
MSR_VMX_PROCBASED	equ 0x482
MSR_CR0_FIXED0		equ 0x486
MSR_VMX_PROCBASED2	equ 0x48b
CR4_PSE			equ 1 << 4
CR4_VMXE		equ 1 << 13
PAGE_DIRECTORY		equ 0x2000
VMXON_REGION		equ 0x3000

	jmp 0:start
start:
	cli
	xor ax, ax
	mov ds, ax
	mov es, ax
	mov ss, ax
	mov sp, 0x7c00
	cld

	mov si, no_vmx
	mov eax, 1
	cpuid
	test ecx, 1 << 5
	jz say

	mov si, locked_off
	mov ecx, MSR_FEATURE_CONTROL
	rdmsr
	test al, 1			; not locked yet: Lintel turns it on and locks it
	jnz .locked
	or al, 1 | 1 << 2
	wrmsr
.locked:
	test al, 1 << 2
	jz say

	mov si, no_ept
	mov ecx, MSR_VMX_PROCBASED
	rdmsr
	test edx, edx			; bit 31 of what may be 1: the secondary controls
	jns say
	mov ecx, MSR_VMX_PROCBASED2
	rdmsr
	and edx, 1 << 7 | 1 << 1	; unrestricted guest, EPT
	cmp edx, 1 << 7 | 1 << 1
	jne say

	; VMXON wants paging: identity-map the first 4 MiB.
	mov dword [PAGE_DIRECTORY], 0x83	; present, writable, 4 MiB
	mov eax, PAGE_DIRECTORY
	mov cr3, eax
	mov eax, cr4
	or eax, CR4_PSE | CR4_VMXE
	mov cr4, eax
	mov ecx, MSR_VMX_BASIC
	rdmsr
	and eax, 0x7fffffff
	mov [VMXON_REGION], eax		; the revision
	mov ecx, MSR_CR0_FIXED0
	rdmsr
	mov ebx, cr0
	or ebx, eax			; PE, NE and PG
	mov cr0, ebx			; the segments stay as real mode left them: base 0, 16 bits

	mov si, usable
	vmxon [vmxon_pointer]
	ja say				; neither CF nor ZF: it succeeded
	mov si, vmxon_failed

	; SI: the word.
say:
	mov dx, COM1_LINE_CONTROL
	mov al, 3			; 8N1
	out dx, al
.next:
	lodsb
	test al, al
	jz .end
	mov dx, COM1_DATA
	out dx, al
	mov dx, COM1_LINE_STATUS
.wait:
	in al, dx
	test al, 0x40			; until it is out on the wire
	jz .wait
	jmp .next
.end:
	mov dx, PORT_QEMU_EXIT
	out dx, al
	mov si, shutdown
	mov dx, PORT_BOCHS_SHUTDOWN
.byte:
	lodsb
	out dx, al
	jmp .byte

usable		db "usable", 10, 0
no_vmx		db "no VMX in CPUID", 10, 0
locked_off	db "VMX locked off in IA32_FEATURE_CONTROL", 10, 0
no_ept		db "no EPT with unrestricted guest", 10, 0
vmxon_failed	db "VMXON failed", 10, 0
shutdown	db "Shutdown"

align 8, db 0
vmxon_pointer	dq VMXON_REGION

times 510 - ($ - $$) db 0
dw 0xaa55
