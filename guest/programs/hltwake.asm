; guest/programs/hltwake.asm - HLT, and when exactly an interrupt comes in.
;
; Promise: HLT ends with the next interrupt, also with one that was pending before; STI and MOV SS
; hold interrupts back for one instruction, and an intercepted instruction there does not change
; that. SDM 2A "HLT", 2B "STI", "MOV"; SDM 3A "Masking Exceptions and Interrupts When Switching
; Stacks".

%define NAME "hltwake"
%include "lib.inc"

MILLISECOND	equ PIT_HZ / 1000

main:
	pic_init
	set_vector PIC1_VECTOR + 0, on_tick
	set_vector PIC1_VECTOR + 4, on_serial
	outb	PIC1 + 1, 0FEh		; only IRQ 0
	call	wakes
	call	already_pending
	call	sti_shadow
	call	mov_ss_shadow
	call	masked_does_not_wake
	call	inside_a_handler
	call	many
	pass

on_tick:
	push	eax
	push	ebp
	mov	bp, sp
	mov	ax, [bp + 8]
	mov	[pushed_ip], ax
	cmp	ax, [forbidden_ip]
	jne	.end
	inc	dword [forbidden]
.end:
	inc	dword [ticks]
	call	slow_down_if_starved
	outb	PIC1, 20h
	pop	ebp
	pop	eax
	iret

; Sixteen ticks without any progress: this machine cannot handle ticks as fast as they come, so
; nothing else runs. Then they come half as often.
slow_down_if_starved:
	cmp	word [period], 0
	je	.done
	mov	ax, [progress]
	cmp	ax, [last_progress]
	mov	[last_progress], ax
	jne	.moves
	dec	byte [patience]
	jnz	.done
	shl	word [period], 1
	outb	40h, [period]
	outb	40h, [period + 1]
.moves:
	mov	byte [patience], 16
.done:
	ret

; One tick in a millisecond (mode 0: the output rises when the count is over).
%macro tick_soon 0
	mov	dword [ticks], 0
	pit_start 0, 0, MILLISECOND
%endmacro

; The same, and returns when the request waits in the PIC. 8259A "Reading the 8259A Status".
%macro tick_pending 0
	cli
	tick_soon
%%wait:
	outb	PIC1, 0Ah
	inb	PIC1
	test	al, 1
	jz	%%wait
%endmacro

wakes:
	tick_soon
	sti
	hlt
.after:
	cli
	mov	eax, [ticks]
	cmp	eax, 1
	ok_if	e, "HLT wakes on the next interrupt"
	cmp	word [pushed_ip], .after
	ok_if	e, "the handler returns behind the HLT"
	ret

already_pending:
	tick_pending
	sti
	hlt
.after:
	cli
	mov	eax, [ticks]
	cmp	eax, 1
	ok_if	e, "HLT wakes on a pending interrupt"
	cmp	word [pushed_ip], .after
	ok_if	e, "STI let the HLT begin first"
	ret

sti_shadow:
	tick_pending
	sti
	cli
	nop
	mov	eax, [ticks]
	test	eax, eax
	ok_if	z, "STI then CLI lets nothing in"
	sti
	nop
.one:
	nop
	cli
	cmp	word [pushed_ip], .one
	ok_if	e, "STI holds the interrupt back for one instruction"

	tick_pending
	sti
	in	al, 61h			; intercepted
.after_in:
	nop
	cli
	cmp	word [pushed_ip], .after_in
	ok_if	e, "also if that one is IN"

	tick_pending
	xor	eax, eax
	sti
	cpuid				; exits always
.after_cpuid:
	nop
	cli
	cmp	word [pushed_ip], .after_cpuid
	ok_if	e, "also if that one is CPUID"

	tick_pending
	pushf
	pop	ax
	or	ah, 2
	push	ax
	popf
.after_popf:
	nop
	nop
	cli
	cmp	word [pushed_ip], .after_popf
	ok_if	e, "POPF does not hold it back"
	ret

; Ticks at a high rate, and a loop that is mostly MOV SS: none may come right behind it.
mov_ss_shadow:
	mov	dword [ticks], 0
	mov	dword [forbidden], 0
	mov	word [forbidden_ip], .shadow
	mov	word [period], 40
	pit_start 0, 2, 40
	xor	bx, bx
	sti
.next:
	inc	word [progress]
	mov	ss, bx
.shadow:
	in	al, 61h			; intercepted
	mov	ss, bx
	cmp	dword [ticks], 300
	jb	.next
	cli
	; Mode 0: the output is low and stays low. A tick that still waits would become a spurious
	; interrupt, so forget it.
	outb	43h, 30h
	pic_init
	outb	PIC1 + 1, 0FEh
	mov	word [forbidden_ip], 0
	mov	word [period], 0
	mov	eax, [forbidden]
	test	eax, eax
	ok_if	z, "no interrupt behind MOV SS"
	ret

; IRQ 4 requests all the time (transmitter empty) but is masked: only the tick ends the HLT.
masked_does_not_wake:
	call	serial_request
	mov	dword [serials], 0
	tick_soon
	sti
	hlt
	cli
	mov	eax, [ticks]
	cmp	eax, 1
	must	e, "the tick"
	mov	eax, [serials]
	test	eax, eax
	ok_if	z, "a masked request does not end a HLT"
	ret

; IRQ 4 comes, and its handler halts until a tick (IRQ 0 is of higher priority) comes.
inside_a_handler:
	mov	dword [serials], 0
	outb	PIC1 + 1, 0EEh
	sti
	hlt				; (or the request came between STI and HLT: the same)
	cli
	outb	PIC1 + 1, 0FEh
	mov	eax, [serials]
	cmp	eax, 1
	ok_if	e, "HLT inside of an interrupt handler"
	ret

on_serial:
	push	ax
	push	dx
	inc	dword [serials]
	outb	COM1_IER, 0
	outb	COM1_MCR, 3
	tick_soon
	sti
	hlt
	cli
	mov	eax, [ticks]
	cmp	eax, 1
	must	e, "a tick inside of the handler"
	outb	PIC1, 20h
	pop	dx
	pop	ax
	iret

serial_request:
	outb	COM1_MCR, 3 | MCR_OUT2
.drain:
	inb	COM1_LSR
	test	al, LSR_TEMT
	jz	.drain
	outb	COM1_IER, 2
	ret

many:
	mov	dword [ticks], 0
	pit_start 0, 2, MILLISECOND
	mov	ecx, 500
	sti
.next:
	hlt
	loop	.next
	cli
	mov	eax, [ticks]
	cmp	eax, 500
	ok_if	e, "500 times HLT, 500 ticks"
	ret

	align	4
ticks		dd 0
serials		dd 0
forbidden	dd 0
pushed_ip	dw 0
progress	dw 0
last_progress	dw 0
period		dw 0			; of the fast ticks, 0 if there are none
patience	db 16
	align	2
forbidden_ip	dw 0
