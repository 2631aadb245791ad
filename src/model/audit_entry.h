/*
 * Inside src/model: an entry of the audit log, the chain that it stands in,
 * and its form as a line of JSON (exports, and the files of processes of older
 * versions, where the detail is a string: audit_record.h has today's).
 *
 *   mac = HMAC-SHA256(audit.key, part(mac of the entry before, or 32 zeros)
 *         part(chain) part(n, at: 8 bytes each, account_id, workspace_id,
 *         user_id: 4 each, little-endian) part(level) part(action)
 *         part(subject or nothing) part(detail) part(request_id))
 *   part(x): its length as 4 bytes little-endian, then x (vault/mac.h)
 */
#ifndef COFFER_MODEL_AUDIT_ENTRY_H
#define COFFER_MODEL_AUDIT_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "vault/mac.h"

#define AUDIT_CHAIN 16
#define AUDIT_CHAIN_TEXT (2 * AUDIT_CHAIN + 1)
#define AUDIT_SUBJECT 16

/* Sizes of the columns. */
#define AUDIT_LEVEL_MAX 8
#define AUDIT_ACTION_MAX 32
#define AUDIT_REQUEST_MAX 64

/* How far a chain is: its last entry. */
struct audit_head {
	uint8_t chain[AUDIT_CHAIN];
	uint64_t n;           /* 0: none yet */
	uint8_t mac[MAC_LEN]; /* zeros then */
};

struct audit_text {
	const char *s;
	size_t n;
};

struct audit_entry {
	uint8_t chain[AUDIT_CHAIN];
	uint64_t n;
	int64_t at; /* ms */
	uint32_t account_id, workspace_id, user_id;
	struct audit_text level, action, detail, request;
	bool has_subject;
	uint8_t subject[AUDIT_SUBJECT];
	uint8_t mac[MAC_LEN];
};

/* Starts a chain that nobody else has. */
void audit_head_new(struct audit_head *out);

/* The mac that an entry must have behind an entry with mac `before`. */
void audit_entry_mac(struct mac *key, const uint8_t before[MAC_LEN],
    const struct audit_entry *en, uint8_t out[MAC_LEN]);

/* Makes an entry the next of a chain: fills chain, n and mac, and moves the
 * head. */
void audit_entry_chain(
    struct mac *key, struct audit_head *head, struct audit_entry *en);

/* What a line tells beside the entry: NULL, what is not known. */
struct audit_names {
	const char *account;          /* code */
	const char *workspace, *user; /* UUIDs */
	const uint8_t *before;        /* mac of the entry before */
};

/* Appends an entry as a line. The detail is the object there that it is, if it
 * is good JSON, and else a string. */
void audit_line_write(struct buf *out, const struct audit_entry *en,
    const struct audit_names *names);

/* Reads a line of n bytes (without its newline, followed by a NUL); texts are
 * copied into the arena. *before_out (may be NULL) points to the mac of the
 * entry before, or is NULL where the line does not tell it. ERR_BAD_REQUEST. */
MUST_CHECK enum err_code audit_line_read(const char *s, size_t n,
    struct arena *a, struct audit_entry *out, const uint8_t **before_out,
    struct err *e);

/* Appends n bytes in hex. */
void audit_add_hex(struct buf *b, const void *p, size_t n);

/* Reads exactly n bytes from hex digits, hyphens passed over. */
bool audit_hex(const char *s, void *out, size_t n);

#endif
