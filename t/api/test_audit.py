"""The audit log through the real thing: what leaves an entry (S35), that none
is lost or holds personal data, and the commands that read it."""
import json
import os
import signal
import subprocess
import time

import coffer
import tap

site = coffer.Site(parts="fcgi nginx", **{"server.processes": 2})
shop = site.workspace()
PLANTED = "planted.person@example.org"


def drain():
    """Has the worker bring everything in; then all entries, in order."""
    done = subprocess.run([f"{coffer.BUILD}/coffer-worker", "--config",
                           f"{site.dir}/coffer.ini", "--drain"],
                          capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"drain: {done.stderr}")
    lines = site.ctl("audit", "export").splitlines()
    return [json.loads(line) for line in lines]


def found(entries, action, **members):
    """Entries of an action whose members, or those of their detail, agree."""
    return [e for e in entries if e["action"] == action and all(
        (e["detail"] or {}).get(k, e.get(k)) == v
        for k, v in members.items())]


def check_set_up(entries):
    """What cofferctl did to make the shop."""
    for action in ("account.create", "workspace.create", "field.create",
                   "group.create", "user.create", "api_key.create"):
        tap.ok(found(entries, action), f"S35: {action} leaves an entry")
    tap.equal(len(found(entries, "field.create", user_id=0)),
              len(coffer.DEFAULT_FIELDS), "one each")
    tap.ok(found(entries, "workspace.create", account=shop.account,
                 workspace=shop.id), "with account and workspace")


def test_reads():
    answer = shop.check([{"email": PLANTED, "first_name": "Planted"}],
                        headers={"Idempotency-Key": "k"})
    job = answer.json["job_id"].rsplit("/", 1)[1]
    shop.post("/v1/customer/pages", shop.group())
    shop.page()
    shop.post("/v1/cpf", {"workspace_id": shop.id})
    shop.post("/v1/cg", {"workspace_id": shop.id})
    shop.job(answer.json)
    shop.call("GET", f"/v1/jobs/{job}")
    shop.call("GET", f"/v1/jobs/{job}/errors")
    shop.check([{"email": PLANTED}])
    shop.check([{"email": "b@example.org"}], validate_only=True)
    shop.call("PUT", "/v1/cg", {"workspace_id": shop.id, "name": "More",
                                "code": "more"})
    shop.call("PUT", "/v1/cpf", {"workspace_id": shop.id,
                                 "field_name": "extra",
                                 "field_type": "string"})
    entries = drain()
    check_set_up(entries)
    one = found(entries, "customer.list", subject=shop.group_id, page=0,
                workspace=shop.id, account=shop.account, level="info")
    tap.equal(len(one), 1, "S35: a page read leaves an entry")
    tap.ok(one and one[0]["user"] and one[0]["request_id"],
           "with user and request id")
    tap.equal(len(found(entries, "customer.count")), 1, "a count too")
    tap.equal(len(found(entries, "field.read")), 1, "a list of fields")
    tap.equal(len(found(entries, "group.read")), 1, "a list of groups")
    tap.equal(len(found(entries, "job.read", subject=job)), 2, "a job, twice")
    tap.equal(len(found(entries, "job.errors.read", subject=job)), 1,
              "its errors")
    tap.equal(len(found(entries, "customer.check", rows=1)), 2,
              "a refused and a validating upload")
    made = found(entries, "job.create", subject=job, rows=1)
    tap.ok(len(made) == 1 and made[0]["user"] == one[0]["user"],
           "S35: an upload leaves an entry")
    stored = found(entries, "customer.create", subject=job, count=1)
    tap.ok(len(stored) == 1 and stored[0]["user"] == one[0]["user"],
           "S35: so do the customers that it made")
    tap.ok(found(entries, "group.create", code="more", workspace=shop.id),
           "a group")
    tap.ok(found(entries, "field.create", field="extra"), "a field")
    tap.ok(found(entries, "key.open", account=shop.account),
           "the opening of the keys")


def test_refusals():
    viewer = shop.user("viewer")
    other = site.workspace(fields=[])
    shop.check([{"email": "c@example.org"}], token=viewer)
    shop.post("/v1/customer", {"workspace_id": other.id,
                               "customer_group_id": other.group_id,
                               "page_number": 0})
    site.request("POST", "/v1/cpf", {"workspace_id": shop.id},
                 {"Authorization": "Bearer forged"})
    secret = "wrong password 77"
    site.request("POST", "/v1/auth",
                 {"email": PLANTED, "password": secret},
                 {"x-api-key": shop.api_key})
    site.request("POST", "/v1/auth",
                 {"email": PLANTED, "password": secret},
                 {"x-api-key": "cfk_" + "x" * 43})
    entries = drain()
    denied = found(entries, "refused", route="api_customer_check",
                   status=403, subject=shop.id, level="warning")
    tap.equal(len(denied), 1, "S35: a right that is lacking leaves an entry")
    tap.ok(denied and denied[0]["user"] and
           denied[0]["detail"]["address"] == "127.0.0.1",
           "with user and address")
    tap.equal(len(found(entries, "refused", subject=other.id)), 1,
              "so does another account's workspace")
    tap.equal(len(found(entries, "refused", route="api_field_list",
                     user_id=0)), 1, "a forged token")
    tap.equal(len(found(entries, "login.failed", account=shop.account,
                     status=401)), 1, "a wrong password")
    tap.equal(len(found(entries, "refused", route="api_auth_login")), 1,
              "a wrong API key")
    tap.ok(found(entries, "login", account=shop.account), "a login")
    text = json.dumps(entries)
    tap.ok(secret not in text and PLANTED not in text and
           "Planted" not in text and shop.email not in text,
           "S24: no personal data is in any entry")


def test_tokens():
    first = shop.login()["refresh_token"]

    def refresh(token):
        return site.request("GET", "/v1/auth", None,
                            {"Authorization": f"Bearer {token}"})
    tap.equal(refresh(first).status, 200, "a refresh")
    tap.equal(refresh(first).status, 403, "a spent token")
    entries = drain()
    tap.equal(len(found(entries, "token.refresh")), 1, "leaves an entry")
    tap.equal(len(found(entries, "token.reused", level="warning")), 1,
              "S9: and so does its second use")


def test_commands():
    site.ctl("account", "data-key", shop.account, "--reveal")
    key = site.ctl("api-key", "list", "--workspace", shop.id).split()[0]
    site.ctl("api-key", "revoke", key)
    site.ctl("user", "grant", "--account", shop.account, "--email",
             shop.email, "--role", "editor", "--workspace", shop.id)
    entries = drain()
    tap.ok(found(entries, "key.reveal", level="warning",
                 account=shop.account), "keys that are shown")
    tap.ok(found(entries, "api_key.revoke", subject=key,
                 workspace=shop.id), "a key that is revoked")
    tap.ok(found(entries, "user.grant", role="editor"), "a role")
    tap.ok(not any(e["detail"] and shop.email in json.dumps(e)
                   for e in entries), "no e-mail address")


def test_kill():
    """Requests that were answered before kill -9 are in the log after it."""
    before = len(found(drain(), "customer.count"))
    for _ in range(20):
        tap_status = shop.post("/v1/customer/pages", shop.group()).status
        if tap_status != 200:
            raise RuntimeError(tap_status)
    for pid in site.children("fcgi"):
        os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if site.request("GET", "/healthz").status == 200:
                break
        except OSError:
            pass
        time.sleep(0.1)
    tap.equal(len(found(drain(), "customer.count")) - before, 20,
              "S39: kill -9 of the pool loses no note")
    names = os.listdir(f"{site.dir}/audit")
    tap.ok(len([n for n in names if n.count(".") >= 2]) <= 2,
           f"files of the dead are gone: {names}")


def verify(*words):
    return site.ctl("audit", "verify", *words, check=False)


def test_worker():
    want = len(found(drain(), "group.read"))
    site.up("fcgi nginx worker")
    shop.post("/v1/cg", {"workspace_id": shop.id})
    end = time.monotonic() + 20
    got = 0
    while got <= want and time.monotonic() < end:
        time.sleep(0.2)
        got = int(site.sql("SELECT COUNT(*) FROM audit WHERE action ="
                           " 'group.read'")[0][0])
    tap.equal(got, want + 1, "the worker brings reads in within seconds")
    worker = site.pid("worker")
    site.kill("worker", signal.SIGTERM)
    while os.path.exists(f"/proc/{worker}") and time.monotonic() < end:
        time.sleep(0.05)


def test_verify():
    done = verify()
    tap.ok(done.returncode == 0 and "verified" in done.stdout,
           f"S35: the log verifies: {done.stdout.strip()} {done.stderr}")
    path = f"{site.dir}/export"
    with open(path, "w", encoding="utf-8") as file:
        file.write(site.ctl("audit", "export") + "\n")
    done = verify(path)
    tap.ok(done.returncode == 0, f"an export verifies: {done.stderr}")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace('"warning"', '"info"', 1))
    done = verify(path)
    tap.ok(done.returncode == 65 and "was altered" in done.stderr,
           f"an altered one does not: {done.stderr}")
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
    tap.equal(site.ctl("audit", "export", "--since", since), "",
              "nothing since the future")
    tap.ok(len(site.ctl("audit", "export", "--since", "2020-01-01")
               .splitlines()) > 20, "everything since long ago")
    done = site.ctl("audit", "export", "--since", "yesterday", check=False)
    tap.ok(done.returncode == 65 and "--since" in done.stderr,
           "a time that is none")
    drain()
    site.sql("DELETE FROM audit WHERE action = 'key.reveal'")
    done = verify()
    tap.ok(done.returncode == 65 and "from its end" in done.stderr and
           done.stdout == "", f"S35: a removed entry is found, the last of its chain: "
           f"{done.stderr}")


def test_key():
    os.rename(f"{site.dir}/keys/audit.key", f"{site.dir}/keys/gone")
    done = verify()
    tap.ok(done.returncode == 78 and "cofferctl init" in done.stderr,
           f"without audit.key it says what to do: {done.stderr}")
    tap.ok(site.ctl("init").endswith("audit.key"), "which init makes")
    os.rename(f"{site.dir}/keys/gone", f"{site.dir}/keys/audit.key")


tap.run(globals())
