#include "model/record.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"

static void
add_u32(struct buf *out, uint32_t v)
{
	uint8_t b[4];

	put_u32(b, v);
	buf_add(out, b, sizeof(b));
}

bool
value_is_null(const struct value *v)
{
	return v->json && v->n == 4 && !memcmp(v->json, "null", 4);
}

enum {
	HAS_CUSTOMER = 1,
	HAS_REVISION = 2,
	ERASED = 4,
	MATCHED = 8,
	FLAGS = 15
};

static void
add_subject(struct buf *out, const struct record *r)
{
	add_u32(out, (r->has_customer ? HAS_CUSTOMER : 0) |
	                 (r->revision ? HAS_REVISION : 0) |
	                 (r->erased ? ERASED : 0) | (r->matched ? MATCHED : 0));
	if (r->has_customer)
		buf_add(out, r->customer.b, UUID_LEN);
	if (r->revision)
		add_u32(out, r->revision);
	if (r->matched)
		add_u32(out, r->matched);
}

#define AT_FLAGS 8 /* after row and line */
#define AT_CUSTOMER 12
#define AT_REVISION (AT_CUSTOMER + UUID_LEN)

static bool
has(const char *packed, uint32_t flag)
{
	return get_u32((const uint8_t *)packed + AT_FLAGS) & flag;
}

void
record_point(char *packed, const struct uuid *customer)
{
	assert(has(packed, HAS_CUSTOMER));
	memcpy(packed + AT_CUSTOMER, customer->b, UUID_LEN);
}

void
record_pointed(const char *packed, struct uuid *out)
{
	assert(has(packed, HAS_CUSTOMER));
	memcpy(out->b, packed + AT_CUSTOMER, UUID_LEN);
}

void
record_revise(char *packed, uint32_t revision)
{
	assert(has(packed, HAS_REVISION) && revision);
	put_u32((uint8_t *)packed + AT_REVISION, revision);
}

void
record_pack(struct buf *out, const struct schema *s, const struct record *r)
{
	uint32_t given = 0;
	unsigned i;

	for (i = 0; i < s->n; i++)
		given += r->values[i].json != NULL;
	add_u32(out, r->row);
	add_u32(out, r->line);
	add_subject(out, r);
	add_u32(out, given);
	for (i = 0; i < s->n; i++) {
		const struct value *v = &r->values[i];

		if (!v->json)
			continue;
		add_u32(out, s->fields[i].id);
		add_u32(out, v->n);
		buf_add(out, v->json, v->n);
	}
}

static bool
take_u32(const uint8_t **p, const uint8_t *end, uint32_t *out)
{
	if (end - *p < 4)
		return false;
	*out = get_u32(*p);
	*p += 4;
	return true;
}

/* The place of a value that was packed under the id; s->n if there is none.
 * Those of a record stand in the order of the schema, so that the search goes
 * on from `next`; what was a system attribute's value may be a field's now. */
static unsigned
place_of(const struct schema *s, unsigned next, uint32_t id)
{
	const struct field *f;
	unsigned i;

	for (i = next; i < s->n && s->fields[i].id != id; i++)
		;
	if (i < s->n || id >= FIELD_FIRST_ID)
		return i;
	f = schema_by_id(s, id);
	return f ? (unsigned)(f - s->fields) : s->n;
}

/* One value. An id that stands before what was read last is a wrong byte; a
 * field's own value goes before that of the attribute which it has become. */
static bool
take_value(const uint8_t **p, const uint8_t *end, const struct schema *s,
    unsigned *next, struct value *values)
{
	uint32_t id, n;
	unsigned i;

	if (!take_u32(p, end, &id) || !take_u32(p, end, &n))
		return false;
	if (!n || (size_t)(end - *p) < n)
		return false;
	i = place_of(s, *next, id);
	if (i < s->n && s->fields[i].id != id) {
		values[i] = (struct value){(const char *)*p, n};
	} else if (i < s->n && i >= *next) {
		values[i] = (struct value){(const char *)*p, n};
		*next = i + 1;
	} else {
		for (i = 0; i < *next; i++) {
			if (s->fields[i].id == id)
				return false;
		}
	}
	*p += n;
	return true;
}

static bool
take_subject(const uint8_t **p, const uint8_t *end, struct record *r)
{
	uint32_t flags;

	r->revision = r->matched = 0;
	r->customer = (struct uuid){{0}};
	if (!take_u32(p, end, &flags) || flags > FLAGS)
		return false;
	r->has_customer = flags & HAS_CUSTOMER;
	r->erased = flags & ERASED;
	if (r->has_customer) {
		if (end - *p < UUID_LEN)
			return false;
		memcpy(r->customer.b, *p, UUID_LEN);
		*p += UUID_LEN;
	}
	if (flags & HAS_REVISION && !take_u32(p, end, &r->revision))
		return false;
	return !(flags & MATCHED) || take_u32(p, end, &r->matched);
}

bool
record_unpack(const uint8_t **p, const uint8_t *end, const struct schema *s,
    struct arena *a, struct record *out)
{
	const uint8_t *at = *p;
	struct record r;
	unsigned next = 0;
	uint32_t given;

	if (!take_u32(&at, end, &r.row) || !take_u32(&at, end, &r.line) ||
	    !take_subject(&at, end, &r) || !take_u32(&at, end, &given) ||
	    given > FIELDS_MAX)
		return false;
	r.values = arena_calloc(a, s->n, sizeof(*r.values));
	for (; given; given--) {
		if (!take_value(&at, end, s, &next, r.values))
			return false;
	}
	*p = at;
	*out = r;
	return true;
}

static void
count_row(struct row_errors *errs, uint32_t row)
{
	uint8_t bit = (uint8_t)(1u << (row % 8));

	assert(row <= ROW_ERRORS_ROWS);
	errs->total++;
	if (!(errs->seen[row / 8] & bit))
		errs->invalid_rows++;
	errs->seen[row / 8] |= bit;
}

void
row_errors_add(struct row_errors *errs, struct arena *a, uint32_t row,
    uint32_t line, const char *field, const struct cell_error *ce)
{
	struct row_error *list = errs->list;
	unsigned at = errs->n;

	count_row(errs, row);
	while (at && list[at - 1].row > row)
		at--;
	if (at == ROW_ERRORS_MAX)
		return;
	if (errs->n < ROW_ERRORS_MAX)
		errs->n++;
	memmove(&list[at + 1], &list[at], (errs->n - 1 - at) * sizeof(list[0]));
	list[at] = (struct row_error){.row = row,
	    .line = line,
	    .field = arena_strdup(a, field),
	    .code = ce->code,
	    .text = arena_strdup(a, ce->text)};
}
