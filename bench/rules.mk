# SPDX-License-Identifier: GPL-2.0-or-later
# Side-by-side measurements; included by the Makefile. BENCH_RUNS=N, BENCH_DIR=FOLDER.

BENCH_PROGRAMS := $(patsubst bench/%.c,$(B)/bench/%,$(wildcard bench/*.c))

$(B)/bench/%: $(B)/bench/%.o $(B)/libcommon.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(B)/bench/fetch: $(B)/bench/fetch.o $(ARCHIVES)
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(PKG_LIBS)

.PHONY: bench bench-fetch bench-programs
bench-programs: $(BENCH_PROGRAMS)

bench: all media media-bench $(BENCH_PROGRAMS)
	B=$(B) bench/run $(B)/media/bench
	B=$(B) bench/scripts $(B)/media/demo

# Fetching from loopback, by mkroot and by curl.
bench-fetch: media-bench $(B)/bench/fetch
	B=$(B) bench/peer-curl $(B)/media/bench

$(B)/bench/cowdiff: $(B)/bench/cowdiff.o $(LAB_ARCHIVES)
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(LAB_ARCHIVES) -Wl,--end-group $(LAB_LIBS)

# Archives of labs: labpack, GNU tar and bsdtar.
.PHONY: bench-pack
bench-pack: all $(B)/bench/measure $(B)/bench/cowdiff
	B=$(B) bench/pack
