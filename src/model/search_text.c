/* What of a customer is looked through. */
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "model/search_put.h"
#include "model/types/types.h"

void
search_batch_reset(struct search_batch *b)
{
	buf_reset(&b->texts);
	b->list.len = 0;
}

void
search_batch_free(struct search_batch *b)
{
	buf_free(&b->texts);
	buf_free(&b->list);
}

bool
search_is_changed(const struct schema *s, const bool *changed)
{
	unsigned i;

	for (i = 0; i < s->n; i++)
		if (changed[i] && s->fields[i].searchable)
			return true;
	return false;
}

bool
field_alters_search(const struct field *was, const struct field *f)
{
	return was->searchable != f->searchable ||
	       (f->searchable && field_alters_values(was, f));
}

bool
search_is_stale(const struct schema *s)
{
	unsigned i;

	if (!s->converting)
		return false;
	for (i = 0; i < s->n; i++) {
		const struct field *f = &s->fields[i];

		if (f->was && field_alters_search(f->was, f))
			return true;
	}
	for (i = 0; i < s->nleaving; i++)
		if (s->leaving[i].searchable)
			return true;
	return false;
}

static void
add_text(struct buf *out, struct arena *a, const char *s, size_t n)
{
	const char *folded = utf8_fold_whole(a, s, n, &n);

	if (n)
		buf_add(out, folded, n + 1);
}

/* Each element is a value of its own. */
static enum err_code
add_elements(
    struct buf *out, struct arena *a, const char *json, size_t n, struct err *e)
{
	json_t *list = NULL, *v;
	size_t i;
	enum err_code err = json_read_mem(json, n, &list, e);

	if (err)
		return err_fault(e, ERR_INTERNAL, "a stored array is damaged");
	json_array_foreach(list, i, v)
	{
		if (jv_type(v) == JV_STRING)
			add_text(out, a, json_string_value(v),
			    json_string_length(v));
		else if (jv_type(v) == JV_NUMBER)
			add_text(out, a, jv_number(v), strlen(jv_number(v)));
	}
	json_decref(list);
	return ERR_OK;
}

/* A value as it is stored: what a string holds, digits of a number, a date as
 * yyyy-MM-dd. */
static enum err_code
add_value(
    struct buf *out, struct arena *a, const struct value *v, struct err *e)
{
	const char *s = v->json;
	size_t n = v->n;

	if (!s || !n || value_is_null(v))
		return ERR_OK;
	if (*s == '[')
		return add_elements(out, a, s, n, e);
	if (*s == '"')
		s = string_text(a, s, n, &n);
	add_text(out, a, s, n);
	return ERR_OK;
}

/* Ends a customer whose text begins at `at`. */
static void
add_entry(struct search_batch *b, uint64_t seq, bool fresh, size_t at)
{
	struct search_entry entry = {
	    .seq = seq, .fresh = fresh, .at = at, .n = b->texts.len - at};

	if (!fresh || entry.n)
		buf_add(&b->list, &entry, sizeof(entry));
}

enum err_code
search_add(struct search_batch *b, const struct schema *s, uint64_t seq,
    bool fresh, const struct record *r, struct arena *a, struct err *e)
{
	size_t at = b->texts.len;
	enum err_code err = ERR_OK;
	unsigned i;

	for (i = 0; i < s->n && !err; i++)
		if (s->fields[i].searchable)
			err = add_value(&b->texts, a, &r->values[i], e);
	if (!err)
		add_entry(b, seq, fresh, at);
	return err;
}

static enum err_code
add_members(struct search_batch *b, const struct schema *s,
    const struct profile_owner *o, const char *profile, size_t n,
    struct arena *a, struct err *e)
{
	struct profile_walk w;
	struct profile_member m;
	const struct field *f;
	struct buf plain = {0};
	struct value v;
	unsigned i;
	enum err_code err = ERR_OK;

	profile_walk_begin(&w, s, o->layout, profile, n);
	while (!err && profile_walk_next(&w, &m, &i)) {
		f = &s->fields[i];
		if (!f->searchable)
			continue;
		err = profile_value(o, s, f, &m, &plain, &v, e);
		if (!err)
			err = add_value(&b->texts, a, &v, e);
	}
	buf_free(&plain);
	return err;
}

enum err_code
search_add_stored(struct search_batch *b, const struct schema *s,
    const struct profile_owner *o, const char *profile, size_t n, uint64_t seq,
    bool fresh, struct arena *a, struct err *e)
{
	size_t at = b->texts.len;
	enum err_code err = add_members(b, s, o, profile, n, a, e);

	if (!err)
		add_entry(b, seq, fresh, at);
	return err;
}
