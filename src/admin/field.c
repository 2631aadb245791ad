/* cofferctl field. */
#include <string.h>

#include "admin/admin.h"
#include "base/json.h"
#include "model/field_change.h"
#include "work/wake.h"

static enum err_code
define(struct ctl *c, const struct db_context *ctx, const json_t *body,
    struct err *e)
{
	struct field_change change;
	struct field f;
	enum err_code rc;

	if (jv_type(body) != JV_OBJECT)
		return err_set(e, ERR_BAD_REQUEST,
		    "--json must be an object, as in PUT /v1/cpf");
	rc = field_from_definition(body, c->arena, &f, e);
	if (rc == ERR_OK)
		rc = field_add(&c->site, ctx, &f, c->arena, &change, e);
	if (rc == ERR_OK && change.converting)
		wake_send(c->site.conf, change.job.chunks_left);
	if (rc == ERR_OK)
		buf_addf(&c->out, "%s\n", f.name);
	return rc;
}

enum err_code
ctl_field_create(struct ctl *c, struct err *e)
{
	const char *text = c->options[OPTION_JSON];
	struct db_context ctx;
	json_t *body;
	enum err_code rc;

	rc = ctl_workspace(c, &ctx, e);
	if (rc == ERR_OK)
		rc = json_read_mem(text, strlen(text), &body, e);
	if (rc)
		return rc;
	rc = define(c, &ctx, body, e);
	json_decref(body);
	return rc;
}

enum err_code
ctl_field_list(struct ctl *c, struct err *e)
{
	struct db_context ctx;
	struct schema s;
	enum err_code rc;

	rc = ctl_workspace(c, &ctx, e);
	if (rc == ERR_OK)
		rc = schema_load(c->site.db, &ctx, c->arena, &s, e);
	if (rc)
		return rc;
	for (unsigned i = 0; i < s.n; i++) {
		if (s.fields[i].builtin)
			continue;
		field_write(&c->out, &s.fields[i]);
		buf_addc(&c->out, '\n');
	}
	schema_release(&s);
	return ERR_OK;
}
