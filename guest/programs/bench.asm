; guest/programs/bench.asm - what operations cost, in TSC ticks.
;
; First "bench cpu NAME", then one line for each operation: "bench NAME n=.. min=.. med=.. mean=..
; p99=.. max=..", or "bench NAME exception=.." where the CPU refuses it, or "bench NAME count=..
; ticks=.." for what is a rate. The cost of the measurement itself ("empty", the median) is
; subtracted from all others but `empty`. In Bochs with sync=none the TSC counts instructions, so
; natively an instruction costs 1, and what is above that in Lintel is the exit.

%define NAME "bench"
%include "lib.inc"

SAMPLES		equ 2000h		; segment of the samples, dwords
COUNT		equ 1000
COUNT_TIMER	equ 200			; for what waits for a millisecond
MILLISECOND	equ PIT_HZ / 1000
NOWHERE		equ 0D0000000h		; no RAM, no device
IO_APIC		equ 0FEC00000h
HPET		equ 0FED00000h
LOCAL_APIC_ID	equ 0FEE00020h
LARGE_PAGE	equ 200000h		; what lies in RAM here can be in a 2 MiB leaf of the EPT
CONSOLE_LINES	equ 32			; of 64 bytes
HYPERCALL_NMI	equ 4C4E0002h
HYPERCALL_NONE	equ 1			; a number that nobody has given a meaning
NMI		equ 2
CR0_CD		equ 1 << 30
CR0_NW		equ 1 << 29
CR0_MP		equ 1 << 1
CR4_PSE		equ 1 << 4
MSR_PAT		equ 277h
MSR_PLATFORM_ID	equ 17h
MSR_APIC_BASE	equ 1Bh
MSR_NOBODYS	equ 0DEADh
GP		equ 13

; measure NAME, SET-UP, OPERATION, EAX, EDX: the set-up (each in braces) is outside of the
; measurement; the operation finds EAX and EDX as given (default 0), ECX and EBX from the set-up.
; It may change any register but SP, EBP and EDI.
%macro measure 3-5 0, 0
	mov	dword [in_eax], %4
	mov	dword [in_edx], %5
	%2
	mov	eax, [in_eax]
	mov	edx, [in_edx]
	%ifnempty %3
	try	%3
	cmp	byte [lib_exception], NO_EXCEPTION
	jne	%%refused
	%endif
	mov	ax, [count]
	mov	[left], ax
	xor	di, di
%%next:
	%2
	rdtsc
	mov	ebp, eax
	mov	eax, [in_eax]
	mov	edx, [in_edx]
	%3
	rdtsc
	call	store_measured
	dec	word [left]
	jnz	%%next
	mov	si, %%name
	call	report
	jmp	%%done
%%refused:
	mov	si, %%name
	call	report_refused
	jmp	%%done
%%name	db %1, 0
%%done:
%endmacro

main:
	pic_init
	set_vector PIC1_VECTOR + 0, on_tick
	call	enter_unreal
	call	name_the_cpu
	mov	ax, SAMPLES
	mov	es, ax
	mov	eax, cr0
	and	eax, ~(CR0_CD | CR0_NW)	; CD alone can then be changed
	mov	cr0, eax

	measure	"empty", {}, {}
	mov	eax, [median]
	mov	[overhead], eax
	call	instructions
	call	ports
	call	registers
	call	memory
	call	interrupts
	call	console
	pass

; The brand string of the CPU, of 48 bytes. SDM 2A "CPUID - CPU Identification".
name_the_cpu:
	say	"bench cpu "
	mov	edi, 80000002h
.next:
	mov	eax, edi
	cpuid
	mov	[brand], eax
	mov	[brand + 4], ebx
	mov	[brand + 8], ecx
	mov	[brand + 12], edx
	mov	si, brand
	call	puts_16
	inc	edi
	cmp	edi, 80000004h
	jbe	.next
	line
	ret

instructions:
	measure	"nop", {}, nop
	measure	"cpuid", {xor ecx, ecx}, cpuid
	measure	"cpuid_hypervisor", {xor ecx, ecx}, cpuid, 40000000h
	measure	"vmcall", {}, vmcall, HYPERCALL_VERSION
	measure	"vmcall_unknown", {}, vmcall, HYPERCALL_NONE
	measure	"wbinvd", {}, wbinvd
	set_vector NMI, on_nmi
	measure	"inject_nmi", {}, vmcall, HYPERCALL_NMI
	ret

on_nmi:
	iret

ports:
	measure	"in_21", {}, {in al, dx}, 0, 21h
	measure	"out_21", {}, {out dx, al}, 0FFh, 21h
	measure	"out_20_eoi", {}, {out dx, al}, 20h, 20h
	measure	"in_40", {}, {in al, dx}, 0, 40h
	measure	"out_43_latch", {}, {out dx, al}, 0, 43h
	measure	"in_61", {}, {in al, dx}, 0, 61h
	measure	"in_92", {}, {in al, dx}, 0, 92h
	measure	"out_92", {}, {out dx, al}, 2, 92h	; A20 stays open
	measure	"in_4d0", {}, {in al, dx}, 0, 4D0h
	measure	"out_8900", {}, {out dx, al}, 0, 8900h
	measure	"in_3fd", {}, {in al, dx}, 0, COM1_LSR
	measure	"out_3ff", {}, {out dx, al}, 55h, COM1_SCR
	mov	word [count], 64
	mov	byte [seen], 1
	measure	"out_3f8", {call transmitter_empty}, {out dx, al}, '.', COM1
	mov	byte [seen], 0
	mov	word [count], COUNT
	measure	"in_cfc", {}, {in eax, dx}, 0, 0CFCh
	measure	"in_80", {}, {in al, dx}, 0, 80h
	measure	"out_80", {}, {out dx, al}, 0, 80h
	measure	"rep_outsb_16", {mov si, text}, {call outsb_16}, 0, 2E0h
	ret

transmitter_empty:
	inb	COM1_LSR
	test	al, LSR_THRE
	jz	transmitter_empty
	ret

; CALL, MOV and RET are three instructions more than the REP OUTSB.
outsb_16:
	mov	cx, 16
	rep outsb
	ret
text	db "sixteen letters."

registers:
	measure	"rdmsr_pat", {mov ecx, MSR_PAT}, rdmsr
	measure	"wrmsr_pat", {call same_pat}, wrmsr
	measure	"rdmsr_apic_base", {mov ecx, MSR_APIC_BASE}, rdmsr
	measure	"rdmsr_platform_id", {mov ecx, MSR_PLATFORM_ID}, rdmsr
	measure	"rdmsr_tsc", {mov ecx, 10h}, rdmsr
	push	dword [GP * 4]
	set_vector GP, behind_rdmsr
	measure	"gp", {mov ecx, MSR_NOBODYS}, rdmsr
	pop	dword [GP * 4]
	measure	"mov_from_cr0", {}, {mov eax, cr0}
	measure	"mov_cr0_mp", {call toggled_mp}, {mov cr0, ebx}
	measure	"mov_cr0_cd", {call toggled_cd}, {mov cr0, ebx}
	mov	eax, cr0
	and	eax, ~CR0_CD
	mov	cr0, eax
	measure	"mov_cr4_pse", {call toggled_pse}, {mov cr4, ebx}
	measure	"mov_cr3", {call same_cr3}, {mov cr3, ebx}
	measure	"mov_dr7", {mov ebx, 400h}, {mov dr7, ebx}
	ret

; The handler for "gp": goes on behind the RDMSR; five instructions.
behind_rdmsr:
	push	bp
	mov	bp, sp
	add	word [bp + 2], 2
	pop	bp
	iret

toggled_mp:
	mov	ebx, cr0
	xor	ebx, CR0_MP
	ret
toggled_cd:
	mov	ebx, cr0
	xor	ebx, CR0_CD
	ret
toggled_pse:
	mov	ebx, cr4
	xor	ebx, CR4_PSE
	ret
same_pat:
	mov	ecx, MSR_PAT
	rdmsr
	mov	[in_eax], eax
	mov	[in_edx], edx
	ret
same_cr3:
	mov	ebx, cr3
	ret

memory:
	measure	"ram_read", {mov ebx, 30000h}, {mov eax, [fs:ebx]}
	mov	word [count], 64
	measure	"ram_first_touch", {call next_page}, {mov eax, [fs:ebx]}
	mov	dword [page], LARGE_PAGE
	mov	word [count], 256
	measure	"ram_first_touch_large", {call next_page}, {mov [fs:ebx], eax}
	mov	word [count], COUNT
	measure	"mmio_hpet", {mov ebx, HPET}, {mov eax, [fs:ebx]}
	measure	"mmio_ioapic", {mov ebx, IO_APIC}, {mov eax, [fs:ebx]}
	measure	"mmio_lapic", {mov ebx, LOCAL_APIC_ID}, {mov eax, [fs:ebx]}
	measure	"unclaimed_read", {mov ebx, NOWHERE}, {mov eax, [fs:ebx]}
	mov	dword [page], NOWHERE
	measure	"ept_violation", {call next_page}, {mov eax, [fs:ebx]}
	mov	word [count], 200
	measure	"ept_violation_1", {call next_page}, {mov al, [fs:ebx]}
	measure	"ept_violation_2", {call next_page}, {mov ax, [fs:ebx]}
	mov	word [count], COUNT
	measure	"unclaimed_write", {mov ebx, NOWHERE}, {mov [fs:ebx], eax}
	ret

; A page that was not touched before: of RAM, later of the void.
next_page:
	mov	ebx, [page]
	add	ebx, 1000h
	mov	[page], ebx
	ret

; How fast characters come out: sixteen into the empty FIFO at a time, or one by one.
console:
	mov	si, name_fifo
	mov	bx, console_fifo
	call	console_rate
	mov	si, name_poll
	mov	bx, console_poll
	; Falls through.

; BX: what prints DOTS once; SI: name.
console_rate:
	push	si
	rdtsc
	mov	ebp, eax
	mov	word [left], CONSOLE_LINES
.next:
	call	bx
	dec	word [left]
	jnz	.next
	rdtsc
	sub	eax, ebp
	mov	ebp, eax
	pop	si
	say	"bench "
	call	puts_16
	say	" count="
	mov	eax, CONSOLE_LINES * DOTS_LEN
	print_dec
	say	" ticks="
	mov	eax, ebp
	print_dec
	line
	ret

console_fifo:
	mov	si, dots
.next:
	call	transmitter_empty
	mov	dx, COM1
	mov	cx, 16
	rep outsb
	cmp	si, dots + DOTS_LEN
	jb	.next
	ret

console_poll:
	mov	si, dots
.next:
	call	transmitter_empty
	mov	dx, COM1
	outsb
	cmp	si, dots + DOTS_LEN
	jb	.next
	ret

name_fifo	db "console_fifo", 0
name_poll	db "console_poll", 0
dots		times 62 db '.'
		db 13, 10
DOTS_LEN	equ $ - dots

; ---- interrupts ---------------------------------------------------------------------------------

interrupts:
	call	hlt_pending
	call	while_running
	call	from_load_running
	call	from_load_halted
	ret

; [tick_tsc]: when the handler began; [tick_ebp]: what the interrupted code had in EBP, which is
; its own last look at the TSC.
on_tick:
	push	eax
	push	edx
	rdtsc
	mov	[tick_tsc], eax
	mov	[tick_ebp], ebp
	mov	byte [ticked], 1
	outb	PIC1, 20h
	pop	edx
	pop	eax
	iret

; A series of COUNT_TIMER ticks, with IRQ 0 alone open. Nothing is subtracted: compare with the
; figures of the machine itself.
%macro series_begin 0
	outb	PIC1 + 1, 0FEh
	mov	word [left], COUNT_TIMER
	xor	di, di
.next:
	mov	byte [ticked], 0
%endmacro

%macro series_end 1
	mov	eax, [tick_tsc]
	sub	eax, [tick_ebp]
	stosd
	dec	word [left]
	jnz	.next
	outb	PIC1 + 1, 0FFh
	mov	si, .name
	jmp	report
.name	db %1, 0
%endmacro

; From STI before a HLT to the handler, the interrupt being there already: HLT, wake-up, injection.
hlt_pending:
	series_begin
	pit_start 0, 0, 50
.wait:
	outb	PIC1, 0Ah
	inb	PIC1
	test	al, 1
	jz	.wait
	rdtsc
	mov	ebp, eax
	sti
	hlt
	cli
	series_end "hlt_pending"

; From the last look at the clock in a loop to the handler: the exit for the timer, and the
; injection.
while_running:
	series_begin
	pit_start 0, 0, MILLISECOND
	sti
.loop:
	rdtsc
	mov	ebp, eax
	cmp	byte [ticked], 0
	je	.loop
	cli
	series_end "pit_running"

; From the OUT that starts a millisecond to the handler; with the native figure subtracted: the
; cost.
from_load_running:
	series_begin
	call	load_timer
	sti
.loop:
	cmp	byte [ticked], 0
	je	.loop
	cli
	series_end "pit_load_running"

from_load_halted:
	series_begin
	call	load_timer
	sti
	hlt
	cli
	series_end "pit_load_halted"

load_timer:
	outb	43h, 30h
	outb	40h, MILLISECOND & 0FFh
	rdtsc
	mov	ebp, eax
	outb	40h, MILLISECOND >> 8
	ret

; ---- samples ------------------------------------------------------------------------------------

; EAX: the TSC behind the operation; EBP before it; DI: where the sample goes.
store_measured:
	sub	eax, ebp
	sub	eax, [overhead]
	jnc	.store
	xor	eax, eax
.store:
	stosd
	ret

; SI: name; DI: bytes of samples. Sorts them; prints; sets [median].
report:
	mov	[bytes], di
	call	sort
	cmp	byte [seen], 0
	je	.name
	line				; dots stand in this line
.name:
	say	"bench "
	call	puts_16
	say	" n="
	movzx	eax, word [bytes]
	shr	eax, 2
	mov	ecx, eax
	print_dec
	say	" min="
	mov	eax, [es:0]
	print_dec
	say	" med="
	mov	bx, cx
	shr	bx, 1
	shl	bx, 2
	mov	eax, [es:bx]
	mov	[median], eax
	print_dec
	say	" mean="
	xor	eax, eax
	xor	edx, edx
	xor	bx, bx
.add:
	add	eax, [es:bx]
	adc	edx, 0
	add	bx, 4
	cmp	bx, [bytes]
	jb	.add
	div	ecx
	print_dec
	say	" p99="
	movzx	eax, word [bytes]
	shr	eax, 2
	mov	edx, 99
	mul	edx
	mov	ecx, 100
	div	ecx
	mov	di, ax
	shl	di, 2
	mov	eax, [es:di]
	print_dec
	say	" max="
	mov	eax, [es:bx - 4]
	print_dec
	line
	ret

report_refused:
	say	"bench "
	call	puts_16
	say	" exception="
	movzx	eax, byte [lib_exception]
	print_dec
	line
	ret

; Shell sort of the dwords in ES:0 to [bytes].
sort:
	pushad
	mov	cx, 1024		; the gap, in bytes; halved until it is 4
.gap:
	mov	di, cx
.insert:
	cmp	di, [bytes]
	jae	.next_gap
	mov	eax, [es:di]
	mov	bx, di
.shift:
	cmp	bx, cx
	jb	.place
	mov	si, bx
	sub	si, cx
	mov	edx, [es:si]
	cmp	edx, eax
	jbe	.place
	mov	[es:bx], edx
	mov	bx, si
	jmp	.shift
.place:
	mov	[es:bx], eax
	add	di, 4
	jmp	.insert
.next_gap:
	shr	cx, 1
	cmp	cx, 4
	jae	.gap
	popad
	ret

; FS gets a limit of 4 GiB: loaded in protected mode, kept in real mode.
enter_unreal:
	lgdt	[gdt_pointer]
	mov	eax, cr0
	or	al, 1
	mov	cr0, eax
	jmp	$ + 2
	mov	bx, 8
	mov	fs, bx
	and	al, 0FEh
	mov	cr0, eax
	jmp	0:.real
.real:
	ret

	align	8
gdt		dq 0, 00CF92000000FFFFh
gdt_pointer	dw 15
		dd gdt
	align	4
in_eax		dd 0
in_edx		dd 0
overhead	dd 0
page		dd 3F000h
median		dd 0
tick_tsc	dd 0
tick_ebp	dd 0
count		dw COUNT		; samples that measure takes
left		dw 0
bytes		dw 0
brand		times 16 db 0
		db 0
ticked		db 0
seen		db 0			; the operation prints
