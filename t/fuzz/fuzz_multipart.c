/*
 * multipart/form-data. Input: Content-Type, LF, body. What is read does not
 * depend on how the body arrives, keeps the limits, and written again from
 * what was read is read as the same (S28).
 */
#include "t/fuzz/fuzz.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "ingest/multipart.h"
#include "t/ingest/bytes.h"

/* A form as the sink saw it. */
struct form {
	struct part {
		char *name, *type;
		struct buf data;
	} parts[MULTIPART_PARTS_MAX];
	unsigned n;
	bool open;
	size_t bytes;
};

static void
see_type(const char *s)
{
	const char *p;

	assert(strchr(s, '/') && strncmp(s, "multipart/", 10));
	for (p = s; *p; p++)
		assert(*p > 0x20 && *p < 0x7f && !(*p >= 'A' && *p <= 'Z'));
}

static enum err_code
begin(void *arg, const struct multipart_part *part, struct err *e)
{
	struct form *f = arg;
	const char *p;
	unsigned i;

	(void)e;
	assert(!f->open && f->n < MULTIPART_PARTS_MAX && part->name[0]);
	assert(utf8_valid(part->name, strlen(part->name)));
	for (p = part->name; *p; p++)
		assert((unsigned char)*p >= 0x20 && *p != 0x7f);
	for (i = 0; i < f->n; i++)
		assert(strcmp(f->parts[i].name, part->name));
	if (part->type)
		see_type(part->type);
	f->open = true;
	f->parts[f->n].name = strdup(part->name);
	f->parts[f->n].type = part->type ? strdup(part->type) : NULL;
	return ERR_OK;
}

static enum err_code
take(void *arg, const char *p, size_t n, struct err *e)
{
	struct form *f = arg;

	(void)e;
	assert(f->open && n);
	f->bytes += n;
	buf_add(&f->parts[f->n].data, p, n);
	return ERR_OK;
}

static enum err_code
end(void *arg, struct err *e)
{
	struct form *f = arg;

	(void)e;
	assert(f->open);
	f->open = false;
	f->n++;
	return ERR_OK;
}

static enum err_code
form_read(struct form *f, const char *type, struct bytes *in, size_t max,
    struct err *e)
{
	static const struct multipart_sink SINK = {begin, take, end};
	struct arena *a = arena_new(4096);
	enum err_code code;

	memset(e, 0, sizeof(*e));
	code = multipart_read(bytes_json, in, type, max, a, &SINK, f, e);
	assert(!code || code == ERR_BAD_REQUEST || code == ERR_TOO_LARGE ||
	       code == ERR_MEDIA_TYPE);
	assert(code || !f->open);
	arena_free(&a);
	return code;
}

static void
form_free(struct form *f)
{
	for (unsigned i = 0; i < MULTIPART_PARTS_MAX; i++) {
		free(f->parts[i].name);
		free(f->parts[i].type);
		buf_free(&f->parts[i].data);
	}
}

static bool
same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool
same(const struct form *x, const struct form *y)
{
	for (unsigned i = 0; i < x->n && i < y->n; i++) {
		const struct part *p = &x->parts[i], *q = &y->parts[i];

		if (!same_text(p->name, q->name) ||
		    !same_text(p->type, q->type) ||
		    p->data.len != q->data.len ||
		    (p->data.len &&
		        memcmp(p->data.data, q->data.data, p->data.len)))
			return false;
	}
	return x->n == y->n;
}

/* Appends the form as a browser would send it. */
static void
form_write(struct buf *out, const struct form *f, const char *boundary)
{
	for (unsigned i = 0; i < f->n; i++) {
		const struct part *p = &f->parts[i];
		const char *s;

		buf_addf(out, "--%s\r\nContent-Disposition: form-data; name=\"",
		    boundary);
		for (s = p->name; *s; s++) {
			if (*s == '"' || *s == '\\')
				buf_addc(out, '\\');
			buf_addc(out, *s);
		}
		buf_adds(out, "\"\r\n");
		if (p->type)
			buf_addf(out, "Content-Type: %s\r\n", p->type);
		buf_adds(out, "\r\n");
		buf_add(out, p->data.data, p->data.len);
		buf_adds(out, "\r\n");
	}
	buf_addf(out, "--%s--\r\n", boundary);
}

/* What was read holds no boundary, and is read again as it was. */
static void
see_round_trip(const struct form *f, const char *type)
{
	char mark[MULTIPART_BOUNDARY_MAX + 5] = "\r\n--";
	struct form again = {.n = 0};
	struct buf text = {0};
	struct bytes in = {0};
	struct err e;
	unsigned i;

	assert(!multipart_boundary(type, mark + 4, &e));
	for (i = 0; i < f->n; i++)
		assert(!f->parts[i].data.len ||
		       !memmem(f->parts[i].data.data, f->parts[i].data.len,
		           mark, strlen(mark)));
	/* A form without parts is a closing boundary alone. */
	form_write(&text, f, mark + 4);
	in.s = text.data;
	in.n = text.len;
	assert(!form_read(&again, type, &in, text.len, &e));
	assert(same(f, &again));
	form_free(&again);
	buf_free(&text);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *type = fuzz_text(&data, &n, '\n');
	struct bytes whole = {.s = (const char *)data, .n = n};
	struct bytes slow = {.s = (const char *)data, .n = n, .step = 1};
	struct bytes more = whole;
	struct form f = {.n = 0}, g = {.n = 0}, h = {.n = 0};
	struct err e, e2, e3;
	enum err_code code = form_read(&f, type, &whole, n, &e);

	assert(f.bytes <= n);
	assert(form_read(&g, type, &slow, n, &e2) == code);
	assert(!strcmp(e.text, e2.text) && (code || same(&f, &g)));
	if (n)
		assert(form_read(&h, type, &more, n - 1, &e3));
	if (!code)
		see_round_trip(&f, type);
	form_free(&f);
	form_free(&g);
	form_free(&h);
	free(type);
	return 0;
}
