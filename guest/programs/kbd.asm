; guest/programs/kbd.asm - the keyboard controller and its keyboard.
;
; Promise: the controller's self test, the keyboard's reset, scan code sets 2 and 1 and LEDs answer
; as they shall; IRQ 1 comes for each byte. Then every key that is typed is shown by its scan code
; and, if it has a letter, echoed on the screen, until Escape is typed. IBM PS/2 Hardware Interface
; Technical Reference, "Keyboard/Auxiliary Device Controller", "Keyboards".

%define NAME "kbd"
%include "lib.inc"

DATA		equ 60h
COMMAND		equ 64h
FULL		equ 01h
SCREEN		equ 0B800h
ESCAPE		equ 81h			; its break code
ACK		equ 0FAh

; send BYTE to the keyboard; AL is what it answers first.
%macro send 1
	outb	DATA, %1
	call	receive
%endmacro

%macro answers 2+
	movzx	eax, al
	cmp	al, %1
	ok_if	e, %2
%endmacro

main:
	pic_init
	set_vector PIC1_VECTOR + 1, on_key
	call	controller
	call	keyboard
	call	interrupts
	call	echo
	pass

; AL: the next byte, by polling.
receive:
	in	al, COMMAND
	test	al, FULL
	jz	receive
	in	al, DATA
	ret

controller:
	outb	COMMAND, 0ADh
	in	al, DATA
	outb	COMMAND, 0AAh
	call	receive
	answers	55h, "the controller's self test"
	outb	COMMAND, 0ABh
	call	receive
	answers	0, "the keyboard's lines"
	outb	COMMAND, 60h
	outb	DATA, 05h		; interrupt, system flag, no translation
	outb	COMMAND, 20h
	call	receive
	answers	05h, "the command byte is kept"
	ret

keyboard:
	outb	COMMAND, 0AEh
	send	0FFh
	answers	ACK, "reset: acknowledged"
	call	receive
	answers	0AAh, "reset: the self test"
	send	0F0h
	send	0
	call	receive
	answers	2, "scan code set 2"
	send	0F0h
	send	1
	send	0F0h
	send	0
	call	receive
	answers	1, "scan code set 1"
	send	0EDh
	send	07h
	answers	ACK, "the LEDs"
	send	0EEh
	answers	0EEh, "echo"
	send	0F4h
	answers	ACK, "scanning"
	ret

interrupts:
	mov	dword [keys], 0
	outb	PIC1 + 1, 0FDh
	sti
	outb	DATA, 0EEh
.wait:
	cmp	dword [keys], 1
	jne	.wait
	cli
	mov	al, [codes]
	answers	0EEh, "IRQ 1 brings a byte"
	mov	dword [keys], 0
	mov	dword [shown], 0
	ret

on_key:
	push	eax
	push	ebx
	in	al, DATA
	mov	ebx, [keys]
	and	ebx, 0FFh
	mov	[codes + ebx], al
	inc	dword [keys]
	outb	PIC1, 20h
	pop	ebx
	pop	eax
	iret

; The screen is cleared; what is typed appears in its first line, and the codes on COM1.
echo:
	push	SCREEN
	pop	es
	xor	di, di
	mov	ax, 0720h
	mov	cx, 80 * 25
	rep stosw
	mov	si, ready
	mov	di, 160
	call	show
	xor	di, di
.next:
	cli
	mov	eax, [shown]
	cmp	eax, [keys]
	jne	.take
	sti
	hlt
	jmp	.next
.take:
	movzx	ebx, byte [codes + eax]
	inc	dword [shown]
	mov	eax, ebx
	cmp	al, ESCAPE
	je	.end
	cmp	bl, letters.end - letters
	jae	.next
	mov	al, [letters + bx]
	mov	ah, 1Eh			; yellow on blue
	stosw
	jmp	.next
.end:
	sti
	push	ds
	pop	es
	ret

show:
	lodsb
	test	al, al
	jz	.done
	mov	ah, 07h
	stosw
	jmp	show
.done:
	ret

ready	db "type", 0
letters	db "??1234567890-=??qwertyuiop[]??asdfghjkl;'`?\zxcvbnm,./?*? "
.end:
	align	4
keys	dd 0
shown	dd 0
codes	times 256 db 0
