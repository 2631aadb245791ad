/* Finding fields by name and by column; digests. */
#include "t/model/setup.h"

#include "base/bytes.h"
#include "t/vault/scratch.h"
#include "vault/keyring.h"
#include "vault/rand.h"

static struct field fields[] = {
    {.id = 16, .name = "Name", .display_name = "Full name"},
    {.id = 17, .name = "email", .display_name = "E-Mail"},
    {.id = 18, .name = "email2", .display_name = "email2"},
    {.id = 19,
        .name = "name",
        .display_name = "Stra\xc3\x9f"
                        "e"},
    {.id = 20, .name = "z", .display_name = "\xc3\x84mter"},
};
static const struct schema schema = {.fields = fields, .n = 5, .layout = 1};

static void
find(const char *name, const char *want)
{
	struct field *f = schema_find(&schema, name, strlen(name));

	is_str(f ? f->name : NULL, want, "name \"%s\"", name);
}

static void
find_column(const char *column, const char *want)
{
	struct field *f =
	    schema_find_column(&schema, arena, column, strlen(column));

	is_str(f ? f->name : NULL, want, "column \"%s\"", column);
}

static void
test_names(void)
{
	static const struct schema none = {.fields = NULL, .n = 0, .layout = 1};
	size_t i;

	for (i = 0; i < schema.n; i++)
		find(fields[i].name, fields[i].name);
	find("emai", NULL);
	find("email3", NULL);
	find("", NULL);
	find("zz", NULL);
	find("Email", NULL);
	ok(schema_find(&schema, "emailXX", 5) == &fields[1],
	    "a name that goes on after n bytes");
	ok(!schema_find(&schema, "email\0x", 7), "a name with a NUL");
	ok(!schema_find(&none, "email", 5), "a schema without fields");
}

static void
test_columns(void)
{
	find_column("email", "email");
	find_column(" email\t", "email");
	find_column("e-mail", "email");
	find_column("  E-MAIL ", "email");
	find_column("EMAIL2", "email2");
	find_column("name", "name");
	find_column("Name", "Name");
	find_column("NAME", NULL);
	find_column("full NAME", "Name");
	find_column("STRASSE", "name");
	find_column("a\xcc\x88MTER", "z");
	find_column("\xc2\xa0\xc3\xa4mter", "z");
	find_column("E-Mai\xe9", NULL);
	find_column("", NULL);
	find_column("e-mail2", NULL);
}

static struct keyring *
open_keys(struct master_keys **m)
{
	uint8_t wrapped[WRAPPED_LEN];
	struct keyring *k = NULL;
	struct err e = {0};
	bool made;

	scratch_begin();
	if (master_init(scratch_dir, &made, &e) ||
	    master_load(scratch_dir, m, &e) ||
	    salt_create(scratch_dir, "acme", &e) ||
	    keyring_new(*m, scratch_dir, "acme", 1, &k, &e) ||
	    keyring_make(k, KEY_INDEX, 1, wrapped, &e)) {
		printf("Bail out! keys: %s %s\n", err_text(&e), e.cause);
		exit(1);
	}
	return k;
}

static bool
same_digest(struct keyring *k, const struct field *f, const char *x,
    const struct field *g, const char *y)
{
	struct uuid workspace = {{1}};
	uint8_t dx[INDEX_LEN], dy[INDEX_LEN];

	field_digest(f, arena, k, &workspace, x, strlen(x), dx);
	field_digest(g, arena, k, &workspace, y, strlen(y), dy);
	return !memcmp(dx, dy, sizeof(dx));
}

static void
test_digests(void)
{
	struct master_keys *m = NULL;
	struct keyring *k = open_keys(&m);
	struct field a = field_of("{\"field_type\":\"string\"}");
	struct field mail = field_of("{\"field_type\":\"string\","
	                             "\"role\":\"verified_email\"}");
	struct field other = mail, number = field_of("{\"field_type\":"
	                                             "\"number\"}");

	a.id = 16;
	number.id = mail.id = 17;
	other.id = 99;
	is_int(field_unique_id(&a), 16, "a field's own id");
	is_int(field_unique_id(&mail), 1, "a role's reserved id");
	ok(same_digest(k, &a, "\"A@x.org\"", &a, "\" a@x.org\""),
	    "unique without regard to case and outer spaces");
	ok(!same_digest(k, &a, "\"a@x.org\"", &a, "\"b@x.org\""),
	    "other values differ");
	ok(!same_digest(k, &a, "\"a@x.org\"", &mail, "\"a@x.org\""),
	    "so does the value of another field");
	ok(same_digest(k, &mail, "\"a@x.org\"", &other, "\"a@x.org\""),
	    "a role is one attribute, whatever field has it");
	ok(same_digest(k, &number, "1500.00", &number, "1.5e3"),
	    "numbers compare by value");
	keyring_free(&k);
	master_free(&m);
}

int
main(void)
{
	vault_setup();
	setup();
	test_names();
	test_columns();
	test_digests();
	arena_free(&arena);
	return done_testing();
}
