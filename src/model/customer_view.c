#include "model/customer_view.h"

#include "base/log.h"
#include "model/key_use.h"

static enum err_code
load(struct customer_view *v, struct err *e)
{
	enum err_code err;

	v->arena = arena_new(16384);
	err = schema_load(v->site->db, v->ctx, v->arena, &v->schema, e);
	if (!err)
		err = site_keyring(v->site, v->ctx, &v->ring, e);
	/* Not the layout just read: rows of a change that came in between are
	 * in its form already, or have the one that was asked for. */
	v->schema.layout = v->layout;
	uuid_format(&v->schema.workspace, v->workspace);
	v->nothing.values =
	    arena_calloc(v->arena, v->schema.n, sizeof(struct value));
	return err;
}

enum err_code
customer_view_open(struct site *s, const struct db_context *ctx,
    struct customer_view *out, struct err *e)
{
	enum err_code err;

	*out = (struct customer_view){.site = s, .ctx = ctx};
	err = schema_state(s->db, ctx, &out->schema, e);
	out->layout = out->schema.layout;
	return err || !out->schema.converting ? err : load(out, e);
}

struct count {
	struct customer_view *view;
	uint32_t version;
	uint64_t sealed;
};

static enum err_code
count(struct db *db, void *arg, struct err *e)
{
	const struct count *c = arg;

	(void)db;
	return key_use_add(
	    c->view->site, c->view->ctx, KEY_DATA, c->version, c->sealed, e);
}

static void
count_sealed(struct customer_view *v)
{
	struct count c = {.view = v, .version = keyring_version(v->ring)};
	struct err e;

	c.sealed = aead_take_count(keyring_data(v->ring, c.version));
	if (c.sealed && db_transaction(v->site->db, count, NULL, &c, &e))
		log_err("counting what was sealed", &e);
}

void
customer_view_close(struct customer_view *v)
{
	if (v->ring)
		count_sealed(v);
	schema_release(&v->schema);
	buf_free(&v->text);
	arena_free(&v->arena);
}

enum err_code
customer_view_convert(struct customer_view *v, const struct uuid *customer,
    uint32_t layout, const char **profile, size_t *n, uint32_t *key_version,
    struct err *e)
{
	char id[UUID_TEXT];
	enum err_code err;

	if (!v->ring)
		return err_fault(e, ERR_INTERNAL,
		    "a customer of an older layout without a conversion");
	uuid_format(customer, id);
	buf_reset(&v->text);
	err = profile_merge(&v->text, &v->schema, *profile, *n, *key_version,
	    layout, &v->nothing, v->ring, v->workspace, id, e);
	*profile = v->text.data;
	*n = v->text.len;
	*key_version = keyring_version(v->ring);
	return err;
}
