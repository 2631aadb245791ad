"""A real Coffer for a test: nginx with TLS, the pool, a worker and MariaDB,
in a directory and a database of the test's own, gone when the test ends.

    site = coffer.Site(worker=True, **{"worker.lease": 1000})
    shop = site.workspace(fields=[...])      an account with a signed-in admin
    status, body = shop.post("/v1/customer/pages", shop.group())
"""
import atexit
import http.client
import json
import os
import random
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import uuid

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.environ.get("COFFER_BUILD", TOP)


def eventually(condition, seconds=10):
    """Whether condition() holds within so many seconds; it is asked again and
    again until it does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def wait_until(condition, seconds=60):
    """As eventually(), for what a test cannot go on without."""
    if not eventually(condition, seconds):
        raise TimeoutError(f"not within {seconds} s")


class Beside:
    """Threads beside a `with` block, which look at `stop`: it is set at the
    block's end, and they are waited for."""

    def __init__(self, *targets):
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=target, daemon=True)
                        for target in targets]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()


class Reply:
    """What came back: status, headers (a Message), raw bytes, JSON."""

    def __init__(self, status, headers, raw):
        self.status, self.headers, self.raw = status, headers, raw

    @property
    def json(self):
        return json.loads(self.raw)

    def __iter__(self):  # status, body = reply
        yield self.status
        try:
            yield self.json
        except ValueError:
            yield self.raw

    def __repr__(self):
        return f"{self.status} {self.raw[:500]!r}"


class Site:
    """`parts` as contrib/site names them; other options are coffer.ini's,
    as "section.option"."""

    def __init__(self, parts="fcgi worker nginx", **options):
        self.dir = tempfile.mkdtemp(prefix="coffer-t.")
        self.db_dir = os.environ.get("COFFER_TEST_DB")
        self.own_db = self.db_dir is None
        self.db_name = "t_" + uuid.uuid4().hex[:12]
        if self.own_db:
            self.db_dir = os.path.join(self.dir, "db")
            self.mariadb("start")
        self.parts = parts
        self.options = options
        self.accounts = 0
        atexit.register(self.close)
        self.up()

    def mariadb(self, verb):
        subprocess.run(["sh", f"{TOP}/contrib/mariadb", verb, self.db_dir],
                       check=True)

    def up(self, parts=None):
        """Starts what is not running."""
        environment = dict(
            os.environ, SITE_DB=self.db_dir, SITE_DB_NAME=self.db_name,
            SITE_PARTS=parts or self.parts,
            SITE_OPTIONS=" ".join(f"{k}={v}" for k, v in self.options.items()))
        subprocess.run(["sh", f"{TOP}/contrib/site", "up", self.dir, BUILD],
                       env=environment, check=True)
        with open(f"{self.dir}/port", encoding="ascii") as file:
            self.port = int(file.read())
        self.tls = ssl.create_default_context(cafile=f"{self.dir}/tls/ca.pem")

    def close(self):
        if not self.dir:
            return
        subprocess.run(["sh", f"{TOP}/contrib/site", "down", self.dir],
                       check=False)
        if self.own_db:
            self.mariadb("stop")
        else:
            self.sql(f"DROP DATABASE IF EXISTS `{self.db_name}`", db=None)
        if not os.environ.get("COFFER_TEST_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)
        self.dir = None

    # Processes

    def pid(self, name):
        with open(f"{self.dir}/{name}.pid", encoding="ascii") as file:
            return int(file.read())

    def children(self, name):
        """The processes under the master `name`."""
        pid = self.pid(name)
        with open(f"/proc/{pid}/task/{pid}/children",
                  encoding="ascii") as file:
            return [int(word) for word in file.read().split()]

    def kill(self, name, sig=signal.SIGKILL):
        os.kill(self.pid(name), sig)

    def stop(self, name):
        """Asks a master to end, and waits until it has gone."""
        pid = self.pid(name)
        self.kill(name, signal.SIGTERM)
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 20)

    def kill_somebody(self, name, odds=0.5):
        """kill -9 of a child of `name`, or, against the odds, of its master
        and all its children; it is started anew then."""
        victims = self.children(name)
        all_of_it = random.random() >= odds or not victims
        if all_of_it:
            victims.append(self.pid(name))
        else:
            victims = [random.choice(victims)]
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:  # faster than we
                pass
        if all_of_it:
            self.up(name)

    # Commands and SQL

    def ctl(self, *words, stdin="", check=True):
        """Runs cofferctl; returns its standard output, stripped, or, with
        check=False, the CompletedProcess."""
        done = subprocess.run(
            [f"{BUILD}/cofferctl", "--config", f"{self.dir}/coffer.ini",
             *words], input=stdin, capture_output=True, text=True,
            env=dict(os.environ, COFFER_SCHEMA_DIR=f"{TOP}/schema"))
        if not check:
            return done
        if done.returncode:
            raise RuntimeError(f"cofferctl {words}: {done.stderr}")
        return done.stdout.strip()

    def sql(self, text, db=""):
        """Runs SQL as the owner; rows as lists of text."""
        name = self.db_name if db == "" else db
        command = ["mariadb", f"--defaults-file={self.db_dir}/owner.cnf",
                   "--batch", "--skip-column-names"]
        done = subprocess.run(command + ([name] if name else []), input=text,
                              capture_output=True, text=True, check=True,
                              errors="replace")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def logs(self):
        """All that the programs and nginx have logged."""
        text = ""
        for name in sorted(os.listdir(f"{self.dir}/log")):
            with open(f"{self.dir}/log/{name}", encoding="utf-8",
                      errors="replace") as file:
                text += file.read()
        return text

    # HTTP

    def request(self, method, path, body=None, headers=None, timeout=60):
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        link = http.client.HTTPSConnection("localhost", self.port,
                                           context=self.tls, timeout=timeout)
        try:
            link.request(method, path, body, headers)
            answer = link.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            link.close()

    def keep_alive(self):
        """From now on each thread keeps one connection for its requests, for
        tests of so many that handshakes would be most of their time."""
        mine = threading.local()

        def request(method, path, body=None, headers=None, timeout=60):
            headers = dict(headers or {})
            if isinstance(body, (dict, list)):
                body = json.dumps(body).encode()
                headers.setdefault("Content-Type", "application/json")
            for fresh in (False, True):
                if fresh or not getattr(mine, "link", None):
                    mine.link = http.client.HTTPSConnection(
                        "localhost", self.port, context=self.tls,
                        timeout=timeout)
                try:
                    mine.link.request(method, path, body, headers)
                    answer = mine.link.getresponse()
                    return Reply(answer.status, answer.headers, answer.read())
                except (http.client.RemoteDisconnected, BrokenPipeError,
                        ConnectionResetError):
                    if fresh:  # nginx ends connections between requests
                        raise
        self.request = request

    # Sample tenants

    def workspace(self, fields=None, account=None, role="admin"):
        """A workspace with its group and a signed-in user, in a new account
        unless one is named."""
        if account is None:
            self.accounts += 1
            account = f"acc{self.accounts}"
            self.ctl("account", "create", account, "--name", account)
        return Workspace(self, account, DEFAULT_FIELDS if fields is None
                         else fields, role)


DEFAULT_FIELDS = [
    {"field_name": "email", "display_name": "E-mail", "field_type": "string",
     "pii": True, "required": True, "unique": True, "max_length": 254},
    {"field_name": "phone", "field_type": "string", "pii": True},
    {"field_name": "first_name", "display_name": "First Name",
     "field_type": "string"},
    {"field_name": "signup_date", "field_type": "date",
     "field_format": "yyyy-MM-dd"},
    {"field_name": "lifetime_value", "field_type": "currency",
     "field_format": "USD"},
    {"field_name": "customer_type", "field_type": "enum",
     "options": ["VIP", "regular"]},
]


class Workspace:
    def __init__(self, site, account, fields, role):
        self.site, self.account = site, account
        self.id = site.ctl("workspace", "create", "--account", account,
                           "--name", "Shop")
        for field in fields:
            site.ctl("field", "create", "--workspace", self.id, "--json",
                     json.dumps(field))
        self.group_id = site.ctl("group", "create", "--workspace", self.id,
                                 "--name", "Customers", "--code", "customers")
        self.api_key = site.ctl("api-key", "create", "--workspace", self.id,
                                "--privileges", "all")
        self.token = self.user(role)

    def user(self, role):
        """A new user with a role here; returns an access token of it."""
        email = f"{role}.{uuid.uuid4().hex[:8]}@staff.example"
        self.site.ctl("user", "create", "--account", self.account, "--email",
                      email, "--role", role, "--workspace", self.id,
                      "--password-stdin", stdin="correct horse battery")
        self.email = email
        return self.login(email)["access_token"]

    def login(self, email=None, password="correct horse battery"):
        for _ in range(10):
            reply = self.site.request(
                "POST", "/v1/auth",
                {"email": email or self.email, "password": password},
                {"x-api-key": self.api_key})
            if reply.status != 429:
                break
            time.sleep(0.2)  # others sign in at this moment
        if reply.status != 200:
            raise RuntimeError(f"sign-in: {reply}")
        return reply.json

    def group(self, **more):
        return {"workspace_id": self.id, "customer_group_id": self.group_id,
                **more}

    def call(self, method, path, body=None, headers=None, token=None,
             timeout=60):
        headers = dict(headers or {})
        headers["Authorization"] = f"Bearer {token or self.token}"
        return self.site.request(method, path, body, headers, timeout)

    def post(self, path, body=None, **more):
        return self.call("POST", path, body, **more)

    def scv(self, method, path, body=None, headers=None, key=None,
            tenant=None, timeout=60):
        """A call of the Single Customer View face by the API key."""
        headers = {"x-dxp-tenant": tenant or self.account,
                   "x-api-key": key or self.api_key, **(headers or {})}
        return self.site.request(method, "/scv" + path, body, headers,
                                 timeout)

    def key(self, *privileges):
        """A new API key with those privileges alone."""
        return self.site.ctl("api-key", "create", "--workspace", self.id,
                             "--privileges", ",".join(privileges))

    def check(self, customers, token=None, headers=None, **more):
        """POST /v1/customer/check with a JSON body."""
        return self.post("/v1/customer/check",
                         self.group(customer_data=customers, **more),
                         token=token, headers=headers)

    def upload(self, data, headers=None, **more):
        """POST /v1/customer/check with a CSV (bytes or text)."""
        if isinstance(data, str):
            data = data.encode()
        fields = {key: str(value).lower() if isinstance(value, bool) else value
                  for key, value in self.group(**more).items()}
        body, kind = multipart(fields, data)
        return self.post("/v1/customer/check", body,
                         headers={"Content-Type": kind, **(headers or {})},
                         timeout=120)

    def job(self, answer):
        """The job of an upload's answer, by its own address."""
        return self.call("GET", "/" + answer["job_id"].split("/", 1)[1])

    def wait(self, answer, seconds=60):
        """The job once it has ended."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            status, job = self.job(answer)
            if status == 200 and job["finished_at"]:
                return job
            time.sleep(0.05)
        raise RuntimeError(f"the job has not ended: {job}")

    def page(self, number=0, group_id=None):
        return self.post("/v1/customer", {
            "workspace_id": self.id,
            "customer_group_id": group_id or self.group_id,
            "page_number": number})


def multipart(fields, data, mark="coffer-test-boundary"):
    """A form of text fields and data_file; data None leaves the file out."""
    parts = [f"--{mark}\r\nContent-Disposition: form-data; name=\"{key}\""
             f"\r\n\r\n{value}\r\n".encode() for key, value in fields.items()]
    if data is not None:
        parts.append(
            f"--{mark}\r\nContent-Disposition: form-data; "
            "name=\"data_file\"; filename=\"c.csv\"\r\n"
            "Content-Type: text/csv\r\n\r\n".encode() + data + b"\r\n")
    parts.append(f"--{mark}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={mark}"


def csv_rows(count, start=1, mark=""):
    """A CSV of `count` customers for DEFAULT_FIELDS, as text."""
    lines = ["E-mail,phone,First Name,signup_date,lifetime_value,"
             "customer_type"]
    lines += [f"c{i}{mark}@example.org,+44 {i:09},Ann {i},2024-02-29,"
              f"{i}.50,{'VIP' if i % 2 else 'regular'}"
              for i in range(start, start + count)]
    return "\r\n".join(lines) + "\r\n"
