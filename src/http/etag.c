#include "http/etag.h"

#include <stdio.h>
#include <string.h>

void
etag_header(struct request *rq, uint32_t revision)
{
	char text[16];

	snprintf(text, sizeof(text), "\"%u\"", revision);
	resp_header(rq, "ETag", text);
}

/* The revision that an opaque tag of n characters is; 0 if it is none. */
static uint32_t
revision_of(const char *s, size_t n)
{
	uint64_t v = 0;
	size_t i;

	if (!n || n > 10 || s[0] == '0')
		return 0;
	for (i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return 0;
		v = v * 10 + (uint64_t)(s[i] - '0');
	}
	return v <= UINT32_MAX ? (uint32_t)v : 0;
}

struct tag {
	bool weak;
	uint32_t revision; /* 0: that of no customer */
};

/* The next entity-tag at *p; false if there is none. */
static bool
next_tag(const char **p, struct tag *out)
{
	const char *s = *p, *end;

	out->weak = !strncmp(s, "W/", 2);
	if (out->weak)
		s += 2;
	if (*s != '"')
		return false;
	end = strchr(++s, '"');
	if (!end)
		return false;
	out->revision = revision_of(s, (size_t)(end - s));
	*p = end + 1;
	return true;
}

/* Moves past what stands between two tags; false if it is not a comma. */
static bool
next_comma(const char **p)
{
	const char *s = *p + strspn(*p, " \t");
	bool comma = *s == ',';

	*p = s + strspn(s, ", \t");
	return comma;
}

/* A list of up to PRECONDITION_MAX tags; false if it is malformed. */
static bool
read_tags(const char *s, bool weak_too, struct precondition *out)
{
	struct tag tag;
	unsigned n = 0;

	*out = (struct precondition){0};
	s += strspn(s, " \t");
	if (*s == '*') {
		out->any = true;
		return !s[1 + strspn(s + 1, " \t")];
	}
	do {
		if (n++ == PRECONDITION_MAX || !next_tag(&s, &tag))
			return false;
		if (tag.revision && (weak_too || !tag.weak))
			out->list[out->n++] = tag.revision;
	} while (next_comma(&s) && *s);
	return !*s;
}

enum err_code
etag_if_match(const struct request *rq, bool *given, struct precondition *out,
    struct err *e)
{
	const char *value = request_header(rq, "if-match");

	*given = value != NULL;
	if (!value || read_tags(value, false, out))
		return ERR_OK;
	return err_set(e, ERR_BAD_REQUEST,
	    "If-Match must be * or up to %d entity tags", PRECONDITION_MAX);
}

enum err_code
etag_if_none(const struct request *rq, bool *given, struct err *e)
{
	const char *value = request_header(rq, "if-none-match");
	struct precondition tags;

	*given = value != NULL;
	if (!value || (read_tags(value, false, &tags) && tags.any))
		return ERR_OK;
	return err_set(e, ERR_BAD_REQUEST,
	    "If-None-Match must be * where a customer may be created");
}

bool
etag_none_match(const struct request *rq, uint32_t revision)
{
	const char *value = request_header(rq, "if-none-match");
	struct precondition tags;
	unsigned i;

	if (!value || !read_tags(value, true, &tags))
		return false;
	for (i = 0; i < tags.n; i++)
		if (tags.list[i] == revision)
			return true;
	return tags.any;
}
