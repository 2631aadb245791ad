/* The files of exports: where they are, and how they go. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/account.h"
#include "model/export_files.h"
#include "model/export_row.h"
#include "model/sweep.h"

#define SUFFIX ".csv"
#define DAY_MS (86400 * 1000LL)

enum err_code
export_dir_check(const struct conf *c, struct err *e)
{
	const char *dir = c->exports_dir;

	if ((!mkdir(dir, 0750) || errno == EEXIST) &&
	    !access(dir, R_OK | W_OK | X_OK))
		return ERR_OK;
	return err_set(e, ERR_BAD_REQUEST,
	    "[exports] dir: %s: %s: make it, for the users of the programs "
	    "and of nginx alone",
	    dir, strerror(errno));
}

static enum err_code
dir_path(const struct conf *c, const struct uuid *workspace,
    char out[EXPORT_PATH_MAX], struct err *e)
{
	char id[UUID_TEXT];

	uuid_format(workspace, id);
	if (snprintf(out, EXPORT_PATH_MAX, "%s/%s", c->exports_dir, id) >=
	    EXPORT_PATH_MAX - EXPORT_ID_MAX - 32)
		return err_fault(
		    e, ERR_INTERNAL, "[exports] dir has too long a path");
	return ERR_OK;
}

enum err_code
export_path(const struct conf *c, const struct uuid *workspace,
    const struct export *x, uint32_t run, char out[EXPORT_PATH_MAX],
    struct err *e)
{
	char id[EXPORT_ID_MAX + 1];
	enum err_code err = dir_path(c, workspace, out, e);
	size_t n;

	if (err)
		return err;
	n = strlen(out);
	export_id(x, id);
	if (run)
		snprintf(out + n, EXPORT_PATH_MAX - n, "/%s" SUFFIX ".%u.tmp",
		    id, (unsigned)run);
	else
		snprintf(out + n, EXPORT_PATH_MAX - n, "/%s" SUFFIX, id);
	return ERR_OK;
}

enum err_code
export_dir_make(
    const struct conf *c, const struct uuid *workspace, struct err *e)
{
	char path[EXPORT_PATH_MAX];
	enum err_code err = dir_path(c, workspace, path, e);

	if (err)
		return err;
	if (!mkdir(path, 0750) || errno == EEXIST)
		return ERR_OK;
	return err_fault(e, errno == ENOSPC ? ERR_STORAGE : ERR_INTERNAL,
	    "the directory of a workspace's exports: %s", strerror(errno));
}

enum err_code
export_dir_sync(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char dir[EXPORT_PATH_MAX];
	bool good;
	int fd;

	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	good = fd >= 0 && !fsync(fd);
	if (fd >= 0)
		close(fd);
	if (good)
		return ERR_OK;
	return err_fault(e, ERR_INTERNAL,
	    "a directory of exports cannot be synchronised: %s",
	    strerror(errno));
}

/* Removes the files of a directory that `doomed` says. */
typedef bool doomed(const char *name, void *arg);

static enum err_code
remove_files(const char *path, doomed *is_doomed, void *arg, struct err *e)
{
	enum err_code err = ERR_OK;
	struct dirent *entry;
	DIR *dir = opendir(path);

	if (!dir && errno == ENOENT)
		return ERR_OK;
	if (!dir)
		return err_fault(e, ERR_INTERNAL,
		    "a directory of exports cannot be read: %s",
		    strerror(errno));
	while (!err && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || !is_doomed(entry->d_name, arg))
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) && errno != ENOENT)
			err = err_fault(e, ERR_INTERNAL,
			    "an export file cannot be removed: %s",
			    strerror(errno));
	}
	closedir(dir);
	return err;
}

/* The length of the exportid that a file's name begins with; 0 if it is none
 * of ours. */
static size_t
id_length(const char *name)
{
	const char *end = strstr(name, SUFFIX);

	return end && (!end[strlen(SUFFIX)] || end[strlen(SUFFIX)] == '.')
	           ? (size_t)(end - name)
	           : 0;
}

static bool
is_of(const char *name, void *arg)
{
	size_t n = strlen(arg);

	return id_length(name) == n && !memcmp(name, arg, n);
}

enum err_code
export_files_remove(const struct conf *c, const struct uuid *workspace,
    const struct export *x, struct err *e)
{
	char path[EXPORT_PATH_MAX], id[EXPORT_ID_MAX + 1];
	enum err_code err = dir_path(c, workspace, path, e);

	export_id(x, id);
	return err ? err : remove_files(path, is_of, id, e);
}

static bool
is_ours(const char *name, void *arg)
{
	(void)arg;
	return id_length(name);
}

/* Removes all files of a workspace. */
static enum err_code
erase_files(const struct conf *c, const struct uuid *workspace, struct err *e)
{
	char path[EXPORT_PATH_MAX];
	enum err_code err = dir_path(c, workspace, path, e);

	if (!err)
		err = remove_files(path, is_ours, NULL, e);
	if (!err && rmdir(path) && errno != ENOENT && errno != ENOTEMPTY)
		err = err_fault(e, ERR_INTERNAL,
		    "a directory of exports cannot be removed: %s",
		    strerror(errno));
	return err;
}

#define UNCLEAN_MAX 100 /* the LIMIT of EXPORT_UNCLEAN */

static enum err_code
list_unclean(struct db *db, const struct db_context *ctx,
    struct export list[UNCLEAN_MAX], unsigned *n_out, struct err *e)
{
	struct db_rows *r;
	enum err_code err;

	*n_out = 0;
	err = db_query(db, ctx, SQL_EXPORT_UNCLEAN, DB_NOARGS, &r, e);
	if (err)
		return err;
	while (*n_out < UNCLEAN_MAX && db_next(r))
		export_take(r, &list[(*n_out)++]);
	return db_done(&r, e);
}

static enum err_code
clean_one(struct site *s, const struct db_context *ctx,
    const struct uuid *workspace, const struct export *x, struct err *e)
{
	enum err_code err = export_files_remove(s->conf, workspace, x, e);

	if (!err)
		err =
		    export_drop(s->db, ctx, SQL_EXPORT_BLOCKS_DELETE, x->id, e);
	if (!err)
		err = export_drop(s->db, ctx, SQL_EXPORT_GONE_DELETE, x->id, e);
	if (!err)
		err = db_exec(s->db, ctx, SQL_EXPORT_CLEANED,
		    DB_ARGS(db_int(x->id)), NULL, NULL, e);
	return err;
}

static enum err_code
clean(struct site *s, const struct db_context *ctx, struct err *e)
{
	struct export list[UNCLEAN_MAX];
	struct schema state;
	unsigned n, i;
	enum err_code err = list_unclean(s->db, ctx, list, &n, e);

	if (!err && n)
		err = schema_state(s->db, ctx, &state, e);
	for (i = 0; i < n && !err; i++)
		err = clean_one(s, ctx, &state.workspace, &list[i], e);
	return err;
}

void
export_clean_now(struct site *s, const struct db_context *ctx)
{
	struct err e;

	if (clean(s, ctx, &e))
		log_err("removing export files", &e);
}

/* What is known of a file. */
struct orphans {
	struct site *site;
	const struct db_context *ctx;
};

/* Of a finished export its one file is kept, of one that runs all: the record
 * is finished after the file has its name. */
static bool
is_orphan(const char *name, void *arg)
{
	const struct orphans *o = arg;
	char id[EXPORT_ID_MAX + 1];
	struct export x;
	enum err_code err;
	struct err e;
	size_t n = id_length(name);

	if (!n || n > EXPORT_ID_MAX)
		return false;
	memcpy(id, name, n);
	id[n] = '\0';
	err = export_find(o->site->db, o->ctx, id, &x, &e);
	if (err == ERR_NOT_FOUND)
		return true;
	if (err || x.state == EXPORT_RUNNING)
		return false;
	return x.state != EXPORT_COMPLETED || name[n + strlen(SUFFIX)];
}

static enum err_code
sweep_workspace(const struct db_context *ctx, const struct uuid *workspace,
    void *arg, struct err *e)
{
	struct site *s = arg;
	struct orphans o = {s, ctx};
	int64_t now = clock_now_ms();
	char path[EXPORT_PATH_MAX];
	enum err_code err;

	err = db_exec(
	    s->db, ctx, SQL_EXPORT_EXPIRE, DB_ARGS(db_int(now)), NULL, NULL, e);
	if (!err)
		err = clean(s, ctx, e);
	if (!err)
		err = dir_path(s->conf, workspace, path, e);
	if (!err)
		err = remove_files(path, is_orphan, &o, e);
	if (!err)
		err = sweep_rows(s->db, ctx, SQL_EXPORT_SWEEP,
		    DB_ARGS(db_int(now - s->conf->exports_keep_days * DAY_MS)),
		    e);
	return err;
}

enum err_code
export_sweep(struct site *s, const struct db_context *ctx, struct err *e)
{
	return workspace_walk(s->db, ctx, sweep_workspace, s, e);
}

static enum err_code
erase_workspace(const struct db_context *ctx, const struct uuid *workspace,
    void *arg, struct err *e)
{
	const struct site *s = arg;

	(void)ctx;
	return erase_files(s->conf, workspace, e);
}

enum err_code
export_erase(struct site *s, const struct db_context *ctx, struct err *e)
{
	return workspace_walk(s->db, ctx, erase_workspace, s, e);
}

/* Removes the files of a workspace that is not there (any more). */
static enum err_code
sweep_place(struct site *s, const char *name, struct err *e)
{
	struct db_context ctx;
	struct uuid id;
	enum err_code err;

	if (!uuid_parse(name, strlen(name), &id))
		return ERR_OK;
	err = workspace_bind(s->db, &id, &ctx, e);
	return err == ERR_NO_WORKSPACE ? erase_files(s->conf, &id, e) : err;
}

enum err_code
export_sweep_places(struct db *db, struct err *e)
{
	struct site *s = site_of(db);
	DIR *dir = opendir(s->conf->exports_dir);
	enum err_code err = ERR_OK;
	struct dirent *entry;

	if (!dir)
		return ERR_OK;
	while (!err && (entry = readdir(dir)))
		err = sweep_place(s, entry->d_name, e);
	closedir(dir);
	return err;
}
