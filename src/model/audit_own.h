/* Inside src/model: what a site keeps for its audit log. */
#ifndef COFFER_MODEL_AUDIT_OWN_H
#define COFFER_MODEL_AUDIT_OWN_H

#include <sys/types.h>

#include "model/audit.h"
#include "model/audit_entry.h"
#include "model/site.h"

/* A chain that is written in transactions. `head` runs ahead of `base` within
 * one, and what becomes of it then tells which of them stands. A COMMIT in
 * doubt ends the chain, for it may come through late: another begins. So does
 * a failed INSERT, and a fork: `pid` is the process whose chain it is. */
struct audit_chain {
	pid_t pid;
	bool moved, failed;
	struct audit_head base, head;
};

/* The file of this process: see audit_file.c. */
struct audit_file {
	pid_t pid;
	int fd; /* -1: none open */
	unsigned part;
	uint64_t size;
	struct audit_head head;
};

/* What nobody may have noted in a minute. */
struct audit_bound {
	int64_t since; /* ms of the clock that never goes back */
	unsigned used;
	uint64_t left_out;
};

struct audit {
	struct site *site;
	struct mac *key;
	bool direct;
	struct audit_chain changes, anchors;
	struct audit_file file;
	struct audit_bound bound;
	struct buf record;
};

/* Fills an entry but for its place in a chain. Texts are those of the event,
 * and of the log's request id: they are not copied. `room` is used where the
 * context has an agent, and must live as long as the entry. */
#define AUDIT_ROOM (AUDIT_DETAIL_MAX + 1)
void audit_fill(struct audit_entry *out, const struct db_context *ctx,
    const struct audit_event *event, char room[AUDIT_ROOM]);

/* Writes entries as the next of a chain, within the transaction. */
MUST_CHECK enum err_code audit_put(struct audit *a, struct audit_chain *c,
    const struct db_context *ctx, const struct audit_event *list, unsigned n,
    struct err *e);

/* Stores entries as they are (mac and all), in the transaction or outside. */
MUST_CHECK enum err_code audit_store(
    struct db *db, const struct audit_entry *list, unsigned n, struct err *e);

/* Tells what was left out of this minute so far. */
void audit_file_left(struct audit *a);
void audit_file_close(struct audit_file *f);

/* The name of a part: OWNER.CHAIN.PART. OWNER as job_owner has it, CHAIN in
 * hex, PART six digits from 1. */
#define AUDIT_NAME_MAX 160
void audit_part_name(char out[AUDIT_NAME_MAX], const char *owner,
    const uint8_t chain[AUDIT_CHAIN], unsigned part);

/* Reads a name: the length of OWNER.CHAIN, by which parts belong together, and
 * the chain. 0 if it is not that of a part. */
size_t audit_part_parse(const char *name, uint8_t chain[AUDIT_CHAIN]);

#endif
