/* Verification of the log in the database. */
#include "model/audit_verify.h"

#include <string.h>

#include "model/audit_anchor.h"
#include "model/audit_own.h"
#include "model/audit_page.h"
#include "model/audit_walk.h"

#define LOST_MAX 1000

typedef unsigned long long ull;

struct verification {
	struct db *db;
	struct audit_page *page;
	struct audit_walk walk;
	struct buf lost; /* chains whose end is known to be gone */
};

/* Whether the loss of a chain's end has been told; from now on it has. */
static bool
is_told(struct verification *v, const uint8_t chain[AUDIT_CHAIN])
{
	size_t i;

	for (i = 0; i < v->lost.len; i += AUDIT_CHAIN)
		if (!memcmp(v->lost.data + i, chain, AUDIT_CHAIN))
			return true;
	if (v->lost.len < LOST_MAX * AUDIT_CHAIN)
		buf_add(&v->lost, chain, AUDIT_CHAIN);
	return false;
}

static void
tell_lost(struct verification *v, const struct audit_head *head, uint64_t last,
    const char *how)
{
	if (is_told(v, head->chain))
		return;
	if (!last)
		audit_walk_wrong(&v->walk, head->chain,
		    "is gone, with the %llu entries that %s", (ull)head->n,
		    how);
	else
		audit_walk_wrong(&v->walk, head->chain,
		    "what followed entry %llu was removed from its end: %s up "
		    "to %llu",
		    (ull)last, how, (ull)head->n);
}

/* An entry that is known to have been there: `how`, in words. */
static enum err_code
expect(struct verification *v, const struct audit_head *head, const char *how,
    struct err *e)
{
	uint8_t mac[MAC_LEN];
	uint64_t last = 0;
	enum err_code rc = audit_mac_read(v->db, head->chain, head->n, mac, e);

	if (!rc && memcmp(mac, head->mac, MAC_LEN))
		audit_walk_wrong(&v->walk, head->chain,
		    "entry %llu: is not the one that %s", (ull)head->n, how);
	if (rc != ERR_NOT_FOUND)
		return rc;
	rc = db_one(v->db, NULL, SQL_AUDIT_LAST,
	    DB_ARGS(db_bytes(head->chain, AUDIT_CHAIN)), db_take_u64, &last, e);
	if ((!rc || rc == ERR_NOT_FOUND) && last < head->n)
		tell_lost(v, head, last, how);
	return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

/* Looks for what the anchors of a page have named. */
static enum err_code
expect_anchored(struct verification *v, struct err *e)
{
	const struct audit_head *list;
	enum err_code rc = ERR_OK;
	size_t i, n;

	audit_walk_compress(&v->walk);
	list = (const void *)v->walk.anchored.data;
	n = v->walk.anchored.len / sizeof(*list);
	for (i = 0; i < n && !rc; i++)
		rc = expect(v, &list[i], "an anchor names", e);
	v->walk.anchored.len = 0;
	return rc;
}

static enum err_code
verify_chain(
    struct verification *v, const uint8_t chain[AUDIT_CHAIN], struct err *e)
{
	uint64_t n = 0;
	enum err_code rc;
	unsigned i;

	v->walk.started = false;
	do {
		rc = audit_page_read(v->page, v->db, chain, n, e);
		if (rc)
			return rc;
		for (i = 0; i < v->page->n; i++)
			audit_walk_entry(&v->walk, &v->page->entries[i], NULL);
		if (i)
			n = v->page->entries[i - 1].n;
		rc = expect_anchored(v, e);
	} while (!rc && v->page->n == AUDIT_PAGE);
	return rc;
}

static void
take_chain(struct db_rows *r, void *arg)
{
	size_t n;
	const char *chain = db_get_bytes(r, 0, &n);

	if (n == AUDIT_CHAIN)
		memcpy(arg, chain, n);
}

/* No chain is all zeros: that comes before the first. */
static enum err_code
verify_chains(struct verification *v, struct err *e)
{
	uint8_t chain[AUDIT_CHAIN] = {0};
	enum err_code rc = ERR_OK;

	while (!rc) {
		rc = db_one(v->db, NULL, SQL_AUDIT_NEXT_CHAIN,
		    DB_ARGS(db_bytes(chain, AUDIT_CHAIN)), take_chain, chain,
		    e);
		if (!rc)
			rc = verify_chain(v, chain, e);
	}
	return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

/* The newest anchor that this host knows of. */
static enum err_code
verify_newest(struct verification *v, const char *dir, struct err *e)
{
	struct audit_head head;
	enum err_code rc = audit_anchor_file(dir, &head, e);

	if (rc == ERR_NOT_FOUND)
		return ERR_OK;
	if (!rc)
		rc = expect(v, &head, "the file of the newest anchor names", e);
	return rc;
}

enum err_code
audit_verify(struct site *s, struct audit_report *r, struct err *e)
{
	struct verification v = {.db = s->db,
	    .page = audit_page_new(),
	    .walk = {.key = s->audit->key, .report = r}};
	enum err_code rc = verify_chains(&v, e);

	if (!rc)
		rc = verify_newest(&v, s->conf->audit_dir, e);
	if (!rc)
		rc = audit_walk_result(&v.walk, e);
	audit_page_free(&v.page);
	buf_free(&v.walk.anchored);
	buf_free(&v.lost);
	return rc;
}
