; kernel/trap.asm - from a vector to C and back, and the jump out of a probe.
;
; The layout of struct trap_frame and struct trap_probe is tied to C by assertions in kernel/trap.c.

VECTORS		equ 256
STUB_SHIFT	equ 3
STUB_BYTES	equ 1 << STUB_SHIFT		; TRAP_STUB_BYTES
; Exceptions for which the CPU pushes an error code: 8, 10 to 14, 17, 21, 29, 30.
; SDM 3A "Error Code"; 29 and 30 are AMD's #VC and #SX.
ERROR_CODES	equ 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | 1 << 21 | \
		    1 << 29 | 1 << 30

PROBE_RBX	equ 0
PROBE_RBP	equ 8
PROBE_R12	equ 16
PROBE_R13	equ 24
PROBE_R14	equ 32
PROBE_R15	equ 40
PROBE_RSP	equ 48
PROBE_RIP	equ 56

extern trap_dispatch
global trap_stubs
global trap_probe_run
global trap_probe_enter_user
global trap_capture
global trap_self

; No breakpoint of a debugger may stand here: it would be hit on the way to its own handler.
section .text.debugger progbits alloc exec nowrite align=16

; All of one size, so that nobody needs a table of them: the return address says which one it was.
	align STUB_BYTES
trap_stubs:
%assign vector 0
%rep VECTORS
%if vector < 32 && (ERROR_CODES >> vector) & 1
%else
	push 0
%endif
	call trap_common
	align STUB_BYTES
%assign vector vector + 1
%endrep
trap_stub_self:					; vector 256
	push 0
	call trap_common

; Completes the struct trap_frame on the stack and calls trap_dispatch(frame).
trap_common:
	cld
	push r15
	push r14
	push r13
	push r12
	push r11
	push r10
	push r9
	push r8
	push rdi
	push rsi
	push rbp
	push rsp				; fills the slot only
	push rbx
	push rdx
	push rcx
	push rax
	lea rcx, [rel trap_stubs]
	mov rax, [rsp + 16 * 8]			; into the stub
	sub rax, rcx
	shr rax, STUB_SHIFT
	mov [rsp + 16 * 8], rax
	mov rdi, rsp
	mov rbx, rsp				; C code keeps it
	mov rbp, [rsp + 5 * 8]			; a backtrace goes on from the interrupted function
	and rsp, -16
	call trap_dispatch
	mov rsp, rbx
	pop rax
	pop rcx
	pop rdx
	pop rbx
	add rsp, 8
	pop rbp
	pop rsi
	pop rdi
	pop r8
	pop r9
	pop r10
	pop r11
	pop r12
	pop r13
	pop r14
	pop r15
	add rsp, 16
	iretq

; void trap_self(void)
; As if VECTOR_SELF had come right behind the call, on the same stack: its handler finds in the
; struct trap_frame how this core goes on, and may change it.
trap_self:
	mov rax, rsp
	mov ecx, ss
	push rcx
	lea rcx, [rax + 8]
	push rcx
	pushfq
	mov ecx, cs
	push rcx
	push qword [rax]
	jmp trap_stub_self

section .text

; bool trap_probe_run(struct trap_probe *p /* rdi */, void (*fn)(void *) /* rsi */, void *arg /* rdx
; */) Calls fn(arg). Returns false; or true when trap_dispatch() took the context in *p back because
; of an exception. Keeps rbx, rbp, r12-r15 both ways.
trap_probe_run:
	mov [rdi + PROBE_RBX], rbx
	mov [rdi + PROBE_RBP], rbp
	mov [rdi + PROBE_R12], r12
	mov [rdi + PROBE_R13], r13
	mov [rdi + PROBE_R14], r14
	mov [rdi + PROBE_R15], r15
	mov [rdi + PROBE_RSP], rsp
	lea rax, [rel .faulted]
	mov [rdi + PROBE_RIP], rax
	push rbp
	mov rbp, rsp
	mov rdi, rdx
	call rsi
	pop rbp
	xor eax, eax
	ret
.faulted:
	mov eax, 1
	ret

; void trap_probe_enter_user(uint64_t rip /* rdi */, uint64_t cs /* rsi */, uint64_t ss /* rdx */)
; Goes to ring 3, with no stack to speak of. Comes back only by an exception in a probe.
trap_probe_enter_user:
	push rdx
	push 0
	push 2					; RFLAGS: nothing but the bit that is always set
	push rsi
	push rdi
	iretq

; void trap_capture(struct trap_frame *f /* rdi */)
; Stores every register; changes RAX only.
trap_capture:
	mov [rdi], rax
	mov [rdi + 8], rcx
	mov [rdi + 16], rdx
	mov [rdi + 24], rbx
	mov [rdi + 32], rsp
	mov [rdi + 40], rbp
	mov [rdi + 48], rsi
	mov [rdi + 56], rdi
	mov [rdi + 64], r8
	mov [rdi + 72], r9
	mov [rdi + 80], r10
	mov [rdi + 88], r11
	mov [rdi + 96], r12
	mov [rdi + 104], r13
	mov [rdi + 112], r14
	mov [rdi + 120], r15
	xor eax, eax
	mov [rdi + 128], rax			; vector
	mov [rdi + 136], rax			; error code
	mov rax, [rsp]
	mov [rdi + 144], rax
	mov eax, cs
	mov [rdi + 152], rax
	pushfq
	pop rax
	mov [rdi + 160], rax
	lea rax, [rsp + 8]
	mov [rdi + 168], rax
	mov eax, ss
	mov [rdi + 176], rax
	ret
