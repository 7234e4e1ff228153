# The bootable image. GRUB's own parts are made once (build/grub); mkiso.py then needs a fraction of
# a second, also for an own image: iso/mkiso.py --help.

GRUB_PARTS := build/grub/bios.img build/grub/efi.img

# GUESTS="linux=FILE initrd=FILE ..." adds entries to its menu: iso/guests.py --help.
export GUESTS
ISO_TOOL := iso/$(if $(GUESTS),guests,mkiso).py

$(BUILD)/lintel.iso: $(BUILD)/lintel.elf $(GUEST_BINS) iso/grub.cfg iso/mkiso.py iso/guests.py \
		$(GRUB_PARTS) $(BUILD)/guests.words $(GUEST_BINS:.bin=.sym)
	echo "  ISO     $@"
	$(PYTHON) $(ISO_TOOL) --kernel $(BUILD)/lintel.elf --config iso/grub.cfg -o $@ \
		$(GUEST_BINS)

# The files that GUESTS names may have changed meanwhile: their image is made anew each time.
$(BUILD)/guests.words: FORCE
	mkdir -p $(@D)
	if [ -n "$$GUESTS" ] || [ -s $@ ] || [ ! -e $@ ]; then printf '%s' "$$GUESTS" > $@; fi

$(GRUB_PARTS) &: iso/mkgrub.py iso/embedded.cfg
	echo "  GRUB    build/grub"
	$(PYTHON) iso/mkgrub.py -o build/grub
