; vmx/firmware.asm - Lintel's own BIOS as data of the kernel. It runs in guests only.

	section .rodata align=16

	global firmware_image
	global firmware_image_end

firmware_image:
	incbin "build/firmware.bin"
firmware_image_end:
