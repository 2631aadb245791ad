/* An export: what its job does, from the snapshot to the finished file. */
#include "work/export.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "model/export_files.h"

#define RUNS 3       /* on a new snapshot each, when customers are deleted */
#define BEAT_MS 1000 /* between two beats, if the lease is long */
#define LOOK_ROWS 64 /* between two looks at the clock */

struct work {
	struct site *site;
	const struct claim *claim;
	struct db_context ctx;
	struct job job;
	struct uuid workspace;
	struct export x;
	struct arena *arena;
	struct schema schema;
	struct export_csv *csv;
	struct seq_set members;
	bool apart; /* members are looked up one by one: ranges had others */
	char temp[EXPORT_PATH_MAX];
	int64_t beat_at;
	struct err *e;
};

/* A process that is to stop leaves the rest to another: its signals wait until
 * the chunk is done. */
static bool
is_to_stop(void)
{
	sigset_t set;

	return !sigpending(&set) &&
	       (sigismember(&set, SIGTERM) || sigismember(&set, SIGINT) ||
	           sigismember(&set, SIGQUIT));
}

static enum err_code
beat(struct work *w)
{
	int64_t now = clock_mono_ms(), ms = w->site->conf->worker_lease / 3;

	if (now < w->beat_at)
		return ERR_OK;
	w->beat_at = now + (ms < BEAT_MS ? ms : BEAT_MS);
	if (is_to_stop())
		return err_set(w->e, ERR_SUPERSEDED, NULL);
	return export_beat(w->site, &w->ctx, w->claim, &w->x, w->e);
}

static enum err_code
add_row(struct work *w, struct db_rows *r)
{
	struct export_row row = {.seq = (uint64_t)db_get_int(r, 0),
	    .key_version = (uint32_t)db_get_int(r, 3),
	    .layout = (uint32_t)db_get_int(r, 4)};

	db_get_uuid(r, 1, &row.uuid);
	row.profile = db_get_bytes(r, 2, &row.n);
	seq_set_add(&w->members, row.seq);
	w->x.written++;
	return export_csv_row(w->csv, &row, w->e);
}

/* Reads the rows of a statement, until all are written or the heading turns out
 * to be too short. After an error the reading is left open, for db_snapshot. */
static enum err_code
stream_rows(struct work *w, struct db *db, enum stmt st, struct db_args args)
{
	struct db_rows *r;
	enum err_code err = db_query(db, &w->ctx, st, args, &r, w->e);

	if (err)
		return err;
	while (!err && !export_csv_is_short(w->csv) && db_next(r)) {
		err = add_row(w, r);
		if (!err && w->x.written % LOOK_ROWS == 0)
			err = beat(w);
	}
	return err ? err : db_done(&r, w->e);
}

static enum err_code
stream_range(struct work *w, struct db *db, uint64_t first, uint64_t end)
{
	return stream_rows(w, db, SQL_EXPORT_RANGE,
	    DB_ARGS(db_int((int64_t)first), db_int((int64_t)end)));
}

/* *strays_out: customers were written that are no members. */
static enum err_code
stream_stretch(struct work *w, struct db *db, const struct segment_stretch *s,
    bool *strays_out)
{
	uint64_t before = w->x.written, delta = (uint64_t)s->delta;
	enum err_code err;

	if (!s->ranged || w->apart)
		return stream_rows(w, db, SQL_EXPORT_MEMBERS,
		    DB_ARGS(db_int(w->x.segment_id), db_int((int64_t)s->first),
		        db_int((int64_t)s->end)));
	err = stream_range(w, db, s->first + delta, s->end + delta);
	*strays_out = !err && !export_csv_is_short(w->csv) &&
	              w->x.written - before != s->live;
	return err;
}

/* The members of a group lie in ranges of customers where the counts know it;
 * reading those costs half of looking each of them up. */
static enum err_code
stream_group(struct work *w, struct db *db, bool *strays_out)
{
	struct segment_stretch *list;
	unsigned i, n = 0;
	enum err_code err =
	    segment_stretches(db, &w->ctx, w->x.segment_id, &list, &n, w->e);

	for (i = 0;
	     i < n && !err && !*strays_out && !export_csv_is_short(w->csv); i++)
		err = stream_stretch(w, db, &list[i], strays_out);
	free(list);
	return err;
}

/* *again_out: the file is to be begun again. */
static enum err_code
stream(struct work *w, struct db *db, bool *again_out)
{
	bool strays = false;
	enum err_code err;

	seq_set_clear(&w->members);
	w->x.written = 0;
	if (w->x.segment_id == SEGMENT_ALL)
		err = stream_range(w, db, 0, INT64_MAX);
	else
		err = stream_group(w, db, &strays);
	w->apart |= strays;
	*again_out = !err && (strays || export_csv_is_short(w->csv));
	return err;
}

/* The keys are read after the snapshot is taken: a version that it has and
 * that was made before is among them. */
static enum err_code
write_snapshot(struct db *db, void *arg, struct err *e)
{
	struct work *w = arg;
	struct keyring *ring;
	bool again = false;
	enum err_code err;

	arena_reset(w->arena);
	err = schema_load(db, &w->ctx, w->arena, &w->schema, e);
	if (!err)
		err = site_keyring(w->site, &w->ctx, &ring, e);
	if (!err)
		err = export_csv_open(w->temp, &w->schema, ring,
		    w->x.spreadsheet_safe, &w->csv, e);
	if (!err)
		err = stream(w, db, &again);
	while (!err && again) {
		err = export_csv_again(w->csv, e);
		if (!err)
			err = stream(w, db, &again);
	}
	return err;
}

/* Reads all of it on a connection of its own, and puts it on the disk. */
static enum err_code
make_file(struct work *w)
{
	struct db *db = db_new(w->site->conf, DB_APP);
	enum err_code err = db_snapshot(db, write_snapshot, w, w->e);

	db_free(&db);
	if (!err)
		err = export_csv_end(w->csv, &w->x.bytes, w->x.sha256, w->e);
	export_csv_free(&w->csv);
	schema_release(&w->schema);
	return err;
}

/* One try: *stale_out as export_finish. */
static enum err_code
run(struct work *w, bool last, bool *stale_out)
{
	struct site *s = w->site;
	enum err_code err;

	*stale_out = false;
	err = export_begin(s, &w->ctx, w->claim, &w->x, w->e);
	if (!err)
		err = export_files_remove(s->conf, &w->workspace, &w->x, w->e);
	if (!err)
		err = export_dir_make(s->conf, &w->workspace, w->e);
	if (!err)
		err = make_file(w);
	w->beat_at = 0;
	if (!err)
		err = beat(w);
	if (!err)
		err = export_finish(s, &w->ctx, w->claim, &w->x, &w->workspace,
		    &w->members, w->temp, last, stale_out, w->e);
	if (unlink(w->temp) && errno != ENOENT && !err)
		err = err_fault(w->e, ERR_INTERNAL,
		    "an export file cannot be removed: %s", strerror(errno));
	return err;
}

static enum err_code
load(struct work *w)
{
	struct db *db = w->site->db;
	enum err_code err;

	err = job_find(db, &w->ctx, &w->claim->job, w->arena, &w->job, w->e);
	if (!err)
		err = export_of_job(db, &w->ctx, &w->claim->job, &w->x, w->e);
	if (err == ERR_NOT_FOUND)
		return err_set(w->e, ERR_SUPERSEDED, NULL);
	if (!err)
		err = job_check(db, &w->ctx, &w->job, &w->workspace, w->e);
	if (!err)
		err = export_check(db, &w->ctx, &w->x, w->e);
	if (!err)
		err = export_path(w->site->conf, &w->workspace, &w->x,
		    w->claim->attempt, w->temp, w->e);
	return err;
}

enum err_code
export_apply(struct site *s, const struct claim *claim, struct applied *out,
    struct err *e)
{
	struct work w = {.site = s,
	    .claim = claim,
	    .ctx = {.account_id = claim->account_id,
	        .workspace_id = claim->workspace_id},
	    .arena = arena_new(16384),
	    .e = e};
	bool stale = false;
	enum err_code err = load(&w);
	unsigned i;

	for (i = 1; !err && (i == 1 || stale); i++) {
		err = run(&w, i == RUNS, &stale);
		if (err == ERR_CONFLICT && stale)
			err = ERR_OK;
		if (i == RUNS)
			break;
	}
	if (!err)
		out->rows = out->succeeded = (uint32_t)w.x.written;
	if (!err && w.x.state == EXPORT_WITHDRAWN)
		export_clean_now(s, &w.ctx);
	seq_set_clear(&w.members);
	arena_free(&w.arena);
	return err;
}
