#include "generation.h"

#include <stdio.h>
#include <string.h>

#include "sqltok.h"

#define REMEMBERED "account workspace api_key"
#define NOT_REMEMBERED "next_field_id next_segment_id"

/* Whether token i names a table that the statement may write to. */
static bool
is_target(const struct sql *q, int i)
{
	if (sql_in(q, i - 1, "UPDATE INTO") || sql_is(q, i - 2, "DELETE"))
		return true;
	return sql_in(q, 0, "UPDATE DELETE") &&
	       (i == 1 || sql_in(q, i - 1, "JOIN STRAIGHT_JOIN FROM ,"));
}

static bool
names_remembered(const struct sql *q)
{
	int i;

	for (i = 0; i < q->n; i++)
		if (sql_in(q, i, REMEMBERED) && is_target(q, i) &&
		    !sql_is(q, i + 1, "."))
			return true;
	return false;
}

/* Whether token i is "=" of an assignment. */
static bool
assigns(const struct sql *q, int i)
{
	int before = sql_is(q, i - 2, ".") ? i - 4 : i - 2;

	return sql_is(q, i, "=") && q->t[i].clause == IN_SET &&
	       sql_in(q, before, "SET UPDATE ,");
}

/* Whether the texts that follow "=" at token i are GENERATION_NEXT. */
static bool
raises(const struct sql *q, int i)
{
	static struct sql next;
	int j;

	if (!sql_cut(&next, GENERATION_NEXT) || i + 1 + next.n > q->n)
		return false;
	for (j = 0; j < next.n; j++)
		if (!sql_is(q, i + 1 + j, next.t[j].text))
			return false;
	return i + 1 + j == q->n || sql_in(q, i + 1 + j, ", WHERE");
}

static bool
update_is_told(const struct sql *q, char *why, size_t size)
{
	const char *column = NULL;
	bool raised = false;
	int i;

	for (i = 1; i < q->n; i++) {
		if (!assigns(q, i))
			continue;
		if (sql_is(q, i - 1, "generation"))
			raised |= raises(q, i);
		if (!sql_in(q, i - 1, NOT_REMEMBERED))
			column = q->t[i - 1].text;
	}
	if (column && !raised)
		snprintf(why, size, "%s without GENERATION_NEXT", column);
	return !column || raised;
}

static bool
insert_is_told(const struct sql *q, char *why, size_t size)
{
	bool given = false;
	int i;

	for (i = 0; i < q->n; i++) {
		if (sql_is(q, i, "DUPLICATE")) {
			snprintf(why, size, "ON DUPLICATE KEY");
			return false;
		}
		given |= sql_is(q, i, "generation");
	}
	if (!sql_is(q, 2, "workspace") || given)
		return true;
	snprintf(why, size, "a workspace without a generation");
	return false;
}

bool
generation_check(const struct stmt_row *row, char *why, size_t n)
{
	static struct sql q;

	why[0] = '\0';
	if (!sql_cut(&q, row->sql)) {
		snprintf(why, n, "too long, or unbalanced");
		return false;
	}
	if (sql_is(&q, 0, "SELECT") || !names_remembered(&q))
		return true;
	if (sql_is(&q, 0, "UPDATE"))
		return update_is_told(&q, why, n);
	if (sql_is(&q, 0, "INSERT") && sql_is(&q, 1, "INTO"))
		return insert_is_told(&q, why, n);
	if (sql_is(&q, 0, "DELETE") && !strncmp(row->name, "ERASE_", 6))
		return true;
	snprintf(why, n, "%s of such a table", q.t[0].text);
	return false;
}
