#include "scv/change.h"

#include <string.h>

#include "base/conf.h"
#include "base/utf8.h"
#include "scv/attribute.h"

#define NAME_SHOWN 200 /* bytes of a name that is quoted back */

struct reading {
	struct request *rq;
	const struct schema *schema;
	enum projection_reader reader;
	struct change *out;
	struct buf text; /* one value */
	size_t total;    /* bytes of all values */
};

static void
refuse(struct reading *r, const char *name, const char *why)
{
	size_t n = strlen(name);

	if (n > NAME_SHOWN)
		name = arena_strndup(
		    r->rq->arena, name, utf8_cut(name, NAME_SHOWN));
	request_invalid(r->rq, name, "%s", why);
}

/* Whether the reader may write the attribute; else it is refused. */
static bool
may_write(struct reading *r, const char *name, const struct attribute *a)
{
	unsigned access = a->field ? ACCESS_READ | ACCESS_WRITE : ACCESS_READ;

	if (r->reader == PROJECT_SESSION)
		access = attribute_access(r->schema, a);
	if (access & ACCESS_WRITE)
		return true;
	refuse(
	    r, name, access ? "read-only" : "the schema has no such attribute");
	return false;
}

static void
take(struct reading *r, size_t i, const char *name, const char *json, size_t n)
{
	const struct conf *c = r->rq->site->conf;

	r->total += n;
	if (n > (size_t)c->limits_cell_bytes)
		request_invalid(r->rq, name, "the value takes over %zu bytes",
		    (size_t)c->limits_cell_bytes);
	else
		r->out->record.values[i] = (struct value){
		    arena_strndup(r->rq->arena, json, n), (uint32_t)n};
}

static void
read_value(
    struct reading *r, const char *name, const struct field *f, const json_t *v)
{
	size_t i = (size_t)(f - r->schema->fields);
	struct cell_error ce;

	if (r->out->names[i]) {
		request_invalid(
		    r->rq, name, "the same attribute as %s", r->out->names[i]);
		return;
	}
	r->out->names[i] = name;
	buf_reset(&r->text);
	if (jv_type(v) == JV_NULL)
		take(r, i, name, "null", 4);
	else if (f->unique && jv_type(v) == JV_STRING &&
	         field_text_is_blank(
	             f, json_string_value(v), json_string_length(v)))
		refuse(r, name, "must not be blank: null clears");
	else if (field_from_answer(f, r->rq->arena, v, &r->text, &ce))
		take(r, i, name, r->text.data, r->text.len);
	else
		refuse(r, name, ce.text);
}

static void
read_member(struct reading *r, const char *name, const json_t *v)
{
	struct attribute a;

	if (!attribute_find(r->schema, name, strlen(name), &a))
		refuse(r, name, "the schema has no such attribute");
	else if (may_write(r, name, &a))
		read_value(r, name, a.field, v);
}

enum err_code
change_read(struct request *rq, const struct schema *s,
    enum projection_reader reader, struct change *out, struct err *e)
{
	struct reading r = {
	    .rq = rq, .schema = s, .reader = reader, .out = out};
	unsigned before = rq->ninvalid;
	const char *name;
	json_t *member;

	*out = (struct change){.record.values = arena_calloc(
	                           rq->arena, s->n, sizeof(struct value)),
	    .names = arena_calloc(rq->arena, s->n, sizeof(char *)),
	    .wrong = arena_calloc(rq->arena, s->n, sizeof(bool))};
	json_object_foreach(rq->json, name, member)
	    read_member(&r, name, member);
	buf_free(&r.text);
	if (r.total > (size_t)rq->site->conf->limits_row_bytes)
		request_invalid(rq, "body", "the values take over %zu bytes",
		    (size_t)rq->site->conf->limits_row_bytes);
	if (rq->ninvalid != before)
		return err_set(e, ERR_BAD_REQUEST, "Invalid attributes");
	return ERR_OK;
}

/* Tells of each marked field what is wrong; returns how many there are. */
static unsigned
refuse_marked(struct request *rq, const struct schema *s,
    const struct change *c, const char *why, const char **first_out)
{
	unsigned i, n = 0;

	for (i = 0; i < s->n; i++)
		if (c->wrong[i]) {
			request_invalid(rq, c->names[i], "%s", why);
			if (!n++)
				*first_out = c->names[i];
		}
	return n;
}

enum err_code
change_refused(struct request *rq, const struct schema *s,
    const struct change *c, enum err_code rc, struct err *e)
{
	const char *name;
	unsigned n;

	if (rc == ERR_TOO_LARGE &&
	    refuse_marked(rq, s, c, "makes the profile too long", &name))
		return err_set(e, ERR_BAD_REQUEST, "Invalid attributes");
	if (rc != ERR_CONFLICT)
		return rc;
	n = refuse_marked(rq, s, c, "another customer has this value", &name);
	if (n > 1)
		return err_set(e, rc, "customers with these values exist");
	if (n)
		return err_set(e, rc, "a customer with this %s exists", name);
	return rc;
}
