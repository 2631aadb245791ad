#include "http/route.h"

#include <assert.h>
#include <string.h>

#include "http/handlers.h"
#include "base/buf.h"
#include "model/account.h"

const struct route routes[] = {
#define ROUTE(method, path, face, auth, rights, body, reads, handler) \
	{#handler, #method, path, FACE_##face, AUTH_##auth, (rights), \
	    BODY_##body, AUDIT_##reads, handler},
#include "tbl/routes.h"
#undef ROUTE
};
const unsigned routes_count = sizeof(routes) / sizeof(routes[0]);

static bool
fits_operation(const char *s)
{
	static const char TAIL[] = "_customers";
	size_t n = strlen(s), ntail = sizeof(TAIL) - 1;

	return n > ntail && !strcmp(s + n - ntail, TAIL);
}

/* Variables that not every segment fits, so that paths which are nobody's
 * stay unknown. */
static const struct {
	const char *name;
	bool (*fits)(const char *segment);
} CHECKED[] = {
    {"{account}", account_code_valid},
    {"{operation}", fits_operation},
};

static bool
fits(const char *var, size_t nvar, const char *segment)
{
	size_t i;

	for (i = 0; i < sizeof(CHECKED) / sizeof(CHECKED[0]); i++) {
		if (nvar == strlen(CHECKED[i].name) &&
		    !memcmp(var, CHECKED[i].name, nvar))
			return CHECKED[i].fits(segment);
	}
	return true;
}

/* One segment: equal, or a variable whose value is put into *var_out. */
static bool
segment_matches(struct request *rq, const char *want, size_t nwant,
    const char *got, size_t ngot, const char **var_out)
{
	*var_out = NULL;
	if (*want != '{')
		return nwant == ngot && !memcmp(want, got, ngot);
	if (!ngot)
		return false;
	*var_out = arena_strndup(rq->arena, got, ngot);
	return fits(want, nwant, *var_out);
}

/* Whether a path begins as a row does, up to its first variable. */
static bool
begins(const char *got, const char *want)
{
	while (*want && *want != '{')
		if (*want++ != *got++)
			return false;
	return true;
}

static bool
path_matches(struct request *rq, const char *want)
{
	const char *got = rq->path, *var;
	unsigned nvars = 0;

	if (!begins(got, want))
		return false;
	while (*want == '/' && *got == '/') {
		size_t nwant = strcspn(++want, "/");
		size_t ngot = strcspn(++got, "/");

		if (!segment_matches(rq, want, nwant, got, ngot, &var))
			return false;
		if (var) {
			assert(nvars < REQUEST_VARS_MAX);
			rq->vars[nvars++] = var;
		}
		want += nwant;
		got += ngot;
	}
	return !*want && !*got;
}

/* HEAD goes to the row of GET (RFC 9110, section 9.3.2); not where that spends
 * a token, whose successor would be lost with the content. */
static bool
takes_head(const struct route *r)
{
	return !strcmp(r->method, "GET") && r->handler != api_auth_refresh;
}

static bool
takes_method(const struct route *r, const char *method)
{
	return !strcmp(r->method, method) ||
	       (!strcmp(method, "HEAD") && takes_head(r));
}

/* The row for the method among those of the path of `first`, which matched. */
static enum err_code
choose_method(struct request *rq, unsigned first, struct err *e)
{
	struct buf allow = {.max = 0};
	unsigned i;

	for (i = first; i < routes_count; i++) {
		if (strcmp(routes[i].path, routes[first].path) != 0)
			continue;
		if (takes_method(&routes[i], rq->method)) {
			rq->route = &routes[i];
			break;
		}
		buf_addf(&allow, "%s%s%s", allow.len ? ", " : "",
		    routes[i].method, takes_head(&routes[i]) ? ", HEAD" : "");
	}
	if (!rq->route)
		resp_header(rq, "Allow", allow.data);
	buf_free(&allow);
	return rq->route ? ERR_OK : err_set(e, ERR_METHOD, NULL);
}

enum err_code
route_match(struct request *rq, struct err *e)
{
	unsigned i;

	for (i = 0; i < routes_count; i++) {
		if (path_matches(rq, routes[i].path))
			return choose_method(rq, i, e);
	}
	return err_set(e, ERR_NOT_FOUND, NULL);
}
