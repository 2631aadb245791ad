/*
 * Multipart/form-data in (RFC 7578, RFC 2046), streamed: parts come to a sink
 * as they arrive, whatever their size, and memory stays bounded.
 *
 * Refused with ERR_BAD_REQUEST and a text that says what: a boundary that is
 * missing, repeated, over 70 characters or malformed; a body that does not
 * begin with it or ends before it closes; a part without a name, of another
 * disposition than form-data, with a header block over 4 KiB or a malformed
 * one, with a transfer encoding that encodes, or that is multipart itself; a
 * name that comes twice; more than 32 parts. A body over the limit is
 * ERR_TOO_LARGE (S28).
 */
#ifndef COFFER_INGEST_MULTIPART_H
#define COFFER_INGEST_MULTIPART_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

#define MULTIPART_PARTS_MAX 32
#define MULTIPART_HEAD_MAX 4096
#define MULTIPART_BOUNDARY_MAX 70

/* What the header of a part says; strings live in the arena. */
struct multipart_part {
	const char *name; /* valid UTF-8 without control characters */
	const char *type; /* media type in lower case; NULL: not given */
};

/* Takes the parts: begin, data any number of times, end. What one of these
 * returns other than ERR_OK ends the reading. */
struct multipart_sink {
	enum err_code (*begin)(
	    void *arg, const struct multipart_part *part, struct err *e);
	enum err_code (*data)(
	    void *arg, const char *p, size_t n, struct err *e);
	enum err_code (*end)(void *arg, struct err *e);
};

/* Reads a body of up to max_bytes to its end. `content_type` is the request's
 * header, with the boundary. */
MUST_CHECK enum err_code multipart_read(json_source *source, void *source_arg,
    const char *content_type, size_t max_bytes, struct arena *a,
    const struct multipart_sink *sink, void *sink_arg, struct err *e);

/* The boundary out of a Content-Type header. */
MUST_CHECK enum err_code multipart_boundary(const char *content_type,
    char out[MULTIPART_BOUNDARY_MAX + 1], struct err *e);

/* Reads the n bytes of a part's header lines, each with its CRLF. */
MUST_CHECK enum err_code multipart_head(const char *s, size_t n,
    struct arena *a, struct multipart_part *out, struct err *e);

#endif
