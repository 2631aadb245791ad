/*
 * The master of coffer-worker --poll: starts [worker] processes, replaces
 * those that die (their claims are freed by those that follow), and does what
 * signals ask.
 *   SIGHUP                     reads the configuration again; a bad one is
 *                              logged and the old one stays. New processes
 *                              start, old ones finish the chunk in hand
 *   SIGUSR1                    opens the log again
 *   SIGTERM, SIGQUIT, SIGINT   stops, once the chunks in hand are done
 */
#ifndef COFFER_WORK_CREW_H
#define COFFER_WORK_CREW_H

#include "model/site.h"

/* What the worker works with: one reading of the configuration. */
struct equipment {
	struct conf *conf;
	struct site site;
};

/* Reads the configuration file and the master keys; nothing is asked of the
 * database. The text of an error says what to do. The caller owns *out. */
MUST_CHECK enum err_code equipment_open(
    const char *conf_path, struct equipment **out, struct err *e);

/* Opens the log that the configuration names; ERR_BAD_REQUEST. */
MUST_CHECK enum err_code equipment_log(
    const struct equipment *q, struct err *e);

/* Wipes the keys; *q may be NULL. */
void equipment_close(struct equipment **q);

/* Runs until a signal stops it; takes *q, which becomes NULL. In the processes
 * that it forks it does not return. Returns an exit status: EX_OK, EX_CONFIG
 * if the keys are not those of the database, EX_UNAVAILABLE if the wake socket
 * cannot be had. */
int crew_run(const char *conf_path, struct equipment **q);

#endif
