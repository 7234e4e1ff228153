; guest/programs/hello.asm - the smallest guest: says hello and ends. It stands alone (no lib.inc),
; to show how little a guest needs, and since it is started and stopped a thousand times.

	bits	16
	org	7C00h

	xor	ax, ax
	mov	ds, ax
	mov	si, text
	cld
	mov	dx, 3FBh	; line control: 8 data bits, no parity, one stop bit
	mov	al, 3
	out	dx, al
next:
	mov	dx, 3FDh	; line status: wait for an empty transmitter (bit 6: all is sent)
wait_empty:
	in	al, dx
	test	al, 40h
	jz	wait_empty
	mov	dx, 3F8h
	lodsb
	out	dx, al
	cmp	al, 10
	jne	next
drain:
	mov	dx, 3FDh
	in	al, dx
	test	al, 40h
	jz	drain

	mov	dx, 8900h	; the end: "Shutdown", byte by byte
	mov	cx, 8
	rep outsb
	cli
	hlt

text	db "hello", 13, 10
	db "Shutdown"
