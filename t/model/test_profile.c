/* Profiles: sorted, sealed, merged. No database. */
#include <unistd.h>

#include "model/customer.h"
#include "model/profile.h"
#include "setup.h"
#include "vault/rand.h"

#define WORKSPACE "11111111-1111-4111-8111-111111111111"
#define CUSTOMER "22222222-2222-4222-8222-222222222222"
#define OTHER "33333333-3333-4333-8333-333333333333"

static char dir[] = "/tmp/coffer-t-profile.XXXXXX";
static struct keyring *ring;
static struct field fields[] = {
    {.id = 16, .name = "email", .pii = true, .unique = true},
    {.id = 17, .name = "ltv"},
    {.id = 18, .name = "name", .pii = true},
    {.id = 19, .name = "tier"},
};
static const struct schema schema = {.fields = fields, .n = 4, .layout = 1};
static struct err e;

static void
must(enum err_code rc)
{
	if (!rc)
		return;
	printf("Bail out! %s %s\n", e.text, e.cause);
	exit(99);
}

static void
add_key(enum key_kind kind, uint32_t version)
{
	uint8_t wrapped[WRAPPED_LEN];

	must(keyring_make(ring, kind, version, wrapped, &e));
}

static void
open_ring(void)
{
	struct master_keys *m;
	bool made;

	vault_setup();
	if (!mkdtemp(dir))
		abort();
	must(master_init(dir, &made, &e));
	must(master_load(dir, &m, &e));
	must(salt_create(dir, "acme", &e));
	must(keyring_new(m, dir, "acme", 1, &ring, &e));
	add_key(KEY_DATA, 1);
	add_key(KEY_INDEX, 1);
	add_key(KEY_REST, 1);
	master_free(&m);
}

/* A record of JSON texts in the order of the fields; NULL: not given. */
static struct record
record_of(const char *a, const char *b, const char *c, const char *d)
{
	const char *json[] = {a, b, c, d};
	struct record r = {.row = 1, .line = 2};
	unsigned i;

	r.values = arena_calloc(arena, 4, sizeof(*r.values));
	for (i = 0; i < 4; i++)
		if (json[i])
			r.values[i] =
			    (struct value){json[i], (uint32_t)strlen(json[i])};
	return r;
}

/* The text of a member of a profile; "" if there is none. */
static const char *
member(const struct buf *profile, const char *name)
{
	const char *text;
	json_t *v = parse(profile->data), *m = json_object_get(v, name);

	text = !m ? ""
	       : jv_type(m) == JV_STRING
	           ? arena_strdup(arena, json_string_value(m))
	           : arena_strdup(arena, jv_number(m));
	json_decref(v);
	return text;
}

/* What a sealed member opens to under a version and for a customer. */
static const char *
opened(const struct buf *profile, const char *name, uint32_t version,
    const char *customer)
{
	const char *b64 = member(profile, name);
	struct buf out = {0};
	const char *text = "";

	if (!value_open(ring, version, WORKSPACE, customer, name, b64,
	        strlen(b64), &out, &e))
		text = arena_strdup(arena, out.data);
	buf_free(&out);
	return text;
}

static enum err_code
merge(struct buf *out, const char *old, uint32_t version, struct record r)
{
	return profile_merge(out, &schema, old, strlen(old), version, 1, &r,
	    ring, WORKSPACE, CUSTOMER, &e);
}

static void
test_build(void)
{
	struct record r =
	    record_of("\"ann@x.org\"", "1500.00", "\"Ann\"", "\"gold\"");
	struct buf out = {0}, again = {0};

	profile_build(&out, &schema, &r, ring, WORKSPACE, CUSTOMER);
	profile_build(&again, &schema, &r, ring, WORKSPACE, CUSTOMER);
	ok(!strncmp(out.data, "{\"email\":\"", 10), "sorted by name: email");
	ok(strstr(out.data, "\",\"ltv\":1500.00,\"name\":\"") != NULL,
	    "then ltv with its digits, then name");
	ok(strstr(out.data, "\",\"tier\":\"gold\"}") != NULL, "then tier");
	ok(!strstr(out.data, "ann@") && !strstr(out.data, "Ann"),
	    "no plaintext of PII");
	is_str(opened(&out, "email", 1, CUSTOMER), "\"ann@x.org\"",
	    "PII opens to its JSON");
	is_str(opened(&out, "email", 1, OTHER), "",
	    "S19: but not as another customer's");
	ok(strcmp(member(&out, "email"), member(&again, "email")),
	    "S17: the same value seals anew");
	buf_free(&out);
	buf_free(&again);
	r = record_of(NULL, NULL, NULL, "null");
	profile_build(&out, &schema, &r, ring, WORKSPACE, CUSTOMER);
	is_str(out.data, "{}", "null and what is not given are left out");
	buf_free(&out);
}

static void
test_merge_plain(void)
{
	struct buf out = {0};

	must(merge(&out,
	    "{\"a\":[1,{\"}\":\"]\"}],\"ltv\":1,\"tier\":\"a\\\"b\"}", 1,
	    record_of(NULL, "2.50", NULL, NULL)));
	is_str(out.data,
	    "{\"a\":[1,{\"}\":\"]\"}],\"ltv\":2.50,\"tier\":\"a\\\"b\"}",
	    "given values replace, others stay byte by byte");
	buf_reset(&out);
	must(merge(&out, "{}", 1, record_of(NULL, "3", NULL, "\"x\"")));
	is_str(out.data, "{\"ltv\":3,\"tier\":\"x\"}", "into an empty one");
	buf_reset(&out);
	must(merge(
	    &out, "{\"tier\":\"x\"}", 1, record_of(NULL, "3", NULL, NULL)));
	is_str(out.data, "{\"ltv\":3,\"tier\":\"x\"}", "a new one goes before");
	buf_reset(&out);
	must(merge(
	    &out, "{\"ltv\":3}", 1, record_of(NULL, NULL, NULL, "\"x\"")));
	is_str(out.data, "{\"ltv\":3,\"tier\":\"x\"}", "a new one goes behind");
	buf_reset(&out);
	must(merge(&out, "{\"ltv\":3,\"tier\":\"x\"}", 1,
	    record_of(NULL, "null", NULL, NULL)));
	is_str(out.data, "{\"tier\":\"x\"}", "null clears");
	buf_free(&out);
}

static void
test_merge_sealed(void)
{
	struct buf old = {0}, out = {0}, moved = {0};
	struct record r =
	    record_of("\"ann@x.org\"", NULL, "\"Ann\"", "\"tin\"");
	const char *before;

	profile_build(&old, &schema, &r, ring, WORKSPACE, CUSTOMER);
	before = member(&old, "email");
	must(merge(&out, old.data, 1, record_of(NULL, NULL, "\"Bea\"", NULL)));
	ok(strcmp(member(&out, "email"), before),
	    "S17: a value that stays is sealed afresh");
	is_str(opened(&out, "email", 1, CUSTOMER), "\"ann@x.org\"",
	    "and opens to what it was");
	is_str(opened(&out, "name", 1, CUSTOMER), "\"Bea\"", "or are replaced");
	add_key(KEY_DATA, 2);
	must(merge(&moved, out.data, 1, record_of(NULL, NULL, NULL, NULL)));
	is_str(opened(&moved, "email", 2, CUSTOMER), "\"ann@x.org\"",
	    "under a new key version all are sealed anew");
	is_str(opened(&moved, "name", 2, CUSTOMER), "\"Bea\"", "each of them");
	is_str(member(&moved, "tier"), "tin", "what is no PII stays");
	buf_free(&old);
	buf_free(&out);
	buf_free(&moved);
	is_int(merge(&out, "{\"name\":\"Ann\"}", 2,
	           record_of(NULL, NULL, NULL, NULL)),
	    ERR_CRYPTO, "a value that should be sealed and is not: refused");
	buf_free(&out);
}

/* Which fields a record changes: a letter each. */
static const char *
changes(const char *old, struct record r)
{
	static char text[5];
	bool changed[4] = {false};
	struct buf out = {0};
	int i;

	must(profile_change(&out, &schema, old, strlen(old),
	    keyring_version(ring), 1, &r, ring, WORKSPACE, CUSTOMER, changed,
	    &e));
	buf_free(&out);
	for (i = 0; i < 4; i++)
		text[i] = changed[i] ? "elnt"[i] : '-';
	return text;
}

static void
test_changes(void)
{
	struct buf old = {0};
	struct record r = record_of("\"ann@x.org\"", "1.50", NULL, "\"tin\"");

	profile_build(&old, &schema, &r, ring, WORKSPACE, CUSTOMER);
	is_str(changes(old.data, r), "----", "the same values change nothing");
	is_str(changes(old.data,
	           record_of("\"ANN@x.org\"", "1.5", "null", "\"tin\"")),
	    "el--", "other texts do");
	is_str(changes(old.data, record_of(NULL, "null", "\"Ann\"", NULL)),
	    "-ln-", "a cleared and a new value do");
	is_str(changes("{}", record_of("null", "null", "null", "null")), "----",
	    "clearing what is not there does not");
	buf_free(&old);
}

/* Layout 2: name has become PII, email is no longer, ltv was a string, and
 * "gone" is being deleted. */
static void
test_merge_older(void)
{
	static const struct field plain_name = {.id = 18, .name = "name"};
	static const struct field sealed_email = {
	    .id = 16, .name = "email", .pii = true, .unique = true};
	static const struct field text_ltv = {.id = 17, .name = "ltv"};
	struct field now[] = {{.id = 16, .name = "email", .was = &sealed_email},
	    {.id = 17, .name = "ltv", .type = FIELD_NUMBER, .was = &text_ltv},
	    {.id = 18, .name = "name", .pii = true, .was = &plain_name},
	    {.id = 19, .name = "tier"}};
	struct field gone = {.id = 20, .name = "gone"};
	struct schema s = {.fields = now,
	    .n = 4,
	    .leaving = &gone,
	    .nleaving = 1,
	    .layout = 2};
	struct record nothing = record_of(NULL, NULL, NULL, NULL);
	struct buf old = {0}, out = {0}, again = {0};
	uint32_t version = keyring_version(ring);

	buf_adds(&old, "{\"email\":\"");
	value_seal(ring, WORKSPACE, CUSTOMER, "email", "\"a@x.org\"", 9, &old);
	buf_adds(&old, "\",\"gone\":[1],\"ltv\":\"1500.00\",\"name\":\"Ann\","
	               "\"tier\":\"x\"}");
	must(profile_merge(&out, &s, old.data, old.len, version, 1, &nothing,
	    ring, WORKSPACE, CUSTOMER, &e));
	is_str(member(&out, "email"), "a@x.org", "what was sealed is opened");
	is_str(opened(&out, "name", version, CUSTOMER), "\"Ann\"",
	    "what was plain is sealed");
	ok(!strstr(out.data, "Ann"), "and stands nowhere");
	ok(strstr(out.data, ",\"ltv\":1500.00,") != NULL,
	    "a text becomes the number");
	ok(!strstr(out.data, "gone"), "a field that was deleted is left out");
	is_str(member(&out, "tier"), "x", "others stay");
	must(profile_merge(&again, &s, out.data, out.len, version, 2, &nothing,
	    ring, WORKSPACE, CUSTOMER, &e));
	is_str(opened(&again, "name", version, CUSTOMER), "\"Ann\"",
	    "a row of the layout stays as it is");
	buf_free(&old);
	buf_free(&out);
	buf_free(&again);
}

/* Layout 2: a new field "mail" has the values of "$verifiedEmail", and
 * "$username" is still itself. */
static void
test_merge_renamed(void)
{
	static const struct field attribute = {
	    .id = 1, .name = "$verifiedEmail", .pii = true, .unique = true};
	struct field now[] = {{.id = 2, .name = "$username", .pii = true},
	    {.id = 17, .name = "ltv"},
	    {.id = 18, .name = "mail", .pii = true, .was = &attribute},
	    {.id = 19, .name = "tier"}};
	struct schema s = {
	    .fields = now, .n = 4, .layout = 2, .renaming = true};
	struct record nothing = record_of(NULL, NULL, NULL, NULL);
	struct record given = record_of("null", "7", "\"a@x.org\"", "\"tin\"");
	struct buf old = {0}, out = {0};
	uint32_t version = keyring_version(ring);
	bool changed[4] = {false};

	buf_adds(&old, "{\"$username\":\"");
	value_seal(ring, WORKSPACE, CUSTOMER, "$username", "\"u\"", 3, &old);
	buf_adds(&old, "\",\"$verifiedEmail\":\"");
	value_seal(ring, WORKSPACE, CUSTOMER, "$verifiedEmail", "\"a@x.org\"",
	    9, &old);
	buf_adds(&old, "\",\"ltv\":7}");
	must(profile_merge(&out, &s, old.data, old.len, version, 1, &nothing,
	    ring, WORKSPACE, CUSTOMER, &e));
	is_str(opened(&out, "mail", version, CUSTOMER), "\"a@x.org\"",
	    "S19: a value is sealed for its new name");
	is_str(opened(&out, "$username", version, CUSTOMER), "\"u\"",
	    "others are as they were");
	ok(strstr(out.data, "\",\"ltv\":7,\"mail\":\"") &&
	        !strstr(out.data, "$verified"),
	    "in the order of the names");
	buf_reset(&out);
	must(profile_change(&out, &s, old.data, old.len, version, 1, &given,
	    ring, WORKSPACE, CUSTOMER, changed, &e));
	ok(changed[0] && !changed[1] && !changed[2] && changed[3],
	    "what a record changes is told");
	ok(!strstr(out.data, "$username") &&
	        strstr(out.data, ",\"tier\":\"tin\"}"),
	    "and is done");
	buf_free(&old);
	buf_free(&out);
}

static void
test_merge_damaged(void)
{
	static const char *const damaged[] = {"", "{", "{\"a\"}",
	    "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{\"a\":1}x",
	    "{\"a\":\"}", "[1]", "{\"a\":1,b}", "{\"a\\", "{}x"};
	struct buf old = {0}, out = {0};
	struct record r = record_of("\"ann@x.org\"", NULL, NULL, NULL);
	struct record nothing = record_of(NULL, NULL, NULL, NULL);
	size_t i;

	for (i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		buf_reset(&out);
		is_int(merge(&out, damaged[i], 1, nothing), ERR_CRYPTO,
		    "damaged: %s", damaged[i]);
	}
	profile_build(&old, &schema, &r, ring, WORKSPACE, OTHER);
	buf_reset(&out);
	is_int(merge(&out, old.data, 2, nothing), ERR_CRYPTO,
	    "S19: another customer's value is refused");
	buf_free(&old);
	buf_free(&out);
}

/* The names of the fields that a walk finds, and whether it ended well. */
static const char *
walked(const char *text, size_t n)
{
	struct profile_walk w;
	struct profile_member m;
	struct buf out = {0};
	const char *list;
	unsigned i;

	profile_walk_begin(&w, &schema, 1, text, n);
	while (profile_walk_next(&w, &m, &i)) {
		ok(m.nname == strlen(fields[i].name) &&
		        !memcmp(m.name, fields[i].name, m.nname),
		    "the member is the field's");
		buf_addf(&out, "%s=%.*s ", fields[i].name, (int)m.n, m.json);
	}
	buf_adds(&out, profile_walk_end(&w, &e) ? "damaged" : "whole");
	list = arena_strdup(arena, out.data);
	buf_free(&out);
	return list;
}

static void
test_walk(void)
{
	static const char *const cases[][2] = {{"{}", "whole"},
	    {"{\"email\":1,\"ltv\":2,\"name\":\"x\",\"tier\":[1,\"}\"]}",
	        "email=1 ltv=2 name=\"x\" tier=[1,\"}\"] whole"},
	    {"{\"name\":\"a\\\"b\\\\\"}", "name=\"a\\\"b\\\\\" whole"},
	    {"{\"a\":1,\"em\":1,\"email\":2,\"emails\":3,\"z\":{\"tier\":4}}",
	        "email=2 whole"},
	    {"{\"ltv\":1,\"m\":2,\"tier\":\"\"}", "ltv=1 tier=\"\" whole"},
	    {"{\"email\":\"\",\"tier\":{\"a\":[]}}",
	        "email=\"\" tier={\"a\":[]} whole"},
	    {"{\"email\" :1}", "damaged"}, {"{\"email\"", "damaged"},
	    {"{\"email\":1,}", "email=1 damaged"}, {"", "damaged"},
	    {"{\"email\":\"x\"y}", "damaged"}, {"{}x", "damaged"}};
	const char *whole = cases[1][0];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_str(walked(cases[i][0], strlen(cases[i][0])), cases[i][1],
		    "walked: %s", cases[i][0]);
	for (i = 0; i < strlen(whole); i++)
		ok(strstr(walked(whole, i), "damaged") != NULL,
		    "damaged: its first %zu bytes", i);
}

int
main(void)
{
	char command[80];

	setup();
	open_ring();
	test_build();
	test_merge_plain();
	test_merge_sealed();
	test_changes();
	test_merge_older();
	test_merge_renamed();
	test_merge_damaged();
	test_walk();
	keyring_free(&ring);
	arena_free(&arena);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command) || done_testing();
}
