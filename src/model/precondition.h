/* If-Match (RFC 9110, section 13.1.1): which revisions of a customer are good.
 */
#ifndef COFFER_MODEL_PRECONDITION_H
#define COFFER_MODEL_PRECONDITION_H

#include <stdbool.h>
#include <stdint.h>

#define PRECONDITION_MAX 16

/* Any, or one of n. */
struct precondition {
	bool any;
	unsigned n;
	uint32_t list[PRECONDITION_MAX];
};

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
