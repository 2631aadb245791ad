"""What every section of the benchmark stands on: the site, finished rows and
their LOAD DATA, uploads, requests at a rate, and the table of figures."""
import datetime
import http.client
import json
import os
import subprocess
import time
import uuid

os.environ["COFFER_DB_LOCAL_INFILE"] = "ON"
os.environ.setdefault("COFFER_DB_POOL", "2G")
os.environ.setdefault("COFFER_DB_LOG", "512M")
os.environ.pop("COFFER_TEST_DB", None)
import coffer

ROWS = 10000
FIELDS = [
    {"field_name": "email", "field_type": "string", "pii": True,
     "required": True, "unique": True},
    {"field_name": "phone", "field_type": "string", "pii": True},
    {"field_name": "birth_date", "field_type": "date", "pii": True,
     "field_format": "dd/MM/yyyy"},
    {"field_name": "address", "field_type": "string", "pii": True},
    {"field_name": "first_name", "field_type": "string"},
    {"field_name": "last_name", "field_type": "string"},
    {"field_name": "customer_type", "field_type": "enum",
     "options": ["VIP", "regular"]},
    {"field_name": "signup_date", "field_type": "date",
     "field_format": "yyyy-MM-dd"},
    {"field_name": "lifetime_value", "field_type": "currency",
     "field_format": "USD"}]

SEARCHED = ("email", "first_name", "last_name", "phone")


def make_csv(mark, shift=0):
    """10,000 customers; with another shift every value but the e-mail is
    another."""
    lines = [",".join(field["field_name"] for field in FIELDS)]
    lines += [f"customer.{i - shift}.{mark}@example.com,+44 20 {i:08},"
              f"{i % 28 + 1:02}/{i % 12 + 1:02}/{1940 + i % 60},"
              f"\"{i % 250}, High Street\nLondon\",Zoë {i % 97},"
              f"O'Brien-{i % 89},{'VIP' if i % 2 else 'regular'},"
              f"20{10 + i % 15}-{i % 12 + 1:02}-{i % 28 + 1:02},"
              f"{i % 20000}.{i % 100:02}" for i in range(shift, ROWS + shift)]
    return ("\r\n".join(lines) + "\r\n").encode()


class Bench:
    def __init__(self, args):
        self.args = args
        self.site = coffer.Site(**{"server.processes": 4})
        self.shop = self.site.workspace(FIELDS)
        self.workspace, self.segment = self.site.sql(
            "SELECT workspace_id, MAX(id) FROM segment GROUP BY 1")[0]
        self.figures = []
        self.link = None

    def sql(self, text):
        return self.site.sql(text)

    def next_positions(self):
        rows = self.sql("SELECT next_position FROM segment"
                        f" WHERE workspace_id = {self.workspace} ORDER BY id")
        return [int(row[0]) for row in rows]

    # Finished rows

    def template(self):
        """Profiles as they are stored, to make finished rows from."""
        return [row[0] for row in self.site.sql(
            "SELECT profile FROM customer LIMIT 1000")]

    def write_files(self, count):
        """Three TSV files of `count` finished rows after the last position,
        with unique values and ids of their own."""
        seq, position = self.next_positions()
        profiles = self.template()
        now = int(time.time() * 1000)
        ws, seg = self.workspace, self.segment
        names = [f"{self.site.dir}/{t}.tsv" for t in
                 ("customer", "customer_unique", "segment_member")]
        with open(names[0], "w") as one, open(names[1], "w") as two, \
                open(names[2], "w") as three:
            for i in range(count):
                one.write(f"{ws}\t{seq + i}\t{uuid.uuid4().hex}\t1\t1\t"
                          f"{profiles[i % len(profiles)]}\t{now}\t{now}\n")
                two.write(f"{ws}\t16\t{uuid.uuid4().hex}\t{seq + i}\n")
                three.write(f"{ws}\t{seg}\t{position + i}\t{seq + i}\t"
                            f"{now}\n")
        return names

    def load(self, count):
        """LOAD DATA LOCAL INFILE of finished rows; seconds."""
        names = self.write_files(count)
        columns = ["(workspace_id, seq, @u, revision, key_version, profile,"
                   " created_at, updated_at) SET uuid = UNHEX(@u)",
                   "(workspace_id, field_id, @d, seq) SET digest = UNHEX(@d)",
                   "(workspace_id, segment_id, position, seq, segmented_at)"]
        text = "".join(
            f"LOAD DATA LOCAL INFILE '{name}' INTO TABLE "
            f"{os.path.basename(name)[:-4]} CHARACTER SET utf8mb4"
            f" {what};\n" for name, what in zip(names, columns))
        took = self.timed_client(text)
        self.settle(count)
        return took

    def timed_client(self, text):
        """Seconds of the statements alone, without the client's start."""
        done = subprocess.run(
            ["mariadb", f"--defaults-file={self.site.db_dir}/owner.cnf",
             "--local-infile=1", "--batch", "--skip-column-names",
             self.site.db_name],
            input="SELECT SYSDATE(6);\n" + text + "SELECT SYSDATE(6);\n",
            capture_output=True, text=True, check=True)
        first, last = done.stdout.split("\n")[:2]
        return stamp(last) - stamp(first)

    def settle(self, count):
        """Counters and positions for rows that were loaded."""
        seq, position = self.next_positions()
        for segment, start in ((0, seq), (int(self.segment), position)):
            values = []
            for level, span in ((0, 1024), (1, 32768)):
                for at in range(start // span, (start + count - 1) // span + 1):
                    low = max(start, at * span)
                    high = min(start + count, (at + 1) * span)
                    delta = "NULL" if level else seq - start
                    values.append(f"({self.workspace},{segment},{level},{at},"
                                  f"{high - low},{low},{high},{delta})")
            self.sql(f"INSERT INTO segment_bucket VALUES {','.join(values)} ON"
                     " DUPLICATE KEY UPDATE live = live + VALUES(live),"
                     " low = LEAST(low, VALUES(low)),"
                     " high = GREATEST(high, VALUES(high)),"
                     " delta = IF(delta = VALUES(delta), delta, NULL);"
                     f"UPDATE segment SET next_position = {start + count}"
                     f" WHERE workspace_id = {self.workspace}"
                     f" AND id = {segment}")

    def truncate(self, keep_template=False):
        if keep_template:
            self.kept = self.template()
            self.template = lambda: self.kept
        self.sql("TRUNCATE customer; TRUNCATE customer_unique;"
                 "TRUNCATE segment_member; TRUNCATE segment_bucket;"
                 "UPDATE segment SET next_position = 0")

    # Calls

    def upload(self, data=None, method="POST", where="/v1/customer/check"):
        """One upload, from POST to completed; seconds, and those until the
        answer of the POST."""
        body, kind = coffer.multipart(
            self.shop.group(), data or make_csv(uuid.uuid4().hex[:8]))
        began = time.time()
        job = self.call(method, where, body, kind)
        answered = time.time()
        path = "/" + job["job_id"].split("/", 1)[1]
        while not job.get("finished_at"):
            time.sleep(0.025)
            job = self.call("GET", path)
        if job["succeeded"] != ROWS:
            raise RuntimeError(job)
        return moment(job["finished_at"]) - began, answered - began

    def call(self, method, path, body=None, kind=None):
        """A call over the one connection that is kept, as clients do: TLS
        handshakes would take as much time as what is measured."""
        headers = {"Authorization": f"Bearer {self.shop.token}"}
        if kind:
            headers["Content-Type"] = kind
        return self.send(method, path, body, headers)

    def call_key(self, shop, method, path, body=None):
        """The same, by the API key of a workspace."""
        headers = {"x-dxp-tenant": shop.account, "x-api-key": shop.api_key}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body).encode()
        return self.send(method, path, body, headers)

    def send(self, method, path, body, headers):
        if self.link is None:
            self.link = http.client.HTTPSConnection(
                "localhost", self.site.port, context=self.site.tls)
        self.link.request(method, path, body, headers)
        answer = self.link.getresponse()
        text = answer.read()
        if answer.status not in (200, 201, 202):
            raise RuntimeError(f"{answer.status} {text[:500]!r}")
        return json.loads(text)

    def ids(self, condition):
        """Up to ROWS customers' ids, in order of seq."""
        rows = self.sql("SELECT HEX(uuid) FROM customer WHERE workspace_id ="
                        f" {self.workspace} AND {condition} LIMIT {ROWS}")
        return [str(uuid.UUID(row[0])) for row in rows]

    def wrk(self, path, script, clients=4, seconds=3, refused=False):
        """Requests a second, of what a script of wrk says."""
        name = f"{self.site.dir}/wrk.lua"
        with open(name, "w") as file:
            file.write(script)
        done = subprocess.run(
            ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "-s", name,
             f"https://localhost:{self.site.port}{path}"],
            capture_output=True, text=True, check=True)
        if ("Non-2xx" in done.stdout) != refused or \
                "Socket errors" in done.stdout:
            raise RuntimeError(done.stdout)
        return float(done.stdout.split("Requests/sec:")[1].split()[0])

    # Report

    def report(self, name, got, yard, ratio, target, shown=None):
        """A figure; the target is "<= 1.5" or ">= 0.5" of the ratio."""
        sign, bound = target.split()
        good = ratio <= float(bound) if sign == "<=" else ratio >= float(bound)
        self.figures.append((name, got, yard, f"{ratio:.2f}", shown or target,
                             "met" if good else "MISSED"))
        print("  " + " | ".join(self.figures[-1]), flush=True)

    def limit(self, name, took, most, got=None):
        """Milliseconds, and the most that they may be."""
        self.report(name, got or f"{took:.1f} ms", "", took / most, "<= 1",
                    f"<= {most} ms")

    def table(self):
        head = ("what", "Coffer", "yardstick", "ratio", "target", "")
        rows = [head] + self.figures
        widths = [max(len(row[i]) for row in rows) for i in range(6)]
        for row in rows:
            print("| " + " | ".join(c.ljust(w) for c, w in zip(row, widths))
                  + " |")


def with_headers(**headers):
    """The lines of a wrk script that set them; _ stands for -."""
    return "".join(f'wrk.headers["{name.replace("_", "-")}"] = "{value}"\n'
                   for name, value in headers.items())


def moment(text):
    """Seconds of a time as the API writes it."""
    return datetime.datetime.fromisoformat(
        text.replace("Z", "+00:00")).timestamp()


def stamp(text):
    """Seconds of a time as MariaDB writes it."""
    day, fraction = text.strip().split(".")
    return time.mktime(time.strptime(day, "%Y-%m-%d %H:%M:%S")) \
        + float("0." + fraction)
