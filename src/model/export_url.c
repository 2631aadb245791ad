#include "model/export_url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/account.h"

#define EXPIRES_MAX 12
#define SIGNATURE_TEXT ((MAC_LEN * 4 + 2) / 3 + 1)

/* Signs the link, whose signature is left alone, as base64url. */
static void
sign(const struct site *s, const struct export_link *link,
    char out[SIGNATURE_TEXT])
{
	uint8_t key[MAC_KEY], digest[MAC_LEN];
	struct mac *m;

	master_derive(s->masters, "coffer export url v1", key);
	m = mac_new(key, sizeof(key));
	wipe(key, sizeof(key));
	mac_add_part(m, link->workspace, strlen(link->workspace));
	mac_add_part(m, link->exportid, strlen(link->exportid));
	mac_add_part(m, link->expires, strlen(link->expires));
	mac_finish(m, digest);
	mac_free(&m);
	b64url_encode(digest, sizeof(digest), out);
}

/* Percent-encoding of all but unreserved characters (RFC 3986, 2.3). */
static void
add_encoded(struct buf *out, const char *s)
{
	for (; *s; s++) {
		if ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		    (*s >= '0' && *s <= '9') || strchr("-._~", *s))
			buf_addc(out, *s);
		else
			buf_addf(out, "%%%02X", (unsigned char)*s);
	}
}

void
export_url(struct site *s, const struct uuid *workspace, const struct export *x,
    struct buf *out)
{
	int64_t until = clock_now_ms() / 1000 + s->conf->exports_url_ttl;
	char id[EXPORT_ID_MAX + 1], place[UUID_TEXT], expires[24];
	struct export_link link = {
	    .workspace = place, .exportid = id, .expires = expires};
	char signature[SIGNATURE_TEXT];

	if (until > x->expires_at / 1000)
		until = x->expires_at / 1000;
	export_id(x, id);
	uuid_format(workspace, place);
	snprintf(expires, sizeof(expires), "%lld", (long long)until);
	sign(s, &link, signature);
	buf_addf(
	    out, "https://%s/exports/%s/", s->conf->server_hostname, place);
	add_encoded(out, id);
	buf_addf(out, "?expires=%s&signature=%s", expires, signature);
}

/* All is there, and it is not late. */
static bool
is_due(const struct export_link *link)
{
	const char *expires = link->expires;

	if (!link->workspace || !link->exportid || !expires ||
	    !link->signature || !*expires || strlen(expires) > EXPIRES_MAX ||
	    strspn(expires, "0123456789") != strlen(expires) ||
	    strlen(link->signature) != SIGNATURE_TEXT - 1)
		return false;
	return strtoll(expires, NULL, 10) * 1000 > clock_now_ms();
}

static bool
is_signed(const struct site *s, const struct export_link *link)
{
	char signature[SIGNATURE_TEXT];

	sign(s, link, signature);
	return bytes_equal_ct(link->signature, signature, SIGNATURE_TEXT - 1);
}

/* The same, also if another process has signed by a new master key. */
static bool
is_good(struct site *s, const struct export_link *link)
{
	struct err ignored;
	bool changed;

	if (is_signed(s, link))
		return true;
	return !site_masters_read(s, &changed, &ignored) && changed &&
	       is_signed(s, link);
}

enum err_code
export_link_check(struct site *s, const struct export_link *link,
    struct db_context *ctx_out, struct uuid *workspace_out, struct err *e)
{
	enum err_code err;

	if (!is_due(link) || !is_good(s, link) ||
	    !uuid_parse(
	        link->workspace, strlen(link->workspace), workspace_out))
		return err_set(e, ERR_FORBIDDEN, NULL);
	err = workspace_bind(s->db, workspace_out, ctx_out, e);
	return err == ERR_NO_WORKSPACE ? err_set(e, ERR_FORBIDDEN, NULL) : err;
}
