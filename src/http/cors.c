#include "http/cors.h"

#include <string.h>

#include "base/conf.h"
#include "http/internal.h"
#include "model/origin.h"

#define PREFLIGHT_SECONDS "600" /* what a browser may remember */

static bool
is_own(struct request *rq, const char *origin)
{
	const char *host = rq->site->conf->server_hostname;
	const char *text = arena_printf(rq->arena, "https://%s", host);
	char own[ORIGIN_TEXT];

	return origin_parse(text, strlen(text), own) && !strcmp(origin, own);
}

static bool
changes(const struct request *rq)
{
	return strcmp(rq->method, "GET") != 0 && !request_is_head(rq);
}

/* Answers differ by the origin that asks, also where that was none. No page
 * embeds them as what is read without CORS. */
static void
add_vary(struct request *rq)
{
	resp_header(rq, "Vary", "Origin");
	resp_header(rq, "Cross-Origin-Resource-Policy", "same-origin");
}

static void
add_allow(struct request *rq, const char *origin)
{
	resp_header(rq, "Access-Control-Allow-Origin", origin);
	resp_header(rq, "Access-Control-Allow-Credentials", "true");
	resp_header(
	    rq, "Access-Control-Expose-Headers", "X-Request-Id, Retry-After");
}

static enum err_code
look_up(struct request *rq, const char *origin, bool *out, struct err *e)
{
	const char *tenant = request_param(rq, "COFFER_TENANT");

	*out = is_own(rq, origin);
	if (*out)
		return ERR_OK;
	if (rq->ctx.workspace_id)
		return origin_allowed(rq->site->db, &rq->ctx, origin, out, e);
	return origin_known(
	    rq->site->db, tenant && *tenant ? tenant : NULL, origin, out, e);
}

/* Browsers name the origin of every request that changes something; for one
 * that they do not, what Fetch Metadata say must not be another site. */
static bool
is_foreign(const struct request *rq)
{
	const char *site = request_header(rq, "sec-fetch-site");

	return site && strcmp(site, "same-origin") != 0 &&
	       strcmp(site, "none") != 0;
}

enum err_code
cors_check(struct request *rq, struct err *e)
{
	const char *origin = request_header(rq, "origin");
	bool allowed = !is_foreign(rq);
	enum err_code rc = ERR_OK;

	add_vary(rq);
	if (origin)
		rc = look_up(rq, origin, &allowed, e);
	if (rc)
		return rc;
	if (origin && allowed)
		add_allow(rq, origin);
	if (!allowed && changes(rq))
		return err_set(e, ERR_FORBIDDEN,
		    "pages of this origin may not change customers");
	return ERR_OK;
}

enum err_code
cors_stranger(struct request *rq, struct err *e)
{
	const char *origin = request_header(rq, "origin");
	bool allowed = false;
	enum err_code rc = ERR_OK;

	add_vary(rq);
	if (origin)
		rc = look_up(rq, origin, &allowed, e);
	if (!rc && allowed)
		add_allow(rq, origin);
	return rc;
}

/* The methods of the path, with commas between. */
static const char *
methods_of(struct request *rq)
{
	const char *list = "";

	for (unsigned i = 0; i < routes_count; i++)
		if (!strcmp(routes[i].path, rq->route->path) &&
		    strcmp(routes[i].method, "OPTIONS") != 0)
			list = arena_printf(rq->arena, "%s%s%s", list,
			    *list ? ", " : "", routes[i].method);
	return list;
}

enum err_code
cors_preflight(struct request *rq, struct err *e)
{
	const char *origin = request_header(rq, "origin");
	const char *method =
	    request_header(rq, "access-control-request-method");
	bool allowed = false;
	enum err_code rc = ERR_OK;

	add_vary(rq);
	if (origin && method)
		rc = look_up(rq, origin, &allowed, e);
	if (rc)
		return rc;
	if (!allowed)
		return err_set(e, ERR_FORBIDDEN, NULL);
	add_allow(rq, origin);
	resp_header(rq, "Access-Control-Allow-Methods", methods_of(rq));
	resp_header(
	    rq, "Access-Control-Allow-Headers", "Content-Type, X-Request-Id");
	resp_header(rq, "Access-Control-Max-Age", PREFLIGHT_SECONDS);
	resp_json(rq, 204);
	return ERR_OK;
}
