# The gdb server with the real gdb, over a toy machine on this host: tests/gdb/test_real_gdb.py.

FAKE_SERVER_OBJECTS := $(patsubst %.c,build/unit/clang/%.o,tests/gdb/fake_server.c \
	$(wildcard debug/gdb_*.c kernel/text*.c))

.PHONY: gdb

gdb: build/gdb/fake_server ## the gdb server with Debian's gdb (T=name for some)
	$(PYTHON) tests/pytest_part.py gdb tests/gdb/test_real_gdb.py $(if $(T),-k '$(T)')

build/gdb/fake_server: $(FAKE_SERVER_OBJECTS)
	mkdir -p $(@D)
	clang $(UNIT_FLAGS_clang) -o $@ $^

-include $(FAKE_SERVER_OBJECTS:.o=.d)
