#include "scv/projection.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "model/event.h"

#define NAME_SHOWN 200 /* bytes of a name that is quoted back */

/* What the query says: names follow each other in the arena's list. */
struct asked {
	bool all, some;
	struct buf names; /* struct attribute */
};

static void
refuse_name(struct request *rq, const char *name, size_t n)
{
	char *shown;

	if (n > NAME_SHOWN)
		n = utf8_cut(name, NAME_SHOWN);
	shown = arena_strndup(rq->arena, name, n);
	request_invalid(rq, n ? shown : "retProps",
	    n ? "retProps: the schema has no such attribute" : "an empty name");
}

/* Reads names with commas between; white space around them is passed over. */
static void
read_names(struct request *rq, const struct schema *s, const char *value,
    struct asked *out)
{
	struct attribute a;
	const char *name;
	size_t n, len;

	for (;; value += n + 1) {
		n = strcspn(value, ",");
		len = n;
		name = utf8_trim(value, &len);
		if (attribute_find(s, name, len, &a))
			buf_add(&out->names, &a, sizeof(a));
		else
			refuse_name(rq, name, len);
		if (!value[n])
			return;
	}
}

static void
read_query(struct request *rq, const struct schema *s, struct asked *out)
{
	const char *name, *value = request_query(rq, "retAllProps");
	size_t pos = 0;

	out->all = value && !strcmp(value, "1");
	while (!out->all && request_query_next(rq, &pos, &name, &value)) {
		if (!name || strcmp(name, "retProps") != 0)
			continue;
		if (!value) {
			request_invalid(rq, "retProps", "not text in UTF-8");
		} else if (*value) {
			out->some = true;
			read_names(rq, s, value, out);
		}
	}
}

static int
compare(const void *a, const void *b)
{
	const struct attribute *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* The names that were asked for, sorted, each once. */
static void
take_names(struct request *rq, struct buf *names, struct projection *out)
{
	unsigned i, n = (unsigned)(names->len / sizeof(*out->list));
	struct attribute *list = arena_calloc(rq->arena, n, sizeof(*list));

	if (n) {
		memcpy(list, names->data, n * sizeof(*list));
		qsort(list, n, sizeof(*list), compare);
	}
	out->list = list;
	for (i = 0; i < n; i++)
		if (!out->n || strcmp(list[out->n - 1].name, list[i].name))
			list[out->n++] = list[i];
}

static void
take_default(
    struct request *rq, enum projection_default d, struct projection *out)
{
	struct attribute *list;
	unsigned i, n;

	if (d == PROJECT_NONE)
		return;
	list = attribute_list(out->schema, rq->arena, &n);
	for (i = 0; i < n; i++) {
		if (d == PROJECT_ATTRIBUTES
		        ? list[i].own
		        : !strcmp(list[i].name, "$customerid"))
			list[out->n++] = list[i];
	}
	out->list = list;
}

static void
keep_open(struct projection *p)
{
	unsigned i, n = 0;

	for (i = 0; i < p->n; i++)
		if (attribute_access(p->schema, &p->list[i]) & ACCESS_READ)
			p->list[n++] = p->list[i];
	p->n = n;
}

/* What of a customer its attributes need. */
static void
sum_up(struct request *rq, struct projection *p)
{
	const struct schema *s = p->schema;
	unsigned i;

	p->fields = arena_calloc(rq->arena, s->n, sizeof(*p->fields));
	for (i = 0; i < p->n; i++) {
		const struct attribute *a = &p->list[i];

		if (a->field) {
			p->fields[a->field - s->fields] = true;
			p->any_field = true;
			continue;
		}
		p->events |= a->system == ATTRIBUTE_EVENT_LOG;
		p->segments |= a->system == ATTRIBUTE_SEGMENTS;
	}
}

enum err_code
projection_read(struct request *rq, const struct schema *s,
    enum projection_default d, enum projection_reader reader,
    struct projection *out, struct err *e)
{
	struct asked asked = {.all = false};
	unsigned before = rq->ninvalid;

	*out = (struct projection){.schema = s};
	read_query(rq, s, &asked);
	out->asked = asked.all || asked.some;
	if (asked.all)
		out->list = attribute_list(s, rq->arena, &out->n);
	else if (asked.some)
		take_names(rq, &asked.names, out);
	else
		take_default(rq, d, out);
	buf_free(&asked.names);
	if (rq->ninvalid != before)
		return err_set(e, ERR_BAD_REQUEST, "Invalid parameters");
	if (reader == PROJECT_SESSION)
		keep_open(out);
	sum_up(rq, out);
	return ERR_OK;
}

void
projection_wish(
    const struct projection *p, struct keyring *ring, struct customer_wish *out)
{
	*out = (struct customer_wish){.schema = p->schema,
	    .ring = ring,
	    .fields = p->any_field ? p->fields : NULL,
	    .events = p->events,
	    .segments = p->segments};
}

bool
projection_is_bare(const struct projection *p)
{
	return !p->n || (p->n == 1 && !p->list[0].field &&
	                    p->list[0].system == ATTRIBUTE_CUSTOMERID);
}

static void
add_time(struct buf *out, int64_t ms)
{
	buf_addc(out, '"');
	buf_add_time(out, ms);
	buf_addc(out, '"');
}

static void
add_segments(struct buf *out, const struct open_customer *c)
{
	unsigned i;

	buf_addc(out, '[');
	for (i = 0; i < c->nsegments; i++) {
		const struct membership *m = &c->segments[i];

		buf_adds(out, i ? ",{\"code\":" : "{\"code\":");
		buf_add_json(out, m->code, strlen(m->code));
		buf_adds(out, ",\"segmentedDate\":");
		add_time(out, m->segmented_at);
		buf_addc(out, '}');
	}
	buf_addc(out, ']');
}

static void
add_system(struct buf *out, const struct schema *s, enum system_attribute a,
    const struct open_customer *c)
{
	char id[UUID_TEXT];

	switch (a) {
	case ATTRIBUTE_CUSTOMERID:
		uuid_format(&c->uuid, id);
		buf_addf(out, "\"%s\"", id);
		break;
	case ATTRIBUTE_CREATED_DATETIME:
		add_time(out, c->created_at);
		break;
	case ATTRIBUTE_UPDATED_DATETIME:
		add_time(out, c->updated_at);
		break;
	case ATTRIBUTE_SEGMENTS:
		add_segments(out, c);
		break;
	case ATTRIBUTE_EVENT_LOG:
		event_write(out, c->events, c->nevents, c->created_at, s);
		break;
	default:
		abort();
	}
}

void
projection_write(
    struct buf *out, const struct projection *p, const struct open_customer *c)
{
	const char *comma = "";
	unsigned i;

	buf_addc(out, '{');
	for (i = 0; i < p->n; i++) {
		const struct attribute *a = &p->list[i];
		const struct value *v = NULL;

		if (a->field)
			v = &c->values[a->field - p->schema->fields];
		if (v && (!v->json || value_is_null(v)))
			continue;
		buf_adds(out, comma);
		buf_add_json(out, a->name, strlen(a->name));
		buf_addc(out, ':');
		if (v)
			buf_add(out, v->json, v->n);
		else
			add_system(out, p->schema, a->system, c);
		comma = ",";
	}
	buf_addc(out, '}');
}
