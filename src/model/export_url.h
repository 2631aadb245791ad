/*
 * Signed URLs of export files: HMAC-SHA256 over the workspace, the exportid and
 * the time until which they are good, under a key of the server: nothing is
 * asked of the database before the signature is good. One that was made before
 * the master key was replaced is good no more. Whoever has a good one may have
 * the file, so the record is to be asked again then.
 */
#ifndef COFFER_MODEL_EXPORT_URL_H
#define COFFER_MODEL_EXPORT_URL_H

#include "base/buf.h"
#include "model/export.h"

/* Appends https://HOST/exports/WORKSPACE/EXPORTID?expires=...&signature=... of
 * a finished export, good for [exports] url_ttl seconds, but not for longer
 * than its file. */
void export_url(struct site *s, const struct uuid *workspace,
    const struct export *x, struct buf *out);

/* What came in such a URL; NULL where something is missing. */
struct export_link {
	const char *workspace, *exportid, *expires, *signature;
};

/* Checks it, and finds whose it is: account and workspace of the context.
 * ERR_FORBIDDEN if export_url has not made it, or it is late: no difference. */
MUST_CHECK enum err_code export_link_check(struct site *s,
    const struct export_link *link, struct db_context *ctx_out,
    struct uuid *workspace_out, struct err *e);

#endif
