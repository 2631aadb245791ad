/*
 * Bringing the notes of processes (audit_file.c) into the database, entry for
 * entry as they are. One process of a host does it at a time: whoever has the
 * lock of the directory keeps it as long as it lives.
 */
#ifndef COFFER_MODEL_AUDIT_IMPORT_H
#define COFFER_MODEL_AUDIT_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/site.h"

struct audit_import;

struct audit_import *audit_import_new(struct site *s);
void audit_import_free(struct audit_import **im);

/* Imports what has been written since the last call; parts that are whole and
 * grow no more are removed. *entries_out: how many. False in *ours_out: another
 * process does it. Files that cannot be read are told in the log. */
MUST_CHECK enum err_code audit_import_run(struct audit_import *im,
    bool *ours_out, uint64_t *entries_out, struct err *e);

#endif
