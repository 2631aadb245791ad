/* Keys: S2, and the tokens of an identity provider: S1 and S3. */
#include "t/vault/forge.h"

static void
openssl(const char *args)
{
	char command[4 * SCRATCH_PATH];

	snprintf(command, sizeof(command), "cd %s && openssl %s 2>/dev/null",
	    scratch_dir, args);
	if (system(command)) {
		printf("# %s failed\n", command);
		exit(1);
	}
}

static size_t
read_file(const char *name, char *out, size_t max)
{
	FILE *f = fopen(scratch_path(name), "r");
	size_t n = f ? fread(out, 1, max - 1, f) : 0;

	if (f)
		fclose(f);
	out[n] = '\0';
	return n;
}

/* A token as an identity provider would make it. */
static void
provider_sign(char out[TOKEN], jwt_alg_t alg, const char *key_file,
    const char *kid, const char *payload)
{
	char pem[8192], *text;
	jwt_t *jwt;
	size_t n;

	n = read_file(key_file, pem, sizeof(pem));
	jwt_new(&jwt);
	if (kid)
		jwt_add_header(jwt, "kid", kid);
	jwt_add_grants_json(jwt, payload);
	jwt_set_alg(jwt, alg, (unsigned char *)pem, (int)n);
	text = jwt_encode_str(jwt);
	snprintf(out, TOKEN, "%s", text ? text : "");
	free(text);
	jwt_free(jwt);
}

static const char provider_claims[] =
    "{" ISS AUD "\"sub\":\"auth0|4711\"," ACC IAT EXP "}";

static void
test_provider(void)
{
	char token[TOKEN], pem[8192];
	struct jwt_claims c;
	struct err e;
	size_t n;

	provider_sign(token, JWT_ALG_RS256, "rsa.pem", "rsa", provider_claims);
	is_int(check_at(token, NOW, &c, &e), ERR_OK, "an RS256 token");
	is_str(c.sub, "auth0|4711", "a provider's sub need not be a UUID");
	ok(c.typ == JWT_ACCESS && !c.jti[0], "typ and jti may be missing");
	is_int(jwt_check(keys, token, strlen(token), JWT_REFRESH, NOW, &c, &e),
	    ERR_AUTH, "but it never refreshes");
	provider_sign(token, JWT_ALG_ES256, "ec.pem", "ec", provider_claims);
	is_int(check_at(token, NOW, &c, &e), ERR_OK, "an ES256 token");
	provider_sign(token, JWT_ALG_RS256, "rsa2.pem", "rsa", provider_claims);
	refused(token, "signature", true, "S1: RS256 by another key");
	provider_sign(token, JWT_ALG_ES256, "ec2.pem", "ec", provider_claims);
	refused(token, "signature", true, "S1: ES256 by another key");
	provider_sign(token, JWT_ALG_RS384, "rsa.pem", "rsa", provider_claims);
	refused(token, "alg is not", false, "S1: RS384 for an RS256 key");
	provider_sign(token, JWT_ALG_RS256, "rsa.pem", NULL, provider_claims);
	refused(token, "alg is not", false, "S1: RS256 without a kid");
	provider_sign(token, JWT_ALG_RS256, "rsa.pem", "rsa",
	    "{" ISS AUD SUB ACC "\"typ\":\"refresh\"," IAT EXP "}");
	refused(token, "typ", true, "S3: a refresh token of a provider");

	n = read_file("rsa.pub", pem, sizeof(pem));
	sign(token, "{\"alg\":\"HS256\",\"kid\":\"rsa\"}", GOOD, pem, n);
	refused(token, "alg is not", false,
	    "S1: HS256 by the public key's text, its kid");
	sign(token, "{\"alg\":\"ES256\",\"kid\":\"rsa\"}", GOOD, pem, n);
	refused(
	    token, "alg is not", false, "S1: ES256 with the kid of an RSA key");
	sign(token, HEAD, GOOD, pem, n);
	refused(token, "signature", true,
	    "S1: HS256 by the public key's text, no kid");
	sign(token, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", GOOD, pem, n);
	refused(token, "signature", true,
	    "S1: an HMAC by the public key's text, called RS256");
}

/* A provider's key speaks for one account, under its own name. */
static void
test_bounds(void)
{
	char token[TOKEN];
	struct jwt_claims c;
	struct err e;

	provider_sign(token, JWT_ALG_ES256, "ec.pem", "ec",
	    "{" ISS AUD SUB "\"acc\":\"bravo\"," IAT EXP "}");
	refused(token, "account of the key", true,
	    "S12: a provider's token for another account");
	provider_sign(token, JWT_ALG_ES256, "ec.pem", "sso", provider_claims);
	refused(token, "iss", true, "S3: our iss from a provider of its own");
	provider_sign(token, JWT_ALG_ES256, "ec.pem", "sso",
	    "{\"iss\":\"https://login.example\"," AUD SUB ACC IAT EXP "}");
	is_int(check_at(token, NOW, &c, &e), ERR_OK, "the provider's own iss");
}

static void
load_refused(const struct conf *c, const char *says, const char *name)
{
	struct jwt_keys *k;
	struct err e = {0};

	if (!ok(jwt_keys_load(c, &k, &e) == ERR_BAD_REQUEST && !k &&
	            strstr(err_text(&e), says),
	        "S2: %s", name))
		printf("# %s\n", err_text(&e));
	ok(!strstr(e.text, "0123456789abcdef"), "S2: %s: no secret told", name);
}

static void
test_secret(void)
{
	struct conf c = some_conf();
	char pem[8192];
	size_t n;

	load_refused(&c, "jwt.secret", "no secret");
	scratch_write("jwt.secret", "", 0, 0600);
	load_refused(&c, "has 0 bytes", "an empty secret");
	scratch_write("jwt.secret", SECRET, 31, 0600);
	load_refused(&c, "has 31 bytes", "a secret of 31 bytes");
	scratch_write(
	    "jwt.secret", "0123456789abcdef0123456789abcde\n", 32, 0600);
	load_refused(&c, "has 31 bytes", "a newline does not count");
	scratch_write("jwt.secret", SECRET, 32, 0644);
	load_refused(&c, "chmod 600", "a secret that others may read");
	n = read_file("rsa.pub", pem, sizeof(pem));
	scratch_write("jwt.secret", pem, n, 0600);
	load_refused(&c, "PEM", "a public key as the secret");
	c.auth_secret_file = "/nonexistent/secret";
	load_refused(&c, "/nonexistent/secret", "a file that is not there");
}

/* Loads with one [jwt-key] section. */
static void
key_refused(const char *kid, const char *alg, const char *file,
    const char *says, const char *name)
{
	struct conf c = some_conf();

	c.jwt_keys[0] = (struct conf_jwt_key){
	    (char *)kid, (char *)alg, (char *)scratch_path(file), "acme", NULL};
	c.jwt_nkeys = 1;
	load_refused(&c, says, name);
}

static void
test_keys(void)
{
	scratch_write("jwt.secret", SECRET "\n", 33, 0600);
	scratch_write("empty.pub", "", 0, 0644);
	key_refused("a", "RS256", "empty.pub", "no public key", "an empty PEM");
	key_refused("a", "RS256", "none.pub", "cannot be read", "no PEM");
	key_refused("a", "HS256", "rsa.pub", "RS256 or ES256", "alg HS256");
	key_refused("a", "none", "rsa.pub", "RS256 or ES256", "alg none");
	key_refused("a", "rs256", "rsa.pub", "RS256 or ES256", "alg rs256");
	key_refused("", "RS256", "rsa.pub", "KID", "an empty kid");
	key_refused("a", "RS256", "ec.pub", "RSA", "RS256 with an EC key");
	key_refused("a", "ES256", "rsa.pub", "P-256", "ES256 with an RSA key");
	key_refused("a", "ES256", "p384.pub", "P-256", "ES256 with P-384");
	key_refused("a", "RS256", "small.pub", "2048", "RSA of 1024 bits");
	key_refused("a", "RS256", "rsa.pem", "private", "a private key");
}

static void
make_keys(void)
{
	openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 "
	        "-out rsa.pem");
	openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 "
	        "-out rsa2.pem");
	openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 "
	        "-out small.pem");
	openssl("ecparam -name prime256v1 -genkey -noout -out ec.pem");
	openssl("ecparam -name prime256v1 -genkey -noout -out ec2.pem");
	openssl("ecparam -name secp384r1 -genkey -noout -out p384.pem");
	openssl("pkey -in rsa.pem -pubout -out rsa.pub");
	openssl("pkey -in small.pem -pubout -out small.pub");
	openssl("pkey -in ec.pem -pubout -out ec.pub");
	openssl("pkey -in p384.pem -pubout -out p384.pub");
}

/* Names the keys of an identity provider; false if they do not load. */
static bool
load_keys(void)
{
	struct conf c = some_conf();
	struct err e = {0};

	c.jwt_keys[0] = (struct conf_jwt_key){
	    "rsa", "RS256", (char *)scratch_path("rsa.pub"), "acme", NULL};
	c.jwt_keys[1] = (struct conf_jwt_key){
	    "ec", "ES256", (char *)scratch_path("ec.pub"), "acme", NULL};
	c.jwt_keys[2] = (struct conf_jwt_key){"sso", "ES256",
	    (char *)scratch_path("ec.pub"), "acme", "https://login.example"};
	c.jwt_nkeys = 3;
	is_int(jwt_keys_load(&c, &keys, &e), ERR_OK, "the keys load");
	if (!keys)
		printf("# %s\n", err_text(&e));
	c.jwt_keys[1].kid = "rsa";
	load_refused(&c, "twice", "a kid twice");
	return keys != NULL;
}

int
main(void)
{
	forge_begin();
	make_keys();
	test_secret();
	test_keys();
	if (!load_keys())
		return done_testing();
	test_provider();
	test_bounds();
	jwt_keys_free(&keys);
	return done_testing();
}
