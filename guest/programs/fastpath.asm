; guest/programs/fastpath.asm - exits that are usually short, where they must not be.
;
; Promise: an instruction that the hypervisor carries out ends blocking by STI, no sooner; EIP wraps
; at 4 GiB behind it; all registers but its own stay as they are, and its own become what they
; shall. (guest/programs/tf.asm has RFLAGS.TF and MOV SS.) SDM 2B "STI", "OUTS/OUTSB/OUTSW/OUTSD";
; SDM 3A "Protected-Mode Memory Management"; SDM 1 "Instruction Pointer".

%define NAME "fastpath"
%include "lib.inc"

NOWHERE		equ 0D0000000h		; no RAM, no device

CODE_WRAP	equ gdt_wrap.code - gdt_wrap
CODE_FLAT	equ gdt_wrap.flat - gdt_wrap
DATA_FLAT	equ gdt_wrap.data - gdt_wrap
CODE_BACK	equ gdt_wrap.back - gdt_wrap
DATA_BACK	equ gdt_wrap.low - gdt_wrap

; behind_sti TEXT, INSTRUCTION: a tick waits while interrupts are off; STI holds it off until the
; instruction is over, and not longer.
%macro behind_sti 2+
	call	wait_for_tick
	mov	dx, 21h
	mov	ebx, NOWHERE
	sti
	%2
%%behind:
	nop
	nop
	cli
	cmp	word [returned_to], %%behind
	ok_if	e, %1
%endmacro

main:
	pic_init
	set_vector PIC1_VECTOR + 0, on_tick
	call	enter_unreal
	behind_sti "STI, CPUID: the interrupt comes behind both", cpuid
	behind_sti "STI, IN: the interrupt comes behind both", in al, dx
	behind_sti "STI, OUT: the interrupt comes behind both", out 80h, al
	behind_sti "STI, MOV from nobody's memory: the interrupt comes behind both", \
		   {mov eax, [fs:ebx]}
	call	registers
	call	outs
	call	nobodys_memory
	call	wraps
	pass

; One tick of channel 0, waited for with interrupts off.
wait_for_tick:
	mov	word [returned_to], 0
	outb	PIC1 + 1, 0FEh
	pit_start 0, 0, 50
.wait:
	outb	PIC1, 0Ah
	inb	PIC1
	test	al, 1
	jz	.wait
	ret

on_tick:
	push	bp
	push	ax
	mov	bp, sp
	mov	ax, [bp + 4]
	mov	[returned_to], ax
	outb	PIC1, 20h
	pop	ax
	pop	bp
	iret

; ---- registers ----------------------------------------------------------------------------------

; Fills all registers with a pattern, runs %2, and checks all but those that it changes.
%macro keeps 3+
	mov	eax, 0A0A0A0A0h
	mov	ebx, 0B1B1B1B1h
	mov	ecx, 0C2C2C2C2h
	mov	edx, 0D3D30080h		; port 80h for %3
	mov	esi, 0E4E4E4E4h
	mov	edi, 0F5F5F5F5h
	mov	ebp, 16161616h
	mov	[stack_before], sp
	%3
	cmp	ebp, 16161616h
	jne	%%changed
	cmp	edi, 0F5F5F5F5h
	jne	%%changed
	cmp	esi, 0E4E4E4E4h
	jne	%%changed
	cmp	sp, [stack_before]
	jne	%%changed
	%if %2				; CPUID changes these
	cmp	ebx, 0B1B1B1B1h
	jne	%%changed
	cmp	ecx, 0C2C2C2C2h
	jne	%%changed
	cmp	edx, 0D3D30080h
	jne	%%changed
	shr	eax, 8
	cmp	eax, 0A0A0A0h
	jne	%%changed
	%endif
	cmp	eax, eax
%%changed:
	ok_if	e, %1
%endmacro

leaf_0:
	xor	eax, eax
	cpuid
	ret

registers:
	keeps	"CPUID keeps the registers that are not its own", 0, call leaf_0
	keeps	"IN keeps the registers that are not its own", 1, in al, 21h
	keeps	"OUT keeps all registers", 1, out dx, al
	ret

; ---- OUTS ----------------------------------------------------------------------------------------

; outs_leave SI, CX, SI BEHIND, CX BEHIND, TEXT, INSTRUCTION
%macro outs_leave 6+
	mov	esi, 0A5A50000h | (%1)
	mov	ecx, 0C3C30000h | (%2)
	mov	dx, 80h
	%6
	cld
	cmp	esi, 0A5A50000h | (%3)
	jne	%%no
	cmp	ecx, 0C3C30000h | (%4)
%%no:
	ok_if	e, %5
%endmacro

outs:
	outs_leave 1000h, 16, 1010h, 0, "REP OUTSB: SI, CX, their upper halves", rep outsb
	outs_leave 1000h, 0, 1000h, 0, "REP OUTSB of no bytes", rep outsb
	outs_leave 1000h, 1, 1001h, 1, "OUTSB without REP", outsb
	outs_leave 0FFF8h, 16, 8, 0, "REP OUTSB: SI wraps at 64 KiB", rep outsb
	outs_leave 1000h, 2000h, 3000h, 0, "REP OUTSB of 8 KiB", rep outsb
	outs_leave 1000h, 16, 0FF0h, 0, "REP OUTSB downwards", call downwards
	mov	esi, 1000h
	mov	ecx, 16
	a32 rep outsb
	cmp	esi, 1010h
	jne	.no
	test	ecx, ecx
.no:
	ok_if	e, "REP OUTSB with 32-bit addresses"
	ret

downwards:
	std
	rep outsb
	ret

; ---- memory of nobody's -------------------------------------------------------------------------

; reads WHOLE, REGISTER, ONES: MOV from nobody's memory gives ones there and keeps the rest.
%macro reads 3
	mov	ebx, NOWHERE
	mov	e%1, 12345678h
	%ifidn %1, bx
	mov	e%1, NOWHERE
	%endif
	mov	%2, [fs:ebx]
	%ifidn %1, bx
	cmp	e%1, NOWHERE | (%3)
	%else
	cmp	e%1, 12345678h | (%3)
	%endif
	jne	.no
%endmacro

nobodys_memory:
	reads	ax, eax, 0FFFFFFFFh
	reads	cx, ecx, 0FFFFFFFFh
	reads	dx, edx, 0FFFFFFFFh
	reads	bx, ebx, 0FFFFFFFFh
	reads	si, esi, 0FFFFFFFFh
	reads	di, edi, 0FFFFFFFFh
	reads	bp, ebp, 0FFFFFFFFh
	reads	ax, ax, 0FFFFh
	reads	bx, bx, 0FFFFh
	reads	bp, bp, 0FFFFh
	reads	ax, al, 0FFh
	reads	ax, ah, 0FF00h
	reads	bx, bl, 0FFh
	reads	bx, bh, 0FF00h
	reads	dx, dh, 0FF00h
.no:
	ok_if	e, "MOV from nobody's memory: ones in the register that is meant"
	mov	edx, esp
	mov	ebx, NOWHERE
	mov	esp, [fs:ebx]
	xchg	esp, edx
	cmp	edx, 0FFFFFFFFh
	ok_if	e, "and in ESP"
	mov	eax, 12345678h
	mov	[fs:ebx], eax
	mov	[fs:ebx + 1], ah
	mov	[fs:ebx + 0FFEh], eax	; into the next page
	mov	ecx, [fs:ebx + 0FFEh]
	inc	ecx
	ok_if	z, "writes leave no trace"
	mov	ebx, 2000000h		; 32 MiB: the RAM ends here
	mov	dword [fs:ebx - 4], 87654321h
	mov	eax, [fs:ebx - 2]
	cmp	eax, 0FFFF8765h
	ok_if	e, "half of a MOV is from RAM"
	mov	dword [fs:ebx - 2], 12345678h
	mov	eax, [fs:ebx - 4]
	cmp	eax, 56784321h
	ok_if	e, "half of a MOV is to RAM"
	mov	eax, [fs:dword NOWHERE]	; an absolute address
	inc	eax
	ok_if	z, "MOV from an absolute address"
	ret

; FS gets a limit of 4 GiB: loaded in protected mode, kept in real mode.
enter_unreal:
	lgdt	[gdt_wrap_pointer]
	mov	eax, cr0
	or	al, 1
	mov	cr0, eax
	jmp	$ + 2
	mov	bx, DATA_FLAT
	mov	fs, bx
	and	al, 0FEh
	mov	cr0, eax
	jmp	0:.real
.real:
	ret

; ---- EIP at 4 GiB -------------------------------------------------------------------------------

; In 32-bit code whose segment begins 2 bytes behind the instruction, it stands at FFFFFFFEh.
wraps:
	mov	eax, at_end_cpuid
	call	run_at_end
	ok_if	e, "CPUID at the end of 4 GiB: EIP is 0 behind it"
	mov	eax, at_end_in
	call	run_at_end
	ok_if	e, "IN at the end of 4 GiB: EIP is 0 behind it"
	mov	eax, at_end_out
	call	run_at_end
	ok_if	e, "OUT at the end of 4 GiB: EIP is 0 behind it"
	ret

; EAX: where the instruction is. ZF is set if all went well.
run_at_end:
	cli
	mov	byte [wrapped], 0
	add	eax, 2			; the base
	mov	[gdt_wrap.code + 2], ax
	shr	eax, 16
	mov	[gdt_wrap.code + 4], al
	lgdt	[gdt_wrap_pointer]
	mov	eax, cr0
	or	al, 1
	mov	cr0, eax
	jmp	dword CODE_FLAT:.in
	bits	32
.in:
	mov	ax, DATA_FLAT
	mov	ds, ax
	mov	edx, 80h
	xor	eax, eax
	jmp	CODE_WRAP:0FFFFFFFEh
back:
	jmp	CODE_BACK:.narrow
	bits	16
.narrow:
	mov	ax, DATA_BACK
	mov	ds, ax
	mov	eax, cr0
	and	al, 0FEh
	mov	cr0, eax
	jmp	0:.real
.real:
	xor	ax, ax
	mov	ds, ax
	cmp	byte [wrapped], 1
	ret

	bits	32
%macro at_end 2+
at_end_%1:
	%2				; at FFFFFFFEh, two bytes
	inc	byte [wrapped]		; at 0
	jmp	CODE_FLAT:back
%endmacro
	at_end	cpuid, cpuid
	at_end	in, db 67h, 0ECh	; IN AL, DX with a prefix
	at_end	out, out 80h, al
	bits	16

	align	8
gdt_wrap:
		dq 0
.code		dq 00CF9A000000FFFFh	; its base is set
.flat		dq 00CF9A000000FFFFh
.data		dq 00CF92000000FFFFh
.back		dq 00009A000000FFFFh
.low		dq 000092000000FFFFh
gdt_wrap_pointer:
		dw $ - gdt_wrap - 1
		dd gdt_wrap
returned_to	dw 0
stack_before	dw 0
wrapped		db 0
