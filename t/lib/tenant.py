"""An account with a workspace for each face, for tests that go through the
whole API.

    acme = tenant.Tenant(site)       a coffer.Site with parts="fcgi nginx"
"""
import subprocess
import uuid
import coffer

WORKSPACE = "3f2b7c1e-5a7d-4c3e-9b1f-0d2c4a6e8b10"
GROUP = "7d9e2f40-1b6c-4f8a-a2d3-5e4c6b8a9f01"
CUSTOMER = "9579fe91-b7d0-4f96-be52-e68fa86ec287"  # of the other face
PASSWORD = "correct horse battery"


class Tenant:
    """The account acme: a workspace for each face, a user, keys. `samples` has
    what stands for the ids in schema/openapi.yaml."""

    def __init__(self, site):
        self.site = site
        site.ctl("account", "create", "acme", "--name", "Acme")
        self.v1, self.scv, other = (self.workspace() for _ in range(3))
        group = site.ctl("group", "create", "--workspace", self.v1,
                         "--name", "Customers", "--code", "customers")
        self.keys = {
            "v1": self.key(self.v1, "all"), "scv": self.key(self.scv, "all"),
            "weak": self.key(self.scv, "CUSTOMERS_READ"),
            "weaker": self.key(self.scv, "CUSTOMER_READ")}
        self.token = self.sign_in(self.user("admin", self.v1))["access_token"]
        site.ctl("workspace", "set", self.scv, "--origins",
                 "https://portal.example")
        # A role in another workspace alone.
        self.stranger = self.sign_in(
            self.user("viewer", other, "viewer@acme.example"))["access_token"]
        self.samples = {WORKSPACE: self.v1, GROUP: group}

    def workspace(self):
        return self.site.ctl("workspace", "create", "--account", "acme",
                             "--name", "Shop")

    def key(self, workspace, privileges):
        return self.site.ctl("api-key", "create", "--workspace", workspace,
                             "--privileges", privileges)

    def user(self, role, workspace, email="admin@acme.example"):
        self.site.ctl("user", "create", "--account", "acme", "--email", email,
                      "--role", role, "--workspace", workspace,
                      "--password-stdin", stdin=PASSWORD)
        return email

    def sign_in(self, email):
        reply = self.site.request("POST", "/v1/auth", {
            "email": email, "password": PASSWORD},
            {"x-api-key": self.keys["v1"]})
        if reply.status != 200:
            raise RuntimeError(f"sign-in: {reply}")
        return reply.json

    def post(self, path, body, method="POST", headers=None):
        return self.site.request(method, path, body, {
            "Authorization": f"Bearer {self.token}", **(headers or {})})

    def upload(self, count, **more):
        """An upload of new customers; small ones are done."""
        rows = [{"email": f"{uuid.uuid4().hex}@example.org", **more}
                for _ in range(count)]
        reply = self.post("/v1/customer/check", {
            "workspace_id": self.v1, "customer_data": rows,
            "customer_group_id": self.samples[GROUP]})
        if reply.status not in (200, 202):
            raise RuntimeError(f"upload: {reply}")
        return reply.json

    def backend(self, method, path, body=None, headers=None):
        """A request to the other face, by the API key that may do all."""
        return self.by_key("scv", method, path, body, headers)

    def by_key(self, key, method, path, body=None, headers=None):
        reply = self.site.request(method, path, body, {
            "x-dxp-tenant": "acme", "x-api-key": self.keys[key],
            **(headers or {})})
        if reply.status >= 300:
            raise RuntimeError(f"{method} {path}: {reply}")
        return reply.json if reply.raw else None

    def session(self):
        """A new session of the sample customer; of a new one if it is gone."""
        try:
            return self.open_session()
        except RuntimeError:
            self.samples[CUSTOMER] = self.backend(
                "POST", "/scv/customers", {"firstName": "Bilbo"})[
                    "$customerid"]
            return self.open_session()

    def open_session(self):
        return self.backend("POST", "/scv/sessions", {
            "customerid": self.samples[CUSTOMER]})["sessionid"]

    def drain(self):
        """A worker does all that is queued."""
        if not self.site.sql("SELECT 1 FROM job_queue LIMIT 1"):
            return
        subprocess.run([f"{coffer.BUILD}/coffer-worker", "--drain", "--config",
                        f"{self.site.dir}/coffer.ini"], check=True,
                       stderr=subprocess.DEVNULL, timeout=120)
