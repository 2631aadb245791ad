#!/usr/bin/env python3
"""The benchmark; see README beside this file, and run by `run`.

Every figure is a ratio to a yardstick of the same run, on the same machine, on
the same site: LOAD DATA LOCAL INFILE of the same finished rows into the same
tables for uploads, a static body of the same size through as many FastCGI
processes for pages.
"""
import argparse
import datetime
import http.client
import json
import os
import random
import statistics
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

    # Uploads

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
        finished = datetime.datetime.fromisoformat(
            job["finished_at"].replace("Z", "+00:00")).timestamp()
        return finished - began, answered - began

    def call(self, method, path, body=None, kind=None):
        """A call over the one connection that is kept, as clients do: TLS
        handshakes would take as much time as what is measured."""
        headers = {"Authorization": f"Bearer {self.shop.token}"}
        if kind:
            headers["Content-Type"] = kind
        if self.link is None:
            self.link = http.client.HTTPSConnection(
                "localhost", self.site.port, context=self.site.tls)
        self.link.request(method, path, body, headers)
        answer = self.link.getresponse()
        text = answer.read()
        if answer.status not in (200, 202):
            raise RuntimeError(f"{answer.status} {text!r}")
        return json.loads(text)

    def uploads(self, name, target, empty):
        """Uploads and loads by turns, after one of each to warm up."""
        posts, answers, loads = [], [], []
        for turn in range(self.args.runs + 1):
            if empty:
                self.truncate()
            took, answered = self.upload()
            if empty:
                self.truncate(keep_template=True)
            loaded = self.load(ROWS)
            if turn:
                posts.append(took)
                answers.append(answered)
                loads.append(loaded)
        post, load = statistics.median(posts), statistics.median(loads)
        self.report(name, f"{post * 1000:.0f} ms (POST alone "
                    f"{statistics.median(answers) * 1000:.0f} ms)",
                    f"{load * 1000:.0f} ms", post / load, f"<= {target}",
                    post / load <= target)

    def updates(self, target):
        """Uploads, and updates of the same rows found by their e-mails, by
        turns."""
        posts, patches, answers = [], [], []
        for turn in range(self.args.runs + 1):
            mark = uuid.uuid4().hex[:8]
            post, _ = self.upload(make_csv(mark))
            patch, answered = self.upload(
                make_csv(mark, 1009), "PATCH", "/v1/customer")
            if turn:
                posts.append(post)
                patches.append(patch)
                answers.append(answered)
        post, patch = statistics.median(posts), statistics.median(patches)
        self.report(f"update 10,000 rows by e-mail, {self.args.rows} stored /"
                    " upload", f"{patch * 1000:.0f} ms (PATCH alone "
                    f"{statistics.median(answers) * 1000:.0f} ms)",
                    f"{post * 1000:.0f} ms", patch / post, f"<= {target}",
                    patch / post <= target)

    def truncate(self, keep_template=False):
        if keep_template:
            self.kept = self.template()
            self.template = lambda: self.kept
        self.sql("TRUNCATE customer; TRUNCATE customer_unique;"
                 "TRUNCATE segment_member; TRUNCATE segment_bucket;"
                 "UPDATE segment SET next_position = 0")

    # Deletions

    def ids(self, condition):
        """Up to ROWS customers' ids, in order of seq."""
        rows = self.sql("SELECT HEX(uuid) FROM customer WHERE workspace_id ="
                        f" {self.workspace} AND {condition} LIMIT {ROWS}")
        return [str(uuid.UUID(row[0])) for row in rows]

    def some_seqs(self):
        """Seqs at random, some more than are needed."""
        end = self.next_positions()[0]
        return ",".join(str(seq) for seq in sorted(random.sample(
            range(end), min(end, ROWS * 11 // 10))))

    def delete(self, ids):
        """Seconds of one call that deletes them."""
        body = json.dumps(self.shop.group(customer_ids=ids)).encode()
        began = time.time()
        answer = self.call("DELETE", "/v1/customer", body, "application/json")
        took = time.time() - began
        if answer["deleted"] != len(ids):
            raise RuntimeError(answer["deleted"])
        return took

    def deletions(self):
        """Uploads and deletions by turns, after one of each to warm up."""
        posts, near, far = [], [], []
        self.link = None  # nginx has closed it while rows were stored
        for turn in range(self.args.runs + 1):
            post = self.upload()[0]
            end = self.next_positions()[0]
            beside = self.delete(self.ids(f"seq >= {end - ROWS}"))
            apart = self.delete(self.ids(f"seq IN ({self.some_seqs()})"))
            self.load(ROWS)
            if turn:
                posts.append(post)
                near.append(beside)
                far.append(apart)
        post = statistics.median(posts)
        for name, took, target in (("neighbouring", near, 1.0),
                                   ("random", far, 4.0)):
            took = statistics.median(took)
            self.report(f"delete 10,000 {name} rows, {self.args.rows} stored"
                        " / upload", f"{took * 1000:.0f} ms",
                        f"{post * 1000:.0f} ms", took / post,
                        f"<= {target}", took / post <= target)

    # Search

    def searches(self):
        """Uploads into two workspaces by turns, one of which has searchable
        fields; then searches in that one, when there are --rows texts."""
        plain = self.shop
        found = self.site.workspace(
            [dict(field, searchable=field["field_name"] in SEARCHED)
             for field in FIELDS])
        times = {plain: [], found: []}
        for turn in range(self.args.runs + 1):
            for self.shop in (plain, found):
                self.link = None
                took = self.upload()[0]
                if turn:
                    times[self.shop].append(took)
        self.shop = plain
        with_text, without = (statistics.median(times[shop])
                              for shop in (found, plain))
        self.report("upload 10,000 rows, four fields searchable / none",
                    f"{with_text * 1000:.0f} ms", f"{without * 1000:.0f} ms",
                    with_text / without, "<= 1.1",
                    with_text / without <= 1.1)
        where = self.sql("SELECT account_id, id FROM workspace WHERE uuid ="
                         f" UNHEX(REPLACE('{found.id}', '-', ''))")[0]
        self.time_searches(where)

    def time_searches(self, where):
        """Milliseconds of searches, at the median and at the 95th percent."""
        def run(*words):
            return subprocess.run(
                [f"{coffer.BUILD}/bench-search",
                 f"{self.site.dir}/coffer.ini", *where, *words],
                capture_output=True, text=True, check=True).stdout
        run("fill", str(max(0, self.args.rows - (self.args.runs + 1) * ROWS)))
        size = self.sql("SELECT SUM(LENGTH(text)), COUNT(*) FROM search_block"
                        f" WHERE workspace_id = {where[1]}")[0]
        print(f"  {size[0]} bytes in {size[1]} parts", flush=True)
        targets = {"page_full": 20, "one_found": 80, "none": 80, "none_2": 80}
        for pending in ("0", "1000"):
            run("pend", pending)
            for line in run("time", str(20 * self.args.runs)).splitlines():
                name, p50, p95 = line.split()
                if name in targets:
                    self.report(f"search, {name}, {pending} pending (p95)",
                                f"{p95} ms (p50 {p50} ms)", "",
                                float(p95) / targets[name],
                                f"<= {targets[name]} ms",
                                float(p95) <= targets[name])
                else:
                    print("  " + line, flush=True)

    # Pages

    def wrk(self, path, body, seconds=6):
        """Requests a second of a POST."""
        script = f"{self.site.dir}/post.lua"
        with open(script, "w") as file:
            file.write('wrk.method = "POST"\n'
                       f"wrk.body = [[{json.dumps(body)}]]\n"
                       'wrk.headers["Content-Type"] = "application/json"\n'
                       'wrk.headers["Authorization"] = '
                       f'"Bearer {self.shop.token}"\n')
        done = subprocess.run(
            ["wrk", "-t1", "-c4", f"-d{seconds}s", "-s", script,
             f"https://localhost:{self.site.port}{path}"],
            capture_output=True, text=True, check=True)
        if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
            raise RuntimeError(done.stdout)
        return float(done.stdout.split("Requests/sec:")[1].split()[0])

    def start_yardstick(self, body):
        with open(f"{self.site.dir}/static", "wb") as file:
            file.write(body)
        socket = f"{self.site.dir}/yardstick.sock"
        self.yardstick = subprocess.Popen(
            [f"{coffer.BUILD}/yardstick", socket, "4",
             f"{self.site.dir}/static"])
        conf = f"{self.site.dir}/nginx.conf"
        with open(conf) as file:
            text = file.read()
        at = text.index("location / {")
        end = text.index("\n\t\t}\n", at) + 5
        location = text[at:end].replace("location /", "location /yardstick")
        location = "\n".join(
            f"fastcgi_pass unix:{socket};" if "fastcgi_pass" in line else line
            for line in location.split("\n"))
        with open(conf, "w") as file:
            file.write(text[:at] + location + "\n" + text[at:])
        self.site.kill("nginx", 1)
        time.sleep(1)

    def pages(self):
        shop = self.shop
        count = shop.post("/v1/customer/pages", shop.group()).json["pages"]
        first, last = shop.group(page_number=0), \
            shop.group(page_number=count - 1)
        body = shop.page(count - 1).raw
        self.start_yardstick(body)
        rates = {"first": [], "last": [], "static": []}
        for _ in range(self.args.runs):
            rates["first"].append(self.wrk("/v1/customer", first, 3))
            rates["last"].append(self.wrk("/v1/customer", last, 3))
            rates["static"].append(self.wrk("/yardstick", last, 3))
        self.yardstick.terminate()
        first, last, static = (statistics.median(rates[name])
                               for name in ("first", "last", "static"))
        self.report(f"page {count - 1} of {count}, time / that of page 0",
                    f"{last:.0f}/s", f"{first:.0f}/s", first / last,
                    "<= 1.3", first / last <= 1.3)
        self.report(f"pages of 1000 ({len(body) // 1000} kB) / static body",
                    f"{last:.0f}/s", f"{static:.0f}/s", last / static,
                    ">= 0.7", last / static >= 0.7)

    # Single customers

    def wrk_key(self, path, clients, script, seconds=3, refused=False):
        """Requests a second by the API key; the script makes the rest."""
        name = f"{self.site.dir}/single.lua"
        with open(name, "w") as file:
            file.write(f'wrk.headers["x-api-key"] = "{self.shop.api_key}"\n'
                       'wrk.headers["x-dxp-tenant"] = '
                       f'"{self.shop.account}"\n' + script)
        done = subprocess.run(
            ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "-s", name,
             f"https://localhost:{self.site.port}{path}"],
            capture_output=True, text=True, check=True)
        if ("Non-2xx" in done.stdout) != refused or \
                "Socket errors" in done.stdout:
            raise RuntimeError(done.stdout)
        return float(done.stdout.split("Requests/sec:")[1].split()[0])

    def gets(self):
        """Customers by id, at random among those that were uploaded (the
        values of the others are sealed for whom they were copied from); the
        no-op is /healthz, of the same pool."""
        ids = self.ids(f"seq < {ROWS}")
        script = ("local ids = {" + ",".join(f'"{i}"' for i in ids) + "}\n"
                  "function request() return wrk.format('GET',"
                  " '/scv/customers/' .. ids[math.random(#ids)]) end\n")
        for clients in (1, 4):
            got, noop, signed = [], [], []
            for _ in range(self.args.runs):
                got.append(self.wrk_key("/", clients, script, 2))
                noop.append(self.wrk_key("/healthz", clients, "", 2))
                signed.append(self.wrk_key("/scv/customers/x", clients, "", 2,
                                           refused=True))
            got, noop, signed = (statistics.median(rates)
                                 for rates in (got, noop, signed))
            for what, rate in (("no-op of the same pool", noop),
                               ("400 after authentication", signed)):
                self.report(f"GET by id, {self.args.rows} stored, {clients} "
                            f"clients / {what}", f"{got:.0f}/s",
                            f"{rate:.0f}/s", got / rate, ">= 0.5",
                            got / rate >= 0.5)

    def inserts(self, clients):
        """Finished rows inserted and committed one by one, a second."""
        seq = self.next_positions()[0]
        name = f"{self.site.dir}/profile"
        with open(name, "w") as file:
            file.write(self.template()[0])
        done = subprocess.run(
            [f"{coffer.BUILD}/insert", f"{self.site.db_dir}/owner.cnf",
             self.site.db_name, self.workspace, str(seq), "3", str(clients),
             name], capture_output=True, text=True, check=True)
        self.sql(f"DELETE FROM customer_unique WHERE seq >= {seq};"
                 f"DELETE FROM customer WHERE seq >= {seq}")
        return float(done.stdout)

    def creates(self):
        """Single creates, and bare inserts, by turns."""
        row = dict(zip((field["field_name"] for field in FIELDS),
                       ["EMAIL", "+44 20 00000007", "07/01/1947",
                        "7, High Street\nLondon", "Zoë 7", "O'Brien-7", "VIP",
                        "2017-08-08", "7.07"]))
        turn = 0
        for clients in (1, 4):
            posts, inserts = [], []
            for _ in range(self.args.runs):
                turn += 1
                head, tail = json.dumps(row).split("EMAIL")
                posts.append(self.wrk_key(
                    "/scv/customers", clients,
                    'wrk.headers["Content-Type"] = "application/json"\n'
                    "local n = 0\nfunction request() n = n + 1\n"
                    f"return wrk.format('POST', nil, nil, [[{head}]] .. "
                    f"'customer.' .. n .. '.{turn}.{time.time()}@example.com'"
                    f" .. [[{tail}]]) end\n"))
                inserts.append(self.inserts(clients))
            post, bare = statistics.median(posts), statistics.median(inserts)
            self.report(f"create one, {self.args.rows} stored, {clients} "
                        "clients / bare insert and COMMIT", f"{post:.0f}/s",
                        f"{bare:.0f}/s", post / bare, ">= 0.5",
                        post / bare >= 0.5)

    def rotations(self):
        """Readers of pages, before and while the data key is rotated."""
        shop, site = self.shop, self.site
        body = shop.group(page_number=0)
        before, during = [], []
        for _ in range(self.args.runs):
            before.append(self.wrk("/v1/customer", body, 3))
        ids = site.ctl("key", "rotate", "--account", shop.account).split()
        time.sleep(1)
        seen = 0
        for _ in range(2 * self.args.runs):
            rate = self.wrk("/v1/customer", body, 3)
            job = shop.call("GET", "/" + ids[0].split("/", 1)[1]).json
            if job["finished_at"]:
                break
            seen = job["processed"]
            during.append(rate)
        before, during = statistics.median(before), statistics.median(during)
        self.report(f"pages while {self.args.rows} customers are rotated / "
                    f"before ({seen} done meanwhile)", f"{during:.0f}/s",
                    f"{before:.0f}/s", during / before, ">= 0.8",
                    during / before >= 0.8)

    # The other face: lists, and searches over HTTP

    def fill_face(self):
        """A workspace of customers that were really uploaded, for those who
        open them: rows that LOAD DATA copies are sealed for others."""
        fields = [dict(field, searchable=field["field_name"] in SEARCHED)
                  for field in FIELDS]
        fields[0]["role"] = "verified_email"
        self.face, shop = self.site.workspace(fields), self.shop
        self.small = self.site.ctl("group", "create", "--workspace",
                                   self.face.id, "--name", "Small", "--code",
                                   "small")
        self.shop = self.face
        for turn in range(max(1, self.args.rows // ROWS)):
            if turn == self.args.rows // ROWS // 2:
                self.face.check([
                    {"email": f"few.{i}@example.com", "first_name":
                     "Xaverius"} for i in range(100)])
                for one in self.face_list("search[contains]=xaverius&page[size]"
                                          "=100&retProps=$customerid")["data"]:
                    self.face.scv("PUT", "/segments/small/customers/"
                                  + one["$customerid"])
            self.upload(make_csv(f"{turn:05}"))
        self.shop = shop

    def face_list(self, query, path=None):
        """A list, over the one connection that is kept."""
        if self.link is None:
            self.link = http.client.HTTPSConnection(
                "localhost", self.site.port, context=self.site.tls)
        self.link.request("GET", path or "/scv/customers?" + query, headers={
            "x-dxp-tenant": self.face.account, "x-api-key": self.face.api_key})
        answer = self.link.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {text[:500]!r}")
        return json.loads(text)

    def times(self, *paths):
        """Milliseconds of a hundred answers of each path, by turns."""
        took = [[] for _ in paths]
        for turn in range(110):
            for path, out in zip(paths, took):
                began = time.perf_counter()
                self.face_list("", path)
                out.append((time.perf_counter() - began) * 1000)
        return [sorted(out[10:]) for out in took]

    def p95(self, queries):
        """Milliseconds that 95 of a hundred answers stay within."""
        took = self.times(*["/scv/customers?" + query for query in queries])
        return sorted(one for out in took for one in out)[
            95 * len(queries) - 1]

    def limit(self, name, took, most):
        self.report(name, f"{took:.1f} ms", f"{most} ms", took / most,
                    f"<= {most} ms", took <= most)

    def face_searches(self):
        at = f", {self.args.rows} stored, p95"
        find = "search[contains]="
        self.limit("search, a page of 50 found" + at, self.p95(
            [find + t for t in ("Zo%C3%AB+42", "o'BRIEN-7", "%2B44+20+0000",
                                "e", "00017%40example")]), 20)
        self.limit("search, found in one place" + at,
                   self.p95([find + f"customer.{i}.00000%40" for i in range(
                       5000, 5020)]), 80)
        self.limit("search, nobody found" + at, self.p95(
            [find + t for t in ("nobody", "qqq", "zz%40top")]), 80)
        self.limit("search of 1 in 97, by date" + at, self.p95(
            [find + "Zo%C3%AB+42&sort=-createdDate"]), 160)

    def deep(self, query, part=0.9):
        """The path of a page that far into a list."""
        reply = self.face_list(query + "&retProps=$customerid&page[size]=1000")
        for _ in range(int(self.args.rows * part) // 1000):
            path = reply["links"]["next"].split("/", 3)[3]
            reply = self.face_list("", "/" + path)
        cursor = reply["links"]["next"].split("page%5Bafter%5D=")[1]
        return f"/scv/customers?{query}&page[after]={cursor}"

    def lists(self):
        for query in ("segment=customers", "segment=all",
                      "segment=customers&sort=-segmentedDate",
                      "segment=customers&sort=createdDate",
                      "segment=customers&sort=-updatedDate"):
            first, deep = (statistics.median(out) for out in self.times(
                "/scv/customers?" + query, self.deep(query)))
            self.report(f"{query}, page of 50 at 90% / first", f"{deep:.1f} ms",
                        f"{first:.1f} ms", deep / first, "<= 1.3",
                        deep / first <= 1.3)
        for sort in ("createdDate", "-updatedDate"):
            self.limit(f"100 of {self.args.rows} by {sort}, page of 50, p95",
                       self.p95([f"segment=small&sort={sort}"]), 20)
        email = "email=customer.77.00001%40example.com"
        if len(self.face_list(email)["data"]) != 1:
            raise RuntimeError("nobody has the e-mail")
        self.limit("one by e-mail, p95", self.p95([email]), 20)
        self.limit("1,000 customers in full, p95", self.p95(
            ["segment=customers&page[size]=1000&retAllProps=1"]), 200)

    # Exports

    def export(self, segment):
        """Seconds of an export, from the POST to the finished file, and its
        record."""
        headers = {"x-dxp-tenant": self.shop.account,
                   "x-api-key": self.shop.api_key}
        path = "/scv/exports"
        record = self.site.request("POST", path, {"segment": segment},
                                   headers).json
        path += "/" + record["exportid"]
        while record.get("status", "queued") in ("queued", "running"):
            time.sleep(0.1)
            record = self.site.request("GET", path, None, headers).json
        if record["status"] != "completed":
            raise RuntimeError(record)
        took = [datetime.datetime.fromisoformat(
            record[name].replace("Z", "+00:00")).timestamp()
            for name in ("created", "finished")]
        return took[1] - took[0], record

    def fetch(self, sql):
        """Seconds in which a C program reads the rows of a statement."""
        rows, _, took = subprocess.run(
            [f"{coffer.BUILD}/fetch", f"{self.site.db_dir}/owner.cnf",
             self.site.db_name, sql], capture_output=True, text=True,
            check=True).stdout.split()
        return float(took), int(rows)

    def peak(self):
        """The most memory that a process of the worker has had, in MB."""
        most = 0
        for pid in self.site.children("worker"):
            with open(f"/proc/{pid}/status", encoding="ascii") as file:
                for line in file:
                    if line.startswith("VmHWM"):
                        most = max(most, int(line.split()[1]))
        return most / 1024

    def restart_worker(self):
        pid = self.site.pid("worker")
        self.site.kill("worker", 15)
        while os.path.exists(f"/proc/{pid}"):
            time.sleep(0.05)
        self.site.up("worker")

    def exports(self):
        """Exports and bare reads of the same rows by turns. The rows are
        uploaded: loaded ones would not open."""
        self.truncate()
        for _ in range(self.args.rows // ROWS):
            self.upload()
        self.link = None
        columns = "c.seq, c.uuid, c.profile, c.key_version, c.layout"
        reads = {
            "all": f"SELECT {columns} FROM customer c WHERE c.workspace_id ="
                   f" {self.workspace} ORDER BY c.seq",
            "customers": f"SELECT {columns} FROM segment_member m"
                         " STRAIGHT_JOIN customer c ON c.workspace_id ="
                         " m.workspace_id AND c.seq = m.seq WHERE"
                         f" m.workspace_id = {self.workspace} AND"
                         f" m.segment_id = {self.segment}"
                         " ORDER BY m.position"}
        self.restart_worker()
        for segment, sql in reads.items():
            exports, fetches = [], []
            for turn in range(self.args.runs + 1):
                fetched, rows = self.fetch(sql)
                took, record = self.export(segment)
                if record["rows"] != rows:
                    raise RuntimeError(record)
                if turn:
                    exports.append(took)
                    fetches.append(fetched)
            took, fetched = map(statistics.median, (exports, fetches))
            self.report(f"export {rows} rows of \"{segment}\" / fetch",
                        f"{took * 1000:.0f} ms", f"{fetched * 1000:.0f} ms",
                        took / fetched, "<= 1.15", took / fetched <= 1.15)
        self.report("peak memory of a worker that exports",
                    f"{self.peak():.1f} MB", "16 MB", self.peak() / 16,
                    "<= 1", self.peak() <= 16)

    # Report

    def report(self, name, got, yard, ratio, target, good):
        self.figures.append((name, got, yard, f"{ratio:.2f}", target,
                             "met" if good else "MISSED"))
        print("  " + " | ".join(self.figures[-1]), flush=True)

    def table(self):
        head = ("what", "Coffer", "yardstick", "ratio", "target", "")
        rows = [head] + self.figures
        widths = [max(len(row[i]) for row in rows) for i in range(6)]
        for row in rows:
            print("| " + " | ".join(c.ljust(w) for c, w in zip(row, widths))
                  + " |")


def stamp(text):
    day, fraction = text.strip().split(".")
    return time.mktime(time.strptime(day, "%Y-%m-%d %H:%M:%S")) \
        + float("0." + fraction)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--only",
                        default="empty,full,update,delete,pages,get,create,"
                        "search,rotate,list,export")
    args = parser.parse_args()
    bench = Bench(args)
    if args.only == "export":
        bench.exports()
        bench.table()
        return
    if "empty" in args.only:
        print("Uploads on empty tables", flush=True)
        bench.uploads("upload 10,000 rows, empty tables / LOAD DATA", 1.5,
                      True)
    bench.truncate()
    bench.upload()
    left = args.rows - ROWS
    if set(args.only.split(",")) <= {"list", "search"}:
        left = 0
    print(f"Storing {left} more", flush=True)
    while left > 0:
        bench.load(min(left, 100_000))
        left -= 100_000
    if "full" in args.only:
        print("Uploads at that size", flush=True)
        bench.uploads(f"upload 10,000 rows, {args.rows} stored / LOAD DATA",
                      1.0, False)
    if "update" in args.only:
        print("Updates", flush=True)
        bench.updates(1.5)
    if "delete" in args.only:
        print("Deletions", flush=True)
        bench.deletions()
    if "pages" in args.only:
        print("Pages", flush=True)
        bench.pages()
    if "get" in args.only:
        print("Single customers: GET", flush=True)
        bench.gets()
    if "create" in args.only:
        print("Single customers: create", flush=True)
        bench.creates()
    if "search" in args.only:
        print("Searches", flush=True)
        bench.searches()
    if "rotate" in args.only:
        print("Rotation", flush=True)
        bench.rotations()
    if "list" in args.only:
        print("Storing customers for lists", flush=True)
        bench.fill_face()
        print("Lists", flush=True)
        bench.lists()
        print("Searches over HTTP", flush=True)
        bench.face_searches()
    if "export" in args.only:
        print("Exports", flush=True)
        bench.exports()
    print()
    bench.table()


if __name__ == "__main__":
    main()
