/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The n-th allocation fails, for every n: reading a lab, drawing it, collecting
 * what goes into a machine must each say so and lose nothing.
 */
#define NOMEM_SPARED "libcrypto", /* it keeps pieces of its own after a failure */
#include "tests/unit/nomem.h"

#include "labpack/conf.h"
#include "labpack/layer.h"
#include "labpack/plot.h"

static const char text[] =
	"LAB_NAME='A \xe4'\nLAB_MACHINES=a,b,c\nLAB[base]=r.img\nLAB[mem]=40\n"
	"a[0]=A\na[1]=\"B/02:00:00:00:00:01\"\na[address0]=10.0.0.1/24,fd00::1/64\na[tap]=tap1\n"
	"b[0]=tap,10.0.0.1,10.0.0.2\nb[ubd1]=s.img\na[ubd1]=s.img\na[ubd1-size]=64M\nb[ubd2-size]=1M\n"
	"a[serial1]=b:serial1\nb[sysctl]=a.b=1\nb[port]=80\nb[imgae]=x\nA[type]=switch\nA[tap]=t\n"
	"c[append]=x\nc[kernel]=k\nc[image]=i\na[0]=A\nsee [x] = y\n";

static int job_lab(struct error *err)
{
	struct lab *lab;
	int rc = lab_parse(&lab, text, sizeof(text) - 1, "lab", 0, err);

	assert_true(rc ? !lab : lab != NULL);
	lab_free(lab);
	return rc;
}

static int job_refused(struct error *err)
{
	static const char wrong[] = "a[0]=A\na[serial1]=b:1\n";
	struct lab *lab;
	int rc = lab_parse(&lab, wrong, sizeof(wrong) - 1, "lab", 0, err);

	return rc == -ERR_NOT_FOUND ? 0 : rc;
}

static int job_depends(struct error *err)
{
	static const char depends[] = "a: b c # x\nb: c\n";
	struct conf c = { .err = err };
	int rc = lab_parse(&c.lab, text, sizeof(text) - 1, "lab", 0, err);

	if (!rc)
		rc = conf_depends(&c, depends, sizeof(depends) - 1, "lab.dep");
	lab_free(c.lab);
	return rc;
}

static int job_plot(struct error *err)
{
	struct strbuf out = STRBUF_INIT;
	struct lab *lab;
	int rc = lab_parse(&lab, text, sizeof(text) - 1, "lab", 0, err);

	if (!rc)
		rc = plot_dot(lab, &out, err);
	if (!rc)
		rc = plot_ascii(lab, 80, &out, err);
	if (!rc)
		rc = plot_ascii(lab, 10, &out, err);
	strbuf_release(&out);
	lab_free(lab);
	return rc;
}

/* Without a folder: fts_open() of glibc 2.36 itself does not survive a failed allocation. */
static int job_layer(struct error *err)
{
	struct layer shared = LAYER_INIT, l = LAYER_INIT;
	int rc = layer_add_text(&shared, "/etc/a", 0644, "x", 1, err);

	if (!rc)
		rc = layer_finish(&shared, err);
	if (!rc)
		rc = layer_add_layer(&l, &shared, err);
	if (!rc)
		rc = layer_add_text(&l, "/etc/a", 0644, "y", 1, err);
	if (!rc)
		rc = layer_finish(&l, err);
	layer_release(&shared);
	layer_release(&l);
	return rc;
}

static void test_lab(void **state)
{
	nomem_each(job_lab);
}

static void test_refused(void **state)
{
	nomem_each(job_refused);
}

static void test_depends(void **state)
{
	nomem_each(job_depends);
}

static void test_plot(void **state)
{
	nomem_each(job_plot);
}

static void test_layer(void **state)
{
	nomem_each(job_layer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lab),   cmocka_unit_test(test_refused),
		cmocka_unit_test(test_depends), cmocka_unit_test(test_plot),
		cmocka_unit_test(test_layer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
