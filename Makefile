# Lintel: build it, run it, test it. `make help` lists what there is to do.
#
#   CROSS_COMPILE=prefix-   another GNU toolchain     LLVM=1 or CC=clang   clang instead of GCC
#   DEBUG=1                 checked build in build/debug/     V=1          show the commands
#   DEBUGGER=0              without monitor, gdb and trace, in build/bare/
#   TOOLKIT=0               without watch= and the rest of the VT-x toolkit, in build/plain/

.DEFAULT_GOAL := iso
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
$(V).SILENT:

# The first GNU toolchain for x86-64 ELF that is installed: cross, Debian's prefixed one, native.
ifeq ($(origin CROSS_COMPILE),undefined)
CROSS_COMPILE := $(firstword $(foreach p,x86_64-elf- x86_64-linux-gnu-,\
	$(if $(shell command -v $(p)gcc),$(p))))
endif
ifeq ($(origin CC),default)
CC := $(if $(LLVM),clang,$(CROSS_COMPILE)gcc)
endif
LD := $(CROSS_COMPILE)ld
NM := $(CROSS_COMPILE)nm
OBJCOPY := $(CROSS_COMPILE)objcopy
NASM ?= nasm
PYTHON ?= /usr/bin/python3
OFF = $(filter 0,$($(1)))
BUILD := build$(if $(DEBUG),/debug)$(if $(call OFF,DEBUGGER),/bare)$(if $(call OFF,TOOLKIT),/plain)

# Two builds of one commit are the same, byte for byte: no clock, no path, no name of this machine.
export SOURCE_DATE_EPOCH := $(or $(shell git log -1 --format=%ct 2>/dev/null),946684800)
export LC_ALL := C.UTF-8
export PYTHONDONTWRITEBYTECODE := 1
VERSION := $(or $(shell git describe --always --dirty 2>/dev/null),unknown)

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Werror
KERNEL_CFLAGS := -std=gnu17 -I. $(WARNINGS) -ffreestanding -fno-pic -fno-pie -mcmodel=kernel \
	-mno-red-zone -mgeneral-regs-only -fno-omit-frame-pointer -fno-strict-aliasing \
	$(if $(findstring clang,$(CC)),-mstack-alignment=8,-mpreferred-stack-boundary=3) \
	-ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fcf-protection=none -g -ffile-prefix-map=$(CURDIR)=. \
	-DLINTEL_TOOLKIT=$(if $(call OFF,TOOLKIT),0,1) \
	$(if $(findstring clang,$(CC)),--target=x86_64-unknown-none-elf) \
	$(if $(DEBUG),-O1 -DLINTEL_DEBUG=1 -fsanitize=undefined -fsanitize-undefined-trap-on-error \
		-fstack-protector-strong -mstack-protector-guard=global,-fno-stack-protector)
KERNEL_ASFLAGS := -f elf64 -g -F dwarf -I./ --reproducible -Werror
KERNEL_LDFLAGS := -m elf_x86_64 -nostdlib -static -z noexecstack -z max-page-size=4096 \
	--gc-sections --build-id=none -T linker.ld

# Small everywhere, and fast where every exit passes: it is to stay under 256 KiB. (Without
# SSE nothing needs a stack that is aligned to 16 bytes, either.)
SMALL := -Oz -fno-jump-tables $(if $(findstring clang,$(CC)),,-malign-data=abi)
FAST := -O2 $(if $(findstring clang,$(CC)),,$(addprefix -fno-align-,jumps loops labels))
OPTIMISE = $(if $(DEBUG),,$(SMALL))
HOT := $(wildcard vmx/run.c vmx/exit_fast*.c vmx/exit_stats.c vmx/exit_io.c vmx/exit_cpu.c \
	vmx/exit_event.c vmx/inject.c vmx/vm_serial.c guest/io_bus.c guest/platform.c guest/vpic.c \
	guest/vpit.c guest/vpit_channel.c guest/vuart.c guest/mmio_bus.c guest/decode_mov.c \
	drivers/console_mux.c)

KERNEL_FOLDERS := boot kernel vmx mm drivers guest toolkit debug
LEFT_OUT := $(if $(call OFF,DEBUGGER),debug/%,kernel/without_debugger.c) \
	$(if $(call OFF,TOOLKIT),toolkit/% debug/cmd_tool_%,kernel/without_toolkit.c)
KERNEL_C := $(filter-out $(LEFT_OUT),$(wildcard $(addsuffix /*.c,$(KERNEL_FOLDERS))))
KERNEL_ASM := $(wildcard $(addsuffix /*.asm,$(KERNEL_FOLDERS)))
KERNEL_OBJECTS := $(KERNEL_C:%.c=$(BUILD)/kernel/%.o) $(KERNEL_ASM:%=$(BUILD)/kernel/%.o) \
	$(BUILD)/kernel/version.o
GUEST_BINS := $(patsubst guest/programs/%.asm,build/guests/%.bin,$(wildcard guest/programs/*.asm))

.PHONY: run test test-long iso kernel guests debug unit system lint bench coverage fuzz setup clean
.PHONY: help FORCE

run: ## set up, build, and boot the demo in the best machine (BED=kvm|bochs|tcg, GUEST=help)
	$(if $(filter help,$(GUEST)),,tests/setup.sh && $(MAKE) iso)
	$(if $(GUEST),$(PYTHON) tests/real/start.py $(GUEST),\
		$(PYTHON) tests/bed/run.py --iso $(BUILD)/lintel.iso)

test: ## set up, then unit tests, lint and system tests; ends with "N passed, N failed"
	tests/setup.sh
	$(PYTHON) tests/all.py

test-long: ## the tests that take many minutes: a whole pass of memtest86+ and the like
	tests/setup.sh
	$(MAKE) iso
	$(PYTHON) tests/pytest_part.py long tests/system -m long -n 2

iso: $(BUILD)/lintel.iso ## build/lintel.elf and build/lintel.iso (the default)
kernel: $(BUILD)/lintel.elf ## only build/lintel.elf
guests: $(GUEST_BINS) $(GUEST_BINS:.bin=.sym) ## only the guest programs, in build/guests/

debug: iso guests ## boot a guest (GUEST=name) that waits, with gdb attached (GDB=no, EARLY=1)
	$(PYTHON) tests/bed/debug.py --iso $(BUILD)/lintel.iso --elf $(BUILD)/lintel.elf $(GUEST)

system: ## boot in Bochs and QEMU and read the console (T=name for some)
	$(MAKE) iso
	$(MAKE) iso DEBUG=1
	$(PYTHON) tests/pytest_part.py system tests/system tests/guests tests/bench tests/firmware \
		-n 2 $(if $(T),-k '$(T)')

bench: iso ## what exits, start and memory cost: build/bench.json, bench.svg (CHECK=1: no worse)
	$(MAKE) kernel DEBUGGER=0 TOOLKIT=0
	$(PYTHON) tests/bench/bench.py --elf $(BUILD)/lintel.elf \
		--json build/bench.json --svg build/bench.svg \
		$(if $(CHECK),--check) $(if $(LIMITS),--limits)

setup: ## only install what is missing
	tests/setup.sh

clean: ## remove build/
	rm -rf build

help: ## this list
	sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(sort $(MAKEFILE_LIST)) | sort | expand -t 12

# ---- the kernel -------------------------------------------------------------------------------

# Linked twice: the names for backtraces come from the first link, behind all that they name.
$(BUILD)/lintel.elf: $(BUILD)/kernel/first.elf $(BUILD)/kernel/symbols.asm.o
	echo "  LINK    $@"
	$(LD) $(KERNEL_LDFLAGS) -o $@ $(KERNEL_OBJECTS) $(BUILD)/kernel/symbols.asm.o

$(BUILD)/kernel/first.elf: linker.ld $(KERNEL_OBJECTS)
	$(LD) $(KERNEL_LDFLAGS) -o $@ $(KERNEL_OBJECTS)

$(BUILD)/kernel/symbols.asm: $(BUILD)/kernel/first.elf kernel/symbols.awk
	$(NM) -n $< | awk -f kernel/symbols.awk > $@

$(BUILD)/kernel/symbols.asm.o: $(BUILD)/kernel/symbols.asm
	$(NASM) $(KERNEL_ASFLAGS) -o $@ $<

$(HOT:%.c=$(BUILD)/kernel/%.o): OPTIMISE = $(if $(DEBUG),,$(FAST))

$(BUILD)/kernel/%.o: %.c $(BUILD)/flags
	echo "  CC      $<"
	mkdir -p $(@D)
	$(CC) $(KERNEL_CFLAGS) $(OPTIMISE) -MMD -MP -c -o $@ $<

# NASM's -MD names only the main file, so the includes stand here.
$(BUILD)/kernel/%.asm.o: %.asm $(BUILD)/flags $(wildcard *.inc $(KERNEL_FOLDERS:%=%/*.inc))
	echo "  NASM    $<"
	mkdir -p $(@D)
	$(NASM) $(KERNEL_ASFLAGS) -MD $(@:.o=.d) -MP -o $@ $<

$(BUILD)/kernel/vmx/firmware.asm.o: build/firmware.packed build/firmware.bin

# NASM's line table is wrong for a file with code in two sections, and gdb complains of it.
$(BUILD)/kernel/boot/header.asm.o: KERNEL_ASFLAGS := $(filter-out -g -F dwarf,$(KERNEL_ASFLAGS))

$(BUILD)/kernel/version.o: $(BUILD)/version.c $(BUILD)/flags
	mkdir -p $(@D)
	$(CC) $(KERNEL_CFLAGS) -c -o $@ $<

build/guests/%.bin build/guests/%.sym: guest/programs/%.asm $(wildcard guest/programs/*.inc)
	echo "  NASM    $<"
	mkdir -p $(@D)
	$(NASM) -f bin -Werror -I guest/programs/ -MD build/guests/$*.d -MP \
		--before "[map symbols build/guests/$*.map]" -o build/guests/$*.bin $<
	awk 'NF == 3 && $$1 == $$2 && $$3 !~ /[.]/ { print $$1, "T", $$3 }' \
		build/guests/$*.map > build/guests/$*.sym

# Files made from a variable: written only when its value changed, so that nothing is built in vain.
# $(call write_if_changed,'line' 'line' ...)
write_if_changed = mkdir -p $(@D); printf '%s\n' $(1) | cmp -s - $@ || printf '%s\n' $(1) > $@

$(BUILD)/flags: FORCE
	$(call write_if_changed,'$(CC) $(KERNEL_CFLAGS) $(OPTIMISE) $(FAST) $(HOT)' \
		'$(NASM) $(KERNEL_ASFLAGS)')

$(BUILD)/version.c: FORCE
	$(call write_if_changed,'#include "kernel/version.h"' \
		'const char lintel_version[] = "$(VERSION)";')

include guest/firmware/firmware.mk
include iso/iso.mk
include tests/unit/unit.mk
include tests/fuzz/fuzz.mk
include tests/decode/decode.mk
include tests/qtest/qtest.mk
include tests/gdb/gdb.mk
include tests/lint/lint.mk

-include $(KERNEL_OBJECTS:.o=.d) $(GUEST_BINS:.bin=.d)
