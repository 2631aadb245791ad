#include "model/schema_cache.h"

#include <stdlib.h>

#include "model/field.h"
#include "model/site.h"

#define PLACES 8
#define ARENA_BLOCK 4096

/* A workspace's fields, as of their version. arena NULL: nothing is there. */
struct place {
	uint32_t account_id, workspace_id;
	uint64_t used;
	struct schema schema;
	struct arena *arena;
};

struct schema_cache {
	struct place places[PLACES];
};

static void
clear(struct place *p)
{
	if (!p->arena)
		return;
	schema_release(&p->schema);
	arena_free(&p->arena);
}

void
schema_cache_free(struct schema_cache **c)
{
	unsigned i;

	for (i = 0; *c && i < PLACES; i++)
		clear(&(*c)->places[i]);
	free(*c);
	*c = NULL;
}

/* The place of a workspace: its own, or else the least lately used. */
static struct place *
find(struct schema_cache *c, const struct db_context *ctx)
{
	struct place *oldest = &c->places[0];
	unsigned i;

	for (i = 0; i < PLACES; i++) {
		struct place *p = &c->places[i];

		if (p->arena && p->workspace_id == ctx->workspace_id &&
		    p->account_id == ctx->account_id)
			return p;
		if (p->used < oldest->used)
			oldest = p;
	}
	return oldest;
}

static enum err_code
fill(struct place *p, struct site *s, const struct db_context *ctx,
    struct err *e)
{
	enum err_code err;

	clear(p);
	p->arena = arena_new(ARENA_BLOCK);
	p->account_id = ctx->account_id;
	p->workspace_id = ctx->workspace_id;
	err = schema_load(s->db, ctx, p->arena, &p->schema, e);
	if (err)
		arena_free(&p->arena);
	return err;
}

/* A version of the fields is one state of them: whatever changes it, the end
 * of a conversion too, counts it up. */
enum err_code
site_schema(struct site *s, const struct db_context *ctx,
    const struct schema *state, const struct schema **out, struct err *e)
{
	struct place *p;
	enum err_code err = ERR_OK;

	if (!s->schemas && !(s->schemas = calloc(1, sizeof(*s->schemas))))
		abort();
	p = find(s->schemas, ctx);
	if (!p->arena || p->account_id != ctx->account_id ||
	    p->workspace_id != ctx->workspace_id ||
	    p->schema.version != state->version)
		err = fill(p, s, ctx, e);
	p->used = ++s->clock;
	*out = &p->schema;
	return err;
}
