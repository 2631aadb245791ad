/* For tests in other languages: searches a workspace at the level of the model.
 *
 *   search_sample CONF ACCOUNT WORKSPACE    (their internal ids)
 *
 * Reads lines "up|down FROM MOST TEXT"; answers each with a line of the seqs
 * found, in order, or "error ...". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "model/search.h"
#include "vault/rand.h"

static struct conf *conf;
static struct site site;
static struct db_context ctx;

static void
must(enum err_code rc, const struct err *e)
{
	if (!rc)
		return;
	fprintf(stderr, "%s: %s\n", err_text(e), e->cause);
	exit(1);
}

struct found {
	struct buf out;
	unsigned n, most;
};

static bool
take(uint64_t seq, void *arg)
{
	struct found *f = arg;

	buf_addf(&f->out, "%llu ", (unsigned long long)seq);
	return ++f->n < f->most;
}

static void
answer(char *line)
{
	struct found f = {.n = 0};
	char *way = strtok(line, " "), *from = strtok(NULL, " "),
	     *most = strtok(NULL, " "), *text = strtok(NULL, "\n");
	struct err e;

	if (!text) {
		puts("error: up|down FROM MOST TEXT");
		return;
	}
	f.most = (unsigned)atoi(most);
	if (search_scan(&site, &ctx, text, strlen(text),
	        strtoull(from, NULL, 10), !strcmp(way, "down"), take, &f, &e))
		printf("error: %s: %s\n", err_text(&e), e.cause);
	else
		puts(f.out.len ? f.out.data : "");
	buf_free(&f.out);
}

int
main(int argc, char **argv)
{
	static const uint8_t seed[32] = {1};
	static char line[70000];
	struct err e;

	if (argc != 4)
		return 2;
	vault_setup();
	json_setup(seed);
	must(conf_read(argv[1], &conf, &e), &e);
	must(site_open(conf, &site, &e), &e);
	ctx.account_id = (uint32_t)atoi(argv[2]);
	ctx.workspace_id = (uint32_t)atoi(argv[3]);
	while (fgets(line, sizeof(line), stdin)) {
		answer(line);
		fflush(stdout);
	}
	site_close(&site);
	conf_free(&conf);
	return 0;
}
