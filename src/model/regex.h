/*
 * Field regexes: PCRE2 with limits on matching, so that no pattern stalls a
 * process (S30). The only user of PCRE2.
 */
#ifndef COFFER_MODEL_REGEX_H
#define COFFER_MODEL_REGEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct regex;

/* Compiles a UTF-8 pattern (PCRE2_UTF | PCRE2_UCP, never \C); ERR_BAD_REQUEST
 * names the offset and PCRE2's reason. The caller owns *out. */
MUST_CHECK enum err_code regex_compile(
    const char *pattern, struct regex **out, struct err *e);

/* What the searches of one upload (those of one schema) have cost. A pattern
 * whose steps are bounded can still be slow ten thousand times over: once
 * REGEX_BUDGET_NS are spent, every search that shares the budget is REGEX_LIMIT
 * without being tried. A search that meets its own limit counts as at least
 * REGEX_LIMIT_NS. Both are of the processor's time. Starts zeroed. */
#define REGEX_BUDGET_NS 3000000000
#define REGEX_LIMIT_NS 150000000
struct regex_budget {
	int64_t spent_ns;
};

enum regex_result { REGEX_MATCH, REGEX_NO_MATCH, REGEX_LIMIT };

/* A search, anchored only if the pattern says so, over n bytes that must be
 * valid UTF-8. REGEX_LIMIT: given up, it took too many steps, too much memory
 * or the rest of the budget. */
enum regex_result regex_search(
    struct regex *r, struct regex_budget *budget, const char *s, size_t n);

void regex_free(struct regex **r);

#endif
