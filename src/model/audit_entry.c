#include "model/audit_entry.h"

#include <ctype.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "model/audit.h"
#include "vault/rand.h"

void
audit_head_new(struct audit_head *out)
{
	memset(out, 0, sizeof(*out));
	rand_bytes(out->chain, sizeof(out->chain));
}

static void
put_u64(uint8_t *p, uint64_t v)
{
	put_u32(p, (uint32_t)v);
	put_u32(p + 4, (uint32_t)(v >> 32));
}

static void
add_text(struct mac *key, const struct audit_text *t)
{
	mac_add_part(key, t->s, t->n);
}

void
audit_entry_mac(struct mac *key, const uint8_t before[MAC_LEN],
    const struct audit_entry *en, uint8_t out[MAC_LEN])
{
	uint8_t numbers[28];

	put_u64(numbers, en->n);
	put_u64(numbers + 8, (uint64_t)en->at);
	put_u32(numbers + 16, en->account_id);
	put_u32(numbers + 20, en->workspace_id);
	put_u32(numbers + 24, en->user_id);
	mac_add_part(key, before, MAC_LEN);
	mac_add_part(key, en->chain, sizeof(en->chain));
	mac_add_part(key, numbers, sizeof(numbers));
	add_text(key, &en->level);
	add_text(key, &en->action);
	mac_add_part(
	    key, en->subject, en->has_subject ? sizeof(en->subject) : 0);
	add_text(key, &en->detail);
	add_text(key, &en->request);
	mac_finish(key, out);
}

void
audit_entry_chain(
    struct mac *key, struct audit_head *head, struct audit_entry *en)
{
	memcpy(en->chain, head->chain, sizeof(en->chain));
	en->n = head->n + 1;
	audit_entry_mac(key, head->mac, en, en->mac);
	head->n = en->n;
	memcpy(head->mac, en->mac, sizeof(head->mac));
}

void
audit_add_hex(struct buf *b, const void *p, size_t n)
{
	char *room = buf_room(b, 2 * n + 1);

	if (!room)
		return;
	hex_encode(p, n, room);
	b->len += 2 * n;
}

bool
audit_hex(const char *s, void *out, size_t n)
{
	uint8_t *p = out;
	size_t i = 0;

	for (; *s; s++) {
		int digit = isupper((unsigned char)*s) ? -1 : hex_digit(*s);

		if (*s == '-')
			continue;
		if (digit < 0 || i == 2 * n)
			return false;
		p[i / 2] = (uint8_t)(i % 2 ? p[i / 2] | digit : digit << 4);
		i++;
	}
	return i == 2 * n;
}

static void
add_names(struct buf *out, const struct audit_names *names)
{
	if (names->account)
		buf_add_member(out, "account", names->account);
	if (names->workspace)
		buf_add_member(out, "workspace", names->workspace);
	if (names->user)
		buf_add_member(out, "user", names->user);
}

/* The detail comes last, so that its bytes are found again as they are. */
static void
add_detail(struct buf *out, const struct audit_text *t)
{
	json_t *v = NULL;
	struct err e;

	buf_adds(out, ",\"detail\":");
	if (!t->n)
		buf_adds(out, "null");
	else if (*t->s == '{' && !json_read_mem(t->s, t->n, &v, &e))
		buf_add(out, t->s, t->n);
	else
		buf_add_json(out, t->s, t->n);
	json_decref(v);
}

static void
add_subject(struct buf *out, const struct audit_entry *en)
{
	char text[UUID_TEXT];
	struct uuid u;

	if (!en->has_subject) {
		buf_adds(out, ",\"subject\":null");
		return;
	}
	memcpy(u.b, en->subject, sizeof(u.b));
	uuid_format(&u, text);
	buf_addf(out, ",\"subject\":\"%s\"", text);
}

void
audit_line_write(struct buf *out, const struct audit_entry *en,
    const struct audit_names *names)
{
	buf_adds(out, "{\"chain\":\"");
	audit_add_hex(out, en->chain, sizeof(en->chain));
	buf_addf(out, "\",\"n\":%llu,\"time\":\"", (unsigned long long)en->n);
	buf_add_time(out, en->at);
	buf_adds(out, "\",\"level\":");
	buf_add_json(out, en->level.s, en->level.n);
	buf_adds(out, ",\"action\":");
	buf_add_json(out, en->action.s, en->action.n);
	buf_addf(out, ",\"account_id\":%u,\"workspace_id\":%u,\"user_id\":%u",
	    en->account_id, en->workspace_id, en->user_id);
	add_names(out, names);
	add_subject(out, en);
	buf_adds(out, ",\"request_id\":");
	buf_add_json(out, en->request.s, en->request.n);
	buf_adds(out, ",\"mac\":\"");
	audit_add_hex(out, en->mac, sizeof(en->mac));
	buf_addc(out, '"');
	if (names->before) {
		buf_adds(out, ",\"before\":\"");
		audit_add_hex(out, names->before, MAC_LEN);
		buf_addc(out, '"');
	}
	add_detail(out, &en->detail);
	buf_adds(out, "}\n");
}

static bool
take_text(const json_t *o, const char *name, size_t most, struct arena *a,
    struct audit_text *out)
{
	const json_t *v = json_object_get(o, name);

	if (jv_type(v) != JV_STRING || json_string_length(v) > most)
		return false;
	out->n = json_string_length(v);
	out->s = arena_strndup(a, json_string_value(v), out->n);
	return true;
}

static bool
take_hex(const json_t *o, const char *name, void *out, size_t n)
{
	const json_t *v = json_object_get(o, name);

	return jv_type(v) == JV_STRING &&
	       audit_hex(json_string_value(v), out, n);
}

static bool
take_int(const json_t *o, const char *name, int64_t most, int64_t *out)
{
	const json_t *v = json_object_get(o, name);

	return jv_type(v) == JV_NUMBER && jv_int(v, out) && *out >= 0 &&
	       *out <= most;
}

static bool
take_id(const json_t *o, const char *name, uint32_t *out)
{
	int64_t v;

	if (!take_int(o, name, UINT32_MAX, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

static bool
take_subject(const json_t *o, struct audit_entry *out)
{
	out->has_subject = jv_type(json_object_get(o, "subject")) != JV_NULL;
	return !out->has_subject ||
	       take_hex(o, "subject", out->subject, sizeof(out->subject));
}

/* The bytes of the detail, as they were when the mac was made. */
static bool
take_detail(const json_t *o, const char *s, size_t n, struct arena *a,
    struct audit_text *out)
{
	static const char name[] = ",\"detail\":";
	enum jv_type type = jv_type(json_object_get(o, "detail"));
	const char *p;

	*out = (struct audit_text){"", 0};
	if (type == JV_NULL)
		return true;
	if (type == JV_STRING)
		return take_text(o, "detail", AUDIT_DETAIL_MAX, a, out);
	p = strstr(s, name);
	if (type != JV_OBJECT || !p || s[n - 1] != '}')
		return false;
	p += sizeof(name) - 1;
	out->n = (size_t)(s + n - 1 - p);
	out->s = arena_strndup(a, p, out->n);
	return out->n <= AUDIT_DETAIL_MAX;
}

static bool
take_entry(const json_t *o, const char *s, size_t n, struct arena *a,
    struct audit_entry *out)
{
	struct audit_text time;
	int64_t number;

	if (!take_hex(o, "chain", out->chain, sizeof(out->chain)) ||
	    !take_int(o, "n", INT64_MAX, &number) || !number)
		return false;
	out->n = (uint64_t)number;
	return take_text(o, "time", CLOCK_TEXT, a, &time) &&
	       clock_parse(time.s, &out->at) &&
	       take_text(o, "level", AUDIT_LEVEL_MAX, a, &out->level) &&
	       take_text(o, "action", AUDIT_ACTION_MAX, a, &out->action) &&
	       take_id(o, "account_id", &out->account_id) &&
	       take_id(o, "workspace_id", &out->workspace_id) &&
	       take_id(o, "user_id", &out->user_id) && take_subject(o, out) &&
	       take_text(
	           o, "request_id", AUDIT_REQUEST_MAX, a, &out->request) &&
	       take_hex(o, "mac", out->mac, sizeof(out->mac)) &&
	       take_detail(o, s, n, a, &out->detail);
}

enum err_code
audit_line_read(const char *s, size_t n, struct arena *a,
    struct audit_entry *out, const uint8_t **before_out, struct err *e)
{
	uint8_t *before = arena_alloc(a, MAC_LEN);
	json_t *o;
	bool good;
	enum err_code rc = json_read_mem(s, n, &o, e);

	if (rc)
		return err_set(e, ERR_BAD_REQUEST, "not a line of JSON");
	memset(out, 0, sizeof(*out));
	good = jv_type(o) == JV_OBJECT && take_entry(o, s, n, a, out);
	if (before_out)
		*before_out = good && take_hex(o, "before", before, MAC_LEN)
		                  ? before
		                  : NULL;
	json_decref(o);
	return good ? ERR_OK
	            : err_set(e, ERR_BAD_REQUEST, "not an entry of the log");
}
