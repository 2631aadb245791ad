/*
 * Erasing an account for good (S25). Its wrapped keys go in the transaction
 * that marks it, its salt next: from then on its personal data cannot be read
 * in any backup, whoever has the master key. The rows follow, some at a time.
 * Each call may be made again after the last was cut short anywhere.
 *
 * A marked account is to everybody one that is not there.
 */
#ifndef COFFER_MODEL_ERASE_H
#define COFFER_MODEL_ERASE_H

#include "model/site.h"

struct erasure {
	uint32_t account_id;
	char code[40], name[804];
	bool begun;                            /* marked before */
	uint64_t workspaces, customers, users; /* that there are */
};

/* Looks what would go. ERR_NOT_FOUND if no account, not even one that is half
 * erased, has the code. */
MUST_CHECK enum err_code erase_look(
    struct site *s, const char *code, struct erasure *out, struct err *e);

/* Marks the account, waiting for those who write in it, and deletes its
 * wrapped keys. */
MUST_CHECK enum err_code erase_begin(
    struct site *s, struct erasure *x, struct err *e);

/* Destroys the salt, then deletes all rows of the account but those of the
 * audit log. `each` is called as rows go. */
typedef void erase_each(void *arg, const char *table, uint64_t rows);
MUST_CHECK enum err_code erase_rest(struct site *s, const struct erasure *x,
    erase_each *each, void *arg, struct err *e);

#endif
