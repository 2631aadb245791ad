/* If-Match and If-None-Match (RFC 9110, sections 13.1.1 and 13.1.2): which
 * revisions of a customer are good, or that there must be none. */
#ifndef COFFER_MODEL_PRECONDITION_H
#define COFFER_MODEL_PRECONDITION_H

#include <stdbool.h>
#include <stdint.h>

#define PRECONDITION_MAX 16

/* No customer at all; or any revision, or one of n. */
struct precondition {
	bool none;
	bool any;
	unsigned n;
	uint32_t list[PRECONDITION_MAX];
};

/* For a customer that is there. */
static inline bool
precondition_holds(const struct precondition *p, uint32_t revision)
{
	unsigned i;

	for (i = 0; i < p->n; i++)
		if (p->list[i] == revision)
			return true;
	return p->any;
}

#endif
