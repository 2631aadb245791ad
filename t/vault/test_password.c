/* Passwords: S8. */
#include "t/vault/scratch.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "vault/password.h"
#include "vault/rand.h"

static const char pw[] = "correct horse battery staple";

static void
test_hash(void)
{
	char one[PASSWORD_PHC], two[PASSWORD_PHC];
	struct err e;

	is_int(password_hash(pw, strlen(pw), one, &e), ERR_OK, "hashes");
	is_int(password_hash(pw, strlen(pw), two, &e), ERR_OK, "hashes again");
	ok(!strncmp(one, "$argon2id$v=19$m=19456,t=2,p=1$", 31),
	    "S8: Argon2id of 19 MiB and two passes");
	is_int(
	    strlen(one), 31 + 22 + 1 + 43, "salt of 16 and hash of 32 bytes");
	ok(strcmp(one, two) != 0, "S8: every hash has a salt of its own");
	ok(password_verify(pw, strlen(pw), one), "the password verifies");
	ok(!password_verify(pw, strlen(pw) - 1, one), "a shorter one does not");
	ok(!password_verify("Correct horse battery staple", strlen(pw), one),
	    "another one does not");
	ok(!password_verify("", 0, one), "an empty one does not");
}

/* From the reference implementation's test suite, src/test.c. */
static void
test_answer(void)
{
	static const char phc[] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
	                          "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

	ok(password_verify("password", 8, phc), "known answer of Argon2id");
	ok(!password_verify("passwore", 8, phc), "and of that password alone");
}

static void
test_malformed(void)
{
	static const char *const bad[] = {
	    "",
	    "$argon2id$",
	    "plaintext",
	    "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
	    "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	    "$argon2id$v=16$m=65536,t=2,p=1$c29tZXNhbHQ$"
	    "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	    "$argon2id$v=19$m=999999,t=2,p=1$c29tZXNhbHQ$"
	    "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	    "$argon2id$v=19$m=65536,t=99,p=1$c29tZXNhbHQ$"
	    "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	    "$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHQ$"
	    "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	    "$argon2id$v=19$m=65536,t=2,p=0$c29tZXNhbHQ$"
	    "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$",
	    "$argon2id$v=19$m=65536,t=2,p=1$$"
	    "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
	    "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPP!",
	    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
	    "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc$more",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!password_verify("password", 8, bad[i]),
		    "malformed hash %zu verifies nothing", i);
}

static int64_t
verify_ms(const char *phc)
{
	int64_t start = clock_mono_ms(), least = INT64_MAX, took;
	int times = under_valgrind() ? 1 : 3;

	for (int i = 0; i < times; i++, start = clock_mono_ms()) {
		password_verify(pw, strlen(pw), phc);
		took = clock_mono_ms() - start;
		least = took < least ? took : least;
	}
	return least;
}

static void
test_unknown(void)
{
	char phc[PASSWORD_PHC];
	int64_t known, unknown;
	struct err e;

	ok(!password_verify(pw, strlen(pw), NULL), "no hash, no entry");
	is_int(password_hash("other", 5, phc, &e), ERR_OK, "hashes");
	known = verify_ms(phc);
	unknown = verify_ms(NULL);
	ok(unknown * 2 >= known,
	    "S6: an unknown user takes the time of a wrong password");
}

int
main(void)
{
	vault_setup();
	test_hash();
	test_answer();
	test_malformed();
	test_unknown();
	return done_testing();
}
