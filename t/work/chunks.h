/* What tests of applying share: a batch is queued, its chunks are applied, by
 * this process or by several at once. */
#ifndef COFFER_T_WORK_CHUNKS_H
#define COFFER_T_WORK_CHUNKS_H

#include <sys/wait.h>
#include <unistd.h>

#include "t/model/batch.h"
#include "work/apply.h"

static struct applied done;

/* Rows of new customers, for `group`. */
__attribute__((unused)) static void
queue_new(struct batch *b, const char *const *rows, unsigned n,
    unsigned per_chunk, enum on_existing existing)
{
	memset(b, 0, sizeof(*b));
	b->rows = rows;
	b->n = n;
	b->per_chunk = per_chunk;
	batch_queue(b, group.id, existing);
}

/* Claims and applies what is there. */
__attribute__((unused)) static void
apply_all(void)
{
	struct claim c;

	while (!job_claim(&site, "w", &c, NULL, &e))
		must(work_apply(&site, &c, &done, &e), "apply");
}

/* The same in n processes at once; returns how many did not end well. */
__attribute__((unused)) static int
apply_beside(unsigned n)
{
	struct claim c;
	int status, bad = 0;

	fflush(stdout);
	while (n--) {
		if (fork())
			continue;
		db_close(site.db);
		while (!(status = (int)job_claim(&site, "w", &c, NULL, &e)))
			if (work_apply(&site, &c, &done, &e))
				_exit(1);
		_exit(status != ERR_NOT_FOUND);
	}
	while (wait(&status) > 0)
		bad += status != 0;
	db_close(site.db);
	return bad;
}

#endif
