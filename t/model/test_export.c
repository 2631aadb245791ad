/* Records of exports: ids, signed URLs, withdrawal, expiry. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "model/api_key.h"
#include "model/customer.h"
#include "model/customer_delete.h"
#include "model/export.h"
#include "model/export_files.h"
#include "model/export_url.h"
#include "t/model/batch.h"
#include "work/apply.h"
#include "work/sweep.h"

static struct applied done;
static struct uuid key;
static char export_dir[96];

static void
apply_all(void)
{
	struct claim c;

	while (!job_claim(&site, "w", &c, NULL, &e))
		must(work_apply(&site, &c, &done, &e), "apply");
}

/* Uploads three people. */
static void
upload(const char *const rows[3])
{
	struct batch b = {.rows = rows, .n = 3, .per_chunk = 3};

	batch_queue(&b, group.id, EXISTING_ERROR);
	apply_all();
}

static struct export ask(const char *code)
{
	struct export x;

	must(export_create(&site, &one, code, false, &key, &x, &e), "create");
	return x;
}

static struct export make(const char *code)
{
	struct export x = ask(code);

	apply_all();
	must(export_of_job(site.db, &one, &x.job, &x, &e), "find");
	return x;
}

static bool
there(const struct export *x)
{
	char path[EXPORT_PATH_MAX];

	must(export_path(&server.conf, &workspace_one, x, 0, path, &e), "path");
	return !access(path, R_OK);
}

static void
test_ids(void)
{
	static const char *const bad[] = {"", "g", "_g",
	    "2023-11-01T02:44:15.814Z", "2023-11-01T02:44:15.814Z_",
	    "2023-11-01T02:44:15Z_g", "2023-11-01T02:44:15.814Z-g",
	    "2023-11-01T02:44:15.814Z_g"};
	char id[EXPORT_ID_MAX + 1];
	struct export x, y, z, found;
	size_t i;

	x = ask("g");
	y = ask("g");
	z = ask("all");
	ok(x.id < y.id && y.id < z.id, "each has a time of its own");
	export_id(&y, id);
	is_int(export_find(site.db, &one, id, &found, &e), ERR_OK, "found");
	ok(found.id == y.id && found.state == EXPORT_QUEUED, "as it is");
	is_int(export_find(site.db, &two, id, &found, &e), ERR_NOT_FOUND,
	    "S12: not by another tenant");
	strcat(id, "x");
	is_int(export_find(site.db, &one, id, &found, &e), ERR_NOT_FOUND,
	    "the code belongs to it");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_int(export_find(site.db, &one, bad[i], &found, &e),
		    ERR_NOT_FOUND, "no exportid");
	is_int(export_create(&site, &one, "nil", false, &key, &x, &e),
	    ERR_NOT_FOUND, "no segment");
	is_int(export_create(&site, &two, "g", false, &key, &x, &e),
	    ERR_NOT_FOUND, "S12: no segment of another tenant's");
	apply_all();
	must(export_of_job(site.db, &one, &z.job, &z, &e), "find");
	is_int((int)z.written, 3, "made, with three customers");
	ok(there(&z), "its file is there");
}

/* Splits a signed URL in place. */
static struct export_link
split(char *url)
{
	struct export_link link = {0};
	char *p = strstr(url, "/exports/") + 9;
	static char id[EXPORT_ID_MAX + 1];

	link.workspace = p;
	p[UUID_TEXT - 1] = '\0';
	export_id(&(struct export){0}, id);
	link.expires = strstr(p + UUID_TEXT, "?expires=") + 9;
	link.signature = strstr(link.expires, "&signature=") + 11;
	*strchr((char *)(uintptr_t)link.expires, '&') = '\0';
	return link;
}

static enum err_code
look(const struct export_link *link)
{
	struct db_context ctx;
	struct uuid workspace;

	return export_link_check(&site, link, &ctx, &workspace, &e);
}

static void
test_url(void)
{
	struct export x = make("g");
	char id[EXPORT_ID_MAX + 1], late[24];
	struct export_link link, other;
	struct buf url = {0};

	export_id(&x, id);
	export_url(&site, &workspace_one, &x, &url);
	link = split(url.data);
	link.exportid = id;
	is_int(look(&link), ERR_OK, "a signed URL is good");
	other = link;
	other.exportid = "2023-11-01T02:44:15.814Z_g";
	is_int(look(&other), ERR_FORBIDDEN, "not for another export");
	other = link;
	other.expires = "99999999999";
	is_int(look(&other), ERR_FORBIDDEN, "not for another time");
	other.expires = "-1";
	is_int(look(&other), ERR_FORBIDDEN, "nor for none");
	other = link;
	other.signature = NULL;
	is_int(look(&other), ERR_FORBIDDEN, "not without a signature");
	buf_free(&url);

	x.expires_at = clock_now_ms() - 5000;
	export_url(&site, &workspace_one, &x, &url);
	link = split(url.data);
	link.exportid = id;
	snprintf(late, sizeof(late), "%lld", (long long)x.expires_at / 1000);
	is_str(link.expires, late, "it is good for no longer than the file");
	is_int(look(&link), ERR_FORBIDDEN, "and late then, though signed");
	buf_free(&url);
}

static uint64_t
last_seq(struct uuid *id_out)
{
	struct customer list[100];
	struct buf profiles = {0};
	unsigned n;

	must(customer_read_range(
	         site.db, &one, 0, 1000, 100, list, &n, &profiles, &e),
	    "read");
	buf_free(&profiles);
	*id_out = list[n - 1].uuid;
	return list[n - 1].seq;
}

static void
test_forget(void)
{
	struct segment all;
	struct export x = make("all"), y = make("g"), waits = ask("g");
	struct uuid id;
	bool gone;
	struct deletion d = {
	    .group = &all, .ids = &id, .n = 1, .gone_out = &gone};

	must(segment_read(site.db, &one, SEGMENT_ALL, &all, &e), "all");
	last_seq(&id);
	must(customer_delete(&site, &one, &d, arena, &e), "delete");
	ok(gone, "a customer is deleted");
	must(export_of_job(site.db, &one, &x.job, &x, &e), "find");
	must(export_of_job(site.db, &one, &y.job, &y, &e), "find");
	is_int(x.state, EXPORT_WITHDRAWN, "withdrawn from `all`");
	is_int(y.state, EXPORT_WITHDRAWN, "and from the group");
	ok(!there(&x) && !there(&y), "the files are gone");
	must(export_of_job(site.db, &one, &waits.job, &waits, &e), "find");
	is_int(waits.state, EXPORT_QUEUED, "one that waits stays");
	apply_all();
	must(export_of_job(site.db, &one, &waits.job, &waits, &e), "find");
	is_int(waits.state, EXPORT_COMPLETED, "and is made without");
	is_int((int)waits.written, 2, "the customer");
}

/* A deletion that comes while the file is written: as export_begin has it. */
static void
test_gone(void)
{
	struct export x = ask("all");
	struct claim c;
	struct uuid id;
	bool some = false, stale;
	struct seq_set set = {0};
	uint64_t seq = last_seq(&id);

	must(job_claim(&site, "w", &c, NULL, &e), "claim");
	must(export_begin(&site, &one, &c, &x, &e), "begin");
	must(export_beat(&site, &one, &c, &x, &e), "beat");
	must(export_forget(&site, &one, &seq, 1, &some, &e), "forget");
	ok(!some, "nothing is withdrawn yet");
	seq_set_add(&set, seq);
	is_int(export_finish(&site, &one, &c, &x, &workspace_one, &set,
	           "/nonexistent", false, &stale, &e),
	    ERR_CONFLICT, "it cannot be finished");
	ok(stale, "for somebody in it is gone");
	must(export_begin(&site, &one, &c, &x, &e), "begin again");
	must(export_forget(&site, &one, &seq, 1, &some, &e), "forget again");
	is_int(export_finish(&site, &one, &c, &x, &workspace_one, &set,
	           "/nonexistent", true, &stale, &e),
	    ERR_OK, "the last try");
	is_int(x.state, EXPORT_WITHDRAWN, "ends withdrawn");
	is_int(export_beat(&site, &one, &c, &x, &e), ERR_SUPERSEDED,
	    "and the claim is over");
	seq_set_clear(&set);
}

static void
test_expiry(void)
{
	struct export x = make("all");
	struct db_context account = {.account_id = one.account_id};
	char path[EXPORT_PATH_MAX];
	int fd;

	must(export_path(&server.conf, &workspace_one, &x, 9, path, &e), "p");
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	must(export_sweep(&site, &account, &e), "sweep");
	ok(there(&x), "a file in its time stays");
	ok(access(path, F_OK), "one that a dead run has left goes");
	tenant_sql(
	    "UPDATE export SET expires_at = 1 WHERE state = 'completed'");
	must(export_of_job(site.db, &one, &x.job, &x, &e), "find");
	is_int(x.state, EXPORT_EXPIRED, "it is expired before it is swept");
	must(export_sweep(&site, &account, &e), "sweep");
	ok(!there(&x), "then the file goes");
	must(export_of_job(site.db, &one, &x.job, &x, &e), "find");
	ok(x.state == EXPORT_EXPIRED && x.has_sha256, "the record stays");
	tenant_sql("UPDATE export SET finished_at = 1");
	must(export_sweep(&site, &account, &e), "sweep");
	is_int(export_of_job(site.db, &one, &x.job, &x, &e), ERR_NOT_FOUND,
	    "for its days");
}

static void
test_places(void)
{
	struct export x = {.id = 1, .code = "g"};
	struct uuid nobody;
	char path[EXPORT_PATH_MAX];

	rand_uuid(&nobody);
	must(export_dir_make(&server.conf, &nobody, &e), "directory");
	must(export_path(&server.conf, &nobody, &x, 0, path, &e), "path");
	close(open(path, O_CREAT | O_WRONLY, 0600));
	must(sweep_all(&site, &e), "sweep");
	ok(access(path, F_OK), "files of a workspace that is not there go");
}

int
main(void)
{
	static const char *const rows[] = {
	    "a@x.org|a|Ann|gold", "b@x.org|b|Ben|tin", "c@x.org|c|Cy|tin"};
	char text[API_KEY_TEXT];

	batch_begin();
	snprintf(export_dir, sizeof(export_dir), "%s/exports", keys_dir);
	server.conf.exports_dir = export_dir;
	must(export_dir_check(&server.conf, &e), "directory");
	must(api_key_create(
	         &site, &one, "k", "CUSTOMERS_EXPORT", text, &key, &e),
	    "key");
	upload(rows);
	test_ids();
	test_url();
	test_forget();
	test_expiry();
	test_gone();
	test_places();
	return batch_end();
}
