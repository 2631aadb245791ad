#include "model/audit_record.h"

#include <assert.h>
#include <string.h>

#include "base/utf8.h"

#define AT_MOST INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

static uint8_t *
put(uint8_t *p, uint64_t v, unsigned n)
{
	unsigned i;

	for (i = n; i--; v >>= 8)
		p[i] = (uint8_t)v;
	return p + n;
}

static uint8_t *
put_bytes(uint8_t *p, const void *s, size_t n)
{
	if (n)
		memcpy(p, s, n);
	return p + n;
}

static uint8_t *
put_part(uint8_t *p, const void *s, size_t n, size_t most)
{
	assert(n <= most);
	return put_bytes(put(p, n, 2), s, n);
}

static uint8_t *
put_entry(uint8_t *p, const struct audit_entry *en)
{
	p = put_bytes(p, en->chain, sizeof(en->chain));
	p = put(p, en->n, 8);
	p = put(p, (uint64_t)en->at, 8);
	p = put(p, en->account_id, 4);
	p = put(p, en->workspace_id, 4);
	p = put(p, en->user_id, 4);
	p = put_bytes(p, en->mac, sizeof(en->mac));
	p = put_part(p, en->level.s, en->level.n, AUDIT_LEVEL_MAX);
	p = put_part(p, en->action.s, en->action.n, AUDIT_ACTION_MAX);
	p = put_part(
	    p, en->subject, en->has_subject ? AUDIT_SUBJECT : 0, AUDIT_SUBJECT);
	p = put_part(p, en->request.s, en->request.n, AUDIT_REQUEST_MAX);
	return put_part(p, en->detail.s, en->detail.n, AUDIT_DETAIL_MAX);
}

void
audit_record_write(struct buf *out, const struct audit_entry *en)
{
	uint8_t *head = (uint8_t *)buf_room(
	            out, AUDIT_RECORD_HEAD + AUDIT_RECORD_MAX),
	        *body, *end;

	if (!head)
		return;
	body = head + AUDIT_RECORD_HEAD;
	end = put_entry(body, en);
	put(head, (uint64_t)(end - body), AUDIT_RECORD_HEAD);
	*end = '\0';
	out->len += (size_t)(end - head);
}

/* What is left of a record; what it does not have reads as nothing and makes it
 * `bad`. */
struct rest {
	const uint8_t *p, *end;
	bool bad;
};

static const uint8_t *
take(struct rest *r, size_t n)
{
	const uint8_t *p = r->p;

	if ((size_t)(r->end - p) < n) {
		r->bad = true;
		return NULL;
	}
	r->p += n;
	return p;
}

static uint64_t
take_int(struct rest *r, unsigned n)
{
	const uint8_t *p = take(r, n);
	uint64_t v = 0;

	while (p && n--)
		v = v << 8 | *p++;
	return v;
}

static void
take_bytes(struct rest *r, void *out, size_t n)
{
	const uint8_t *p = take(r, n);

	if (p)
		memcpy(out, p, n);
}

static void
take_text(struct rest *r, size_t most, struct audit_text *out)
{
	size_t n = (size_t)take_int(r, 2);
	const char *s = (const char *)take(r, n);

	*out = (struct audit_text){"", 0};
	if (s && n <= most && utf8_valid(s, n))
		*out = (struct audit_text){s, n};
	else
		r->bad = true;
}

static void
take_subject(struct rest *r, struct audit_entry *out)
{
	size_t n = (size_t)take_int(r, 2);

	out->has_subject = n != 0;
	if (n == AUDIT_SUBJECT)
		take_bytes(r, out->subject, AUDIT_SUBJECT);
	else if (n)
		r->bad = true;
}

static bool
take_entry(struct rest *r, struct audit_entry *out)
{
	memset(out, 0, sizeof(*out));
	take_bytes(r, out->chain, sizeof(out->chain));
	out->n = take_int(r, 8);
	out->at = (int64_t)take_int(r, 8);
	out->account_id = (uint32_t)take_int(r, 4);
	out->workspace_id = (uint32_t)take_int(r, 4);
	out->user_id = (uint32_t)take_int(r, 4);
	take_bytes(r, out->mac, sizeof(out->mac));
	take_text(r, AUDIT_LEVEL_MAX, &out->level);
	take_text(r, AUDIT_ACTION_MAX, &out->action);
	take_subject(r, out);
	take_text(r, AUDIT_REQUEST_MAX, &out->request);
	take_text(r, AUDIT_DETAIL_MAX, &out->detail);
	return !r->bad && r->p == r->end && out->n && out->n <= INT64_MAX &&
	       out->at >= 0 && out->at <= AT_MOST;
}

enum err_code
audit_record_read(const void *p, size_t n, struct audit_entry *out,
    size_t *used_out, struct err *e)
{
	struct rest r = {p, (const uint8_t *)p + n, false};
	uint64_t len;

	*used_out = 0;
	if (n < AUDIT_RECORD_HEAD)
		return ERR_OK;
	len = take_int(&r, AUDIT_RECORD_HEAD);
	if (len < AUDIT_RECORD_LEAST || len > AUDIT_RECORD_MAX)
		return err_set(e, ERR_BAD_REQUEST, "not a record");
	if (len > n - AUDIT_RECORD_HEAD)
		return ERR_OK;
	r.end = r.p + len;
	if (!take_entry(&r, out))
		return err_set(e, ERR_BAD_REQUEST, "not an entry of the log");
	*used_out = AUDIT_RECORD_HEAD + (size_t)len;
	return ERR_OK;
}

const char *
audit_record_next(
    const char *p, size_t n, const uint8_t chain[AUDIT_CHAIN], bool bad)
{
	const size_t known = AUDIT_RECORD_HEAD + AUDIT_CHAIN;
	const char *found = NULL;

	if (n > known)
		found = memmem(p + AUDIT_RECORD_HEAD + 1,
		    n - AUDIT_RECORD_HEAD - 1, chain, AUDIT_CHAIN);
	if (found)
		return found - AUDIT_RECORD_HEAD;
	if (!bad)
		return NULL;
	return n > known ? p + n - (known - 1) : p + 1;
}
