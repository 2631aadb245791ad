#include "model/origin.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "model/audit.h"

#define SCHEME "https://"
#define HOST_MAX 253
#define LABEL_MAX 63
#define HTTPS_PORT 443

/* One label of a host name: letters, digits, and '-' within. */
static bool
label_fits(const char *s, size_t n)
{
	if (!n || n > LABEL_MAX || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '-')
			return false;
	return true;
}

static bool
name_fits(const char *s, size_t n)
{
	size_t i = 0, len;

	for (;;) {
		const char *dot = memchr(s + i, '.', n - i);

		len = dot ? (size_t)(dot - s) - i : n - i;
		if (!label_fits(s + i, len))
			return false;
		i += len;
		if (i == n)
			return true;
		i++;
	}
}

static bool
host_fits(const char *s, size_t n)
{
	static const char V6[] = "0123456789abcdefABCDEF:.";

	if (n > HOST_MAX)
		return false;
	if (n > 2 && s[0] == '[')
		return s[n - 1] == ']' && memchr(s, ':', n) &&
		       strspn(s + 1, V6) == n - 2;
	return name_fits(s, n);
}

/* ":8443", or nothing for 443. */
static bool
port_parse(const char *s, size_t n, unsigned long *out)
{
	char digits[6];

	*out = HTTPS_PORT;
	if (!n)
		return true;
	if (n < 2 || n > sizeof(digits) || s[1] == '0')
		return false;
	memcpy(digits, s + 1, n - 1);
	digits[n - 1] = '\0';
	if (strspn(digits, "0123456789") != n - 1)
		return false;
	*out = strtoul(digits, NULL, 10);
	return *out <= 65535;
}

/* Where the port begins: at a colon that is not within brackets. */
static size_t
host_length(const char *s, size_t n)
{
	size_t i = 0;

	if (n && s[0] == '[')
		while (i < n && s[i] != ']')
			i++;
	while (i < n && s[i] != ':')
		i++;
	return i;
}

bool
origin_parse(const char *s, size_t n, char out[ORIGIN_TEXT])
{
	struct buf b = {.max = ORIGIN_TEXT - 1};
	size_t nscheme = strlen(SCHEME), nhost;
	unsigned long port;
	bool fits;

	if (n <= nscheme || strncasecmp(s, SCHEME, nscheme) != 0)
		return false;
	s += nscheme;
	n -= nscheme;
	nhost = host_length(s, n);
	if (!host_fits(s, nhost) || !port_parse(s + nhost, n - nhost, &port))
		return false;
	buf_adds(&b, SCHEME);
	for (size_t i = 0; i < nhost; i++)
		buf_addc(&b, (char)tolower((unsigned char)s[i]));
	if (port != HTTPS_PORT)
		buf_addf(&b, ":%lu", port);
	fits = !b.overflow;
	if (fits)
		memcpy(out, b.data, b.len + 1);
	buf_free(&b);
	return fits;
}

struct setting {
	struct site *site;
	const struct db_context *ctx;
	char (*list)[ORIGIN_TEXT];
	unsigned n;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static enum err_code
add(struct setting *s, const char *text, size_t n, struct err *e)
{
	if (s->n == ORIGINS_MAX)
		return err_set(e, ERR_BAD_REQUEST,
		    "a workspace has at most %d origins", ORIGINS_MAX);
	if (!origin_parse(text, n, s->list[s->n]))
		return err_set(e, ERR_BAD_REQUEST,
		    "\"%.*s\" is not an origin: https://host or "
		    "https://host:port, with commas between them",
		    n > 100 ? 100 : (int)n, text);
	s->n++;
	return ERR_OK;
}

/* Reads the list into s->list, each origin once. */
static enum err_code
list_parse(struct setting *s, const char *list, struct err *e)
{
	unsigned i, kept = 0;
	enum err_code rc = ERR_OK;
	size_t n;

	for (; !rc && *list; list += n) {
		list += s->n && *list == ',';
		n = strcspn(list, ",");
		rc = add(s, list, n, e);
	}
	if (rc)
		return rc;
	qsort(s->list, s->n, sizeof(*s->list), compare);
	for (i = 0; i < s->n; i++)
		if (!kept || strcmp(s->list[i], s->list[kept - 1]) != 0)
			memmove(s->list[kept++], s->list[i], ORIGIN_TEXT);
	s->n = kept;
	return ERR_OK;
}

/* The origins by name, or how many, where the entry has no room for them. */
static void
audit_detail(const struct setting *s, struct buf *out)
{
	buf_adds(out, "{\"origins\":[");
	for (unsigned i = 0; i < s->n; i++)
		buf_addf(out, "%s\"%s\"", i ? "," : "", s->list[i]);
	buf_adds(out, "]}");
	if (!out->overflow)
		return;
	out->overflow = false;
	buf_reset(out);
	buf_addf(out, "{\"origins\":%u}", s->n);
}

static enum err_code
audit(const struct setting *s, const struct uuid *workspace, struct err *e)
{
	struct buf detail = {.max = AUDIT_DETAIL_MAX};
	enum err_code rc;

	audit_detail(s, &detail);
	rc = audit_change(s->site, s->ctx,
	    &(struct audit_event){
	        AUDIT_WORKSPACE_CHANGE, workspace, detail.data},
	    1, e);
	buf_free(&detail);
	return rc;
}

static enum err_code
set_body(struct db *db, void *arg, struct err *e)
{
	struct setting *s = arg;
	struct uuid workspace;
	enum err_code rc;

	rc = db_one(db, s->ctx, SQL_ORIGIN_WORKSPACE,
	    DB_ARGS(db_int(s->ctx->workspace_id)), db_take_uuid, &workspace, e);
	if (rc == ERR_OK)
		rc = db_exec(
		    db, s->ctx, SQL_ORIGIN_CLEAR, DB_NOARGS, NULL, NULL, e);
	for (unsigned i = 0; rc == ERR_OK && i < s->n; i++)
		rc = db_exec(db, s->ctx, SQL_ORIGIN_INSERT,
		    DB_ARGS(db_str(s->list[i])), NULL, NULL, e);
	return rc ? rc : audit(s, &workspace, e);
}

/* What is in doubt is done again. */
static enum err_code
set_done(struct db *db, void *arg, struct err *e)
{
	(void)db, (void)arg;
	return err_set(e, ERR_NOT_FOUND, NULL);
}

enum err_code
origin_set(struct site *s, const struct db_context *ctx, const char *list,
    struct err *e)
{
	struct setting set = {.site = s, .ctx = ctx};
	struct arena *a = arena_new(ORIGINS_MAX * ORIGIN_TEXT);
	enum err_code rc;

	set.list = arena_calloc(a, ORIGINS_MAX, ORIGIN_TEXT);
	rc = list_parse(&set, list, e);
	if (rc == ERR_OK)
		rc = db_transaction(s->db, set_body, set_done, &set, e);
	arena_free(&a);
	return rc;
}

enum err_code
origin_list(
    struct db *db, const struct db_context *ctx, struct buf *out, struct err *e)
{
	struct db_rows *r;
	enum err_code rc;

	rc = db_query(db, ctx, SQL_ORIGIN_LIST, DB_NOARGS, &r, e);
	if (rc)
		return rc;
	while (db_next(r))
		buf_addf(out, "%s\n", db_get_bytes(r, 0, NULL));
	return db_done(&r, e);
}

/* ERR_OK whether or not there was a row. */
static enum err_code
found(enum err_code rc, bool *out)
{
	*out = rc == ERR_OK;
	return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

/* A header may be as long as it likes, and of any bytes. */
static bool
is_storable(const char *origin)
{
	const char *p;

	for (p = origin; *p > 0x20 && *p < 0x7f; p++)
		;
	return !*p && p - origin < ORIGIN_TEXT;
}

enum err_code
origin_allowed(struct db *db, const struct db_context *ctx, const char *origin,
    bool *out, struct err *e)
{
	*out = false;
	if (!is_storable(origin))
		return ERR_OK;
	return found(db_one(db, ctx, SQL_ORIGIN_OF_WORKSPACE,
	                 DB_ARGS(db_str(origin)), NULL, NULL, e),
	    out);
}

enum err_code
origin_known(struct db *db, const char *account_code, const char *origin,
    bool *out, struct err *e)
{
	*out = false;
	if (!is_storable(origin))
		return ERR_OK;
	return found(db_one(db, NULL, SQL_ORIGIN_KNOWN,
	                 DB_ARGS(db_str(origin), db_str(account_code),
	                     db_str(account_code)),
	                 NULL, NULL, e),
	    out);
}
