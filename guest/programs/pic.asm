; guest/programs/pic.asm - the 8259A, as far as two sources can show it.
;
; Promise: priorities, masks, every kind of end of interrupt, rotation, special mask, poll,
; automatic EOI, level mode. IRQ 0 is requested by the timer (mode 0: the output stays high), IRQ
; 4 by the serial port (empty transmitter). Nothing is printed while a test runs: that would touch
; IRQ 4. 8259A data sheet, "Programming the 8259A"; ELCR: 82371SB data sheet.

%define NAME "pic"
%include "lib.inc"

OCW3_IRR	equ 0Ah
OCW3_ISR	equ 0Bh
OCW3_POLL	equ 0Ch
OCW3_SPECIAL	equ 68h		; special mask mode on, off
OCW3_NORMAL	equ 48h
EOI		equ 20h
EOI_SPECIFIC	equ 60h		; + input
EOI_ROTATE	equ 0A0h
SET_PRIORITY	equ 0C0h	; + the input that becomes the lowest
ELCR		equ 4D0h

main:
	call	fresh
	call	masks
	call	fixed_priority
	call	masked
	call	nested
	call	not_nested
	call	specific_eoi
	call	rotate
	call	set_priority
	call	special_mask
	call	poll
	call	automatic
	call	level
	call	withdrawn
	call	vectors
	pass

; ---- sources ------------------------------------------------------------------------------------

fresh:				; both quiet, handlers in place, IRQ 0 and 4 open
	cli
	call	lower_0
	call	lower_4
	pic_init
	outb	COM1_MCR, 3 | MCR_OUT2
	set_vector PIC1_VECTOR + 0, on_0
	set_vector PIC1_VECTOR + 4, on_4
	set_vector PIC1_VECTOR + 7, on_7
	mov	word [hook_0], plain_eoi
	mov	word [hook_4], plain_eoi
	mov	dword [log], 0
	mov	dword [log + 4], 0
	mov	word [logged], 0
	outb	PIC1 + 1, 0EEh
	ret

raise_0:
	push	ax
	pit_start 0, 0, 2
.wait:
	outb	43h, 0E2h		; read back the status of channel 0
	inb	40h
	test	al, 80h			; OUT
	jz	.wait
	pop	ax
	ret

lower_0:
	push	ax
	outb	43h, 30h		; mode 0 begins low
	pop	ax
	ret

raise_4:
	push	ax
	push	dx
.drain:
	inb	COM1_LSR
	test	al, LSR_TEMT
	jz	.drain
	outb	COM1_IER, 2
	pop	dx
	pop	ax
	ret

lower_4:
	push	ax
	push	dx
	outb	COM1_IER, 0
	pop	dx
	pop	ax
	ret

; At the same time, for the PIC: opened when both are there. (Bochs' 8259A decides when the first
; comes.)
raise_both:
	outb	PIC1 + 1, 0FFh
	call	raise_4
	call	raise_0
	outb	PIC1 + 1, 0EEh
	ret

; The handlers write their number to the log when they begin and run their hook.
on_0:
	pushad
	call	lower_0
	mov	al, '0'
	call	note
	call	[hook_0]
	popad
	iret

on_4:
	pushad
	call	lower_4
	mov	al, '4'
	call	note
	call	[hook_4]
	popad
	iret

on_7:
	pushad
	mov	al, '7'
	call	note
	call	read_isr
	test	al, 80h
	jz	.spurious
	mov	al, '!'
	call	note
.spurious:
	popad
	iret

note:
	mov	bx, [logged]
	and	bx, 7
	mov	[log + bx], al
	inc	word [logged]
	ret

plain_eoi:
	outb	PIC1, EOI
	ret

no_eoi:
	ret

read_isr:
	outb	PIC1, OCW3_ISR
	inb	PIC1
	movzx	eax, al
	ret

read_irr:
	outb	PIC1, OCW3_IRR
	inb	PIC1
	movzx	eax, al
	ret

; Lets in what waits, for a while.
let_in:
	sti
	mov	cx, 50
.wait:
	inb	61h
	loop	.wait
	cli
	ret

; log_is "04": the handlers ran in this order; the rest of the macro is ok_if's text.
%macro log_is 2
	call	lower_0
	call	lower_4
	mov	eax, [log]
	cmp	eax, %1
	ok_if	e, %2
%endmacro

; ---- tests --------------------------------------------------------------------------------------

masks:
	outb	PIC1 + 1, 5Ah
	outb	PIC2 + 1, 0C3h
	inb	PIC1 + 1
	mov	ah, al
	inb	PIC2 + 1
	movzx	eax, ax
	cmp	ax, 5AC3h
	ok_if	e, "both masks read as written"
	ret

fixed_priority:
	call	fresh
	call	raise_both
	call	read_irr
	mov	ebp, eax
	call	let_in
	log_is	"04", "IRQ 0 comes before IRQ 4"
	mov	eax, ebp
	and	eax, 11h
	cmp	eax, 11h
	ok_if	e, "both were in the request register"
	call	read_isr
	test	eax, eax
	ok_if	z, "nothing is in service after the EOIs"
	ret

masked:
	call	fresh
	outb	PIC1 + 1, 0FEh
	call	raise_4
	call	let_in
	mov	ebp, [log]
	call	read_irr
	and	eax, 10h
	mov	edi, eax
	outb	PIC1 + 1, 0EEh
	call	let_in
	log_is	"4", "a masked request waits, and comes when the mask opens"
	mov	eax, ebp
	test	eax, eax
	ok_if	z, "it did not come before"
	mov	eax, edi
	cmp	eax, 10h
	ok_if	e, "the request register shows it although masked"
	ret

nested:				; IRQ 0 interrupts the handler of IRQ 4
	call	fresh
	mov	word [hook_4], .in_4
	call	raise_4
	call	let_in
	log_is	"40>", "IRQ 0 interrupts the handler of IRQ 4"
	mov	eax, [seen]
	cmp	eax, 11h
	ok_if	e, "both were in service"
	ret
.in_4:
	mov	word [hook_0], .in_0
	call	raise_0
	call	let_in
	mov	al, '>'
	call	note
	jmp	plain_eoi
.in_0:
	call	read_isr
	mov	[seen], eax
	jmp	plain_eoi

not_nested:			; but not the other way round
	call	fresh
	mov	word [hook_0], .in_0
	call	raise_0
	call	let_in
	log_is	"0>4", "IRQ 4 waits for the EOI of IRQ 0"
	ret
.in_0:
	call	raise_4
	call	let_in
	mov	al, '>'
	call	note
	jmp	plain_eoi

; Both in service: the specific EOI of 4 leaves 0; the other ends the highest.
specific_eoi:
	call	fresh
	call	both_in_service
	outb	PIC1, EOI_SPECIFIC + 4
	call	read_isr
	mov	ebp, eax
	call	fresh
	call	both_in_service
	outb	PIC1, EOI
	call	read_isr
	mov	edi, eax
	call	fresh
	mov	eax, ebp
	cmp	eax, 1
	ok_if	e, "a specific EOI ends its own input"
	mov	eax, edi
	cmp	eax, 10h
	ok_if	e, "a non-specific EOI ends the highest in service"
	ret

both_in_service:
	mov	word [hook_4], no_eoi
	mov	word [hook_0], no_eoi
	call	raise_4
	call	let_in
	call	raise_0
	jmp	let_in

rotate:
	call	fresh
	mov	word [hook_0], .rotating_eoi
	call	raise_0
	call	let_in
	mov	word [hook_0], plain_eoi
	call	raise_both
	call	let_in
	log_is	"040", "rotation: IRQ 0 is the lowest after its rotating EOI"
	ret
.rotating_eoi:
	outb	PIC1, EOI_ROTATE
	ret

set_priority:
	call	fresh
	outb	PIC1, SET_PRIORITY + 3
	call	raise_both
	call	let_in
	log_is	"40", "set priority: IRQ 3 lowest, so IRQ 4 comes first"
	ret

special_mask:
	call	fresh
	mov	word [hook_0], .in_0
	call	raise_0
	call	let_in
	log_is	"04>", "special mask: a masked IRQ 0 in service does not hold IRQ 4 back"
	ret
.in_0:
	outb	PIC1, OCW3_SPECIAL
	outb	PIC1 + 1, 0EFh
	call	raise_4
	mov	word [hook_4], .in_4
	call	let_in
	mov	al, '>'
	call	note
	outb	PIC1, OCW3_NORMAL
	outb	PIC1 + 1, 0EEh
	jmp	plain_eoi
.in_4:
	outb	PIC1, EOI_SPECIFIC + 4
	ret

poll:
	call	fresh
	outb	PIC1, OCW3_POLL
	inb	PIC1
	movzx	ebp, al
	call	raise_4
	outb	PIC1, OCW3_POLL
	inb	PIC1
	movzx	edi, al
	call	read_isr
	mov	[seen], eax
	call	lower_4
	outb	PIC1, EOI
	call	let_in
	log_is	0, "poll: the request was taken, no interrupt comes"
	mov	eax, ebp
	and	eax, 80h
	ok_if	z, "poll: nothing is there"
	mov	eax, edi
	and	eax, 87h
	cmp	eax, 84h
	in_lintel_if e, "poll: IRQ 4 is there" ; (Bochs leaves bit 7 clear)
	mov	eax, [seen]
	cmp	eax, 10h
	in_lintel_if e, "poll: it is in service then"
	ret

automatic:
	call	fresh
	outb	PIC1, 11h
	outb	PIC1 + 1, PIC1_VECTOR
	outb	PIC1 + 1, 4
	outb	PIC1 + 1, 3		; ICW4: automatic EOI
	outb	PIC1 + 1, 0EEh
	mov	word [hook_0], .in_0
	mov	word [hook_4], no_eoi
	call	raise_0
	call	let_in
	call	raise_4
	call	let_in
	log_is	"04", "automatic EOI: both came, without any"
	mov	eax, [seen]
	test	eax, eax
	ok_if	z, "automatic EOI: nothing is in service in the handler"
	ret
.in_0:
	call	read_isr
	mov	[seen], eax
	ret

; Level triggered: a request that is still there after the EOI comes again.
level:
	call	fresh
	outb	ELCR, 10h
	inb	ELCR
	movzx	ebp, al
	mov	word [hook_4], .in_4
	mov	byte [.again], 2
	call	raise_4
	call	let_in
	outb	ELCR, 0
	log_is	"444", "level mode: the request comes until it goes away"
	mov	eax, ebp
	cmp	eax, 10h
	ok_if	e, "the ELCR reads as written"
	ret
.in_4:
	cmp	byte [.again], 0
	je	.end
	dec	byte [.again]
	call	raise_4
.end:
	jmp	plain_eoi
.again	db 0

; A request that goes away before the CPU took it: IRQ 7, not in service, or nothing at all.
withdrawn:
	call	fresh
	outb	PIC1 + 1, 6Eh
	call	raise_4
	call	lower_4
	call	let_in
	cmp	dword [log], "7"
	je	.spurious
	log_is	0, "a request that goes away is not IRQ 4"
	ret
.spurious:
	log_is	"7", "a request that goes away is not IRQ 4"
	ret

; ICW2's low three bits do not count.
vectors:
	call	fresh
	outb	PIC1, 11h
	outb	PIC1 + 1, 63h
	outb	PIC1 + 1, 4
	outb	PIC1 + 1, 1
	outb	PIC1 + 1, 0EEh
	set_vector 64h, on_4
	call	raise_4
	call	let_in
	log_is	"4", "ICW2 gives the upper five bits of the vector"
	jmp	fresh

	align	4
log		dq 0
seen		dd 0
hook_0		dw 0
hook_4		dw 0
logged		dw 0
