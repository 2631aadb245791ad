"""POST and GET /v1/auth, and what a bearer token must be (S1 to S4, S7, S9)."""
import base64
import hashlib
import hmac
import json
import time
import uuid
import coffer
import tap

site = coffer.Site(parts="fcgi nginx")
shop = site.workspace()
with open(f"{site.dir}/keys/jwt.secret", "rb") as file:
    SECRET = file.read().strip()


def part(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims_of(token):
    text = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def sign(header, claims, secret=SECRET, digest=hashlib.sha256):
    text = f"{part(header)}.{part(claims)}"
    mac = hmac.new(secret, text.encode(), digest).digest()
    return f"{text}.{part(mac)}"


HEADER = {"alg": "HS256", "typ": "JWT"}
CLAIMS = claims_of(shop.token)
PAGES = "/v1/customer/pages"


def status_of(token):
    return shop.post(PAGES, shop.group(), token=token).status


def changed(**more):
    claims = {**CLAIMS, "jti": str(uuid.uuid4()), **more}
    return {key: value for key, value in claims.items() if value is not None}


def test_sign_in():
    body = {"email": shop.email, "password": "correct horse battery"}
    key = {"x-api-key": shop.api_key}
    reply = site.request("POST", "/v1/auth", body, key)
    tap.equal(reply.status, 200, "e-mail, password and key sign in")
    tap.equal((reply.json["token_type"], reply.json["expires_in"]),
              ("Bearer", 900), "the answer's shape")
    claims = claims_of(reply.json["access_token"])
    tap.equal(sorted(claims), sorted(["iss", "aud", "sub", "acc", "iat",
                                      "exp", "jti", "typ"]), "the claims")
    tap.equal((claims["acc"], claims["typ"], claims["exp"] - claims["iat"]),
              ("acc1", "access", 900), "for this account, for 15 minutes")
    tap.equal(site.request("POST", "/v1/auth", {**body, "password": "no"},
                           key).status, 401, "a wrong password: 401")
    tap.equal(site.request("POST", "/v1/auth", {**body, "email": "x@y.example"
                                                }, key).status, 401,
              "an unknown user: 401")
    tap.equal(site.request("POST", "/v1/auth", body).status, 403,
              "no API key: 403")
    tap.equal(site.request("POST", "/v1/auth", body,
                           {"x-api-key": "cfk_" + "A" * 43}).status, 403,
              "an unknown API key: 403")
    tap.equal(site.request("POST", "/v1/auth", {"email": "a"}, key).status,
              400, "no password member: 400")
    upper = site.request("POST", "/v1/auth",
                         {**body, "email": shop.email.upper()}, key)
    tap.equal(upper.status, 200, "the e-mail is taken in any case")


def test_another_accounts_key():
    other = site.workspace()
    reply = site.request("POST", "/v1/auth", {
        "email": shop.email, "password": "correct horse battery"},
        {"x-api-key": other.api_key})
    tap.equal(reply.status, 401, "S12: a user is no user of another account")


def test_revoked_key():
    key = site.ctl("api-key", "create", "--workspace", shop.id,
                   "--privileges", "all")
    listing = site.ctl("api-key", "list", "--workspace", shop.id)
    tap.ok(key not in listing, "S5: a key is shown once")
    newest = listing.splitlines()[-1].split()[0]
    site.ctl("api-key", "revoke", newest)
    keys = [shop.api_key, key]
    statuses = sorted(site.request("POST", "/v1/auth", {
        "email": shop.email, "password": "correct horse battery"},
        {"x-api-key": k}).status for k in keys)
    tap.equal(statuses, [200, 403], "S5: a revoked key is dead at once")


def test_refresh():
    pair = shop.login()
    def refresh(token):
        return site.request("GET", "/v1/auth", None,
                            {"Authorization": f"Bearer {token}"})
    tap.equal(refresh(pair["access_token"]).status, 403,
              "S3: an access token does not refresh")
    tap.equal(status_of(pair["refresh_token"]), 403,
              "S3: a refresh token does not read")
    second = refresh(pair["refresh_token"])
    tap.equal(second.status, 200, "a refresh token gives a new pair")
    tap.equal(status_of(second.json["access_token"]), 401,
              "whose access token works (the group is empty)")
    tap.equal(refresh(pair["refresh_token"]).status, 403,
              "S9: a spent refresh token is refused")
    tap.equal(refresh(second.json["refresh_token"]).status, 403,
              "S9: and has revoked its family")


def test_good_token():
    tap.equal(status_of(sign(HEADER, changed())), 401,
              "a token made as we make them works (the group is empty)")


def test_algorithms():
    for alg in ("none", "NoNe", "None", "hs256", "HS384", "HS512", "RS256",
                "ES256", "", None, 7):
        header = {"alg": alg, "typ": "JWT"}
        tap.equal(status_of(sign(header, changed())), 403,
                  f"S1: alg {alg!r} is refused")
    tap.equal(status_of(sign({"typ": "JWT"}, changed())), 403,
              "S1: no alg is refused")
    unsigned = f"{part({'alg': 'none'})}.{part(changed())}."
    tap.equal(status_of(unsigned), 403, "S1: no signature is refused")
    tap.equal(status_of(sign({**HEADER, "kid": "nobody"}, changed())), 403,
              "S1: an unknown kid is refused")
    tap.equal(status_of(sign(HEADER, changed(), b"x" * 32)), 403,
              "S1: another secret is refused")
    tap.equal(status_of(sign(HEADER, changed(), b"")), 403,
              "S1: the empty secret is refused")


def test_claims():
    now = int(time.time())
    for name, more in {
            "no exp": {"exp": None}, "an expired one": {"exp": now - 60},
            "exp as text": {"exp": str(now + 60)},
            "nbf ahead": {"nbf": now + 600}, "iat ahead": {"iat": now + 600},
            "another iss": {"iss": "evil"}, "no iss": {"iss": None},
            "another aud": {"aud": "evil"}, "no aud": {"aud": None},
            "another typ": {"typ": "refresh"}, "no typ": {"typ": None},
            "no sub": {"sub": None}, "no acc": {"acc": None},
            "an unknown user": {"sub": str(uuid.uuid4())},
            "an unknown account": {"acc": "nobody"}}.items():
        tap.equal(status_of(sign(HEADER, changed(**more))), 403,
                  f"S3: {name} is refused")
    for name in ("crit", "jku", "x5u", "jwk"):
        header = {**HEADER, name: ["exp"] if name == "crit" else "http://x"}
        tap.equal(status_of(sign(header, changed())), 403,
                  f"S3: a {name} header is refused")
    twice = json.dumps(changed())[:-1] + ', "acc": "acc1"}'
    tap.equal(status_of(sign(HEADER, twice.encode())), 403,
              "S3: a repeated claim is refused")


def test_size_and_junk():
    big = sign(HEADER, changed(pad="x" * 4096))
    tap.equal(status_of(big), 403, "S4: a token over 4 KiB is refused")
    for junk in ("x", "a.b.c", "....", "%%%.###.!!!", shop.token + "x",
                 shop.token[:-2], shop.token.replace(".", "..")):
        tap.equal(status_of(junk), 403, "S4: junk is refused")
    tap.equal(site.request("POST", PAGES, shop.group()).status, 403,
              "no token: 403")
    for scheme, wanted in {"bearer": 401, "Basic": 403, "Token": 403}.items():
        tap.equal(site.request("POST", PAGES, shop.group(), {
            "Authorization": f"{scheme} {shop.token}"}).status, wanted,
            f"scheme {scheme} (RFC 9110: its case does not matter)")


def test_two_schemes():
    both = shop.post(PAGES, shop.group(), headers={"x-api-key": shop.api_key})
    tap.equal(both.status, 400, "S7: a token with an API key: 400")
    both = shop.post(PAGES, shop.group(), headers={
        "Cookie": "dxp-sessionid=abc"})
    tap.equal(both.status, 400, "S7: a token with a session: 400")


def raw_request(lines):
    """Sends header lines as they are; the status of the answer."""
    import socket
    body = json.dumps(shop.group()).encode()
    with socket.create_connection(("127.0.0.1", site.port)) as plain:
        with site.tls.wrap_socket(plain, server_hostname="localhost") as link:
            link.sendall(("\r\n".join([
                f"POST {PAGES} HTTP/1.1", "Host: localhost",
                "Content-Type: application/json", "Connection: close",
                f"Content-Length: {len(body)}", *lines]) + "\r\n\r\n"
            ).encode() + body)
            return int(link.recv(100).split()[1])


def test_repeated_headers():
    good = f"Authorization: Bearer {shop.token}"
    tap.equal(raw_request([good]), 401, "once is well (an empty group)")
    for name, lines in {
            "Authorization": [good, good],
            "Authorization, one of another": [good, "Authorization: Bearer x"],
            "X-Api-Key": [good, "X-Api-Key: a", "X-Api-Key: b"],
            "X-Dxp-Tenant": [good, "X-Dxp-Tenant: a", "X-Dxp-Tenant: b"],
            "Cookie": [good, "Cookie: a=1", "Cookie: dxp-sessionid=2"],
    }.items():
        tap.equal(raw_request(lines), 400, f"S7: repeated {name}: 400")


def test_disabled_context():
    """A user is looked up for each request, not remembered."""
    token = shop.user("viewer")
    tap.equal(status_of(token), 401, "a viewer reads (an empty group)")
    site.sql("UPDATE user SET disabled_at = 1 WHERE email = "
             f"'{shop.email}'")
    tap.equal(status_of(token), 403, "a disabled user does not, at once")


tap.run(globals())
