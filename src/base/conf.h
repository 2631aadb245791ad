/*
 * Configuration: an INI file read by libinih into struct conf. Options,
 * their types, defaults and meanings stand in tbl/config.h, once.
 */
#ifndef COFFER_BASE_CONF_H
#define COFFER_BASE_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define CONF_JWT_KEYS_MAX 8

/* A public key of the company's identity provider: [jwt-key KID] */
struct conf_jwt_key {
	char *kid;
	char *alg;     /* RS256 or ES256 */
	char *file;    /* PEM */
	char *account; /* the code of the one account that it speaks for */
	char *issuer;  /* the iss of its tokens; NULL: that of [auth] */
};

struct conf {
#define STRING(section, name, def, doc) char *section##_##name;
#define NUMBER(section, name, def, min, max, doc) int64_t section##_##name;
#define SWITCH(section, name, def, doc) bool section##_##name;
#include "tbl/config.h"
#undef STRING
#undef NUMBER
#undef SWITCH
	struct conf_jwt_key jwt_keys[CONF_JWT_KEYS_MAX];
	unsigned jwt_nkeys;
};

/* Reads `path`. An unknown section or option, a number out of range, or a
 * file that cannot be read is ERR_BAD_REQUEST with a text that names the
 * file, the line and what to do. *out is owned by the caller (conf_free). */
MUST_CHECK enum err_code conf_read(
    const char *path, struct conf **out, struct err *e);

/* Prints every option with its default and meaning, as a commented file. */
void conf_print_defaults(void);

void conf_free(struct conf **c);

#endif
