# SPDX-License-Identifier: GPL-2.0-or-later
# What tests are made of and how they are run; included by the Makefile.
# Targets: check, check-unit, check-cases, check-boot, check-strace, lint,
# check-san, fuzz, fuzz-smoke, test-tools.

# --- programs that tests use -------------------------------------------------
BOOT_OBJECTS := $(patsubst %.c,$(B)/%.o,$(wildcard tests/boot/*.c))

$(B)/tests/umlrun: $(BOOT_OBJECTS) $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

TEST_TOOLS := $(B)/tests/umlrun

.PHONY: test-tools
test-tools: $(TEST_TOOLS)
