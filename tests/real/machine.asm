; tests/real/machine.asm - a Linux program of the initramfs: asks the machine what no applet can.
;
; machine tsc       prints the time-stamp counter: "TSC " and 16 hexadecimal digits
; machine off       asks for power-off at QEMU's ACPI port (604h), then at Bochs' (8900h); if
;                   neither listens it says so, with status 1
; machine reset     a reset by port CF9h
;
; A static ELF64 file by itself: nasm -f bin. Spec: System V ABI, "ELF Header", "Program Header";
; AMD64 supplement, "Initial Stack and Register State" and "Linux Kernel Conventions".

	bits	64
	org	400000h

SYS_WRITE	equ 1
SYS_EXIT	equ 60
SYS_IOPL	equ 172

header:
	db	7Fh, "ELF", 2, 1, 1, 0		; 64 bits, little-endian, version 1, System V
	dq	0
	dw	2, 62				; an executable, x86-64
	dd	1
	dq	start, program - header, 0
	dd	0
	dw	64, 56, 1, 0, 0, 0
program:
	dd	1, 7				; loaded; read, write, execute
	dq	0, header, header
	dq	end - header, end - header, 1000h

start:
	mov	rdi, [rsp]			; argc
	cmp	rdi, 2
	jb	wrong
	mov	rsi, [rsp + 16]			; argv[1]
	mov	al, [rsi]
	cmp	al, 't'
	je	print_tsc
	mov	ebx, eax
	mov	eax, SYS_IOPL
	mov	edi, 3
	syscall
	test	eax, eax
	jnz	wrong
	cmp	bl, 'o'
	je	power_off
	cmp	bl, 'r'
	je	reset
wrong:
	mov	edi, 1
exit:
	mov	eax, SYS_EXIT
	syscall

print_tsc:
	rdtsc
	shl	rdx, 32
	or	rax, rdx
	mov	ecx, 16
	mov	rdi, text.digits
.digit:
	rol	rax, 4
	mov	edx, eax
	and	edx, 15
	mov	dl, [hex + rdx]
	mov	[rdi], dl
	inc	rdi
	loop	.digit
	mov	rsi, text
	mov	edx, text.end - text
	call	print
	xor	edi, edi
	jmp	exit

power_off:
	mov	dx, 604h
	mov	ax, 2000h			; sleep enable, sleep type 0
	out	dx, ax
	mov	dx, 8900h
	mov	rsi, shutdown
	mov	ecx, 8
	rep outsb
	mov	rsi, still
	mov	edx, still.end - still
	call	print
	jmp	wrong

reset:
	mov	dx, 0CF9h
	mov	al, 2				; system reset
	out	dx, al
	mov	al, 6				; and do it
	out	dx, al
	jmp	wrong

; Prints edx bytes at rsi.
print:
	mov	eax, SYS_WRITE
	mov	edi, 1
	syscall
	ret

hex	db	"0123456789abcdef"
shutdown db	"Shutdown"
still	db	"no port switched the machine off", 10
.end:
text	db	"TSC "
.digits	times 16 db '0'
	db	10
.end:
end:
