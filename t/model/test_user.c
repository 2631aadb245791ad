/* Users, their roles, API keys and refresh tokens. */
#include "base/clock.h"
#include "model/api_key.h"
#include "model/user.h"
#include "tenant.h"

#define PASSWORD "correct horse"

static struct uuid ann;
static struct user me; /* ann, as she signed in */

static enum err_code
create(const char *email, const char *password, const char *role)
{
	struct uuid id;

	return user_create(
	    &site, &one, email, password, strlen(password), role, &id, &e);
}

static void
test_create(void)
{
	static const char *const bad[] = {"", "ann", "@x.org", "ann@", "a@b@c",
	    "a n@x.org", "ann\n@x.org", "ann\x01@x.org", "ann\xff@x.org"};
	char longest[300];

	must(user_create(&site, &one, "Ann@Example.ORG", PASSWORD,
	         strlen(PASSWORD), "admin", &ann, &e),
	    "user_create");
	is_int(create("ann@example.org", PASSWORD, "viewer"), ERR_CONFLICT,
	    "an e-mail is taken once, in any case");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_int(create(bad[i], PASSWORD, "viewer"), ERR_BAD_REQUEST,
		    "no e-mail: case %zu", i);
	memset(longest, 'a', sizeof(longest));
	strcpy(longest + 254 - 6, "@x.org");
	is_int(told(create(longest, PASSWORD, "viewer"), &e), ERR_OK,
	    "an e-mail has up to 254 bytes");
	strcpy(longest + 255 - 6, "@x.org");
	longest[248] = 'a';
	is_int(create(longest, PASSWORD, "viewer"), ERR_BAD_REQUEST,
	    "and not one more");
	is_int(create("bob@x.org", "seven77", "viewer"), ERR_BAD_REQUEST,
	    "a password of 7 bytes is refused");
	is_int(create("bob@x.org", PASSWORD, "king"), ERR_BAD_REQUEST,
	    "so is an unknown role");
}

static enum err_code
login(const struct db_context *ctx, const char *email, const char *password)
{
	struct sign_in in = {email, password, strlen(password), "192.0.2.1"};
	struct user u = {0};
	int64_t wait;

	return user_login(&site, ctx, &in, &u, &wait, &e);
}

static void
test_login(void)
{
	struct user u;

	is_int(login(&one, "ANN@example.org", PASSWORD), ERR_OK,
	    "a login, the e-mail in any case");
	is_int(login(&one, "ann@example.org", PASSWORD "x"), ERR_CREDENTIALS,
	    "a wrong password");
	is_int(login(&one, "bob@example.org", PASSWORD), ERR_CREDENTIALS,
	    "an unknown user is answered the same");
	is_int(login(&one, "\xff", PASSWORD), ERR_CREDENTIALS,
	    "so is an e-mail that is none");
	is_int(login(&two, "ann@example.org", PASSWORD), ERR_CREDENTIALS,
	    "S12: so is another account's user");
	is_int(user_find(site.db, &one, &ann, &u, &e), ERR_OK, "by id");
	is_int(user_find(site.db, &two, &ann, &u, &e), ERR_AUTH,
	    "S12: not in another account");
	one.user_id = u.id;
	me = u;
}

/* The time of a login says nothing of whether there is such a user (S6). */
static void
test_login_time(void)
{
	int64_t known = INT64_MAX, unknown = INT64_MAX, t;

	for (int i = 0; i < 3; i++) {
		t = clock_mono_ms();
		(void)!login(&one, "ann@example.org", "wrong password");
		t = clock_mono_ms() - t;
		known = t < known ? t : known;
		t = clock_mono_ms();
		(void)!login(&one, "eve@example.org", "wrong password");
		t = clock_mono_ms() - t;
		unknown = t < unknown ? t : unknown;
	}
	ok(unknown * 4 >= known, "S6: an unknown user costs a hash, too");
}

static void
test_rights(void)
{
	struct db_context other = one;
	struct uuid second;
	unsigned rights;

	must(user_rights(site.db, &one, &rights, &e), "rights");
	is_int(rights, role_rights("admin"), "the role's rights");
	must(workspace_create(site.db, &one, "Second", &second, &e), "second");
	must(workspace_find(site.db, &one, &second, &other.workspace_id, &e),
	    "second");
	must(user_rights(site.db, &other, &rights, &e), "rights");
	is_int(rights, 0, "S13: none in another workspace");
	must(user_grant(&site, &other, "ANN@example.org", "viewer", &e),
	    "grant");
	must(user_rights(site.db, &other, &rights, &e), "rights");
	is_int(rights, role_rights("viewer"), "but for a role given there");
	must(user_grant(&site, &other, "ann@example.org", "uploader", &e), "g");
	must(user_rights(site.db, &other, &rights, &e), "rights");
	is_int(rights, role_rights("uploader"), "or another role");
	is_int(user_grant(&site, &two, "ann@example.org", "admin", &e),
	    ERR_NOT_FOUND, "S12: no role for another account's user");
}

static void
test_api_keys(void)
{
	char key[API_KEY_TEXT], second[API_KEY_TEXT];
	struct api_key found;
	struct uuid id, id2;

	is_int(api_key_create(&site, &one, "", "CUSTOMERS_READ,", key, &id, &e),
	    ERR_BAD_REQUEST, "no such privilege");
	must(api_key_create(&site, &one, "", "all", key, &id, &e), "key");
	must(api_key_create(&site, &one, "x", "CUSTOMER_READ,CUSTOMERS_READ",
	         second, &id2, &e),
	    "key");
	ok(strlen(key) == 47 && !strncmp(key, "cfk_", 4) &&
	        strcmp(key, second) != 0,
	    "S5: 256 random bits each");
	is_int(told(api_key_find(site.db, key, &found, &e), &e), ERR_OK,
	    "a live key is found");
	is_int(found.workspace_id, one.workspace_id, "with its workspace");
	is_str(found.account_code, "one", "and account");
	key[20] ^= 1;
	is_int(api_key_find(site.db, key, &found, &e), ERR_AUTH,
	    "S6: another is not");
	key[20] ^= 1;
	is_int(api_key_find(site.db, "", &found, &e), ERR_AUTH,
	    "S6: nor one that is none");
	must(api_key_revoke(&site, &id, &e), "revoke");
	is_int(api_key_find(site.db, key, &found, &e), ERR_AUTH,
	    "S5: a revoked key is dead at once");
	is_int(
	    api_key_find(site.db, second, &found, &e), ERR_OK, "and no other");
	must(api_key_revoke(&site, &id, &e), "revoke again");
	rand_uuid(&id);
	is_int(api_key_revoke(&site, &id, &e), ERR_NOT_FOUND,
	    "a key that never was cannot be revoked");
}

static enum err_code
turn(const struct db_context *ctx, const struct uuid *family,
    const struct uuid *jti, struct uuid *out)
{
	return refresh_turn(
	    &site, ctx, family, jti, clock_now_ms() + 60000, out, &e);
}

static void
test_refresh(void)
{
	struct db_context other = one;
	struct uuid family, family2, t1, t2, t3, s1, s2, nobody;
	int64_t end = clock_now_ms() + 60000;

	must(refresh_start(site.db, &one, &me, end, &family, &t1, &e), "start");
	must(
	    refresh_start(site.db, &one, &me, end, &family2, &s1, &e), "start");
	is_int(told(turn(&one, &family, &t1, &t2), &e), ERR_OK, "a refresh");
	is_int(told(turn(&one, &family, &t2, &t3), &e), ERR_OK, "and next");
	is_int(turn(&two, &family, &t3, &nobody), ERR_AUTH,
	    "S12: not in another account");
	other.user_id++;
	is_int(turn(&other, &family, &t3, &nobody), ERR_AUTH,
	    "nor by another user");
	is_int(turn(&one, &family, &t1, &nobody), ERR_AUTH,
	    "S9: a spent token is refused");
	is_int(turn(&one, &family, &t3, &nobody), ERR_AUTH,
	    "S9: and has revoked the family's live one");
	is_int(told(turn(&one, &family2, &s1, &s2), &e), ERR_OK,
	    "S9: but no other family");
	rand_uuid(&nobody);
	is_int(turn(&one, &nobody, &s2, &t1), ERR_AUTH, "an unknown family");
	must(refresh_start(
	         site.db, &one, &me, clock_now_ms() - 1, &family, &t1, &e),
	    "start");
	is_int(turn(&one, &family, &t1, &t2), ERR_AUTH, "a late token");
}

static void
test_disabled(void)
{
	struct user u;

	tenant_sql("UPDATE user SET disabled_at = 1"
	           " WHERE email = 'ann@example.org'");
	is_int(login(&one, "ann@example.org", PASSWORD), ERR_CREDENTIALS,
	    "a disabled user does not sign in");
	is_int(user_find(site.db, &one, &ann, &u, &e), ERR_AUTH,
	    "and its tokens are dead");
}

int
main(void)
{
	tenant_begin();
	test_create();
	test_login();
	test_login_time();
	test_rights();
	test_api_keys();
	test_refresh();
	test_disabled();
	return tenant_end();
}
