; guest/programs/scale.asm - does an exit cost more when other cores have exits as well?
;
; One VM of this program on each core: BATCHES times EXITS exits in a row, first of a kind that
; touches the vCPU only (CPUID), then of one that needs the VM's devices (IN 21h). Prints the ticks
; of a batch, "scale NAME exits=.. n=.. min=.. med=.. mean=.. max=..", only after both, so that no
; VM prints while the others still count.

%define NAME "scale"
%include "lib.inc"

EXITS		equ 10			; so few that the host's tick misses most batches
BATCHES		equ 200
SAMPLES_CPUID	equ 2000h		; segments
SAMPLES_IN	equ 3000h

; series SEGMENT, OPERATION: fills the segment. A batch is EXITS times four instructions (XOR, the
; operation, DEC, JNZ) and a few around them.
%macro series 2
	mov	ax, %1
	mov	es, ax
	xor	di, di
%%batch:
	mov	si, EXITS
	rdtsc
	mov	ebp, eax
%%next:
	xor	eax, eax
	%2
	dec	si
	jnz	%%next
	rdtsc
	sub	eax, ebp
	stosd
	cmp	di, BATCHES * 4
	jb	%%batch
%endmacro

main:
	series	SAMPLES_CPUID, cpuid
	series	SAMPLES_IN, {in al, 21h}
	mov	ax, SAMPLES_CPUID
	mov	si, text_cpuid
	call	report
	mov	ax, SAMPLES_IN
	mov	si, text_in
	call	report
	pass
text_cpuid	db "cpuid", 0
text_in		db "in_21", 0

; AX: segment of the samples; SI: name. Sorts them and prints.
report:
	mov	es, ax
	call	sort
	say	"scale "
	call	puts_16
	say	" exits="
	mov	eax, EXITS
	print_dec
	say	" n="
	mov	eax, BATCHES
	print_dec
	say	" min="
	mov	eax, [es:0]
	print_dec
	say	" med="
	mov	eax, [es:BATCHES / 2 * 4]
	print_dec
	say	" mean="
	xor	eax, eax
	xor	edx, edx
	xor	bx, bx
.add:
	add	eax, [es:bx]
	adc	edx, 0
	add	bx, 4
	cmp	bx, BATCHES * 4
	jb	.add
	mov	ecx, BATCHES
	div	ecx
	print_dec
	say	" max="
	mov	eax, [es:BATCHES * 4 - 4]
	print_dec
	line
	ret

; Insertion sort of the dwords in ES:0.
sort:
	pushad
	mov	di, 4
.insert:
	mov	eax, [es:di]
	mov	bx, di
.shift:
	test	bx, bx
	jz	.place
	mov	edx, [es:bx - 4]
	cmp	edx, eax
	jbe	.place
	mov	[es:bx], edx
	sub	bx, 4
	jmp	.shift
.place:
	mov	[es:bx], eax
	add	di, 4
	cmp	di, BATCHES * 4
	jb	.insert
	popad
	ret
