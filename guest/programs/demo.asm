; guest/programs/demo.asm - the default demo, and the first thing that anyone sees of Lintel.
;
; Greets by polling and then by interrupt-driven serial, shows the CPU it sees, halts between PIT
; ticks for five seconds with a line a second, echoes what is typed, and ends.

%define NAME "demo"
%include "lib.inc"

TICK_HZ		equ 100
TICK_COUNT	equ (PIT_HZ + TICK_HZ / 2) / TICK_HZ
TICK_SECONDS	equ 5
QUIET_SECONDS	equ 5		; so long without a key ends the demo
RING		equ 256		; received bytes; its index is one byte, so it wraps by itself
LINE_MAX	equ 60

main:
	call	greet
	call	show_cpu
	call	start_interrupts
	call	greet_by_interrupt
	call	tick_for_a_while
	call	echo
	line
	line	"  That was all: a guest from its first real-mode instruction to this line. Bye."
	line
	jmp	end_guest_16

greet:
	line
	line	"     ________________________________"
	line	"    |________________________________|      L I N T E L"
	line	"       |   |                  |   |"
	line	"       |   |                  |   |         a demo guest in 16-bit real mode,"
	line	"       |   |                  |   |         with a PIC, a PIT and a serial port"
	line	"       |   |                  |   |"
	line	"    ___|___|__________________|___|___"
	line
	line	"  Hello! The guest sends these lines by polling the serial port, byte by byte."
	line
	ret

; ---- the CPU ------------------------------------------------------------------------------------

show_cpu:
	say	"  cpu         "
	xor	eax, eax
	cpuid
	call	store_signature
	mov	si, signature
	call	puts_16
	say	", "
	call	print_brand
	line
	say	"  mode        "
	smsw	ax
	test	al, 1
	jnz	.protected
	say	"real mode"
	jmp	.cr0
.protected:
	say	"protected mode?"
.cr0:
	say	", CR0 = "
	mov	eax, cr0
	print_hex
	line	"h"
	say	"  hypervisor  "
	mov	eax, 1
	cpuid
	test	ecx, ecx	; bit 31: a hypervisor is present
	jns	.none
	mov	eax, 40000000h
	cpuid
	xchg	ecx, edx	; leaf 0 orders EBX, EDX, ECX; this one EBX, ECX, EDX
	call	store_signature
	mov	si, signature
	call	puts_16
	line
	line
	ret
.none:
	line	"none (no signature in CPUID)"
	line
	ret

; EBX, EDX, ECX: twelve letters.
store_signature:
	mov	[signature], ebx
	mov	[signature + 4], edx
	mov	[signature + 8], ecx
	ret

; CPUID 80000002h to 80000004h, without the blanks in front.
print_brand:
	mov	eax, 80000000h
	cpuid
	cmp	eax, 80000004h
	jb	.none
	mov	di, brand
	mov	esi, 80000002h
.leaf:
	mov	eax, esi
	cpuid
	stosd
	mov	eax, ebx
	stosd
	mov	eax, ecx
	stosd
	mov	eax, edx
	stosd
	inc	esi
	cmp	esi, 80000004h
	jbe	.leaf
	mov	si, brand
.blank:
	lodsb
	cmp	al, ' '
	je	.blank
	dec	si
	call	puts_16
	ret
.none:
	say	"no brand"
	ret

; ---- interrupts ---------------------------------------------------------------------------------

start_interrupts:
	pic_init
	set_vector PIC1_VECTOR + 0, on_tick
	set_vector PIC1_VECTOR + 4, on_serial
	pit_start 0, 2, TICK_COUNT
	outb	COM1_MCR, 3 | MCR_OUT2
	outb	COM1_IER, 1		; received data
	outb	PIC1 + 1, ~(1 << 0 | 1 << 4) & 0FFh
	sti
	ret

on_tick:
	push	ax
	inc	dword [ticks]
	outb	PIC1, 20h		; end of interrupt
	pop	ax
	iret

; All that the port has to say, in the order of its priorities, until it says "nothing pending".
on_serial:
	pushad
.next:
	inb	COM1_IIR
	test	al, 1
	jnz	.done
	and	al, 0Fh
	cmp	al, 02h
	je	.send
	cmp	al, 04h
	je	.receive
	cmp	al, 0Ch
	je	.receive
	inb	COM1_LSR		; an error or the modem lines: reading them is enough
	inb	COM1_MSR
	jmp	.next
.send:
	mov	si, [sending]
	mov	dx, COM1
	lodsb
	test	al, al
	jz	.sent
	out	dx, al
	mov	[sending], si
	jmp	.next
.sent:
	mov	byte [all_sent], 1
	outb	COM1_IER, 1
	jmp	.next
.receive:
	inb	COM1
	movzx	bx, byte [ring_in]
	mov	[ring + bx], al
	inc	byte [ring_in]
	inb	COM1_LSR
	test	al, 1
	jnz	.receive
	jmp	.next
.done:
	outb	PIC1, 20h
	popad
	iret

; SI: text. Returns when the interrupt handler has sent all of it; the CPU halts meanwhile.
send_by_interrupt:
	mov	[sending], si
	mov	byte [all_sent], 0
	outb	COM1_IER, 3		; from now on an empty transmitter interrupts
.wait:
	cli
	cmp	byte [all_sent], 0
	jne	.done
	; takes effect after the next instruction: no wake-up is lost
	sti
	hlt
	jmp	.wait
.done:
	sti
	ret

greet_by_interrupt:
	mov	si, by_interrupt
	jmp	send_by_interrupt

; ---- ticks --------------------------------------------------------------------------------------

tick_for_a_while:
	say	"  The PIT ticks a hundred times a second, and the CPU halts in between."
	line	" Five seconds:"
	cli
	mov	dword [ticks], 0
	mov	dword [next_stop], TICK_HZ
	sti
	rdtsc
	mov	[last_tsc], eax
	mov	[last_tsc + 4], edx
.second:
	hlt
	mov	eax, [ticks]
	cmp	eax, [next_stop]
	jb	.second
	call	tick_line
	add	dword [next_stop], TICK_HZ
	cmp	dword [next_stop], TICK_HZ * TICK_SECONDS
	jbe	.second
	line
	ret

tick_line:
	say	"  tick "
	mov	eax, [next_stop]
	print_dec
	say	"   "
	xor	edx, edx
	mov	ebx, TICK_HZ
	div	ebx
	print_dec
	say	" s   TSC "
	rdtsc
	mov	ebx, eax
	mov	ecx, edx
	sub	eax, [last_tsc]
	sbb	edx, [last_tsc + 4]
	mov	[last_tsc], ebx
	mov	[last_tsc + 4], ecx
	mov	ebx, 100000		; to tenths of MHz
	cmp	edx, ebx
	jae	.unknown
	div	ebx
	xor	edx, edx
	mov	ebx, 10
	div	ebx
	print_dec
	say	"."
	mov	eax, edx
	print_dec
	line	" MHz"
	ret
.unknown:
	line	"?"
	ret

; ---- echo ---------------------------------------------------------------------------------------

echo:
	line	"  Now type: each key comes back at once, and Enter brings the whole line again."
	line	"  A line with only 'q' ends the demo, and so do five quiet seconds."
.prompt:
	say	"  > "
	mov	word [line_length], 0
.key:
	call	wait_key
	jc	.quiet
	cmp	al, 13
	je	.enter
	cmp	al, 10
	je	.enter
	cmp	al, 8
	je	.erase
	cmp	al, 127
	je	.erase
	cmp	al, ' '
	jb	.key
	cmp	word [line_length], LINE_MAX
	jae	.key
	mov	bx, [line_length]
	mov	[line_text + bx], al
	inc	word [line_length]
	print_char
	jmp	.key
.erase:
	cmp	word [line_length], 0
	je	.key
	dec	word [line_length]
	say	8, " ", 8
	jmp	.key
.enter:
	line
	mov	bx, [line_length]
	mov	byte [line_text + bx], 0
	cmp	bx, 1
	jne	.show
	cmp	byte [line_text], 'q'
	jne	.show
	ret
.show:
	test	bx, bx
	jz	.prompt
	say	"  you typed: "
	mov	si, line_text
	call	puts_16
	line
	jmp	.prompt
.quiet:
	line
	ret

; Returns the next key in AL, or CF after QUIET_SECONDS without one.
wait_key:
	cli
	mov	dword [ticks], 0
.wait:
	cli
	mov	bl, [ring_out]
	cmp	bl, [ring_in]
	jne	.got
	cmp	dword [ticks], QUIET_SECONDS * TICK_HZ
	jae	.quiet
	sti
	hlt
	jmp	.wait
.got:
	xor	bh, bh
	mov	al, [ring + bx]
	inc	byte [ring_out]
	sti
	clc
	ret
.quiet:
	sti
	stc
	ret

; ---- data ---------------------------------------------------------------------------------------

	align	4
ticks		dd 0
next_stop	dd 0
last_tsc	dd 0, 0
signature	times 13 db 0
brand		times 49 db 0
	align	2
sending		dw 0
line_length	dw 0
all_sent	db 0
ring_in		db 0
ring_out	db 0
by_interrupt	db "  And this line goes out by interrupt: the transmitter asks for each byte."
		db 13, 10, 13, 10, 0
line_text	times LINE_MAX + 1 db 0
ring		times RING db 0
