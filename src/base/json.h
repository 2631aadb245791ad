/*
 * JSON in: Jansson behind a guard. The guard reads a stream, bounds it, and
 * keeps what Jansson loses: numbers stay as the text they were sent in
 * ("1500.00" stays 1500.00), told from strings by jv_type.
 *
 * Refused with ERR_BAD_REQUEST: malformed or truncated text, repeated keys,
 * U+0000, bad UTF-8, nesting over 32, integers that do not fit 64 bits with
 * their sign (but see json_limits), numbers of over 511 characters. The text
 * says the line and the column, and quotes nothing.
 * Refused with ERR_TOO_LARGE: more than max_bytes of text, or a tree of more
 * than max_tree bytes of memory.
 *
 * How numbers pass: the guard rewrites a number token to a string with a
 * prefix that is random per process, so that no client can forge one.
 */
#ifndef COFFER_BASE_JSON_H
#define COFFER_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum jv_type {
	JV_NONE, /* json_t is NULL: the member is missing */
	JV_NULL,
	JV_BOOL,
	JV_NUMBER,
	JV_STRING,
	JV_ARRAY,
	JV_OBJECT
};

/* Seeds Jansson's hash and the number prefix from 32 random bytes and sets
 * its allocator. Call once, before any fork and before any other call. */
void json_setup(const uint8_t seed[32]);

/* Draws up to n bytes into p; returns how many, 0 at the end, -1 on error. */
typedef long json_source(void *arg, char *p, size_t n);

/* Is told of a member of the outermost object; the name is good until it
 * returns. */
typedef void json_member_fault(void *arg, const char *name, const char *reason);

/* With `fault`, what is wrong with a value is told by the member that holds it:
 * U+0000 through `fault`, each member once, and then ERR_BAD_REQUEST; integers
 * past 64 bits not here, they pass: who reads the member has to refuse them. */
struct json_limits {
	size_t max_bytes; /* of text */
	size_t max_tree;  /* of memory for the parsed tree */
	json_member_fault *fault;
	void *fault_arg;
};

/* Reads one JSON value and nothing after it but white space. The caller owns
 * *out (json_decref). An empty input is ERR_MISSING_FIELDS. */
MUST_CHECK enum err_code json_read(json_source *src, void *arg,
    const struct json_limits *lim, json_t **out, struct err *e);

/* The same from memory, with limits of n bytes and 4 MiB of tree. */
MUST_CHECK enum err_code json_read_mem(
    const char *s, size_t n, json_t **out, struct err *e);

enum jv_type jv_type(const json_t *v);

/* The text of a JV_NUMBER from json_read, exactly as sent. v is one. */
const char *jv_number(const json_t *v);

/* A JV_NUMBER that is an integer of 64 bits (also one made by json_integer);
 * false otherwise. */
bool jv_int(const json_t *v, int64_t *out);

/* Appends v as compact JSON, object members sorted by name if `sorted`,
 * numbers as they were sent, json_integer as such; trees hold no json_real. */
struct buf;
void jv_write(struct buf *b, const json_t *v, bool sorted);

/* True if n bytes are a JSON number (RFC 8259, section 6). */
bool json_number_valid(const char *s, size_t n);

#endif
