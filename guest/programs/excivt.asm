; guest/programs/excivt.asm - exceptions in real mode, through the interrupt vector table.
;
; Promise: each arrives with the right vector, and pushes the right IP: faults the instruction
; itself, traps the one behind it. SDM 3A "Interrupt and Exception Handling", "Real-Address Mode"
; there.

%define NAME "excivt"
%include "lib.inc"

; fault_at VECTOR, "text", INSTRUCTION: it must fault, with its own address pushed.
%macro fault_at 3+
	mov	byte [lib_exception], NO_EXCEPTION
	mov	dword [lib_resume], %%next
%%at:
	%3
%%next:
	movzx	eax, byte [lib_exception]
	cmp	eax, %1
	must	e, %2
	mov	eax, [lib_fault_ip]
	cmp	eax, %%at
	ok_if	e, %2
%endmacro

; trap_behind VECTOR, "text", INSTRUCTION: it must trap, with the address behind it pushed.
%macro trap_behind 3+
	mov	byte [lib_exception], NO_EXCEPTION
	mov	dword [lib_resume], %%next
	%3
%%next:
	movzx	eax, byte [lib_exception]
	cmp	eax, %1
	must	e, %2
	mov	eax, [lib_fault_ip]
	cmp	eax, %%next
	ok_if	e, %2
%endmacro

main:
	call	faults
	call	traps
	call	debug_registers
	call	flags
	call	software_interrupt
	call	no_table_entry
	pass

faults:
	xor	eax, eax
	xor	edx, edx
	xor	ecx, ecx
	fault_at 0, "#DE: division by zero", div ecx
	mov	ax, 8000h
	mov	dx, 0FFFFh
	mov	cx, -1
	fault_at 0, "#DE: the quotient does not fit", idiv cx
	mov	ax, 20
	fault_at 5, "#BR: out of bounds", bound ax, [bounds]
	fault_at 6, "#UD: UD2", ud2
	fault_at 6, "#UD: LOCK before MOV", db 0F0h, 89h, 0C0h
	mov	eax, cr0
	or	al, 8			; TS
	mov	cr0, eax
	fault_at 7, "#NM: CR0.TS is set", fnop
	clts
	mov	bx, 0FFFFh
	fault_at 13, "#GP: a word across the segment's end", mov ax, [bx]
	mov	bp, 0FFFFh
	fault_at 12, "#SS: the same in the stack segment", mov ax, [bp]
	mov	ebx, 10000h
	fault_at 13, "#GP: an offset above FFFFh", mov al, [ebx]
	fault_at 13, "#GP: an instruction of 16 bytes", times 15 db 26h
	nop
	mov	ecx, 12345678h
	fault_at 13, "#GP: RDMSR of an MSR that does not exist", rdmsr
	fault_at 13, "#GP: WRMSR likewise", wrmsr
	fault_at 6, "#UD: LLDT in real mode", lldt ax
	ret

bounds	dw 0, 10

traps:
	trap_behind 3, "#BP: INT3", int3
	mov	al, 127
	add	al, 1
	trap_behind 4, "#OF: INTO", into
	add	al, 1
	mov	byte [lib_exception], NO_EXCEPTION
	into
	cmp	byte [lib_exception], NO_EXCEPTION
	ok_if	e, "INTO does nothing without OF"
	trap_behind 1, "#DB: INT1", db 0F1h
	ret

; Breakpoints by DR0; SDM 3B "Debug Registers".
debug_registers:
	mov	eax, .here
	mov	dr0, eax
	xor	eax, eax
	mov	dr6, eax
	mov	eax, 702h		; G0, execution; bits 8 to 10: LE, GE, 1
	mov	dr7, eax
	mov	byte [lib_exception], NO_EXCEPTION
	mov	dword [lib_resume], .after
.here:
	nop
.after:
	mov	eax, [lib_fault_ip]
	cmp	eax, .here
	must	e, "#DB: where the breakpoint is"
	movzx	eax, byte [lib_exception]
	cmp	eax, 1
	must	e, "#DB: an execution breakpoint"
	mov	eax, dr6
	test	al, 1
	ok_if	nz, "#DB: an execution breakpoint, DR6.B0"

	mov	eax, watched
	mov	dr0, eax
	xor	eax, eax
	mov	dr6, eax
	mov	eax, 10702h | 3 << 18	; writes, four bytes
	mov	dr7, eax
	trap_behind 1, "#DB: a data breakpoint", mov word [watched + 2], 5
	cmp	word [watched + 2], 5
	ok_if	e, "#DB: the data was written before"
	mov	eax, 400h
	mov	dr7, eax
	ret

; What the CPU pushes and clears. Single step: #DB behind the instruction, with TF in the pushed
; flags.
flags:
	set_vector 1, on_step
	mov	dword [steps], 0
	xor	eax, eax
	mov	dr6, eax
	sti
	pushf
	pop	ax
	or	ah, 1
	push	ax
	popf				; TF is on from the next instruction
	nop
.one:
	nop
.two:
	pushf
.three:
	pop	ax
.four:
	and	ah, 0FEh
.five:
	push	ax
.six:
	popf
.seven:
	cli
	mov	eax, [steps]
	cmp	eax, 7
	ok_if	e, "single step: a #DB after each of seven instructions"
	mov	ax, [step_ip]
	cmp	ax, .one
	must	e, "single step: the first IP"
	mov	ax, [step_ip + 12]
	cmp	ax, .seven
	ok_if	e, "single step: the IPs are those behind"
	mov	ax, [step_flags]
	and	eax, 300h
	cmp	eax, 300h
	ok_if	e, "the pushed flags have TF and IF"
	mov	ax, [handler_flags]
	and	eax, 300h
	ok_if	z, "the handler runs with TF and IF clear"
	mov	eax, [step_dr6]
	test	eax, 4000h
	ok_if	nz, "DR6.BS says single step"
	ret

on_step:
	push	eax
	push	ebx
	push	ebp
	mov	bp, sp
	pushf
	pop	word [handler_flags]
	cmp	dword [steps], 0
	jne	.later
	mov	ax, [bp + 16]
	mov	[step_flags], ax
.later:
	mov	eax, dr6
	mov	[step_dr6], eax
	mov	ax, [bp + 12]
	mov	bx, [steps]
	add	bx, bx
	cmp	bx, 16
	jae	.end
	mov	[step_ip + bx], ax
.end:
	inc	dword [steps]
	pop	ebp
	pop	ebx
	pop	eax
	iret

software_interrupt:
	set_vector 77h, .handler
	mov	word [.seen], 0
	int	77h
.behind:
	mov	ax, [.seen]
	cmp	ax, .behind
	ok_if	e, "INT n pushes the address behind it"
	ret
.handler:
	push	bp
	mov	bp, sp
	push	ax
	mov	ax, [bp + 2]
	mov	[.seen], ax
	pop	ax
	pop	bp
	iret
.seen	dw 0

; A vector past the table's limit raises #GP. SDM 2A "INT n": "IF (vector_number « 2) + 3 is not
; within IDT limit THEN #GP".
no_table_entry:
	lidt	[short_table]
	fault_at 13, "#GP: a vector past the table's limit", int 50h
	lidt	[whole_table]
	ret

	align	4
short_table	dw 50h * 4 - 1
		dd 0
whole_table	dw 3FFh
		dd 0
	align	4
watched		dd 0
steps		dd 0
step_ip		times 8 dw 0
step_dr6	dd 0
step_flags	dw 0
handler_flags	dw 0
