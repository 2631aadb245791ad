"""S13: every privilege of an API key, removed one at a time, closes its
endpoints and nothing else.

Each route of tbl/routes.h that is authenticated by a key has a row here: what
to send, and how an allowed call is answered. The privilege is the table's.
"""
import re

import coffer
import tap

UNKNOWN = "11111111-1111-4111-8111-111111111111"
# handler: (body, statuses of a call that is allowed)
EXPECTED = {
    "scv_customer_create": ({}, {201}),
    "scv_customer_show": (None, {404}),
    "scv_customer_patch": ({}, {404}),
    "scv_customer_put": ({}, {501}),
    "scv_customer_delete": (None, {404}),
}

with open(f"{coffer.TOP}/src/tbl/privileges.h", encoding="ascii") as file:
    PRIVILEGES = re.findall(r"^X\((\w+)\)", file.read(), re.M)
with open(f"{coffer.TOP}/src/tbl/routes.h", encoding="ascii") as file:
    ROUTES = [(method, path, privilege, handler)
              for method, path, auth, privilege, handler in re.findall(
                  r"^ROUTE\((\w+),\s*\"([^\"]+)\",\s*\w+,\s*(\w+),\s*"
                  r"(?:PRIVILEGE_)?(\w+),\s*\w+,\s*\w+,\s*(\w+)\)",
                  file.read(), re.M)
              if auth in ("KEY", "KEY_REMEMBERED")]
site = coffer.Site()
shop = site.workspace()


def call(route, key):
    method, path, _, handler = route
    body, _ = EXPECTED.get(handler, ({} if method != "GET" else None, None))
    path = re.sub(r"\{\w+\}", UNKNOWN, path.removeprefix("/scv"))
    return shop.scv(method, path, body, key=key)


def test_table():
    tap.ok(ROUTES, "routes of API keys are found")
    tap.equal([r for r in ROUTES if r[2] not in PRIVILEGES], [],
              "each asks one privilege")


def test_each():
    for missing in PRIVILEGES:
        key = shop.key(*(p for p in PRIVILEGES if p != missing))
        for route in ROUTES:
            method, path, privilege, handler = route
            reply = call(route, key)
            if privilege == missing:
                tap.equal((reply.status, reply.headers["Content-Type"]),
                          (403, "application/problem+json"),
                          f"S13: without {missing}: {method} {path}: 403")
                continue
            _, allowed = EXPECTED.get(handler, (None, None))
            good = reply.status in allowed if allowed else \
                reply.status not in (401, 403)
            tap.ok(good, f"without {missing}: {method} {path} as before "
                   f"({reply.status})")


def test_alone():
    """One privilege opens its endpoints alone."""
    for only in PRIVILEGES:
        key = shop.key(only)
        opened = {route for route in ROUTES if call(route, key).status != 403}
        tap.equal(opened, {r for r in ROUTES if r[2] == only},
                  f"S13: {only} alone opens its own")


tap.run(globals())
