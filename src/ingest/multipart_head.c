/*
 * What stands in the headers of multipart/form-data: the boundary, and the
 * header block of a part.
 */
#include "ingest/multipart.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

/* A header value being read. */
struct cursor {
	const char *s, *end;
};

static bool
is_token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static void
skip_space(struct cursor *c)
{
	while (c->s < c->end && (*c->s == ' ' || *c->s == '\t'))
		c->s++;
}

static bool
take_char(struct cursor *c, char want)
{
	skip_space(c);
	if (c->s == c->end || *c->s != want)
		return false;
	c->s++;
	return true;
}

/* A token (RFC 9110, section 5.6.2) in the arena; NULL if there is none.
 * `more` are characters that count as well. */
static char *
take_token(struct cursor *c, struct arena *a, const char *more)
{
	const char *from;

	skip_space(c);
	from = c->s;
	while (c->s < c->end &&
	       (is_token(*c->s) || (*c->s && strchr(more, *c->s))))
		c->s++;
	return c->s > from ? arena_strndup(a, from, (size_t)(c->s - from))
	                   : NULL;
}

/* A quoted string, from after its opening quote; NULL if it never closes. A
 * backslash stands for itself but before a quote or another one (clients
 * differ, and file names of Windows hold them). */
static char *
take_quoted(struct cursor *c, struct arena *a)
{
	char *out = arena_alloc(a, (size_t)(c->end - c->s) + 1), *p = out;

	for (; c->s < c->end && *c->s != '"'; c->s++) {
		if (*c->s == '\\' && c->s + 1 < c->end &&
		    (c->s[1] == '"' || c->s[1] == '\\'))
			c->s++;
		*p++ = *c->s;
	}
	return take_char(c, '"') ? out : NULL;
}

/* The next "; name=value"; false at the end or, with *bad, if malformed. */
static bool
take_param(
    struct cursor *c, struct arena *a, char **name, char **value, bool *bad)
{
	if (!take_char(c, ';')) {
		*bad = c->s < c->end;
		return false;
	}
	skip_space(c);
	if (c->s == c->end)
		return false;
	*name = take_token(c, a, "");
	*value = NULL;
	if (*name && take_char(c, '='))
		*value = take_char(c, '"') ? take_quoted(c, a)
		                           : take_token(c, a, "/:?=()@,");
	*bad = !*value;
	return *value != NULL;
}

/* RFC 2046, section 5.1.1: bchars, and no space at the end. */
static bool
boundary_valid(const char *s)
{
	size_t i, n = strlen(s);

	if (!n || n > MULTIPART_BOUNDARY_MAX || s[n - 1] == ' ')
		return false;
	for (i = 0; i < n; i++) {
		if (!((s[i] >= 'a' && s[i] <= 'z') ||
		        (s[i] >= 'A' && s[i] <= 'Z') ||
		        (s[i] >= '0' && s[i] <= '9') ||
		        strchr("'()+_,-./:=? ", s[i])))
			return false;
	}
	return true;
}

static enum err_code
find_boundary(
    const char *type, struct arena *a, const char **out, struct err *e)
{
	struct cursor c = {type, type + strlen(type)};
	char *media = take_token(&c, a, "/"), *name, *value;
	bool bad = false;

	*out = NULL;
	if (!media || strcasecmp(media, "multipart/form-data"))
		return err_set(e, ERR_MEDIA_TYPE, NULL);
	while (take_param(&c, a, &name, &value, &bad)) {
		if (strcasecmp(name, "boundary"))
			continue;
		if (*out)
			return err_set(e, ERR_BAD_REQUEST,
			    "multipart: two boundaries in Content-Type");
		*out = value;
	}
	if (bad)
		return err_set(
		    e, ERR_BAD_REQUEST, "multipart: Content-Type is malformed");
	if (!*out)
		return err_set(e, ERR_BAD_REQUEST,
		    "multipart: Content-Type has no boundary");
	if (!boundary_valid(*out))
		return err_set(e, ERR_BAD_REQUEST,
		    "multipart: a boundary has 1 to %d characters of those "
		    "that RFC 2046 allows",
		    MULTIPART_BOUNDARY_MAX);
	return ERR_OK;
}

enum err_code
multipart_boundary(const char *content_type,
    char out[MULTIPART_BOUNDARY_MAX + 1], struct err *e)
{
	struct arena *a = arena_new(1024);
	const char *boundary;
	enum err_code code = find_boundary(content_type, a, &boundary, e);

	if (!code)
		strcpy(out, boundary);
	arena_free(&a);
	return code;
}

static enum err_code
malformed(struct err *e, const char *what)
{
	return err_set(e, ERR_BAD_REQUEST, "multipart: %s", what);
}

static bool
name_valid(const char *s)
{
	const char *p;

	for (p = s; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	}
	return *s && utf8_valid(s, strlen(s));
}

static enum err_code
read_disposition(
    struct cursor c, struct arena *a, struct multipart_part *out, struct err *e)
{
	char *kind = take_token(&c, a, ""), *name, *value;
	bool bad = false;

	if (out->name)
		return malformed(e, "a part has two Content-Dispositions");
	if (!kind || strcasecmp(kind, "form-data"))
		return malformed(e, "a part is not form-data");
	while (take_param(&c, a, &name, &value, &bad)) {
		if (strcasecmp(name, "name"))
			continue;
		if (out->name)
			return malformed(e, "a part has two names");
		out->name = value;
	}
	if (bad)
		return malformed(e, "a Content-Disposition is malformed");
	if (!out->name)
		return malformed(e, "a part has no name");
	if (!name_valid(out->name))
		return malformed(e, "the name of a part is not valid");
	return ERR_OK;
}

static enum err_code
read_type(
    struct cursor c, struct arena *a, struct multipart_part *out, struct err *e)
{
	char *type = take_token(&c, a, "/"), *p;

	if (out->type)
		return malformed(e, "a part has two Content-Types");
	if (!type || !strchr(type, '/'))
		return malformed(e, "the Content-Type of a part is malformed");
	for (p = type; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	}
	if (!strncmp(type, "multipart/", 10))
		return malformed(e, "a part is multipart itself");
	out->type = type;
	return ERR_OK;
}

static enum err_code
read_encoding(struct cursor c, struct arena *a, struct err *e)
{
	char *word = take_token(&c, a, "");

	if (word && (!strcasecmp(word, "7bit") || !strcasecmp(word, "8bit") ||
	                !strcasecmp(word, "binary")))
		return ERR_OK;
	return malformed(e, "a Content-Transfer-Encoding that is not binary");
}

static enum err_code
read_line(const char *s, size_t n, struct arena *a, struct multipart_part *out,
    struct err *e)
{
	struct cursor c = {s, s + n};
	char *name;

	if (n && (*s == ' ' || *s == '\t'))
		return malformed(e, "a part's header is folded");
	name = take_token(&c, a, "");
	if (!name || !take_char(&c, ':') || memchr(s, '\0', n))
		return malformed(e, "a part's header is malformed");
	if (!strcasecmp(name, "content-disposition"))
		return read_disposition(c, a, out, e);
	if (!strcasecmp(name, "content-type"))
		return read_type(c, a, out, e);
	if (!strcasecmp(name, "content-transfer-encoding"))
		return read_encoding(c, a, e);
	return ERR_OK;
}

enum err_code
multipart_head(const char *s, size_t n, struct arena *a,
    struct multipart_part *out, struct err *e)
{
	const char *end = s + n, *eol;
	enum err_code code;

	*out = (struct multipart_part){0};
	for (; s < end; s = eol + 2) {
		eol = memmem(s, (size_t)(end - s), "\r\n", 2);
		if (!eol)
			return malformed(e, "a part's header is malformed");
		code = read_line(s, (size_t)(eol - s), a, out, e);
		if (code)
			return code;
	}
	if (!out->name)
		return malformed(e, "a part has no name");
	return ERR_OK;
}
