#!/usr/bin/env python3
"""The backend of a sample portal: customers log in, see and change their
profile.

  portal.py --env run/env --socket PATH [--region NAME]

It serves the page and logs customers in: by e-mail and a one-time code. That
is a sample of a log-in, NOT one to copy: the code is written to standard
output in place of being sent, and nothing slows guessing but the five tries
that a code has. What is to be copied is what follows it: the backend, and
never the browser, holds the API key, opens a session by POST /scv/sessions
and passes the Set-Cookie on. From then on the page talks to Coffer itself,
below /__dxp/.

Only Python's standard library. run/env is what contrib/quickstart wrote:
COFFER_URL, COFFER_CA, COFFER_TENANT, COFFER_API_KEY are read. The API key
needs the privilege CUSTOMER_SESSION alone.
"""
import argparse
import hmac
import http.client
import http.server
import json
import os
import secrets
import shlex
import socketserver
import ssl
import sys
import threading
import time
from urllib.parse import urlsplit

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page")
FILES = {"": ("index.html", "text/html; charset=utf-8"),
         "portal.css": ("portal.css", "text/css; charset=utf-8"),
         "portal.js": ("portal.js", "text/javascript; charset=utf-8")}
PREFIX = "/portal/"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        "connect-src 'self'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff"}
BODY_MAX = 4096
CODE_SECONDS = 300
CODE_TRIES = 5
ATTEMPTS_MAX = 10000


class Codes:
    """The one-time codes that are out. In memory: one process."""

    def __init__(self):
        self.lock = threading.Lock()
        self.open = {}  # attempt -> [email, code, tries left, until]

    def start(self, email):
        """Returns (attempt, code)."""
        attempt = secrets.token_urlsafe(24)
        code = f"{secrets.randbelow(1000000):06}"
        now = time.monotonic()
        with self.lock:
            self.open = {key: value for key, value in self.open.items()
                         if value[3] > now}
            if len(self.open) >= ATTEMPTS_MAX:
                self.open.pop(next(iter(self.open)))
            self.open[attempt] = [email, code, CODE_TRIES, now + CODE_SECONDS]
        return attempt, code

    def finish(self, attempt, code):
        """The e-mail address whose code this is, or None. A code is good
        once."""
        with self.lock:
            entry = self.open.get(attempt)
            if not entry or entry[3] < time.monotonic():
                return None
            entry[2] -= 1
            right = hmac.compare_digest(entry[1].encode(), code.encode())
            if right or not entry[2]:
                del self.open[attempt]
            return entry[0] if right else None


class Coffer:
    """The one call that the backend makes."""

    def __init__(self, env):
        self.host = urlsplit(env["COFFER_URL"]).netloc
        self.tls = ssl.create_default_context(cafile=env["COFFER_CA"])
        self.tenant = env["COFFER_TENANT"]
        self.key = env["COFFER_API_KEY"]

    def open_session(self, email):
        """The Set-Cookie of a new session; None if no customer has the
        address."""
        link = http.client.HTTPSConnection(self.host, context=self.tls,
                                           timeout=30)
        try:
            link.request("POST", "/scv/sessions",
                         json.dumps({"email": email}),
                         {"Content-Type": "application/json",
                          "x-dxp-tenant": self.tenant,
                          "x-api-key": self.key})
            answer = link.getresponse()
            answer.read()
        finally:
            link.close()
        if answer.status in (400, 404):
            return None
        if answer.status != 201:
            raise OSError(f"POST /scv/sessions: {answer.status}")
        return answer.headers["Set-Cookie"]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "sample-portal"
    sys_version = ""
    timeout = 30

    def log_message(self, format, *args):  # as the base class names it
        """No access log: addresses are personal data."""

    def address_string(self):
        return "-"

    def answer(self, status, body=b"", kind="application/json", headers=()):
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        self.send_response(status)
        for name, value in list(HEADERS.items()) + list(headers):
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204 and self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, title):
        # What is left of a body is not read: the connection ends.
        self.close_connection = True
        self.answer(status, {"title": title, "status": status},
                    headers=[("Connection", "close")])

    def name(self):
        path = self.path.split("?", 1)[0]
        return path[len(PREFIX):] if path.startswith(PREFIX) else None

    def do_GET(self):
        name = self.name()
        if name == "config":
            self.answer(200, {"api": self.server.api})
        elif name in FILES:
            file, kind = FILES[name]
            with open(os.path.join(PAGE, file), "rb") as page:
                self.answer(200, page.read(), kind)
        else:
            self.refuse(404, "There is no such page.")

    do_HEAD = do_GET

    def body(self, *names):
        """The members of a JSON body, which must be texts; None (and an
        answer) if it is anything else. That it says to be JSON keeps other
        sites' forms out."""
        kind = self.headers.get("Content-Type", "").split(";")[0].strip()
        length = self.headers.get("Content-Length", "")
        if kind.lower() != "application/json":
            return self.refuse(415, "JSON is expected.")
        if not length.isdigit() or int(length) > BODY_MAX:
            return self.refuse(413, "That is too long.")
        try:
            read = json.loads(self.rfile.read(int(length)))
            values = [read[name] for name in names]
        except (ValueError, KeyError, TypeError):
            return self.refuse(400, "Something is missing.")
        if not all(isinstance(value, str) for value in values):
            return self.refuse(400, "Something is missing.")
        return values

    def do_POST(self):
        try:
            if self.name() == "login":
                self.login()
            elif self.name() == "code":
                self.code()
            else:
                self.refuse(404, "There is no such page.")
        except (OSError, http.client.HTTPException) as error:
            print(f"portal: {error}", file=sys.stderr, flush=True)
            self.refuse(503, "Logging in does not work at the moment.")

    def login(self):
        """The same for every address: who is a customer is not told."""
        values = self.body("email")
        if values:
            attempt, code = self.server.codes.start(values[0])
            print(f"portal: SAMPLE, the one-time code is {code}", flush=True)
            self.answer(200, {"attempt": attempt})

    def code(self):
        values = self.body("attempt", "code")
        if not values:
            return
        email = self.server.codes.finish(*values)
        cookie = email and self.server.coffer.open_session(email)
        if cookie:
            self.answer(204, headers=[("Set-Cookie", cookie)])
        else:
            self.answer(403, {"title": "That is not the code, or it is no "
                              "longer good.", "status": 403})


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def get_request(self):
        link, _ = super().get_request()
        return link, ("-", 0)


def read_env(path):
    with open(path, encoding="utf-8") as file:
        return dict(line.split("=", 1) for line in shlex.split(
            file.read(), comments=True))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n", 1)[0])
    parser.add_argument("--env", required=True)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--region", default="local")
    args = parser.parse_args()
    if os.path.exists(args.socket):
        os.unlink(args.socket)
    server = Server(args.socket, Handler)
    os.chmod(args.socket, 0o660)
    server.codes = Codes()
    server.coffer = Coffer(read_env(args.env))
    server.api = f"/__dxp/{args.region}/scv/{server.coffer.tenant}/"
    print(f"portal: {read_env(args.env)['COFFER_URL']}{PREFIX}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
