; boot/selftest.asm - instructions that fault, for boot/selftest.c and boot/selftest_crash.c.

global selftest_user_code
global selftest_user_code_end
global selftest_return
global selftest_undefined_opcode
global selftest_double_fault
global selftest_software_nmi

section .text

; void selftest_return(void)
; Does nothing; the tests call copies and aliases of it.
selftest_return:
	ret

; void selftest_undefined_opcode(void)
; #UD by UD0, which no compiler emits.
selftest_undefined_opcode:
	db 0x0f, 0xff, 0xc0
	ret

; void selftest_double_fault(void)
; #DF: a fault whose delivery faults, since RSP points at nothing. Does not return.
selftest_double_fault:
	mov rsp, 0xffffd0dead000000
	push rax
	hlt

; void selftest_software_nmi(void)
; Enters the NMI handler on its stack, as an NMI would, but for the blocking of further ones.
selftest_software_nmi:
	int 2
	ret

section .rodata

; What ring 3 runs, copied to the start of a page; the page behind is writable. UMIP makes a #GP of
; SGDT; without it UD2 is reached.
selftest_user_code:
	db 0x0f, 0x01, 0x05			; sgdt [rip + displacement]
	dd 4096 - 7
	ud2
selftest_user_code_end:
