; guest/firmware/firmware.asm - Lintel's own small BIOS, 16 KiB at FC000h.
;
; It initialises a PC of the kind that Lintel shows (PICs, PIT, RTC, keyboard controller, COM1, VGA
; text mode, ATA disks), serves the BIOS interrupts, and boots a disk or jumps to an entry point
; that the loader wrote into the parameter block. Nothing is written to its own 16 KiB.
;
; Not there: PCI, APM, VBE, option ROMs, a font, graphics modes, real floppy drives (a small ATA
; disk plays one), CD-ROMs that boot by playing a diskette.
; Spec: IBM PC/AT Technical Reference, "System BIOS"; "BIOS Enhanced Disk Drive Services" 1.1; ACPI,
; "INT 15H, E820H - Query System Address Map"; ATA/ATAPI-6; MC146818 data sheet.

%include "guest/firmware/layout.inc"

	org	ROM_AT

; The parameter block: the loader fills it in in the copy that the guest gets.
block:
	db	"LINTELFW"
	dw	1			; version
block_boot:
	dw	0			; 0: int 19h; 1: jump to the entry
block_ip:
	dw	0
block_cs:
	dw	0
block_ss:
	dw	0
block_sp:
	dw	0
block_ds:
	dw	0
block_flags:
	dw	0			; BLOCK_NO_MIRROR
block_map_count:
	dw	0			; 0: the memory's size is asked of the CMOS
	dw	0
block_map:
	times MAP_MAX * MAP_ENTRY db 0
block_end:

BLOCK_NO_MIRROR	equ 1			; the screen is not copied to COM1, nor COM1 read as keys

%include "guest/firmware/post.inc"
%include "guest/firmware/vectors.inc"
%include "guest/firmware/serial.inc"
%include "guest/firmware/video.inc"
%include "guest/firmware/scroll.inc"
%include "guest/firmware/mode.inc"
%include "guest/firmware/mirror.inc"
%include "guest/firmware/keyboard.inc"
%include "guest/firmware/keys.inc"
%include "guest/firmware/ata.inc"
%include "guest/firmware/cdrom.inc"
%include "guest/firmware/drives.inc"
%include "guest/firmware/disk.inc"
%include "guest/firmware/edd.inc"
%include "guest/firmware/system.inc"
%include "guest/firmware/memory.inc"
%include "guest/firmware/time.inc"
%include "guest/firmware/boot.inc"

%ifndef PACKED				; what is free: in a guest vmx/firmware.c puts it in
	times ROM_AT + ROM_SIZE - 16 - ($ - $$ + ROM_AT) db 0FFh
%endif
	jmp	ROM_SEG:post
	db	"11/21/26"		; the date stands at FFF5h
	db	0
	db	0FCh			; model: PC/AT
	db	0
