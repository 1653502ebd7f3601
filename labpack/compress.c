/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "labpack/compress.h"

#include <errno.h>
#include <lzma.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

#define BUFFER_SIZE 131072u
#define MAX_THREADS 8
#define MEBIBYTE    1048576u

struct compress {
	enum archive_compression kind;
	ZSTD_CCtx *zstd;
	lzma_stream xz;
	compress_sink *sink;
	void *arg;
	unsigned char buffer[BUFFER_SIZE];
};

/* Never none: both libraries write other bytes then. From one on, the number makes no difference. */
static unsigned int processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 2 ? 2 : n > MAX_THREADS ? MAX_THREADS : (unsigned int)n;
}

/* What a worker of zstd holds at a level, in MiB: its tables, and two pieces with their results. */
static unsigned int zstd_worker(int level)
{
	static const unsigned char tables[] = { 1,  1,	1,  1,	2,  3,	3,  6,	6,  12,
						24, 24, 48, 48, 48, 64, 64, 64, 64, 81 };

	return 4u + tables[level];
}

static unsigned int zstd_threads(int level)
{
	unsigned int n = processors(), fit = COMPRESS_MEMORY / MEBIBYTE / zstd_worker(level);

	if (!fit)
		return 2;
	return n < fit ? n : fit;
}

static int zstd_new(struct compress *c, int level)
{
	if (level < 1 || level > 19)
		return -EINVAL;
	c->zstd = ZSTD_createCCtx();
	if (!c->zstd)
		return -ENOMEM;
	if (ZSTD_isError(ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_compressionLevel, level)))
		return -EINVAL;
	/* A libzstd without threads says so; then it is slower, and has other bytes. */
	(void)ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_nbWorkers, (int)zstd_threads(level));
	/* By default a piece has four windows, and each thread several pieces. */
	(void)ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_jobSize, MEBIBYTE);
	return 0;
}

/*
 * Blocks stand for themselves, so a dictionary larger than one is of no use. Those of the lower
 * levels are cut to a mebibyte: two threads with two fit into no bound.
 */
static int xz_new(struct compress *c, int level)
{
	lzma_options_lzma o;
	lzma_filter filters[] = { { LZMA_FILTER_LZMA2, &o }, { LZMA_VLI_UNKNOWN, NULL } };
	lzma_mt mt = { .filters = filters, .check = LZMA_CHECK_CRC64 };

	mt.threads = processors();
	if (level < 0 || level > 9 || lzma_lzma_preset(&o, (uint32_t)level))
		return -EINVAL;
	if (level <= 3 && o.dict_size > MEBIBYTE)
		o.dict_size = MEBIBYTE;
	mt.block_size = o.dict_size < MEBIBYTE ? MEBIBYTE : o.dict_size;
	while (mt.threads > 1 && lzma_stream_encoder_mt_memusage(&mt) > COMPRESS_MEMORY)
		mt.threads--;
	if (lzma_stream_encoder_mt_memusage(&mt) > COMPRESS_MEMORY)
		mt.threads = 2;
	switch (lzma_stream_encoder_mt(&c->xz, &mt)) {
	case LZMA_OK:
		return 0;
	case LZMA_MEM_ERROR:
		return -ENOMEM;
	default:
		return -EINVAL;
	}
}

int compress_new(struct compress **out, enum archive_compression kind, int level,
		 compress_sink *sink, void *arg)
{
	struct compress *c = calloc(1, sizeof(*c));
	int rc;

	*out = NULL;
	if (!c)
		return -ENOMEM;
	c->kind = kind;
	c->xz = (lzma_stream)LZMA_STREAM_INIT;
	c->sink = sink;
	c->arg = arg;
	rc = kind == ARCHIVE_ZSTD ? zstd_new(c, level) : kind == ARCHIVE_XZ ? xz_new(c, level) : -EINVAL;
	if (rc)
		compress_free(c);
	else
		*out = c;
	return rc;
}

static int zstd_run(struct compress *c, const void *data, size_t n, ZSTD_EndDirective what)
{
	ZSTD_inBuffer in = { data, n, 0 };
	size_t left;
	int rc = 0;

	do {
		ZSTD_outBuffer out = { c->buffer, BUFFER_SIZE, 0 };

		left = ZSTD_compressStream2(c->zstd, &out, &in, what);
		if (ZSTD_isError(left))
			return ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation ? -ENOMEM : -EIO;
		if (out.pos)
			rc = c->sink(c->arg, c->buffer, out.pos);
	} while (!rc && (what == ZSTD_e_end ? left != 0 : in.pos < in.size));
	return rc;
}

static int xz_run(struct compress *c, const void *data, size_t n, lzma_action what)
{
	lzma_ret ret;
	int rc = 0;

	c->xz.next_in = data;
	c->xz.avail_in = n;
	do {
		c->xz.next_out = c->buffer;
		c->xz.avail_out = BUFFER_SIZE;
		ret = lzma_code(&c->xz, what);
		if (ret != LZMA_OK && ret != LZMA_STREAM_END)
			return ret == LZMA_MEM_ERROR ? -ENOMEM : -EIO;
		if (c->xz.avail_out < BUFFER_SIZE)
			rc = c->sink(c->arg, c->buffer, BUFFER_SIZE - c->xz.avail_out);
	} while (!rc && (what == LZMA_FINISH ? ret != LZMA_STREAM_END : c->xz.avail_in != 0));
	return rc;
}

int compress_write(struct compress *c, const void *data, size_t n)
{
	if (!n)
		return 0;
	return c->zstd ? zstd_run(c, data, n, ZSTD_e_continue) : xz_run(c, data, n, LZMA_RUN);
}

int compress_finish(struct compress *c)
{
	return c->zstd ? zstd_run(c, NULL, 0, ZSTD_e_end) : xz_run(c, NULL, 0, LZMA_FINISH);
}

void compress_free(struct compress *c)
{
	if (!c)
		return;
	ZSTD_freeCCtx(c->zstd);
	lzma_end(&c->xz);
	free(c);
}
