/* The audit log: notes in files, their import, exports. */
#include <dirent.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"
#include "model/job.h"

static unsigned
count_files(const char *tail)
{
	DIR *d = opendir(audit_dir);
	uint8_t chain[AUDIT_CHAIN];
	struct dirent *f;
	unsigned n = 0;

	while (d && (f = readdir(d)))
		n += tail ? strlen(f->d_name) > strlen(tail) &&
		                !strcmp(f->d_name + strlen(f->d_name) -
		                            strlen(tail),
		                    tail)
		          : audit_part_parse(f->d_name, chain) > 0;
	if (d)
		closedir(d);
	return n;
}

/* Appends to the file of this process. */
static void
append(const void *p, size_t n)
{
	char owner[JOB_OWNER_MAX], name[AUDIT_NAME_MAX], path[300];
	FILE *f;

	job_owner(owner);
	audit_part_name(name, owner, site.audit->file.head.chain, 1);
	snprintf(path, sizeof(path), "%s/%s", audit_dir, name);
	f = fopen(path, "a");
	if (!f || fwrite(p, 1, n, f) != n || fclose(f))
		must(err_set(&e, ERR_INTERNAL, NULL), "append");
}

static void
child_tears(void)
{
	note(3);
	append("\0\0\0\x60torn", 8);
}

static void
child_writes_nonsense(void)
{
	note(1);
	append("nonsense", 8);
}

static void
child_writes(void)
{
	note(2);
}

static void
test_import(void)
{
	struct audit_import *im = audit_import_new(&site);
	struct audit_import *other = audit_import_new(&site);
	uint64_t n;
	bool ours;

	in_child(child_writes);
	is_int((intmax_t)import(im), 2, "S39: the notes of a dead process");
	is_int(count_files(NULL), 0, "whose file goes");
	must(audit_import_run(other, &ours, &n, &e), "second");
	ok(!ours, "one process imports at a time");
	audit_import_free(&other);
	note(5);
	is_int((intmax_t)import(im), 5, "notes of a live one");
	is_int((intmax_t)import(im), 0, "once");
	note(2);
	is_int((intmax_t)import(im), 2, "and what comes after");
	is_int(count_files(NULL), 1, "its file stays");
	audit_import_free(&im);
	im = audit_import_new(&site);
	is_int((intmax_t)import(im), 0, "read again it changes nothing");
	in_child(child_tears);
	is_int((intmax_t)import(im), 3, "a torn last record is passed over");
	in_child(child_writes_nonsense);
	is_int((intmax_t)import(im), 1, "a record that is none of ours");
	is_int(count_files(".bad"), 1, "puts the file aside");
	is_int(verify(), ERR_OK, "all is whole: %s", wrong.data);
	audit_import_free(&im);
}

static void
test_parts(void)
{
	struct audit_import *im = audit_import_new(&site);

	server.conf.audit_part_bytes = 4096;
	note(100);
	ok(count_files(NULL) > 3, "S35: files are followed by the next");
	is_int((intmax_t)import(im), 100, "all are imported");
	is_int(count_files(NULL), 1, "the last stays");
	is_int(verify(), ERR_OK, "whole: %s", wrong.data);
	server.conf.audit_part_bytes = 4194304;
	audit_import_free(&im);
}

static void
test_bound(void)
{
	struct audit_import *im = audit_import_new(&site);
	static const struct audit_event refused = {AUDIT_REFUSED, NULL, "{}"};
	struct db_context nobody = {.account_id = 1};
	struct db_context somebody = {.account_id = 1, .user_id = 1};
	int i;

	site.audit->bound.since = 0;
	for (i = 0; i < 200; i++)
		audit_note(&site, &nobody, &refused);
	is_int((intmax_t)import(im), AUDIT_ANONYMOUS,
	    "refusals of nobody are bounded");
	for (i = 0; i < 200; i++)
		audit_note(&site, &somebody, &refused);
	is_int((intmax_t)import(im), 200, "those of users are not");
	site.audit->bound.since = 1;
	note(1);
	is_int((intmax_t)import(im), 2, "what was left out is told");
	is_int((intmax_t)site.audit->bound.left_out, 0, "once");
	audit_import_free(&im);
}

struct exporter {
	struct buf b;
	FILE *f;
};

static enum err_code
put(void *arg, struct err *err)
{
	struct exporter *x = arg;

	(void)err;
	fwrite(x->b.data, 1, x->b.len, x->f);
	buf_reset(&x->b);
	return ERR_OK;
}

/* An export in a file, and the file changed by a command. */
static enum err_code
exported(int64_t since, bool part, const char *command)
{
	struct exporter out = {.f = NULL};
	char path[120], line[400];
	enum err_code rc;

	snprintf(path, sizeof(path), "%s/export", keys_dir);
	out.f = fopen(path, "w+");
	must(audit_export(&site, since, &out.b, put, &out, &e), "export");
	fclose(out.f);
	buf_free(&out.b);
	snprintf(line, sizeof(line), "cd '%s' && %s", keys_dir, command);
	if (system(line))
		must(err_set(&e, ERR_INTERNAL, NULL), command);
	out.f = fopen(path, "r");
	report = (struct audit_report){.wrong = tell};
	buf_reset(&wrong);
	buf_adds(&wrong, "");
	rc = audit_verify_file(site.audit->key, out.f, part, &report, &e);
	fclose(out.f);
	return rc;
}

static void
test_export(void)
{
	struct audit_anchors *a = audit_anchors_new(&site);
	uint64_t all;
	unsigned n;
	int64_t now;

	must(audit_anchor(a, 60000, &n, &e), "anchor");
	audit_anchors_free(&a);

	must(verify(), "verify");
	all = report.entries;
	is_int(exported(0, false, "true"), ERR_OK, "an export verifies: %s",
	    wrong.data);
	is_int((intmax_t)report.entries, (intmax_t)all, "with every entry");
	is_int(exported(0, false,
	           "sed -i 's/\"user_id\":0/\"user_id\":7/' "
	           "export"),
	    ERR_INVALID, "S35: an altered one does not");
	is_int(exported(0, false, "sed -i '/^.[^,]*,\"n\":5,/d' export"),
	    ERR_INVALID, "nor one that lacks a line");
	is_int(exported(0, false,
	           "sed -i '/^.[^,]*,\"n\":[23][0-9][0-9],/d' export"),
	    ERR_INVALID, "nor one of which a chain lacks its end");
	ok(strstr(wrong.data, "from its end"), "which is told");
	usleep(5000);
	now = clock_now_ms();
	must(run((struct steps){.n = 2}), "two more");
	is_int(exported(now, true, "true"), ERR_OK,
	    "a part verifies as a part: %s", wrong.data);
	is_int((intmax_t)report.entries, 2, "of what came since");
	is_int(exported(now, false, "true"), ERR_INVALID, "not as the whole");
	is_int(exported(now, true,
	           "sed -i 's/\\\\\"b\\\\\"/\\\\\"c\\\\\"/;"
	           "s/:\"b\"/:\"c\"/' export"),
	    ERR_INVALID, "an altered part does not");
}

/* For the founder's eyes: what an entry costs. */
static void
test_cost(void)
{
	static struct audit_event list[10000];
	struct timespec t0, t1;
	struct audit_event e1 = event;
	unsigned i;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	note(2000);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	printf(
	    "# %.1f us a note\n", ((double)(t1.tv_sec - t0.tv_sec) * 1e6 +
	                              (double)(t1.tv_nsec - t0.tv_nsec) / 1e3) /
	                              2000);
	e1.action = AUDIT_CUSTOMER_DELETE;
	for (i = 0; i < 10000; i++)
		list[i] = e1;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	is_int(run((struct steps){.n = 1000}), ERR_OK,
	    "a thousand calls in a transaction");
	clock_gettime(CLOCK_MONOTONIC, &t1);
	printf("# %.1f us a call of one entry\n",
	    ((double)(t1.tv_sec - t0.tv_sec) * 1e6 +
	        (double)(t1.tv_nsec - t0.tv_nsec) / 1e3) /
	        1000);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	is_int(audit_change(&site, &one, list, 10000, &e), ERR_OK,
	    "ten thousand entries in a transaction");
	clock_gettime(CLOCK_MONOTONIC, &t1);
	printf("# %.1f us an entry of 10000\n",
	    ((double)(t1.tv_sec - t0.tv_sec) * 1e6 +
	        (double)(t1.tv_nsec - t0.tv_nsec) / 1e3) /
	        10000);
	is_int(verify(), ERR_OK, "whole: %s", wrong.data);
}

int
main(void)
{
	audit_begin();
	test_import();
	test_parts();
	test_bound();
	test_export();
	test_cost();
	return audit_end();
}
