#include "model/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * PCRE2's match limit counts ways back, and counts them anew at each place
 * where a match may start; it does not see the characters that one item runs
 * over. "a*a*[bc]" takes hours over 16,000 letters without meeting it. So
 * patterns are compiled with a callout before each item, which looks at the
 * clock now and then: between two callouts there is at most one run over the
 * value.
 */
#define STEPS 1000000u /* the match limit, for what it does see */
#define HEAP_KIB 8192u
#define SEARCH_NS 100000000 /* processor time of one search */
#define WORK_PER_LOOK 4096  /* callouts, and runs of 256 bytes ahead of them */

struct regex {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *context;
	size_t work;      /* of this search, since the last look */
	int64_t deadline; /* on the processor clock; 0: not looked at yet */
};

static void *
must(void *p)
{
	if (!p)
		abort();
	return p;
}

static int64_t
processor_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Called by PCRE2 before each item of the pattern. */
static int
count_work(pcre2_callout_block *at, void *arg)
{
	struct regex *r = arg;
	int64_t now;

	r->work += 1 + (at->subject_length - at->current_position) / 256;
	if (r->work < WORK_PER_LOOK)
		return 0;
	r->work = 0;
	now = processor_ns();
	if (!r->deadline)
		r->deadline = now + SEARCH_NS;
	return now < r->deadline ? 0 : PCRE2_ERROR_CALLOUT;
}

static enum err_code
refuse(int code, size_t offset, struct err *e)
{
	PCRE2_UCHAR why[160];

	if (pcre2_get_error_message(code, why, sizeof(why)) < 0)
		why[0] = '\0';
	return err_set(e, ERR_BAD_REQUEST,
	    "regex is not a valid pattern at offset %zu: %s", offset,
	    (const char *)why);
}

enum err_code
regex_compile(const char *pattern, struct regex **out, struct err *e)
{
	const uint32_t options = PCRE2_UTF | PCRE2_UCP |
	                         PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT;
	pcre2_code *code;
	struct regex *r;
	size_t offset;
	int why;

	code = pcre2_compile(
	    (PCRE2_SPTR)pattern, strlen(pattern), options, &why, &offset, NULL);
	if (!code)
		return refuse(why, offset, e);
	r = must(calloc(1, sizeof(*r)));
	r->code = code;
	r->match = must(pcre2_match_data_create(1, NULL));
	r->context = must(pcre2_match_context_create(NULL));
	pcre2_set_match_limit(r->context, STEPS);
	pcre2_set_heap_limit(r->context, HEAP_KIB);
	pcre2_set_callout(r->context, count_work, r);
	*out = r;
	return ERR_OK;
}

/* What a search cost, in ns of the processor's time; 0 if next to nothing. */
static int64_t
cost_of(const struct regex *r, int rc)
{
	int64_t cost = 0;

	if (r->deadline)
		cost = processor_ns() - (r->deadline - SEARCH_NS);
	if (rc < 0 && rc != PCRE2_ERROR_NOMATCH && cost < REGEX_LIMIT_NS)
		cost = REGEX_LIMIT_NS;
	return cost;
}

enum regex_result
regex_search(
    struct regex *r, struct regex_budget *budget, const char *s, size_t n)
{
	int rc;

	if (budget->spent_ns >= REGEX_BUDGET_NS)
		return REGEX_LIMIT;
	r->work = 0;
	r->deadline = 0;
	rc = pcre2_match(r->code, (PCRE2_SPTR)s, n, 0, PCRE2_NO_UTF_CHECK,
	    r->match, r->context);
	budget->spent_ns += cost_of(r, rc);
	if (rc == PCRE2_ERROR_NOMATCH)
		return REGEX_NO_MATCH;
	return rc < 0 ? REGEX_LIMIT : REGEX_MATCH;
}

void
regex_free(struct regex **r)
{
	if (!*r)
		return;
	pcre2_match_data_free((*r)->match);
	pcre2_match_context_free((*r)->context);
	pcre2_code_free((*r)->code);
	free(*r);
	*r = NULL;
}
