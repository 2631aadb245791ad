/*
 * Customers: how their profiles are made, their rows, and pages of them. How
 * profiles are read: model/profile.h; deletion: model/customer_delete.h.
 */
#ifndef COFFER_MODEL_CUSTOMER_H
#define COFFER_MODEL_CUSTOMER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "db/db.h"
#include "model/field.h"
#include "model/record.h"
#include "model/site.h"

#define CUSTOMERS_PER_PAGE 1000
#define PROFILE_MAX (8u << 20) /* bytes of a finished profile */

/* Appends the finished profile of a new customer: the record's values sorted
 * by name, PII ones sealed for this customer under the current data key. */
void profile_build(struct buf *out, const struct schema *s,
    const struct record *r, struct keyring *k, const char *workspace,
    const char *customer);

/* Appends to `out` the stored profile `old` with the record's values put in:
 * given ones replace, others stay as they are, a given null takes a member
 * out, and all PII values are sealed afresh under the current key, so that a
 * row has one version and no IV of before. An `old` of an older layout than
 * the schema's (model/field.h) comes out in the schema's.
 * ERR_CRYPTO if a value cannot be opened or `old` is no profile; out then holds
 * a part. `old` must not lie in `out`. */
MUST_CHECK enum err_code profile_merge(struct buf *out, const struct schema *s,
    const char *old, size_t n, uint32_t old_version, uint32_t old_layout,
    const struct record *r, struct keyring *k, const char *workspace,
    const char *customer, struct err *e);

/* The same, telling what it did: changed[i] (of s->n) is set to true where the
 * record gives field i another value than the customer had; others are left
 * alone. changed may be NULL. */
MUST_CHECK enum err_code profile_change(struct buf *out, const struct schema *s,
    const char *old, size_t n, uint32_t old_version, uint32_t old_layout,
    const struct record *r, struct keyring *k, const char *workspace,
    const char *customer, bool *changed, struct err *e);

/* A digest that makes a value unique: the customer that has it. field_id is
 * that of field_unique_id. */
struct customer_key {
	uint32_t field_id;
	uint32_t version; /* of the index key */
	uint8_t digest[INDEX_LEN];
	uint64_t seq;
};

/* Which digests are taken: for each of n digests of a field, seq_out[i] is the
 * customer that has it, or CUSTOMER_NONE. One round trip per 500. */
#define CUSTOMER_NONE UINT64_MAX
MUST_CHECK enum err_code customer_lookup(struct db *db,
    const struct db_context *ctx, uint32_t field_id,
    const uint8_t (*digests)[INDEX_LEN], unsigned n, uint64_t *seq_out,
    struct arena *a, struct err *e);

/* The seqs of n customers by their UUIDs, and the other way round:
 * CUSTOMER_NONE and false in found_out where there is none. One round trip per
 * 500. */
MUST_CHECK enum err_code customer_seqs(struct db *db,
    const struct db_context *ctx, const struct uuid *ids, unsigned n,
    uint64_t *seq_out, struct arena *a, struct err *e);
MUST_CHECK enum err_code customer_uuids(struct db *db,
    const struct db_context *ctx, const uint64_t *seqs, unsigned n,
    struct uuid *out, bool *found_out, struct arena *a, struct err *e);

/* In which workspace of the account a customer is; ERR_NOT_FOUND. */
MUST_CHECK enum err_code customer_workspace(struct db *db,
    const struct db_context *ctx, const struct uuid *id, struct uuid *out,
    struct err *e);

/* The revision that a customer has now; ERR_NOT_FOUND. */
MUST_CHECK enum err_code customer_revision(struct db *db,
    const struct db_context *ctx, const struct uuid *id, uint32_t *out,
    struct err *e);

/* The same, and when it was last changed. */
MUST_CHECK enum err_code customer_mark(struct db *db,
    const struct db_context *ctx, const struct uuid *id, uint32_t *revision_out,
    int64_t *updated_out, struct err *e);

/* What a transaction of a chunk does to customers; all need the workspace. */

/* A stored customer; its profile is n bytes from `at` of a buf that holds
 * those of all customers in hand, its events (model/event.h) nevents bytes
 * from events_at of the same. */
struct customer {
	uint64_t seq;
	struct uuid uuid;
	uint32_t revision, key_version, layout;
	int64_t created_at, updated_at;
	size_t at, n;
	size_t events_at, nevents;
};

/* New customers, in ascending order of seq; created and updated at `now`. */
MUST_CHECK enum err_code customer_insert(struct db *db,
    const struct db_context *ctx, const struct customer *list, unsigned n,
    const struct buf *profiles, int64_t now, struct err *e);

/* Reads and locks the customers of n different seqs, in any order, into out
 * (room for n), appending their profiles and events; *found_out: how many there
 * are. */
MUST_CHECK enum err_code customer_read(struct db *db,
    const struct db_context *ctx, const uint64_t *seqs, unsigned n,
    struct customer *out, unsigned *found_out, struct buf *profiles,
    struct err *e);

/* The same for the customers from seq `first` to before `end`, in that order,
 * at most `max` of them (more are ERR_INTERNAL). */
MUST_CHECK enum err_code customer_read_range(struct db *db,
    const struct db_context *ctx, uint64_t first, uint64_t end, unsigned max,
    struct customer *out, unsigned *found_out, struct buf *profiles,
    struct err *e);

/* Writes n customers' profiles, events, key version, layout and updated_at over
 * what customer_read or customer_read_range has locked in this transaction:
 * whatever changes a stored profile comes by here. The revision is raised. */
MUST_CHECK enum err_code customer_rewrite(struct db *db,
    const struct db_context *ctx, const struct customer *list, unsigned n,
    const struct buf *profiles, struct err *e);

/* Appends the profile of a customer whose bytes are in `stored` to `out`, in
 * the current form (schema and data key), and its events behind it as they are;
 * *c then tells where in `out`. `nothing` is a record without a value. Errors:
 * see profile_merge. */
MUST_CHECK enum err_code customer_remake(struct buf *out,
    const struct schema *s, const struct buf *stored, struct customer *c,
    const struct record *nothing, struct keyring *k, struct err *e);

/* Locks the customers of n seqs (others than CUSTOMER_NONE), in the order of
 * their seqs, which `seqs` must be in; *found_out: how many there are. */
MUST_CHECK enum err_code customer_lock(struct db *db,
    const struct db_context *ctx, const uint64_t *seqs, unsigned n,
    unsigned *found_out, struct err *e);

/* Takes unique values, quickest in the order of (field_id, digest);
 * ERR_DUPLICATE if one is taken already. */
MUST_CHECK enum err_code customer_take_keys(struct db *db,
    const struct db_context *ctx, const struct customer_key *keys, unsigned n,
    struct err *e);

/* Gives up what n customers have in a unique field. */
MUST_CHECK enum err_code customer_drop_keys(struct db *db,
    const struct db_context *ctx, uint32_t field_id, const uint64_t *seqs,
    unsigned n, struct err *e);

/* Puts customers into a group other than `all`, at ascending positions. */
struct member;
MUST_CHECK enum err_code customer_join(struct db *db,
    const struct db_context *ctx, uint32_t segment_id,
    const struct member *members, unsigned n, int64_t now, struct err *e);

/* Which of n customers are in a group; in_out[i] is set to true for those. */
MUST_CHECK enum err_code customer_members(struct db *db,
    const struct db_context *ctx, uint32_t segment_id, const uint64_t *seqs,
    unsigned n, bool *in_out, struct arena *a, struct err *e);

/* The UUIDs of customers first .. first + n - 1, as far as they exist:
 * out[seq - first]; others are left as they are. */
MUST_CHECK enum err_code customer_ids(struct db *db,
    const struct db_context *ctx, uint64_t first, unsigned n, struct uuid *out,
    struct err *e);

/* Streams one page: for each customer appends its JSON object (contract, POST
 * /v1/customer), separated by commas, and calls `flush` after each, which may
 * send what there is. `limit` customers from `page` on. */
struct segment_page;
typedef enum err_code customer_flush(void *arg, struct err *e);
MUST_CHECK enum err_code customer_page_write(struct site *s,
    const struct db_context *ctx, uint32_t segment_id,
    const struct segment_page *page, unsigned limit, struct buf *out,
    customer_flush *flush, void *arg, struct err *e);

/* Appends one customer as a page has it, by its UUID or, if that is NULL, by
 * its seq. ERR_NOT_FOUND. *uuid_out and *revision_out: its own. */
MUST_CHECK enum err_code customer_write(struct site *s,
    const struct db_context *ctx, const struct uuid *uuid, uint64_t seq,
    struct buf *out, struct uuid *uuid_out, uint32_t *revision_out,
    struct err *e);

#endif
