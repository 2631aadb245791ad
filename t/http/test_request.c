#include <string.h>

#include "base/conf.h"
#include "http/internal.h"
#include "t/tap.h"
#include "vault/rand.h"

static struct transport transport;
static struct request rq;

/* A request of these parameters, up to a NULL. */
static void
given(const char *const *params)
{
	arena_reset(rq.arena);
	transport = (struct transport){.budget = 1000};
	transport.fcgx.envp = (char **)params;
	rq = (struct request){.arena = rq.arena,
	    .transport = &transport,
	    .site = rq.site,
	    .route = rq.route};
}

#define GIVEN(...) given((const char *const[]){__VA_ARGS__, NULL})

static void
test_params(void)
{
	GIVEN("HTTP_X_API_KEYS=no", "HTTP_X_API_KEY=yes", "EMPTY=");
	is_str(request_header(&rq, "x-api-key"), "yes", "a header");
	is_str(request_header(&rq, "x-api"), NULL, "not by its beginning");
	is_str(request_param(&rq, "EMPTY"), "", "an empty parameter");
	is_str(request_param(&rq, "NONE"), NULL, "a missing one");
}

static const char *
all_params(void)
{
	static char out[200];
	const char *name, *value;
	size_t pos = 0, n = 0;

	while (request_query_next(&rq, &pos, &name, &value))
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s=%s ",
		    name ? name : "(null)", value ? value : "(null)");
	return out;
}

static void
test_query(void)
{
	GIVEN("X=");
	rq.query = "a=1&b=x+y%20z&c=%C3%a9&d&e=&a=2&s%5Bc%5D=n&f=%zz%4&g=%ff"
	           "&h=%00&ab=3&i=x=y";
	is_str(request_query(&rq, "a"), "1", "the first of two");
	is_str(request_query(&rq, "b"), "x y z", "plus and %%20 are spaces");
	is_str(request_query(&rq, "c"), "\xc3\xa9", "UTF-8");
	is_str(request_query(&rq, "d"), "", "without '='");
	is_str(request_query(&rq, "e"), "", "without a value");
	is_str(request_query(&rq, "s[c]"), "n", "an encoded name");
	is_str(request_query(&rq, "f"), "%zz%4", "no escape stays");
	is_str(request_query(&rq, "g"), NULL, "S29: not UTF-8 is not there");
	is_str(request_query(&rq, "h"), NULL, "S29: NUL is not there");
	is_str(request_query(&rq, "i"), "x=y", "'=' in a value");
	is_str(request_query(&rq, "none"), NULL, "a missing one");
	rq.query = "";
	is_str(request_query(&rq, "a"), NULL, "no query");
	rq.query = "&a=1&&b&%ff=%00&";
	is_str(all_params(), "a=1 b= (null)=(null) ", "one after the other");
}

static void
test_type(void)
{
	static const struct {
		const char *param;
		bool json;
	} CASES[] = {{"CONTENT_TYPE=application/json", true},
	    {"CONTENT_TYPE=Application/JSON", true},
	    {"CONTENT_TYPE=application/json; charset=utf-8", true},
	    {"CONTENT_TYPE=application/json ;charset=utf-8", true},
	    {"CONTENT_TYPE=application/jsonx", false},
	    {"CONTENT_TYPE=application/json+x", false},
	    {"CONTENT_TYPE=text/plain; application/json", false},
	    {"CONTENT_TYPE=", false}, {"X=", false}};
	size_t i;

	for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		GIVEN(CASES[i].param);
		is_int(request_is_type(&rq, "application/json"), CASES[i].json,
		    "media type, %s", CASES[i].param);
	}
}

static void
test_open(void)
{
	struct err e;

	GIVEN("REQUEST_METHOD=GET", "SCRIPT_NAME=/x", "QUERY_STRING=a=b",
	    "COFFER_REQUEST_ID=a.B-9_", "REMOTE_ADDR=::1");
	is_int(request_open(&rq, &e), ERR_OK, "a request");
	is_str(rq.method, "GET", "its method");
	is_str(rq.path, "/x", "its path");
	is_str(rq.query, "a=b", "its query");
	is_str(rq.id, "a.B-9_", "its id");
	ok(!transport.names_request, "which nginx tells the client");
	GIVEN("REQUEST_METHOD=GET", "SCRIPT_NAME=/x",
	    "COFFER_REQUEST_ID=a\r\nb: c");
	is_int(request_open(&rq, &e), ERR_OK, "a request with a bad id");
	is_int(strlen(rq.id), 36, "S29: gets one of ours");
	ok(transport.names_request, "S33: which the answer carries");
	GIVEN("REQUEST_METHOD=GET", "SCRIPT_NAME=/x\r\ny: z");
	is_int(request_open(&rq, &e), ERR_NOT_FOUND, "S29: CR, LF in a path");
	GIVEN("REQUEST_METHOD=GET", "SCRIPT_NAME=/\xff");
	is_int(request_open(&rq, &e), ERR_NOT_FOUND, "S29: a path not UTF-8");
	GIVEN("REQUEST_METHOD=GET");
	is_int(request_open(&rq, &e), ERR_INTERNAL, "no path");
}

static void
test_bearer(void)
{
	static const char *const NOT[] = {"X=", "HTTP_AUTHORIZATION=",
	    "HTTP_AUTHORIZATION=Bearer", "HTTP_AUTHORIZATION=Bearer ",
	    "HTTP_AUTHORIZATION=Bearers a.b.c", "HTTP_AUTHORIZATION=Basic a",
	    "HTTP_AUTHORIZATION=Bearer  a", "HTTP_AUTHORIZATION=Bearer\ta",
	    "HTTP_AUTHORIZATION=Bearer a b", "HTTP_AUTHORIZATION= Bearer a"};
	size_t i;

	GIVEN("HTTP_AUTHORIZATION=Bearer a.b.c");
	is_str(request_bearer(&rq), "a.b.c", "a bearer token");
	GIVEN("HTTP_AUTHORIZATION=bEARER a.b.c");
	is_str(request_bearer(&rq), "a.b.c", "its scheme in any case");
	for (i = 0; i < sizeof(NOT) / sizeof(NOT[0]); i++) {
		GIVEN(NOT[i]);
		is_str(request_bearer(&rq), NULL, "none in %s", NOT[i]);
	}
}

static void
test_repeated(void)
{
	static const char *const SINGLE[] = {"HTTP_AUTHORIZATION=Bearer a",
	    "HTTP_X_API_KEY=a", "HTTP_X_DXP_TENANT=a", "HTTP_COOKIE=a=b",
	    "HTTP_IDEMPOTENCY_KEY=a", "HTTP_CONTENT_TYPE=a/b",
	    "CONTENT_TYPE=a/b"};
	struct err e;
	size_t i;

	for (i = 0; i < sizeof(SINGLE) / sizeof(SINGLE[0]); i++) {
		GIVEN(SINGLE[i]);
		is_int(auth_headers(&rq, &e), ERR_OK, "once: %s", SINGLE[i]);
		GIVEN(SINGLE[i], "HTTP_X=", SINGLE[i]);
		is_int(auth_headers(&rq, &e), ERR_BAD_REQUEST, "S7: twice: %s",
		    SINGLE[i]);
	}
}

static void
test_schemes(void)
{
	struct err e;

	GIVEN("HTTP_AUTHORIZATION=Bearer a, Bearer b");
	is_int(auth_headers(&rq, &e), ERR_BAD_REQUEST, "S7: joined tokens");
	GIVEN("HTTP_X_API_KEY=a,b");
	is_int(auth_headers(&rq, &e), ERR_BAD_REQUEST, "S7: joined keys");
	GIVEN("HTTP_X_DXP_TENANT=a,b");
	is_int(auth_headers(&rq, &e), ERR_BAD_REQUEST, "S7: joined tenants");
	GIVEN("HTTP_AUTHORIZATION=Bearer a", "HTTP_X_API_KEY=b");
	is_int(auth_headers(&rq, &e), ERR_BAD_REQUEST, "S7: token and key");
	GIVEN("HTTP_AUTHORIZATION=Bearer a", "HTTP_COOKIE=x=y;dxp-sessionid=1");
	is_int(auth_headers(&rq, &e), ERR_BAD_REQUEST, "S7: token and session");
	GIVEN("HTTP_X_API_KEY=b", "HTTP_COOKIE=dxp-sessionid=1");
	is_int(auth_headers(&rq, &e), ERR_BAD_REQUEST, "S7: key and session");
	GIVEN("HTTP_AUTHORIZATION=Bearer a",
	    "HTTP_COOKIE=dxp-sessionids=1; xdxp-sessionid=2; a=dxp-sessionid=");
	is_int(auth_headers(&rq, &e), ERR_OK, "other cookies do no harm");
}

/* What body_open says before it reads. */
static enum err_code
body(enum route_body kind, const char *type, const char *length)
{
	struct route row = {.name = "test", .body = kind};
	struct err e;
	enum err_code rc;

	GIVEN(type, length);
	rq.route = &row;
	rc = body_open(&rq, &e);
	rq.route = NULL;
	return rc;
}

#define JSON "CONTENT_TYPE=application/json"
#define FORM "CONTENT_TYPE=multipart/form-data; boundary=x"

static void
test_body(void)
{
	struct conf conf = {
	    .limits_json_bytes = 100, .limits_upload_bytes = 1000};
	struct site site = {.conf = &conf};

	rq.site = &site;
	is_int(body(BODY_NONE, "CONTENT_TYPE=x/y", "CONTENT_LENGTH=99999999"),
	    ERR_OK, "no body is looked at where none is wanted");
	is_int(body(BODY_JSON, JSON, "CONTENT_LENGTH=101"), ERR_TOO_LARGE,
	    "S26: JSON over its limit");
	is_int(body(BODY_UPLOAD, JSON, "CONTENT_LENGTH=101"), ERR_TOO_LARGE,
	    "S26: JSON upload over the limit of JSON");
	is_int(body(BODY_UPLOAD, FORM, "CONTENT_LENGTH=1000"), ERR_OK,
	    "multipart of the limit");
	is_int(body(BODY_UPLOAD, FORM, "CONTENT_LENGTH=1001"), ERR_TOO_LARGE,
	    "S28: multipart over its limit");
	is_int(body(BODY_JSON, FORM, "CONTENT_LENGTH=10"), ERR_MEDIA_TYPE,
	    "multipart where JSON is wanted");
	is_int(body(BODY_UPLOAD, "CONTENT_TYPE=text/csv", "CONTENT_LENGTH=9"),
	    ERR_MEDIA_TYPE, "neither JSON nor multipart");
	is_int(body(BODY_JSON, "CONTENT_TYPE=", "CONTENT_LENGTH=9"),
	    ERR_MEDIA_TYPE, "a body of no type");
	is_int(body(BODY_JSON, "CONTENT_TYPE=", "CONTENT_LENGTH="),
	    ERR_MISSING_FIELDS, "no body at all");
	is_int(body(BODY_JSON, JSON, "CONTENT_LENGTH=-1"), ERR_BAD_REQUEST,
	    "a negative length");
	is_int(body(BODY_JSON, JSON, "CONTENT_LENGTH=1x"), ERR_BAD_REQUEST,
	    "no number");
	is_int(body(BODY_JSON, JSON, "CONTENT_LENGTH=18446744073709551617"),
	    ERR_BAD_REQUEST, "S26: a length that wraps");
	rq.site = NULL;
}

int
main(void)
{
	vault_setup();
	rq.arena = arena_new(4096);
	test_params();
	test_query();
	test_type();
	test_open();
	test_bearer();
	test_repeated();
	test_schemes();
	test_body();
	arena_free(&rq.arena);
	return done_testing();
}
