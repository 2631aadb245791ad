"""Two tenants: a foreign id answers exactly as one that does not exist (S12),
and roles open what they say and nothing else."""
import uuid
import coffer
import tap

site = coffer.Site()
ours = site.workspace()
theirs = site.workspace()
theirs.check([{"email": "theirs@example.org"}])
JOB = theirs.check([{"email": "theirs2@example.org"}]).json["job_id"]
NOBODY = str(uuid.uuid4())


def same(name, foreign, absent):
    """Both answers are alike but for what a request id differs in."""
    tap.equal((foreign.status, foreign.raw), (absent.status, absent.raw),
              f"S12: {name}: foreign as absent ({foreign.status})")
    tap.ok(foreign.status >= 400, f"S12: {name}: refused")


def test_workspaces():
    bodies = {
        ("PUT", "/v1/cpf"): {"field_name": "x", "field_type": "string"},
        ("POST", "/v1/cpf"): {},
        ("PATCH", "/v1/cpf"): {"field_name": "email", "pii": False},
        ("DELETE", "/v1/cpf"): {"field_name": "email"},
        ("PUT", "/v1/cg"): {"name": "x", "code": "x"},
        ("POST", "/v1/cg"): {},
        ("PATCH", "/v1/cg"): {"name": "x"},
        ("DELETE", "/v1/cg"): {},
        ("DELETE", "/v1/customer"): {"customer_ids": [NOBODY]},
        ("POST", "/v1/customer/check"): {"customer_data": {"email": "a@b"}},
        ("POST", "/v1/customer/pages"): {},
        ("POST", "/v1/customer"): {"page_number": 0}}
    for (method, path), body in bodies.items():
        def call(workspace):
            return ours.call(method, path, {
                **body, "workspace_id": workspace,
                "customer_group_id": theirs.group_id})
        same(f"{method} {path} workspace", call(theirs.id), call(NOBODY))
        tap.equal(call(NOBODY).json["message"], "missing valid workspace",
                  f"{method} {path}: the seed's words")
        tap.equal(call("not a uuid").status, 400, "not a UUID: 400")


def test_groups():
    for path, more in {"/v1/customer/check":
                       {"customer_data": {"email": "a@b.example"}},
                       "/v1/customer/pages": {},
                       "/v1/customer": {"page_number": 0}}.items():
        def call(group):
            return ours.post(path, {"workspace_id": ours.id,
                                    "customer_group_id": group, **more})
        same(f"{path} group", call(theirs.group_id), call(NOBODY))
        tap.equal((call(NOBODY).status, call(NOBODY).json["message"]),
                  (401, "No customers found"), f"{path}: the seed's words")


def test_jobs():
    uuid_ = JOB.rsplit("/", 1)[1]
    for path in ("/v1/jobs/{}", "/v1/jobs/{}/errors",
                 f"/{ours.account}/upload_customers/{{}}",
                 f"/{theirs.account}/upload_customers/{{}}"):
        same(path, ours.call("GET", path.format(uuid_)),
             ours.call("GET", path.format(NOBODY)))
    tap.equal(theirs.call("GET", f"/v1/jobs/{uuid_}").status, 200,
              "its owner sees it")
    tap.equal(theirs.call("GET", f"/{theirs.account}/delete_customers/{uuid_}")
              .status, 404, "under its own operation alone")


def test_unique_values_are_apart():
    tap.equal(ours.check({"email": "theirs@example.org"}).status, 200,
              "the same e-mail is free in another account")
    second = site.workspace(account=ours.account)
    tap.equal(second.check({"email": "theirs@example.org"}).status, 200,
              "and in another workspace")
    digests = site.sql("SELECT HEX(digest) FROM customer_unique")
    tap.equal(len(digests), len({row[0] for row in digests}),
              "S23: the same value has another digest in each")


def test_roles():
    """Status per call and role; 401 and 400 are past the permission."""
    calls = {
        ("PUT", "/v1/cpf"): {"admin"},
        ("POST", "/v1/cpf"): {"admin", "editor", "viewer"},
        ("PATCH", "/v1/cpf"): {"admin"},
        ("DELETE", "/v1/cpf"): {"admin"},
        ("PUT", "/v1/cg"): {"admin", "editor"},
        ("POST", "/v1/cg"): {"admin", "editor", "viewer"},
        ("PATCH", "/v1/cg"): {"admin", "editor"},
        ("DELETE", "/v1/customer"): {"admin", "editor"},
        ("POST", "/v1/customer/check"): {"admin", "editor", "uploader"},
        ("POST", "/v1/customer/pages"): {"admin", "editor", "viewer"},
        ("POST", "/v1/customer"): {"admin", "editor", "viewer"}}
    tokens = {role: ours.user(role)
              for role in ("admin", "editor", "viewer", "uploader")}
    for (method, path), open_to in calls.items():
        for role, token in tokens.items():
            body = ours.group()
            if path.endswith("check"):
                body["customer_data"] = {"email": f"{role}@example.org"}
            status = ours.call(method, path, body, token=token).status
            tap.equal(status != 403, role in open_to,
                      f"{role}: {method} {path} ({status})")


def test_another_workspace_of_the_account():
    second = site.workspace(account=ours.account)
    tap.equal(ours.post("/v1/customer/pages", second.group()).status, 403,
              "a user without a role in the workspace: 403")


tap.run(globals())
