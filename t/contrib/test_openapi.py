"""The document of the API, its table of routes (S38), and what nginx serves
of it."""
import html.parser
import json
import os
import re
import subprocess
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


def redocly():
    """The command, installed once a build; None if the registry is away."""
    home = f"{coffer.BUILD}/redocly"
    command = f"{home}/node_modules/.bin/redocly"
    if not os.path.exists(command):
        os.makedirs(home, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            with open(f"{coffer.TOP}/contrib/openapi/{name}",
                      encoding="utf-8") as source, \
                    open(f"{home}/{name}", "w", encoding="utf-8") as copy:
                copy.write(source.read())
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=home, capture_output=True, text=True, timeout=400,
            check=False)
        if done.returncode:
            tap.note(done.stderr[-2000:])
            if re.search("ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|"
                         "ENETUNREACH|ECONNRESET", done.stderr):
                return None
            raise RuntimeError("npm ci failed")
    return command


def test_lint():
    """As `npx @redocly/cli lint` of the version that contrib/openapi pins,
    with the rules that it recommends."""
    command = redocly()
    if not command:
        tap.ok(True, "lint # SKIP the npm registry cannot be reached")
        return
    done = subprocess.run(
        [command, "lint", "--format=json",
         f"{coffer.TOP}/schema/openapi.yaml"],
        capture_output=True, text=True, timeout=200, check=False,
        cwd=f"{coffer.BUILD}/redocly",
        env=dict(os.environ, REDOCLY_TELEMETRY="off", CI="1",
                 REDOCLY_SUPPRESS_UPDATE_NOTICE="true"))
    found = json.loads(done.stdout[done.stdout.index("{"):])
    tap.equal(done.returncode, 0, "redocly finds no error")
    tap.equal([problem["ruleId"] + ": " + problem["message"]
               for problem in found["problems"]], [], "and no warning")
    tap.equal(found["totals"]["ignored"], 0, "and was told to ignore nothing")


tap.run(globals())
