# SPDX-License-Identifier: GPL-2.0-or-later
# mkroot and labpack. `make help` lists the targets; everything built lies under $(B).

VERSION := 0.1.0
B ?= build
prefix ?= /usr/local
bindir ?= $(prefix)/bin
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
CC ?= cc
CLANG ?= clang
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
WERROR ?=
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla \
	-Wformat=2 -Wundef -Wno-unused-parameter $(WERROR)
PKGS := rpm libsolv libsolvext ext2fs com_err libarchive libcrypto inih sqlite3 jansson libcap libcurl expat \
	libselinux libxxhash libzstd liblzma

# Asked once; a missing library is named before the compiler stumbles over it.
ifneq ($(filter-out clean help,$(or $(MAKECMDGOALS),all)),)
PKG_MISSING := $(shell $(PKG_CONFIG) --print-errors --exists $(PKGS) 2>&1 | head -3)
ifneq ($(PKG_MISSING),)
$(error $(PKG_MISSING) (run ./deps))
endif
endif
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS))
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(PKGS))
# What labpack links: it knows nothing of packages.
LAB_LIBS := $(shell $(PKG_CONFIG) --libs ext2fs com_err libarchive libcrypto libxxhash libzstd liblzma inih jansson)

ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. -include common/banned.h $(WARN) \
	$(PKG_CFLAGS) -pthread -DMKROOT_VERSION='"$(VERSION)"' -DMKROOT_DATADIR='"$(datadir)/mkroot"' \
	-fno-strict-aliasing -fstack-protector-strong $(CFLAGS) $(SANITIZE)
ALL_LDFLAGS = -pthread $(SANITIZE) $(LDFLAGS)

# Every *.c of a room goes into that room's archive; main.c makes the program.
ROOMS := mkroot fixups selections pkg guest labpack image common
objects = $(patsubst %.c,$(B)/%.o,$(filter-out %/main.c,$(wildcard $(1)/*.c)))
ARCHIVES := $(foreach r,$(ROOMS),$(if $(wildcard $(r)/*.c),$(B)/lib$(r).a))
# What each of the two programs is made of: they share image/ and common/, and no more.
MKROOT_ARCHIVES := $(filter-out $(B)/liblabpack.a,$(ARCHIVES))
LAB_ARCHIVES := $(filter $(B)/liblabpack.a $(B)/libimage.a $(B)/libcommon.a,$(ARCHIVES))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/*.c))
PROGRAMS := $(B)/bin/mkroot $(B)/bin/labpack

.PHONY: all clean help install media media-bench demo
all: $(PROGRAMS)

help:
	@echo 'make              build $(B)/bin/mkroot and $(B)/bin/labpack'
	@echo 'make demo         build the demo media and an image from it, boot it, log in, halt'
	@echo 'make check        all tests'
	@echo 'make check-i586   boot tests of 32-bit guests, on a 32-bit kernel that it builds'
	@echo 'make check-labs   the labs that ship, from packages to packets; make demo-ospf, demo-ha: one of them'
	@echo 'make check-san    unit tests and cases under the address and undefined behaviour sanitizers'
	@echo 'make fuzz-smoke   the fuzz targets, 20 seconds each'
	@echo 'make lint         size limits, static analysis, shell scripts'
	@echo 'make bench        side by side with rpm --root and dnf (needs root for these)'
	@echo 'make install      DESTDIR= prefix=$(prefix)'

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The runner of the first boot is compiled in as it is.
$(B)/fixups/firstboot_run.o: fixups/firstboot-run.sh
$(B)/labpack/embed.o: $(wildcard labpack/guest/*.sh labpack/lab/*.sh)

# The init of the guest that runs scriptlets: a static program for each kind of kernel. What this
# compiler cannot make is left empty, and mkroot says so when it would be needed.
INIT_SOURCES := $(wildcard guest/init/*.c) common/number.c common/strbuf.c
INIT_HEADERS := $(wildcard guest/init/*.h) guest/protocol.h common/error.h common/banned.h
INIT_CFLAGS := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. -include common/banned.h $(WARN) -Os \
	-fno-strict-aliasing -static -s

$(B)/guest/init64: $(INIT_SOURCES) $(INIT_HEADERS) Makefile
	@mkdir -p $(@D)
	$(CC) $(INIT_CFLAGS) -o $@ $(INIT_SOURCES)

$(B)/guest/init32: $(INIT_SOURCES) $(INIT_HEADERS) Makefile
	@mkdir -p $(@D)
	@if echo 'int main(void) { return 0; }' | $(CC) -m32 -static -x c -o $@ - 2>/dev/null; then \
		echo "$(CC) -m32 $(INIT_CFLAGS) -o $@" && \
		$(CC) -m32 $(INIT_CFLAGS) -o $@ $(INIT_SOURCES); \
	else \
		echo "$@: left out: this compiler makes no static programs for i386" && : >$@; \
	fi

$(B)/guest/blob.o: $(B)/guest/init64 $(B)/guest/init32
$(B)/guest/blob.o: ALL_CFLAGS += -DGUEST_BUILD='"$(B)/guest"'

define room_archive
$(B)/lib$(1).a: $(call objects,$(1))
	rm -f $$@
	$(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_archive,$(r))))

$(B)/bin/mkroot: $(B)/mkroot/main.o $(MKROOT_ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(MKROOT_ARCHIVES) -Wl,--end-group $(PKG_LIBS)

$(B)/bin/labpack: $(B)/labpack/main.o $(LAB_ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(LAB_ARCHIVES) -Wl,--end-group $(LAB_LIBS)

$(B)/tests/unit/labpack_%: $(B)/tests/unit/labpack_%.o $(LAB_ARCHIVES)
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(LAB_ARCHIVES) -Wl,--end-group $(LAB_LIBS) -lcmocka

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(MKROOT_ARCHIVES)
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(MKROOT_ARCHIVES) -Wl,--end-group $(PKG_LIBS) \
		-lcmocka

-include $(shell find $(B) -path $(B)/media -prune -o -type f -name '*.d' -print 2>/dev/null)

media:
	tests/media/build $(B)/media/demo --set demo

media-bench:
	tests/media/build $(B)/media/bench --set bench

# Media and image are made, and the image is booted, as an ordinary user.
demo: all media $(B)/tests/umlrun
	tests/boot/demo

# From packages to a failover that one can watch.
.PHONY: demo-ospf demo-ha
demo-ospf demo-ha: demo-%: all media-labs
	B=$(B) tests/labs/check $*

install: all man
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(datadir)/mkroot/profiles/keys \
		$(DESTDIR)$(datadir)/mkroot/selections $(DESTDIR)$(mandir)/man1 $(DESTDIR)$(mandir)/man5 $(DESTDIR)$(mandir)/man7 \
		$(DESTDIR)$(datadir)/bash-completion/completions $(DESTDIR)$(datadir)/zsh/site-functions
	install -m 755 $(B)/bin/mkroot $(B)/bin/labpack $(DESTDIR)$(bindir)/
	install -m 644 mkroot/profiles/*.conf $(DESTDIR)$(datadir)/mkroot/profiles/
	install -m 644 mkroot/profiles/keys/* $(DESTDIR)$(datadir)/mkroot/profiles/keys/
	install -m 644 selections/*.sel $(DESTDIR)$(datadir)/mkroot/selections/
	install -m 644 $(B)/man/mkroot.1 $(B)/man/labpack.1 $(DESTDIR)$(mandir)/man1/
	install -m 644 $(B)/man/mkroot.conf.5 $(B)/man/mkroot-report.5 $(B)/man/lab.conf.5 $(B)/man/labpack-manifest.5 \
		$(DESTDIR)$(mandir)/man5/
	install -m 644 $(B)/man/lab.7 $(DESTDIR)$(mandir)/man7/
	$(B)/bin/mkroot --completion bash >$(DESTDIR)$(datadir)/bash-completion/completions/mkroot
	$(B)/bin/mkroot --completion zsh >$(DESTDIR)$(datadir)/zsh/site-functions/_mkroot
	$(B)/bin/labpack --completion bash >$(DESTDIR)$(datadir)/bash-completion/completions/labpack
	$(B)/bin/labpack --completion zsh >$(DESTDIR)$(datadir)/zsh/site-functions/_labpack

clean:
	rm -rf $(B)

-include man/rules.mk tests/rules.mk bench/rules.mk
