/*
 * What the worker does for the audit log: it brings the notes of the processes
 * into the database, and anchors the chains there.
 */
#ifndef COFFER_WORK_AUDITOR_H
#define COFFER_WORK_AUDITOR_H

#include "model/site.h"

struct auditor;

struct auditor *auditor_new(struct site *s);
void auditor_free(struct auditor **a);

/* Does what is due. Failures are told in the log and tried again. */
void auditor_tend(struct auditor *a);

/* Does all of it now. */
void auditor_settle(struct auditor *a);

#endif
