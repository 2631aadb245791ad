#include "model/audit_anchor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "model/audit_own.h"
#include "model/job.h"

#define FILE_NAME "anchor"
#define HEADS 12 /* in an entry: their text stays below AUDIT_DETAIL_MAX */
/* Rows appear at COMMIT, with the time of their INSERT: so much is looked at
 * again. */
#define OVERLAP_MS 600000

struct audit_anchors {
	struct site *site;
	int64_t since;   /* stored_at; -1: not known yet */
	struct buf seen; /* struct audit_head without mac, as of last time */
	bool leased;
};

struct audit_anchors *
audit_anchors_new(struct site *s)
{
	struct audit_anchors *an = calloc(1, sizeof(*an));

	if (!an)
		abort();
	an->site = s;
	an->since = -1;
	return an;
}

/* An owner that nobody is, with a lease that is over. */
static void
give_back(struct audit_anchors *an)
{
	char owner[JOB_OWNER_MAX];
	struct err e;

	job_owner(owner);
	if (db_exec(an->site->db, NULL, SQL_AUDIT_LEASE,
	        DB_ARGS(
	            db_str(""), db_int(0), db_int(0), db_int(0), db_str(owner)),
	        NULL, NULL, &e))
		log_err("the lease of the audit log's anchors", &e);
}

void
audit_anchors_free(struct audit_anchors **an)
{
	if (!*an)
		return;
	if ((*an)->leased)
		give_back(*an);
	buf_free(&(*an)->seen);
	free(*an);
	*an = NULL;
}

static enum err_code
take_lease(
    struct audit_anchors *an, int64_t lease_ms, bool *mine, struct err *e)
{
	int64_t now = clock_now_ms();
	char owner[JOB_OWNER_MAX];
	uint64_t affected;
	enum err_code rc;

	job_owner(owner);
	rc = db_exec(an->site->db, NULL, SQL_AUDIT_LEASE,
	    DB_ARGS(db_str(owner), db_int(now + lease_ms),
	        db_int(now + lease_ms), db_int(now), db_str(owner)),
	    &affected, NULL, e);
	*mine = an->leased = !rc && affected;
	return rc;
}

/* From where on to look: at first, from the newest anchor of anybody. */
static enum err_code
find_since(struct audit_anchors *an, struct err *e)
{
	int64_t at = 0;
	enum err_code rc;

	if (an->since >= 0)
		return ERR_OK;
	rc = db_one(an->site->db, NULL, SQL_AUDIT_LAST_ANCHOR, DB_NOARGS,
	    db_take_int, &at, e);
	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	an->since = at > OVERLAP_MS ? at - OVERLAP_MS : 0;
	return ERR_OK;
}

static enum err_code
read_moved(struct audit_anchors *an, struct buf *out, struct err *e)
{
	struct audit_head head = {.n = 0};
	struct db_rows *r;
	const char *chain;
	enum err_code rc;
	size_t n;

	rc = db_query(an->site->db, NULL, SQL_AUDIT_MOVED,
	    DB_ARGS(db_int(an->since)), &r, e);
	if (rc)
		return rc;
	while (db_next(r)) {
		chain = db_get_bytes(r, 0, &n);
		memcpy(head.chain, chain, AUDIT_CHAIN);
		head.n = (uint64_t)db_get_int(r, 1);
		buf_add(out, &head, sizeof(head));
	}
	return db_done(&r, e);
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, AUDIT_CHAIN);
}

/* Whether a chain is where it was the last time, or is that of our own
 * anchors. */
static bool
is_known(const struct audit_anchors *an, const struct audit_head *head)
{
	const struct audit_chain *own = &an->site->audit->anchors;
	const struct audit_head *old;

	if (own->pid == getpid() &&
	    !memcmp(own->head.chain, head->chain, AUDIT_CHAIN))
		return true;
	if (!an->seen.len)
		return false;
	old = bsearch(head, an->seen.data, an->seen.len / sizeof(*head),
	    sizeof(*head), compare);
	return old && old->n == head->n;
}

static void
take_mac(struct db_rows *r, void *arg)
{
	size_t n;
	const char *mac = db_get_bytes(r, 0, &n);

	if (n == MAC_LEN)
		memcpy(arg, mac, MAC_LEN);
}

/* Keeps of `moved` what has to be anchored, with its mac. */
static enum err_code
select_new(struct audit_anchors *an, const struct buf *moved, struct buf *out,
    struct err *e)
{
	const struct audit_head *list = (const void *)moved->data;
	size_t i, n = moved->len / sizeof(*list);
	struct audit_head head;
	enum err_code rc = ERR_OK;

	for (i = 0; i < n && !rc; i++) {
		if (is_known(an, &list[i]))
			continue;
		head = list[i];
		rc = db_one(an->site->db, NULL, SQL_AUDIT_MAC,
		    DB_ARGS(db_bytes(head.chain, AUDIT_CHAIN),
		        db_int((int64_t)head.n)),
		    take_mac, head.mac, e);
		buf_add(out, &head, sizeof(head));
	}
	return rc;
}

static void
add_head(struct buf *b, const struct audit_head *head)
{
	buf_adds(b, "{\"chain\":\"");
	audit_add_hex(b, head->chain, AUDIT_CHAIN);
	buf_addf(b, "\",\"n\":%llu,\"mac\":\"", (unsigned long long)head->n);
	audit_add_hex(b, head->mac, MAC_LEN);
	buf_adds(b, "\"}");
}

struct anchoring {
	struct audit *audit;
	const struct audit_head *heads;
	size_t n;
};

static enum err_code
anchor_body(struct db *db, void *arg, struct err *e)
{
	struct anchoring *g = arg;
	struct buf detail = {0};
	struct audit_event event = {.action = AUDIT_ANCHOR};
	enum err_code rc = ERR_OK;
	size_t i, j;

	(void)db;
	for (i = 0; i < g->n && !rc; i += HEADS) {
		buf_reset(&detail);
		buf_adds(&detail, "{\"heads\":[");
		for (j = i; j < g->n && j < i + HEADS; j++) {
			if (j > i)
				buf_addc(&detail, ',');
			add_head(&detail, &g->heads[j]);
		}
		buf_adds(&detail, "]}");
		event.detail = detail.data;
		rc =
		    audit_put(g->audit, &g->audit->anchors, NULL, &event, 1, e);
	}
	buf_free(&detail);
	return rc;
}

/* Writes the file anew, whole or not at all. */
static void
keep_file(const struct audit_anchors *an)
{
	const struct audit_head *head = &an->site->audit->anchors.base;
	const char *dir = an->site->conf->audit_dir;
	char path[4096], temp[4200];
	struct buf line = {0};
	FILE *f = NULL;

	audit_add_hex(&line, head->chain, AUDIT_CHAIN);
	buf_addf(&line, " %llu ", (unsigned long long)head->n);
	audit_add_hex(&line, head->mac, MAC_LEN);
	buf_addc(&line, '\n');
	if ((!mkdir(dir, 0700) || errno == EEXIST) &&
	    snprintf(path, sizeof(path), "%s/" FILE_NAME, dir) <
	        (int)sizeof(path)) {
		snprintf(temp, sizeof(temp), "%s.%ld", path, (long)getpid());
		f = fopen(temp, "we");
	}
	if (!f || fwrite(line.data, 1, line.len, f) != line.len || fflush(f) ||
	    fsync(fileno(f)) || rename(temp, path))
		log_error("the audit log's anchor cannot be kept: %s: %s", dir,
		    strerror(errno));
	if (f)
		fclose(f);
	buf_free(&line);
}

static enum err_code
write_anchors(struct audit_anchors *an, const struct buf *heads, struct err *e)
{
	struct anchoring g = {an->site->audit, (const void *)heads->data,
	    heads->len / sizeof(struct audit_head)};
	enum err_code rc;

	if (!g.n)
		return ERR_OK;
	rc = db_transaction(an->site->db, anchor_body, NULL, &g, e);
	if (!rc)
		keep_file(an);
	return rc;
}

static enum err_code
anchor(struct audit_anchors *an, unsigned *heads_out, struct err *e)
{
	int64_t now = clock_now_ms();
	struct buf moved = {0}, heads = {0};
	enum err_code rc = find_since(an, e);

	if (!rc)
		rc = read_moved(an, &moved, e);
	if (!rc)
		rc = select_new(an, &moved, &heads, e);
	if (!rc)
		rc = write_anchors(an, &heads, e);
	if (!rc) {
		struct buf old = an->seen;

		*heads_out = (unsigned)(heads.len / sizeof(struct audit_head));
		if (moved.len)
			qsort(moved.data, moved.len / sizeof(struct audit_head),
			    sizeof(struct audit_head), compare);
		an->seen = moved;
		moved = old;
		an->since = now - OVERLAP_MS;
	}
	buf_free(&moved);
	buf_free(&heads);
	return rc;
}

enum err_code
audit_anchor(struct audit_anchors *an, int64_t lease_ms, unsigned *heads_out,
    struct err *e)
{
	enum err_code rc;
	bool mine;

	*heads_out = 0;
	rc = take_lease(an, lease_ms, &mine, e);
	return rc || !mine ? rc : anchor(an, heads_out, e);
}

static bool
read_head(const json_t *v, struct audit_head *out)
{
	const json_t *n = json_object_get(v, "n");
	const char *chain = json_string_value(json_object_get(v, "chain"));
	const char *mac = json_string_value(json_object_get(v, "mac"));
	int64_t number;

	if (jv_type(n) != JV_NUMBER || !jv_int(n, &number) || number < 1 ||
	    !chain || !mac)
		return false;
	out->n = (uint64_t)number;
	return audit_hex(chain, out->chain, AUDIT_CHAIN) &&
	       audit_hex(mac, out->mac, MAC_LEN);
}

bool
audit_anchor_read(const char *detail, size_t n, struct buf *out)
{
	struct audit_head head;
	const json_t *heads;
	json_t *v;
	struct err e;
	size_t i;
	bool good;

	if (json_read_mem(detail, n, &v, &e))
		return false;
	heads = json_object_get(v, "heads");
	good = jv_type(heads) == JV_ARRAY;
	for (i = 0; good && i < json_array_size(heads); i++) {
		good = read_head(json_array_get(heads, i), &head);
		if (good)
			buf_add(out, &head, sizeof(head));
	}
	json_decref(v);
	return good;
}

enum err_code
audit_anchor_file(const char *dir, struct audit_head *out, struct err *e)
{
	char path[4096], chain[64] = "", mac[80] = "";
	unsigned long long n = 0;
	FILE *f;
	int got;

	if (snprintf(path, sizeof(path), "%s/" FILE_NAME, dir) >=
	    (int)sizeof(path))
		return err_set(e, ERR_NOT_FOUND, NULL);
	f = fopen(path, "re");
	if (!f && errno == ENOENT)
		return err_set(e, ERR_NOT_FOUND, NULL);
	if (!f)
		return err_set(e, ERR_INVALID, "%s: cannot be read: %s", path,
		    strerror(errno));
	got = fscanf(f, "%63s %llu %79s", chain, &n, mac);
	fclose(f);
	out->n = n;
	if (got != 3 || !n || !audit_hex(chain, out->chain, AUDIT_CHAIN) ||
	    !audit_hex(mac, out->mac, MAC_LEN))
		return err_set(e, ERR_INVALID, "%s: is no anchor", path);
	return ERR_OK;
}
