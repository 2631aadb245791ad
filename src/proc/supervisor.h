/*
 * The supervisor: keeps so many processes of a service running, replaces those
 * that die, and does what signals ask.
 *   SIGHUP                     reads the configuration again; a bad one is
 *                              logged and the old one stays. New processes
 *                              start, old ones are told to finish what they do
 *   SIGUSR1                    opens the logs again
 *   SIGTERM, SIGQUIT, SIGINT   stops; what does not end in time is killed
 */
#ifndef COFFER_PROC_SUPERVISOR_H
#define COFFER_PROC_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "proc/service.h"

/* What differs between services. `arg` is the caller's. */
struct supervised {
	/* By the configuration of the moment. */
	int64_t (*processes)(const struct conf *c);
	const char *(*pid_file)(const struct conf *c); /* "": none */
	int64_t (*stop_ms)(const struct conf *c); /* a stop takes no longer */

	/* In a new process: works until signals end it, and returns the exit
	 * status. SIGTERM, SIGQUIT, SIGINT, SIGUSR1 and SIGUSR2 are blocked. */
	int (*work)(struct service *s, void *arg);
	/* Before another reading of the configuration takes the place of the
	 * old one; may log what it cannot take over. */
	void (*change)(
	    const struct service *old, const struct service *fresh, void *arg);
	/* As a stop begins; may be NULL. */
	void (*stop)(void *arg);

	/* What tells processes of an earlier configuration to finish. */
	int retire;
	/* An exit status that no other process would fare better than: all
	 * stop, and it is the supervisor's own. 0: none. */
	int hopeless;
};

/* Runs until a signal stops it; takes *service, which becomes NULL. In the
 * processes that it forks it does not return. Returns an exit status. */
int supervisor_run(const struct supervised *what, const char *conf_path,
    struct service **service, void *arg);

#endif
