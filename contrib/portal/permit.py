#!/usr/bin/env python3
"""Says what customers may see and change of their profiles.

  permit.py --env run/env email=read first_name=read,write score=

Each attribute takes the place of what was said of it before; those that are
not named stay as they are. What nobody has opened is closed. Reads the schema,
puts x-scv-permissions into it and writes it back; prints the permissions.
Only Python's standard library. The API key of the environment needs
CUSTOMERS_SCHEMA_READ and CUSTOMERS_SCHEMA_UPDATE.
"""
import argparse
import http.client
import json
import shlex
import ssl
import sys
from urllib.parse import urlsplit


class Schema:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            env = dict(line.split("=", 1) for line in shlex.split(
                file.read(), comments=True))
        self.host = urlsplit(env["COFFER_URL"]).netloc
        self.tls = ssl.create_default_context(cafile=env["COFFER_CA"])
        self.headers = {"Content-Type": "application/json",
                        "x-dxp-tenant": env["COFFER_TENANT"],
                        "x-api-key": env["COFFER_API_KEY"]}

    def call(self, method, body=None):
        link = http.client.HTTPSConnection(self.host, context=self.tls,
                                           timeout=60)
        try:
            link.request(method, "/scv/schema",
                         body and json.dumps(body), self.headers)
            answer = link.getresponse()
            text = answer.read()
        finally:
            link.close()
        if answer.status not in (200, 201):
            sys.exit(f"permit: {method} /scv/schema: {answer.status} "
                     f"{text.decode(errors='replace')}")
        return json.loads(text) if text else {}


def permission(text):
    name, equals, words = text.partition("=")
    words = [word for word in words.split(",") if word]
    if not name or not equals or set(words) - {"read", "write"}:
        raise argparse.ArgumentTypeError(
            f"{text}: NAME=read, NAME=read,write or NAME= is expected")
    return f"scv:property:{name}", words


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n", 1)[0])
    parser.add_argument("--env", required=True)
    parser.add_argument("permissions", nargs="*", type=permission,
                        metavar="NAME=read,write")
    args = parser.parse_args()
    schema = Schema(args.env)
    document = schema.call("GET")
    now = document.setdefault("x-scv-permissions", {}).setdefault(
        "scv:customer", {})
    now.update(args.permissions)
    if args.permissions:
        schema.call("PUT", document)
    for name, words in sorted(now.items()):
        print(f"{name.removeprefix('scv:property:')}={','.join(words)}")


if __name__ == "__main__":
    main()
