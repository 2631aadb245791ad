/* HMAC-SHA256, SHA-256, HKDF and random bytes: known answers and edges. */
#include "t/vault/scratch.h"
#include "base/bytes.h"
#include "vault/mac.h"
#include "vault/rand.h"

#define K131                                                               \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaa"

/* RFC 4231, section 4: cases 1, 2, 4, 6 and 7. */
static const struct {
	const char *key, *text, *digest;
} macs[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"4a656665", "what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"0102030405060708090a0b0c0d0e0f10111213141516171819",
        "\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd"
        "\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd"
        "\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd",
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    {K131, "Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {K131,
        "This is a test using a larger than block-size key and a larger than "
        "block-size data. The key needs to be hashed before being used by the "
        "HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

/* RFC 5869, appendix A, cases 1 to 3: the first 32 bytes of the output, all
 * that a one-block expansion gives. */
static const struct {
	const char *ikm, *salt, *info, *okm;
} keys[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
        "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
     "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
     "404142434445464748494a4b4c4d4e4f",
        "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
        "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
        "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
        "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
        "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
        "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"},
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"},
};

static void
test_macs(void)
{
	uint8_t key[256], digest[MAC_LEN];
	struct mac *m;
	size_t n;

	for (size_t i = 0; i < sizeof(macs) / sizeof(*macs); i++) {
		n = unhex(macs[i].key, key);
		m = mac_new(key, n);
		for (int again = 0; again < 2; again++) {
			mac_add(m, macs[i].text, 3);
			mac_add(m, macs[i].text + 3, strlen(macs[i].text) - 3);
			mac_finish(m, digest);
			ok(is_hex(digest, MAC_LEN, macs[i].digest),
			    "RFC 4231, vector %zu, use %d of the handle", i,
			    again + 1);
		}
		mac_free(&m);
	}
}

static void
test_parts(void)
{
	uint8_t a[MAC_LEN], b[MAC_LEN];
	struct mac *m = mac_new("key", 3);

	mac_add_part(m, "ab", 2);
	mac_add_part(m, "c", 1);
	mac_finish(m, a);
	mac_add_part(m, "a", 1);
	mac_add_part(m, "bc", 2);
	mac_finish(m, b);
	ok(memcmp(a, b, MAC_LEN) != 0, "parts do not run into each other");
	mac_add(m, "left over", 9);
	mac_reset(m);
	mac_add_part(m, "a", 1);
	mac_add_part(m, "bc", 2);
	mac_finish(m, a);
	ok(memcmp(a, b, MAC_LEN) == 0, "mac_reset forgets what was added");
	mac_free(&m);
	ok(m == NULL, "mac_free sets NULL");
}

static void
test_hkdf(void)
{
	uint8_t ikm[128], salt[128], info[128], out[32];
	size_t nikm, nsalt;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		nikm = unhex(keys[i].ikm, ikm);
		nsalt = unhex(keys[i].salt, salt);
		info[unhex(keys[i].info, info)] = '\0';
		hkdf(ikm, nikm, salt, nsalt, (char *)info, out);
		ok(is_hex(out, 32, keys[i].okm), "RFC 5869, case %zu", i + 1);
	}
}

static void
test_sha256(void)
{
	uint8_t digest[32];

	sha256("abc", 3, digest);
	ok(is_hex(digest, 32,
	       "ba7816bf8f01cfea414140de5dae2223"
	       "b00361a396177a9cb410ff61f20015ad"),
	    "FIPS 180-4: SHA-256 of abc");
	sha256(NULL, 0, digest);
	ok(is_hex(digest, 32,
	       "e3b0c44298fc1c149afbf4c8996fb924"
	       "27ae41e4649b934ca495991b7852b855"),
	    "SHA-256 of nothing");
}

static void
test_rand(void)
{
	static uint8_t a[20000], b[20000];
	char text[UUID_TEXT];
	struct uuid u, back;
	size_t same = 0;

	rand_bytes(a, sizeof(a));
	rand_bytes(b, sizeof(b));
	for (size_t i = 0; i + 8 <= sizeof(a); i += 8)
		same += memcmp(a + i, b + i, 8) == 0 ||
		        (i > 0 && memcmp(a + i, a + i - 8, 8) == 0);
	is_int(same, 0, "draws over several batches do not repeat");
	rand_uuid(&u);
	uuid_format(&u, text);
	ok(text[14] == '4' && uuid_parse(text, 36, &back) &&
	        memcmp(&u, &back, sizeof(u)) == 0,
	    "a random UUID has version 4");
}

int
main(void)
{
	struct err e;

	vault_setup();
	is_int(vault_self_test(&e), ERR_OK, "libgcrypt passes its self-test");
	test_macs();
	test_parts();
	test_hkdf();
	test_sha256();
	test_rand();
	return done_testing();
}
