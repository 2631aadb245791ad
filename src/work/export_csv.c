/* The CSV file of an export. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/profile.h"
#include "vault/mac.h"
#include "work/export.h"
#include "work/export_cell.h"

#define WRITE_BYTES (256u << 10)        /* of one write(2) */
#define FLUSH_BYTES (UINT64_C(8) << 20) /* that the kernel is told to write */

/* The value of a field of the row in hand. */
struct cell {
	const char *json; /* NULL: in `plain`, from `at` on */
	size_t at, n;
	bool given;
};

struct column {
	unsigned field; /* its index */
	bool plain;     /* cells are as the JSON is, but for quotes */
};

struct export_csv {
	const struct schema *schema;
	struct keyring *ring;
	char workspace[UUID_TEXT];
	bool safe, builtins, is_short;
	struct column *columns;
	unsigned ncolumns;
	struct cell *cells; /* by field */
	struct arena *arena;
	struct buf plain, cell, value;
	int fd;
	struct buf out;
	struct sha256 *sha256;
	uint64_t bytes, flushed;
};

static bool
is_builtin(const struct field *f)
{
	return f->id < FIELD_FIRST_ID;
}

static int
compare_ids(const void *a, const void *b, void *schema)
{
	const struct schema *s = schema;
	const struct field *x = &s->fields[((const struct column *)a)->field];
	const struct field *y = &s->fields[((const struct column *)b)->field];

	if (is_builtin(x) != is_builtin(y))
		return is_builtin(x) ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

/* What a JSON string of the field holds is the text of its cell. */
static bool
is_plain(const struct field *f)
{
	return f->type != FIELD_DATE || !strcmp(f->format, "yyyy-MM-dd");
}

static void
choose_columns(struct export_csv *c)
{
	struct schema *s = (struct schema *)(uintptr_t)c->schema;
	unsigned i;

	c->ncolumns = 0;
	for (i = 0; i < s->n; i++)
		if (c->builtins || !is_builtin(&s->fields[i]))
			c->columns[c->ncolumns++] = (struct column){
			    i, !c->safe && is_plain(&s->fields[i])};
	qsort_r(c->columns, c->ncolumns, sizeof(*c->columns), compare_ids, s);
}

static enum err_code
fault(const char *doing, struct err *e)
{
	bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;

	return err_fault(e, full ? ERR_STORAGE : ERR_INTERNAL,
	    "%s an export file: %s", doing, strerror(errno));
}

/* Writes out what is there; the kernel begins to put it on the disk, so that
 * not all is left to the end. */
static enum err_code
drain(struct export_csv *c, struct err *e)
{
	size_t done = 0;
	ssize_t n;

	sha256_add(c->sha256, c->out.data, c->out.len);
	while (done < c->out.len) {
		n = write(c->fd, c->out.data + done, c->out.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault("writing", e);
		done += (size_t)n;
	}
	c->bytes += c->out.len;
	c->out.len = 0;
	if (c->bytes - c->flushed >= FLUSH_BYTES) {
		sync_file_range(c->fd, (off_t)c->flushed,
		    (off_t)(c->bytes - c->flushed), SYNC_FILE_RANGE_WRITE);
		c->flushed = c->bytes;
	}
	return ERR_OK;
}

static void
add_heading(struct export_csv *c)
{
	unsigned i;

	choose_columns(c);
	buf_adds(&c->out, RECORD_CUSTOMER_ID);
	for (i = 0; i < c->ncolumns; i++) {
		const char *name = c->schema->fields[c->columns[i].field].name;

		buf_addc(&c->out, ',');
		buf_add_csv(&c->out, name, strlen(name));
	}
	buf_adds(&c->out, "\r\n");
}

enum err_code
export_csv_open(const char *path, const struct schema *schema,
    struct keyring *ring, bool spreadsheet_safe, struct export_csv **out,
    struct err *e)
{
	struct export_csv *c;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

	*out = NULL;
	if (fd < 0)
		return fault("making", e);
	c = calloc(1, sizeof(*c));
	if (!c)
		abort();
	c->fd = fd;
	c->schema = schema;
	c->ring = ring;
	c->safe = spreadsheet_safe;
	uuid_format(&schema->workspace, c->workspace);
	c->arena = arena_new(16384);
	c->columns = calloc(schema->n + 1, sizeof(*c->columns));
	c->cells = calloc(schema->n + 1, sizeof(*c->cells));
	if (!c->columns || !c->cells)
		abort();
	c->sha256 = sha256_new();
	add_heading(c);
	*out = c;
	return ERR_OK;
}

/* Puts the value of field i into its cell. */
static enum err_code
put_value(struct export_csv *c, const struct profile_owner *o, unsigned i,
    const struct profile_member *m, struct err *e)
{
	const struct field *f = &c->schema->fields[i];
	struct cell *cell = &c->cells[i];
	struct value v = {m->json, (uint32_t)m->n};
	enum err_code err = ERR_OK;

	cell->given = true;
	if (o->layout >= c->schema->layout && f->pii && m->n >= 2) {
		*cell = (struct cell){.at = c->plain.len, .given = true};
		err = value_open(o->ring, o->key_version, o->workspace,
		    o->customer, f->name, m->json + 1, m->n - 2, &c->plain, e);
		cell->n = c->plain.len - cell->at;
		return err;
	}
	if (f->pii || o->layout < c->schema->layout)
		err = profile_value(o, c->schema, f, m, &c->value, &v, e);
	if (v.json == m->json) {
		*cell = (struct cell){v.json, 0, v.n, true};
		return err;
	}
	*cell = (struct cell){NULL, c->plain.len, v.n, true};
	buf_add(&c->plain, v.json, v.n);
	return err;
}

/* Opens the profile into the cells. */
static enum err_code
read_row(struct export_csv *c, const struct profile_owner *o,
    const struct export_row *row, struct err *e)
{
	struct profile_walk w;
	struct profile_member m;
	enum err_code err = ERR_OK;
	unsigned i;

	memset(c->cells, 0, c->schema->n * sizeof(*c->cells));
	c->plain.len = 0;
	profile_walk_begin(&w, c->schema, o->layout, row->profile, row->n);
	while (!err && profile_walk_next(&w, &m, &i)) {
		c->is_short |=
		    !c->builtins && is_builtin(&c->schema->fields[i]);
		err = put_value(c, o, i, &m, e);
	}
	return err ? err : profile_walk_end(&w, e);
}

/* Copies text that needs no quotes to p; false if it does. */
static bool
copy_plain(char *p, const char *s, size_t n)
{
	if (!csv_is_plain(s, n))
		return false;
	memcpy(p, s, n);
	return true;
}

/* Most values are text or numbers, and stand in the JSON as they are. There is
 * room for them. */
static bool
add_plain(struct export_csv *c, const char *json, size_t n)
{
	bool quoted = n >= 2 && *json == '"';

	json += quoted;
	n -= quoted ? 2 : 0;
	if (!copy_plain(c->out.data + c->out.len, json, n))
		return false;
	c->out.len += n;
	return true;
}

/* True if it was plain. */
static bool
add_cell(struct export_csv *c, const struct column *column)
{
	const struct field *f = &c->schema->fields[column->field];
	const struct cell *cell = &c->cells[column->field];
	const char *json = cell->json ? cell->json : c->plain.data + cell->at;

	if (column->plain && add_plain(c, json, cell->n))
		return true;
	c->cell.len = 0;
	field_type_of(f)->to_text(f, c->arena, json, cell->n, &c->cell);
	if (c->safe) {
		c->value.len = 0;
		export_cell_defuse(&c->value, c->cell.data, c->cell.len);
		buf_add_csv(&c->out, c->value.data, c->value.len);
	} else {
		buf_add_csv(&c->out, c->cell.data, c->cell.len);
	}
	return false;
}

/* `most`: what the row takes at most, if all of it is plain. */
static void
add_cells(struct export_csv *c, const char *id, size_t most)
{
	const struct column *column = c->columns, *end = column + c->ncolumns;

	memcpy(buf_room(&c->out, most), id, UUID_TEXT - 1);
	c->out.len += UUID_TEXT - 1;
	for (; column < end; column++) {
		c->out.data[c->out.len++] = ',';
		if (c->cells[column->field].given && !add_cell(c, column))
			buf_room(&c->out, most);
	}
	buf_add(&c->out, "\r\n", 2);
}

enum err_code
export_csv_row(
    struct export_csv *c, const struct export_row *row, struct err *e)
{
	char id[UUID_TEXT];
	struct profile_owner o = {.ring = c->ring,
	    .workspace = c->workspace,
	    .customer = id,
	    .key_version = row->key_version,
	    .layout = row->layout};
	enum err_code err;

	uuid_format(&row->uuid, id);
	err = read_row(c, &o, row, e);
	if (err)
		return err;
	add_cells(c, id, UUID_TEXT + c->ncolumns + row->n + c->plain.len);
	if (arena_used(c->arena))
		arena_reset(c->arena);
	return c->out.len < WRITE_BYTES ? ERR_OK : drain(c, e);
}

bool
export_csv_is_short(const struct export_csv *c)
{
	return c->is_short;
}

enum err_code
export_csv_again(struct export_csv *c, struct err *e)
{
	uint8_t ignored[32];

	if (ftruncate(c->fd, 0) || lseek(c->fd, 0, SEEK_SET))
		return fault("beginning again", e);
	sha256_end(&c->sha256, ignored);
	c->sha256 = sha256_new();
	c->bytes = c->flushed = 0;
	c->out.len = 0;
	c->builtins |= c->is_short;
	c->is_short = false;
	add_heading(c);
	return ERR_OK;
}

enum err_code
export_csv_end(struct export_csv *c, uint64_t *bytes_out,
    uint8_t sha256_out[32], struct err *e)
{
	enum err_code err = drain(c, e);
	int fd = c->fd;

	if (!err && fsync(fd))
		err = fault("writing", e);
	c->fd = -1;
	if (close(fd) && !err)
		err = fault("writing", e);
	sha256_end(&c->sha256, sha256_out);
	*bytes_out = c->bytes;
	return err;
}

void
export_csv_free(struct export_csv **cp)
{
	struct export_csv *c = *cp;
	uint8_t ignored[32];

	if (!c)
		return;
	if (c->fd >= 0)
		close(c->fd);
	if (c->sha256)
		sha256_end(&c->sha256, ignored);
	buf_free(&c->plain);
	buf_free(&c->cell);
	buf_free(&c->value);
	buf_free(&c->out);
	arena_free(&c->arena);
	free(c->columns);
	free(c->cells);
	free(c);
	*cp = NULL;
}
