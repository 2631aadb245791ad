/* Our own tokens: S1, S3 and S4. */
#include "t/vault/forge.h"

static const struct {
	const char *name, *header, *rule;
} headers[] = {
    {"S1: alg none", "{\"alg\":\"none\",\"typ\":\"JWT\"}", "alg"},
    {"S1: alg NoNe", "{\"alg\":\"NoNe\",\"typ\":\"JWT\"}", "alg"},
    {"S1: alg empty", "{\"alg\":\"\",\"typ\":\"JWT\"}", "alg"},
    {"S1: alg missing", "{\"typ\":\"JWT\"}", "without alg"},
    {"S1: alg null", "{\"alg\":null}", "not a string"},
    {"S1: alg a number", "{\"alg\":256}", "not a string"},
    {"S1: alg a list", "{\"alg\":[\"HS256\"]}", "not a string"},
    {"S1: alg of another case", "{\"alg\":\"hs256\"}", "alg is not"},
    {"S1: alg HS384", "{\"alg\":\"HS384\"}", "alg is not"},
    {"S1: alg HS512", "{\"alg\":\"HS512\"}", "alg is not"},
    {"S1: alg RS256 without a kid", "{\"alg\":\"RS256\"}", "alg is not"},
    {"S1: a kid that is not there", "{\"alg\":\"HS256\",\"kid\":\"x\"}",
        "unknown kid"},
    {"S1: a kid that is a path",
        "{\"alg\":\"HS256\",\"kid\":\"../../dev/null\"}", "unknown kid"},
    {"S1: an empty kid", "{\"alg\":\"HS256\",\"kid\":\"\"}", "unknown kid"},
    {"S1: alg twice", "{\"alg\":\"none\",\"alg\":\"HS256\"}", "header is no"},
    {"S3: crit", "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", "header member"},
    {"S3: crit as text", "{\"alg\":\"HS256\",\"crit\":\"exp\"}", "other than"},
    {"S3: jku", "{\"alg\":\"HS256\",\"jku\":\"https://x.test/k\"}",
        "other than"},
    {"S3: x5u", "{\"alg\":\"HS256\",\"x5u\":\"https://x.test/k\"}",
        "other than"},
    {"S3: jwk", "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}",
        "header member"},
    {"S3: x5c", "{\"alg\":\"HS256\",\"x5c\":[\"AA\"]}", "header member"},
    {"S3: typ of an encrypted token", "{\"alg\":\"HS256\",\"typ\":\"JWE\"}",
        "header typ"},
    {"S4: header is a list", "[\"HS256\"]", "header is no"},
    {"S4: header is no JSON", "alg=HS256", "header is no"},
    {"S4: header goes on", HEAD "{}", "header is no"},
};

static const struct {
	const char *name, *payload, *rule;
} payloads[] = {
    {"S3: exp missing", "{" ISS AUD SUB ACC JTI TYP "\"iat\":1700000000}",
        "exp"},
    {"S3: exp a string",
        "{" ISS AUD SUB ACC JTI TYP IAT "\"exp\":\"1700000900\"}", "exp"},
    {"S3: exp null", "{" ISS AUD SUB ACC JTI TYP IAT "\"exp\":null}", "exp"},
    {"S3: exp a fraction",
        "{" ISS AUD SUB ACC JTI TYP IAT "\"exp\":1700000900.5}", "exp"},
    {"S3: exp negative", "{" ISS AUD SUB ACC JTI TYP IAT "\"exp\":-1}", "exp"},
    {"S3: exp of 64 bits",
        "{" ISS AUD SUB ACC JTI TYP IAT "\"exp\":9223372036854775807}", "exp"},
    {"S3: exp years ahead",
        "{" ISS AUD SUB ACC JTI TYP IAT "\"exp\":1900000000}", "too far"},
    {"S3: exp before iat",
        "{" ISS AUD SUB ACC JTI TYP IAT "\"exp\":1699999999}", "too far"},
    {"S3: exp past",
        "{" ISS AUD SUB ACC JTI TYP "\"iat\":1699990000,\"exp\":1699990900}",
        "expired"},
    {"S3: nbf ahead",
        "{" ISS AUD SUB ACC JTI TYP IAT "\"nbf\":1700000500," EXP "}",
        "nbf is in the future"},
    {"S3: nbf a string",
        "{" ISS AUD SUB ACC JTI TYP IAT "\"nbf\":\"1\"," EXP "}", "nbf"},
    {"S3: iat missing", "{" ISS AUD SUB ACC JTI TYP EXP "}", "iat"},
    {"S3: iat ahead", "{" ISS AUD SUB ACC JTI TYP "\"iat\":1700000500," EXP "}",
        "iat is in the future"},
    {"S3: iss missing", "{" AUD SUB ACC JTI TYP IAT EXP "}", "iss"},
    {"S3: iss of another",
        "{\"iss\":\"coffer2\"," AUD SUB ACC JTI TYP IAT EXP "}", "iss"},
    {"S3: iss a list", "{\"iss\":[\"coffer\"]," AUD SUB ACC JTI TYP IAT EXP "}",
        "iss"},
    {"S3: aud missing", "{" ISS SUB ACC JTI TYP IAT EXP "}", "aud"},
    {"S3: aud of another",
        "{" ISS "\"aud\":\"Coffer\"," SUB ACC JTI TYP IAT EXP "}", "aud"},
    {"S3: aud a list without us",
        "{" ISS "\"aud\":[\"a\",\"b\"]," SUB ACC JTI TYP IAT EXP "}", "aud"},
    {"S3: aud an empty list", "{" ISS "\"aud\":[]," SUB ACC JTI TYP IAT EXP "}",
        "aud"},
    {"S3: aud a mixed list",
        "{" ISS "\"aud\":[\"coffer\",1]," SUB ACC JTI TYP IAT EXP "}", "aud"},
    {"S3: typ missing", "{" ISS AUD SUB ACC JTI IAT EXP "}", "typ"},
    {"S3: typ unknown",
        "{" ISS AUD SUB ACC JTI "\"typ\":\"ACCESS\"," IAT EXP "}", "typ"},
    {"S3: typ refresh",
        "{" ISS AUD SUB ACC JTI "\"typ\":\"refresh\"," IAT EXP "}",
        "typ is of another use"},
    {"sub missing", "{" ISS AUD ACC JTI TYP IAT EXP "}", "sub"},
    {"sub no UUID", "{" ISS AUD "\"sub\":\"root\"," ACC JTI TYP IAT EXP "}",
        "sub"},
    {"sub too long",
        "{" ISS AUD
        "\"sub\":\"6b1f0a0e-52c4-4f5e-9d0a-0d6a1d7f0001-6b1f0a0e-52c4-4f5e-"
        "9d0a-0d6a1d7f0001\"," ACC JTI TYP IAT EXP "}",
        "sub"},
    {"acc missing", "{" ISS AUD SUB JTI TYP IAT EXP "}", "acc"},
    {"acc empty", "{" ISS AUD SUB "\"acc\":\"\"," JTI TYP IAT EXP "}", "acc"},
    {"acc a path", "{" ISS AUD SUB "\"acc\":\"../acme\"," JTI TYP IAT EXP "}",
        "acc"},
    {"acc of 40 characters",
        "{" ISS AUD SUB
        "\"acc\":\"0123456789012345678901234567890123456789\"," JTI TYP IAT EXP
        "}",
        "acc"},
    {"jti missing", "{" ISS AUD SUB ACC TYP IAT EXP "}", "jti"},
    {"jti a number", "{" ISS AUD SUB ACC "\"jti\":1," TYP IAT EXP "}", "jti"},
};

/* Never get as far as libjwt. */
static const struct {
	const char *name, *payload;
} unclean[] = {
    {"S3: acc twice",
        "{" ISS AUD SUB ACC "\"acc\":\"bravo\"," JTI TYP IAT EXP "}"},
    {"S3: exp twice",
        "{" ISS AUD SUB ACC JTI TYP IAT "\"exp\":1700000001," EXP "}"},
    {"S3: a repeated name within a claim",
        "{" ISS AUD SUB ACC JTI TYP IAT EXP ",\"x\":{\"a\":1,\"a\":2}}"},
    {"S4: payload is a list", "[" GOOD "]"},
    {"S4: payload is no JSON", "sub=root"},
    {"S4: payload is cut", "{" ISS AUD},
    {"S4: payload has a NUL",
        "{" ISS AUD "\"sub\":\"a\\u0000b\"," ACC JTI TYP IAT EXP "}"},
    {"S4: payload has bad UTF-8",
        "{" ISS AUD "\"sub\":\"\xff\"," ACC JTI TYP IAT EXP "}"},
};

static void
test_tables(void)
{
	char token[TOKEN];

	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		sign(token, headers[i].header, GOOD, SECRET, strlen(SECRET));
		refused(token, headers[i].rule, false, headers[i].name);
	}
	for (size_t i = 0; i < sizeof(payloads) / sizeof(*payloads); i++) {
		sign(token, HEAD, payloads[i].payload, SECRET, strlen(SECRET));
		refused(token, payloads[i].rule, true, payloads[i].name);
	}
	for (size_t i = 0; i < sizeof(unclean) / sizeof(*unclean); i++) {
		sign(token, HEAD, unclean[i].payload, SECRET, strlen(SECRET));
		refused(token, "payload is no clean", false, unclean[i].name);
	}
}

static void
test_good(void)
{
	char token[TOKEN];
	struct jwt_claims c;
	struct err e;

	sign(token, HEAD, GOOD, SECRET, strlen(SECRET));
	is_int(check_at(token, NOW + 1, &c, &e), ERR_OK, "a good token");
	is_str(c.sub, "6b1f0a0e-52c4-4f5e-9d0a-0d6a1d7f0001", "its sub");
	is_str(c.acc, "acme", "its acc");
	is_str(c.jti, "j1", "its jti");
	ok(c.typ == JWT_ACCESS && c.iat == NOW && c.exp == NOW + 900,
	    "its typ and times");
	sign(token, "{\"alg\":\"HS256\"}", GOOD, SECRET, strlen(SECRET));
	is_int(
	    check_at(token, NOW + 1, &c, &e), ERR_OK, "without a header typ");
	sign(token, HEAD,
	    "{" ISS "\"aud\":[\"a\",\"coffer\"]," SUB ACC JTI TYP IAT EXP "}",
	    SECRET, strlen(SECRET));
	is_int(check_at(token, NOW + 1, &c, &e), ERR_OK,
	    "with us in a list of audiences");
}

/* Our own tokens, the memory of their signatures, and the clock. */
static void
test_make(void)
{
	struct jwt_claims c = {.sub = "6b1f0a0e-52c4-4f5e-9d0a-0d6a1d7f0001",
	    .acc = "acme",
	    .jti = "j2",
	    .typ = JWT_ACCESS,
	    .iat = NOW,
	    .exp = NOW + 900};
	char token[JWT_TOKEN_MAX];
	struct jwt_claims out;
	struct err e = {0};
	unsigned before;

	is_int(jwt_make(keys, &c, token, &e), ERR_OK, "a token is made");
	before = decodes;
	is_int(check_at(token, NOW, &out, &e), ERR_OK, "and is good");
	ok(!strcmp(out.sub, c.sub) && !strcmp(out.acc, c.acc) &&
	        !strcmp(out.jti, c.jti) && out.exp == c.exp,
	    "and says what went in");
	is_int(check_at(token, NOW + 5, &out, &e), ERR_OK, "and still is");
	is_int(decodes - before, 1, "its signature was verified once");
	is_int(check_at(token, NOW + 904, &out, &e), ERR_OK, "within leeway");
	is_int(check_at(token, NOW + 905, &out, &e), ERR_AUTH,
	    "S3: remembered or not, past exp it is refused");
	is_int(
	    check_at(token, NOW - 6, &out, &e), ERR_AUTH, "S3: and before iat");
	is_int(
	    jwt_check(keys, token, strlen(token), JWT_REFRESH, NOW, &out, &e),
	    ERR_AUTH, "S3: an access token does not refresh");
	c.typ = JWT_REFRESH;
	is_int(jwt_make(keys, &c, token, &e), ERR_OK, "a refresh token");
	is_int(
	    jwt_check(keys, token, strlen(token), JWT_REFRESH, NOW, &out, &e),
	    ERR_OK, "refreshes");
	is_int(check_at(token, NOW, &out, &e), ERR_AUTH,
	    "S3: and gives no access, remembered or not");
}

static void
test_signature(void)
{
	char token[TOKEN], *last;
	struct jwt_claims c;
	struct err e;
	int good = 0;

	sign(token, HEAD, GOOD, SECRET "x", strlen(SECRET) + 1);
	refused(token, "signature", true, "S1: another secret");
	sign(token, HEAD, GOOD, "", 0);
	refused(token, "signature", true, "S1: an empty secret");
	sign(token, HEAD, GOOD, SECRET, strlen(SECRET));
	last = strrchr(token, '.') + 1;
	for (char *p = token; *p; p++) {
		if (*p == '.')
			continue;
		*p ^= 1;
		good += check_at(token, NOW + 1, &c, &e) == ERR_OK;
		*p ^= 1;
	}
	is_int(good, 0, "S1: no changed character passes");
	last[20] = '\0';
	refused(token, "signature", true, "S1: half a signature");
	*last = '\0';
	refused(token, "not three parts", false, "S1: no signature");
}

static void
test_shape(void)
{
	char token[TOKEN + 8], good[TOKEN], payload[TOKEN];
	struct jwt_claims c;
	struct err e;
	int pad;

	sign(good, HEAD, GOOD, SECRET, strlen(SECRET));
	refused("", "not three parts", false, "S4: empty");
	refused("..", "not three parts", false, "S4: two dots");
	refused("a.b", "not three parts", false, "S4: two parts");
	refused("!!!.???.***", "base64url", false, "S4: junk");
	refused("a.a.a", "base64url", false, "S4: single characters");
	snprintf(token, sizeof(token), "%s.x", good);
	refused(token, "not three parts", false, "S4: four parts");
	snprintf(token, sizeof(token), "%s=", good);
	refused(token, "base64url", false, "S4: padded");
	snprintf(token, sizeof(token), " %s", good);
	refused(token, "header", false, "S4: a space before");
	snprintf(token, sizeof(token), "%s\n", good);
	refused(token, "base64url", false, "S4: a newline behind");
	good[10] = '\0';
	memset(&e, 0, sizeof(e));
	is_int(jwt_check(keys, good, 11, JWT_ACCESS, NOW, &c, &e), ERR_AUTH,
	    "S4: a NUL within");
	/* As long as can be; then one more, rightly signed all the same. */
	for (pad = 2000; pad < 4000; pad++) {
		snprintf(payload, sizeof(payload),
		    "{" ISS AUD SUB ACC JTI TYP IAT EXP ",\"x\":\"%0*d\"}", pad,
		    0);
		sign(token, HEAD, payload, SECRET, strlen(SECRET));
		if (strlen(token) > JWT_TOKEN_MAX)
			break;
		if (strlen(token) == JWT_TOKEN_MAX)
			is_int(check_at(token, NOW, &c, &e), ERR_OK,
			    "S4: a token of 4 KiB is looked at");
	}
	is_int(strlen(token), JWT_TOKEN_MAX + 1, "S4: a token of 4 KiB + 1");
	refused(token, "over 4 KiB", false, "S4: a token over 4 KiB");
}

int
main(void)
{
	struct conf c = some_conf();
	struct err e = {0};

	forge_begin();
	scratch_write("jwt.secret", SECRET "\n", 33, 0600);
	is_int(jwt_keys_load(&c, &keys, &e), ERR_OK, "the secret loads");
	if (!keys)
		return done_testing();
	test_good();
	test_tables();
	test_make();
	test_signature();
	test_shape();
	jwt_keys_free(&keys);
	ok(keys == NULL, "jwt_keys_free sets NULL");
	return done_testing();
}
