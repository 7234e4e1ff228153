; guest/programs/vmxsim.asm - VMX instructions in a guest with vmx=simulate.
;
; Promise: VMX seems to be there and cannot be used: CPUID, CR4.VMXE and the MSRs say so, and VMXON
; answers VMfailInvalid, after #UD without CR4.VMXE and #GP above CPL 0; the rest as outside of VMX
; operation. SDM 3C "Discovering Support for VMX", "Conventions" of "VMX Instruction Reference".
; Not for the machine itself, whose VMX works.

%define NAME "vmxsim"
%define LIB_32
%define LIB_64
%include "lib.inc"
%include "protected.inc"
%include "long.inc"

VMXE		equ 1 << 13
FEATURE_CONTROL	equ 3Ah
VMX_BASIC	equ 480h
VMX_CR4_FIXED1	equ 489h
VMX_PROCBASED2	equ 48Bh
ARITHMETIC	equ 8D5h		; OF SF ZF AF PF CF
CF		equ 1

TSS		equ 20000h
TSS_LIMIT	equ 103
KERNEL_STACK	equ 30000h
USER_STACK	equ 31000h
REGION		equ 32000h
RETURN		equ 2Fh			; INT that leads back to CPL 0
USER_CODE	equ (gdt.extra - gdt) | 3
USER_DATA	equ (gdt.extra + 8 - gdt) | 3
TASK		equ gdt.extra + 16 - gdt

; fails "text", INSTRUCTION: VMfailInvalid, with all arithmetic flags set before.
%macro fails 2+
	mov	ah, 0D5h
	mov	al, 7Fh
	add	al, 1			; OF
	sahf				; SF ZF AF PF CF
	%2
	pushf
	pop	xax
	and	eax, ARITHMETIC
	cmp	eax, CF
	must	e, %1
%endmacro

%macro undefined 2+
	try	{%2}
	raises	6, %1
%endmacro

main:
	mov	eax, 1
	cpuid
	mov	eax, ecx
	bt	ecx, 5
	ok_if	c, "CPUID shows VMX"
	mov	ecx, FEATURE_CONTROL
	rdmsr
	cmp	eax, 1
	ok_if	e, "IA32_FEATURE_CONTROL: locked, VMX off"
	try	wrmsr
	raises	13, "#GP: it cannot be written"
	mov	ecx, VMX_BASIC
	rdmsr
	cmp	edx, 00181000h		; write-back, 4096 bytes
	mov	eax, edx
	ok_if	e, "IA32_VMX_BASIC: regions of 4096 bytes, write-back"
	mov	ecx, VMX_CR4_FIXED1
	rdmsr
	bt	eax, 13
	ok_if	c, "IA32_VMX_CR4_FIXED1 allows VMXE"
	mov	ecx, VMX_PROCBASED2
	try	rdmsr
	raises	13, "#GP: no secondary controls"
	undefined "#UD: VMXON in real mode", vmxon [bx]
	call	enter_protected
	bits	32
%define xax eax
	undefined "#UD: VMXON without CR4.VMXE", vmxon [REGION]
	undefined "#UD: VMLAUNCH without CR4.VMXE", vmlaunch
	mov	eax, cr4
	or	eax, VMXE
	mov	cr4, eax
	mov	eax, cr4
	bt	eax, 13
	ok_if	c, "CR4.VMXE can be set, and reads as set"
	fails	"VMXON", vmxon [REGION]
	fails	"VMCLEAR", vmclear [REGION]
	fails	"VMPTRLD", vmptrld [REGION]
	fails	"VMLAUNCH", vmlaunch
	fails	"VMRESUME", vmresume
	ok	"VMfailInvalid in 32-bit code: VMXON VMCLEAR VMPTRLD VMLAUNCH VMRESUME"
	undefined "#UD: VMPTRST", vmptrst [REGION]
	undefined "#UD: VMREAD", vmread eax, ebx
	undefined "#UD: VMWRITE", vmwrite eax, ebx
	undefined "#UD: VMXOFF", vmxoff
	undefined "#UD: INVEPT", invept eax, [REGION]
	undefined "#UD: INVVPID", invvpid eax, [REGION]
	mov	eax, HYPERCALL_VERSION
	vmcall
	cmp	eax, -1
	ok_if	ne, "VMCALL is Lintel's still"
	call	at_cpl_3
	call	enter_long
	bits	64
%define xax rax
	fails	"VMXON", vmxon [REGION]
	mov	rdi, 7FFFFFFFF000h
	fails	"VMXON, an operand that no page maps", vmxon [rdi]
	fails	"VMLAUNCH", vmlaunch
	ok	"VMfailInvalid in 64-bit code"
	call	leave_long
	bits	32
	mov	eax, cr4
	and	eax, ~VMXE
	mov	cr4, eax
	undefined "#UD: VMXON, with CR4.VMXE clear again", vmxon [REGION]
	call	leave_protected
	bits	16
	pass

	bits	32
at_cpl_3:
	mov	edi, TSS
	xor	eax, eax
	mov	ecx, (TSS_LIMIT + 1) / 4
	rep stosd
	mov	dword [TSS + 4], KERNEL_STACK
	mov	dword [TSS + 8], DATA_32
	mov	dword [gdt.extra], 0000FFFFh
	mov	dword [gdt.extra + 4], 00CFFA00h
	mov	dword [gdt.extra + 8], 0000FFFFh
	mov	dword [gdt.extra + 12], 00CFF200h
	mov	dword [gdt.extra + 16], (TSS & 0FFFFh) << 16 | TSS_LIMIT
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
	iretd
.user:
	mov	ax, USER_DATA
	mov	ds, ax
	try	vmxon [REGION]
	int	RETURN
.back:
	mov	ax, DATA_32
	mov	ds, ax
	mov	es, ax
	mov	ss, ax
	mov	esp, [kernel_esp]
	raises	13, "#GP: VMXON at CPL 3"
	ret

kernel_esp	dd 0
