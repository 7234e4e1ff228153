# The bootable image. GRUB's own parts are made once (build/grub); mkiso.py then needs a fraction of
# a second, also for an own image: iso/mkiso.py --help.

GRUB_PARTS := build/grub/bios.img build/grub/efi.img

$(BUILD)/lintel.iso: $(BUILD)/lintel.elf $(GUEST_BINS) iso/grub.cfg iso/mkiso.py $(GRUB_PARTS)
	echo "  ISO     $@"
	$(PYTHON) iso/mkiso.py --kernel $(BUILD)/lintel.elf --config iso/grub.cfg -o $@ \
		$(GUEST_BINS)

$(GRUB_PARTS) &: iso/mkgrub.py iso/embedded.cfg
	echo "  GRUB    build/grub"
	$(PYTHON) iso/mkgrub.py -o build/grub
