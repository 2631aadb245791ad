#include "ingest/multipart.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"

#define WINDOW 65536

/* A body being read: a window that slides over it. */
struct reader {
	json_source *source;
	void *source_arg;
	size_t max_bytes, bytes; /* read so far */
	struct arena *arena;
	const struct multipart_sink *sink;
	void *sink_arg;

	char delimiter[MULTIPART_BOUNDARY_MAX + 5]; /* CRLF "--" boundary */
	size_t ndelimiter;

	const char *names[MULTIPART_PARTS_MAX];
	unsigned nparts;
	bool closed; /* the last boundary was seen */

	char window[WINDOW];
	size_t pos, len;
	bool end;
};

static enum err_code
refuse(struct err *e, const char *what)
{
	return err_set(e, ERR_BAD_REQUEST, "multipart: %s", what);
}

/* Moves what is left to the front and reads more behind it. At the end of the
 * body r->end is set. The window is never full when this is called. */
static enum err_code
fill(struct reader *r, struct err *e)
{
	long n;

	memmove(r->window, r->window + r->pos, r->len - r->pos);
	r->len -= r->pos;
	r->pos = 0;
	n = r->source(r->source_arg, r->window + r->len, WINDOW - r->len);
	if (n < 0)
		return refuse(e, "the body could not be read to its end");
	r->end = n == 0;
	r->len += (size_t)n;
	r->bytes += (size_t)n;
	if (r->bytes > r->max_bytes)
		return err_set(
		    e, ERR_TOO_LARGE, "a body over %zu bytes", r->max_bytes);
	return ERR_OK;
}

/* Sees to it that n bytes are there to look at. */
static enum err_code
need(struct reader *r, size_t n, struct err *e)
{
	enum err_code code;

	while (r->len - r->pos < n) {
		if (r->end)
			return refuse(e, "the body ends early");
		code = fill(r, e);
		if (code)
			return code;
	}
	return ERR_OK;
}

static const char *
find(const struct reader *r, const char *what, size_t n)
{
	return memmem(r->window + r->pos, r->len - r->pos, what, n);
}

/* What follows a boundary: "--" after the last, else white space and CRLF. */
static enum err_code
after_boundary(struct reader *r, struct err *e)
{
	enum err_code code;
	const char *s;

	do {
		code = need(r, 2, e);
		if (code)
			return code;
		s = r->window + r->pos;
		r->pos++;
	} while (*s == ' ' || *s == '\t');
	r->closed = !memcmp(s, "--", 2);
	if (!r->closed && memcmp(s, "\r\n", 2))
		return refuse(e, "something follows a boundary on its line");
	r->pos++;
	return ERR_OK;
}

/* To after the first boundary. RFC 7578 has no preamble: what looks like one
 * is a body with another boundary than its header says. */
static enum err_code
first_boundary(struct reader *r, struct err *e)
{
	size_t n = r->ndelimiter - 2;
	enum err_code code = need(r, 2, e);

	if (!code && !memcmp(r->window, "\r\n", 2))
		r->pos = 2;
	if (!code)
		code = need(r, n, e);
	if (code)
		return code;
	if (memcmp(r->window + r->pos, r->delimiter + 2, n))
		return refuse(e, "the body does not begin with its boundary");
	r->pos += n;
	return after_boundary(r, e);
}

static enum err_code
remember(struct reader *r, const char *name, struct err *e)
{
	unsigned i;

	for (i = 0; i < r->nparts; i++) {
		if (!strcmp(r->names[i], name))
			return err_set(e, ERR_BAD_REQUEST,
			    "multipart: part \"%.*s\" comes twice",
			    (int)utf8_cut(name, strnlen(name, 64)), name);
	}
	r->names[r->nparts++] = name;
	return ERR_OK;
}

/* Reads the header block up to and with its blank line. */
static enum err_code
read_head(struct reader *r, struct multipart_part *out, struct err *e)
{
	enum err_code code = need(r, 2, e);
	const char *end;

	if (!code && !memcmp(r->window + r->pos, "\r\n", 2))
		return refuse(e, "a part has no name");
	while (!code && !(end = find(r, "\r\n\r\n", 4))) {
		if (r->len - r->pos >= MULTIPART_HEAD_MAX)
			break;
		code = need(r, r->len - r->pos + 1, e);
	}
	if (code)
		return code;
	if (!end ||
	    (size_t)(end + 4 - (r->window + r->pos)) > MULTIPART_HEAD_MAX)
		return err_set(e, ERR_BAD_REQUEST,
		    "multipart: a part's header is over %d bytes",
		    MULTIPART_HEAD_MAX);
	code = multipart_head(r->window + r->pos,
	    (size_t)(end + 2 - (r->window + r->pos)), r->arena, out, e);
	r->pos = (size_t)(end + 4 - r->window);
	return code;
}

/* Hands n bytes at pos to the sink. */
static enum err_code
give(struct reader *r, size_t n, struct err *e)
{
	enum err_code code = ERR_OK;

	if (n)
		code = r->sink->data(r->sink_arg, r->window + r->pos, n, e);
	r->pos += n;
	return code;
}

/* Reads a part's data, and the boundary after it. */
static enum err_code
read_data(struct reader *r, struct err *e)
{
	enum err_code code = ERR_OK;
	const char *end;

	while (!code && !(end = find(r, r->delimiter, r->ndelimiter))) {
		/* The last bytes may be the beginning of a boundary. */
		if (r->len - r->pos >= r->ndelimiter)
			code =
			    give(r, r->len - r->pos - (r->ndelimiter - 1), e);
		if (!code)
			code = need(r, r->len - r->pos + 1, e);
	}
	if (!code)
		code = give(r, (size_t)(end - (r->window + r->pos)), e);
	if (code)
		return code;
	r->pos += r->ndelimiter;
	return after_boundary(r, e);
}

static enum err_code
read_part(struct reader *r, struct err *e)
{
	struct multipart_part part;
	enum err_code code;

	if (r->nparts == MULTIPART_PARTS_MAX)
		return err_set(e, ERR_BAD_REQUEST,
		    "multipart: more than %d parts", MULTIPART_PARTS_MAX);
	code = read_head(r, &part, e);
	if (!code)
		code = remember(r, part.name, e);
	if (!code)
		code = r->sink->begin(r->sink_arg, &part, e);
	if (!code)
		code = read_data(r, e);
	if (!code)
		code = r->sink->end(r->sink_arg, e);
	return code;
}

/* What follows the last boundary means nothing, but counts. */
static enum err_code
drain(struct reader *r, struct err *e)
{
	enum err_code code = ERR_OK;

	while (!code && !r->end) {
		r->pos = r->len;
		code = fill(r, e);
	}
	return code;
}

static enum err_code
read_all(struct reader *r, struct err *e)
{
	enum err_code code = first_boundary(r, e);

	while (!code && !r->closed)
		code = read_part(r, e);
	if (!code)
		code = drain(r, e);
	return code;
}

enum err_code
multipart_read(json_source *source, void *source_arg, const char *content_type,
    size_t max_bytes, struct arena *a, const struct multipart_sink *sink,
    void *sink_arg, struct err *e)
{
	struct reader *r = calloc(1, sizeof(*r));
	enum err_code code;

	if (!r)
		abort();
	r->source = source;
	r->source_arg = source_arg;
	r->max_bytes = max_bytes;
	r->arena = a;
	r->sink = sink;
	r->sink_arg = sink_arg;
	memcpy(r->delimiter, "\r\n--", 4);
	code = multipart_boundary(content_type, r->delimiter + 4, e);
	r->ndelimiter = strlen(r->delimiter);
	if (!code)
		code = read_all(r, e);
	wipe(r, sizeof(*r));
	free(r);
	return code;
}
