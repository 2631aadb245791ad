/* What a service works with: one reading of the configuration. */
#ifndef COFFER_PROC_SERVICE_H
#define COFFER_PROC_SERVICE_H

#include "model/site.h"

enum program { PROGRAM_FCGI, PROGRAM_WORKER };

struct service {
	enum program program;
	struct conf *conf;
	struct site site;
	struct jwt_keys *jwt; /* NULL in the worker, which sees no tokens */
};

/* Reads the configuration file and the keys that it names; nothing is asked
 * of the database. The text of an error says what to do. The caller owns
 * *out. */
MUST_CHECK enum err_code service_open(enum program program,
    const char *conf_path, struct service **out, struct err *e);

/* Opens the log that the configuration names for the program;
 * ERR_BAD_REQUEST. */
MUST_CHECK enum err_code service_log(const struct service *s, struct err *e);

/* Wipes the keys; *s may be NULL. */
void service_close(struct service **s);

#endif
