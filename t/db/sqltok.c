#include "sqltok.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '@' || c == '$';
}

/* The length of the token at s, by its first characters. */
static size_t
measure(const char *s, char *kind)
{
	static const char *const signs[] = {
	    "<=>", "...", "<=", ">=", "<>", "!=", ":=", "||", "&&"};
	size_t n = 1, i;

	if (*s == '\'' || *s == '"' || *s == '`') {
		*kind = *s == '`' ? 'w' : 's';
		return strcspn(s + 1, (char[]){*s, '\0'}) + 2;
	}
	if (is_word(*s) || (*s == ':' && isalpha((unsigned char)s[1]))) {
		while (is_word(s[n]))
			n++;
		*kind = *s == ':'                    ? 'm'
		        : isdigit((unsigned char)*s) ? 'n'
		                                     : 'w';
		return n;
	}
	*kind = *s == '?' ? 'm' : 'p';
	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (!strncmp(s, signs[i], strlen(signs[i])))
			return strlen(signs[i]);
	return 1;
}

static bool
add_token(struct sql *q, const char *s, size_t n, char kind)
{
	struct token *t = &q->t[q->n];

	if (*s == '`') {
		s++;
		n -= 2;
	}
	if (q->n == TOKENS_MAX || n >= sizeof(t->text))
		return kind == 's' && q->n < TOKENS_MAX;
	t->kind = kind;
	memcpy(t->text, s, n);
	t->text[n] = '\0';
	q->n++;
	return true;
}

bool
sql_is(const struct sql *q, int i, const char *word)
{
	return i >= 0 && i < q->n && q->t[i].kind != 's' &&
	       !strcasecmp(q->t[i].text, word);
}

bool
sql_in(const struct sql *q, int i, const char *words)
{
	char word[32];
	size_t n;

	for (; *words; words += n + (words[n] == ' ')) {
		n = strcspn(words, " ");
		memcpy(word, words, n);
		word[n] = '\0';
		if (sql_is(q, i, word))
			return true;
	}
	return false;
}

/* The clause that token i begins, or `now`. */
static enum clause
clause_after(const struct sql *q, int i, enum clause now)
{
	if (sql_in(q, i, "FROM JOIN STRAIGHT_JOIN"))
		return IN_FROM;
	if (sql_is(q, i, "UPDATE") && i == 0)
		return IN_FROM;
	if (sql_is(q, i, "ON"))
		return sql_is(q, i + 1, "DUPLICATE") ? IN_SET : IN_ON;
	if (sql_is(q, i, "WHERE"))
		return IN_WHERE;
	if (sql_is(q, i, "SET"))
		return IN_SET;
	if (sql_is(q, i, "SELECT"))
		return IN_HEAD;
	if (sql_in(q, i, "GROUP ORDER HAVING LIMIT LOCK RETURNING") ||
	    (sql_is(q, i, "FOR") && sql_is(q, i + 1, "UPDATE")))
		return IN_OTHER;
	return now;
}

static bool
open_group(struct sql *q, int i, int *cur)
{
	struct group *g = &q->g[q->ngroups];

	if (q->ngroups == GROUPS_MAX)
		return false;
	g->parent = *cur;
	g->open = i;
	g->scope = sql_is(q, i + 1, "SELECT") ? q->ngroups : q->g[*cur].scope;
	*cur = q->ngroups++;
	return true;
}

/* Gives every token its group, scope and clause. */
static bool
place(struct sql *q)
{
	int cur = 0, i;

	q->ngroups = 1;
	q->g[0].open = -1;
	for (i = 0; i < q->n; i++) {
		struct group *scope;

		if (sql_is(q, i, "(") && !open_group(q, i, &cur))
			return false;
		scope = &q->g[q->g[cur].scope];
		scope->clause = clause_after(q, i, scope->clause);
		q->t[i].group = cur;
		q->t[i].scope = q->g[cur].scope;
		q->t[i].clause = scope->clause;
		if (sql_in(q, i, "OR || XOR"))
			q->g[cur].has_or = true;
		if (sql_is(q, i, ")")) {
			if (cur == 0)
				return false;
			q->g[cur].close = i;
			cur = q->g[cur].parent;
		}
	}
	return cur == 0;
}

bool
sql_cut(struct sql *q, const char *s)
{
	size_t n;
	char kind;

	memset(q, 0, sizeof(*q));
	while (*(s += strspn(s, " \t\n"))) {
		n = measure(s, &kind);
		if (n > strlen(s) || !add_token(q, s, n, kind))
			return false;
		s += n;
	}
	return place(q);
}
