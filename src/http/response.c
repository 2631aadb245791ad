#include "http/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/clock.h"

#define FLUSH_BYTES 32768
#define CUT_ROOM (1 << 20)

static struct buf *
begin(struct request *rq, int status, const char *type)
{
	assert(!rq->resp.streaming);
	rq->resp.status = status;
	rq->resp.type = type;
	buf_reset(&rq->resp.body);
	return &rq->resp.body;
}

struct buf *
resp_json(struct request *rq, int status)
{
	return begin(rq, status, "application/json");
}

static void
add_header(struct buf *out, const char *name, const char *value)
{
	buf_adds(out, name);
	buf_adds(out, ": ");
	buf_adds(out, value);
	buf_adds(out, "\r\n");
}

void
resp_header(struct request *rq, const char *name, const char *value)
{
	const char *p;

	for (p = value; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			abort();
	}
	add_header(&rq->resp.headers, name, value);
}

/* The client's time left becomes the time that a write may block. */
static void
arm(const struct transport *t)
{
	struct timeval tv = {
	    .tv_sec = t->budget / 1000, .tv_usec = t->budget % 1000 * 1000};

	setsockopt(t->fcgx.ipcFd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

/* Whether libfcgi takes n bytes into its buffer, without a write. */
static bool
fits(const struct transport *t, size_t n)
{
	const FCGX_Stream *out = t->fcgx.out;

	return !t->broken && n <= (size_t)(out->stop - out->wrNext);
}

/* Hands bytes to nginx in slices, and takes the waiting off the budget, so
 * that a client that reads slowly frees the process in the end (S31). */
static void
put(struct transport *t, const char *p, size_t n)
{
	if (fits(t, n)) {
		FCGX_PutStr(p, (int)n, t->fcgx.out);
		return;
	}
	t->wrote = true;
	while (n && !t->broken) {
		size_t slice = n < FLUSH_BYTES ? n : FLUSH_BYTES;
		int64_t start = clock_mono_ms();

		if (t->budget > 0) {
			arm(t);
			deadline_set(t->fcgx.ipcFd, t->budget);
		}
		if (t->budget <= 0 ||
		    FCGX_PutStr(p, (int)slice, t->fcgx.out) < 0)
			t->broken = true;
		deadline_clear();
		t->budget -= clock_mono_ms() - start;
		p += slice;
		n -= slice;
	}
}

/* RFC 9110, section 15; an unknown status goes without a phrase. */
static const char *
reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} TABLE[] = {{200, "OK"}, {201, "Created"}, {202, "Accepted"},
	    {204, "No Content"}, {304, "Not Modified"}, {400, "Bad Request"},
	    {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"},
	    {405, "Method Not Allowed"}, {409, "Conflict"}, {410, "Gone"},
	    {412, "Precondition Failed"}, {413, "Content Too Large"},
	    {415, "Unsupported Media Type"}, {429, "Too Many Requests"},
	    {500, "Internal Server Error"}, {501, "Not Implemented"},
	    {503, "Service Unavailable"}};
	size_t i;

	for (i = 0; i < sizeof(TABLE) / sizeof(TABLE[0]); i++) {
		if (TABLE[i].status == status)
			return TABLE[i].text;
	}
	return "";
}

/* Headers of every answer (S34), then those of this one. */
static void
put_head(struct request *rq)
{
	struct response *r = &rq->resp;
	struct buf head = {.max = 0};

	bool bare = r->status == 204 || r->status == 304;

	assert(!rq->proof.owed);
	buf_adds(&head, "Status: ");
	buf_add_u64(&head, (uint64_t)r->status);
	buf_addc(&head, ' ');
	buf_adds(&head, reason(r->status));
	buf_adds(&head, "\r\nCache-Control: no-store\r\n"
	                "X-Content-Type-Options: nosniff\r\n");
	if (!bare)
		add_header(&head, "Content-Type", r->type);
	if (!r->streaming && !bare) {
		buf_adds(&head, "Content-Length: ");
		buf_add_u64(&head, r->body.len);
		buf_adds(&head, "\r\n");
	}
	if (rq->transport->names_request)
		add_header(&head, "X-Request-Id", rq->id);
	buf_add(&head, r->headers.data, r->headers.len);
	buf_adds(&head, "\r\n");
	put(rq->transport, head.data, head.len);
	buf_free(&head);
}

/* What is built of the body goes, unless the head alone was asked for. */
static void
put_body(struct request *rq)
{
	if (!request_is_head(rq))
		put(rq->transport, rq->resp.body.data, rq->resp.body.len);
}

struct buf *
resp_stream(struct request *rq, int status, const char *type)
{
	return begin(rq, status, type);
}

enum err_code
resp_flush(struct request *rq, struct err *e)
{
	struct buf *body = &rq->resp.body;
	struct transport *t = rq->transport;

	if (body->len <= FLUSH_BYTES && !t->broken)
		return ERR_OK;
	if (!rq->resp.streaming) {
		rq->resp.streaming = true;
		request_note_read(rq);
		put_head(rq);
	}
	put_body(rq);
	buf_reset(body);
	if (t->broken)
		return err_fault(e, ERR_INTERNAL, "the client went away");
	return ERR_OK;
}

/* The stream of errors, in which nothing is, is closed first: the end of the
 * request then goes in one write with the end of the answer. An answer that is
 * whole in libfcgi's buffer is the first that the socket is given, and does not
 * wait for the client. */
bool
resp_send(struct request *rq)
{
	struct transport *t = rq->transport;

	if (!rq->resp.streaming)
		put_head(rq);
	put_body(rq);
	if (t->wrote)
		deadline_set(t->fcgx.ipcFd, t->budget);
	if (!t->broken &&
	    (FCGX_FClose(t->fcgx.err) || FCGX_FClose(t->fcgx.out)))
		t->broken = true;
	if (t->wrote)
		deadline_clear();
	return !t->broken;
}

/* nginx takes the end of a connection for the end of an answer that has no
 * length, but a record of no FastCGI version for a fault: it then closes its
 * own connection, which the client sees. libfcgi writes whole records, each
 * small enough for the kernel to take or refuse as one, so that this one
 * begins where a record may. The buffer grows for it, which may be full. */
void
resp_cut(struct request *rq)
{
	static const char no_record[8];
	struct transport *t = rq->transport;
	int fd = t->fcgx.ipcFd, room = CUT_ROOM;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	send(fd, no_record, sizeof(no_record), MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(fd, SHUT_RDWR);
	t->broken = true;
}
