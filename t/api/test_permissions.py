"""What each role may do, route by route (S13, the seed's "Permission
Validation"): every row of tbl/routes.h is expected here, or this fails."""
import re
import uuid
import coffer
import tap

ROLES = ("admin", "editor", "viewer", "uploader", "nobody")
ALL = {"admin", "editor", "viewer", "uploader"}
ADMIN, WRITERS = {"admin"}, {"admin", "editor"}
READERS, UPLOADERS = {"admin", "editor", "viewer"}, \
    {"admin", "editor", "uploader"}
OPEN = "open"      # no user is asked for
ANYBODY = "token"  # any user of the account, whatever its roles

EXPECTED = {
    "GET /healthz": OPEN, "GET /readyz": OPEN, "GET /metrics": OPEN,
    "GET /openapi.json": OPEN,
    "POST /v1/auth": OPEN, "GET /v1/auth": OPEN, "DELETE /v1/auth": OPEN,
    "PATCH /v1/auth": ANYBODY,
    "GET /v1/account/data-key": ADMIN,
    "PUT /v1/cpf": ADMIN, "PATCH /v1/cpf": ADMIN, "DELETE /v1/cpf": ADMIN,
    "POST /v1/cpf": READERS,
    "PUT /v1/cg": WRITERS, "PATCH /v1/cg": WRITERS, "DELETE /v1/cg": WRITERS,
    "POST /v1/cg": READERS,
    "POST /v1/customer/check": UPLOADERS,
    "POST /v1/customer/pages": READERS, "POST /v1/customer": READERS,
    "POST /v1/customer/find": READERS, "GET /v1/customer/{id}": READERS,
    "PATCH /v1/customer": WRITERS, "DELETE /v1/customer": WRITERS,
    "GET /v1/jobs": ALL, "GET /v1/jobs/{id}": ALL,
    "GET /v1/jobs/{id}/errors": UPLOADERS, "DELETE /v1/jobs/{id}": UPLOADERS,
    "GET /{account}/{operation}/{id}": ALL,
    "DELETE /{account}/{operation}/{id}": UPLOADERS,
}


def routes():
    with open(f"{coffer.TOP}/src/tbl/routes.h", encoding="ascii") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    found = []
    for method, path in re.findall(r'ROUTE\((\w+),\s*"([^"]+)"', text):
        if not path.startswith("/scv") and not path.startswith("/exports"):
            found.append((method, re.sub(r"{(uuid|customer_id|customer)}",
                                         "{id}", path)))
    return found


site = coffer.Site(parts="fcgi nginx")
shop = site.workspace(account=None)
other = site.workspace(account=shop.account)
JOB = shop.check({"email": "kept@example.org"}).json["job_id"].split("/")[-1]
CUSTOMER = shop.page().json["customers"][0]["customer_id"]
tokens = {role: shop.user(role) for role in ROLES[:-1]}
# Somebody of the account who has a role, and the highest, elsewhere.
tokens["nobody"] = other.token

# Bodies that change nothing even where they are allowed: they name what does
# not exist, or lack what is needed.
BODIES = {
    "POST /v1/customer/check": {"customer_data": {"email": "not an e-mail"},
                                "validate_only": True},
    "POST /v1/customer": {"page_number": 0},
    "POST /v1/customer/find": {"field": "email",
                               "value": "kept@example.org"},
    "DELETE /v1/customer": {"customer_ids": [str(uuid.uuid4())]},
    "PATCH /v1/customer": {"customer_data": {
        "customer_id": str(uuid.uuid4())}},
    "PATCH /v1/cg": {"customer_group_id": str(uuid.uuid4()), "name": "New"},
    "DELETE /v1/cg": {"customer_group_id": str(uuid.uuid4())},
    "PATCH /v1/auth": {"password": "wrong", "new_password": "short"},
}


def call(method, path, token):
    place = path.format(account=shop.account, operation="upload_customers",
                        id=CUSTOMER if "customer/{" in path else JOB)
    body = None
    if method in ("PUT", "POST", "PATCH") or (
            method == "DELETE" and "{" not in path and "auth" not in path):
        body = {**shop.group(), **BODIES.get(f"{method} {path}", {})}
    elif method == "GET" and "{" not in path or "customer/" in path:
        place += f"?workspace_id={shop.id}"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return site.request(method, place, body, headers)


def state():
    """All that permissions guard, in the database."""
    return [site.sql(f"CHECKSUM TABLE {name}") for name in (
        "customer", "customer_unique", "field", "segment", "segment_member",
        "segment_bucket", "job", "job_queue", "user", "user_role", "api_key",
        "account_key")]


def test_every_route_is_expected():
    found = [f"{method} {path}" for method, path in routes()]
    tap.ok(len(found) > 10, f"{len(found)} routes are read")
    tap.equal([name for name in found if name not in EXPECTED], [],
              "S13: every route of /v1 is expected here")
    tap.equal(len(found), len(set(found)), "each once")


def test_roles():
    before = state()
    for method, path in routes():
        allowed = EXPECTED.get(f"{method} {path}", set())
        if allowed == OPEN:
            continue
        for role in ROLES:
            reply = call(method, path, tokens[role])
            passes = allowed == ANYBODY or role in allowed
            tap.equal(reply.status != 403, passes,
                      f"S13: {method} {path}: {role} "
                      f"{'may' if passes else 'may not'} ({reply.status})")
            if not passes:
                tap.equal(reply.json["message"], "permission denied",
                          f"S13: {method} {path}: {role}: says why")
            tap.ok(reply.status < 500, f"{method} {path}: no fault")
    tap.equal(state(), before, "S13: and nothing has changed")


def test_no_token():
    for method, path in routes():
        allowed = EXPECTED.get(f"{method} {path}")
        if allowed != OPEN:
            tap.equal(call(method, path, None).status, 403,
                      f"S13: {method} {path} without a token: 403")
    for path in ("/healthz", "/readyz"):
        tap.equal(site.request("GET", path).status, 200, f"{path} is open")


def test_rights_do_not_add_up():
    """A role in one workspace opens nothing in another."""
    token = shop.user("viewer")
    site.ctl("user", "grant", "--account", shop.account, "--email",
             shop.email, "--role", "admin", "--workspace", other.id)
    reply = shop.post("/v1/customer/pages", shop.group(), token=token)
    tap.equal(reply.status, 200, "a viewer here")
    field = {"field_name": "x", "field_type": "string"}
    tap.equal(shop.call("PUT", "/v1/cpf", {"workspace_id": shop.id, **field},
                        token=token).status, 403,
              "S13: who is admin elsewhere makes no field here")
    tap.equal(shop.call("PUT", "/v1/cpf", {"workspace_id": other.id, **field},
                        token=token).status, 201, "but there")


tap.run(globals())
