#include "db/stmt.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "db/internal.h"

static const struct stmt_row registry[] = {
#define STMT(name, scope, sql) {#name, STMT_##scope, sql},
#include STMT_FILE
#undef STMT
};

const struct table_row tables[] = {
#define TABLE(name, owner) {#name, TABLE_##owner, TABLE_WRITE},
#define TABLE_APPEND(name, owner) {#name, TABLE_##owner, TABLE_APPEND},
#define TABLE_READ(name, owner) {#name, TABLE_##owner, TABLE_READ},
#include "tbl/tables.h"
#undef TABLE
#undef TABLE_APPEND
#undef TABLE_READ
};
const unsigned tables_count = sizeof(tables) / sizeof(tables[0]);

const unsigned list_sizes[LIST_SIZES] = {1, 5, 20, 50, 150, 500};
const unsigned row_sizes[ROW_SIZES] = {1, 50, 500};

#define LIST_MARKER "(?...)"

const struct stmt_row *
stmt_get(enum stmt st)
{
	assert((unsigned)st < STMT_COUNT);
	return &registry[st];
}

static bool
starts(const char *s, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - s) >= n && !memcmp(s, word, n);
}

static bool
word_starts(const char *s, const char *end, const char *word)
{
	const char *after = s + strlen(word);

	return starts(s, end, word) &&
	       (after == end ||
	           !(isalnum((unsigned char)*after) || *after == '_'));
}

static void
add_slot(struct plan *p, enum slot slot)
{
	buf_addc(&p->text, '?');
	buf_addc(&p->slots, (char)slot);
}

static void
add_list(struct plan *p, unsigned times)
{
	unsigned i;

	for (i = 0; i < times; i++) {
		buf_addc(&p->text, i ? ',' : '(');
		add_slot(p, SLOT_LIST);
	}
	buf_addc(&p->text, ')');
}

/* Adds [s, end) with its markers turned into slots. */
static void
add_text(struct plan *p, const char *s, const char *end, unsigned times)
{
	while (s < end) {
		if (starts(s, end, LIST_MARKER)) {
			add_list(p, times);
			s += strlen(LIST_MARKER);
		} else if (word_starts(s, end, ":account")) {
			add_slot(p, SLOT_ACCOUNT);
			s += strlen(":account");
		} else if (word_starts(s, end, ":workspace")) {
			add_slot(p, SLOT_WORKSPACE);
			s += strlen(":workspace");
		} else if (*s == '?') {
			add_slot(p, SLOT_ARG);
			s++;
		} else {
			buf_addc(&p->text, *s++);
		}
	}
}

/* The end of the group that opens at s, past its closing parenthesis. */
static const char *
group_end(const char *s)
{
	int depth = 0;

	for (; *s; s++) {
		if (*s == '(')
			depth++;
		else if (*s == ')' && --depth == 0)
			return s + 1;
	}
	assert(!"parentheses of a statement do not match");
	return s;
}

/* Adds a statement whose tuple after VALUES is repeated. Nothing after the
 * tuple takes a value. */
static void
add_tuples(struct plan *p, const char *sql, unsigned times)
{
	const char *end = sql + strlen(sql);
	const char *values = strstr(sql, "VALUES");
	const char *tuple, *rest;
	unsigned i;

	assert(values);
	tuple = strchr(values, '(');
	assert(tuple);
	rest = group_end(tuple);
	assert(!strpbrk(rest, "?:"));
	add_text(p, sql, tuple, 1);
	for (i = 0; i < times; i++) {
		if (i)
			buf_addc(&p->text, ',');
		add_text(p, tuple, rest, 1);
	}
	add_text(p, rest, end, 1);
}

static bool
has_slot(const struct plan *p, enum slot slot)
{
	return p->slots.len && memchr(p->slots.data, slot, p->slots.len);
}

static void
check_scope(const struct stmt_row *row, const struct plan *p)
{
	bool account = has_slot(p, SLOT_ACCOUNT);
	bool workspace = has_slot(p, SLOT_WORKSPACE);

	switch (row->scope) {
	case STMT_SERVER:
		assert(!account && !workspace);
		break;
	case STMT_ACCOUNT:
		assert(account && !workspace);
		break;
	case STMT_WORKSPACE:
		assert(workspace);
		break;
	}
	(void)account;
	(void)workspace;
}

void
plan_compile(const struct stmt_row *row, unsigned times, struct plan *out)
{
	assert(times > 0);
	memset(out, 0, sizeof(*out));
	if (strstr(row->sql, LIST_MARKER) || times == 1)
		add_text(out, row->sql, row->sql + strlen(row->sql), times);
	else
		add_tuples(out, row->sql, times);
	check_scope(row, out);
}

void
plan_free(struct plan *p)
{
	buf_free(&p->text);
	buf_free(&p->slots);
}
