"""Every example of schema/openapi.yaml is sent to a real server, in the order
of the document; answers must be as it says."""
import os
import re
import signal
import time
import urllib.parse
import uuid
import coffer
import openapi
import tap
from tenant import CUSTOMER, GROUP, WORKSPACE, Tenant

book = openapi.Book()
ANOTHER = "6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b"
EXPORT = "2023-11-01T02:44:15.814Z_85acd"
JOB = "e2c1b0a9-8f7e-4d6c-b5a4-938271605f4e"
NOBODY = "00000000-0000-4000-8000-000000000000"
JSON_BYTES = 65536

# No worker, so that what is queued stays so; a few rows are many.
site = coffer.Site(parts="fcgi nginx", **{
    "limits.inline_rows": 3, "limits.json_bytes": JSON_BYTES,
    "auth.guesses": 4})
acme = Tenant(site)


# How a request authenticates.

def credentials(op):
    if op.schemes == ["bearer"]:
        return {"Authorization": f"Bearer {acme.token}"}
    if op.schemes == ["refresh"]:
        token = acme.sign_in("admin@acme.example")["refresh_token"]
        return {"Authorization": f"Bearer {token}"}
    if op.schemes == ["apiKey"]:
        return {"x-api-key": acme.keys["v1"]}
    if "tenant" in op.schemes:
        return {"x-dxp-tenant": "acme", "x-api-key": acme.keys["scv"]}
    if op.schemes == ["session"]:
        return {"Cookie": f"dxp-sessionid={acme.session()}"}
    return {}


# What leads to an answer that no example of a request leads to, by the name
# of the answer's example: changes the request.

def no_credentials(request):
    for name in ("Authorization", "x-api-key", "x-dxp-tenant", "Cookie"):
        request.headers.pop(name, None)


def role(request):
    request.headers["Authorization"] = f"Bearer {acme.stranger}"


def privilege(request):
    weak = "weak"
    if request.case.op.raw["x-privilege"] == "CUSTOMERS_READ":
        weak = "weaker"
    request.headers["x-api-key"] = acme.keys[weak]


def two_credentials(request):
    request.headers.update({"Authorization": "Bearer x", "x-api-key": "y"})


def missing_fields(request):
    required = list(book.resolve(
        request.case.op.body["application/json"]["schema"])["required"])
    request.body = {name: request.body[name] for name in required[:-1]}


def no_workspace(request):
    request.body = {**request.body, "workspace_id": NOBODY}


def too_large(request):
    if request.media == "multipart/form-data":
        raise RuntimeError("an example in JSON is needed")
    request.body = {**request.body, "more": "x" * JSON_BYTES}


def media_type(request):
    request.headers["Content-Type"] = "text/plain"


def many(request):
    rows = [{"email": f"{name}@example.org"} for name in (
        ("ann", "bob", "cleo", "dan") if request.method == "PATCH" else
        ("fay", "gus", "hal", "ida"))]
    request.body = {**request.body, "customer_data": [
        {**row, "first_name": "New"} for row in rows]}


def spent(request):
    site.request("GET", "/v1/auth", headers=request.headers)


def proxied(request):
    request.headers["X-Forwarded-For"] = "192.0.2.1"


def empty_body(request):
    request.body = None


def invalid_json(request):
    request.body = b'{"firstName":'
    request.headers["Content-Type"] = request.media


def other_method(request):
    request.method = "PUT"


def unknown_member(request):
    request.body = {**request.body, "colour": "red"}


def unknown_parameter(request):
    request.query.append(("colour", "red"))


CHANGES = {
    "noToken": no_credentials, "noKey": no_credentials, "role": role,
    "privilege": privilege, "twoCredentials": two_credentials,
    "missingFields": missing_fields, "noWorkspace": no_workspace,
    "tooLarge": too_large, "mediaType": media_type, "many": many,
    "spent": spent, "proxied": proxied, "method": other_method,
    "emptyBody": empty_body, "invalidJson": invalid_json,
    "unknownMember": unknown_member, "unknownParameter": unknown_parameter}

# Those whose parameters are examples, too.
ALSO = {"role", "emptyBody", "unknownParameter"}

# Provoked once for each face, below.
ONCE = {"tooMany", "internal", "unavailable", "down"}


# What has to be there before a request: returns samples for it alone.

def other_user(request):
    email = f"{uuid.uuid4().hex[:8]}@acme.example"
    token = acme.sign_in(acme.user("editor", acme.v1, email))["access_token"]
    if "Authorization" in request.headers:
        request.headers["Authorization"] = f"Bearer {token}"
    return {}


def conversion(request):
    """Stored values that a change is about, and no conversion, or one that
    waits for a worker."""
    acme.drain()
    if request.case.name in ("makePersonal", "makeSearchable", "misfit",
                             "busy", "loyaltyTier"):
        more = {"first_name": "Zed"} if request.case.name == "misfit" else {}
        acme.upload(1, postcode="12345", **more)
    if request.case.name == "busy":
        acme.post("/v1/cpf", {"workspace_id": acme.v1,
                              "field_name": "postcode",
                              "pii": request.method == "PATCH"}, "PATCH")
    return {}


def field_to_delete(request):
    if request.case.name == "noCustomers":
        workspace = acme.workspace()
        site.ctl("user", "grant", "--account", "acme", "--email",
                 "admin@acme.example", "--role", "admin", "--workspace",
                 workspace)
        acme.post("/v1/cpf", {"workspace_id": workspace, "field_type":
                              "string", "field_name": "loyalty_tier"}, "PUT")
        return {WORKSPACE: workspace}
    return conversion(request)


def other_content(request):
    """The key of the request has been used before."""
    if request.case.name != "otherContent":
        return {}
    key = {"Idempotency-Key": request.headers["Idempotency-Key"] +
           request.method}
    request.headers.update(key)
    if request.method == "DELETE":
        group = acme.post("/v1/cg", {"workspace_id": acme.v1, "name": "x",
                                     "code": "to_delete"}, "PUT").json
        target = {"workspace_id": acme.v1,
                  "customer_group_id": group["customer_group_id"]}
        acme.post("/v1/customer/check", {**target, "customer_data": {
            "email": "gone@example.org"}})
        first = acme.post("/v1/customer", {**target, "all": True}, "DELETE",
                          key)
    else:
        data = {"email": "idem@example.org", "first_name": "Ida"} \
            if request.method == "POST" else \
            {"email": "ann@example.org", "first_name": "Ida"}
        first = acme.post(request.path, {
            "workspace_id": acme.v1, "customer_data": data,
            "customer_group_id": acme.samples[GROUP]}, request.method, key)
    if first.status >= 300:
        raise RuntimeError(f"the first use of a key: {first}")
    return {}


def job(request):
    """A job of the kind that the example is about."""
    count = 4 if request.case.name == "queued" else 1
    return {JOB: acme.upload(count)["job_id"].rsplit("/", 1)[1]}


def other_content_scv(request):
    if request.case.name == "otherContent":
        acme.backend("POST", "/scv/customers", {"firstName": "Pippin"},
                {"Idempotency-Key": request.headers["Idempotency-Key"]})
    return {}


def customer_to_delete(_):
    """A customer that is still there."""
    made = acme.backend("POST", "/scv/customers", {})
    return {CUSTOMER: made["$customerid"]}


def attribute_of_field(request):
    """A customer of the workspace has a system attribute; a conversion
    waits."""
    acme.drain()
    attributes = {"takesOver": "$username", "misfit": "$tertiaryid"}
    if request.case.name in attributes:
        acme.by_key("v1", "POST", "/scv/customers", {
            attributes[request.case.name]: uuid.uuid4().hex})
    if request.case.name == "busy":
        acme.post("/v1/cpf", {"workspace_id": acme.v1, "searchable": True,
                              "field_name": "loyalty_tier"}, "PATCH")
    return {}


def schema_conversion(request):
    """A customer with values that have to follow, or do not fit."""
    if request.case.name == "converting":
        acme.backend("POST", "/scv/customers", {
            "lastName": "Took", "$verifiedEmail": "pip@example.com"})
    if request.case.name in ("misfit", "roleTaken"):
        schema_is_back(request)
    if request.case.name == "busy":
        schema_is_back(request)
        acme.backend("PUT", "/scv/schema",
                     request.case.op.body_of("converting")[1])
    return {}


def schema_is_back(request):
    """After conversions the schema is the sample's again."""
    acme.drain()
    sample = next(case.value for op in book.operations() if
                  op.id == "getSchema" for case in op.cases())
    if acme.backend("GET", "/scv/schema")["properties"] != \
            sample["properties"]:
        acme.backend("PUT", "/scv/schema", sample)
        acme.drain()
    return {}


def many_exports(request):
    if request.case.name == "full":
        for _ in range(10):
            site.request("POST", request.path, {"segment": "all"},
                         request.headers)
    return {}


def finished_export():
    """The record of a new export whose file is there."""
    acme.drain()
    name = acme.backend("POST", "/scv/exports", {"segment": "all"})["exportid"]
    acme.drain()
    record = acme.backend("GET", f"/scv/exports/{name}")
    if record["status"] != "completed":
        raise RuntimeError(f"the export: {record}")
    return record


def export_file(request):
    if request.case.name == "ready":
        return {EXPORT: finished_export()["exportid"]}
    return {}


def signed_url(request):
    """The address of a new file; for `gone` its customer is deleted, for
    `unknown` its record."""
    parts = urllib.parse.urlsplit(finished_export()["signedURL"])
    request.path = urllib.parse.unquote(parts.path)
    query = urllib.parse.parse_qsl(parts.query)
    if request.case.name == "wrongSignature":
        query[-1] = (query[-1][0], "Zm9vYmFy")
    request.query = query
    if request.case.name == "unknown":
        site.sql("DELETE FROM export ORDER BY id DESC LIMIT 1")
    if request.case.name == "gone":
        acme.backend("DELETE", f"/scv/customers/{acme.samples[ANOTHER]}")
    return {}


BEFORE = {
    "createField": attribute_of_field,
    "putSchema": schema_conversion, "getSchema": schema_is_back,
    "createCustomer": other_content_scv, "startExport": many_exports, "getExport": export_file,
    "downloadExport": signed_url,
    "changePassword": other_user, "signOut": other_user,
    "changeField": conversion, "deleteField": field_to_delete,
    "uploadCustomers": other_content, "updateCustomers": other_content,
    "deleteCustomers": other_content, "deleteCustomer": customer_to_delete,
    "getJob": job, "getJobById": job, "getJobErrors": job, "listJobs": job,
    "cancelJob": job, "cancelJobById": job}

# Names of the cases whose answers have no body, and so no example.
BODILESS = {
    ("getCustomer", 304): "unchanged", ("readCustomer", 304): "unchanged",
    ("downloadExport", 304): "unchanged",
    ("preflightGetCustomer", 204): "portal",
    ("preflightCustomer", 204): "portal", ("preflightSession", 204): "portal"}

answers = []  # (case, reply)


def learn(sample, real):
    """What has just been made stands for the sample from now on."""
    acme.samples[sample] = real


def learn_first(sample, real):
    acme.samples.setdefault(sample, real)



def run(case):
    """Sends a case's request; what is wrong with the answer, as text."""
    op = case.op
    case.name = case.name or BODILESS.get((op.id, case.status))
    request = openapi.Request(case)
    request.case = case
    request.headers.update(credentials(op))
    samples = {**acme.samples, **(BEFORE.get(op.id, lambda r: {})(request))}
    if case.name in CHANGES and (case.name not in op.names() or
                                 case.name in ALSO):
        CHANGES[case.name](request)
    reply = request.send(site, samples)
    answers.append((case, reply))
    wrong = book.wrong_answer(case, reply)
    if not wrong and case.status < 300 and case.media == "application/json":
        openapi.capture(case.value, reply.json,
                        learn if case.status > 200 else learn_first)
    return wrong


def run_all(operations):
    for op in operations:
        wrong, count = [], 0
        for case in sorted(op.cases(), key=lambda case: case.status):
            if case.name in ONCE:
                continue
            count += 1
            try:
                fault = run(case)
            except Exception as fault_of_ours:  # the next ones still run
                fault = repr(fault_of_ours)
            if fault:
                wrong.append(f"{case}: {fault}")
        tap.equal(wrong, [], f"{op.method.upper()} {op.path}: "
                  f"{count} examples")


def test_examples():
    """All but deletions, then those, the last one first."""
    operations = list(book.operations())
    run_all(op for op in operations if op.method != "delete")
    acme.drain()
    run_all(op for op in reversed(operations) if op.method == "delete")


def broken(name):
    """(case, request) of each operation that documents the example."""
    for op in book.operations():
        for case in op.cases():
            if case.name == name:
                request = openapi.Request(case)
                request.headers.update(credentials(op))
                request.case = case
                if op.id == "downloadExport":
                    signed_url(request)
                if op.method == "options":
                    request.headers.update({
                        "Origin": "https://portal.example",
                        "Access-Control-Request-Method": "GET"})
                yield case, request


def check_broken(name, requests, what):
    wrong = []
    for case, request in requests:
        reply = request.send(site, acme.samples)
        answers.append((case, reply))
        fault = book.wrong_answer(case, reply)
        if fault:
            wrong.append(f"{case}: {fault}")
    tap.equal(wrong, [], f"{what}: {len(requests)} operations, '{name}'")


def test_too_many():
    for case, request in broken("tooMany"):
        body = {"email": "nobody@acme.example", "password": "wrong"} \
            if request.method == "POST" else \
            {"password": "wrong password", "new_password": "a good password"}
        request.body = body
        request.case = case
        if request.method == "PATCH":
            other_user(request)
        for _ in range(12):
            reply = request.send(site, {})
            if reply.status == 429:
                break
        answers.append((case, reply))
        tap.equal(book.wrong_answer(case, reply), "",
                  f"too many wrong passwords: {case}")


def test_faults():
    """Tables are away, one that each request reads, whatever it asks for:
    that of its credentials, or, without any, that of what it is about."""
    requests = list(broken("internal"))
    away = ("user", "workspace", "api_key", "session", "export",
            "workspace_origin")
    site.sql("RENAME TABLE " + ", ".join(
        f"`{name}` TO `{name}_away`" for name in away))
    try:
        check_broken("internal", requests, "a fault of the database")
    finally:
        site.sql("RENAME TABLE " + ", ".join(
            f"`{name}_away` TO `{name}`" for name in away))


def test_database_away():
    requests = list(broken("unavailable"))
    path = f"{site.dir}/coffer.ini"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r"(\[database\]\nsocket = ).*",
                          r"\1/nonexistent/sock", text))
    old = set(site.children("fcgi"))
    site.kill("fcgi", signal.SIGHUP)
    end = time.monotonic() + 30
    while old & set(site.children("fcgi")) and time.monotonic() < end:
        time.sleep(0.05)
    check_broken("unavailable", requests, "the database is away")


def test_pool_down():
    requests = list(broken("down"))
    pid = site.pid("fcgi")
    site.kill("fcgi", signal.SIGTERM)
    end = time.monotonic() + 30
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < end:
        time.sleep(0.05)
    check_broken("down", requests, "no process is there")


def test_no_store():
    """S34, over the table of routes."""
    rows = openapi.table()
    stored = [str(case) for case, reply in answers
              if reply.headers.get_all("Cache-Control") != ["no-store"]]
    tap.equal(stored, [], f"S34: {len(answers)} answers carry no-store")
    good = {(case.op.method, case.op.path) for case, reply in answers
            if reply.status < 300}
    unseen = sorted(key for key, row in rows.items()
                    if row["auth"] != "NONE" and key not in good)
    tap.equal(unseen, [], "S34: among them a good one of every authenticated "
              "route")


tap.run(globals())
