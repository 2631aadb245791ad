/* Inside src/model: what jobs keep at rest, sealed under the account's secret.
 * A piece belongs to a job and a number (of its chunk or its row): it opens
 * nowhere else. */
#ifndef COFFER_MODEL_JOB_SEAL_H
#define COFFER_MODEL_JOB_SEAL_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "model/site.h"

/* Appends the sealed form of n bytes to out. */
MUST_CHECK enum err_code job_seal(struct site *s, const struct db_context *ctx,
    enum rest_use use, const struct uuid *job, uint32_t number,
    const void *plain, size_t n, struct buf *out, struct err *e);

/* Opens a piece under a keyring in hand, appending to out. ERR_CRYPTO. */
MUST_CHECK enum err_code job_unseal(struct keyring *k,
    const struct db_context *ctx, enum rest_use use, const struct uuid *job,
    uint32_t number, const void *sealed, size_t n, struct buf *out,
    struct err *e);

#endif
