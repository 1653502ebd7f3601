# SPDX-License-Identifier: GPL-2.0-or-later
# What the Makefiles of the labs share. A lab says SELECTION and MODULES, or IMAGE and how that is made, and
# what else it has MADE; then
#     make          the root filesystem, the disks, the start script, and all of it as one archive, NAME.tar.zst
#     make pack     the archive anew, of the lab as it is now
#     make test     start it, judge it, stop it
# all as an ordinary user. TOP is the source tree, B where it was built.

TOP ?= ../..
B ?= $(TOP)/build
MEDIA ?= $(B)/media/labs
KERNEL_MODULES ?= /usr/lib/uml/modules
NAME := $(notdir $(CURDIR))
MKROOT ?= $(B)/bin/mkroot
LABPACK ?= $(B)/bin/labpack
IMAGE ?= rootfs.img
# Machines of a lab die by power cuts: with a journal they come up again without anybody's help. On
# ext2, fsck asked for somebody once in some twenty times.
FILESYSTEM ?= ext3

.PHONY: all pack test clean
all: $(NAME).tar.zst

$(MEDIA)/content:
	$(TOP)/tests/media/build $(MEDIA) --set labs

rootfs.img: $(MEDIA)/content Makefile ../lab.mk
	$(MKROOT) demo --media $(MEDIA) --keyring $(MEDIA)/gpg-pubkey.asc $(SELECTION) \
		--filesystem $(FILESYSTEM) --hostname lab --modules $(KERNEL_MODULES) $(addprefix --module ,$(MODULES)) \
		$(MKROOT_FLAGS) -o $@

lab: $(IMAGE) lab.conf $(wildcard *.startup *.shutdown lab.dep)
	$(LABPACK) build
	@touch $@

# Not made again because a disk has changed: that is what a lab's disks do.
$(NAME).tar.zst: lab
	$(LABPACK) create $@

pack: lab
	$(LABPACK) create $(NAME).tar.zst

test: lab
	./test

clean:
	rm -rf $(IMAGE) disks lab $(NAME).tar.zst $(MADE)
