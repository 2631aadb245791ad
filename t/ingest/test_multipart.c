/* Multipart: parts whole, or a clear refusal (S28). */
#include <stdlib.h>

#include "base/buf.h"
#include "ingest/multipart.h"
#include "t/ingest/bytes.h"

#define TYPE "multipart/form-data; boundary=b"
#define NAMED(name) "Content-Disposition: form-data; name=\"" name "\"\r\n"

static enum err_code
begin(void *arg, const struct multipart_part *p, struct err *e)
{
	(void)e;
	buf_addf(arg, "[%s|%s|", p->name, p->type ? p->type : "-");
	return ERR_OK;
}

static enum err_code
data(void *arg, const char *p, size_t n, struct err *e)
{
	(void)e;
	buf_add(arg, p, n);
	return ERR_OK;
}

static enum err_code
end(void *arg, struct err *e)
{
	(void)e;
	buf_adds(arg, "]");
	return ERR_OK;
}

/* What the sink saw, or the error. */
static void
render(struct bytes *in, const char *type, size_t max, struct buf *out)
{
	static const struct multipart_sink SINK = {begin, data, end};
	struct arena *a = arena_new(4096);
	struct err e;

	buf_reset(out);
	buf_adds(out, "");
	if (multipart_read(bytes_json, in, type, max, a, &SINK, out, &e)) {
		buf_reset(out);
		buf_addf(out, "%s: %s", err_name(e.code), err_text(&e));
	}
	arena_free(&a);
}

static const struct {
	const char *name, *in, *want;
} cases[] = {
    {"one part", "--b\r\n" NAMED("x") "\r\n1\r\n--b--\r\n", "[x|-|1]"},
    {"two parts, no CRLF at the end",
        "--b\r\n" NAMED("x") "\r\n1\r\n--b\r\n" NAMED("y") "\r\n2\r\n--b--",
        "[x|-|1][y|-|2]"},
    {"no parts", "--b--\r\n", ""},
    {"a CRLF before all", "\r\n--b\r\n" NAMED("x") "\r\n1\r\n--b--\r\n",
        "[x|-|1]"},
    {"an empty part", "--b\r\n" NAMED("x") "\r\n\r\n--b--\r\n", "[x|-|]"},
    {"newlines and near-boundaries are data",
        "--b\r\n" NAMED("x") "\r\n\r\n--\r\n-b\r\r\n--\nb\r\n--b--\r\n",
        "[x|-|\r\n--\r\n-b\r\r\n--\nb]"},
    {"white space after a boundary",
        "--b \t\r\n" NAMED("x") "\r\n1\r\n--b  \r\n" NAMED(
            "y") "\r\n2\r\n--b--",
        "[x|-|1][y|-|2]"},
    {"an epilogue is passed over",
        "--b\r\n" NAMED("x") "\r\n1\r\n--b--\r\nmore\r\n--b\r\n", "[x|-|1]"},
    {"types, cases, other headers",
        "--b\r\ncontent-TYPE:  Text/CSV; charset=utf-8\r\nX-Other: 1\r\n"
        "CONTENT-DISPOSITION:form-data ;name=x; filename=\"a;\\\"b.csv\"\r\n"
        "Content-Transfer-Encoding: BINARY\r\n\r\n1\r\n--b--\r\n",
        "[x|text/csv|1]"},
    {"a quoted name with escapes and UTF-8",
        "--b\r\n" NAMED("a\\\"\\\\\xc3\xa9") "\r\n1\r\n--b--\r\n",
        "[a\"\\\xc3\xa9|-|1]"},
    {"S28: nested",
        "--b\r\n" NAMED("x") "Content-Type: Multipart/Mixed; boundary=c\r\n"
                             "\r\n--c--\r\n--b--\r\n",
        "BAD_REQUEST: multipart: a part is multipart itself"},
    {"S28: another boundary", "--c\r\n" NAMED("x") "\r\n1\r\n--c--\r\n",
        "BAD_REQUEST: multipart: the body does not begin with its boundary"},
    {"S28: nothing", "", "BAD_REQUEST: multipart: the body ends early"},
    {"S28: a name twice",
        "--b\r\n" NAMED("x") "\r\n1\r\n--b\r\n" NAMED("x") "\r\n2\r\n--b--",
        "BAD_REQUEST: multipart: part \"x\" comes twice"},
    {"S28: no name", "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--",
        "BAD_REQUEST: multipart: a part has no name"},
    {"S28: an empty name", "--b\r\n" NAMED("") "\r\n1\r\n--b--",
        "BAD_REQUEST: multipart: the name of a part is not valid"},
    {"S28: a control character in a name", "--b\r\n" NAMED("a\001") "\r\n1",
        "BAD_REQUEST: multipart: the name of a part is not valid"},
    {"S28: Latin-1 in a name", "--b\r\n" NAMED("a\xe9") "\r\n1\r\n--b--",
        "BAD_REQUEST: multipart: the name of a part is not valid"},
    {"S28: no headers", "--b\r\n\r\n1\r\n--b--",
        "BAD_REQUEST: multipart: a part has no name"},
    {"S28: headers without a name", "--b\r\nX-A: 1\r\n\r\n1\r\n--b--",
        "BAD_REQUEST: multipart: a part has no name"},
    {"S28: no form-data",
        "--b\r\nContent-Disposition: attachment; name=x\r\n\r\n1\r\n--b--",
        "BAD_REQUEST: multipart: a part is not form-data"},
    {"S28: two names",
        "--b\r\nContent-Disposition: form-data; name=x; name=y\r\n\r\n1",
        "BAD_REQUEST: multipart: a part has two names"},
    {"S28: two dispositions", "--b\r\n" NAMED("x") NAMED("y") "\r\n1\r\n--b--",
        "BAD_REQUEST: multipart: a part has two Content-Dispositions"},
    {"S28: an open quote",
        "--b\r\nContent-Disposition: form-data; name=\"x\r\n\r\n1\r\n--b--",
        "BAD_REQUEST: multipart: a Content-Disposition is malformed"},
    {"S28: a header that is none", "--b\r\nhello\r\n\r\n1\r\n--b--",
        "BAD_REQUEST: multipart: a part's header is malformed"},
    {"S28: a folded header", "--b\r\n" NAMED("x") " y\r\n\r\n1\r\n--b--",
        "BAD_REQUEST: multipart: a part's header is folded"},
    {"S28: base64",
        "--b\r\n" NAMED("x") "Content-Transfer-Encoding: base64\r\n\r\n1",
        "BAD_REQUEST: multipart: a Content-Transfer-Encoding that is not "
        "binary"},
    {"S28: text on a boundary's line",
        "--b\r\n" NAMED("x") "\r\n1\r\n--bad\r\n--b--",
        "BAD_REQUEST: multipart: something follows a boundary on its line"},
};

static void
test_cases(void)
{
	struct buf got = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i].in), split = 0, step = 0, same = 1;

		for (; split <= n && same; split += same) {
			for (step = 0; step <= 2 && same; step += same) {
				struct bytes in = {.s = cases[i].in,
				    .n = n,
				    .split = split,
				    .step = step};

				render(&in, TYPE, 10000, &got);
				same = !strcmp(got.data, cases[i].want);
			}
		}
		if (!ok(same, "%s, at every split", cases[i].name))
			printf("# split %zu step %zu: %s\n", split, step,
			    got.data);
	}
	buf_free(&got);
}

/* A body that is cut anywhere before its last boundary is refused. */
static void
test_truncated(void)
{
	static const char whole[] =
	    "--b\r\n" NAMED("x") "\r\n1\r\n--b\r\n" NAMED(
	        "y") "Content-Type: text/csv\r\n\r\na,b\r\n1,2\r\n\r\n--b--";
	struct buf got = {0};
	unsigned wrong = 0;

	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		struct bytes in = {.s = whole, .n = n};

		render(&in, TYPE, 10000, &got);
		wrong +=
		    strcmp(got.data,
		        "BAD_REQUEST: multipart: the body ends early") != 0;
	}
	is_int(wrong, 0, "S28: cut anywhere, it ends early");
	buf_free(&got);
}

static void
is_boundary(const char *type, const char *want, const char *name)
{
	char got[MULTIPART_BOUNDARY_MAX + 1] = "";
	struct err e;

	if (multipart_boundary(type, got, &e))
		is_str(err_text(&e), want, "%s", name);
	else
		is_str(got, want, "%s", name);
}

#define TEN "0123456789"
#define SEVENTY TEN TEN TEN TEN TEN TEN TEN

static void
test_boundaries(void)
{
	static const char FORM[] = "multipart: a boundary has 1 to 70 "
	                           "characters of those that RFC 2046 allows";

	is_boundary("Multipart/Form-Data;charset=x; BOUNDARY=\"a b'\"", "a b'",
	    "a quoted boundary");
	is_boundary("multipart/form-data; boundary=" SEVENTY, SEVENTY,
	    "one of 70 characters");
	is_boundary("multipart/form-data; boundary=" SEVENTY "x", FORM,
	    "S28: one of 71");
	is_boundary(
	    "multipart/form-data; boundary=\"\"", FORM, "S28: an empty one");
	is_boundary("multipart/form-data; boundary=\"a\r\nb\"", FORM,
	    "S28: one with a newline");
	is_boundary("multipart/form-data; boundary=\"a \"", FORM,
	    "S28: one that ends with a space");
	is_boundary("multipart/form-data",
	    "multipart: Content-Type has no boundary", "S28: none");
	is_boundary("multipart/form-data; boundary=a; boundary=b",
	    "multipart: two boundaries in Content-Type", "S28: two");
	is_boundary("multipart/form-data; boundary=\"a",
	    "multipart: Content-Type is malformed", "S28: an open quote");
	is_boundary("multipart/mixed; boundary=a", "unsupported media type",
	    "another type");
}

static void
is_refused(const struct buf *in, size_t max, const char *want, const char *name)
{
	struct bytes b = {.s = in->data, .n = in->len};
	struct buf got = {0};

	render(&b, TYPE, max, &got);
	is_str(got.data, want, "%s", name);
	buf_free(&got);
}

static void
test_header_size(void)
{
	struct buf in = {0};
	size_t head = strlen(NAMED("x") "X: \r\n\r\n");

	for (int over = 0; over < 2; over++) {
		buf_reset(&in);
		buf_adds(&in, "--b\r\n" NAMED("x") "X: ");
		for (size_t i = head; i < 4096 + (size_t)over; i++)
			buf_addc(&in, 'h');
		buf_adds(&in, "\r\n\r\n1\r\n--b--");
		is_refused(&in, 100000,
		    over ? "BAD_REQUEST: multipart: a part's header is over "
		           "4096 bytes"
		         : "[x|-|1]",
		    over ? "S28: a header of 4,097 bytes"
		         : "a header of 4,096 bytes");
	}
	buf_reset(&in);
	buf_adds(&in, "--b\r\n");
	for (int i = 0; i < 200000; i++)
		buf_addc(&in, 'h');
	is_refused(&in, 1 << 20,
	    "BAD_REQUEST: multipart: a part's header is over 4096 bytes",
	    "S28: a header without end");
	buf_free(&in);
}

static void
test_counts(void)
{
	struct buf in = {0};

	for (int i = 0; i < 5000; i++)
		buf_addf(&in, "--b\r\n" NAMED("p%d") "\r\n\r\n", i);
	buf_adds(&in, "--b--");
	is_refused(&in, 1 << 20, "BAD_REQUEST: multipart: more than 32 parts",
	    "S28: thousands of parts");
	is_refused(&in, 1000, "TOO_LARGE: a body over 1000 bytes",
	    "S28: a body over the limit");
	buf_reset(&in);
	buf_adds(&in, "--b\r\n" NAMED("x") "\r\n1\r\n--b--\r\n");
	is_refused(&in, in.len, "[x|-|1]", "a body of the limit");
	is_refused(&in, in.len - 1, "TOO_LARGE: a body over 58 bytes",
	    "S28: an epilogue counts");
	buf_free(&in);
}

/* A part that is longer than the window, with boundaries almost in it. */
static void
test_long(void)
{
	struct buf in = {0}, want = {0}, got = {0};
	unsigned wrong = 0;

	buf_adds(&in, "--b\r\n" NAMED("x") "\r\n");
	buf_adds(&want, "[x|-|");
	for (int i = 0; i < 40000; i++) {
		buf_addf(&in, "%d\r\n--%d\r\n-", i, i);
		buf_addf(&want, "%d\r\n--%d\r\n-", i, i);
	}
	buf_adds(&in, "\r\n--b--");
	buf_adds(&want, "]");
	for (size_t step = 4093; step < 200000; step *= 3) {
		struct bytes b = {.s = in.data, .n = in.len, .step = step};

		render(&b, TYPE, 1 << 20, &got);
		wrong += got.len != want.len ||
		         memcmp(got.data, want.data, want.len) != 0;
	}
	is_int(wrong, 0, "a long part comes whole");
	buf_free(&in);
	buf_free(&want);
	buf_free(&got);
}

static long
gone(void *arg, char *p, size_t n)
{
	(void)arg, (void)p, (void)n;
	return -1;
}

static enum err_code
refuse(void *arg, const struct multipart_part *p, struct err *e)
{
	(void)arg, (void)p;
	return err_set(e, ERR_CONFLICT, NULL);
}

static void
test_ends(void)
{
	static const struct multipart_sink SINK = {refuse, data, end};
	struct arena *a = arena_new(4096);
	struct bytes in = {.s = cases[0].in, .n = strlen(cases[0].in)};
	struct err e;

	is_int(multipart_read(gone, NULL, TYPE, 100, a, &SINK, NULL, &e),
	    ERR_BAD_REQUEST, "S28: the client went away");
	is_int(multipart_read(bytes_json, &in, TYPE, 100, a, &SINK, NULL, &e),
	    ERR_CONFLICT, "the sink can refuse");
	arena_free(&a);
}

int
main(void)
{
	test_cases();
	test_truncated();
	test_boundaries();
	test_header_size();
	test_counts();
	test_long();
	test_ends();
	return done_testing();
}
