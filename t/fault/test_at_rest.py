"""Data at rest (S24): personal data and secrets go through uploads, failures,
kills, changes and deletions; then nothing of them lies anywhere: not in a dump,
the logs and files of MariaDB, our logs, nginx's logs and temporary files, the
spool, or what the system shows of our processes.

The MariaDB of this test writes all the logs that it has. The value of a field
that is not personal data is the control: the same search finds it."""
import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time

db = tempfile.mkdtemp(prefix="coffer-rest.")
if not os.environ.get("COFFER_TEST_KEEP"):
    atexit.register(shutil.rmtree, db, ignore_errors=True)
os.environ["COFFER_TEST_DB"] = db
os.environ["COFFER_DB_LOG"] = "8M"
import coffer
import plants
import tap

LOGS = {"general log": f"{db}/general.log", "slow log": f"{db}/slow.log",
        "error log": f"{db}/db.log"}
SERVER = ["--general-log=1", f"--general-log-file={LOGS['general log']}",
          "--slow-query-log=1", f"--slow-query-log-file={LOGS['slow log']}",
          "--long-query-time=0", "--min-examined-row-limit=0",
          f"--log-bin={db}/data/binlog", "--binlog-format=ROW",
          "--binlog-row-image=FULL", "--binlog-annotate-row-events=ON"]


def mariadb(verb, *options):
    subprocess.run(["sh", f"{coffer.TOP}/contrib/mariadb", verb, db,
                    *options], check=True)


atexit.register(mariadb, "stop")
mariadb("start", *SERVER)
# Without array binding the general log has every value of every statement.
site = coffer.Site(**{"server.processes": 2, "server.log_level": "debug",
                      "database.bulk": "off",
                      "worker.lease": 700, "worker.backoff": 20,
                      "worker.poll": 50, "worker.attempts": 100,
                      "worker.chunk_rows": 50, "worker.search_pending": 5})
atexit.register(setattr, site, "own_db", True)  # it is stopped by then
shop = site.workspace([
    {"field_name": "email", "field_type": "string", "pii": True,
     "required": True, "unique": True, "searchable": True},
    {"field_name": "phone", "field_type": "string", "pii": True,
     "unique": True, "searchable": True},
    {"field_name": "name", "field_type": "string", "pii": True,
     "searchable": True, "max_length": 60},
    {"field_name": "aliases", "field_type": "array", "pii": True,
     "searchable": True},
    {"field_name": "code", "field_type": "string", "pii": True,
     "regex": "^[A-Z]{2}$"},
    {"field_name": "note", "field_type": "string"}])
pii = plants.Plants()      # of customers, and secrets: never anywhere
staff = plants.Plants()    # sign-in names: the database may know them
control = plants.Plants()  # no personal data
control.add("note", plants.word(24))
dumps = tempfile.mkdtemp(prefix="dumps.", dir=db)


def csv(where, count, first=None):
    """An upload's rows, all of their values planted by three of them."""
    lines = ["email,phone,name,note"]
    for i in range(count):
        mail = f"{plants.word(12)}@{plants.word(8)}.test"
        phone, name = plants.word(14), "Ann"
        if i % 60 == 0:
            mail, phone, name = (pii.email(f"{where}, e-mail {i}"),
                                 pii.phone(f"{where}, phone {i}"),
                                 pii.person(f"{where}, name {i}"))
        lines.append(f'{first if first and not i else mail},{phone},"{name}",'
                     + control.values["note"])
    return "\r\n".join(lines) + "\r\n"


def dump(name):
    for form in ("", "--hex-blob"):
        with open(f"{dumps}/{name}{form}.sql", "wb") as file:
            subprocess.run(
                ["mariadb-dump", f"--defaults-file={db}/owner.cnf",
                 "--all-databases", "--single-transaction"]
                + ([form] if form else []), stdout=file, check=True)


def stop_workers(sig):
    for pid in [site.pid("worker")] + site.children("worker"):
        os.kill(pid, sig)


def kill_workers():
    for pid in site.children("worker") + [site.pid("worker")]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    site.up("worker")


class Spools:
    """Reads what our processes have in files without a name, again and again
    while something else is done."""

    def __enter__(self):
        self.seen, self.states, self.stop = f"{db}/spools", {}, False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        return self

    def look(self, pid):
        for name in os.listdir(f"/proc/{pid}/fd"):
            path = f"/proc/{pid}/fd/{name}"
            if os.readlink(path).endswith("(deleted)"):
                with open(path, "rb") as file:
                    state = os.fstat(file.fileno())
                    data = file.read()
                if data and self.states.get(state.st_ino) != len(data):
                    self.states[state.st_ino] = len(data)
                    with open(self.seen, "ab") as out:
                        out.write(data)

    def run(self):
        while not self.stop:
            for pid in site.children("fcgi"):
                try:
                    self.look(pid)
                except OSError:  # gone, or not ours to look at
                    pass

    def __exit__(self, *_):
        self.stop = True
        self.thread.join()


def test_inline():
    reply = shop.check([{
        "email": pii.email("JSON, e-mail"), "phone": pii.phone("JSON, phone"),
        "name": pii.person("JSON, name"), "code": "AB",
        "aliases": [pii.person("JSON, in an array"), 1],
        "note": control.values["note"]}],
        headers={"Idempotency-Key": pii.add("Idempotency-Key",
                                            plants.word(24))})
    tap.equal(reply.status, 200, "a row of JSON is stored")
    fields = shop.group()
    body, kind = coffer.multipart(fields, csv("CSV", 3).encode())
    body = body.replace(b'filename="c.csv"',
                        b'filename="%s.csv"; name*=utf-8\'\'x' % pii.person(
                            "file name").encode())
    reply = shop.post(
        "/v1/customer/check?search[contains]=" + pii.email("query"), body,
        headers={"Content-Type": kind,
                 "User-Agent": pii.email("User-Agent"),
                 "Referer": "https://crm.test/?q=" + pii.email("Referer"),
                 "X-Request-Id": pii.email("X-Request-Id"),
                 "X-Customer": pii.phone("a header nobody knows")})
    tap.equal(reply.status, 200, "a file is stored")


def test_queued():
    stop_workers(signal.SIGSTOP)
    first = pii.email("taken twice")
    with Spools() as spools:
        answers = [shop.upload(csv("queued", 2000, first)),
                   shop.upload(csv("queued later", 300, first))]
    tap.equal([a.status for a in answers], [202, 202], "uploads are queued")
    if os.geteuid() == 0:
        tap.ok(spools.states, "spools were seen")
    dump("queued")
    stop_workers(signal.SIGCONT)
    for _ in range(3):
        time.sleep(0.05)
        kill_workers()
    jobs = [shop.wait(answer.json) for answer in answers]
    tap.equal(sorted((j["status"], j["failed"]) for j in jobs),
              [("completed", 0), ("completed_with_errors", 1)],
              "they are stored, killed workers or not; a row fails")
    loser = max(jobs, key=lambda job: job["failed"])
    reply = shop.call("GET", "/" + loser["errors_url"].split("/", 3)[3])
    tap.ok(first in reply.raw.decode(), "whose row is kept")
    dump("failed")


def refused(name, reply, *statuses):
    tap.ok(reply.status in (statuses or (400,)), f"{name}: {reply.status}")


def test_refused():
    mail = pii.email
    refused("no header row", shop.upload(f"{mail('as a column')},x\n1,2\n"))
    refused("wrong cells", shop.upload(
        "email,code,name\n" + f"{mail('beside a wrong cell')},"
        f"{pii.person('wrong cell')},{'n' * 61}\n"))
    refused("cells too many", shop.upload(
        f"email\n{mail('first')},{mail('a cell too many')}\n"))
    refused("a quote", shop.upload(f'email\na"{mail("after a quote")}\n'))
    refused("bytes", shop.upload(
        b"email\n\xff\xfe" + mail("after bad bytes").encode() + b"\n"))
    refused("taken", shop.check({"email": pii.values["JSON, e-mail"],
                                 "name": pii.person("beside a taken one")}))
    refused("twice", shop.check([
        {"email": mail("twice in a file")},
        {"email": pii.values["twice in a file"].upper()}]))
    refused("a type", shop.check({"email": {pii.person("a member's name"): 1}}))
    refused("a field", shop.check({mail("an unknown field"): 1}))
    refused("a body's member", shop.check({"email": "x"},
                                          **{mail("a member"): 1}), 200, 400)
    refused("on_existing", shop.check({"email": "y"},
                                      on_existing=mail("on_existing")))
    refused("workspace_id", shop.post("/v1/customer", {
        "workspace_id": mail("workspace_id"), "customer_group_id": "x",
        "page_number": 0}))
    refused("customer_group_id", shop.post("/v1/customer/pages", {
        "workspace_id": shop.id,
        "customer_group_id": mail("customer_group_id")}), 401)
    refused("no JSON", shop.post(
        "/v1/customer/check", b'{"a":"%s' % mail("cut JSON").encode(),
        headers={"Content-Type": "application/json"}))
    refused("no form", shop.post(
        "/v1/customer/check", b"--b\r\n" + mail("in a form").encode(),
        headers={"Content-Type": "multipart/form-data; boundary=b"}))
    refused("a boundary", shop.post(
        "/v1/customer/check", b"",
        headers={"Content-Type": "multipart/form-data; boundary="
                 + mail("boundary")}))
    refused("a type", shop.post(
        "/v1/customer/check", mail("of another type").encode(),
        headers={"Content-Type": "text/" + pii.password("media type")}), 415)
    refused("too large", shop.post(
        "/v1/cpf", (mail("too large") * 300_000).encode(),
        headers={"Content-Type": "application/json"}), 413)
    refused("a job", shop.call("GET", "/v1/jobs/x?email=" + mail("job")), 404)


def test_secrets():
    login = f"{plants.word(9)}@{plants.word(9)}.staff"
    word = pii.password("password")
    site.ctl("user", "create", "--account", shop.account, "--email", login,
             "--role", "viewer", "--workspace", shop.id, "--password-stdin",
             stdin=word)
    tokens = shop.login(login, word)
    for name in ("access_token", "refresh_token"):
        pii.add(name, tokens[name].rsplit(".", 1)[1], encoded=False)
    pii.add("API key", shop.api_key, encoded=False)
    reply = shop.call("GET", "/v1/auth", token=tokens["refresh_token"])
    tap.equal(reply.status, 200, "a token is renewed")
    for name in ("access_token", "refresh_token"):
        pii.add("new " + name, reply.json[name].rsplit(".", 1)[1],
                encoded=False)
    again = shop.call("GET", "/v1/auth", token=tokens["refresh_token"])
    tap.equal(again.status, 403, "once")
    key = {"x-api-key": shop.api_key}
    for mail, secret in ((login, pii.password("wrong password")),
                         (staff.email("mistyped"), word)):
        reply = site.request("POST", "/v1/auth",
                             {"email": mail, "password": secret}, key)
        tap.equal(reply.status, 401, "a wrong sign-in")
    reply = site.request("POST", "/v1/auth", {"email": login,
                                              "password": word},
                         {"x-api-key": pii.password("wrong API key")})
    tap.equal(reply.status, 403, "a wrong API key")
    reply = shop.post("/v1/customer", shop.group(page_number=0),
                      token=tokens["access_token"][:-20]
                      + pii.password("wrong token"))
    tap.equal(reply.status, 403, "a wrong token")


def customers():
    return [c["customer_id"] for c in shop.page().json["customers"]]


def test_changes():
    """What changing, looking for and deleting customers leaves."""
    ids = customers()
    rows = [{"customer_id": ids[0], "phone": pii.phone("changed"),
             "name": pii.person("changed, name")}]
    reply = shop.call("PATCH", "/v1/customer", shop.group(customer_data=rows))
    tap.equal(reply.status, 200, "a customer is changed")
    rows = [{"customer_id": i, "phone": pii.phone(f"changed {n}")
             if n % 50 == 0 else None} for n, i in enumerate(ids[:150])]
    reply = shop.call("PATCH", "/v1/customer",
                      shop.group(customer_data=rows))
    tap.equal(shop.wait(reply.json)["status"], "completed",
              "and many by a job")
    refused("a clash", shop.call("PATCH", "/v1/customer", shop.group(
        customer_data=[{"customer_id": ids[1],
                        "email": pii.values["JSON, e-mail"],
                        "name": pii.person("beside a clash")}])))
    value = pii.values["JSON, e-mail"]
    for wanted in (value, pii.email("looked for")):
        reply = shop.post("/v1/customer/find", {
            "workspace_id": shop.id, "field": "email", "value": wanted})
        tap.equal(reply.status, 200 if wanted == value else 404,
                  "a customer is looked for")
    dump("changed")
    reply = shop.call("DELETE", "/v1/customer",
                      shop.group(customer_ids=ids[:100]))
    tap.equal(reply.status, 200, "customers are deleted")


def test_processes():
    shown = f"{db}/processes"
    pids = [pid for name in ("fcgi", "worker", "nginx")
            for pid in [site.pid(name)] + site.children(name)]
    with open(shown, "wb") as out:
        for pid in pids:
            for name in ("cmdline", "environ"):
                try:
                    with open(f"/proc/{pid}/{name}", "rb") as file:
                        out.write(file.read())
                except PermissionError:  # not even we may look
                    pass
    tap.ok(os.path.getsize(shown) > 100, "command lines are there")
    for pid in pids:
        if pid == site.pid("nginx"):  # sees no request; its workers do
            continue
        with open(f"/proc/{pid}/limits", encoding="ascii") as file:
            core = [line.split()[4:6] for line in file
                    if line.startswith("Max core file size")]
        tap.equal(core, [["0", "0"]], f"S24: process {pid} leaves no core")
        if os.geteuid() != 0 and pid not in site.children("nginx"):
            tap.equal(os.stat(f"/proc/{pid}/fd").st_uid, 0,
                      f"S24: process {pid} is not dumpable")


def test_temporary():
    """Bodies of a kind that nginx writes to files stay in memory."""
    with open(f"{site.dir}/memory.path", encoding="utf-8") as file:
        memory = file.read().strip()
    if memory.startswith("/dev/shm/"):
        kind = subprocess.run(["stat", "-f", "-c", "%T", memory],
                              capture_output=True, text=True, check=True)
        tap.equal(kind.stdout.strip(), "tmpfs", "nginx: bodies are in memory")
    left = [os.path.join(path, name) for path, _, names in os.walk(memory)
            for name in names]
    tap.equal(left, [], "no temporary file is left of nginx or the spool")


def look(name, paths, what=None):
    found = (what or pii).find(paths)
    tap.equal(found, [], f"S24: nothing is found in {name}")


def finds(name, paths):
    tap.ok(control.find(paths), f"the search finds what is in {name}")


def test_search():
    site.sql("FLUSH LOGS; FLUSH TABLES", db=None)
    dump("last")
    look("dumps of the database", [dumps])
    finds("a dump", [f"{dumps}/last.sql"])
    for name, path in LOGS.items():
        look(f"MariaDB's {name}", [path])
    finds("the general log", [LOGS["general log"]])
    binlogs = [f"{db}/data/{name}" for name in os.listdir(f"{db}/data")
               if name.startswith("binlog.")]
    look("the binary log", binlogs)
    finds("the binary log", binlogs)
    look("MariaDB's files, as it runs", [f"{db}/data"])
    look("our logs, nginx's and all else of the site", [site.dir])
    look("them, of sign-in names", [site.dir, dumps, f"{db}/data"], staff)
    look("command lines and environments", [f"{db}/processes"])
    if os.path.exists(f"{db}/spools"):
        look("spooled bodies", [f"{db}/spools"])
    mariadb("stop")
    look("MariaDB's files, when it has ended", [f"{db}/data"])
    finds("MariaDB's tables", [f"{db}/data/{site.db_name}"])


tap.run(globals())
