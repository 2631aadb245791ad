/* The words of a statement, with the parentheses and clauses they stand in. */
#ifndef COFFER_T_DB_SQLTOK_H
#define COFFER_T_DB_SQLTOK_H

#include <stdbool.h>

#define TOKENS_MAX 800
#define GROUPS_MAX 100

enum clause { IN_HEAD, IN_FROM, IN_ON, IN_WHERE, IN_SET, IN_OTHER };

struct token {
	char kind; /* 'w' word, 's' string, 'n' number, 'm' marker, 'p' sign */
	char text[68];
	int group; /* the innermost parentheses; 0 is the whole */
	int scope; /* the group of the innermost SELECT */
	enum clause clause;
};

struct group {
	int parent, scope;
	int open, close; /* its tokens "(" and ")" */
	bool has_or;
	enum clause clause; /* of a scope, so far */
};

struct sql {
	struct token t[TOKENS_MAX + 4]; /* and some that are empty */
	struct group g[GROUPS_MAX];
	int n, ngroups;
};

/* Cuts a statement; false if it is too long or its parentheses do not match. */
bool sql_cut(struct sql *q, const char *text);

/* True if token i is the word or sign, in either case; i may be out of range.
 */
bool sql_is(const struct sql *q, int i, const char *word);

/* True if token i is one of the words, which are separated by spaces. */
bool sql_in(const struct sql *q, int i, const char *words);

#endif
