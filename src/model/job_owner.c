#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "model/job.h"
#include "vault/mac.h"

#define HOST_MAX 24
#define OWNERS_MAX 512 /* looked at in one call */

/* This host's name; a long one gives way to its digest, so that no two hosts
 * are taken for one. */
static void
host_name(char out[HOST_MAX + 1])
{
	char name[256] = "";
	uint8_t digest[MAC_LEN];

	if (gethostname(name, sizeof(name) - 1) || !*name)
		strcpy(name, "localhost");
	if (strlen(name) <= HOST_MAX) {
		memcpy(out, name, strlen(name) + 1);
		return;
	}
	sha256(name, strlen(name), digest);
	hex_encode(digest, HOST_MAX / 2, out);
}

/* When a process started, in ticks since the boot (proc(5), field 22); 0 if
 * there is no such process. */
static uint64_t
process_start(long pid)
{
	char path[40], stat[1024], *p;
	unsigned field = 2;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fread(stat, 1, sizeof(stat) - 1, f);
	fclose(f);
	stat[n] = '\0';
	p = strrchr(stat, ')');
	while (p && field < 22) {
		p = strchr(p + 1, ' ');
		field++;
	}
	return p ? strtoull(p, NULL, 10) : 0;
}

void
job_owner(char out[JOB_OWNER_MAX])
{
	char host[HOST_MAX + 1];

	host_name(host);
	snprintf(out, JOB_OWNER_MAX, "%s:%ld:%" PRIu64, host, (long)getpid(),
	    process_start(getpid()));
}

/* `rest` is "pid:start" of an owner of this host. */
static bool
lives(const char *rest)
{
	uint64_t start;
	char *end;
	long pid;

	pid = strtol(rest, &end, 10);
	if (pid <= 0 || *end != ':')
		return false;
	start = strtoull(end + 1, NULL, 10);
	return start && process_start(pid) == start;
}

bool
job_owner_gone(const char *owner, size_t n)
{
	char host[HOST_MAX + 1], copy[JOB_OWNER_MAX];
	size_t nhost;

	host_name(host);
	nhost = strlen(host);
	if (n >= sizeof(copy) || n <= nhost + 1 || memcmp(owner, host, nhost) ||
	    owner[nhost] != ':')
		return false;
	memcpy(copy, owner, n);
	copy[n] = '\0';
	return !lives(copy + nhost + 1);
}

static enum err_code
read_owned(struct db *db, const char *owner, struct buf *out, struct err *e)
{
	struct claim c = {0};
	struct db_rows *r;
	enum err_code err;

	err = db_query(
	    db, NULL, SQL_JOB_QUEUE_OWNED, DB_ARGS(db_str(owner)), &r, e);
	if (err)
		return err;
	while (db_next(r)) {
		c.account_id = (uint32_t)db_get_int(r, 0);
		db_get_uuid(r, 1, &c.job);
		c.n = (uint32_t)db_get_int(r, 2);
		c.attempt = (uint32_t)db_get_int(r, 3);
		buf_add(out, &c, sizeof(c));
	}
	return db_done(&r, e);
}

enum err_code
job_release(struct db *db, const char *owner, struct err *e)
{
	struct buf owned = {0};
	enum err_code err = read_owned(db, owner, &owned, e);
	const struct claim *c = (const void *)owned.data;
	size_t i, n = owned.len / sizeof(*c);

	for (i = 0; i < n && !err; i++, c++)
		err = db_exec(db, NULL, SQL_JOB_QUEUE_FREE,
		    DB_ARGS(db_int(clock_now_ms()), db_int(0),
		        db_int(c->account_id), db_uuid(&c->job), db_int(c->n),
		        db_str(owner), db_int(c->attempt)),
		    NULL, NULL, e);
	buf_free(&owned);
	return err;
}

static enum err_code
read_owners(struct db *db, const char *from, const char *to, struct buf *out,
    struct err *e)
{
	char owner[JOB_OWNER_MAX] = "";
	struct db_rows *r;
	enum err_code err;

	err = db_query(db, NULL, SQL_JOB_QUEUE_OWNERS,
	    DB_ARGS(db_str(from), db_str(to)), &r, e);
	if (err)
		return err;
	while (out->len < OWNERS_MAX * sizeof(owner) && db_next(r)) {
		snprintf(owner, sizeof(owner), "%s", db_get_bytes(r, 0, NULL));
		buf_add(out, owner, sizeof(owner));
	}
	return db_done(&r, e);
}

enum err_code
job_release_dead(struct db *db, struct err *e)
{
	char host[HOST_MAX + 1], from[HOST_MAX + 2], to[HOST_MAX + 2];
	struct buf owners = {0};
	enum err_code err;
	size_t i;

	host_name(host);
	snprintf(from, sizeof(from), "%s:", host);
	snprintf(to, sizeof(to), "%s%c", host, ':' + 1);
	err = read_owners(db, from, to, &owners, e);
	for (i = 0; i < owners.len && !err; i += JOB_OWNER_MAX) {
		const char *owner = owners.data + i;

		if (!lives(owner + strlen(from)))
			err = job_release(db, owner, e);
	}
	buf_free(&owners);
	return err;
}
