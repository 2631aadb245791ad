/*
 * Rotation: an account gets a new data key or a new index key while it is in
 * use. Changing the account's keys raises its key epoch under a lock that every
 * writing transaction holds shared, so that none writes under keys of before.
 *
 * Data key: from the first moment new values are sealed under the new version.
 * A job (JOB_KIND_ROTATE) for each workspace seals the others anew; rows say
 * their version, so that reads are right at any time. When the last job ends,
 * older versions are retired: their bytes are gone.
 *
 * Index key: digests are stored under both keys and looked up under the old
 * one, while a job (JOB_KIND_REINDEX) fills in those of the new. When the last
 * one ends the old key is retired, and with that all lookups take the new one;
 * jobs then drop the old digests.
 */
#ifndef COFFER_MODEL_ROTATE_H
#define COFFER_MODEL_ROTATE_H

#include "base/buf.h"
#include "model/job.h"
#include "model/site.h"

/* What a job does: its `detail`. */
enum rotate_step { ROTATE_SEAL, ROTATE_FILL, ROTATE_DROP };
struct rotate_task {
	enum rotate_step step;
	uint32_t version; /* of the new key */
};
/* False if the detail of a job is none of these. */
bool rotate_task_parse(const char *detail, struct rotate_task *out);

/* Makes the next version of a key (KEY_DATA or KEY_INDEX) and the jobs that
 * bring it about; appends their job ids to out, a line each. ERR_CONFLICT while
 * a rotation of the account runs. */
MUST_CHECK enum err_code rotate_start(struct site *s,
    const struct db_context *ctx, const char *account, enum key_kind kind,
    struct buf *out, struct err *e);

/* Within the transaction that ends a job of a rotation: if it was the last of
 * its step, what follows it. */
MUST_CHECK enum err_code rotate_follow(struct site *s,
    const struct db_context *ctx, const struct rotate_task *task,
    struct err *e);

/* Stores digests of a range of customers under the new index key. */
struct customer_key;
MUST_CHECK enum err_code rotate_digests(struct db *db,
    const struct db_context *ctx, const struct customer_key *keys, unsigned n,
    struct err *e);

/* Drops digests of index keys before `version` of the customers from seq
 * `first` to before `end`. */
MUST_CHECK enum err_code rotate_drop(struct db *db,
    const struct db_context *ctx, uint64_t first, uint64_t end,
    uint32_t version, struct err *e);

#endif
