/*
 * Slots: a bound on how many processes do something at once, over all that
 * are forked from the one which made it. A slot is a record lock (fcntl(2)) on
 * a byte of an unnamed file, so that it is given back when its holder dies.
 */
#ifndef COFFER_BASE_SLOTS_H
#define COFFER_BASE_SLOTS_H

#include <stdbool.h>

struct slots;

/* n slots, all free. Never NULL (aborts). */
struct slots *slots_new(unsigned n);

/* Takes a slot for this process, without waiting; false if none is free.
 * A process holds one at most. */
bool slots_take(struct slots *s);

/* Gives the slot back that this process holds. */
void slots_give(struct slots *s);

void slots_free(struct slots **s); /* *s may be NULL */

#endif
