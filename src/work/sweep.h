/* What the worker clears away now and then: one list. */
#ifndef COFFER_WORK_SWEEP_H
#define COFFER_WORK_SWEEP_H

#include "model/site.h"

/* Frees claims of dead processes, and deletes what has outlived its time,
 * account by account, in small steps. */
MUST_CHECK enum err_code sweep_all(struct site *s, struct err *e);

#endif
