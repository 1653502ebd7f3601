# SPDX-License-Identifier: GPL-2.0-or-later
# What the Makefiles of the labs share. A lab says SELECTION and MODULES, or IMAGE and how that is made, and
# what else it has MADE; then
#     make          the root filesystem, the disks and the start script
#     make pack     the lab as one archive, NAME.tar.zst
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

.PHONY: all pack test clean
all: lab

$(MEDIA)/content:
	$(TOP)/tests/media/build $(MEDIA) --set labs

rootfs.img: $(MEDIA)/content Makefile ../lab.mk
	$(MKROOT) demo --media $(MEDIA) --keyring $(MEDIA)/gpg-pubkey.asc $(SELECTION) \
		--hostname lab --modules $(KERNEL_MODULES) $(addprefix --module ,$(MODULES)) \
		$(MKROOT_FLAGS) -o $@

lab: $(IMAGE) lab.conf $(wildcard *.startup *.shutdown lab.dep)
	$(LABPACK) build
	@touch $@

pack: $(NAME).tar.zst

$(NAME).tar.zst: lab
	$(LABPACK) create $@

test: lab
	./test

clean:
	rm -rf $(IMAGE) disks lab $(NAME).tar.zst $(MADE)
