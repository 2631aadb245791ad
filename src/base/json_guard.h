/*
 * The guard in front of Jansson (base/json.h): a stream that passes JSON
 * through, bounds its size and depth, and turns each number token into a
 * string that begins with json_prefix. Private to base/json*.c.
 */
#ifndef COFFER_BASE_JSON_GUARD_H
#define COFFER_BASE_JSON_GUARD_H

#include "base/json.h"

#define JSON_PREFIX_LEN 16
#define JSON_DEPTH_MAX 32
#define JSON_NUMBER_MAX 512 /* characters of a number */

/* What a number token begins with in the tree; set by json_setup. */
extern char json_prefix[JSON_PREFIX_LEN + 1];

enum json_state {
	JSON_OUTSIDE,
	JSON_IN_STRING,
	JSON_IN_ESCAPE,
	JSON_IN_NUMBER
};

struct json_guard {
	json_source *src;
	void *arg;
	size_t max_bytes, bytes; /* of text; read so far */
	const bool *stop;        /* once true, the text ends */
	struct err *e;
	bool failed; /* *e is filled */
	bool any;    /* something other than white space was seen */
	bool wide;   /* integers past 64 bits pass */

	char in[4096]; /* from src */
	size_t in_pos, in_len;
	bool in_end;

	enum json_state state;
	unsigned depth;
	bool after_number; /* a number came last: it must not name a member */
	char number[JSON_NUMBER_MAX];
	size_t number_len;

	size_t line, column;               /* of the last byte, from 1 */
	size_t number_line, number_column; /* of the number's first byte */

	/* Where Jansson is in its own, longer text: bytes handed over, and
	 * the numbers on one line of them. The last chunk ends with at most
	 * one more number. */
	size_t out_bytes, out_line, out_numbers;
	bool out_pending;
};

void json_guard_init(struct json_guard *g, json_source *src, void *arg,
    const struct json_limits *lim, const bool *stop, struct err *e);

/* A json_load_callback_t: arg is a struct json_guard. 0 at the end, and also
 * after a failure (g->failed), which thus has to be looked at afterwards. */
size_t json_guard_read(void *buffer, size_t size, void *arg);

/* The column in the text as sent at which Jansson met an error. */
size_t json_guard_column(const struct json_guard *g, const json_error_t *at);

#endif
