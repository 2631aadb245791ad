/* cofferctl audit. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/clock.h"
#include "model/audit_verify.h"
#include "vault/audit_key.h"

static void
tell_wrong(void *arg, const char *line)
{
	(void)arg;
	ctl_say("%s", line);
}

static void
tell_progress(void *arg, uint64_t entries)
{
	(void)arg;
	fprintf(stderr, "\r%llu entries", (unsigned long long)entries);
}

static enum err_code
verify_database(struct ctl *c, struct audit_report *r, struct err *e)
{
	enum err_code rc = ctl_site(c, e);

	return rc ? rc : audit_verify(&c->site, r, e);
}

static enum err_code
verify_file(struct ctl *c, struct audit_report *r, struct err *e)
{
	struct mac *key;
	enum err_code rc;
	FILE *f = NULL;

	c->in_setup = true;
	rc = audit_key_load(c->conf->keys_dir, &key, e);
	if (rc)
		return rc;
	c->in_setup = false;
	f = strcmp(c->argument, "-") ? fopen(c->argument, "re") : stdin;
	if (!f)
		rc = err_set(e, ERR_BAD_REQUEST, "%s: cannot be read: %s",
		    c->argument, strerror(errno));
	else
		rc = audit_verify_file(
		    key, f, c->options[OPTION_SINCE] != NULL, r, e);
	if (f && f != stdin)
		fclose(f);
	mac_free(&key);
	return rc;
}

enum err_code
ctl_audit_verify(struct ctl *c, struct err *e)
{
	bool tty = isatty(STDERR_FILENO);
	struct audit_report r = {
	    .wrong = tell_wrong, .progress = tty ? tell_progress : NULL};
	enum err_code rc;

	if (!c->argument && c->options[OPTION_SINCE])
		return err_set(e, ERR_BAD_REQUEST,
		    "--since is for a file that \"audit export --since\" "
		    "made: the database is verified whole");
	rc = c->argument ? verify_file(c, &r, e) : verify_database(c, &r, e);
	if (tty && r.entries)
		fputc('\n', stderr);
	if (!rc)
		buf_addf(&c->out, "%llu entries in %llu chains verified\n",
		    (unsigned long long)r.entries,
		    (unsigned long long)r.chains);
	return rc;
}

static enum err_code
put_lines(void *arg, struct err *e)
{
	struct ctl *c = arg;
	size_t n = c->out.len;

	if (n && fwrite(c->out.data, 1, n, stdout) != n)
		return err_set(e, ERR_BAD_REQUEST,
		    "standard output cannot be written: %s", strerror(errno));
	buf_reset(&c->out);
	return ERR_OK;
}

enum err_code
ctl_audit_export(struct ctl *c, struct err *e)
{
	const char *text = c->options[OPTION_SINCE];
	int64_t since = 0;

	if (text && (!clock_parse(text, &since) || since < 0))
		return err_set(e, ERR_BAD_REQUEST,
		    "--since takes a time of UTC as 2026-11-22 or "
		    "2026-11-22T00:20:00Z");
	return audit_export(&c->site, since, &c->out, put_lines, c, e);
}
