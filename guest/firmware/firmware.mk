# The own BIOS: build/firmware.bin, 16 KiB. NASM refuses it if it gets larger.

FIRMWARE := build/firmware.bin

firmware: $(FIRMWARE) ## only the own BIOS, build/firmware.bin

.PHONY: firmware

# NASM names only the first file in its list.
$(FIRMWARE): guest/firmware/firmware.asm $(wildcard guest/firmware/*.inc)
	echo "  NASM    $<"
	mkdir -p $(@D)
	$(NASM) -f bin -Werror -I ./ -MD $(@:.bin=.d) -MP -o $@ $<

-include $(FIRMWARE:.bin=.d)
