/* Exports: work/export.c reads a snapshot, work/export_csv.c writes the file.
 * Inside src/work. */
#ifndef COFFER_WORK_EXPORT_H
#define COFFER_WORK_EXPORT_H

#include "base/arena.h"
#include "model/export.h"
#include "model/field.h"
#include "work/apply.h"

/* Applies the chunk of JOB_KIND_EXPORT: see work_apply, but it runs for as long
 * as it takes, renewing its lease. ERR_STORAGE: the disk is full. */
MUST_CHECK enum err_code export_apply(struct site *s, const struct claim *claim,
    struct applied *out, struct err *e);

/* A CSV file (RFC 4180, CRLF) that is being written: customer_id, the fields in
 * the order in which they were defined, and, if one of the rows has such a
 * value, the system attributes that no field stands for. */
struct export_csv;

/* Who is in a row. The bytes are the caller's. */
struct export_row {
	uint64_t seq;
	struct uuid uuid;
	const char *profile;
	size_t n;
	uint32_t key_version, layout;
};

/* Makes the file, with its heading. `schema` and `ring` must outlive it.
 * ERR_STORAGE. */
MUST_CHECK enum err_code export_csv_open(const char *path,
    const struct schema *schema, struct keyring *ring, bool spreadsheet_safe,
    struct export_csv **out, struct err *e);

MUST_CHECK enum err_code export_csv_row(
    struct export_csv *c, const struct export_row *row, struct err *e);

/* True once a row had an attribute that the heading has not: the file is to be
 * begun again. */
bool export_csv_is_short(const struct export_csv *c);

/* Begins the file again, with such a heading if it was too short. */
MUST_CHECK enum err_code export_csv_again(struct export_csv *c, struct err *e);

/* Puts all on the disk; bytes and SHA-256 of it. */
MUST_CHECK enum err_code export_csv_end(struct export_csv *c,
    uint64_t *bytes_out, uint8_t sha256_out[32], struct err *e);

/* Wipes; the file stays. *c may be NULL. */
void export_csv_free(struct export_csv **c);

#endif
