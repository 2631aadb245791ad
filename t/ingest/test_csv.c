/* CSV: right rows, or a clear refusal with its line (S27). */
#include <stdlib.h>

#include "base/buf.h"
#include "ingest/csv.h"
#include "t/ingest/bytes.h"

static const struct csv_limits plain = {1000, 5000, 10};

/* Reads all rows into text: "row@line|cell|cell|\n"; at an error its text. */
static void
render(struct bytes *in, const struct csv_limits *lim, struct buf *out)
{
	struct csv *c = csv_open(bytes_csv, in, lim);
	const struct csv_row *row;
	struct err e;
	unsigned i;

	buf_reset(out);
	for (;;) {
		if (csv_next(c, &row, &e)) {
			buf_addf(out, "%s: %s", err_name(e.code), err_text(&e));
			break;
		}
		if (!row)
			break;
		buf_addf(out, "%u@%u|", row->row, row->line);
		for (i = 0; i < row->n; i++) {
			buf_add(out, row->cells[i].s, row->cells[i].n);
			buf_addc(out, '|');
		}
		buf_addc(out, '\n');
	}
	csv_close(&c);
}

static const struct {
	const char *name, *in;
	size_t n; /* 0: strlen */
	const char *want;
} cases[] = {
    {"LF", "a,b\n1,2\n3,4\n", 0, "0@1|a|b|\n1@2|1|2|\n2@3|3|4|\n"},
    {"CRLF", "a,b\r\n1,2\r\n", 0, "0@1|a|b|\n1@2|1|2|\n"},
    {"no end of line", "a,b\n1,2", 0, "0@1|a|b|\n1@2|1|2|\n"},
    {"no end of line after a quote", "a,b\n1,\"2\"", 0, "0@1|a|b|\n1@2|1|2|\n"},
    {"an empty last cell at the end", "a,b\n1,", 0, "0@1|a|b|\n1@2|1||\n"},
    {"quotes", "a,b\n\"x,y\",\"say \"\"hi\"\"\"\n\"\",\"\"\"\"\n", 0,
        "0@1|a|b|\n1@2|x,y|say \"hi\"|\n2@3||\"|\n"},
    {"quoted newlines count", "a\n\"1\n2\r\n3\"\n4\n", 0,
        "0@1|a|\n1@2|1\n2\r\n3|\n2@5|4|\n"},
    {"a quoted CR alone", "a\n\"1\r2\"\n", 0, "0@1|a|\n1@2|1\r2|\n"},
    {"spaces stay", "a,b\n  x ,\t\n", 0, "0@1|a|b|\n1@2|  x |\t|\n"},
    {"empty cells", "a,b,c\n,,\n", 0, "0@1|a|b|c|\n1@2||||\n"},
    {"S27: blank lines are counted", "\n\na\n\n\r\n1\n\n2\n\n", 0,
        "0@3|a|\n1@6|1|\n2@8|2|\n"},
    {"S27: a BOM is passed over",
        "\xef\xbb\xbf"
        "a\n1\n",
        0, "0@1|a|\n1@2|1|\n"},
    {"S27: a BOM before a quote", "\xef\xbb\xbf\"a\"\n1\n", 0,
        "0@1|a|\n1@2|1|\n"},
    {"S27: a BOM alone", "\xef\xbb\xbf", 0, ""},
    {"nothing", "", 0, ""},
    {"blank lines alone", "\n\r\n\n", 0, ""},
    {"S27: Latin-1 passes as bytes", "a\ncaf\xe9\n", 0,
        "0@1|a|\n1@2|caf\xe9|\n"},
    {"S27: UTF-16, little-endian",
        "\xff\xfe"
        "a\0\n\0",
        6, "BAD_REQUEST: CSV, line 1: UTF-16 or UTF-32; save it as UTF-8"},
    {"S27: UTF-16, big-endian", "\xfe\xff\0a\0\n", 6,
        "BAD_REQUEST: CSV, line 1: UTF-16 or UTF-32; save it as UTF-8"},
    {"S27: UTF-16 without a BOM", "a\0\n\0", 4,
        "BAD_REQUEST: CSV, line 1: NUL: this is not text"},
    {"S27: NUL", "a\n1\nx\0y\n", 8,
        "0@1|a|\n1@2|1|\nBAD_REQUEST: CSV, line 3: NUL: this is not text"},
    {"S27: NUL between quotes", "a\n\"1\n\0\"\n", 8,
        "0@1|a|\nBAD_REQUEST: CSV, line 3: NUL: this is not text"},
    {"S27: CR alone", "a\n1\r2\n", 0,
        "0@1|a|\nBAD_REQUEST: CSV, line 2: CR that no LF follows"},
    {"S27: CR alone ends all", "a\n1\r", 0,
        "0@1|a|\nBAD_REQUEST: CSV, line 2: CR that no LF follows"},
    {"S27: CR CR LF", "a\r\r\n", 0,
        "BAD_REQUEST: CSV, line 1: CR that no LF follows"},
    {"S27: an open quote", "a\n1\n\"2\n3\n\n4\n", 0,
        "0@1|a|\n1@2|1|\nBAD_REQUEST: CSV, line 3: a quote opens here and "
        "never closes"},
    {"S27: an open quote after a pair", "a,b\n1,\"x\"\"\n\"\"y\n", 0,
        "0@1|a|b|\nBAD_REQUEST: CSV, line 2: a quote opens here and never "
        "closes"},
    {"S27: an open quote at the very end", "a\n\"", 0,
        "0@1|a|\nBAD_REQUEST: CSV, line 2: a quote opens here and never "
        "closes"},
    {"text after a closing quote", "a\n\n\"1\"x\n", 0,
        "0@1|a|\nBAD_REQUEST: CSV, line 3: something other than a comma "
        "follows a closing quote"},
    {"a space after a closing quote", "a\n\"1\" \n", 0,
        "0@1|a|\nBAD_REQUEST: CSV, line 2: something other than a comma "
        "follows a closing quote"},
    {"text after a quote that closes on a later line", "a\n\"1\n2\"x\n", 0,
        "0@1|a|\nBAD_REQUEST: CSV, line 3: something other than a comma "
        "follows a closing quote"},
    {"a quote inside of a cell", "a\n1\"2\n", 0,
        "0@1|a|\nBAD_REQUEST: CSV, line 2: a quote in a cell that does not "
        "begin with one"},
    {"a row that is too short", "a,b\n1,2\n\n3\n", 0,
        "0@1|a|b|\n1@2|1|2|\nBAD_REQUEST: CSV, line 4: 1 cells where the "
        "header has 2"},
    {"a row that is too long", "a\n\"1\n2\",3\n", 0,
        "0@1|a|\nBAD_REQUEST: CSV, line 2: 2 cells where the header has 1"},
    {"S27: one row too many", "a\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n", 0,
        "0@1|a|\n1@2|1|\n2@3|2|\n3@4|3|\n4@5|4|\n5@6|5|\n6@7|6|\n7@8|7|\n"
        "8@9|8|\n9@10|9|\n10@11|10|\n"
        "TOO_MANY_ROWS: File cannot be larger than 10 rows"},
};

static void
test_cases(void)
{
	struct buf got = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = cases[i].n ? cases[i].n : strlen(cases[i].in);
		size_t split = 0, step = 0, same = 1;

		for (; split <= n && same; split += same) {
			for (step = 0; step <= 2 && same; step += same) {
				struct bytes in = {.s = cases[i].in,
				    .n = n,
				    .split = split,
				    .step = step};

				render(&in, &plain, &got);
				same = !strcmp(got.data, cases[i].want);
			}
		}
		if (!ok(same, "%s, at every split", cases[i].name))
			printf("# split %zu step %zu: %s\n", split, step,
			    got.data);
	}
	buf_free(&got);
}

/* A stream that is made as it is read: `head`, then a byte without end. */
struct flood {
	const char *head;
	char fill;
	size_t read, most;
};

static enum err_code
flood_read(void *arg, char *p, size_t n, size_t *n_out, struct err *e)
{
	struct flood *f = arg;
	size_t head = strlen(f->head);

	if (f->read >= f->most)
		return err_set(e, ERR_INTERNAL, "read on and on");
	if (!f->read) {
		n = head;
		memcpy(p, f->head, n);
	} else {
		memset(p, f->fill, n);
	}
	f->read += n;
	*n_out = n;
	return ERR_OK;
}

static void
is_stopped(struct flood f, const char *want, const char *name)
{
	struct csv *c = csv_open(flood_read, &f, &plain);
	const struct csv_row *row = NULL;
	struct err e = {0};
	enum err_code code = ERR_OK;

	do
		code = csv_next(c, &row, &e);
	while (!code && row);
	is_str(err_text(&e), want, "%s", name);
	ok(f.read < 40000, "and was found after %zu bytes", f.read);
	csv_close(&c);
}

static void
test_floods(void)
{
	const size_t most = 10 << 20;

	is_stopped((struct flood){"a\nxx\n", 'x', 0, most},
	    "CSV, line 3: a cell is over 1000 bytes", "S27: a field of 10 MB");
	is_stopped((struct flood){"a\nxx\n\"", 'x', 0, most},
	    "CSV, line 3: a cell is over 1000 bytes", "S27: a quoted one");
	is_stopped((struct flood){"a\nxx\n\"", '\n', 0, most},
	    "CSV, line 3: a cell is over 1000 bytes", "S27: one of newlines");
	is_stopped((struct flood){"a\nxx\n\"", '"', 0, most},
	    "CSV, line 3: a cell is over 1000 bytes", "S27: one of quotes");
	is_stopped((struct flood){"a\nxx\n", ',', 0, most},
	    "CSV, line 3: more than 2000 columns", "S27: columns without end");
}

/* n commas, or cells of `size` bytes with commas between. */
static char *
make_row(unsigned cells, size_t size)
{
	char *s = malloc(cells * (size + 1) + 1), *p = s;

	for (unsigned i = 0; s && i < cells; i++) {
		memset(p, 'x', size);
		p += size;
		*p++ = i + 1 < cells ? ',' : '\n';
	}
	if (s)
		*p = '\0';
	return s;
}

static void
is_limited(unsigned cells, size_t size, const char *want, const char *name)
{
	struct buf got = {0};
	char *s = make_row(cells, size);
	struct bytes in = {.s = s, .n = strlen(s)};

	render(&in, &plain, &got);
	if (!strncmp(got.data, "0@1|", 4))
		got.data[4] = '\0';
	is_str(got.data, want, "%s", name);
	free(s);
	buf_free(&got);
}

static void
test_limits(void)
{
	is_limited(1, 1000, "0@1|", "a cell of the limit");
	is_limited(1, 1001,
	    "BAD_REQUEST: CSV, line 1: a cell is over 1000 bytes",
	    "a cell of a byte more");
	is_limited(5, 1000, "0@1|", "a row of the limit");
	is_limited(10, 501,
	    "BAD_REQUEST: CSV, line 1: the row is over 5000 bytes",
	    "a row of some bytes more");
	is_limited(2000, 1, "0@1|", "2,000 columns");
	is_limited(2001, 1, "BAD_REQUEST: CSV, line 1: more than 2000 columns",
	    "2,001 columns");
	is_limited(10000, 0, "BAD_REQUEST: CSV, line 1: more than 2000 columns",
	    "S27: 10,000 columns");
}

static void
test_doubled(void)
{
	char in[2 + 1 + 2000 + 2] = "a\n\"";
	struct bytes b = {.s = in, .n = sizeof(in) - 1};
	struct buf got = {0};

	memset(in + 3, '"', 2000);
	memcpy(in + 2003, "\"", 2);
	render(&b, &plain, &got);
	is_int(got.len, strlen("0@1|a|\n1@2||\n") + 1000,
	    "1,000 doubled quotes are a cell of 1,000 bytes");
	buf_free(&got);
}

static enum err_code
broken(void *arg, char *p, size_t n, size_t *n_out, struct err *e)
{
	(void)arg, (void)p, (void)n, (void)n_out;
	return err_set(e, ERR_CRYPTO, NULL);
}

static void
test_source(void)
{
	struct csv *c = csv_open(broken, NULL, &plain);
	const struct csv_row *row;
	struct err e;

	is_int(csv_next(c, &row, &e), ERR_CRYPTO, "the source's error is ours");
	csv_close(&c);
	ok(!c, "csv_close sets NULL");
}

int
main(void)
{
	test_cases();
	test_floods();
	test_limits();
	test_doubled();
	test_source();
	return done_testing();
}
