/* What every program of ours does at its start. */
#ifndef COFFER_PROC_PROGRAM_H
#define COFFER_PROC_PROGRAM_H

#include <sys/types.h>

#include "base/err.h"

/* No core of ours is ever written, for it would hold keys and personal data
 * (S24); files are made with the mask; the vault and JSON are ready to use. */
void program_setup(mode_t mask);

/* Says on standard error why `program` does not go on; returns `status`. */
int program_refuse(const char *program, const struct err *e, int status);

#endif
