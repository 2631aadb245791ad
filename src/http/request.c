#include "http/internal.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "model/audit.h"
#include "vault/rand.h"

#define HEADER_NAME_MAX 64

/* Where names end is looked up once, for all that are asked for. */
static void
read_params(const struct request *rq)
{
	struct transport *t = rq->transport;
	char **envp = t->fcgx.envp;
	unsigned n = 0;

	while (envp && envp[n])
		n++;
	t->params = arena_calloc(rq->arena, n, sizeof(*t->params));
	for (t->nparams = 0; t->nparams < n; t->nparams++)
		t->params[t->nparams] = (struct param){
		    envp[t->nparams], strcspn(envp[t->nparams], "=")};
}

/* The next parameter of a name, from place *i on, which moves behind it; NULL
 * if there is none. */
static const char *
next_param(const struct request *rq, const char *name, size_t n, unsigned *i)
{
	const struct transport *t = rq->transport;

	if (!t->params)
		read_params(rq);
	while (*i < t->nparams) {
		const struct param *p = &t->params[(*i)++];

		if (p->n == n && !memcmp(p->text, name, n) && p->text[n])
			return p->text + n + 1;
	}
	return NULL;
}

const char *
request_param(const struct request *rq, const char *name)
{
	unsigned i = 0;

	return next_param(rq, name, strlen(name), &i);
}

unsigned
request_param_count(const struct request *rq, const char *name)
{
	size_t n = strlen(name);
	unsigned i = 0, found = 0;

	while (next_param(rq, name, n, &i))
		found++;
	return found;
}

/* RFC 3875, section 4.1.18: upper case, '-' becomes '_'. */
const char *
request_header(const struct request *rq, const char *name)
{
	char param[HEADER_NAME_MAX + 6] = "HTTP_";
	size_t i, n = strlen(name);

	assert(n <= HEADER_NAME_MAX);
	for (i = 0; i < n; i++) {
		char c = name[i];

		param[5 + i] = (char)(c == '-' ? '_' : toupper(c));
	}
	param[5 + n] = '\0';
	return request_param(rq, param);
}

static bool
id_sane(const char *id)
{
	static const char CHARS[] = "abcdefghijklmnopqrstuvwxyz"
	                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t n = strlen(id);

	return n > 0 && n <= REQUEST_ID_MAX && strspn(id, CHARS) == n;
}

/* nginx names the request and tells the client; without it we do both. */
static void
open_id(struct request *rq)
{
	const char *id = request_param(rq, "COFFER_REQUEST_ID");
	struct uuid u;

	if (id && id_sane(id)) {
		memcpy(rq->id, id, strlen(id) + 1);
	} else {
		rand_uuid(&u);
		uuid_format(&u, rq->id);
		rq->transport->names_request = true;
	}
	log_request(rq->id);
}

/* No path of ours holds control characters or broken UTF-8. */
static bool
path_sane(const char *path)
{
	const char *p;

	for (p = path; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	}
	return utf8_valid(path, (size_t)(p - path));
}

enum err_code
request_open(struct request *rq, struct err *e)
{
	const char *query = request_param(rq, "QUERY_STRING");

	open_id(rq);
	rq->method = request_param(rq, "REQUEST_METHOD");
	rq->path = request_param(rq, "SCRIPT_NAME");
	rq->query = query ? query : "";
	rq->remote_addr = request_param(rq, "REMOTE_ADDR");
	if (!rq->remote_addr)
		rq->remote_addr = "";
	if (!rq->method || !rq->path)
		return err_fault(e, ERR_INTERNAL,
		    "no REQUEST_METHOD or SCRIPT_NAME from the web server");
	if (!path_sane(rq->path))
		return err_set(e, ERR_NOT_FOUND, NULL);
	return ERR_OK;
}

bool
request_is_head(const struct request *rq)
{
	return rq->method && !strcmp(rq->method, "HEAD");
}

/* application/x-www-form-urlencoded; an escape that is none stays as it is.
 * NULL if the result is not text. */
static char *
decode(struct arena *a, const char *s, size_t n)
{
	char *text = arena_alloc(a, n + 1), *out = text;
	size_t i;

	for (i = 0; i < n; i++) {
		char c = s[i] == '+' ? ' ' : s[i];

		if (c == '%' && n - i > 2 && hex_digit(s[i + 1]) >= 0 &&
		    hex_digit(s[i + 2]) >= 0) {
			c = (char)(hex_digit(s[i + 1]) << 4 |
			           hex_digit(s[i + 2]));
			i += 2;
		}
		*out++ = c;
	}
	*out = '\0';
	return utf8_valid(text, (size_t)(out - text)) ? text : NULL;
}

bool
request_query_next(
    struct request *rq, size_t *pos, const char **name, const char **value)
{
	const char *p = rq->query + *pos, *eq;
	size_t n, nname;

	while (*p == '&')
		p++;
	if (!*p)
		return false;
	n = strcspn(p, "&");
	eq = memchr(p, '=', n);
	nname = eq ? (size_t)(eq - p) : n;
	*name = decode(rq->arena, p, nname);
	*value = eq ? decode(rq->arena, eq + 1, n - nname - 1)
	            : decode(rq->arena, "", 0);
	*pos = (size_t)(p + n - rq->query);
	return true;
}

const char *
request_query(struct request *rq, const char *name)
{
	const char *got, *value;
	size_t pos = 0;

	while (request_query_next(rq, &pos, &got, &value))
		if (got && !strcmp(got, name))
			return value;
	return NULL;
}

bool
request_is_type(const struct request *rq, const char *media_type)
{
	const char *type = request_param(rq, "CONTENT_TYPE");
	size_t n = strlen(media_type);

	if (!type || strncasecmp(type, media_type, n) != 0)
		return false;
	type += n;
	type += strspn(type, " \t");
	return *type == '\0' || *type == ';';
}

void
request_invalid(struct request *rq, const char *name, const char *fmt, ...)
{
	struct invalid_param *p;
	char text[500];
	va_list ap;

	if (rq->ninvalid++ >= INVALID_PARAMS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p = arena_alloc(rq->arena, sizeof(*p));
	*p = (struct invalid_param){.name = arena_strdup(rq->arena, name),
	    .reason = arena_strdup(rq->arena, text)};
	if (rq->invalid)
		rq->invalid_end->next = p;
	else
		rq->invalid = p;
	rq->invalid_end = p;
}

void
request_unsay(struct request *rq)
{
	assert(!rq->resp.streaming && !rq->audit_done);
	rq->resp.status = 0;
	buf_reset(&rq->resp.headers);
	buf_reset(&rq->resp.body);
	rq->invalid = rq->invalid_end = NULL;
	rq->ninvalid = 0;
	rq->audit_has_subject = false;
	rq->audit_detail = NULL;
}

void
request_audit(
    struct request *rq, const struct uuid *subject, const char *fmt, ...)
{
	char text[AUDIT_DETAIL_MAX];
	va_list ap;

	rq->audit_has_subject = subject != NULL;
	if (subject)
		rq->audit_subject = *subject;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rq->audit_detail = arena_strndup(rq->arena, text, strlen(text));
}
