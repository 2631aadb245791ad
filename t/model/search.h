/* What tests of search share: a schema, customers of one value each beside the
 * index, and what a search has to find. */
#ifndef COFFER_T_MODEL_SEARCH_H
#define COFFER_T_MODEL_SEARCH_H

#include "base/json.h"
#include "base/utf8.h"
#include "model/search.h"
#include "model/segment.h"
#include "tenant.h"

#define MOST 6000 /* seqs */
#define FIELDS 4

static struct arena *arena;
static struct schema schema;
static char *values[MOST]; /* the stored JSON of "name"; NULL: no customer */

static const char *const definitions[FIELDS] = {
    "{\"field_name\":\"name\",\"field_type\":\"string\",\"pii\":true,"
    "\"searchable\":true,\"max_length\":16000}",
    "{\"field_name\":\"note\",\"field_type\":\"string\"}",
    "{\"field_name\":\"sum\",\"field_type\":\"number\",\"searchable\":true}",
    "{\"field_name\":\"tags\",\"field_type\":\"array\",\"searchable\":true}"};

static enum err_code
search_take_seqs(struct db *db, void *arg, struct err *err)
{
	uint64_t first;

	(void)arg;
	return segment_reserve(db, &one, SEGMENT_ALL, MOST, &first, err);
}

__attribute__((unused)) static void
search_begin(void)
{
	static const uint8_t seed[32] = {2, 7, 1, 8, 2, 8};
	struct field f;
	json_t *v;
	int i;

	json_setup(seed);
	tenant_begin();
	server.conf.worker_search_pending = 1000;
	arena = arena_new(65536);
	for (i = 0; i < FIELDS; i++) {
		must(json_read_mem(
		         definitions[i], strlen(definitions[i]), &v, &e),
		    "parse");
		must(field_from_definition(v, arena, &f, &e), "define");
		must(field_create(site.db, &one, &f, &e), "field");
		json_decref(v);
	}
	must(schema_load(site.db, &one, arena, &schema, &e), "schema");
	must(db_transaction(site.db, search_take_seqs, NULL, NULL, &e), "seqs");
}

__attribute__((unused)) static int
search_end(void)
{
	int i;

	for (i = 0; i < MOST; i++)
		free(values[i]);
	schema_release(&schema);
	arena_free(&arena);
	return tenant_end();
}

/* Customers to be put down; `fresh` where there was none. */
struct putting {
	const uint64_t *seqs;
	unsigned n;
	bool fresh[MOST];
	const char *note, *sum, *tags; /* JSON, or NULL */
};

static struct value
search_value(const char *json)
{
	return (struct value){json, json ? (uint32_t)strlen(json) : 0};
}

static enum err_code
search_store(struct db *db, void *arg, struct err *err)
{
	struct putting *p = arg;
	struct search_batch batch = {.list = {0}};
	struct value all[FIELDS + FIELD_ROLES] = {{0}};
	struct value *v = all + schema.n - FIELDS; /* past the built-in ones */
	struct record r = {.values = all};
	struct arena *a = arena_new(4096);
	struct keyring *k;
	enum err_code rc = site_keyring(&site, &one, &k, err);
	unsigned i;

	(void)db;
	for (i = 0; i < p->n && !rc; i++) {
		v[0] = search_value(values[p->seqs[i]]);
		v[1] = search_value(p->note);
		v[2] = search_value(p->sum);
		v[3] = search_value(p->tags);
		rc = search_add(
		    &batch, &schema, p->seqs[i], p->fresh[i], &r, a, err);
	}
	if (!rc)
		rc = search_put(&site, &one, k, &batch, err);
	search_batch_free(&batch);
	arena_free(&a);
	return rc;
}

/* Gives n customers another name (JSON), or makes them. */
__attribute__((unused)) static void
search_set(const uint64_t *seqs, unsigned n, char *const *names)
{
	static struct putting p;
	unsigned i;

	p = (struct putting){.seqs = seqs, .n = n};
	for (i = 0; i < n; i++) {
		p.fresh[i] = !values[seqs[i]];
		free(values[seqs[i]]);
		values[seqs[i]] = strdup(names[i]);
	}
	must(db_transaction(site.db, search_store, NULL, &p, &e), "put");
}

struct removing {
	const uint64_t *seqs;
	unsigned n;
};

static enum err_code
search_erase(struct db *db, void *arg, struct err *err)
{
	struct removing *r = arg;
	struct keyring *k;
	enum err_code rc = site_keyring(&site, &one, &k, err);

	return rc ? rc : search_remove(db, &one, k, r->seqs, r->n, err);
}

/* Deletes customers; seqs are ascending. */
__attribute__((unused)) static void
search_delete(const uint64_t *seqs, unsigned n)
{
	struct removing r = {seqs, n};
	unsigned i;

	for (i = 0; i < n; i++) {
		free(values[seqs[i]]);
		values[seqs[i]] = NULL;
	}
	must(db_transaction(site.db, search_erase, NULL, &r, &e), "remove");
}

struct found {
	uint64_t seqs[MOST];
	unsigned n, most;
};

static bool
search_take(uint64_t seq, void *arg)
{
	struct found *f = arg;

	f->seqs[f->n++] = seq;
	return f->n < f->most;
}

/* What a search finds, `most` at most. */
__attribute__((unused)) static const struct found *
search_for(const char *text, uint64_t from, bool down, unsigned most)
{
	static struct found f;

	f.n = 0;
	f.most = most;
	must(search_scan(&site, &one, text, strlen(text), from, down,
	         search_take, &f, &e),
	    "scan");
	return &f;
}

/* Whether a workspace waits for its blocks to be merged. */
__attribute__((unused)) static bool
search_is_due(void)
{
	return !db_one(site.db, NULL, SQL_SEARCH_DUE_NEXT,
	    DB_ARGS(db_int(INT64_MAX)), NULL, NULL, &e);
}

#endif
