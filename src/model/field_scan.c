/*
 * A look at every stored value of a field. Memory is bounded: customers are
 * streamed, and values that must be unique are compared by the first eight
 * bytes of their digests, SCAN_VALUES of them at a time: more take several
 * passes, each over a part of the digests.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "model/customer.h"
#include "model/field_change.h"
#include "model/profile.h"
#include "model/regex.h"
#include "model/rows.h"

#define SCAN_VALUES 1000000

/* What the regex may cost over all of a scan; the budget of an upload is
 * given anew every so many rows. */
#define SCAN_REGEX_NS (20 * (int64_t)1000000000)
#define SCAN_BUDGET_ROWS 10000

/* Columns of FIELD_SCAN. */
enum { COL_UUID, COL_VERSION, COL_LAYOUT, COL_PROFILE };

struct scanner {
	struct site *site;
	const struct db_context *ctx;
	const struct scan *what;
	struct arena *arena, *row;
	struct offences *out;
	struct keyring *ring;
	char workspace[UUID_TEXT];
	struct buf plain, now;
	uint64_t rows;
	int64_t regex_ns; /* of budgets that are spent */
	struct err *e;

	/* Uniqueness. */
	uint64_t pass, passes;
	struct buf digests; /* uint64_t: of the values; then of repeated ones */
	uint8_t *met;       /* by repeated value: its first customer was */
};

/* The customer at hand, and its value as f would have it. */
struct subject {
	struct uuid uuid;
	struct value value; /* json NULL: none */
	struct cell_error wrong;
	bool fits; /* false: it has no such form */
};

static void
add_offence(
    struct scanner *s, const struct subject *who, const struct cell_error *ce)
{
	struct offences *out = s->out;

	out->total++;
	if (out->n == OFFENDERS_MAX)
		return;
	out->list[out->n++] = (struct offender){.customer = who->uuid,
	    .code = ce->code,
	    .text = arena_strdup(s->arena, ce->text)};
}

/* Finds the member of the field; json NULL if there is none. */
static enum err_code
find_member(struct scanner *s, struct db_rows *r, struct profile_member *out)
{
	uint32_t layout = (uint32_t)db_get_int(r, COL_LAYOUT);
	const char *name, *text, *p;
	size_t n, len;

	name = field_as_stored(s->what->old, s->what->schema, layout)->name;
	len = strlen(name);

	text = db_get_bytes(r, COL_PROFILE, &n);
	p = n > 1 && text[1] == '}' ? text + 1 : text;
	while (profile_next(&p, text + n, out)) {
		if (out->nname == len && !memcmp(out->name, name, len))
			return ERR_OK;
	}
	out->json = NULL;
	if (!p || p != text + n - 1 || *p != '}')
		return err_fault(s->e, ERR_CRYPTO, "stored profile is damaged");
	return ERR_OK;
}

static enum err_code
read_subject(struct scanner *s, struct db_rows *r, struct subject *out)
{
	struct profile_owner owner = {.ring = s->ring,
	    .workspace = s->workspace,
	    .key_version = (uint32_t)db_get_int(r, COL_VERSION),
	    .layout = (uint32_t)db_get_int(r, COL_LAYOUT)};
	const struct scan *w = s->what;
	struct profile_member m;
	char id[UUID_TEXT];
	enum err_code err;

	*out = (struct subject){.fits = true};
	db_get_uuid(r, COL_UUID, &out->uuid);
	uuid_format(&out->uuid, id);
	owner.customer = id;
	err = find_member(s, r, &m);
	if (err || !m.json)
		return err;
	err = profile_value(
	    &owner, w->schema, w->old, &m, &s->plain, &out->value, s->e);
	if (err || !field_alters_values(w->old, w->f))
		return err;
	buf_reset(&s->now);
	out->fits = field_convert(
	    w->old, w->f, out->value.json, out->value.n, &s->now, &out->wrong);
	out->value = (struct value){s->now.data, (uint32_t)s->now.len};
	return ERR_OK;
}

static bool
is_blank(struct scanner *s, const struct value *v)
{
	const struct field *f = s->what->f;
	struct buf text = {0};
	bool blank;

	field_type_of(f)->to_text(f, s->row, v->json, v->n, &text);
	blank = field_text_is_blank(f, text.len ? text.data : "", text.len);
	buf_free(&text);
	return blank;
}

static void
judge(struct scanner *s, struct subject *who)
{
	static const struct cell_error missing = {
	    .code = ROW_REQUIRED, .text = "a value is required"};
	const struct scan *w = s->what;

	if (!who->fits)
		add_offence(s, who, &who->wrong);
	else if (!who->value.json ||
	         (w->required && is_blank(s, &who->value))) {
		if (w->required)
			add_offence(s, who, &missing);
	} else if (w->values && !field_check_stored(w->f, s->row,
	                            who->value.json, who->value.n, &who->wrong))
		add_offence(s, who, &who->wrong);
}

/* Gives the regex its budget anew, as long as the scan may last. */
static enum err_code
renew_budget(struct scanner *s)
{
	struct regex_budget *budget = s->what->f->budget;

	if (!budget || ++s->rows % SCAN_BUDGET_ROWS)
		return ERR_OK;
	s->regex_ns += budget->spent_ns;
	budget->spent_ns = 0;
	if (s->regex_ns > SCAN_REGEX_NS)
		return err_set(s->e, ERR_BAD_REQUEST,
		    "matching the regex with what is stored takes too long");
	return ERR_OK;
}

typedef void visit(struct scanner *s, struct subject *who);

static enum err_code
walk(struct scanner *s, visit *look)
{
	struct subject who;
	struct db_rows *r;
	enum err_code err;

	err =
	    db_query(s->site->db, s->ctx, SQL_FIELD_SCAN, DB_NOARGS, &r, s->e);
	if (err)
		return err;
	while (!err && db_next(r)) {
		arena_reset(s->row);
		err = renew_budget(s);
		if (!err)
			err = read_subject(s, r, &who);
		if (!err)
			look(s, &who);
	}
	return rows_end(err, &r, s->e);
}

/* The head of the value's digest; false if there is none in this pass. */
static bool
digest_of(struct scanner *s, const struct subject *who, uint64_t *out)
{
	uint8_t digest[INDEX_LEN];

	if (!who->value.json || !who->fits)
		return false;
	field_digest(s->what->f, s->row, s->ring, &s->what->schema->workspace,
	    who->value.json, who->value.n, digest);
	memcpy(out, digest, sizeof(*out));
	return *out % s->passes == s->pass;
}

static void
gather(struct scanner *s, struct subject *who)
{
	uint64_t digest;

	if (digest_of(s, who, &digest))
		buf_add(&s->digests, &digest, sizeof(digest));
}

static int
compare(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

/* Leaves those that stand more than once, each once. */
static void
keep_repeated(struct buf *b)
{
	uint64_t *v = (void *)b->data;
	size_t i, run, n = b->len / sizeof(*v), m = 0;

	if (n)
		qsort(v, n, sizeof(*v), compare);
	for (i = 0; i < n; i += run) {
		for (run = 1; i + run < n && v[i + run] == v[i]; run++)
			;
		if (run > 1)
			v[m++] = v[i];
	}
	b->len = m * sizeof(*v);
}

/* Every customer but the first that has a value is an offender. */
static void
find_repeated(struct scanner *s, struct subject *who)
{
	static const struct cell_error repeated = {
	    .code = ROW_UNIQUE, .text = "another customer has the same value"};
	const char *hit;
	uint64_t digest;
	size_t i;

	if (!digest_of(s, who, &digest))
		return;
	hit = bsearch(&digest, s->digests.data, s->digests.len / sizeof(digest),
	    sizeof(digest), compare);
	if (!hit)
		return;
	i = (size_t)(hit - s->digests.data) / sizeof(digest);
	if (s->met[i])
		add_offence(s, who, &repeated);
	s->met[i] = 1;
}

static enum err_code
scan_unique(struct scanner *s)
{
	enum err_code err = ERR_OK;

	s->passes = (s->what->customers + SCAN_VALUES - 1) / SCAN_VALUES;
	s->passes += !s->passes;
	for (s->pass = 0; s->pass < s->passes && !err; s->pass++) {
		s->digests.len = 0;
		buf_room(&s->digests,
		    s->what->customers / s->passes * sizeof(uint64_t));
		err = walk(s, gather);
		keep_repeated(&s->digests);
		if (err || !s->digests.len)
			continue;
		s->met = calloc(s->digests.len / sizeof(uint64_t), 1);
		if (!s->met)
			abort();
		err = walk(s, find_repeated);
		free(s->met);
	}
	return err;
}

enum err_code
field_scan(struct site *site, const struct db_context *ctx,
    const struct scan *what, struct arena *a, struct offences *out,
    struct err *e)
{
	struct scanner s = {.site = site,
	    .ctx = ctx,
	    .what = what,
	    .arena = a,
	    .out = out,
	    .e = e};
	enum err_code err = site_keyring(site, ctx, &s.ring, e);

	out->total = out->n = 0;
	uuid_format(&what->schema->workspace, s.workspace);
	s.row = arena_new(16384);
	if (!err && (what->values || what->required))
		err = walk(&s, judge);
	if (!err && what->unique && !out->total)
		err = scan_unique(&s);
	buf_free(&s.plain);
	buf_free(&s.now);
	buf_free(&s.digests);
	arena_free(&s.row);
	return err;
}
