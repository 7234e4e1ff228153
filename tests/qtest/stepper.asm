; tests/qtest/stepper.asm - runs a table of port accesses inside QEMU, each at an exact instruction.
;
; QEMU runs with -icount: each instruction takes the same virtual time, so the table's accesses
; happen at moments that can be calculated. An entry is 8 bytes: port (word), what (byte), value
; (byte), wait (dword, rounds of 2 instructions, at least 1). What: 0 OUT, 1 IN, 2 end, 3 open the
; door for one interrupt. From one OUT or IN to the next pass STEP_INSTRUCTIONS + 2 * wait
; instructions. Each entry leaves a byte in the results: what IN read, or the vector of the
; interrupt, else its value.
; In: real mode, CS = 0, interrupts off. Ends at the breakpoint at `end`.

	bits 16
	org 0x1000

TABLE_SEGMENT	equ 0x2000
RESULT_SEGMENT	equ 0x3000

start:
	mov ax, TABLE_SEGMENT
	mov ds, ax
	mov ax, RESULT_SEGMENT
	mov es, ax
	xor si, si
	xor di, di
next:					; all that follows up to the next access, besides the wait,
	mov dx, [si]			; is STEP_INSTRUCTIONS = 12 instructions on both paths
	mov bl, [si + 2]
	mov al, [si + 3]
	mov ecx, [si + 4]
.wait:
	dec ecx
	jnz .wait
	cmp bl, 1
	ja .other
	je .in
	out dx, al
	jmp .store
.in:
	in al, dx
	nop
.store:
	stosb
	add si, 8
	jmp next

.other:
	cmp bl, 2
	je end
	sti
	nop				; one interrupt may come here: it leaves IF clear
	cli
	jmp .store

	align 16
handlers:				; one for each vector, 8 bytes apart; the IVT points here
%assign vector 0
%rep 256
	align 8
	mov al, vector
	retf 2				; keeps IF clear
%assign vector vector + 1
%endrep

	align 16
end:
	nop
	jmp end
