# Fuzzing: each tests/fuzz/fuzz_NAME.c is a libFuzzer program over the pure sources, under ASan and
# UBSan. What it finds it leaves in build/fuzz as crash-...
#
#   make fuzz T=vm_line           only fuzz_vm_line
#   make fuzz FUZZ_SECONDS=600    ten minutes each, from a random seed
#
# Without FUZZ_SECONDS: so many inputs from a fixed seed, the same in each run (make test does
# that).

FUZZ_RUNS ?= 20000
FUZZ_NAMES := $(or $(T),$(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_CFLAGS := $(UNIT_CFLAGS) -O1 -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all
FUZZ_WORDS := $(if $(FUZZ_SECONDS),-max_total_time=$(FUZZ_SECONDS),-runs=$(FUZZ_RUNS) -seed=1)

.PHONY: fuzz-programs

fuzz: fuzz-programs ## random input for the parsers (T=name for one, FUZZ_SECONDS=n)
	$(PYTHON) tests/fuzz/run.py $(FUZZ_NAMES:%=build/fuzz/fuzz_%) -- $(FUZZ_WORDS)

fuzz-programs: $(FUZZ_NAMES:%=build/fuzz/fuzz_%)

build/fuzz/%.o: %.c
	mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

# The linker takes from the archive what a fuzzer needs, and no more.
build/fuzz/libpure.a: $(PURE:%.c=build/fuzz/%.o)
	rm -f $@
	$(CROSS_COMPILE)ar rcs $@ $^

build/fuzz/fuzz_%: build/fuzz/tests/fuzz/fuzz_%.o build/fuzz/libpure.a
	echo "  FUZZ    $@"
	clang -fsanitize=fuzzer,address,undefined -o $@ $^

-include $(FUZZ_NAMES:%=build/fuzz/tests/fuzz/fuzz_%.d) $(PURE:%.c=build/fuzz/%.d)
