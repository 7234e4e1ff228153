; guest/programs/uart.asm - the 16550A: registers, FIFOs, every interrupt, loopback, modem lines.
;
; Promise: what the data sheet says of each register. Everything but the first test runs in
; loopback. PC16550D data sheet, "Registers", "FIFO Interrupt Mode Operation", "Modem Control
; Register".

%define NAME "uart"
%include "lib.inc"

LOOPBACK	equ 10h
IIR_NONE	equ 1
IIR_MODEM	equ 0
IIR_THRE	equ 2
IIR_DATA	equ 4
IIR_LINE	equ 6
IIR_TIMEOUT	equ 0Ch

; Runs a test in loopback. It returns what it saw in EAX; ok_if follows outside, when the line
; works again.
%macro looped 1
	call	begin_loop
	call	%1
	call	end_loop
%endmacro

; seen VALUE, "text"
%macro seen 2
	cmp	eax, %1
	ok_if	e, %2
%endmacro

; The same where Bochs' chip is not as its data sheet says.
%macro seen_in_lintel 2
	cmp	eax, %1
	in_lintel_if e, %2
%endmacro

main:
	pic_init
	set_vector PIC1_VECTOR + 4, on_serial
	call	plain_registers
	looped	identification
	seen	0C100C1h, "FCR: the FIFOs go on, off and on again"
	looped	echo
	seen	"abcd", "loopback: bytes come back in their order"
	looped	line_control
	seen	"x", "LCR: setting it keeps what was received"
	looped	clear_receiver
	seen_in_lintel 0, "FCR: bit 1 empties the receiver's FIFO" ; (Bochs still says data ready)
	looped	overrun
	seen	6316h, "LSR: the seventeenth byte is an overrun, sixteen stay"
	looped	overrun_read
	seen	0, "LSR: reading it clears the error"
	looped	modem_lines
	seen	0A0506030h, "MCR in loopback drives the modem lines"
	looped	modem_deltas
	seen	0BF0h, "MSR: deltas are set by changes, and cleared by reading"
	looped	trigger
	seen	010C04h, "IIR: nothing, then time-out, then the trigger level"
	looped	priorities
	; (Bochs forgets the transmitter)
	seen_in_lintel 00020406h, "IIR: line status, data, transmitter, modem, in this order"
	looped	thre
	seen	010201h, "IIR: the transmitter's interrupt goes when read, and comes back by IER"
	looped	without_fifo
	seen	610041h, "without FIFOs: one byte; data ready goes with it"
	looped	interrupts
	seen	640064h, "by interrupt: 100 bytes out and the same 100 in"
	pass

begin_loop:
	inb	COM1_LSR
	test	al, LSR_TEMT
	jz	begin_loop
	outb	COM1_MCR, LOOPBACK
	outb	COM1_FCR, 7
	call	empty
	inb	COM1_MSR
	inb	COM1_IIR
	ret

; Takes what the receiver has, to the last byte.
empty:
	push	ax
.next:
	inb	COM1
	inb	COM1_LSR
	test	al, 1
	jnz	.next
	pop	ax
	ret

end_loop:
	push	eax
	call	all_sent
	outb	PIC1 + 1, 0FFh
	call	lib_serial_init
	pop	eax
	ret

all_sent:
	push	eax
.wait:
	inb	COM1_LSR		; (its errors are cleared by this)
	test	al, LSR_TEMT
	jz	.wait
	pop	eax
	ret

; Sends AL when there is room.
send:
	push	ax
	mov	ah, al
.wait:
	inb	COM1_LSR
	test	al, LSR_THRE
	jz	.wait
	mov	al, ah
	mov	dx, COM1
	out	dx, al
	pop	ax
	ret

plain_registers:
	outb	COM1_SCR, 5Ah
	inb	COM1_SCR
	movzx	eax, al
	cmp	eax, 5Ah
	ok_if	e, "SCR keeps a byte"
	outb	COM1_LCR, 83h
	outb	COM1, 34h
	outb	COM1_IER, 12h
	outb	COM1_LCR, 03h
	inb	COM1_IER
	movzx	ebx, al
	outb	COM1_LCR, 83h
	inb	COM1
	shl	ebx, 8
	mov	bl, al
	inb	COM1_IER
	shl	ebx, 8
	mov	bl, al
	outb	COM1, 1
	outb	COM1_IER, 0
	inb	COM1_LCR
	shl	ebx, 8
	mov	bl, al
	outb	COM1_LCR, 3
	mov	eax, ebx
	seen	00341283h, "DLAB: the divisor is apart from IER, and LCR reads as written"
	outb	COM1_IER, 0FFh
	inb	COM1_IER
	movzx	eax, al
	push	eax
	outb	COM1_IER, 0
	pop	eax
	seen	0Fh, "IER has four bits"
	inb	COM1_LSR
	movzx	eax, al
	ret

identification:
	inb	COM1_IIR
	movzx	ebx, al
	outb	COM1_FCR, 0
	inb	COM1_IIR
	cmp	al, 1
	jne	.wrong
	outb	COM1_FCR, 1
	inb	COM1_IIR
	shl	ebx, 16
	mov	bl, al
	mov	eax, ebx
	ret
.wrong:
	movzx	eax, al
	ret

echo:
	mov	al, 'a'
.next:
	call	send
	inc	al
	cmp	al, 'd'
	jbe	.next
	call	all_sent
	mov	cx, 4
.read:
	inb	COM1
	shrd	ebx, eax, 8
	loop	.read
	mov	eax, ebx
	ret

line_control:
	mov	al, 'x'
	call	send
	call	all_sent
	outb	COM1_LCR, 3
	inb	COM1
	movzx	eax, al
	ret

clear_receiver:
	mov	al, 'x'
	call	send
	call	all_sent
	outb	COM1_FCR, 3
	inb	COM1_LSR
	and	eax, 1
	ret

; 17 bytes into 16: LSR, and how many come out.
overrun:
	call	overflow
	inb	COM1_LSR
	mov	bh, al			; 63h: THRE and TEMT, overrun, data ready
	xor	bl, bl
.read:
	inb	COM1_LSR
	test	al, 1
	jz	.done
	inb	COM1
	mov	al, bl			; count in BCD, to be read at a glance
	add	al, 1
	daa
	mov	bl, al
	jmp	.read
.done:
	movzx	eax, bx
	ret

overflow:
	mov	cx, 17
.next:
	mov	dx, COM1
	mov	al, 'z'
	out	dx, al
	call	wait_sent
	loop	.next
	ret

; Waits for one byte without a look at LSR: that would clear the error. Interrupt identification
; tells.
wait_sent:
	push	cx
	outb	COM1_IER, 2
.wait:
	inb	COM1_IIR
	and	al, 0Fh
	cmp	al, IIR_THRE
	jne	.wait
	outb	COM1_IER, 0
	mov	cx, 2000		; and the byte itself, which the shift register still has
.more:
	in	al, 61h
	loop	.more
	pop	cx
	ret

overrun_read:
	call	overflow
	inb	COM1_LSR
	inb	COM1_LSR
	and	eax, 2
	ret

; OUT2 → DCD, OUT1 → RI, RTS → CTS, DTR → DSR; one byte each, the upper half of MSR.
modem_lines:
	xor	ebx, ebx
	mov	cx, 4
	mov	si, .bits
.next:
	lodsb
	or	al, LOOPBACK
	mov	dx, COM1_MCR
	out	dx, al
	inb	COM1_MSR
	and	al, 0F0h
	shl	ebx, 8
	mov	bl, al
	loop	.next
	mov	eax, ebx
	ret
.bits	db 9, 6, 5, 3			; OUT2+DTR, OUT1+RTS, OUT1+DTR, DTR+RTS

modem_deltas:
	; all on: CTS, DSR, DCD changed; RI only counts when it ends
	outb	COM1_MCR, LOOPBACK | 0Fh
	inb	COM1_MSR
	mov	bh, al
	inb	COM1_MSR
	mov	bl, al
	and	bh, 0Fh
	movzx	eax, bx
	ret

; Trigger level four: two bytes: nothing at once; a time-out later; four bytes: data.
trigger:
	outb	COM1_FCR, 47h
	outb	COM1_IER, 1
	mov	al, 'x'
	call	send
	call	send
	call	all_sent
	inb	COM1_IIR
	and	al, 0Fh
	movzx	ebx, al
	mov	ecx, 100000
.wait:
	inb	COM1_IIR
	and	al, 0Fh
	cmp	al, IIR_TIMEOUT
	je	.came
	loop	.wait, ecx
.came:
	shl	ebx, 8
	mov	bl, al
	call	empty
	mov	al, 'x'
	call	send
	call	send
	call	send
	call	send
	call	all_sent
	inb	COM1_IIR
	and	al, 0Fh
	shl	ebx, 8
	mov	bl, al
	mov	eax, ebx
	ret

; Everything at once, and taken away one by one.
priorities:
	outb	COM1_FCR, 7		; trigger at one byte
	call	overflow
	outb	COM1_MCR, LOOPBACK | 1	; a modem line changes
	outb	COM1_IER, 0Fh
	inb	COM1_IIR		; line status
	and	al, 0Fh
	movzx	ebx, al
	inb	COM1_LSR
	inb	COM1_IIR		; data
	and	al, 0Fh
	shl	eax, 8
	mov	bh, ah
	call	empty
	inb	COM1_IIR		; transmitter; this read takes it away
	and	al, 0Fh
	movzx	eax, al
	shl	eax, 16
	or	ebx, eax
	inb	COM1_IIR		; modem: 0
	and	al, 0Fh
	movzx	eax, al
	shl	eax, 24
	or	eax, ebx
	push	eax
	inb	COM1_MSR
	outb	COM1_IER, 0
	pop	eax
	ret

thre:
	outb	COM1_IER, 2
	inb	COM1_IIR
	and	al, 0Fh
	mov	bl, al
	inb	COM1_IIR
	and	al, 0Fh
	mov	bh, al
	outb	COM1_IER, 0
	outb	COM1_IER, 2		; switched on again: it asks again
	inb	COM1_IIR
	and	al, 0Fh
	mov	ah, al
	cmp	ah, IIR_THRE
	mov	ah, 1
	je	.good
	mov	ah, 0FFh
.good:
	movzx	eax, ah
	shl	eax, 16
	mov	ah, bl
	mov	al, bh
	push	eax
	outb	COM1_IER, 0
	pop	eax
	ret

; LSR with a byte there, then whether another is there when it was read, and the byte.
without_fifo:
	outb	COM1_FCR, 0
	mov	al, 'A'
	call	send
	call	all_sent
	inb	COM1_LSR
	movzx	ebx, al
	shl	ebx, 16
	inb	COM1
	mov	bl, al
	inb	COM1_LSR
	and	al, 1
	mov	bh, al
	mov	eax, ebx
	ret

; 100 bytes by interrupts in both directions at once; the upper half: right ones, the lower:
; received.
interrupts:
	outb	COM1_MCR, LOOPBACK | MCR_OUT2
	mov	word [to_send], 100
	mov	dword [received], 0
	outb	PIC1 + 1, 0EFh
	outb	COM1_IER, 3
	sti
	mov	ecx, 1000000
.wait:
	cmp	word [received], 100
	jae	.done
	in	al, 61h
	loop	.wait, ecx
.done:
	cli
	outb	COM1_IER, 0
	mov	eax, [received]
	ret

on_serial:
	push	ax
	push	dx
.next:
	inb	COM1_IIR
	test	al, 1
	jnz	.done
	and	al, 0Fh
	cmp	al, IIR_THRE
	je	.send
.receive:
	inb	COM1
	inc	word [received]
	cmp	al, [received]
	jne	.check
	inc	word [received + 2]
.check:
	inb	COM1_LSR
	test	al, 1
	jnz	.receive
	test	al, LSR_THRE		; as drivers do: the chip may have asked for this as well
	jz	.next
.send:
	cmp	word [to_send], 0
	je	.next
	mov	al, 101
	sub	al, [to_send]
	mov	dx, COM1
	out	dx, al
	dec	word [to_send]
	jmp	.next
.done:
	outb	PIC1, 20h
	pop	dx
	pop	ax
	iret

	align	4
received	dw 0, 0			; how many; how many of them were right
to_send		dw 0
