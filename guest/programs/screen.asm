; guest/programs/screen.asm - writes to the text screen at B8000h, and looks whether it has done so
; before.
;
; With the machine's screen given through (pass=b8000:b8000+8000) the text is seen on it, and a
; second run finds what the first one wrote: it is no RAM of the guest, which is new in each run.

%define NAME "screen"
%include "lib.inc"

SCREEN	equ 0B800h	; segment
COLOUR	equ 1Fh		; white on blue

main:
	mov	ax, SCREEN
	mov	es, ax
	call	compare
	je	.known
	line	"my words are not on the screen: I write them"
	call	write
	call	compare
	je	.done
	fail	"what was written does not read back"
.done:
	pass
.known:
	line	"my words are on the screen"
	pass

write:
	mov	si, words
	xor	di, di
	mov	ah, COLOUR
.next:
	lodsb
	stosw
	cmp	si, words.end
	jb	.next
	ret

; ZF: they stand there.
compare:
	mov	si, words
	xor	di, di
	mov	ah, COLOUR
.next:
	lodsb
	scasw
	jne	.out
	cmp	si, words.end
	jb	.next
	cmp	al, al
.out:
	ret

words	db " A guest of Lintel was here. "
.end:
