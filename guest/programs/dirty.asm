; guest/programs/dirty.asm - writes to pages here and there; for watch=dirty, which lists them.
;
; Promise: only what stands here is written: interrupt tables, stack and program below 9000h; the
; page tables (10000h, 18000h to 1AFFFh); with 32-bit paging, one page by another linear address; in
; 64-bit mode a page's last byte, two bytes on both sides of a page's end, a page by REP INS, and
; 640 pages in a row, more than the page-modification log has room for. One page is only read.

%define NAME "dirty"
%define LIB_32
%define LIB_64
%include "lib.inc"
%include "protected.inc"
%include "long.inc"

PAGE_DIR	equ 10000h
VIEW		equ 400000h	; the first 4 MiB again
BY_VIEW		equ 50000h
PAGE_END	equ 20FFFh
ACROSS		equ 30FFFh
ONLY_READ	equ 40010h
BY_INS		equ 60000h
MANY		equ 100000h
MANY_COUNT	equ 640

	bits	16
main:
	call	enter_protected
	bits	32
	call	write_by_view
	call	enter_long
	bits	64
	mov	byte [PAGE_END], 1
	mov	word [ACROSS], 0203h
	mov	eax, [ONLY_READ]
	test	eax, eax
	must	z, "the page that is only read is zero"
	mov	edi, BY_INS
	mov	ecx, 4
	mov	dx, COM1_SCR
	rep insb
	mov	edi, MANY
	mov	ecx, MANY_COUNT
.next:
	inc	dword [rdi]
	add	edi, 1000h
	loop	.next
	pass

	bits	32
; Paging with pages of 4 MiB, on and off.
write_by_view:
	mov	dword [PAGE_DIR], 83h
	mov	dword [PAGE_DIR + 4], 83h
	mov	eax, PAGE_DIR
	mov	cr3, eax
	mov	eax, cr4
	or	eax, 10h		; PSE
	mov	cr4, eax
	mov	eax, cr0
	or	eax, 80000000h		; PG
	mov	cr0, eax
	mov	byte [VIEW + BY_VIEW], 1
	mov	eax, cr0
	and	eax, 7FFFFFFFh
	mov	cr0, eax
	cmp	byte [BY_VIEW], 1
	must	e, "a write by another linear address"
	ret
