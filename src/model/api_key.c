#include "model/api_key.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "model/audit.h"
#include "model/api_key_cache.h"
#include "model/name.h"
#include "vault/mac.h"
#include "vault/rand.h"

#define PREFIX "cfk_"
#define DIGEST 32
#define PRIVILEGES_MAX 400

static const char *const privilege_names[] = {
#define X(name) #name,
#include "tbl/privileges.h"
#undef X
};

/* The bit of a privilege named by n characters; 0 if there is none. */
static unsigned
privilege_bit(const char *s, size_t n)
{
	for (unsigned i = 0; i < PRIVILEGES; i++)
		if (strlen(privilege_names[i]) == n &&
		    !memcmp(privilege_names[i], s, n))
			return 1u << i;
	return 0;
}

static enum err_code
privileges_parse(const char *s, unsigned *out, struct err *e)
{
	unsigned bit;
	size_t n;

	*out = (1u << PRIVILEGES) - 1;
	if (!strcmp(s, "all"))
		return ERR_OK;
	for (*out = 0;; s += n + 1) {
		n = strcspn(s, ",");
		bit = privilege_bit(s, n);
		if (!bit)
			return err_set(e, ERR_BAD_REQUEST,
			    "privileges are \"all\" or, with commas between,"
#define X(name) " " #name
#include "tbl/privileges.h"
#undef X
			);
		*out |= bit;
		if (!s[n])
			return ERR_OK;
	}
}

static void
privileges_write(struct buf *out, unsigned bits)
{
	for (unsigned i = 0; i < PRIVILEGES; i++) {
		if (!(bits & 1u << i))
			continue;
		if (out->len)
			buf_addc(out, ',');
		buf_adds(out, privilege_names[i]);
	}
}

static void
key_draw(char key[API_KEY_TEXT], uint8_t digest[DIGEST])
{
	uint8_t secret[32];

	rand_key(secret, sizeof(secret));
	memcpy(key, PREFIX, strlen(PREFIX));
	b64url_encode(secret, sizeof(secret), key + strlen(PREFIX));
	wipe(secret, sizeof(secret));
	sha256(key, strlen(key), digest);
}

struct creation {
	struct site *site;
	const struct db_context *ctx;
	const char *name;
	struct buf privileges;
	uint8_t digest[DIGEST];
	struct uuid id;
};

/* Who remembers the key remembers a generation that no backup from before it
 * has. */
static enum err_code
create_body(struct db *db, void *arg, struct err *e)
{
	struct creation *c = arg;
	struct audit_event event = {
	    .action = AUDIT_API_KEY_CREATE, .subject = &c->id};
	enum err_code rc;

	rc = db_exec(db, c->ctx, SQL_WORKSPACE_RAISE, DB_NOARGS, NULL, NULL, e);
	if (rc == ERR_OK)
		rc = db_exec(db, c->ctx, SQL_API_KEY_INSERT,
		    DB_ARGS(db_bytes(c->digest, DIGEST), db_uuid(&c->id),
		        db_str(c->name),
		        db_bytes(c->privileges.data, c->privileges.len),
		        db_int(clock_now_ms())),
		    NULL, NULL, e);
	return rc ? rc : audit_change(c->site, c->ctx, &event, 1, e);
}

static enum err_code
create_done(struct db *db, void *arg, struct err *e)
{
	struct creation *c = arg;

	return db_one(db, NULL, SQL_API_KEY_BY_UUID, DB_ARGS(db_uuid(&c->id)),
	    NULL, NULL, e);
}

enum err_code
api_key_create(struct site *s, const struct db_context *ctx, const char *name,
    const char *privileges, char key[API_KEY_TEXT], struct uuid *id_out,
    struct err *e)
{
	struct creation c = {.site = s,
	    .ctx = ctx,
	    .name = name,
	    .privileges = {.max = PRIVILEGES_MAX}};
	unsigned bits;
	enum err_code rc;

	rc = name_check("the name", name, 0, NAME_MAX_CHARS, e);
	if (rc == ERR_OK)
		rc = privileges_parse(privileges, &bits, e);
	if (rc)
		return rc;
	privileges_write(&c.privileges, bits);
	rand_uuid(&c.id);
	key_draw(key, c.digest);
	rc = db_transaction(s->db, create_body, create_done, &c, e);
	buf_free(&c.privileges);
	if (rc)
		wipe(key, API_KEY_TEXT);
	*id_out = c.id;
	return rc;
}

struct revocation {
	struct site *site;
	const struct uuid *id;
};

static void
take_context(struct db_rows *r, void *arg)
{
	struct db_context *ctx = arg;

	ctx->account_id = (uint32_t)db_get_int(r, 0);
	ctx->workspace_id = (uint32_t)db_get_int(r, 1);
}

/* Revoking again changes nothing, and is as good. */
static enum err_code
revoke_body(struct db *db, void *arg, struct err *e)
{
	struct revocation *v = arg;
	struct audit_event event = {
	    .action = AUDIT_API_KEY_REVOKE, .subject = v->id};
	struct db_context ctx = {0};
	enum err_code rc;

	rc = db_one(db, NULL, SQL_API_KEY_BY_UUID, DB_ARGS(db_uuid(v->id)),
	    take_context, &ctx, e);
	if (rc == ERR_OK)
		rc = db_exec(db, &ctx, SQL_API_KEY_REVOKE,
		    DB_ARGS(db_int(clock_now_ms()), db_uuid(v->id)), NULL, NULL,
		    e);
	return rc ? rc : audit_change(v->site, &ctx, &event, 1, e);
}

static enum err_code
revoke_done(struct db *db, void *arg, struct err *e)
{
	(void)db, (void)arg;
	return err_set(e, ERR_NOT_FOUND, NULL);
}

enum err_code
api_key_revoke(struct site *s, const struct uuid *id, struct err *e)
{
	struct revocation v = {.site = s, .id = id};

	return db_transaction(s->db, revoke_body, revoke_done, &v, e);
}

static void
list_row(struct db_rows *r, struct buf *out)
{
	char text[UUID_TEXT];
	const char *name;
	struct uuid uuid;

	db_get_uuid(r, 0, &uuid);
	uuid_format(&uuid, text);
	buf_addf(out, "%s %s %s", text, db_is_null(r, 3) ? "live" : "revoked",
	    db_get_bytes(r, 2, NULL));
	name = db_get_bytes(r, 1, NULL);
	if (*name)
		buf_addf(out, " %s", name);
	buf_addc(out, '\n');
}

enum err_code
api_key_list(
    struct db *db, const struct db_context *ctx, struct buf *out, struct err *e)
{
	struct db_rows *r;
	enum err_code rc;

	rc = db_query(db, ctx, SQL_API_KEY_LIST, DB_NOARGS, &r, e);
	if (rc)
		return rc;
	while (db_next(r))
		list_row(r, out);
	return db_done(&r, e);
}

struct lookup {
	uint8_t digest[DIGEST];
	bool match;
	struct api_key *out;
};

static void
take_key(struct db_rows *r, void *arg)
{
	struct lookup *l = arg;
	const char *digest;
	struct err ignored;
	size_t n;

	digest = db_get_bytes(r, 0, &n);
	l->match = n == DIGEST && bytes_equal_ct(digest, l->digest, DIGEST);
	l->out->account_id = (uint32_t)db_get_int(r, 1);
	l->out->workspace_id = (uint32_t)db_get_int(r, 2);
	snprintf(l->out->account_code, sizeof(l->out->account_code), "%s",
	    db_get_bytes(r, 3, NULL));
	db_get_uuid(r, 4, &l->out->id);
	if (privileges_parse(
	        db_get_bytes(r, 5, NULL), &l->out->privileges, &ignored))
		l->out->privileges = 0;
	l->out->key_epoch = (uint32_t)db_get_int(r, 6);
	schema_take_state(r, 7, &l->out->state);
	l->out->generation = (uint64_t)db_get_int(r, 11);
}

/* Whatever the key's text is, the same is done: a digest and a look-up. */
enum err_code
api_key_find(struct db *db, const char *key, struct api_key *out, struct err *e)
{
	struct lookup l = {.out = out};
	enum err_code rc;

	memset(out, 0, sizeof(*out));
	sha256(key, strlen(key), l.digest);
	rc = db_one(db, NULL, SQL_API_KEY_BY_DIGEST,
	    DB_ARGS(db_bytes(l.digest, DIGEST)), take_key, &l, e);
	if (rc == ERR_NOT_FOUND || (rc == ERR_OK && !l.match))
		return err_set(e, ERR_AUTH, NULL);
	return rc;
}

enum err_code
api_key_open(struct site *s, const char *tenant, const char *key,
    struct api_key *out, struct err *e)
{
	uint8_t digest[API_KEY_CACHE_DIGEST];
	enum err_code rc = api_key_find(s->db, key, out, e);

	if (rc == ERR_OK && strcmp(tenant, out->account_code) != 0)
		rc = err_set(e, ERR_AUTH, NULL);
	if (rc && rc != ERR_AUTH)
		return rc;
	api_key_cache_digest(tenant, key, digest);
	if (rc)
		api_key_cache_drop(s->api_keys, digest);
	else
		api_key_cache_put(&s->api_keys, digest, out);
	return rc;
}

bool
api_key_recall(
    struct site *s, const char *tenant, const char *key, struct api_key *out)
{
	uint8_t digest[API_KEY_CACHE_DIGEST];
	const struct api_key *found;

	api_key_cache_digest(tenant, key, digest);
	found = api_key_cache_find(s->api_keys, digest);
	if (found)
		*out = *found;
	return found != NULL;
}

enum err_code
key_proof_take(struct key_proof *p, uint64_t generation, struct err *e)
{
	if (p->owed && p->generation != generation)
		return err_fault(e, ERR_SUPERSEDED,
		    "the workspace has changed since its key was looked up");
	p->owed = false;
	return ERR_OK;
}

enum err_code
key_proof_require(struct db *db, const struct db_context *ctx,
    const struct key_proof *p, struct err *e)
{
	return db_require(db, ctx, SQL_WORKSPACE_REQUIRE,
	    DB_ARGS(db_int((int64_t)p->generation)), ERR_SUPERSEDED, e);
}

static void
take_privileges(struct db_rows *r, void *arg)
{
	unsigned *bits = arg;
	struct err ignored;

	if (privileges_parse(db_get_bytes(r, 0, NULL), bits, &ignored))
		*bits = 0;
}

enum err_code
api_key_check(struct db *db, const struct db_context *ctx,
    const struct uuid *id, unsigned privileges, struct err *e)
{
	unsigned has = 0;
	enum err_code rc;

	rc = db_one(db, ctx, SQL_API_KEY_PRIVILEGES, DB_ARGS(db_uuid(id)),
	    take_privileges, &has, e);
	if (rc == ERR_NOT_FOUND || (!rc && (has & privileges) != privileges))
		return err_set(e, ERR_FORBIDDEN, NULL);
	return rc;
}
