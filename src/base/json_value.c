#include "base/json.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_guard.h"

static size_t
digits(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] >= '0' && s[i] <= '9')
		i++;
	return i;
}

bool
json_number_valid(const char *s, size_t n)
{
	size_t i = n && s[0] == '-', len = digits(s + i, n - i);

	if (!len || (len > 1 && s[i] == '0'))
		return false;
	i += len;
	if (i < n && s[i] == '.') {
		i++;
		len = digits(s + i, n - i);
		if (!len)
			return false;
		i += len;
	}
	if (i < n && (s[i] == 'e' || s[i] == 'E')) {
		i++;
		i += i < n && (s[i] == '+' || s[i] == '-');
		len = digits(s + i, n - i);
		if (!len)
			return false;
		i += len;
	}
	return i == n;
}

/* The text of a number that the guard has passed; NULL if v is none. */
static const char *
guarded_number(const json_t *v)
{
	size_t n = json_string_length(v);
	const char *s = json_string_value(v);

	if (n <= JSON_PREFIX_LEN || memcmp(s, json_prefix, JSON_PREFIX_LEN))
		return NULL;
	s += JSON_PREFIX_LEN;
	return json_number_valid(s, n - JSON_PREFIX_LEN) ? s : NULL;
}

enum jv_type
jv_type(const json_t *v)
{
	if (!v)
		return JV_NONE;
	switch (json_typeof(v)) {
	case JSON_NULL:
		return JV_NULL;
	case JSON_TRUE:
	case JSON_FALSE:
		return JV_BOOL;
	case JSON_STRING:
		return guarded_number(v) ? JV_NUMBER : JV_STRING;
	case JSON_ARRAY:
		return JV_ARRAY;
	case JSON_OBJECT:
		return JV_OBJECT;
	case JSON_INTEGER:
	case JSON_REAL:
		break;
	}
	return JV_NUMBER;
}

const char *
jv_number(const json_t *v)
{
	const char *s = json_is_string(v) ? guarded_number(v) : NULL;

	assert(s);
	return s;
}

bool
jv_int(const json_t *v, int64_t *out)
{
	const char *s = json_is_string(v) ? guarded_number(v) : NULL;
	long long n;

	if (json_is_integer(v)) {
		*out = json_integer_value(v);
		return true;
	}
	if (!s || strpbrk(s, ".eE"))
		return false;
	errno = 0;
	n = strtoll(s, NULL, 10);
	if (errno == ERANGE)
		return false;
	*out = n;
	return true;
}

struct member {
	const char *name;
	const json_t *value;
};

static int
compare_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
write_object(struct buf *b, const json_t *v, bool sorted)
{
	size_t i, n = json_object_size(v);
	struct member *m = calloc(n ? n : 1, sizeof(*m));
	json_t *object = (json_t *)v;
	void *iter = json_object_iter(object);

	if (!m)
		abort();
	for (i = 0; i < n; i++) {
		m[i].name = json_object_iter_key(iter);
		m[i].value = json_object_iter_value(iter);
		iter = json_object_iter_next(object, iter);
	}
	if (sorted)
		qsort(m, n, sizeof(*m), compare_members);
	buf_addc(b, '{');
	for (i = 0; i < n; i++) {
		if (i)
			buf_addc(b, ',');
		buf_add_json(b, m[i].name, strlen(m[i].name));
		buf_addc(b, ':');
		jv_write(b, m[i].value, sorted);
	}
	buf_addc(b, '}');
	free(m);
}

static void
write_array(struct buf *b, const json_t *v, bool sorted)
{
	size_t i, n = json_array_size(v);

	buf_addc(b, '[');
	for (i = 0; i < n; i++) {
		if (i)
			buf_addc(b, ',');
		jv_write(b, json_array_get(v, i), sorted);
	}
	buf_addc(b, ']');
}

static void
write_string(struct buf *b, const json_t *v)
{
	const char *number = guarded_number(v);

	if (number)
		buf_adds(b, number);
	else
		buf_add_json(b, json_string_value(v), json_string_length(v));
}

void
jv_write(struct buf *b, const json_t *v, bool sorted)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		write_object(b, v, sorted);
		break;
	case JSON_ARRAY:
		write_array(b, v, sorted);
		break;
	case JSON_STRING:
		write_string(b, v);
		break;
	case JSON_INTEGER:
		buf_add_i64(b, json_integer_value(v));
		break;
	case JSON_REAL:
		assert(!"a real lost its digits");
		break;
	case JSON_TRUE:
		buf_adds(b, "true");
		break;
	case JSON_FALSE:
		buf_adds(b, "false");
		break;
	case JSON_NULL:
		buf_adds(b, "null");
		break;
	}
}
