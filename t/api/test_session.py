"""What ends a session, and how soon: logout, another password, disabling, a
role that is lost; refresh tokens under parallel use (S9); identity providers'
tokens (S1); the account's data keys."""
import base64
import concurrent.futures
import hashlib
import json
import os
import subprocess
import time
import uuid
import coffer
import tap

KEYS = {"rsa": ("RS256", ["-algorithm", "RSA", "-pkeyopt",
                          "rsa_keygen_bits:2048"]),
        "ec": ("ES256", ["-algorithm", "EC", "-pkeyopt",
                         "ec_paramgen_curve:P-256"])}
site = coffer.Site(parts="fcgi nginx", **{"server.processes": 4})
shop = site.workspace()
RIGHT = "correct horse battery"
PAGES = "/v1/customer/pages"
OPEN = 401  # past authentication: the group is empty


def fresh(role="admin"):
    """A new user: its e-mail and pair."""
    shop.user(role)
    return shop.email, shop.login(shop.email)


def reads(token):
    return shop.post(PAGES, shop.group(), token=token).status


def refresh(token):
    return site.request("GET", "/v1/auth", None,
                        {"Authorization": f"Bearer {token}"})


def logout(token):
    return site.request("DELETE", "/v1/auth", None,
                        {"Authorization": f"Bearer {token}"})


def sign_in(email, password=RIGHT):
    return site.request("POST", "/v1/auth",
                        {"email": email, "password": password},
                        {"x-api-key": shop.api_key}).status


def test_logout_by_refresh_token():
    email, pair = fresh()
    other = shop.login(email)
    reply = logout(pair["refresh_token"])
    tap.equal((reply.status, reply.raw), (204, b""), "logout: 204")
    tap.equal(refresh(pair["refresh_token"]).status, 403,
              "S9: its family is over")
    tap.equal(refresh(other["refresh_token"]).status, 200, "and no other")
    tap.equal(logout(pair["refresh_token"]).status, 204,
              "logging out again is well")
    tap.equal(logout(other["refresh_token"]).status, 204,
              "a spent token ends its family, too")


def test_logout_by_access_token():
    email, pair = fresh()
    other = shop.login(email)
    tap.equal((reads(pair["access_token"]), reads(other["access_token"])),
              (OPEN, OPEN), "two sessions")
    tap.equal(logout(pair["access_token"]).status, 204, "logout of a user")
    tap.equal((reads(pair["access_token"]), reads(other["access_token"])),
              (403, 403), "S9: every access token is dead at once")
    tap.equal((refresh(pair["refresh_token"]).status,
               refresh(other["refresh_token"]).status), (403, 403),
              "S9: so is every family")
    again = shop.login(email)
    tap.equal(reads(again["access_token"]), OPEN,
              "one that is made within the same second lives")
    tap.equal(reads(shop.token), OPEN, "another user's lives")
    tap.equal(logout(pair["access_token"]).status, 403, "a dead token: 403")
    for junk in ("x", "a.b.c"):
        tap.equal(logout(junk).status, 403, "junk: 403")
    tap.equal(site.request("DELETE", "/v1/auth").status, 403, "none: 403")


def change(token, old, new, **more):
    return shop.call("PATCH", "/v1/auth",
                     {"password": old, "new_password": new, **more},
                     token=token)


def test_password_change():
    email, pair = fresh("viewer")
    token = pair["access_token"]
    tap.equal(change(token, "wrong", "another one").status, 401,
              "a wrong password: 401")
    for name, new in {"short": "seven77", "the same": RIGHT,
                      "the e-mail": email.upper()}.items():
        tap.equal(change(token, RIGHT, new).status, 400,
                  f"a new password that is {name}: 400")
    tap.equal(shop.call("PATCH", "/v1/auth", {"password": RIGHT}, token=token)
              .status, 400, "a missing one: 400")
    tap.equal(reads(token), OPEN, "so far all is as it was")
    reply = change(token, RIGHT, "quite another one")
    tap.equal((reply.status, sorted(reply.json)), (200, sorted(pair)),
              "a change answers a new pair")
    tap.equal((reads(token), refresh(pair["refresh_token"]).status),
              (403, 403), "and ends what was signed in before")
    tap.equal(reads(reply.json["access_token"]), OPEN, "the new one reads")
    tap.equal(refresh(reply.json["refresh_token"]).status, 200,
              "and refreshes")
    tap.equal((sign_in(email), sign_in(email, "quite another one")),
              (401, 200), "the new password signs in alone")


def test_password_guessed_with_a_token():
    email, pair = fresh("viewer")
    seen = [change(pair["access_token"], f"guess {n}", "another one").status
            for n in range(6)]
    tap.equal(seen, [401] * 5 + [429], "S8: throttled as a login is")
    tap.equal(sign_in(email), 429, "S8: in the same bucket")
    site.sql("DELETE FROM throttle")


def test_parallel_changes():
    """Two changes at once: one holds, and nobody of the other is signed in."""
    email, pair = fresh("viewer")
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        replies = list(threads.map(lambda n: change(
            pair["access_token"], RIGHT, f"new password {n}"), range(2)))
    won = [n for n in range(2) if replies[n].status == 200]
    tap.equal(len(won), 1, "of two changes at once one holds "
              f"({[reply.status for reply in replies]})")
    tap.equal(sign_in(email, f"new password {won[0]}"), 200, "wholly")
    site.sql("DELETE FROM throttle")


def test_parallel_refresh():
    email, _ = fresh()
    for _ in range(3):
        token = shop.login(email)["refresh_token"]
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            replies = list(threads.map(lambda _: refresh(token), range(4)))
        good = [reply for reply in replies if reply.status == 200]
        tap.equal((len(good), len(replies) - len(good)), (1, 3),
                  "S9: of four who use a refresh token at once one wins")
        tap.equal(refresh(good[0].json["refresh_token"]).status, 403,
                  "S9: and the family is revoked")


def test_disable():
    email, pair = fresh()
    tap.equal(reads(pair["access_token"]), OPEN, "a user reads")
    done = site.ctl("user", "disable", email)
    tap.equal(done, "", "user disable prints nothing")
    tap.equal(reads(pair["access_token"]), 403,
              "S9: a disabled user's token is dead at once, remembered or "
              "not")
    tap.equal((refresh(pair["refresh_token"]).status, sign_in(email)),
              (403, 401), "and it neither refreshes nor signs in")
    tap.ok(f"{email} disabled" in site.ctl(
        "user", "list", "--account", shop.account), "user list says so")
    site.ctl("user", "disable", email)
    site.ctl("user", "enable", email.upper())
    tap.equal((reads(pair["access_token"]), refresh(
        pair["refresh_token"]).status), (403, 403),
        "enabled again, the old tokens stay dead")
    tap.equal(sign_in(email), 200, "but it signs in")


def test_set_password():
    email, pair = fresh()
    tap.equal(reads(pair["access_token"]), OPEN, "a user reads")
    site.ctl("user", "set-password", email, "--password-stdin",
             stdin="from the console\n")
    tap.equal((reads(pair["access_token"]), refresh(
        pair["refresh_token"]).status), (403, 403),
        "S9: a password that is set ends all tokens at once")
    tap.equal((sign_in(email), sign_in(email, "from the console")),
              (401, 200), "and signs in")
    short = site.ctl("user", "set-password", email, "--password-stdin",
                     stdin="short", check=False)
    tap.ok(short.returncode == 65 and "8" in short.stderr, "not a short one")


def test_which_account():
    other = site.workspace()
    email = f"both.{uuid.uuid4().hex[:8]}@staff.example"
    for each in (shop, other):
        site.ctl("user", "create", "--account", each.account, "--email",
                 email, "--role", "viewer", "--workspace", each.id,
                 "--password-stdin", stdin=RIGHT)
    done = site.ctl("user", "disable", email, check=False)
    tap.ok(done.returncode == 65 and "--account" in done.stderr,
           "an e-mail of two accounts: --account is asked for")
    site.ctl("user", "disable", email, "--account", other.account)
    tap.equal(sign_in(email), 200, "and only that account's user disabled")
    for words in (("nobody@example.org",),
                  ("nobody@example.org", "--account", shop.account),
                  (email, "--account", "no-such")):
        done = site.ctl("user", "enable", *words, check=False)
        tap.ok(done.returncode == 65 and done.stderr.strip(),
               "whom nobody has: 65")


def test_lost_role():
    email, pair = fresh("viewer")
    tap.equal(reads(pair["access_token"]), OPEN, "a viewer reads")
    site.ctl("user", "grant", "--account", shop.account, "--email", email,
             "--role", "uploader", "--workspace", shop.id)
    tap.equal(reads(pair["access_token"]), 403,
              "S13: who is no viewer any more reads no more, at once")
    site.sql("DELETE FROM user_role WHERE user_id = (SELECT id FROM user "
             f"WHERE email = '{email}')")
    tap.equal(shop.check({"email": "lost@example.org"}, pair["access_token"])
              .status, 403, "S13: nor does who has no role")


# Identity providers

def part(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*words, data=b""):
    return subprocess.run(["openssl", *words], input=data, check=True,
                          capture_output=True).stdout


def raw_signature(der):
    """r and s of 32 bytes each from DER (RFC 7518, section 3.4)."""
    def integer(at):
        end = at + 2 + der[at + 1]
        return int.from_bytes(der[at + 2:end], "big"), end
    r, at = integer(2)
    s, _ = integer(at)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sign(name, claims, alg=None, kid=None):
    header = {"alg": alg or KEYS[name][0], "typ": "JWT", "kid": kid or name}
    text = f"{part(header)}.{part(claims)}"
    signature = openssl("dgst", "-sha256", "-sign", f"{site.dir}/{name}.key",
                        data=text.encode())
    if name == "ec":
        signature = raw_signature(signature)
    return f"{text}.{part(signature)}"


def provider_setup():
    text = ""
    for name, (alg, how) in KEYS.items():
        key = f"{site.dir}/{name}.key"
        openssl("genpkey", *how, "-out", key)
        openssl("pkey", "-in", key, "-pubout", "-out",
                f"{site.dir}/{name}.pem")
        text += (f"[jwt-key {name}]\nalg = {alg}\nfile = {site.dir}/{name}"
                 f".pem\naccount = {shop.account}\n"
                 "issuer = https://login.example.com\n")
    with open(f"{site.dir}/coffer.ini", "a", encoding="utf-8") as file:
        file.write(text)
    old = set(site.children("fcgi"))
    os.kill(site.pid("fcgi"), 1)
    end = time.monotonic() + 20
    while old & set(site.children("fcgi")) and time.monotonic() < end:
        time.sleep(0.05)


def claims_of(email, **more):
    user = site.sql("SELECT LOWER(HEX(uuid)) FROM user "
                    f"WHERE email = '{email}'")[0][0]
    now = int(time.time())
    return {"iss": "https://login.example.com", "aud": "coffer",
            "sub": str(uuid.UUID(user)), "acc": shop.account, "iat": now,
            "exp": now + 300, **more}


def test_provider():
    provider_setup()
    email, _ = fresh("viewer")
    for name in KEYS:
        tap.equal(reads(sign(name, claims_of(email))), OPEN,
                  f"a provider's {KEYS[name][0]} token, by its kid")
        for alg in ("HS256", "RS512", "ES384", "none", "rs256",
                    "ES256" if name == "rsa" else "RS256"):
            tap.equal(reads(sign(name, claims_of(email), alg)), 403,
                      f"S1: {name}: alg is pinned to the kid ({alg})")
        tap.equal(reads(sign(name, claims_of(email), kid="nobody")), 403,
                  "S1: an unknown kid")
        other = "ec" if name == "rsa" else "rsa"
        tap.equal(reads(sign(name, claims_of(email), KEYS[other][0], other)),
                  403, "S1: signed by another kid's key")
        for what, more in {
                "another sub": {"sub": str(uuid.uuid4())},
                "a sub that is no user id": {"sub": "ann"},
                "another account": {"acc": "acc2"},
                "another iss": {"iss": "coffer"},
                "another aud": {"aud": "else"},
                "typ refresh": {"typ": "refresh"},
                "no exp to speak of": {"exp": int(time.time()) + 10 ** 9},
        }.items():
            tap.equal(reads(sign(name, claims_of(email, **more))), 403,
                      f"S3: {name}: {what} is refused")
    with open(f"{site.dir}/rsa.pem", "rb") as file:
        public = file.read()
    text = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(claims_of(email))}"
    mac = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt",
         "hexkey:" + public.hex(), "-binary"], input=text.encode(),
        capture_output=True, check=True).stdout
    tap.equal(reads(f"{text}.{part(mac)}"), 403,
              "S1: a public key is no HMAC secret")


def test_provider_revoked():
    email, _ = fresh("viewer")
    token = sign("ec", claims_of(email))
    tap.equal([reads(token) for _ in range(6)], [OPEN] * 6,
              "a token that every process remembers")
    tap.equal(refresh(token).status, 403, "does not refresh")
    tap.equal(logout(token).status, 204, "logs its user out")
    tap.equal([reads(token) for _ in range(6)], [403] * 6,
              "and is dead at once, in every process")
    later = sign("ec", claims_of(email, iat=int(time.time()) + 2))
    tap.equal(reads(later), OPEN, "one that is made later lives")
    site.ctl("user", "disable", email)
    tap.equal([reads(later) for _ in range(6)], [403] * 6,
              "but not its user's disabling")


# Data keys

def test_data_key():
    def keys(token, query=""):
        return shop.call("GET", "/v1/account/data-key" + query, token=token)
    reply = keys(shop.token)
    wanted = site.ctl("account", "data-key", shop.account, "--reveal")
    version, key = wanted.split()
    tap.equal((reply.status, reply.json),
              (200, {"current": int(version), "keys": [
                  {"key_version": int(version), "key": key}]}),
              "an admin gets the account's data keys")
    tap.equal(reply.headers["Cache-Control"], "no-store", "S34: not stored")
    tap.equal(keys(shop.token, f"?workspace_id={shop.id}").status, 200,
              "as admin of a workspace that is named")
    for role in ("editor", "viewer", "uploader"):
        _, pair = fresh(role)
        tap.equal(keys(pair["access_token"]).status, 403,
                  f"S13: a key is not for {role}")
    second = site.workspace(account=shop.account)
    for query, status in {f"?workspace_id={second.id}": 403,
                          f"?workspace_id={uuid.uuid4()}": 400,
                          "?workspace_id=x": 400}.items():
        tap.equal(keys(shop.token, query).status, status,
                  f"a workspace that is not the admin's: {status}")
    other = site.workspace()
    tap.ok(key not in keys(other.token).raw.decode(),
           "S12: another account's admin gets its own keys")
    tap.ok(key not in site.logs(), "no key is in a log")
    if site.sql("SHOW TABLES LIKE 'audit'"):
        site.sql("RENAME TABLE audit TO audit_away")
        reply = keys(shop.token)
        site.sql("RENAME TABLE audit_away TO audit")
        tap.ok(reply.status >= 500 and key not in reply.raw.decode(),
               "S35: what cannot be audited is not given out")


def test_key_revocation():
    key = site.ctl("api-key", "create", "--workspace", shop.id,
                   "--privileges", "all", "--name", "doomed")
    email, _ = fresh("viewer")
    def signs_in():
        return site.request("POST", "/v1/auth", {
            "email": email, "password": RIGHT}, {"x-api-key": key}).status
    tap.equal([signs_in() for _ in range(3)], [200] * 3, "a key in use")
    stored = site.sql("SELECT * FROM api_key")
    digest = hashlib.sha256(key.encode()).hexdigest().upper()
    tap.ok(key not in str(stored) and site.sql(
        f"SELECT 1 FROM api_key WHERE HEX(digest) = '{digest}'"),
        "S5: the database has its digest and not the key")
    hashes = [row[0] for row in site.sql("SELECT password FROM user")]
    tap.ok(hashes and all(each.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
                          for each in hashes),
           "S8: and of passwords Argon2id alone")
    line = [line for line in site.ctl("api-key", "list", "--workspace",
                                      shop.id).splitlines()
            if line.endswith("doomed")]
    site.ctl("api-key", "revoke", line[0].split()[0])
    tap.equal([signs_in() for _ in range(3)], [403] * 3,
              "S5: a revoked key is dead at once, in every process")


def test_wrong_keys_are_alike():
    """S6: one answer in one time for keys that are wrong in any way."""
    other = site.workspace()
    dead = site.ctl("api-key", "create", "--workspace", shop.id,
                    "--privileges", "all")
    site.sql("UPDATE api_key SET revoked_at = 1 ORDER BY created_at DESC "
             "LIMIT 1")
    keys = {"unknown": "cfk_" + "A" * 43, "revoked": dead,
            "malformed": "x", "long": "k" * 4000}
    answers, times = {}, {name: [] for name in keys}
    for _ in range(20):
        for name, key in keys.items():
            site.sql("DELETE FROM throttle")
            start = time.monotonic()
            reply = site.request("POST", "/v1/auth", {
                "email": shop.email, "password": RIGHT}, {"x-api-key": key})
            times[name].append(time.monotonic() - start)
            answers[name] = (reply.status, reply.raw)
    tap.equal(len(set(answers.values())), 1, "S6: one answer for all of them")
    best = {name: min(each) for name, each in times.items()}
    tap.ok(max(best.values()) < 4 * min(best.values()) + 0.02,
           "S6: in the same time")
    tap.equal(answers["unknown"][0], 403, "S6: which is 403")
    foreign = site.request("POST", "/v1/auth", {
        "email": shop.email, "password": RIGHT}, {"x-api-key": other.api_key})
    absent = site.request("POST", "/v1/auth", {
        "email": "nobody@example.org", "password": RIGHT},
        {"x-api-key": other.api_key})
    tap.equal((foreign.status, foreign.raw), (absent.status, absent.raw),
              "S6: with another tenant's key a user is an unknown one")


tap.run(globals())
