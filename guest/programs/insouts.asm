; guest/programs/insouts.asm - INS and OUTS in all their forms.
;
; Promise: count, size, direction, segments, address size, and faults half way are those of the
; CPU. The serial port in loopback hands back the bytes in their order. SDM 2A "INS", 2B "OUTS",
; "REP".

%define NAME "insouts"
%define LIB_32
%include "lib.inc"
%include "protected.inc"

AREA		equ 3000h	; a segment; its bytes 0 to FFFFh are a buffer
BUFFER		equ AREA * 16
UNCLAIMED	equ 300h

PAGE_DIR	equ 10000h
PAGE_TABLE	equ 11000h
HOLE		equ 41000h	; the page that is not there at first
PRESENT		equ 1
WRITABLE	equ 2
DIRTY		equ 40h

main:
	mov	ax, AREA
	mov	es, ax
	mov	fs, ax
	call	serial_loopback
	call	single
	call	repeated
	call	backwards
	call	no_count
	call	wrap
	call	address_size
	call	sizes
	call	segment_end
	call	enter_protected
	bits	32
	call	limits
	call	page_faults
	call	leave_protected
	bits	16
	call	lib_serial_init
	pass

serial_loopback:
	inb	COM1_LSR
	test	al, LSR_TEMT
	jz	serial_loopback
	outb	COM1_MCR, 13h
	outb	COM1_FCR, 7
	ret

; Prints need the line: loopback off, and on again. They come between the tests only.
%macro report_if 2+
	set%+1	byte [lib_good]
	call	leave_loopback_%[__?BITS?__]
	call	judge_%[__?BITS?__]
	db	%2, 0
	call	enter_loopback_%[__?BITS?__]
%endmacro

%macro loopback_routines 1
	bits	%1
leave_loopback_%1:
	push	eax
	push	edx
	call	all_sent_%1
	outb	COM1_MCR, 3
	outb	COM1_FCR, 7
	pop	edx
	pop	eax
	ret
enter_loopback_%1:
	push	eax
	push	edx
	call	all_sent_%1
	outb	COM1_MCR, 13h
	outb	COM1_FCR, 7
	pop	edx
	pop	eax
	ret
all_sent_%1:			; all bytes that were sent lie in the receiver now
	push	eax
	push	edx
	mov	dx, COM1_LSR
.wait:
	in	al, dx
	test	al, LSR_TEMT
	jz	.wait
	pop	edx
	pop	eax
	ret
%endmacro

	loopback_routines 16
	loopback_routines 32
	bits	16

; ES:0 to 100h is cleared.
clear_buffer:
	push	di
	push	cx
	push	eax
	xor	di, di
	mov	cx, 40h
	xor	eax, eax
	cld
	rep stosd
	pop	eax
	pop	cx
	pop	di
	ret

single:
	mov	dx, COM1
	mov	si, text
	outsb
	mov	bx, si
	sub	bx, text
	call	all_sent_16
	call	clear_buffer
	mov	di, 8
	insb
	movzx	eax, bx
	shl	eax, 16
	mov	ax, di
	cmp	eax, 10009h
	report_if e, "OUTSB and INSB: SI and DI move by one"
	movzx	eax, word [es:8]
	cmp	eax, 'a'
	report_if e, "INSB: one byte is written, and only one"
	ret

repeated:
	mov	dx, COM1
	mov	esi, 12340000h + text	; the upper halves do not count, and stay
	mov	ecx, 56780010h
	rep outsb
	mov	eax, ecx
	cmp	eax, 56780000h
	report_if e, "REP OUTSB: CX ends at 0, its upper half stays"
	mov	eax, esi
	cmp	eax, 12340000h + text + 16
	report_if e, "REP OUTSB: SI moves by the count, its upper half stays"

	mov	dx, COM1
	mov	si, text
	mov	cx, 16
	rep outsb
	call	all_sent_16
	call	clear_buffer
	mov	di, 8
	mov	cx, 16
	rep insb
	mov	si, text
	mov	di, 8
	mov	cx, 16
	repe cmpsb
	report_if e, "REP INSB: sixteen bytes in their order"
	movzx	eax, byte [es:24]
	test	eax, eax
	report_if z, "REP INSB: nothing behind them"
	ret

backwards:
	mov	dx, COM1
	mov	si, text + 3
	mov	cx, 4
	std
	rep outsb			; d c b a
	cld
	call	all_sent_16
	call	clear_buffer
	mov	di, 11
	mov	cx, 4
	std
	rep insb			; to 11, 10, 9, 8: a b c d
	cld
	movzx	ebx, di
	mov	eax, [es:8]
	cmp	eax, "abcd"
	report_if e, "DF: REP OUTSB and INSB go down"
	mov	eax, ebx
	cmp	eax, 7
	report_if e, "DF: DI ends below"
	ret

no_count:
	mov	dx, COM1
	mov	si, text
	xor	cx, cx
	rep outsb
	mov	di, 8
	rep insb
	movzx	eax, di
	sub	eax, 8
	add	ax, si
	sub	ax, text
	report_if z, "a count of 0 does nothing"
	inb	COM1_LSR
	and	eax, 1
	report_if z, "nor to the port"
	ret

wrap:
	mov	dword [es:0FFFCh], "..st"
	mov	dword [es:0], "uv.."
	mov	dx, COM1
	mov	si, 0FFFEh
	mov	cx, 4
	fs rep outsb			; with a segment override
	call	all_sent_16
	mov	di, 0FFFFh
	mov	cx, 4
	rep insb
	mov	al, [es:0FFFFh]
	shl	eax, 24
	mov	al, [es:0]
	shl	ax, 8
	mov	al, [es:1]
	movzx	ebx, byte [es:2]
	shl	ebx, 16
	and	eax, 0FF00FFFFh
	or	eax, ebx
	cmp	eax, 's' << 24 | 'v' << 16 | 't' << 8 | 'u'
	report_if e, "FS: OUTSB; 16-bit addresses wrap at FFFFh"
	ret

address_size:
	mov	dx, COM1
	mov	esi, text
	mov	ecx, 3
	a32 rep outsb
	call	all_sent_16
	call	clear_buffer
	mov	edi, 20h
	mov	ecx, 3
	a32 rep insb
	mov	eax, [es:20h]
	cmp	eax, "abc"
	report_if e, "32-bit addresses in 16-bit code"
	mov	eax, esi
	sub	eax, text
	shl	edi, 8
	add	eax, edi
	cmp	eax, 2303h
	report_if e, "ESI and EDI move"
	ret

sizes:
	call	clear_buffer
	mov	dx, UNCLAIMED
	mov	di, 10h
	insw
	mov	ax, di
	mov	cx, 3
	rep insd
	shl	eax, 16
	mov	ax, di
	cmp	eax, 12001Eh
	report_if e, "INSW and INSD: DI moves by two and by four"
	mov	eax, [es:1Ah]
	and	eax, [es:10h]
	and	eax, [es:16h]
	cmp	eax, 0FFFFFFFFh
	report_if e, "INSW and INSD: unclaimed ports read all ones"
	mov	eax, [es:0Ch]
	or	eax, [es:1Eh]
	report_if z, "INSW and INSD: nothing around them"
	mov	dx, UNCLAIMED
	mov	si, text
	mov	cx, 5
	rep outsw
	mov	ax, si
	sub	ax, text
	outsd
	shl	eax, 16
	mov	ax, si
	sub	ax, text
	cmp	eax, 0A000Eh
	report_if e, "OUTSW and OUTSD: SI moves by two and by four"

	cmp	byte [lib_lintel], 0	; elsewhere: Bochs ignores words at byte-wide ports
	je	.done
	mov	dx, COM1_MSR		; this register ignores writes; the next is the scratch
	mov	si, text
	outsw
	mov	di, 10h
	insw
	movzx	eax, byte [es:11h]
	cmp	eax, 'b'
	must	e, "a word is two bytes, the low port first"
.done:
	ret

segment_end:
	mov	di, 0FFFFh
	mov	dx, UNCLAIMED
	try	insw
	cmp	byte [lib_exception], 13
	report_if e, "#GP: INSW across the segment's end"
	movzx	eax, di
	cmp	eax, 0FFFFh
	report_if e, "DI stays"
	ret

; ---- protected mode -----------------------------------------------------------------------------

	bits	32
limits:
	mov	dword [gdt.extra], 20h		; limit 20h
	mov	dword [gdt.extra + 4], 00409200h | (BUFFER >> 16)
	mov	word [gdt.extra + 2], BUFFER & 0FFFFh
	mov	ax, gdt.extra - gdt
	mov	es, ax
	mov	edi, 1Eh
	mov	ecx, 10
	mov	dx, UNCLAIMED
	try	rep insb
	cmp	byte [lib_exception], 13
	report_if e, "#GP: REP INSB past the segment's limit"
	mov	eax, edi
	shl	eax, 16
	mov	ax, cx
	cmp	eax, 210007h
	report_if e, "ECX and EDI stand where it stopped"
	mov	ax, gdt.extra - gdt
	mov	fs, ax
	mov	esi, 1Eh
	mov	ecx, 10
	try	fs rep outsb
	cmp	byte [lib_exception], 13
	report_if e, "#GP: REP OUTSB likewise"
	mov	eax, esi
	shl	eax, 16
	mov	ax, cx
	cmp	eax, 210007h
	report_if e, "ECX and ESI stand where it stopped"
	mov	ax, CODE_32
	mov	es, ax
	xor	ecx, ecx
	inc	ecx
	mov	edi, BUFFER
	try	insb
	cmp	byte [lib_exception], 13
	report_if e, "#GP: INSB to a segment that is not writable"
	xor	eax, eax
	mov	es, ax
	try	insb
	cmp	byte [lib_exception], 13
	report_if e, "#GP: INSB with a null selector"
	mov	ax, DATA_32
	mov	es, ax
	mov	fs, ax
	ret

; Pages map to themselves, but HOLE is not there. The handler notes what it saw, maps it and
; resumes.
page_faults:
	call	make_tables
	set_gate 14, on_page_fault
	mov	eax, PAGE_DIR
	mov	cr3, eax
	mov	eax, cr0
	or	eax, 1 << 31 | 1 << 16
	mov	cr0, eax

	mov	dx, COM1
	mov	esi, text
	mov	ecx, 16
	rep outsb
	call	all_sent_32
	mov	edi, HOLE - 6
	mov	ecx, 16
	rep insb
	mov	ebx, edi
	mov	esi, text
	mov	edi, HOLE - 6
	mov	ecx, 16
	repe cmpsb
	report_if e, "REP INSB: a page fault half way loses nothing"
	mov	eax, ebx
	cmp	eax, HOLE + 10
	report_if e, "REP INSB: EDI ends behind the last byte"
	mov	eax, [faults]
	cmp	eax, 1
	report_if e, "one page fault"
	mov	eax, [fault_address]
	cmp	eax, HOLE
	report_if e, "CR2 is the page's first byte"
	mov	eax, [fault_code]
	cmp	eax, 2
	report_if e, "its error code: a write, not present"
	mov	eax, [fault_count]
	shl	eax, 16
	or	eax, [fault_done]
	cmp	eax, 0A0006h
	report_if e, "the handler saw ECX 10 and EDI 6 further"
	mov	eax, [PAGE_TABLE + (HOLE >> 12) * 4]
	and	eax, DIRTY
	report_if nz, "the page is dirty"

	mov	dword [PAGE_TABLE + (HOLE >> 12) * 4], 0
	invlpg	[HOLE]
	mov	dx, COM1
	mov	esi, HOLE - 6
	mov	ecx, 16
	rep outsb
	call	all_sent_32
	mov	edi, BUFFER
	mov	ecx, 16
	rep insb
	mov	esi, text
	mov	edi, BUFFER
	mov	ecx, 16
	repe cmpsb
	report_if e, "REP OUTSB: a page fault half way loses nothing"
	mov	eax, [fault_code]
	shl	eax, 16
	mov	ax, [faults]
	cmp	eax, 2
	report_if e, "its error code: a read, not present"

	mov	dword [PAGE_TABLE + (HOLE >> 12) * 4], 0
	invlpg	[HOLE]
	mov	edi, HOLE - 2		; a dword across the border: all of it or nothing
	mov	dword [HOLE - 4], 0
	mov	dx, UNCLAIMED
	set_gate 14, lib_stubs_32 + 14 * LIB_STUB
	try	insd
	cmp	byte [lib_exception], 14
	report_if e, "#PF: INSD across the page's border"
	mov	eax, [HOLE - 4]
	test	eax, eax
	report_if z, "and none of it is written"

	mov	eax, cr0
	and	eax, ~(1 << 31 | 1 << 16)
	mov	cr0, eax
	ret

on_page_fault:
	pushad
	mov	eax, cr2
	mov	[fault_address], eax
	mov	eax, [esp + 32]
	mov	[fault_code], eax
	mov	[fault_count], ecx
	sub	edi, HOLE - 6
	mov	[fault_done], edi
	inc	dword [faults]
	mov	dword [PAGE_TABLE + (HOLE >> 12) * 4], HOLE | PRESENT | WRITABLE
	popad
	add	esp, 4
	iretd

make_tables:
	mov	edi, PAGE_DIR
	xor	eax, eax
	mov	ecx, 1024
	rep stosd
	mov	dword [PAGE_DIR], PAGE_TABLE | PRESENT | WRITABLE
	mov	edi, PAGE_TABLE
	mov	eax, PRESENT | WRITABLE
	mov	ecx, 1024
.next:
	stosd
	add	eax, 1000h
	loop	.next
	mov	dword [PAGE_TABLE + (HOLE >> 12) * 4], 0
	ret

	align	4
faults		dd 0
fault_address	dd 0
fault_code	dd 0
fault_count	dd 0
fault_done	dd 0
text		db "abcdefghijklmnop........"
