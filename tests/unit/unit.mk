# Unit tests: each tests/unit/test_NAME.c is a cmocka program of its own, linked with support.c and
# what it needs of the pure sources, under ASan and UBSan, by gcc and by clang. Those of gcc count
# lines, too. PLAYED are sources that are not pure: a test plays what is around them.
#
#   make unit T=vpic              only test_vpic (several: T="vpic vpit")
#   make unit UNIT_CC=gcc         only with gcc
#   make unit PURE="mm/frames.c"  link with these sources only

PURE ?= $(wildcard $(shell sed 's/#.*//' tests/pure.list))
PLAYED := debug/guest_target.c
UNIT_CC ?= gcc clang
UNIT_NAMES := $(or $(T),$(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_*.c)))
UNIT_CFLAGS := -std=gnu17 -I. $(WARNINGS) -g -fno-omit-frame-pointer -fno-strict-aliasing
UNIT_FLAGS_clang := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_FLAGS_gcc := $(UNIT_FLAGS_clang) -fno-var-tracking --coverage
UNIT_PROGRAMS = $(foreach c,$(UNIT_CC),$(UNIT_NAMES:%=build/unit/$(c)/test_%))

.PHONY: unit-programs
.SECONDARY:

unit: unit-programs ## the pure parts on this machine, under ASan and UBSan (T=name for one)
	$(PYTHON) tests/unit/run.py $(UNIT_PROGRAMS)

unit-programs: $(UNIT_PROGRAMS)

# $(1): gcc or clang.
define unit_rules
build/unit/$(1)/%.o: %.c build/unit/$(1)/flags
	mkdir -p $$(@D)
	$(1) $$(UNIT_CFLAGS) $$(UNIT_FLAGS_$(1)) -MMD -MP -c -o $$@ $$<

build/unit/$(1)/flags: FORCE
	$$(call write_if_changed,'$$(UNIT_CFLAGS) $$(UNIT_FLAGS_$(1))')

build/unit/$(1)/pure: FORCE
	$$(call write_if_changed,'$$(PURE) $$(PLAYED)')

build/unit/$(1)/libpure.a: $$(patsubst %.c,build/unit/$(1)/%.o,$$(PURE) $$(PLAYED)) \
		build/unit/$(1)/pure
	rm -f $$@
	$(CROSS_COMPILE)ar rcs $$@ $$(filter %.o,$$^)

build/unit/$(1)/test_%: build/unit/$(1)/tests/unit/test_%.o \
		build/unit/$(1)/tests/unit/support.o build/unit/$(1)/libpure.a
	echo "  UNIT    $$@"
	$(1) $$(UNIT_FLAGS_$(1)) -o $$@ $$^ -lcmocka

-include $$(UNIT_NAMES:%=build/unit/$(1)/tests/unit/test_%.d) \
	$$(patsubst %.c,build/unit/$(1)/%.d,$$(PURE) $$(PLAYED)) \
	build/unit/$(1)/tests/unit/support.d
endef
$(foreach c,gcc clang,$(eval $(call unit_rules,$(c))))

coverage: ## the unit tests' line coverage of the pure folders; fails under 95 %
	$(MAKE) unit-programs UNIT_CC=gcc
	$(PYTHON) tests/unit/coverage.py $(UNIT_NAMES:%=build/unit/gcc/test_%)
