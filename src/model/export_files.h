/*
 * The files of exports: [exports] dir / workspace_id / exportid.csv, and, while
 * it is written, exportid.csv.RUN.tmp. They hold plaintext.
 */
#ifndef COFFER_MODEL_EXPORT_FILES_H
#define COFFER_MODEL_EXPORT_FILES_H

#include "model/export.h"

#define EXPORT_PATH_MAX 4096

/* Checks [exports] dir, which is made if it is not there. ERR_BAD_REQUEST, with
 * a text that says what to do. */
MUST_CHECK enum err_code export_dir_check(const struct conf *c, struct err *e);

/* The path of an export's file; with a `run` (not 0) that of the file that this
 * run writes. */
MUST_CHECK enum err_code export_path(const struct conf *c,
    const struct uuid *workspace, const struct export *x, uint32_t run,
    char out[EXPORT_PATH_MAX], struct err *e);

/* Makes the directory of the workspace. ERR_STORAGE: the disk is full. */
MUST_CHECK enum err_code export_dir_make(
    const struct conf *c, const struct uuid *workspace, struct err *e);

/* Puts the directory of a file on the disk, and with it the file's name. */
MUST_CHECK enum err_code export_dir_sync(const char *path, struct err *e);

/* Removes all files of an export; all of the workspaces of the context's
 * account. */
MUST_CHECK enum err_code export_files_remove(const struct conf *c,
    const struct uuid *workspace, const struct export *x, struct err *e);
MUST_CHECK enum err_code export_erase(
    struct site *s, const struct db_context *ctx, struct err *e);

/* Removes the files, and what is known of who is in them, of the workspace's
 * exports that are to have none; as well as it can, after a COMMIT: what fails
 * is logged, and the sweep does it. */
void export_clean_now(struct site *s, const struct db_context *ctx);

/* Of the context's account: files that have expired or that nobody knows, and
 * records that have outlived their time. Of the server: files of workspaces
 * that are not there. */
MUST_CHECK enum err_code export_sweep(
    struct site *s, const struct db_context *ctx, struct err *e);
MUST_CHECK enum err_code export_sweep_places(struct db *db, struct err *e);

#endif
