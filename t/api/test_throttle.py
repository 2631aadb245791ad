"""Guessing is slowed per account and address, without locking others out
(S8). Clients of other addresses are requests put on the pool's own socket, as
nginx puts them, with another REMOTE_ADDR."""
import concurrent.futures
import json
import threading
import time
import coffer
import fastcgi
import tap

DELAY = 60  # seconds: long, so that a slow machine changes nothing
site = coffer.Site(parts="fcgi nginx", **{
    "server.processes": 6, "auth.hashers": 4, "auth.guess_delay": DELAY * 1000,
    "auth.guesses_address": 12, "auth.guesses_key": 8})
pool = fastcgi.Pool(site)
shop = site.workspace()
RIGHT = "correct horse battery"
HERE, THERE = "192.0.2.1", "198.51.100.7"


def sign_in(password, email=None, address=HERE, key=None, account=shop):
    """Status and Retry-After. What is refused for being too many at once was
    not looked at, and comes again."""
    body = json.dumps({"email": email or shop.email, "password": password})
    end = time.monotonic() + 60
    while True:
        reply = pool.request("POST", "/v1/auth", body, {
            "x-api-key": key or account.api_key}, address)
        if reply.status != 429 or b"at once" not in reply.raw or \
                time.monotonic() > end:
            return reply
        time.sleep(0.02)


def statuses(count, *words, **more):
    return [sign_in(*words, **more).status for _ in range(count)]


def pass_time(seconds):
    site.sql(f"UPDATE throttle SET empty_at = empty_at - {seconds * 1000}, "
             f"blocked_until = blocked_until - {seconds * 1000}")


def wait_of(reply):
    return int(reply.headers["retry-after"])


def forget():
    site.sql("DELETE FROM throttle")


def test_five_then_wait():
    tap.equal(statuses(5, "wrong"), [401] * 5, "five guesses are answered")
    refused = sign_in("wrong")
    tap.equal(refused.status, 429, "S8: the sixth must wait")
    tap.ok(DELAY / 2 < wait_of(refused) <= DELAY,
           "S8: and is told how long, in seconds")
    tap.equal(refused.json["message"], "too many requests", "in our shape")
    tap.equal(sign_in(RIGHT).status, 429,
              "S8: the right password is refused, too: it is no oracle")
    tap.equal(sign_in(RIGHT, address=THERE).status, 200,
              "S8: but not from another address")
    tap.equal(sign_in(RIGHT, shop.email.upper()).status, 429,
              "the e-mail is the same in any case")
    pass_time(DELAY)
    tap.equal(sign_in("wrong").status, 401, "after the wait: one more guess")
    refused = sign_in(RIGHT)
    tap.ok(refused.status == 429
           and DELAY * 1.5 < wait_of(refused) <= DELAY * 2,
           "S8: and a wait that is twice as long")
    pass_time(DELAY * 2)
    tap.equal(sign_in(RIGHT).status, 200, "then the right one signs in")
    tap.equal(statuses(5, "wrong"), [401] * 5, "and has cleared the count")
    forget()


def test_no_work_while_waiting():
    statuses(5, "wrong", email="speed@example.org")
    looked = min(timed(sign_in, "wrong", email=f"a{n}@example.org")
                 for n in range(3))
    waiting = min(timed(sign_in, "wrong", email="speed@example.org")
                  for n in range(3))
    tap.ok(waiting < looked / 2, "S8: a refusal costs no Argon2 "
           f"({waiting * 1000:.0f} ms, {looked * 1000:.0f} ms)")
    forget()


def timed(function, *words, **more):
    start = time.monotonic()
    function(*words, **more)
    return time.monotonic() - start


def test_unknown_is_as_known():
    def course(email):
        seen = [sign_in("wrong", email) for _ in range(7)]
        forget()
        return [(reply.status, reply.raw) for reply in seen]
    tap.equal(course("nobody@example.org"), course(shop.email),
              "S8: an unknown e-mail is answered as a known one")
    tap.equal(course("\u00e9 no e-mail"), course(shop.email),
              "S8: so is one that is none")


def test_spraying():
    seen = [sign_in("wrong", f"user{n}@example.org").status
            for n in range(13)]
    tap.equal((seen[:12], seen[12]), ([401] * 12, 429),
              "S8: one password over many e-mails: the address must wait")
    tap.equal(sign_in(RIGHT, address=THERE).status, 200,
              "S8: others need not")
    other = site.workspace()
    reply = sign_in(RIGHT, email=other.email, account=other)
    tap.equal(reply.status, 200, "S8: nor the address at another account")
    forget()


def test_successes_are_no_failures():
    tap.equal(set(statuses(15, RIGHT)), {200},
              "signing in often from one address is well")
    level = site.sql("SELECT MAX(empty_at) - UNIX_TIMESTAMP() * 1000 "
                     "FROM throttle")[0][0]
    tap.ok(float(level) <= 60000, "and counts nothing")
    forget()


def test_parallel():
    """Twelve guesses at once, on six processes: five are looked at."""
    with concurrent.futures.ThreadPoolExecutor(12) as threads:
        seen = list(threads.map(
            lambda n: sign_in(f"guess {n}", "par@example.org").status,
            range(12)))
    tap.equal((seen.count(401), seen.count(429)), (5, 7),
              "S8: parallel guesses count")
    forget()


def test_address_families():
    near = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:DB8:1:2:0:0:0:5"]
    for n in range(5):
        sign_in("wrong", "six@example.org", near[n % 3])
    tap.equal(sign_in("wrong", "six@example.org", near[0]).status, 429,
              "S8: an IPv6 client counts by its /64")
    tap.equal(sign_in("wrong", "six@example.org", "2001:db8:1:3::1").status,
              401, "and no further")
    for n in range(5):
        sign_in("wrong", "four@example.org", "203.0.113.4")
    tap.equal(sign_in("wrong", "four@example.org", "::ffff:203.0.113.4")
              .status, 429, "an IPv4 client in IPv6 is the same")
    forget()


def test_wrong_keys():
    keys = [f"cfk_{n:043}" for n in range(10)]
    seen = [sign_in(RIGHT, key=key).status for key in keys]
    tap.equal((seen[:8], seen[8]), ([403] * 8, 429),
              "S8: wrong API keys count by address")
    tap.equal(sign_in(RIGHT).status, 429, "S8: no oracle here either")
    tap.equal(sign_in(RIGHT, address=THERE).status, 200,
              "S8: no other address waits for that")
    forget()


def test_what_is_stored():
    sign_in("wrong", "planted.user@example.org", "203.0.113.99")
    sign_in(RIGHT, key="cfk_planted")
    rows = str(site.sql("SELECT HEX(bucket), bucket FROM throttle"))
    tap.ok(len(site.sql("SELECT 1 FROM throttle")) >= 3, "buckets there are")
    for word in ("planted", "203.0.113", b"planted".hex().upper(),
                 "CB007163"):
        tap.ok(word not in rows, "S24: no e-mail and no address is stored")
    tap.ok("planted" not in site.logs(), "S24: nor logged by the pool")
    site.sql("UPDATE throttle SET empty_at = 1, blocked_until = 1")


def test_flood():
    """While many sign in, those who have signed in are served at once."""
    token = shop.login()["access_token"]
    stop = threading.Event()
    seen = []

    def flood(number):
        while not stop.is_set():
            body = json.dumps({"email": f"f{number}@example.org",
                               "password": "wrong"})
            seen.append(pool.request("POST", "/v1/auth", body, {
                "x-api-key": shop.api_key}, f"198.51.100.{number}").status)
    threads = [threading.Thread(target=flood, args=(n,), daemon=True)
               for n in range(12)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    times = [timed(pool.request, "GET", "/healthz") for _ in range(20)]
    reply = shop.post("/v1/cpf", {"workspace_id": shop.id}, token=token)
    stop.set()
    for thread in threads:
        thread.join()
    tap.equal(reply.status, 200, "S8: a flood of sign-ins: others are served")
    tap.ok(429 in seen, "S8: sign-ins past the bound are refused at once")
    tap.note(f"slowest of 20: {max(times) * 1000:.0f} ms, "
             f"{len(seen)} sign-ins tried")
    tap.ok(sorted(times)[10] < 1, "S8: and quickly")
    forget()


def test_at_nginx():
    """nginx makes one address wait for its turn, and then says 429, in our
    shape, before the pool sees it."""
    with concurrent.futures.ThreadPoolExecutor(70) as threads:
        seen = list(threads.map(lambda n: site.request(
            "POST", "/v1/auth", {"email": "n@example.org", "password": "x"},
            {"x-api-key": shop.api_key}), range(70)))
    ours = [reply for reply in seen if reply.status == 429]
    tap.ok(ours, "S8: a flood through nginx meets 429")
    tap.ok(all(reply.headers.get("Retry-After") for reply in ours),
           "each with Retry-After")
    tap.equal({reply.json["status"] for reply in ours}, {429},
              "and in our shape")
    tap.equal(site.request("GET", "/healthz").status, 200,
              "nothing else is held up")
    forget()


tap.run(globals())
