/* What the tests of the audit log share. */
#ifndef COFFER_T_MODEL_AUDIT_H
#define COFFER_T_MODEL_AUDIT_H

#include <sys/wait.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "db/internal.h"
#include "model/audit_anchor.h"
#include "model/audit_import.h"
#include "model/audit_own.h"
#include "model/audit_verify.h"
#include "tenant.h"

#define SHARED __attribute__((unused)) static

static struct buf wrong;

SHARED void
tell(void *arg, const char *line)
{
	(void)arg;
	buf_addf(&wrong, "%s\n", line);
}

static struct audit_report report;

SHARED enum err_code
verify(void)
{
	report = (struct audit_report){.wrong = tell};
	buf_reset(&wrong);
	buf_adds(&wrong, "");
	return audit_verify(&site, &report, &e);
}

/* Verification must fail by a line that has `part`. */
SHARED void
finds(const char *part, const char *what)
{
	is_int(verify(), ERR_INVALID, "S35: %s is found", what);
	if (!ok(wrong.data && strstr(wrong.data, part), "as \"%s\"", part))
		printf("# %s\n", wrong.data ? wrong.data : "nothing");
}

static const struct audit_event event = {
    AUDIT_GROUP_READ, &workspace_one, "{\"a\":\"b\"}"};

struct steps {
	unsigned n;
	int runs, retry; /* ERR_RETRY in runs up to this */
	enum err_code rc;
	bool commit, doubt; /* commits by itself; loses its connection */
};

SHARED void
kill_own(struct db *db)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "KILL %lu", mysql_thread_id(db->mysql));
	tenant_sql(sql);
	usleep(100000);
}

SHARED enum err_code
body(struct db *db, void *arg, struct err *err)
{
	struct steps *s = arg;
	enum err_code rc;
	unsigned i;

	for (i = 0; i < s->n; i++) {
		rc = audit_change(&site, &one, &event, 1, err);
		if (rc)
			return rc;
	}
	if (s->commit && (rc = conn_run(db, "COMMIT", err)))
		return rc;
	if (s->doubt)
		kill_own(db);
	if (s->runs++ < s->retry)
		return err_set(err, ERR_RETRY, NULL);
	return s->rc ? err_set(err, s->rc, NULL) : ERR_OK;
}

SHARED enum err_code
run(struct steps s)
{
	return db_transaction(site.db, body, NULL, &s, &e);
}

SHARED void
in_child(void (*what)(void))
{
	pid_t pid = fork();
	int status = 0;

	if (!pid) {
		what();
		site_close(&site);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	is_int(status, 0, "a child does its part");
}

SHARED uint64_t
import(struct audit_import *im)
{
	uint64_t n = 0;
	bool ours;

	must(audit_import_run(im, &ours, &n, &e), "import");
	ok(ours, "the import is ours");
	return n;
}

SHARED void
note(unsigned n)
{
	while (n--)
		audit_note(&site, &one, &event);
}

SHARED void
audit_begin(void)
{
	static const uint8_t seed[32] = {7};

	json_setup(seed);
	tenant_begin();
	log_request("request-1");
}

SHARED int
audit_end(void)
{
	buf_free(&wrong);
	return tenant_end();
}

#endif
