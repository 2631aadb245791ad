"""The document of the API, its table of routes (S38), and what nginx serves
of it."""
import fcntl
import filecmp
import html.parser
import json
import os
import re
import shutil
import subprocess
import tempfile
import coffer
import openapi
import tap

book = openapi.Book()
AUTH = {"NONE": [], "BEARER": ["bearer"], "KEY": ["apiKey", "tenant"],
        "SESSION": ["session"]}
MEDIA = {"NONE": [], "JSON": ["application/json"],
         "OPTIONAL": ["application/json"],
         "UPLOAD": ["application/json", "multipart/form-data"]}
# Handlers that look at credentials themselves.
OWN_AUTH = {("post", "/v1/auth"): ["apiKey"], ("get", "/v1/auth"): ["refresh"],
            ("delete", "/v1/auth"): ["bearer"]}
# Answered by nginx from a file, so in no table.
FILES = {("get", "/openapi.json")}
# Words that the document lists: where, and the table that has them.
WORDS = {"JobOperation": "job_kinds", "JobStatus": "job_states",
         "RowCode": "row_errors", "Export/properties/status": "export_states",
         "FieldDefinition/properties/field_type": "field_types",
         "FieldDefinition/properties/role": "field_roles"}
# What pins redocly.
PINS = ("package.json", "package-lock.json")
# How npm says that there is no registry.
AWAY = re.compile("ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|"
                  "ENETUNREACH|ECONNRESET|ERR_SOCKET_TIMEOUT|ENOTCACHED")


ROUTES = openapi.table()
OPERATIONS = {(op.method, op.path): op for op in book.operations()}


def test_routes():
    tap.ok(len(ROUTES) > 25, f"the table has {len(ROUTES)} routes")
    tap.equal(sorted(OPERATIONS.keys() - ROUTES.keys() - FILES), [],
              "S38: no path and method is documented that is no route")
    tap.equal(sorted(ROUTES.keys() - OPERATIONS.keys()), [],
              "S38: no route is left out")


def both():
    return [(OPERATIONS[key], row) for key, row in ROUTES.items()
            if key in OPERATIONS]


def test_authentication():
    wrong = [f"{op.id}: {op.schemes}" for op, row in both()
             if sorted(op.schemes) != OWN_AUTH.get(
                 (op.method, op.path), AUTH[row["auth"]])]
    tap.equal(wrong, [], "S38: authentication is as the table says")
    wrong = []
    for op, row in both():
        right = None if row["right"] == "0" else row["right"]
        privilege = right and re.sub("^PRIVILEGE_", "", right)
        if row["auth"] == "KEY":
            if op.raw.get("x-privilege") != privilege or (
                    privilege and f"`{privilege}`" not in
                    op.raw["description"]):
                wrong.append(f"{op.id}: {right}")
        elif op.raw.get("x-right") != right:
            wrong.append(f"{op.id}: {right}")
    tap.equal(wrong, [], "S38: so are rights and privileges")


def test_media():
    wrong = [f"{op.id}: {sorted(op.body)}" for op, row in both()
             if sorted(op.body) != MEDIA[row["body"]]]
    tap.equal(wrong, [], "S38: so are the media types of bodies")
    wrong = []
    for op, row in both():
        required = op.raw.get("requestBody", {}).get("required", False)
        if required != (row["body"] in ("JSON", "UPLOAD")):
            wrong.append(op.id)
    tap.equal(wrong, [], "S38: and whether they may be left out")
    kinds = {"V1": "application/json", "SCV": "application/problem+json"}
    wrong = []
    for op, row in both():
        for status, response in op.responses():
            wanted = "application/json" if status == 401 else \
                kinds[row["face"]]
            if status >= 400 and list(response["content"]) != [wanted]:
                wrong.append(f"{op.id}: {status}")
    tap.equal(wrong, [], "S38: and those of errors")


def test_variables():
    wrong = [op.id for op in OPERATIONS.values()
             if sorted(re.findall(r"\{(\w+)\}", op.path)) != sorted(
                 p["name"] for p in op.parameters if p["in"] == "path")]
    tap.equal(wrong, [], "the variables of paths are parameters")
    ids = [op.id for op in OPERATIONS.values()]
    tap.equal(len(ids), len(set(ids)), "operations have names of their own")


def test_statuses():
    """What any route may answer is documented for each."""
    wrong = []
    for op, row in both():
        wanted = {500, 503} if row["auth"] != "NONE" else set()
        wanted |= {"BEARER": {403}, "KEY": {401, 403}, "SESSION": {401},
                   "NONE": set()}[row["auth"]]
        if row["body"] != "NONE":
            wanted |= {400, 413, 415}
        lacking = wanted - {status for status, _ in op.responses()}
        if lacking:
            wrong.append(f"{op.id}: {sorted(lacking)}")
    tap.equal(wrong, [], "authentication, bodies and faults")


def test_words():
    """Lists of words are those of the tables."""
    for where, name in WORDS.items():
        node = book.doc["components"]["schemas"]
        for step in where.split("/"):
            node = node[step]
        with open(f"{coffer.TOP}/src/tbl/{name}.h", encoding="utf-8") as file:
            words = re.findall(r'^X\(\w+,\s*"(\w+)"', file.read(), re.M)
        tap.equal(sorted(filter(None, node["enum"])), sorted(words),
                  f"{where}: {name}.h")


def examples():
    """(where, schema, value) of every example of bodies."""
    for op in OPERATIONS.values():
        for content in op.body.values():
            for name, example in content["examples"].items():
                yield f"{op.id}: {name}", content["schema"], example["value"]
        for status, response in op.responses():
            for content in response.get("content", {}).values():
                for name, example in content.get("examples", {}).items():
                    yield f"{op.id}: {status} {name}", content["schema"], \
                        example["value"]


def test_examples():
    wrong, count = [], 0
    for where, schema, value in examples():
        count += 1
        fault = book.wrong(schema, value)
        if fault:
            wrong.append(f"{where}: {fault}")
    tap.equal(wrong, [], f"{count} examples are as their schemas say")
    lacking = [f"{op.id}: {status}" for op in OPERATIONS.values()
               for status, response in op.responses()
               for content in response.get("content", {}).values()
               if not content.get("examples")]
    tap.equal(lacking, [], "every answer with a body has one")
    unused = [f"{op.id}: {name}" for op in OPERATIONS.values()
              for name in op.names() - op.defaults() -
              {case.name for case in op.cases()}
              if all(case.name for case in op.cases() if case.status < 400)]
    tap.equal(unused, [], "and every example of a request has its answer")


class Links(html.parser.HTMLParser):
    """The ids of a page, and where it points."""

    def __init__(self):
        super().__init__()
        self.ids, self.links, self.tags = [], [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            elif name in ("href", "src", "action"):
                self.links.append(value)
            elif name.startswith("on"):
                self.tags.add("script")


def test_served():
    site = coffer.Site(parts="fcgi nginx")
    reply = site.request("GET", "/openapi.json")
    tap.equal(reply.status, 200, "GET /openapi.json")
    tap.equal(reply.headers.get_content_type(), "application/json", "is JSON")
    tap.ok(reply.json == book.doc, "and the document, whole")
    tap.ok(reply.headers["X-Request-Id"], "with a request id")
    reply = site.request("GET", "/docs/")
    tap.equal(reply.status, 200, "GET /docs/")
    tap.equal(reply.headers["Content-Type"], "text/html; charset=utf-8",
              "is a page")
    tap.equal(site.request("GET", "/docs").headers["Location"][-6:], "/docs/",
              "/docs leads there")
    for path in ("/docs/../../coffer.ini", "/docs/%2e%2e/%2e%2e/Makefile",
                 "/docs/none", "/www/openapi.json"):
        tap.ok(site.request("GET", path).status in (400, 404),
               f"nothing else is served: {path}")
    page = reply.raw.decode()
    links = Links()
    links.feed(page)
    tap.ok("script" not in links.tags and "img" not in links.tags and
           "iframe" not in links.tags, "without scripts")
    outside = [link for link in links.links
               if not link.startswith(("#", "data:,"))]
    tap.equal(outside, ["../openapi.json"], "with nothing from elsewhere")
    broken = [link for link in links.links
              if link.startswith("#") and link[1:] not in links.ids]
    tap.equal(broken, [], "its anchors are there")
    tap.equal(len(links.ids), len(set(links.ids)), "each once")
    missing = [op.id for op in OPERATIONS.values()
               if op.id.lower() not in links.ids]
    tap.equal(missing, [], "and so is every operation")
    site.close()


def install(home):
    """Makes the directory of redocly, whole or not at all; False if the
    registry is away, or too slow for the time that a test has."""
    with tempfile.TemporaryDirectory(dir=coffer.BUILD, prefix="redocly.",
                                     ignore_cleanup_errors=True) as scratch:
        for name in PINS:
            shutil.copy(f"{coffer.TOP}/contrib/openapi/{name}", scratch)
        try:
            done = subprocess.run(
                ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts",
                 "--prefer-offline", "--fetch-retries=1",
                 "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000"],
                cwd=scratch, capture_output=True, text=True, timeout=120,
                check=False)
        except subprocess.TimeoutExpired:
            return False
        except FileNotFoundError:  # no npm
            return False
        if done.returncode:
            tap.note(done.stderr[-2000:])
            if AWAY.search(done.stderr):
                return False
            raise RuntimeError("npm ci failed")
        shutil.rmtree(home, ignore_errors=True)
        shutil.move(scratch, home)
    return True


def redocly():
    """The command, installed once a build, by one test at a time; None if it
    cannot be."""
    home = f"{coffer.BUILD}/redocly"
    command = f"{home}/node_modules/.bin/redocly"
    with open(f"{home}.lock", "w", encoding="ascii") as lock:
        def alone():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        if not coffer.eventually(alone, 150):
            return None
        there = os.path.exists(command) and all(
            filecmp.cmp(f"{home}/{name}", f"{coffer.TOP}/contrib/openapi/"
                        f"{name}", shallow=False) for name in PINS)
        return command if there or install(home) else None


def test_lint():
    """As `npx @redocly/cli lint` of the version that contrib/openapi pins,
    with the rules that it recommends."""
    command = redocly()
    if not command:
        tap.ok(True, "lint # SKIP redocly is not there: no npm, no registry")
        return
    done = subprocess.run(
        [command, "lint", "--format=json",
         f"{coffer.TOP}/schema/openapi.yaml"],
        capture_output=True, text=True, timeout=90, check=False,
        cwd=f"{coffer.BUILD}/redocly",
        env=dict(os.environ, REDOCLY_TELEMETRY="off", CI="1",
                 REDOCLY_SUPPRESS_UPDATE_NOTICE="true"))
    found = json.loads(done.stdout[done.stdout.index("{"):])
    tap.equal(done.returncode, 0, "redocly finds no error")
    tap.equal([problem["ruleId"] + ": " + problem["message"]
               for problem in found["problems"]], [], "and no warning")
    tap.equal(found["totals"]["ignored"], 0, "and was told to ignore nothing")


tap.run(globals())
