; vmx/firmware.asm - Lintel's own BIOS as data of the kernel, packed. It runs in guests only.

	section .rodata align=16

	global firmware_packed
	global firmware_packed_reset

firmware_packed:
	incbin "build/firmware.packed"
firmware_packed_reset equ $ - 16		; where the CPU begins, at the end of the ROM
