#include "scv/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "http/route.h"
#include "model/cursor.h"

#define NAME_SHOWN 40
#define SPLIT_LEN 16
#define LINK_MAX 16000 /* bytes: nginx takes 32 kB of headers */

#define UNRESERVED                                             \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789-._~" /* RFC 3986, section 2.3 */

/* A name that an answer may repeat, for it is but a name. */
static const char *
shown(const char *name)
{
	size_t n = name ? strlen(name) : 0;

	if (!n || n > NAME_SHOWN || strspn(name, UNRESERVED "[]$") != n)
		return "query";
	return name;
}

static void
take(struct query *q, const char *name, const char *value)
{
	const struct query_param *params = q->params;
	unsigned i;

	for (i = 0; params[i].name; i++)
		if (name && !strcmp(params[i].name, name))
			break;
	if (!params[i].name)
		request_invalid(
		    q->rq, shown(name), "there is no such parameter");
	else if (!value)
		request_invalid(q->rq, params[i].name, "must be text in UTF-8");
	else if (q->given[i] && !params[i].open)
		request_invalid(q->rq, params[i].name, "is given twice");
	else if (!*value && !params[i].open)
		request_invalid(q->rq, params[i].name, "must not be empty");
	if (params[i].name)
		q->given[i] = value ? value : "";
}

void
query_read(
    struct request *rq, const struct query_param *params, struct query *out)
{
	const char *name, *value;
	size_t pos = 0;

	*out = (struct query){.rq = rq, .params = params};
	while (request_query_next(rq, &pos, &name, &value))
		take(out, name, value);
}

enum err_code
query_end(const struct request *rq, struct err *e)
{
	return rq->ninvalid ? err_set(e, ERR_BAD_REQUEST, "Invalid parameters")
	                    : ERR_OK;
}

static void
read_size(const struct query *q, const char *s, struct paging *out)
{
	size_t n = strlen(s);

	out->size = 0;
	if (n && n <= 4 && strspn(s, "0123456789") == n)
		out->size = (unsigned)atoi(s);
	if (*s && (!out->size || out->size > LIST_MAX))
		request_invalid(q->rq, "page[size]",
		    "must be a whole number from 1 to %d", LIST_MAX);
}

void
paging_read(const struct query *q, unsigned first, struct paging *out)
{
	const char *size = q->given[first], *before = q->given[first + 1],
	           *after = q->given[first + 2];

	*out = (struct paging){.size = PAGE_SIZE_DEFAULT,
	    .cursor = before ? before : after,
	    .backward = before != NULL};
	if (size)
		read_size(q, size, out);
	if (!before || !after)
		return;
	request_invalid(
	    q->rq, "page[before]", "cannot be given beside page[after]");
	request_invalid(
	    q->rq, "page[after]", "cannot be given beside page[before]");
	out->cursor = NULL;
}

static void
put_u64(uint8_t *p, uint64_t v)
{
	put_u32(p, (uint32_t)v);
	put_u32(p + 4, (uint32_t)(v >> 32));
}

static uint64_t
get_u64(const uint8_t *p)
{
	return get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

/* The list's name within the account. */
static const char *
full_name(struct request *rq, const char *list)
{
	return arena_printf(
	    rq->arena, "%s\n%s\n%s", rq->route->name, rq->workspace_text, list);
}

enum err_code
paging_open(
    struct request *rq, const char *list, struct paging *p, struct err *e)
{
	uint8_t place[SPLIT_LEN];
	enum err_code rc;

	if (!p->cursor || !*p->cursor)
		return ERR_OK;
	rc = cursor_read(rq->site, &rq->ctx, full_name(rq, list), p->cursor,
	    place, sizeof(place), e);
	if (rc == ERR_BAD_REQUEST) {
		request_invalid(rq,
		    p->backward ? "page[before]" : "page[after]",
		    "is no cursor of this list");
		return query_end(rq, e);
	}
	if (!rc)
		p->split = (struct list_split){
		    (int64_t)get_u64(place), get_u64(place + 8)};
	return rc;
}

static void
add_encoded(struct buf *b, const char *s)
{
	static const char HEX[] = "0123456789ABCDEF";

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (strchr(UNRESERVED "$,", c)) {
			buf_addc(b, *s);
			continue;
		}
		buf_addc(b, '%');
		buf_addc(b, HEX[c >> 4]);
		buf_addc(b, HEX[c & 15]);
	}
}

static void
add_param(struct buf *b, const char *name, const char *value)
{
	add_encoded(b, name);
	buf_addc(b, '=');
	add_encoded(b, value);
}

/* The same list, from the split on or up to it. */
static enum err_code
make_link(struct request *rq, const char *list, const char *param,
    const struct list_split *split, const char **out, struct err *e)
{
	const char *name, *value, *cursor;
	uint8_t place[SPLIT_LEN];
	struct buf b = {0};
	size_t pos = 0;
	enum err_code rc;

	put_u64(place, (uint64_t)split->date);
	put_u64(place + 8, split->place);
	rc = cursor_make(rq->site, &rq->ctx, full_name(rq, list), place,
	    sizeof(place), rq->arena, &cursor, e);
	if (rc)
		return rc;
	buf_addf(&b, "https://%s%s?", rq->site->conf->server_hostname,
	    rq->route->path);
	while (request_query_next(rq, &pos, &name, &value)) {
		if (!strcmp(name, "page[before]") ||
		    !strcmp(name, "page[after]"))
			continue;
		add_param(&b, name, value);
		buf_addc(&b, '&');
	}
	add_param(&b, param, cursor);
	*out = arena_strndup(rq->arena, b.data, b.len);
	buf_free(&b);
	return ERR_OK;
}

enum err_code
links_make(struct request *rq, const char *list,
    const struct customer_page *page, struct links *out, struct err *e)
{
	enum err_code rc = ERR_OK;

	*out = (struct links){NULL, NULL};
	if (page->prev)
		rc = make_link(
		    rq, list, "page[before]", &page->begin, &out->prev, e);
	if (!rc && page->next)
		rc = make_link(
		    rq, list, "page[after]", &page->end, &out->next, e);
	return rc;
}

void
links_header(struct request *rq, const struct links *l)
{
	struct buf b = {.max = LINK_MAX};

	if (l->prev)
		buf_addf(&b, "<%s>; rel=\"prev\"", l->prev);
	if (l->next)
		buf_addf(
		    &b, "%s<%s>; rel=\"next\"", l->prev ? ", " : "", l->next);
	if (b.len && !b.overflow)
		resp_header(rq, "Link", b.data);
	buf_free(&b);
}

static void
write_link(struct buf *out, const char *url)
{
	if (url)
		buf_add_json(out, url, strlen(url));
	else
		buf_adds(out, "null");
}

void
links_write(struct buf *out, const struct links *l)
{
	buf_adds(out, "\"links\":{\"prev\":");
	write_link(out, l->prev);
	buf_adds(out, ",\"next\":");
	write_link(out, l->next);
	buf_addc(out, '}');
}
