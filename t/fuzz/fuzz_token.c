/*
 * Tokens (S1, S3, S4). Input: a byte for what to do with the rest:
 *   0  it is the token
 *   1  header, NUL, payload: signed rightly with our secret
 *   2  a byte for one of four good tokens, then changes to it, of three bytes
 *      each: where (16 bits), and what is exclusive-ored to it
 *   3  a byte for a public key, then as 1, signed with that key's text
 * What is taken must have a signature that this file finds good by itself, and
 * claims that hold; 2 (changed) and 3 are never taken.
 */
#include "t/fuzz/fuzz.h"

#include "t/vault/forge.h"
#include "vault/jwt_keys.h"

#define KEYS_COMMAND                                                        \
	"cd %s && { openssl genpkey -algorithm RSA -pkeyopt "               \
	"rsa_keygen_bits:2048 -out 0.pem && openssl genpkey -algorithm EC " \
	"-pkeyopt ec_paramgen_curve:P-256 -out 1.pem && for k in 0 1; do "  \
	"openssl pkey -in $k.pem -pubout -out $k.pub || exit; done; } "     \
	"2>/dev/null"

static const char *const kids[2] = {"rsa", "ec"};
static char pems[2][4096]; /* the public keys' texts */
static char good[4][TOKEN];

static void
read_file(const char *name, char *out, size_t max)
{
	FILE *f = fopen(scratch_path(name), "r");

	assert(f);
	out[fread(out, 1, max - 1, f)] = '\0';
	fclose(f);
}

/* A token as an identity provider would make it. */
static void
provider_sign(char out[TOKEN], jwt_alg_t alg, const char *file, const char *kid)
{
	char pem[4096], *text;
	jwt_t *jwt;

	read_file(file, pem, sizeof(pem));
	assert(!jwt_new(&jwt) && !jwt_add_header(jwt, "kid", kid));
	assert(!jwt_add_grants_json(
	    jwt, "{" ISS AUD "\"sub\":\"auth0|4711\"," ACC IAT EXP "}"));
	assert(!jwt_set_alg(jwt, alg, (unsigned char *)pem, (int)strlen(pem)));
	text = jwt_encode_str(jwt);
	assert(text && strlen(text) < TOKEN);
	strcpy(out, text);
	free(text);
	jwt_free(jwt);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char command[2 * SCRATCH_PATH + sizeof(KEYS_COMMAND)];
	struct conf c = some_conf();
	struct err e;

	(void)argc, (void)argv;
	forge_begin();
	snprintf(command, sizeof(command), KEYS_COMMAND, scratch_dir);
	assert(!system(command));
	scratch_write("jwt.secret", SECRET "\n", strlen(SECRET) + 1, 0600);
	c.jwt_keys[0] = (struct conf_jwt_key){
	    "rsa", "RS256", (char *)scratch_path("0.pub"), "acme", NULL};
	c.jwt_keys[1] = (struct conf_jwt_key){
	    "ec", "ES256", (char *)scratch_path("1.pub"), "acme", NULL};
	c.jwt_nkeys = 2;
	if (jwt_keys_load(&c, &keys, &e)) {
		fprintf(stderr, "%s\n", err_text(&e));
		abort();
	}
	read_file("0.pub", pems[0], sizeof(pems[0]));
	read_file("1.pub", pems[1], sizeof(pems[1]));
	sign(good[0], HEAD, GOOD, SECRET, strlen(SECRET));
	sign(good[1], HEAD,
	    "{" ISS AUD SUB ACC JTI "\"typ\":\"refresh\"," IAT EXP "}", SECRET,
	    strlen(SECRET));
	provider_sign(good[2], JWT_ALG_RS256, "0.pem", kids[0]);
	provider_sign(good[3], JWT_ALG_ES256, "1.pem", kids[1]);
	return 0;
}

static bool
check(const char *token, size_t n, enum jwt_typ typ, struct jwt_claims *c)
{
	struct err e = {0};
	enum err_code code = jwt_check(keys, token, n, typ, NOW + 1, c, &e);

	assert(!code || (code == ERR_AUTH && e.cause[0] && !e.text[0]));
	return !code;
}

/* A part of a token as JSON, by Jansson alone. */
static json_t *
part(const char *s, size_t n)
{
	uint8_t text[TOKEN];
	size_t len;

	assert(b64url_decode(s, n, text, &len));
	return json_loadb((char *)text, len, JSON_REJECT_DUPLICATES, NULL);
}

/* The signature is that of HMAC-SHA256 under the secret, to the letter. */
static void
see_signature(const char *token, size_t nsigned)
{
	char want[2 * MAC_LEN] = "";
	uint8_t digest[MAC_LEN];
	struct mac *m = mac_new(SECRET, strlen(SECRET));

	mac_add(m, token, nsigned);
	mac_finish(m, digest);
	mac_free(&m);
	add_part(want, digest, sizeof(digest));
	assert(!strcmp(token + nsigned + 1, want));
}

static void
see_header(const char *token, size_t n, size_t nsigned)
{
	json_t *v = part(token, n);
	const char *kid, *alg;

	assert(json_is_object(v));
	kid = json_string_value(json_object_get(v, "kid"));
	alg = json_string_value(json_object_get(v, "alg"));
	assert(alg && !json_object_get(v, "crit"));
	if (kid) {
		assert(!strcmp(token, good[2]) || !strcmp(token, good[3]));
	} else {
		assert(!strcmp(alg, "HS256") && !json_object_get(v, "kid"));
		see_signature(token, nsigned);
	}
	json_decref(v);
}

static void
see_payload(
    const char *s, size_t n, enum jwt_typ typ, const struct jwt_claims *c)
{
	json_t *v = part(s, n), *nbf, *aud;
	json_int_t exp, iat;

	assert(json_is_object(v));
	exp = json_integer_value(json_object_get(v, "exp"));
	iat = json_integer_value(json_object_get(v, "iat"));
	nbf = json_object_get(v, "nbf");
	aud = json_object_get(v, "aud");
	assert(exp == c->exp && iat == c->iat && exp > NOW + 1 - 5);
	assert(iat <= NOW + 1 + 5 && exp - iat <= 1209600 + 5 && exp > iat);
	assert(!nbf || json_integer_value(nbf) <= NOW + 1 + 5);
	assert(!strcmp(json_string_value(json_object_get(v, "iss")), "coffer"));
	assert(json_is_array(aud) || !strcmp(json_string_value(aud), "coffer"));
	assert(!strcmp(json_string_value(json_object_get(v, "acc")), c->acc));
	assert(!strcmp(json_string_value(json_object_get(v, "sub")), c->sub));
	assert(c->typ == typ && c->acc[0] && !strpbrk(c->acc, "/% \"\r\n"));
	json_decref(v);
}

/* Offers a token; what is taken is looked at. True if one of its uses is. */
static bool
offer(const char *token, size_t n)
{
	static const enum jwt_typ TYPS[] = {JWT_ACCESS, JWT_REFRESH};
	const char *first = memchr(token, '.', n), *second;
	bool taken = false;
	struct jwt_claims c;

	for (unsigned i = 0; i < 2; i++) {
		if (!check(token, n, TYPS[i], &c))
			continue;
		assert(!taken && n <= JWT_TOKEN_MAX && strlen(token) == n);
		taken = true;
		second = strchr(first + 1, '.');
		see_header(
		    token, (size_t)(first - token), (size_t)(second - token));
		see_payload(
		    first + 1, (size_t)(second - first - 1), TYPS[i], &c);
	}
	return taken;
}

/* A header and a payload, signed with a key. */
static bool
offer_signed(const uint8_t *data, size_t n, const char *key)
{
	char token[TOKEN], *header, *payload;
	bool taken = false;

	n = n < TOKEN / 2 ? n : TOKEN / 2;
	header = fuzz_text(&data, &n, '\0');
	payload = fuzz_text(&data, &n, '\0');
	if (*header && *payload) {
		sign(token, header, payload, key, strlen(key));
		taken = offer(token, strlen(token));
	}
	free(header);
	free(payload);
	return taken;
}

static void
offer_changed(const uint8_t *data, size_t n)
{
	const char *from = good[fuzz_byte(&data, &n) % 4];
	size_t len = strlen(from);
	char token[TOKEN];

	strcpy(token, from);
	assert(offer(token, len));
	for (; n >= 3; data += 3, n -= 3)
		token[(data[0] << 8 | data[1]) % len] ^= (char)data[2];
	if (memcmp(token, from, len))
		assert(!offer(token, len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t what = fuzz_byte(&data, &n) % 4;
	char *token;

	if (what == 0) {
		token = fuzz_text(&data, &n, '\n');
		offer(token, strlen(token));
		free(token);
		offer((const char *)data, n);
	} else if (what == 1) {
		offer_signed(data, n, SECRET);
	} else if (what == 2) {
		offer_changed(data, n);
	} else {
		assert(!offer_signed(data, n, pems[fuzz_byte(&data, &n) % 2]));
	}
	/* What is remembered must not help what comes next. */
	memset(keys->memos, 0, sizeof(keys->memos));
	return 0;
}
