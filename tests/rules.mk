# SPDX-License-Identifier: GPL-2.0-or-later
# What tests are made of and how they are run; included by the Makefile.

# Objects that only a chain of rules needs are kept: the next make is then quick.
.SECONDARY:

# --- programs that tests use -------------------------------------------------
BOOT_OBJECTS := $(patsubst %.c,$(B)/%.o,$(wildcard tests/boot/*.c))

$(B)/tests/umlrun: $(BOOT_OBJECTS) $(B)/guest/guest.o $(B)/guest/memory.o $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

# One program per tests/tools/*.c (all may use tests/tools/lib), one preloaded library per tests/tools/preload_*.c.
TOOL_SOURCES := $(filter-out tests/tools/preload_%,$(wildcard tests/tools/*.c))
TOOL_LIB := $(patsubst %.c,$(B)/%.o,$(wildcard tests/tools/lib/*.c))
TOOLS := $(patsubst tests/tools/%.c,$(B)/tests/tools/%,$(TOOL_SOURCES))
PRELOADS := $(patsubst tests/tools/%.c,$(B)/tests/tools/%.so,$(wildcard tests/tools/preload_*.c))

$(B)/tests/tools/%: $(B)/tests/tools/%.o $(TOOL_LIB) $(B)/libcommon.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

# Never sanitized: a preloaded library must not bring a sanitizer's runtime along.
$(B)/tests/tools/%.so: tests/tools/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -fPIC -shared -o $@ $< -ldl

# Every fuzz target has a main without libFuzzer too, so that it cannot rot.
FUZZ_SOURCES := $(wildcard tests/fuzz/*_fuzz.c)
FUZZ_MAINS := $(patsubst %.c,$(B)/%,$(FUZZ_SOURCES))
FUZZ_DRIVER := $(B)/tests/fuzz/driver.o

$(B)/tests/fuzz/lab_%_fuzz: $(B)/tests/fuzz/lab_%_fuzz.o $(FUZZ_DRIVER) $(LAB_ARCHIVES)
	$(CC) $(ALL_LDFLAGS) $(FUZZ_LDFLAGS) -o $@ $< $(FUZZ_DRIVER) \
		-Wl,--start-group $(LAB_ARCHIVES) -Wl,--end-group $(LAB_LIBS)

$(B)/tests/fuzz/%_fuzz: $(B)/tests/fuzz/%_fuzz.o $(FUZZ_DRIVER) $(MKROOT_ARCHIVES)
	$(CC) $(ALL_LDFLAGS) $(FUZZ_LDFLAGS) -o $@ $< $(FUZZ_DRIVER) \
		-Wl,--start-group $(MKROOT_ARCHIVES) -Wl,--end-group $(PKG_LIBS)

.PHONY: test-tools test-programs
test-tools: $(B)/tests/umlrun $(TOOLS) $(PRELOADS) $(B)/bench/measure
test-programs: test-tools $(UNIT_TESTS) $(FUZZ_MAINS)

# --- running them ------------------------------------------------------------
CHECK := B=$(B) tests/check
RUN_UNITS := unit='B=$(B) tests/run-units $(UNIT_TESTS)'
RUN_CASES := cases='B=$(B) tests/run-cases'
RUN_FUZZ_MAINS := mutations='B=$(B) tests/fuzz/mutations $(FUZZ_MAINS)'
RUN_BOOT := boot='B=$(B) tests/run-cases -j 2 tests/boot/*.case'
RUN_STRACE := strace='B=$(B) tests/strace-check'
# What rpm itself makes of the same packages; and, where they are, packages of other people.
RUN_TREE := tree='B=$(B) tests/tree-check'
RUN_REAL := real-data='B=$(B) tests/real-data'
RUN_LINT := lint='tests/lint'

.PHONY: check check-unit unit check-cases check-boot check-strace check-san lint fuzz fuzz-smoke
check: all media test-programs
	+@$(CHECK) $(RUN_UNITS) $(RUN_CASES) $(RUN_FUZZ_MAINS) $(RUN_STRACE) $(RUN_TREE) $(RUN_REAL) $(RUN_BOOT) \
		$(RUN_LINT)

check-unit unit: $(UNIT_TESTS)
	@$(CHECK) $(RUN_UNITS)

.PHONY: check-tree check-real
check-tree: all media
	@$(CHECK) $(RUN_TREE)

check-real: all test-programs
	@$(CHECK) $(RUN_REAL) $(RUN_UNITS)

# The labs that ship; each as two ordinary users. And one as a job of a CI has it.
.PHONY: media-labs check-labs
media-labs:
	tests/media/build $(B)/media/labs --set labs

check-labs: all media-labs test-tools
	@$(CHECK) labs='B=$(B) tests/labs/check $(LABS)' container='B=$(B) tests/labs/container'

check-cases: all test-programs
	@$(CHECK) $(RUN_CASES)

check-boot: all media test-tools
	@$(CHECK) $(RUN_BOOT)

# 32-bit guests: packages, kernel and all. The kernel takes some minutes the first time.
.PHONY: media-i586 check-i586
media-i586:
	tests/media/build $(B)/media/demo-i586 --arch i386
	tests/media/uml32 $(B)/media/uml-i586

check-i586: all media media-i586 test-tools
	@$(CHECK) i586='B=$(B) tests/boot/i586'

check-strace: all test-tools
	@$(CHECK) $(RUN_STRACE)

lint:
	@$(CHECK) $(RUN_LINT)

# A second tree, built by a second make.
SAN := B=$(B)/san CFLAGS='-O1 -g -fno-omit-frame-pointer' SANITIZE='-fsanitize=address,undefined'
check-san:
	+@$(MAKE) --no-print-directory $(SAN) all test-programs
	+@$(MAKE) --no-print-directory $(SAN) check-units-and-cases

.PHONY: check-units-and-cases
check-units-and-cases: all test-programs
	@$(CHECK) $(RUN_UNITS) $(RUN_CASES) $(RUN_FUZZ_MAINS)

FUZZ := B=$(B)/fuzz CC=$(CLANG) CFLAGS='-O1 -g' FUZZ_DRIVER= FUZZ_LDFLAGS=-fsanitize=fuzzer \
	SANITIZE='-fsanitize=fuzzer-no-link,address,undefined'
FUZZ_SECONDS ?= 20
fuzz:
	+@$(MAKE) --no-print-directory $(FUZZ) fuzz-mains

fuzz-smoke: fuzz
	@$(CHECK) fuzz='tests/fuzz/smoke $(FUZZ_SECONDS) $(patsubst %.c,$(B)/fuzz/%,$(FUZZ_SOURCES))'

.PHONY: fuzz-mains
fuzz-mains: $(FUZZ_MAINS)
