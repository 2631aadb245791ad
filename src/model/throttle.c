#include "model/throttle.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/conf.h"
#include "vault/keyring.h"

#define LABEL "coffer throttle v1"
#define PREFIX64 8 /* bytes of an IPv6 address that are one client */
#define SWEEP_ROWS 1000
#define SWEEP_STEPS 10

/* What a kind of bucket holds: failures that are free, and milliseconds after
 * which one is forgiven. */
struct measure {
	int64_t free, leak;
};

static struct measure
measure(const struct conf *c, enum throttle_kind kind)
{
	switch (kind) {
	case THROTTLE_LOGIN:
		return (struct measure){
		    c->auth_guesses, c->auth_guess_forget * 1000};
	case THROTTLE_ADDRESS:
		return (struct measure){c->auth_guesses_address,
		    c->auth_guess_forget_address * 1000};
	default:
		return (struct measure){
		    c->auth_guesses_key, c->auth_guess_forget_address * 1000};
	}
}

/* Adds whom the address stands for: an IPv4 address, also where it comes as
 * ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2), or the network of an IPv6 one. */
static void
add_address(struct mac *m, const char *address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, address, &four) == 1)
		mac_add_part(m, &four, sizeof(four));
	else if (inet_pton(AF_INET6, address, &six) != 1)
		mac_add_part(m, address, strlen(address));
	else if (!memcmp(&six, mapped, sizeof(mapped)))
		mac_add_part(
		    m, six.s6_addr + sizeof(mapped), sizeof(struct in_addr));
	else
		mac_add_part(m, &six, PREFIX64);
}

void
throttle_bucket(const struct site *s, enum throttle_kind kind,
    uint32_t account_id, const char *email, const char *address,
    struct throttle *out)
{
	uint8_t key[MAC_KEY], number[4], digest[MAC_LEN], what = (uint8_t)kind;
	struct mac *m;

	master_derive(s->masters, LABEL, key);
	m = mac_new(key, sizeof(key));
	wipe(key, sizeof(key));
	put_u32(number, account_id);
	mac_reset(m);
	mac_add_part(m, &what, 1);
	mac_add_part(m, number, sizeof(number));
	mac_add_part(m, email, email ? strlen(email) : 0);
	add_address(m, address);
	mac_finish(m, digest);
	mac_free(&m);
	out->kind = kind;
	memcpy(out->digest, digest, THROTTLE_DIGEST);
}

static struct db_val
bucket(const struct throttle *t)
{
	return db_bytes(t->digest, THROTTLE_DIGEST);
}

static enum err_code
look(struct db *db, const struct throttle *t, int64_t now, int64_t *wait_out,
    struct err *e)
{
	int64_t until = 0;
	enum err_code rc;

	rc = db_one(db, NULL, SQL_THROTTLE_WAIT, DB_ARGS(bucket(t)),
	    db_take_int, &until, e);
	*wait_out = until - now;
	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	return until > now ? err_set(e, ERR_TOO_MANY_REQUESTS, NULL) : ERR_OK;
}

enum err_code
throttle_look(
    struct site *s, const struct throttle *t, int64_t *wait_out, struct err *e)
{
	return look(s->db, t, clock_now_ms(), wait_out, e);
}

struct taking {
	const struct conf *conf;
	const struct throttle *t;
	unsigned n;
	int64_t wait;
};

/* Level in the statement is (empty_at - from) DIV leak: failures not forgiven
 * yet, a part of one counting as one. */
static enum err_code
take_one(struct db *db, struct taking *g, const struct throttle *t, int64_t now,
    struct err *e)
{
	struct measure m = measure(g->conf, t->kind);
	int64_t delay = g->conf->auth_guess_delay, from = now - m.leak + 1;
	int64_t most = g->conf->auth_guess_delay_max * 1000;
	uint64_t changed;
	enum err_code rc;

	rc = db_exec(db, NULL, SQL_THROTTLE_TAKE,
	    DB_ARGS(bucket(t), db_int(now + m.leak),
	        db_int(m.free > 1 ? now : now + delay), db_int(now),
	        db_int(now), db_int(m.leak), db_int(now), db_int(now),
	        db_int(from), db_int(m.leak), db_int(m.free), db_int(most),
	        db_int(delay), db_int(from), db_int(m.leak), db_int(m.free)),
	    &changed, NULL, e);
	if (rc || changed)
		return rc;
	rc = look(db, t, now, &g->wait, e);
	return rc ? rc : err_set(e, ERR_TOO_MANY_REQUESTS, NULL);
}

static enum err_code
take_body(struct db *db, void *arg, struct err *e)
{
	struct taking *g = arg;
	int64_t now = clock_now_ms();
	enum err_code rc = ERR_OK;

	for (unsigned i = 0; i < g->n && rc == ERR_OK; i++)
		rc = take_one(db, g, &g->t[i], now, e);
	return rc;
}

/* Counting twice after a COMMIT in doubt errs on the safe side. */
static enum err_code
take_done(struct db *db, void *arg, struct err *e)
{
	(void)db, (void)arg;
	return err_set(e, ERR_NOT_FOUND, NULL);
}

enum err_code
throttle_take(struct site *s, const struct throttle *t, unsigned n,
    int64_t *wait_out, struct err *e)
{
	struct taking g = {.conf = s->conf, .t = t, .n = n};
	enum err_code rc = db_transaction(s->db, take_body, take_done, &g, e);

	*wait_out = g.wait;
	return rc;
}

enum err_code
throttle_give(struct site *s, const struct throttle *t, struct err *e)
{
	struct measure m = measure(s->conf, t->kind);
	int64_t now = clock_now_ms();

	return db_exec(s->db, NULL, SQL_THROTTLE_GIVE,
	    DB_ARGS(db_int(m.leak), db_int(now - m.leak + 1), db_int(m.leak),
	        db_int(m.free), db_int(now), bucket(t)),
	    NULL, NULL, e);
}

enum err_code
throttle_clear(struct site *s, const struct throttle *t, struct err *e)
{
	int64_t now = clock_now_ms();

	return db_exec(s->db, NULL, SQL_THROTTLE_CLEAR,
	    DB_ARGS(db_int(now), db_int(now), bucket(t)), NULL, NULL, e);
}

enum err_code
throttle_sweep(struct db *db, struct err *e)
{
	uint64_t gone = SWEEP_ROWS;
	enum err_code rc = ERR_OK;
	int64_t now = clock_now_ms();

	for (int i = 0; i < SWEEP_STEPS && gone == SWEEP_ROWS && !rc; i++)
		rc = db_exec(db, NULL, SQL_THROTTLE_SWEEP,
		    DB_ARGS(db_int(now), db_int(now)), &gone, NULL, e);
	return rc;
}
