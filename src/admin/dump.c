#include "admin/dump.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

#define HEAD "-- Coffer backup 1 schema "
#define TAIL "-- Coffer backup ends SHA-256 "
#define COMPLETED "\n-- Dump completed"

void
dump_head_write(struct buf *out, const struct dump_head *h)
{
	buf_addf(out, HEAD "%u master %s\n", h->schema, h->master);
}

bool
dump_head_read(const char *line, struct dump_head *out)
{
	int end = 0;

	return !strncmp(line, HEAD, strlen(HEAD)) &&
	       sscanf(line + strlen(HEAD), "%9u master %16[0-9a-f]%n",
	           &out->schema, out->master, &end) == 2 &&
	       strlen(out->master) == MASTER_ID_TEXT - 1 &&
	       line[strlen(HEAD) + (size_t)end] == '\n';
}

void
dump_tail_write(const uint8_t digest[32], char out[DUMP_TAIL + 1])
{
	char hex[65];
	int n;

	hex_encode(digest, 32, hex);
	n = snprintf(out, DUMP_TAIL + 1, TAIL "%.64s", hex);
	assert(n == DUMP_TAIL - 1);
	out[n] = '\n';
	out[n + 1] = '\0';
}

bool
dump_completed(const char *end, size_t n)
{
	return memmem(end, n, COMPLETED, strlen(COMPLETED)) != NULL;
}
