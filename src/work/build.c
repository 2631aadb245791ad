/* The profiles of a chunk's customers. */
#include <stdlib.h>
#include <string.h>

#include "model/event.h"
#include "vault/rand.h"
#include "work/chunk.h"

/* New customers get random ids in ascending order, so that the index over
 * them is written in order. */
static void
name_customers(struct chunk *c)
{
	struct uuid *ids = arena_calloc(c->try, c->nrows, sizeof(*ids));
	unsigned i;

	for (i = 0; i < c->nrows; i++)
		rand_uuid(&ids[i]);
	qsort(ids, c->nrows, sizeof(*ids), uuid_compare);
	for (i = 0; i < c->nrows; i++) {
		struct row *row = &c->rows[i];

		if (row->fate != FATE_NEW)
			continue;
		row->seq = row->place;
		if (!row->given)
			row->uuid = ids[i];
	}
}

/* A row makes a profile too long: its longest value is named. */
static void
too_long(struct chunk *c, const struct row *row, const struct record *r)
{
	unsigned i, longest = FIELD_CUSTOMER_ID;
	size_t most = 0;

	for (i = 0; i < c->schema.n; i++)
		if (r->values[i].json && r->values[i].n > most) {
			most = r->values[i].n;
			longest = i;
		}
	chunk_wrong(c, (unsigned)(row - c->rows), longest, ROW_LENGTH);
}

static enum err_code
build_new(struct chunk *c, struct row *row, struct err *e)
{
	struct customer *out = &c->created[c->ncreated];
	char text[UUID_TEXT];
	struct record r;
	enum err_code err = chunk_unpack(c, row, &r, e);

	if (err)
		return err;
	uuid_format(&row->uuid, text);
	out->seq = row->seq;
	out->uuid = row->uuid;
	out->revision = 1;
	out->key_version = keyring_version(c->ring);
	out->layout = c->schema.layout;
	out->at = c->profiles.len;
	profile_build(
	    &c->profiles, &c->schema, &r, c->ring, c->workspace_text, text);
	out->n = c->profiles.len - out->at;
	if (out->n <= PROFILE_MAX) {
		c->ncreated++;
		return search_add(
		    &c->texts, &c->schema, out->seq, true, &r, c->row, e);
	}
	c->profiles.len = out->at;
	too_long(c, row, &r);
	return ERR_OK;
}

/* Appends to the customer's events, which move to the finished profiles, that
 * the fields marked in `changed` changed. */
static void
add_event(struct chunk *c, struct customer *m, const bool *changed)
{
	uint32_t *ids = arena_calloc(c->row, c->schema.n, sizeof(*ids));
	const char *old = m->nevents ? c->old.data + m->events_at : "";
	size_t at = c->profiles.len;
	unsigned i, n = 0;

	for (i = 0; i < c->schema.n; i++)
		if (changed[i])
			ids[n++] = c->schema.fields[i].id;
	event_append(
	    &c->profiles, old, m->nevents, c->now, EVENT_CHANGED, ids, n);
	m->events_at = at;
	m->nevents = c->profiles.len - at;
}

static bool
is_changed(const bool *changed, unsigned n)
{
	return memchr(changed, 1, n * sizeof(*changed)) != NULL;
}

/* A row that says what is stored already changes nothing. */
static enum err_code
build_merged(struct chunk *c, struct row *row, struct err *e)
{
	struct customer *m = chunk_merged(c, row->seq);
	size_t at = c->profiles.len, n;
	char text[UUID_TEXT];
	struct record r;
	bool *changed;
	enum err_code err = chunk_unpack(c, row, &r, e);

	if (err)
		return err;
	if (!m)
		return err_fault(e, ERR_RETRY, "a customer has just gone");
	if (row->named != FIELD_CUSTOMER_ID)
		r.values[row->named].json = NULL;
	changed = arena_calloc(c->row, c->schema.n, sizeof(*changed));
	uuid_format(&m->uuid, text);
	err = profile_change(&c->profiles, &c->schema, c->old.data + m->at,
	    m->n, m->key_version, m->layout, &r, c->ring, c->workspace_text,
	    text, changed, e);
	n = c->profiles.len - at;
	row->changed = !err && is_changed(changed, c->schema.n);
	if (row->changed && n > PROFILE_MAX) {
		too_long(c, row, &r);
		row->changed = false;
	}
	if (!row->changed) {
		c->profiles.len = at;
		return err;
	}
	c->dirty[m - c->merged] = true;
	c->restated[m - c->merged] |= search_is_changed(&c->schema, changed);
	m->key_version = keyring_version(c->ring);
	m->layout = c->schema.layout;
	m->updated_at = c->now;
	m->at = at;
	m->n = n;
	add_event(c, m, changed);
	return ERR_OK;
}

/* A row that has become wrong since may have given others their values: they
 * are wrong too, and what was built by them is left. */
static void
judge_again(struct chunk *c)
{
	struct customer *m;
	unsigned i;

	chunk_judge_values(c);
	for (i = 0; i < c->nrows; i++) {
		if (c->rows[i].fate != FATE_WRONG || !c->rows[i].changed)
			continue;
		c->rows[i].changed = false;
		m = chunk_merged(c, c->rows[i].seq);
		if (m)
			c->dirty[m - c->merged] = false;
	}
}

/* Searched texts of customers that are to be rewritten. */
static enum err_code
add_texts(struct chunk *c, struct err *e)
{
	struct profile_owner owner = {
	    .ring = c->ring, .workspace = c->workspace_text};
	char text[UUID_TEXT];
	enum err_code err = ERR_OK;
	unsigned i;

	for (i = 0; i < c->nmerged && !err; i++) {
		const struct customer *m = &c->merged[i];

		if (!c->dirty[i] || !c->restated[i])
			continue;
		uuid_format(&m->uuid, text);
		owner.customer = text;
		owner.key_version = m->key_version;
		owner.layout = m->layout;
		arena_reset(c->row);
		err = search_add_stored(&c->texts, &c->schema, &owner,
		    c->profiles.data + m->at, m->n, m->seq, false, c->row, e);
	}
	return err;
}

/* Leaves those customers in `merged` that are to be rewritten. */
static void
keep_dirty(struct chunk *c)
{
	unsigned i, n = 0;

	for (i = 0; i < c->nmerged; i++)
		if (c->dirty[i])
			c->merged[n++] = c->merged[i];
	c->nmerged = n;
}

/* Points the keys of new and of changed customers at them. */
static void
point_keys(struct chunk *c)
{
	struct claimed_key *keys;
	unsigned n, i;

	keys = chunk_keys(&c->keys, &n);
	for (i = 0; i < n; i++)
		keys[i].key.seq = c->rows[keys[i].row].seq;
}

/* What an update tells of itself. */
static void
report_update(struct chunk *c)
{
	const struct customer *m;
	unsigned i;

	if (c->job.kind != JOB_KIND_UPDATE)
		return;
	for (i = 0; i < c->nrows && c->out->created < CHUNK_ROWS_MAX; i++)
		if (c->rows[i].fate == FATE_MERGE && c->rows[i].changed)
			c->out->ids[c->out->created++] = c->rows[i].uuid;
	m = c->nrows == 1 ? chunk_merged(c, c->rows[0].seq) : NULL;
	if (m)
		c->out->revision = m->revision + c->rows[0].changed;
}

enum err_code
chunk_build(struct chunk *c, struct err *e)
{
	enum err_code err = ERR_OK;
	unsigned i;

	name_customers(c);
	point_keys(c);
	c->created = arena_calloc(c->try, c->nrows, sizeof(*c->created));
	buf_room(&c->profiles, c->packed.len + c->packed.len / 2);
	for (i = 0; i < c->nrows && !err; i++) {
		struct row *row = &c->rows[i];

		if (row->fate == FATE_NEW)
			err = build_new(c, row, e);
		else if (row->fate == FATE_MERGE)
			err = build_merged(c, row, e);
	}
	if (!err && c->job.kind == JOB_KIND_UPDATE)
		judge_again(c);
	if (!err)
		err = add_texts(c, e);
	if (!err)
		report_update(c);
	if (!err)
		keep_dirty(c);
	c->sealed +=
	    aead_take_count(keyring_data(c->ring, keyring_version(c->ring)));
	return err;
}
