# SPDX-License-Identifier: GPL-2.0-or-later
# Manual pages, from scdoc sources; included by the Makefile. SOURCE_DATE_EPOCH sets their date.

SCDOC ?= scdoc
MAN_PAGES := $(patsubst man/%.scd,$(B)/man/%,$(wildcard man/*.scd))

.PHONY: man
man: $(MAN_PAGES)

$(B)/man/%: man/%.scd
	@mkdir -p $(@D)
	$(SCDOC) <$< >$@.new
	mv $@.new $@
