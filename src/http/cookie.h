/*
 * Cookies as requests carry them (RFC 6265, section 4.2).
 */
#ifndef COFFER_HTTP_COOKIE_H
#define COFFER_HTTP_COOKIE_H

#include "base/arena.h"

/* The cookie of a customer's session. */
#define SESSION_COOKIE "dxp-sessionid"

/* How many pairs of that name (case matters) a Cookie header holds; the header
 * may be NULL. */
unsigned cookie_count(const char *header, const char *name);

/* The value of the first of them, in the arena and without the quotes that may
 * be around it; NULL if there is none. */
const char *cookie_value(const char *header, const char *name, struct arena *a);

#endif
