#include "model/customer_row.h"

void
customer_row_take(struct db_rows *r, struct customer *out, struct buf *bytes)
{
	const char *text;

	out->seq = (uint64_t)db_get_int(r, CUSTOMER_SEQ);
	db_get_uuid(r, CUSTOMER_UUID, &out->uuid);
	out->revision = (uint32_t)db_get_int(r, CUSTOMER_REVISION);
	out->key_version = (uint32_t)db_get_int(r, CUSTOMER_KEY_VERSION);
	out->layout = (uint32_t)db_get_int(r, CUSTOMER_LAYOUT);
	out->created_at = db_get_int(r, CUSTOMER_CREATED);
	out->updated_at = db_get_int(r, CUSTOMER_UPDATED);
	text = db_get_bytes(r, CUSTOMER_PROFILE, &out->n);
	out->at = bytes->len;
	buf_add(bytes, text, out->n);
	text = db_get_bytes(r, CUSTOMER_EVENTS, &out->nevents);
	out->events_at = bytes->len;
	buf_add(bytes, text, out->nevents);
}
