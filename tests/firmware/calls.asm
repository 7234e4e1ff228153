; tests/firmware/calls.asm - PROGRAM.BIN: uses every BIOS call and prints what came back.
;
; A line for each call: its name, AX BX CX DX, and what else changed: another register, the upper
; half of one (`high`), IF; `cf` if CF is set. So what a call must keep is checked with each.
; calls.expect has the lines.

	bits	16
	cpu	586
	org	0

BUFFER_SEG	equ 2000h		; ES in all calls; DS is the program's
BUFFER_DI	equ 0D100h
BUFFER_BP	equ 0B000h
HIGH_HALF	equ 12340000h

; ask NAME, INTERRUPT, AX, BX, CX, DX
%macro ask 6
	call	run
	db	%2
	dw	%3, %4, %5, %6
	db	%1, 0
%endmacro

; tell TEXT: prints it as a line of its own.
%macro tell 1
	call	say
	db	%1, 13, 10, 0
%endmacro

%include "tests/firmware/calls.inc"
%include "tests/firmware/calls_keys.inc"
%include "tests/firmware/calls_disk.inc"

start:
	mov	ax, cs
	mov	ds, ax
	xor	bx, bx
	mov	es, bx
	cmp	word [es:472h], 1234h
	je	warm
	or	dl, dl
	jnz	$			; not booted as the diskette that it is on
	tell	"calls: start"
	call	screen
	call	system
	call	time
	call	disks
	call	keys
	call	serial
%ifdef RESUMES				; the machine can reset its CPU alone
	call	resumes
%endif
	tell	"calls: Ctrl-Alt-Del"
	mov	al, 1Dh
	call	press
	mov	al, 38h
	call	press
	mov	al, 53h
	call	press
	tell	"no reset"
	jmp	$

; The second time here, after Ctrl-Alt-Del.
warm:
	tell	"warm boot"
	mov	word [es:472h], 0
	ask	"14h 00", 14h, 00E3h, 1, 2, 0
	tell	"calls: done"
	ud2

screen:
	ask	"10h 0F", 10h, 0F00h, 1, 2, 3
	ask	"10h 1A00", 10h, 1A00h, 1, 2, 3
	ask	"10h 1210", 10h, 1200h, 0FF10h, 2, 3
	ask	"10h 1230", 10h, 1202h, 0030h, 2, 3
	ask	"10h 4F00", 10h, 4F00h, 1, 2, 3
	ask	"10h 04", 10h, 0400h, 1, 2, 3
	ask	"10h 10", 10h, 1003h, 1, 2, 3
	ask	"10h 0B", 10h, 0B00h, 1, 2, 3
	ask	"10h 00", 10h, 0003h, 1, 2, 3
	ask	"10h 00 13h", 10h, 0013h, 1, 2, 3
	ask	"10h 0F", 10h, 0F00h, 1, 2, 3
	ask	"10h 01", 10h, 0100h, 1, 0607h, 3
	ask	"10h 02", 10h, 0200h, 1, 2, 0A05h
	ask	"10h 09", 10h, 0941h, 001Eh, 3, 3
	ask	"10h 03", 10h, 0300h, 1, 2, 3
	ask	"10h 02 p1", 10h, 0200h, 0101h, 2, 0305h
	ask	"10h 03 p1", 10h, 0300h, 0101h, 2, 3
	ask	"10h 09 p1", 10h, 0942h, 012Fh, 2, 3
	ask	"10h 08 p1", 10h, 0800h, 0101h, 2, 3
	ask	"10h 0A p1", 10h, 0A43h, 0177h, 1, 3
	ask	"10h 08 p1", 10h, 0800h, 0101h, 2, 3
	ask	"10h 05", 10h, 0501h, 1, 2, 3
	ask	"10h 0F", 10h, 0F00h, 1, 2, 3
	ask	"10h 05", 10h, 0500h, 1, 2, 3
	ask	"10h 0600", 10h, 0600h, 0700h, 0, 184Fh
	ask	"10h 02", 10h, 0200h, 1, 2, 0
	tell	"top line"
	ask	"10h 0701", 10h, 0701h, 1F00h, 0, 184Fh
	ask	"10h 0702", 10h, 0702h, 1F00h, 0A05h, 0F06h
	ask	"10h 0601", 10h, 0601h, 1F00h, 0A05h, 0F06h
	ask	"10h 02 p2", 10h, 0200h, 0201h, 2, 0
	mov	ax, BUFFER_SEG
	mov	es, ax
	mov	dword [es:BUFFER_BP], 1E001C00h | "b" << 16 | "a"
	ask	"10h 1303", 10h, 1303h, 0201h, 2, 0105h
	ask	"10h 03 p2", 10h, 0300h, 0201h, 2, 3
	ask	"10h 1300", 10h, 1300h, 0233h, 1, 0205h
	ask	"10h 03 p2", 10h, 0300h, 0201h, 2, 3
	ask	"10h 02 p2", 10h, 0200h, 0201h, 2, 0106h
	ask	"10h 08 p2", 10h, 0800h, 0201h, 2, 3
	ask	"10h 02 p2", 10h, 0200h, 0201h, 2, 0205h
	ask	"10h 08 p2", 10h, 0800h, 0201h, 2, 3
	ask	"10h 0E", 10h, 0E07h, 1, 2, 3
	ask	"10h 00 40", 10h, 0001h, 1, 2, 3
	ask	"10h 0F", 10h, 0F00h, 1, 2, 3
	ask	"10h 00 80", 10h, 0003h, 1, 2, 3
	ask	"10h 11", 10h, 1130h, 0100h, 2, 3
	call	say			; the screen scrolls by more than its height
	db	"cursor to the end", 13, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10
	db	10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 0
	ask	"10h 03", 10h, 0300h, 1, 2, 3
	ret

system:
	ask	"11h", 11h, 0, 1, 2, 3
	ask	"12h", 12h, 0, 1, 2, 3
	ask	"15h C0", 15h, 0C000h, 1, 2, 3
	ask	"15h C1", 15h, 0C100h, 1, 2, 3
	ask	"15h 88", 15h, 8800h, 1, 2, 3
	ask	"15h E801", 15h, 0E801h, 1, 2, 3
	ask	"15h E881", 15h, 0E881h, 1, 2, 3
	ask	"15h 2403", 15h, 2403h, 1, 2, 3
	ask	"15h 2401", 15h, 2401h, 1, 2, 3
	ask	"15h 2402", 15h, 2402h, 1, 2, 3
	ask	"15h 2400", 15h, 2400h, 1, 2, 3
	ask	"15h 2402", 15h, 2402h, 1, 2, 3
	ask	"15h 2404", 15h, 2404h, 1, 2, 3
	ask	"15h 4F", 15h, 4F1Eh, 1, 2, 3
	ask	"15h 41", 15h, 4100h, 1, 2, 3
	ask	"15h 5300", 15h, 5300h, 1, 2, 3
	ask	"15h 90", 15h, 9000h, 1, 2, 3
	ask	"15h 86", 15h, 8600h, 1, 0001h, 4000h
	call	memory_map
	call	block_move
	ask	"17h 02", 17h, 0200h, 1, 2, 0
	ask	"05h", 05h, 1, 2, 3, 4
	ask	"60h", 60h, 1, 2, 3, 4
	ret

; int 15h E820 until it says that it is at the end.
memory_map:
	xor	ebx, ebx
.next:
	mov	ax, BUFFER_SEG
	mov	es, ax
	xor	di, di
	mov	eax, 0E820h
	mov	edx, 534D4150h
	mov	ecx, 24
	int	15h
	jc	.end
	pushad
	call	put_eax
	mov	eax, ecx
	call	put_eax
	mov	cx, 5
	xor	si, si
.word:
	mov	eax, [es:si]
	call	put_eax
	add	si, 4
	loop	.word
	tell	"map"
	popad
	or	ebx, ebx
	jnz	.next
.end:
	ask	"15h E820", 15h, 0E820h, 0, 24, 4150h	; EDX is wrong
	ret

; int 15h 87h: there and back through 1 MiB + 64 KiB.
block_move:
	mov	si, move_out
	call	.move
	mov	word [move_data], 0
	mov	si, move_back
	call	.move
	mov	eax, [move_data]
	call	put_eax
	tell	"moved"
	ret
.move:
	push	ds
	pop	es
	xor	eax, eax
	mov	ax, cs
	shl	eax, 4
	add	eax, move_data
	mov	[move_out + 12h], ax
	mov	[move_back + 1Ah], ax
	shr	eax, 16
	mov	[move_out + 14h], al
	mov	[move_back + 1Ch], al
	mov	ax, 8700h
	mov	cx, 2
	int	15h
	mov	bx, ax
	sbb	ax, ax
	call	put_ax
	mov	ax, bx
	call	put_ax
	tell	"15h 87"
	ret

move_data	dd 0CAFE1234h
move_out:
	times 16 db 0
	dw	0FFFFh, 0, 9300h, 0
	dw	0FFFFh, 0004h, 9311h, 0
	times 16 db 0
move_back:
	times 16 db 0
	dw	0FFFFh, 0004h, 9311h, 0
	dw	0FFFFh, 0, 9300h, 0
	times 16 db 0

time:
	ask	"1Ah 02", 1Ah, 0200h, 1, 2, 3
	ask	"1Ah 04", 1Ah, 0400h, 1, 2, 3
	ask	"1Ah 03", 1Ah, 0300h, 1, 2359h, 0000h
	ask	"1Ah 05", 1Ah, 0500h, 1, 2028h, 0229h
	ask	"1Ah 04", 1Ah, 0400h, 1, 2, 3
	ask	"1Ah 02", 1Ah, 0200h, 1, 2, 3
	ask	"1Ah 06", 1Ah, 0600h, 1, 0102h, 0300h
	ask	"1Ah 06", 1Ah, 0600h, 1, 0102h, 0300h
	ask	"1Ah 07", 1Ah, 0700h, 1, 2, 3
	ask	"1Ah B101", 1Ah, 0B101h, 1, 2, 3
	ask	"1Ah 01", 1Ah, 0100h, 1, 0018h, 00ADh	; three ticks before midnight
	ask	"15h 86", 15h, 8600h, 1, 0004h, 0	; a quarter of a second
	ask	"1Ah 00", 1Ah, 0000h, 1, 2, 3
	ask	"1Ah 00", 1Ah, 0000h, 1, 2, 3
	ret

serial:
	ask	"14h 03", 14h, 0300h, 1, 2, 0
	ask	"14h 01", 14h, 0153h, 1, 2, 0
	tell	" sent"
	ask	"14h 03 p1", 14h, 0300h, 1, 2, 1
	ask	"14h 02", 14h, 0200h, 1, 2, 0
	ret

; CPU resets that come back: by the shutdown byte and the address at 40:67.
resumes:
	mov	al, 0Ah
	mov	word [resume_at], .back_0a
	jmp	reset
.back_0a:
	tell	"back from 0Ah"
	mov	al, 05h
	mov	word [resume_at], .back_05
	jmp	reset
.back_05:
	tell	"back from 05h"
	mov	word [resume_at], 0
	pushf
	push	cs
	push	.back_09
	pusha
	push	es
	push	ds
	mov	al, 09h
	jmp	reset
.back_09:
	tell	"back from 09h"
	call	board			; who reset the CPU may have reset more
	sti
	ret

; Resets the CPU with shutdown byte AL: to resume_at, or to the stack.
reset:
	cli
	mov	ah, al
	mov	al, 0Fh
	out	70h, al
	mov	al, ah
	out	71h, al
	xor	bx, bx
	mov	es, bx
	mov	[stack_at], sp
	mov	[stack_at + 2], ss
	mov	bx, [resume_at]
	mov	cx, cs
	mov	si, .back
	or	bx, bx
	jnz	.far
	mov	si, sp
	mov	cx, ss
.far:
	mov	[es:467h], si
	mov	[es:469h], cx
	mov	al, 0FEh
	out	64h, al
	jmp	$
.back:
	mov	ax, cs
	mov	ds, ax
	lss	sp, [stack_at]
	jmp	[resume_at]

resume_at	dw 0
stack_at	dw 0, 0
