; guest/programs/rtc.asm - the clock: time of day, its three interrupts, and the CMOS RAM.
;
; Promise: seconds pass as fast as the PIT says; IRQ 8 comes 1024 times a second (within 1 %), with
; an update and with an alarm; register C says why and is clear after its read; UIP announces an
; update; RAM keeps what was written. MC146818 data sheet, "Registers", "Interrupts".

%define NAME "rtc"
%include "lib.inc"

RTC_SECOND	equ 0
RTC_ALARM	equ 1		; 3 and 5: minutes and hours
RTC_A		equ 0Ah
RTC_B		equ 0Bh
RTC_C		equ 0Ch
RTC_D		equ 0Dh
RTC_CENTURY	equ 32h
B_24		equ 02h
B_UPDATE	equ 10h
B_ALARM		equ 20h
B_PERIODIC	equ 40h
A_UIP		equ 80h
IRQF		equ 80h
TICKS		equ 100		; of channel 0, a hundredth of a second each

; The index and the data go together: with interrupts on, only while B enables none of the clock's
; own, whose handler sets the index too.
%macro get 1
	outb	70h, %1
	inb	71h
%endmacro

%macro put 2
	outb	70h, %1
	outb	71h, %2
%endmacro

; Interrupts of B's bits %1 come for %2 hundredths of a second; counted in [count].
%macro count_for 2
	put	RTC_B, B_24
	get	RTC_C
	mov	dword [count], 0
	mov	byte [reasons], 0
	mov	dword [ticks], 0
	put	RTC_B, B_24 | %1
	mov	ecx, %2
	call	wait_ticks
	cli
	put	RTC_B, B_24
	sti
%endmacro

main:
	pic_init
	set_vector PIC1_VECTOR, on_tick
	set_vector PIC2_VECTOR, on_clock
	call	time_of_day
	pit_start 0, 2, PIT_HZ / 100
	outb	PIC1 + 1, 0FAh		; IRQ 0 and the cascade
	outb	PIC2 + 1, 0FEh		; IRQ 8
	sti
	call	seconds_pass
	call	periodic
	call	updates
	call	alarm
	cli
	call	uip
	call	register_c
	call	ram
	pass

on_tick:
	push	ax
	inc	dword [ticks]
	outb	PIC1, 20h
	pop	ax
	iret

on_clock:
	push	ax
	get	RTC_C
	or	[reasons], al
	inc	dword [count]
	outb	PIC2, 20h
	outb	PIC1, 20h
	pop	ax
	iret

; ECX: how many.
wait_ticks:
	cli
	cmp	[ticks], ecx
	jae	.done
	sti
	hlt
	jmp	wait_ticks
.done:
	sti
	ret

; AL: BCD, must be from BL to BH.
in_range:
	movzx	eax, al
	cmp	al, bl
	jb	.bad
	cmp	al, bh
	ja	.bad
	mov	ah, al
	and	ah, 0Fh
	cmp	ah, 0Ah
.bad:
	ret

%macro between 4
	get	%1
	mov	bx, (%3) << 8 | (%2)
	call	in_range
	must	b, "between: ", %4
%endmacro

time_of_day:
	get	RTC_D
	movzx	eax, al
	cmp	al, 80h
	ok_if	e, "time is valid"
	put	RTC_B, B_24
	between	0, 0, 59h, "seconds"
	between	2, 0, 59h, "minutes"
	between	4, 0, 23h, "hours"
	between	6, 1, 7, "day of the week"
	between	7, 1, 31h, "day"
	between	8, 1, 12h, "month"
	get	RTC_CENTURY
	movzx	eax, al
	cmp	al, 20h
	ok_if	e, "a time in this century"
	ret

seconds_pass:
	get	RTC_SECOND
	mov	[before], al
	mov	dword [ticks], 0
	mov	ecx, 3 * TICKS
	call	wait_ticks
	get	RTC_SECOND
	call	from_bcd
	mov	bl, al
	mov	al, [before]
	call	from_bcd
	sub	bl, al
	jns	.same_minute
	add	bl, 60
.same_minute:
	movzx	eax, bl
	cmp	al, 3
	ok_if	e, "three seconds of the PIT are three seconds"
	ret

from_bcd:
	mov	ah, al
	shr	ah, 4
	and	al, 0Fh
	aad
	movzx	eax, al
	ret

periodic:
	put	RTC_A, 26h		; 1024 Hz
	count_for B_PERIODIC, TICKS
	mov	eax, [count]
	sub	eax, 1014
	cmp	eax, 20
	mov	eax, [count]
	ok_if	be, "1024 periodic interrupts in a second"
	movzx	eax, byte [reasons]
	and	al, 0C0h
	cmp	al, 0C0h
	ok_if	e, "register C said periodic"
	ret

updates:
	count_for B_UPDATE, 2 * TICKS
	mov	eax, [count]
	cmp	eax, 2
	ok_if	e, "an interrupt with each update"
	mov	al, [reasons]
	and	eax, 90h
	cmp	al, 90h
	ok_if	e, "register C said update"
	ret

; In every second (all don't care), then at one second of the minute.
alarm:
	put	1, 0C0h
	put	3, 0C0h
	put	5, 0C0h
	count_for B_ALARM, 2 * TICKS
	mov	eax, [count]
	cmp	eax, 2
	ok_if	e, "an alarm in each second"
	get	RTC_SECOND
	call	from_bcd
	add	al, 2
	cmp	al, 60
	jb	.valid
	sub	al, 60
.valid:
	aam
	shl	ah, 4
	or	al, ah
	mov	bl, al
	put	1, bl
	count_for B_ALARM, 4 * TICKS
	mov	eax, [count]
	cmp	eax, 1
	ok_if	e, "one alarm at its second"
	get	RTC_SECOND
	mov	al, [reasons]
	and	eax, 0A0h
	cmp	al, 0A0h
	ok_if	e, "register C said alarm"
	ret

; UIP is up before the seconds change.
uip:
.high:
	get	RTC_A
	test	al, A_UIP
	jz	.high
	get	RTC_SECOND
	mov	[before], al
.low:
	get	RTC_A
	test	al, A_UIP
	jnz	.low
	get	RTC_SECOND
	movzx	eax, al
	cmp	al, [before]
	ok_if	ne, "UIP goes down when the second has changed"
	ret

register_c:
	put	RTC_A, 20h		; no rate: else PF may come between the two reads
	get	RTC_C
	get	RTC_C
	and	eax, 0FFh
	ok_if	z, "register C is clear after its read"
	put	RTC_A, 26h
	mov	dword [ticks], 0
	sti
	mov	ecx, 2
	call	wait_ticks
	cli
	get	RTC_C
	and	eax, 0C0h
	cmp	al, 40h			; Bochs sets no flag that is not enabled
	in_lintel_if e, "a flag without its enable is no interrupt"
	ret

ram:
	put	50h, 5Ah
	put	51h, 0A5h
	get	50h
	and	eax, 0FFh
	cmp	al, 5Ah
	ok_if	e, "RAM keeps a byte"
	get	51h
	and	eax, 0FFh
	cmp	al, 0A5h
	ok_if	e, "and its neighbour"
	put	RTC_CENTURY, 19h
	get	RTC_CENTURY
	and	eax, 0FFh
	cmp	al, 19h
	ok_if	e, "the century can be set"
	put	RTC_CENTURY, 20h
	ret

	align	4
ticks	dd 0
count	dd 0
reasons	db 0
before	db 0
