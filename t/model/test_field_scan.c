/* Looking at stored values: offenders are counted and named, in one pass over
 * the digests or in several. */
#include "base/json.h"
#include "model/customer.h"
#include "model/field_change.h"
#include "tenant.h"

#define N 600

static struct arena *arena;

static void
define(const char *definition)
{
	struct field f;
	json_t *v = NULL;

	must(json_read_mem(definition, strlen(definition), &v, &e), "parse");
	must(field_from_definition(v, arena, &f, &e), "define");
	must(field_create(site.db, &one, &f, &e), "field");
	json_decref(v);
}

/* Customer i has code i, but each tenth that of the one before, in capitals;
 * each hundredth has none. */
static enum err_code
store(struct db *db, void *arg, struct err *err)
{
	struct customer list[N];
	struct buf profiles = {0};
	enum err_code rc;
	unsigned i;

	(void)arg;
	for (i = 0; i < N; i++) {
		struct customer *c = &list[i];

		*c = (struct customer){.seq = i,
		    .key_version = 1,
		    .layout = 1,
		    .at = profiles.len};
		rand_uuid(&c->uuid);
		if (i % 100 == 5)
			buf_adds(&profiles, "{}");
		else if (i % 10 == 9)
			buf_addf(&profiles, "{\"code\":\"K%u\"}", i - 1);
		else
			buf_addf(&profiles, "{\"code\":\"k%u\"}", i);
		c->n = profiles.len - c->at;
	}
	rc = customer_insert(db, &one, list, N, &profiles, 1000, err);
	buf_free(&profiles);
	return rc;
}

struct look {
	struct scan scan;
	struct field f;
	struct schema schema;
	struct offences *out;
};

static enum err_code
look(struct db *db, void *arg, struct err *err)
{
	struct look *l = arg;
	enum err_code rc = schema_load(db, &one, arena, &l->schema, err);

	if (rc)
		return rc;
	l->scan.schema = &l->schema;
	l->scan.old = schema_find(&l->schema, "code", 4);
	l->f = *l->scan.old;
	l->f.unique = l->scan.unique;
	l->f.required = l->scan.required;
	l->f.max_length = l->scan.values ? 3 : 1000;
	l->scan.f = &l->f;
	rc = field_scan(&site, &one, &l->scan, arena, l->out, err);
	schema_release(&l->schema);
	return rc;
}

static const struct offences *
scan(struct scan what)
{
	struct look l = {.scan = what};

	l.out = arena_alloc(arena, sizeof(*l.out));
	must(db_transaction(site.db, look, NULL, &l, &e), "scan");
	return l.out;
}

static void
test_scan(void)
{
	const struct offences *o;
	static const uint64_t counts[] = {0, N, 1000001, 5000000};
	size_t i;

	o = scan((struct scan){.required = true});
	is_int((int)o->total, 6, "required: those without a value");
	is_int((int)o->n, 6, "each is named");
	is_int(o->list[0].code, ROW_REQUIRED, "by code required");
	o = scan((struct scan){.values = true});
	is_int((int)o->total, 495, "max_length: those that are too long");
	is_int((int)o->n, OFFENDERS_MAX, "the first are named");
	is_int(o->list[0].code, ROW_LENGTH, "by code length");
	ok(!strstr(o->list[0].text, "k1"), "and their values are not told");
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		o = scan((struct scan){.unique = true, .customers = counts[i]});
		is_int((int)o->total, 60, "unique: those that repeat one, %llu",
		    (unsigned long long)counts[i]);
		is_int(o->list[59].code, ROW_UNIQUE, "are named");
	}
}

int
main(void)
{
	static const uint8_t seed[32] = {2, 7, 1, 8};

	json_setup(seed);
	tenant_begin();
	arena = arena_new(65536);
	define("{\"field_name\":\"code\",\"field_type\":\"string\"}");
	must(db_transaction(site.db, store, NULL, NULL, &e), "store");
	test_scan();
	arena_free(&arena);
	return tenant_end();
}
