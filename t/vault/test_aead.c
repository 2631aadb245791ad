/* AES-256-GCM: known answers, and the truths S17 to S20 as far as they are
 * the cipher's. */
#include <sys/wait.h>

#include "t/vault/scratch.h"
#include "base/bytes.h"
#include "vault/aead.h"
#include "vault/rand.h"

#define IVS 1000000
#define COUNTED 100000   /* IVs whose bits are counted */
#define SLOTS (1u << 21) /* of the table of IVs: a power of two */
#define CHILDREN 4
#define DRAWN 3000 /* by each process of the fork test */

static uint8_t (*ivs)[AEAD_IV];
static uint8_t *taken;

/* From the GCM specification of McGrew and Viega, appendix B, cases 13, 14
 * and 16 (also in the NIST validation suite). */
static const struct {
	const char *name, *key, *ad, *plain, *sealed;
} answers[] = {
    {"empty",
        "00000000000000000000000000000000"
        "00000000000000000000000000000000",
        "", "",
        "000000000000000000000000"
        "530f8afbc74536b9a963b4f1c4cb738b"},
    {"one block",
        "00000000000000000000000000000000"
        "00000000000000000000000000000000",
        "", "00000000000000000000000000000000",
        "000000000000000000000000"
        "cea7403d4d606b6e074ec5d3baf39d18"
        "d0d1c8a799996bf0265b98b5d48ab919"},
    {"associated data",
        "feffe9928665731c6d6a8f9467308308"
        "feffe9928665731c6d6a8f9467308308",
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        "d9313225f88406e5a55909c5aff5269a"
        "86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525"
        "b16aedf5aa0de657ba637b39",
        "cafebabefacedbaddecaf888"
        "522dc1f099567d07f47f37a32a84427d"
        "643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838"
        "c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"},
};

static struct aead *
some_cipher(void)
{
	uint8_t key[AEAD_KEY];

	rand_key(key, sizeof(key));
	return aead_new(key);
}

static void
test_answers(void)
{
	uint8_t key[AEAD_KEY], ad[64], sealed[128], out[128];
	struct aead *a;
	struct err e;
	size_t n, nad;

	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		unhex(answers[i].key, key);
		nad = unhex(answers[i].ad, ad);
		n = unhex(answers[i].sealed, sealed);
		a = aead_new(key);
		ok(aead_open(a, ad, nad, sealed, n, out, &e) == ERR_OK &&
		        is_hex(out, n - AEAD_OVERHEAD, answers[i].plain),
		    "known answer: %s", answers[i].name);
		aead_free(&a);
	}
}

static void
test_round_trip(void)
{
	uint8_t plain[300], sealed[300 + AEAD_OVERHEAD], out[300];
	struct aead *a = some_cipher();
	struct err e;
	bool all = true;

	rand_bytes(plain, sizeof(plain));
	for (size_t n = 0; n <= sizeof(plain); n++) {
		aead_seal(a, "ad", 2, plain, n, sealed);
		all &= aead_open(a, "ad", 2, sealed, n + AEAD_OVERHEAD, out,
		           &e) == ERR_OK &&
		       memcmp(out, plain, n) == 0;
	}
	ok(all, "what is sealed opens, at every length up to 300");
	is_int(aead_take_count(a), 301, "S20: what was sealed is counted");
	is_int(aead_take_count(a), 0, "S20: and counted once");
	aead_free(&a);
	ok(a == NULL, "aead_free sets NULL");
	aead_free(&a);
}

/* Puts an IV into the table; false if it is in there. */
static bool
iv_new(const uint8_t iv[AEAD_IV])
{
	uint32_t slot = get_u32(iv) % SLOTS;

	while (taken[slot]) {
		if (memcmp(ivs[slot], iv, AEAD_IV) == 0)
			return false;
		slot = (slot + 1) % SLOTS;
	}
	taken[slot] = 1;
	memcpy(ivs[slot], iv, AEAD_IV);
	return true;
}

static void
test_million(void)
{
	uint8_t sealed[AEAD_OVERHEAD + 1];
	struct aead *a = some_cipher();
	long ones[8 * AEAD_IV] = {0};
	int repeats = 0, skewed = 0, seals = under_valgrind() ? COUNTED : IVS;

	for (int i = 0; i < seals; i++) {
		aead_seal(a, NULL, 0, "x", 1, sealed);
		repeats += !iv_new(sealed);
		for (int b = 0; i < COUNTED && b < 8 * AEAD_IV; b++)
			ones[b] += sealed[b / 8] >> (b % 8) & 1;
	}
	is_int(repeats, 0, "S17: %d seals repeat no IV", seals);
	/* 1.6 percent is ten standard deviations. */
	for (int b = 0; b < 8 * AEAD_IV; b++)
		skewed += labs(ones[b] - COUNTED / 2) > COUNTED * 16 / 1000;
	is_int(skewed, 0, "S17: every bit of an IV is a fair coin");
	aead_free(&a);
}

/* Writes DRAWN IVs to a pipe and ends. */
static void
child_draw(struct aead *a, int fd)
{
	uint8_t sealed[AEAD_OVERHEAD];

	for (int i = 0; i < DRAWN; i++) {
		aead_seal(a, NULL, 0, NULL, 0, sealed);
		if (write(fd, sealed, AEAD_IV) != AEAD_IV)
			_exit(1);
	}
	_exit(0);
}

static int
child_repeats(FILE *from, int *drawn)
{
	uint8_t iv[AEAD_IV];
	int repeats = 0;

	while (fread(iv, AEAD_IV, 1, from) == 1) {
		repeats += !iv_new(iv);
		++*drawn;
	}
	return repeats;
}

/* Every child starts with the batch that its parent has half used. */
static void
test_fork(void)
{
	struct aead *a = some_cipher();
	uint8_t sealed[AEAD_OVERHEAD];
	int repeats = 0, drawn = 0, pipes[CHILDREN][2];
	FILE *from;

	memset(taken, 0, SLOTS);
	aead_seal(a, NULL, 0, NULL, 0, sealed);
	repeats += !iv_new(sealed);
	fflush(stdout);
	for (int i = 0; i < CHILDREN; i++) {
		if (pipe(pipes[i]))
			return perror("pipe");
		if (fork() == 0)
			child_draw(a, pipes[i][1]);
		close(pipes[i][1]);
	}
	for (int i = 0; i < DRAWN; i++, drawn++) {
		aead_seal(a, NULL, 0, NULL, 0, sealed);
		repeats += !iv_new(sealed);
	}
	for (int i = 0; i < CHILDREN; i++) {
		from = fdopen(pipes[i][0], "r");
		repeats += child_repeats(from, &drawn);
		fclose(from);
		wait(NULL);
	}
	is_int(drawn, (CHILDREN + 1) * DRAWN, "every process drew its IVs");
	is_int(repeats, 0, "S17: forked processes share no IV");
	aead_free(&a);
}

static bool
all_zero(const uint8_t *p, size_t n)
{
	while (n > 0 && p[n - 1] == 0)
		n--;
	return n == 0;
}

static void
test_flips(void)
{
	static const char plain[] = "\"ann.example@example.com\"";
	uint8_t sealed[sizeof(plain) + AEAD_OVERHEAD], out[sizeof(plain)];
	struct aead *a = some_cipher();
	int opened = 0, leaked = 0;
	struct err e;

	aead_seal(a, "ad", 2, plain, sizeof(plain), sealed);
	for (size_t bit = 0; bit < 8 * sizeof(sealed); bit++) {
		memset(out, 0xaa, sizeof(out));
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		opened += aead_open(a, "ad", 2, sealed, sizeof(sealed), out,
		              &e) != ERR_CRYPTO;
		leaked += !all_zero(out, sizeof(out));
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	is_int(opened, 0, "S18: every flipped bit of a record fails");
	is_int(leaked, 0, "S18: and nothing of the plaintext leaves");
	ok(aead_open(a, "ad", 2, sealed, sizeof(sealed), out, &e) == ERR_OK &&
	        memcmp(out, plain, sizeof(plain)) == 0,
	    "S18: the same handle still opens the whole record");
	aead_free(&a);
}

static void
test_lengths(void)
{
	static const uint8_t plain[20] = "twenty bytes of text";
	uint8_t sealed[sizeof(plain) + AEAD_OVERHEAD + 1];
	uint8_t out[sizeof(sealed)];
	struct aead *a = some_cipher();
	int opened = 0;
	struct err e;

	memset(sealed, 0, sizeof(sealed));
	aead_seal(a, NULL, 0, plain, sizeof(plain), sealed);
	for (size_t n = 0; n <= sizeof(sealed); n++)
		if (n != sizeof(sealed) - 1)
			opened += aead_open(a, NULL, 0, sealed, n, out, &e) !=
			          ERR_CRYPTO;
	is_int(opened, 0, "S18: short and long tags and records are refused");
	/* An empty text under its own tag, cut: libgcrypt would take these. */
	aead_seal(a, NULL, 0, NULL, 0, sealed);
	for (size_t n = AEAD_IV; n < AEAD_OVERHEAD; n++)
		opened +=
		    aead_open(a, NULL, 0, sealed, n, out, &e) != ERR_CRYPTO;
	is_int(opened, 0, "S18: tags of 0 to 15 bytes are refused");
	aead_free(&a);
}

static void
test_other(void)
{
	uint8_t sealed[4 + AEAD_OVERHEAD], out[4];
	struct aead *a = some_cipher(), *b = some_cipher();
	struct err e;

	aead_seal(a, "w/c/email", 9, "text", 4, sealed);
	is_int(aead_open(a, "w/c/phone", 9, sealed, sizeof(sealed), out, &e),
	    ERR_CRYPTO, "S19: other associated data fails");
	is_int(aead_open(a, "w/c/email", 8, sealed, sizeof(sealed), out, &e),
	    ERR_CRYPTO, "S19: less associated data fails");
	is_int(aead_open(a, NULL, 0, sealed, sizeof(sealed), out, &e),
	    ERR_CRYPTO, "S19: no associated data fails");
	is_int(aead_open(b, "w/c/email", 9, sealed, sizeof(sealed), out, &e),
	    ERR_CRYPTO, "another key fails");
	aead_free(&a);
	aead_free(&b);
}

int
main(void)
{
	vault_setup();
	ivs = calloc(SLOTS, sizeof(*ivs));
	taken = calloc(SLOTS, 1);
	if (!ivs || !taken)
		return 1;
	test_answers();
	test_round_trip();
	test_million();
	test_fork();
	test_flips();
	test_lengths();
	test_other();
	free(ivs);
	free(taken);
	return done_testing();
}
