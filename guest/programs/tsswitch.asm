; guest/programs/tsswitch.asm - hardware task switches.
;
; Promise: JMP, CALL, IRET and task gates switch between 32-bit and 16-bit tasks with the right
; busy bits, back link, NT and CR0.TS; an exception's error code reaches the new task; the faults
; are those of the manual. SDM 3A "Task Management"; under VMX each of them exits and is emulated.

%define NAME "tsswitch"
%define LIB_32
%include "lib.inc"
%include "protected.inc"

TSS_MAIN	equ 20000h	; where the tasks' state lies
TSS_A		equ 20100h
TSS_B		equ 20200h	; a 16-bit task
TSS_GP		equ 20300h	; the handler of #GP
TSS_TICK	equ 20400h	; the handler of IRQ 0
TSS_BAD		equ 20500h	; a task that cannot start
TSS_TS		equ 20600h	; the handler of #TS
STACK_A		equ 22000h
STACK_GP	equ 24000h
STACK_TICK	equ 26000h
STACK_TS	equ 28000h
STACK_B		equ 6000h	; with a 16-bit stack segment

%define SLOT(n) (gdt.extra + (n) * 8)
%define SELECTOR(n) (gdt.extra - gdt + (n) * 8)
MAIN		equ SELECTOR(0)
A		equ SELECTOR(1)
B		equ SELECTOR(2)
GATE_A		equ SELECTOR(3)	; a task gate
ABSENT		equ SELECTOR(4)
TINY		equ SELECTOR(5)
GP_TASK		equ SELECTOR(6)
TICK		equ SELECTOR(7)
IDLE		equ SELECTOR(8)	; a TSS that nobody uses

BAD		equ SELECTOR(9)
TS_TASK		equ SELECTOR(10)

FLAG_NT		equ 4000h
CR0_TS		equ 8
TYPE_16		equ 81h		; present, available
TYPE_32		equ 89h
BUSY		equ 2

; SDM 3A "Task-State Segment (TSS)", "16-Bit Task-State Segment (TSS)"
struc tss
.link	resd 1
	resd 6
.cr3	resd 1
.eip	resd 1
.eflags	resd 1
.eax	resd 1
.ecx	resd 1
.edx	resd 1
.ebx	resd 1
.esp	resd 1
.ebp	resd 1
.esi	resd 1
.edi	resd 1
.es	resd 1
.cs	resd 1
.ss	resd 1
.ds	resd 1
.fs	resd 1
.gs	resd 1
.ldt	resd 1
.trap	resw 1
.iomap	resw 1
endstruc

struc tss16
.link	resw 1
	resw 6
.ip	resw 1
.flags	resw 1
.ax	resw 1
	resw 3
.sp	resw 1
.bp	resw 1
.si	resw 1
.di	resw 1
.es	resw 1
.cs	resw 1
.ss	resw 1
.ds	resw 1
.ldt	resw 1
endstruc

; descriptor SLOT NUMBER, BASE, LIMIT, TYPE
%macro descriptor 4
	mov	word [SLOT(%1)], %3
	mov	dword [SLOT(%1) + 2], (%2) | (%4) << 24
	mov	word [SLOT(%1) + 6], 0
%endmacro

; task TSS, START, STACK: a 32-bit task, EAX = 1000
%macro task 3
	mov	dword [%1 + tss.eip], %2
	mov	dword [%1 + tss.eflags], 2
	mov	dword [%1 + tss.esp], %3
	mov	dword [%1 + tss.eax], 1000
	mov	dword [%1 + tss.esi], 12345678h
	mov	dword [%1 + tss.cs], CODE_32
	mov	dword [%1 + tss.ss], DATA_32
	mov	dword [%1 + tss.ds], DATA_32
	mov	dword [%1 + tss.es], DATA_32
	mov	word [%1 + tss.iomap], 104
%endmacro

main:
	pic_init
	call	enter_protected
	bits	32
	call	prepare
	call	load_task_register
	call	jump
	call	nested_call
	call	by_gate
	call	narrow
	call	by_interrupt
	call	by_exception
	call	by_tick
	call	trap_flag
	call	faults
	call	bad_state
	call	leave_protected
	bits	16
	pass

	bits	32
prepare:
	mov	edi, TSS_MAIN
	xor	eax, eax
	mov	ecx, 400h
	rep stosd
	descriptor 0, TSS_MAIN, 103, TYPE_32
	descriptor 1, TSS_A, 103, TYPE_32
	descriptor 2, TSS_B, 43, TYPE_16
	mov	dword [SLOT(3)], A << 16
	mov	dword [SLOT(3) + 4], 8500h
	descriptor 4, TSS_A, 103, 9		; not present
	descriptor 5, TSS_A, 102, TYPE_32	; one byte too short
	descriptor 6, TSS_GP, 103, TYPE_32
	descriptor 7, TSS_TICK, 103, TYPE_32
	descriptor 8, TSS_A, 103, TYPE_32
	task	TSS_A, task_a, STACK_A
	task	TSS_GP, task_gp, STACK_GP
	task	TSS_TICK, task_tick, STACK_TICK
	mov	word [TSS_B + tss16.ip], task_b
	mov	word [TSS_B + tss16.flags], 2
	mov	word [TSS_B + tss16.ax], 1000
	mov	word [TSS_B + tss16.sp], STACK_B
	mov	word [TSS_B + tss16.cs], CODE_32
	mov	word [TSS_B + tss16.ss], DATA_16
	mov	word [TSS_B + tss16.ds], DATA_32
	mov	word [TSS_B + tss16.es], DATA_32
	ret

load_task_register:
	mov	ax, MAIN
	ltr	ax
	movzx	eax, byte [SLOT(0) + 5]
	cmp	eax, TYPE_32 | BUSY
	ok_if	e, "LTR makes the task busy"
	str	eax
	cmp	ax, MAIN
	ok_if	e, "STR reads the task register"
	ret

; What a task sees of itself. EAX: its own counter; kept.
note:
	mov	[seen.eax], eax
	mov	[seen.esi], esi
	pushfd
	pop	dword [seen.flags]
	push	eax
	xor	eax, eax
	str	ax
	mov	[seen.tr], eax
	mov	eax, cr0
	mov	[seen.cr0], eax
	mov	al, [SLOT(0) + 5]
	mov	[seen.main_type], al
	mov	al, [SLOT(1) + 5]
	mov	[seen.a_type], al
	clts
	pop	eax
	ret

task_a:
	call	note
	inc	eax
	cmp	byte [leave_by_jump], 0
	jne	.jump
	iretd
	jmp	task_a			; the next switch to A goes on here
.jump:
	jmp	MAIN:0
	jmp	task_a

task_b:
	call	note
	inc	eax
	iretd
	jmp	task_b

jump:
	mov	byte [leave_by_jump], 1
	mov	ebx, 11223344h
	jmp	A:0			; the offset does not count
.back:
	mov	byte [leave_by_jump], 0
	mov	eax, ebx
	cmp	eax, 11223344h
	ok_if	e, "JMP there and back: the registers are as before"
	mov	eax, [TSS_MAIN + tss.eip]
	cmp	eax, .back
	ok_if	e, "the old task's EIP is behind the JMP"
	mov	eax, [seen.eax]
	cmp	eax, 1000
	must	e, "EAX of the new task"
	mov	eax, [seen.esi]
	cmp	eax, 12345678h
	ok_if	e, "the new task's registers come from its TSS"
	mov	eax, [seen.tr]
	cmp	eax, A
	ok_if	e, "JMP: the task register is the new task's"
	mov	eax, [seen.flags]
	and	eax, FLAG_NT
	ok_if	z, "JMP: NT is clear"
	mov	eax, [seen.cr0]
	and	eax, CR0_TS
	ok_if	nz, "CR0.TS is set"
	mov	ah, [seen.main_type]
	mov	al, [seen.a_type]
	movzx	eax, ax
	cmp	eax, TYPE_32 << 8 | TYPE_32 | BUSY
	ok_if	e, "JMP: the old task is available, the new one busy"
	mov	eax, [TSS_A + tss.eax]
	cmp	eax, 1001
	ok_if	e, "the task's registers are kept in its TSS"
	clts
	ret

; The checks that CALL, gates and interrupts share: nested in MAIN, A's counter at EBX, and back.
%macro nested_in_main 1
	mov	eax, [seen.tr]
	cmp	eax, A
	must	e, %1, ": the task register"
	mov	eax, [seen.eax]
	cmp	eax, ebx
	must	e, %1, ": the task goes on where it was"
	mov	eax, [seen.flags]
	and	eax, FLAG_NT
	must	nz, %1, ": NT is set"
	movzx	eax, word [TSS_A + tss.link]
	cmp	eax, MAIN
	must	e, %1, ": the back link"
	mov	ah, [seen.main_type]
	mov	al, [seen.a_type]
	movzx	eax, ax
	cmp	eax, (TYPE_32 | BUSY) << 8 | TYPE_32 | BUSY
	must	e, %1, ": both tasks are busy"
	movzx	eax, byte [SLOT(1) + 5]
	cmp	eax, TYPE_32
	must	e, %1, ": IRET makes it available"
	xor	eax, eax
	str	ax
	cmp	eax, MAIN
	must	e, %1, ": IRET comes back"
	pushfd
	pop	eax
	and	eax, FLAG_NT
	must	z, %1, ": IRET clears NT for the one that called"
	clts
	ok	%1, ": nested, back link, busy bits, and back by IRET"
%endmacro

nested_call:
	call	A:0
	mov	ebx, 1001
	nested_in_main "CALL"
	ret

by_gate:
	call	GATE_A:0
	mov	ebx, 1002
	nested_in_main "CALL of a task gate"
	ret

narrow:
	call	B:0
	mov	eax, [seen.tr]
	cmp	eax, B
	ok_if	e, "16-bit task: the task register"
	movzx	eax, word [seen.eax]
	cmp	eax, 1000
	ok_if	e, "16-bit task: its registers"
	movzx	eax, word [TSS_B + tss16.link]
	cmp	eax, MAIN
	ok_if	e, "16-bit task: the back link"
	movzx	eax, word [TSS_B + tss16.ax]
	cmp	eax, 1001
	ok_if	e, "16-bit task: its registers are kept"
	call	B:0
	movzx	eax, word [seen.eax]
	cmp	eax, 1001
	ok_if	e, "16-bit task: it goes on where it was"
	clts
	ret

; task_gate VECTOR, SELECTOR: in the interrupt table.
%macro task_gate 2
	mov	dword [IDT_32 + (%1) * 8], (%2) << 16
	mov	dword [IDT_32 + (%1) * 8 + 4], 8500h
%endmacro

by_interrupt:
	task_gate 2Fh, A
	int	2Fh
.behind:
	mov	ebx, 1003
	nested_in_main "INT of a task gate"
	mov	eax, [TSS_MAIN + tss.eip]
	cmp	eax, .behind
	ok_if	e, "INT: the old task's EIP is behind it"
	ret

; The handler of #GP is a task: it finds the error code on its own stack, and lets the other go on
; elsewhere.
task_gp:
	pop	dword [gp_error]
	mov	eax, [TSS_MAIN + tss.eip]
	mov	[gp_eip], eax
	mov	dword [TSS_MAIN + tss.eip], by_exception.behind
	mov	[gp_esp], esp
	iretd
	jmp	task_gp

by_exception:
	task_gate 13, GP_TASK
	mov	ax, 0F08h		; a selector past the table
.faulting:
	mov	fs, ax
.behind:
	mov	eax, [gp_error]
	cmp	eax, 0F08h
	ok_if	e, "#GP through a task gate: the error code is on the new stack"
	mov	eax, [gp_eip]
	cmp	eax, .faulting
	ok_if	e, "#GP: the old task's EIP is the instruction"
	mov	eax, [gp_esp]
	cmp	eax, STACK_GP
	ok_if	e, "#GP: four bytes, no more"
	set_gate 13, lib_stubs_32 + 13 * LIB_STUB
	clts
	ret

; And so may an interrupt from outside.
task_tick:
	inc	dword [ticks]
	outb	PIC1, 20h
	iretd
	jmp	task_tick

by_tick:
	task_gate PIC1_VECTOR, TICK
	outb	43h, 30h		; low, before the mask opens: nothing old may wait
	outb	PIC1 + 1, 0FEh
	mov	ecx, 5
.next:
	pit_start 0, 0, 2000
	sti
	hlt
	cli
	loop	.next
	outb	43h, 30h
	outb	PIC1 + 1, 0FFh
	mov	eax, [ticks]
	cmp	eax, 5
	ok_if	e, "IRQ 0 through a task gate, five times"
	clts
	ret

; The T flag of a TSS: #DB before the new task's first instruction. SDM 3B "Task-Switch Exception
; Condition".
trap_flag:
	set_gate 1, .on_debug
	xor	eax, eax
	mov	dr6, eax
	mov	word [TSS_A + tss.trap], 1
	call	A:0
	mov	word [TSS_A + tss.trap], 0
	mov	eax, [debug_status]
	and	eax, 8000h
	ok_if	nz, "the T flag: #DB, and DR6.BT is set"
	clts
	ret
.on_debug:
	push	eax
	mov	eax, dr6
	mov	[debug_status], eax
	pop	eax
	iretd

; code_is SELECTOR, "text": the last exception's error code.
%macro code_is 2
	mov	eax, [lib_error_code]
	cmp	eax, %1
	ok_if	e, %2
%endmacro

faults:
	try	jmp MAIN:0
	raises	13, "#GP: JMP to a busy task"
	code_is	MAIN, "its error code is the selector"
	try	call MAIN:0
	raises	13, "#GP: CALL of a busy task"
	try	jmp ABSENT:0
	raises	11, "#NP: JMP to a task that is not present"
	code_is	ABSENT, "its error code is the selector"
	try	jmp TINY:0
	raises	10, "#TS: JMP to a TSS that is too short"
	code_is	TINY, "its error code is the selector"
	mov	word [TSS_MAIN + tss.link], IDLE
	try	call .iret_nested
	raises	10, "#TS: IRET with NT to a task that is not busy"
	code_is	IDLE, "its error code is the selector"
	push	dword 2
	popfd
	mov	dword [SLOT(3)], DATA_32 << 16
	try	call GATE_A:0
	raises	13, "#GP: a task gate to something that is no TSS"
	code_is	DATA_32, "its error code is the selector"
	xor	eax, eax
	str	ax
	cmp	eax, MAIN
	ok_if	e, "no fault has switched"
	ret
.iret_nested:
	add	esp, 4			; `try` goes on with the stack as it was at the call
	pushfd
	or	dword [esp], FLAG_NT
	popfd
	iretd
	fail	"IRET went somewhere"

; What is wrong with the new task's own registers is found when the switch is done: #TS comes in
; the new task. A third task handles it and goes back to the first.
; state_fails OFFSET IN TSS, VALUE, ERROR CODE, "text"
%macro state_fails 4
	descriptor 9, TSS_BAD, 103, TYPE_32
	descriptor 10, TSS_TS, 103, TYPE_32
	task	TSS_BAD, task_bad, STACK_A
	task	TSS_TS, task_ts, STACK_TS
	mov	dword [TSS_BAD + tss.ldt], 0
	mov	dword [TSS_BAD + %1], %2
	mov	dword [ts_error], -1
	jmp	BAD:0
	mov	eax, [ts_error]
	cmp	eax, %3
	must	e, %4, ": the error code"
	movzx	eax, word [TSS_TS + tss.link]
	cmp	eax, BAD
	must	e, %4, ": it comes in the new task"
	movzx	eax, byte [SLOT(9) + 5]
	cmp	eax, TYPE_32 | BUSY
	must	e, %4, ": which is busy"
	ok	"#TS: ", %4
	clts
%endmacro

bad_state:
	task_gate 10, TS_TASK
	state_fails tss.ldt, 0F08h, 0F08h, "an LDT past the table"
	state_fails tss.cs, DATA_32, DATA_32, "CS is a data segment"
	state_fails tss.cs, 0, 0, "CS is null"
	state_fails tss.ss, CODE_32, CODE_32, "SS is a code segment"
	state_fails tss.ss, 0, 0, "SS is null"
	state_fails tss.ds, 0F08h, 0F08h, "DS past the table"
	state_fails tss.es, MAIN, MAIN, "ES is a system segment"
	set_gate 10, lib_stubs_32 + 10 * LIB_STUB
	ret

task_bad:
	fail	"a task with wrong segments has started"

task_ts:
	pop	dword [ts_error]
	jmp	MAIN:0

	align	4
ts_error	dd 0
seen:
.eax		dd 0
.esi		dd 0
.flags		dd 0
.tr		dd 0
.cr0		dd 0
.main_type	db 0
.a_type		db 0
leave_by_jump	db 0
	align	4
gp_error	dd 0
gp_eip		dd 0
gp_esp		dd 0
ticks		dd 0
debug_status	dd 0
