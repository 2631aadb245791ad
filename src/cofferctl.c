/*
 * cofferctl: sets Coffer up, and looks after its accounts.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "model/audit.h"
#include "proc/program.h"

#define PROGRAM "cofferctl"
#define ARENA_BLOCK 65536

void
ctl_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs(PROGRAM ": ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void
ctl_progress(const char *fmt, ...)
{
	static int64_t next;
	bool terminal = isatty(STDERR_FILENO);
	int64_t now = clock_mono_ms();
	va_list ap;

	if (now < next)
		return;
	next = now + (terminal ? 200 : 5000);
	fputs(PROGRAM ": ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs(terminal ? "   \r" : "\n", stderr);
}

/* What files we make are ours alone. */
static void
setup(void)
{
	program_setup(0077);
	log_open(PROGRAM, NULL, LOG_WARNING);
}

static int
exit_status(const struct ctl *c, enum err_code rc)
{
	if (rc && c->in_setup)
		return rc == ERR_UNAVAILABLE ? EX_UNAVAILABLE : EX_CONFIG;
	switch (rc) {
	case ERR_OK:
		return EX_OK;
	case ERR_BAD_REQUEST:
	case ERR_MISSING_FIELDS:
	case ERR_NO_WORKSPACE:
	case ERR_NO_CUSTOMERS:
	case ERR_NOT_FOUND:
	case ERR_INVALID:
	case ERR_TOO_LARGE:
		return EX_DATAERR;
	case ERR_CONFLICT:
	case ERR_DUPLICATE:
		return EX_CANTCREAT;
	case ERR_UNAVAILABLE:
	case ERR_RETRY:
		return EX_UNAVAILABLE;
	case ERR_CRYPTO:
		return EX_CONFIG;
	default:
		return EX_SOFTWARE;
	}
}

/* What to do about an error, where its own text does not say. */
static const char *
advice(const struct err *e)
{
	if (e->text[0])
		return "";
	switch (e->code) {
	case ERR_UNAVAILABLE:
	case ERR_DATABASE:
	case ERR_CRYPTO:
		return "; \"" PROGRAM " check\" looks for the reason";
	case ERR_RETRY:
		return "; run it again";
	default:
		return "";
	}
}

static void
say_error(const struct err *e)
{
	if (e->cause[0])
		ctl_say("%s: %s%s", err_text(e), e->cause, advice(e));
	else
		ctl_say("%s%s", err_text(e), advice(e));
}

enum err_code
ctl_site(struct ctl *c, struct err *e)
{
	enum err_code rc;

	c->in_setup = true;
	rc = site_open(c->conf, &c->site, e);
	if (rc == ERR_OK) {
		audit_direct(&c->site);
		rc = site_ready(&c->site, e);
	}
	if (rc == ERR_OK)
		c->in_setup = false;
	return rc;
}

static enum err_code
open_needed(struct ctl *c, enum ctl_opens opens, struct err *e)
{
	enum err_code rc = ERR_OK;

	c->in_setup = true;
	if (opens >= OPENS_CONF)
		rc = conf_read(c->conf_path, &c->conf, e);
	if (rc == ERR_OK && opens >= OPENS_SITE)
		rc = ctl_site(c, e);
	if (rc == ERR_OK)
		c->in_setup = false;
	return rc;
}

/* Standard output gets what was made, whole, or the exit status says so. */
static int
put_out(const struct buf *out)
{
	if (out->len)
		fwrite(out->data, 1, out->len, stdout);
	if (fflush(stdout) || ferror(stdout)) {
		ctl_say("standard output cannot be written");
		return EX_IOERR;
	}
	return EX_OK;
}

static int
run(struct ctl *c, const struct command *cmd)
{
	enum err_code rc;
	struct err e = {0};

	c->arena = arena_new(ARENA_BLOCK);
	rc = open_needed(c, cmd->opens, &e);
	if (rc == ERR_OK)
		rc = cmd->run(c, &e);
	if (rc)
		say_error(&e);
	return rc ? exit_status(c, rc) : put_out(&c->out);
}

static void
finish(struct ctl *c)
{
	buf_free(&c->out);
	site_close(&c->site);
	conf_free(&c->conf);
	arena_free(&c->arena);
}

int
main(int argc, char **argv)
{
	struct ctl c = {.conf_path = getenv("COFFER_CONF")};
	const struct command *cmd;
	int status;

	if (argc)
		argv[0] = (char[]){PROGRAM};
	if (!c.conf_path || !*c.conf_path)
		c.conf_path = COFFER_SYSCONFDIR "/coffer.ini";
	if (!args_read(argc, argv, &c, &cmd, &status))
		return status;
	setup();
	status = run(&c, cmd);
	finish(&c);
	return status;
}
