/*
 * cofferctl: commands are rows of tbl/commands.h, options rows of
 * tbl/ctl_options.h. A command finds what it asked for opened and its options
 * checked for presence; it appends what it made to `out`, which goes to
 * standard output when it has succeeded, and says the rest by ctl_say.
 */
#ifndef COFFER_ADMIN_ADMIN_H
#define COFFER_ADMIN_ADMIN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "model/site.h"

enum ctl_option {
#define X(name, text, value, meaning) OPTION_##name,
#include "tbl/ctl_options.h"
#undef X
	OPTIONS
};

struct ctl {
	const char *conf_path;
	const char *argument;         /* of the command, or NULL */
	const char *options[OPTIONS]; /* NULL: not given; "" for a switch */
	struct conf *conf;            /* NULL before it is read */
	struct site site;
	struct arena *arena;
	struct buf out; /* wiped at the end */
	bool in_setup;  /* what fails now is configuration or keys */
};

enum ctl_opens { OPENS_NOTHING, OPENS_CONF, OPENS_SITE };

struct command {
	const char *words, *argument;
	unsigned needed, allowed; /* bits of enum ctl_option */
	enum ctl_opens opens;
	enum err_code (*run)(struct ctl *c, struct err *e);
	const char *help;
};

extern const struct command commands[];
extern const unsigned commands_count;

/* A line on standard error, after "cofferctl: ". */
void ctl_say(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Opens the site as a command of OPENS_SITE finds it, for one that does
 * something else first. */
MUST_CHECK enum err_code ctl_site(struct ctl *c, struct err *e);

/* A line on standard error that the next one overwrites, if that is a
 * terminal; else every few seconds. */
void ctl_progress(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Where migrate finds the files of the schema. */
const char *ctl_schema_dir(const struct ctl *c);

/* Says which keys of the accounts ask for rotation, which accounts have lost
 * their salt, and which are half erased. */
MUST_CHECK enum err_code ctl_say_accounts(struct ctl *c, struct err *e);

/* Binds the account of a code. ERR_NOT_FOUND in words. */
MUST_CHECK enum err_code ctl_account(
    struct ctl *c, const char *code, struct db_context *out, struct err *e);

/* Binds account and workspace of --workspace. ERR_NO_WORKSPACE in words. */
MUST_CHECK enum err_code ctl_workspace(
    struct ctl *c, struct db_context *out, struct err *e);

/* Appends an id and a newline to the output. */
void ctl_put_uuid(struct ctl *c, const struct uuid *u);

/* args.c: the command line. */

/* Reads it into c and *out. True to go on; else *status is the exit status,
 * and help, version or what is wrong has been printed. */
bool args_read(int argc, char **argv, struct ctl *c, const struct command **out,
    int *status);

#define COMMAND(words, argument, needed, allowed, opens, run, help) \
	enum err_code run(struct ctl *c, struct err *e);
#include "tbl/commands.h"
#undef COMMAND

#endif
