/* PUT and POST /v1/cpf: the fields of a workspace. */
#include "api/api.h"
#include "model/field.h"

enum err_code
api_field_create(struct request *rq, struct err *e)
{
	struct field f;
	enum err_code rc;

	rc = field_from_definition(rq->json, rq->arena, &f, e);
	if (rc == ERR_OK)
		rc = field_create(rq->site->db, &rq->ctx, &f, e);
	if (rc == ERR_OK)
		field_write(resp_json(rq, 201), &f);
	return rc;
}

enum err_code
api_field_list(struct request *rq, struct err *e)
{
	struct schema s;
	struct buf *out;
	enum err_code rc;

	rc = schema_load(rq->site->db, &rq->ctx, rq->arena, &s, e);
	if (rc)
		return rc;
	out = resp_json(rq, 200);
	buf_adds(out, "{\"fields\":[");
	for (unsigned i = 0; i < s.n; i++) {
		if (i)
			buf_addc(out, ',');
		field_write(out, &s.fields[i]);
	}
	buf_adds(out, "]}");
	schema_release(&s);
	return ERR_OK;
}
