#include "model/cursor.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"

#define TAG_LEN 16 /* of the HMAC (RFC 2104, section 5) */
#define RAW_MAX (CURSOR_PLACE_MAX + TAG_LEN)

static enum err_code
sign(struct site *s, const struct db_context *ctx, const char *list,
    const void *place, size_t n, uint8_t out[MAC_LEN], struct err *e)
{
	struct keyring *ring;
	struct mac *m;
	enum err_code err = site_keyring(s, ctx, &ring, e);

	if (err)
		return err;
	m = keyring_rest_mac(ring, REST_CURSOR);
	mac_reset(m);
	mac_add_part(m, list, strlen(list));
	mac_add_part(m, place, n);
	mac_finish(m, out);
	return ERR_OK;
}

enum err_code
cursor_make(struct site *s, const struct db_context *ctx, const char *list,
    const void *place, size_t n, struct arena *a, const char **out,
    struct err *e)
{
	uint8_t raw[RAW_MAX], mac[MAC_LEN];
	enum err_code err = sign(s, ctx, list, place, n, mac, e);
	char *text;

	assert(n <= CURSOR_PLACE_MAX);
	if (err)
		return err;
	memcpy(raw, place, n);
	memcpy(raw + n, mac, TAG_LEN);
	text = arena_alloc(a, ((n + TAG_LEN) * 4 + 2) / 3 + 1);
	b64url_encode(raw, n + TAG_LEN, text);
	*out = text;
	return ERR_OK;
}

enum err_code
cursor_read(struct site *s, const struct db_context *ctx, const char *list,
    const char *text, void *place, size_t n, struct err *e)
{
	uint8_t raw[RAW_MAX + 3], mac[MAC_LEN];
	size_t len = strlen(text);
	enum err_code err;

	assert(n <= CURSOR_PLACE_MAX);
	if (len > RAW_MAX * 4 / 3 || !b64url_decode(text, len, raw, &len) ||
	    len != n + TAG_LEN)
		return err_set(
		    e, ERR_BAD_REQUEST, "cursor: it is not one of ours");
	err = sign(s, ctx, list, raw, n, mac, e);
	if (err)
		return err;
	if (!bytes_equal_ct(raw + n, mac, TAG_LEN))
		return err_set(
		    e, ERR_BAD_REQUEST, "cursor: it is not one of ours");
	memcpy(place, raw, n);
	return ERR_OK;
}
