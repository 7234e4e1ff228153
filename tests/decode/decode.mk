# The instruction decoder (guest/decode.h) against Zydis, on the host.
#
#   make decode                   a fixed seed, the same in each run (some 15 s)
#   make decode DECODE_ROUNDS=20  twenty times as many random encodings
#   make decode T=random          only tests whose names contain this

DECODE_ROUNDS ?= 1
DECODE_SOURCES := tests/decode/compare.c tests/decode/zydis_view.c tests/decode/encodings.c \
	tests/unit/support.c $(wildcard guest/decode*.c)
DECODE_OBJECTS := $(DECODE_SOURCES:%.c=build/decode/%.o)

.PHONY: decode

decode: build/decode/compare ## the instruction decoder against Zydis (DECODE_ROUNDS=n for more)
	DECODE_ROUNDS=$(DECODE_ROUNDS) $(PYTHON) tests/decode/run.py $< $(T)

build/decode/%.o: %.c
	mkdir -p $(@D)
	gcc $(UNIT_CFLAGS) -O2 -MMD -MP -c -o $@ $<

build/decode/compare: $(DECODE_OBJECTS)
	echo "  DECODE  $@"
	gcc -o $@ $^ -lcmocka -lZydis

-include $(DECODE_OBJECTS:.o=.d)
