; guest/programs/cr.asm - control registers, debug registers, CPUID, and what a guest may not have.
;
; Promise: what the guest writes to CR0 and CR4 is what it reads, whatever the hypervisor needs
; there; VMX is not to be seen; VMCALL answers; what the CPU refuses is refused in a guest too.
; SDM 3A "Control Registers"; SDM 2D "XSETBV"; SDM 3C "Instructions That Cause VM Exits".
;
; Lines that begin with "not in Lintel" were not checked, since no Lintel is below.

%define NAME "cr"
%define LIB_32
%define LIB_64
%define END_BY_HYPERCALL
%include "lib.inc"
%include "protected.inc"
%include "long.inc"

main:
	call	identify
	call	cr0_bits
	call	cr4_bits
	call	vmx_instructions
	call	hypercalls
	call	xcr0
	call	debug_registers
	call	others
	call	enter_protected
	bits	32
	call	vmx_instructions_32
	call	enter_long
	bits	64
	call	task_priority
	call	leave_long
	bits	32
	call	leave_protected
	bits	16
	pass

identify:
	mov	eax, 40000000h
	cpuid
	cmp	eax, 40000000h
	in_lintel_if ae, "CPUID 40000000h: LintelLintel, and how many leaves"
	mov	eax, 1
	cpuid
	mov	eax, ecx
	and	eax, 1 << 31
	in_lintel_if nz, "CPUID: a hypervisor is present"
	mov	eax, ecx
	and	eax, 1 << 5
	in_lintel_if z, "CPUID: no VMX"
	mov	eax, ecx
	and	eax, 1 << 3
	in_lintel_if z, "CPUID: no MONITOR"
	ret

; cr0_keeps VALUE: writes it and reads it back.
%macro cr0_keeps 1
	mov	ebx, %1
	mov	cr0, ebx
	mov	eax, cr0
	cmp	eax, ebx
	must	e, "CR0 reads as written"
%endmacro

CD_NW	equ 60000000h
NE_ET	equ 30h

cr0_bits:
	mov	eax, cr0
	mov	[saved], eax
	cr0_keeps 40000010h		; CD alone
	cr0_keeps 60000010h		; CD and NW
	cr0_keeps 00000010h		; neither
	ok	"CR0.CD and CR0.NW keep what was written"
	try	call .write_nw
	raises	13, "#GP: CR0.NW without CR0.CD"
	cr0_keeps 30h			; NE, which VMX wants set
	cr0_keeps 10h
	ok	"CR0.NE keeps what was written"
	cr0_keeps 1Eh			; MP, EM, TS
	cr0_keeps 50010h		; AM, WP
	cr0_keeps 10h
	ok	"CR0.MP, EM, TS, WP and AM likewise"
	try	call .write_pg
	raises	13, "#GP: CR0.PG without CR0.PE"
	mov	ax, 0Eh
	lmsw	ax
	mov	eax, cr0
	and	eax, 0Fh
	cmp	eax, 0Eh
	ok_if	e, "LMSW sets MP, EM and TS"
	smsw	ax
	and	eax, 0Fh
	cmp	eax, 0Eh
	must	e, "SMSW sees them"
	clts
	mov	eax, cr0
	and	eax, 0Fh
	cmp	eax, 6
	ok_if	e, "CLTS clears TS"
	mov	eax, [saved]
	mov	cr0, eax
	ret
.write_nw:
	add	sp, 2			; `try` goes on with the stack as it was at the call
	mov	eax, 20000010h
	mov	cr0, eax
	fail	"CR0.NW without CD was taken"
.write_pg:
	add	sp, 2
	mov	eax, 80000010h
	mov	cr0, eax
	fail	"CR0.PG without PE was taken"

; In Bochs' and other emulators' CPUs and in those that run Lintel, bits 0 to 10 exist.
cr4_bits:
	mov	ebx, 7FFh
.next:
	mov	cr4, ebx
	mov	eax, cr4
	cmp	eax, ebx
	must	e, "CR4 reads as written"
	shr	ebx, 1
	jnz	.next
	xor	eax, eax
	mov	cr4, eax
	mov	eax, cr4
	test	eax, eax
	ok_if	z, "CR4 keeps what was written, all of it"
	mov	eax, 1 << 27
	try	mov cr4, eax
	raises	13, "#GP: a reserved bit of CR4"
	mov	eax, 1 << 13
	cmp	byte [lib_lintel], 0
	je	.native
	try	mov cr4, eax
.native:
	cmp	byte [lib_exception], 13
	in_lintel_if e, "#GP: CR4.VMXE"
	ret

; All but VMCALL. All of them take no operand, or one in memory.
%macro must_be_ud 1+
	try	%1
	cmp	byte [lib_exception], 6
	movzx	eax, byte [lib_exception]
	must	e, "#UD for a VMX instruction"
%endmacro

%macro all_vmx_instructions 0
	must_be_ud vmxon [area]
	must_be_ud vmclear [area]
	must_be_ud vmptrld [area]
	must_be_ud vmptrst [area]
	must_be_ud vmlaunch
	must_be_ud vmresume
	must_be_ud vmxoff
	must_be_ud vmread eax, ebx
	must_be_ud vmwrite eax, ebx
	must_be_ud invept eax, [area]
	must_be_ud invvpid eax, [area]
%endmacro

vmx_instructions:
	all_vmx_instructions
	ok	"#UD: VMX instructions in real mode"
	ret

	bits	32
vmx_instructions_32:
	all_vmx_instructions
	ok	"#UD: VMX instructions in protected mode"
	ret

	bits	16
hypercalls:
	mov	byte [lib_exception], 6
	mov	eax, HYPERCALL_VERSION
	cmp	byte [lib_lintel], 0
	je	.native_1
	try	vmcall
.native_1:
	cmp	byte [lib_exception], NO_EXCEPTION
	in_lintel_if e, "VMCALL is there"
	cmp	eax, 0FFFFFFFFh
	in_lintel_if ne, "VMCALL: a version"
	mov	eax, 12345678h
	mov	ebx, 11111111h
	mov	ecx, 22222222h
	mov	edx, 33333333h
	mov	esi, 44444444h
	mov	edi, 55555555h
	cmp	byte [lib_lintel], 0
	je	.native_2
	vmcall
.native_2:
	cmp	eax, 0FFFFFFFFh
	in_lintel_if e, "VMCALL: FFFFFFFFh for an unknown number"
	lea	eax, [ebx + ecx]
	add	eax, edx
	add	eax, esi
	add	eax, edi
	cmp	eax, 0FFFFFFFFh
	ok_if	e, "and every other register is kept"
	ret

xcr0:
	mov	eax, 1
	cpuid
	bt	ecx, 26
	mov	eax, ecx
	must	c, "this guest needs XSAVE"
	mov	eax, 1 << 18		; OSXSAVE
	mov	cr4, eax
	mov	eax, 1
	cpuid
	mov	eax, ecx
	bt	ecx, 27
	ok_if	c, "CPUID shows CR4.OSXSAVE"
	xor	ecx, ecx
	xgetbv
	cmp	eax, 1
	ok_if	e, "XCR0 begins as 1"
	mov	eax, 3
	xsetbv
	xor	eax, eax
	xgetbv
	cmp	eax, 3
	ok_if	e, "XSETBV: x87 and SSE"
	mov	eax, 2
	try	xsetbv
	raises	13, "#GP: XSETBV without x87"
	mov	eax, 5
	try	xsetbv
	raises	13, "#GP: XSETBV, AVX without SSE"
	mov	eax, 3
	mov	edx, 40000000h
	try	xsetbv
	raises	13, "#GP: XSETBV of a reserved bit"
	xor	edx, edx
	mov	ecx, 1
	try	xsetbv
	raises	13, "#GP: XSETBV of XCR1"
	xor	ecx, ecx
	mov	eax, 1
	xsetbv
	xor	eax, eax
	mov	cr4, eax
	try	xsetbv
	raises	6, "#UD: XSETBV without CR4.OSXSAVE"
	ret

debug_registers:
	mov	eax, 12345678h
	mov	dr0, eax
	not	eax
	mov	dr3, eax
	mov	ebx, dr0
	mov	eax, dr3
	add	eax, ebx
	cmp	eax, 0FFFFFFFFh
	ok_if	e, "DR0 and DR3 keep what was written"
	xor	eax, eax
	mov	dr7, eax
	mov	eax, dr7
	cmp	eax, 400h
	ok_if	e, "DR7 reads with bit 10 set"
	mov	eax, cr4
	or	al, 8			; DE
	mov	cr4, eax
	try	mov eax, dr4
	raises	6, "#UD: DR4 with CR4.DE"
	xor	eax, eax
	mov	cr4, eax
	mov	dr6, eax
	mov	eax, 2400h		; GD
	mov	dr7, eax
	try	mov eax, dr0
	raises	1, "#DB: MOV from a debug register with DR7.GD"
	mov	eax, dr6
	and	eax, 2000h
	ok_if	nz, "DR6.BD says so"
	mov	eax, dr7
	cmp	eax, 400h
	ok_if	e, "the #DB cleared DR7.GD"
	ret

others:
	wbinvd
	ok	"WBINVD"
	mov	ecx, 0FFFFFFFFh
	try	rdpmc
	raises	13, "#GP: RDPMC of no counter"
	mov	ecx, 277h		; PAT
	rdmsr
	mov	ebx, eax
	mov	al, 2			; no such memory type
	try	wrmsr
	raises	13, "#GP: WRMSR of a wrong memory type to PAT"
	rdmsr
	cmp	eax, ebx
	ok_if	e, "PAT is as before"
	mov	ecx, 0C0000080h		; EFER
	rdmsr
	or	eax, 2
	try	wrmsr
	raises	13, "#GP: WRMSR of a reserved bit to EFER"
	ret

	bits	64
task_priority:
	mov	eax, 5
	mov	cr8, rax
	xor	eax, eax
	mov	rax, cr8
	cmp	rax, 5
	ok_if	e, "CR8 keeps what was written"
	mov	eax, 16
	try	mov cr8, rax
	raises	13, "#GP: CR8 above 15"
	xor	eax, eax
	mov	cr8, rax
	mov	rax, cr0
	bts	rax, 40
	try	mov cr0, rax
	raises	13, "#GP: a bit in the upper half of CR0"
	ret
	bits	16

	align	4
saved		dd 0
area		dq 0
