/* What the tests of this room share: bytes that come in stretches. */
#ifndef COFFER_T_INGEST_BYTES_H
#define COFFER_T_INGEST_BYTES_H

#include <string.h>

#include "base/err.h"
#include "t/tap.h"

/* A text that is handed out up to `split`, then in steps of `step` bytes (0:
 * all that is wanted). */
struct bytes {
	const char *s;
	size_t n, split, step, pos;
};

__attribute__((unused)) static size_t
bytes_take(struct bytes *b, char *p, size_t n)
{
	size_t left = b->pos < b->split ? b->split - b->pos : b->n - b->pos;

	n = n < left ? n : left;
	if (b->step && n > b->step && b->pos >= b->split)
		n = b->step;
	memcpy(p, b->s + b->pos, n);
	b->pos += n;
	return n;
}

/* As a csv_source. */
__attribute__((unused)) static enum err_code
bytes_csv(void *arg, char *p, size_t n, size_t *n_out, struct err *e)
{
	(void)e;
	*n_out = bytes_take(arg, p, n);
	return ERR_OK;
}

/* As a json_source. */
__attribute__((unused)) static long
bytes_json(void *arg, char *p, size_t n)
{
	return (long)bytes_take(arg, p, n);
}

#endif
