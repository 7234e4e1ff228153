# The own BIOS: build/firmware.bin, 16 KiB. NASM refuses it if it gets larger. The kernel carries
# build/firmware.packed, the same without what is free in it.

FIRMWARE := build/firmware.bin

firmware: $(FIRMWARE) ## only the own BIOS, build/firmware.bin

.PHONY: firmware

build/firmware.packed: PACKED := -DPACKED

# NASM names only the first file in its list.
$(FIRMWARE) build/firmware.packed: guest/firmware/firmware.asm $(wildcard guest/firmware/*.inc)
	echo "  NASM    $<"
	mkdir -p $(@D)
	$(NASM) -f bin -Werror $(PACKED) -I ./ -MD $@.d -MP -o $@ $<

-include $(FIRMWARE).d build/firmware.packed.d
