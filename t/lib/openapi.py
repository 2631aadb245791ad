"""schema/openapi.yaml for tests: its operations, their examples as requests,
and answers checked against what it says.

An example of an answer, and those of the request and the parameters that lead
to it, have the same name: that is a case.
"""
import copy
import json
import os
import re
import subprocess
import urllib.parse
import warnings
import yaml
import coffer

warnings.simplefilter("ignore", DeprecationWarning)
import jsonschema  # noqa: E402 (it warns of itself)

METHODS = ("get", "put", "post", "patch", "options", "delete")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
JOB_HOST = re.compile(r"[A-Za-z0-9.:-]+/acme/")


def load():
    with open(f"{coffer.TOP}/schema/openapi.yaml", encoding="utf-8") as file:
        return yaml.safe_load(file)


def table():
    """The rows of tbl/routes.h, as the C preprocessor reads them:
    {(method, path): {...}}."""
    names = ("method", "path", "face", "auth", "right", "body", "reads",
             "handler")
    macro = "#define ROUTE(a, b, c, d, e, f, g, h) " \
        "[#a, b, #c, #d, #e, #f, #g, #h],\n"
    done = subprocess.run(
        [os.environ.get("CC", "cc"), "-E", "-P", "-I", f"{coffer.TOP}/src",
         "-x", "c", "-"], input=macro + '#include "tbl/routes.h"\n',
        capture_output=True, text=True, check=True)
    rows = [dict(zip(names, row)) for row in
            json.loads("[" + done.stdout.strip().rstrip(",") + "]")]
    for row in rows:  # whether a process remembers a key is its own affair
        row["auth"] = row["auth"].removesuffix("_REMEMBERED")
    return {(row["method"].lower(), row["path"]): row for row in rows}


def close(schema):
    """A copy in which objects have the members that are named and no other:
    a member of an answer that is not documented is found."""
    schema = copy.deepcopy(schema)
    todo = [schema]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            if node.get("type") == "object" and "properties" in node:
                node.setdefault("additionalProperties", False)
            todo += node.values()
        elif isinstance(node, list):
            todo += node
    return schema


class Case:
    """One example of an answer to an operation."""

    def __init__(self, op, status, media, name, value):
        self.op, self.status, self.media = op, status, media
        self.name, self.value = name, value

    def __str__(self):
        return f"{self.op.id}: {self.name or 'as it is'}: {self.status}"


class Operation:
    def __init__(self, book, path, method, raw):
        self.book, self.path, self.method, self.raw = book, path, method, raw
        self.id = raw["operationId"]
        self.face = "scv" if path.startswith("/scv") else "v1"
        self.parameters = [book.resolve(p) for p in raw.get("parameters", [])]
        self.body = book.resolve(raw.get("requestBody", {})).get("content", {})
        self.schemes = [name for scheme in raw["security"][:1]
                        for name in scheme]

    def responses(self):
        for status, response in self.raw["responses"].items():
            yield int(status), self.book.resolve(response)

    def cases(self):
        """The examples of its answers; an answer without a body is one."""
        for status, response in self.responses():
            if not response.get("content"):
                yield Case(self, status, None, None, None)
            for media, content in response.get("content", {}).items():
                for name, example in content.get("examples", {}).items():
                    yield Case(self, status, media, name, example["value"])

    def parameter(self, parameter, name):
        """Its value in a case, or None: where it is required, the first."""
        examples = parameter.get("examples", {})
        if name not in examples:
            if not parameter.get("required"):
                return None
            name = next(iter(examples))
        return examples[name]["value"]

    def body_of(self, name):
        """(media type, value) in a case: that of the name, or the first."""
        for media, content in self.body.items():
            if name in content["examples"]:
                return media, content["examples"][name]["value"]
        for media, content in self.body.items():
            return media, next(iter(content["examples"].values()))["value"]
        return None, None

    def defaults(self):
        """The examples that parameters have in cases of other names."""
        return {next(iter(p["examples"])) for p in self.parameters
                if p.get("required")}

    def names(self):
        """The names of its requests' examples."""
        found = set()
        for parameter in self.parameters:
            found |= set(parameter.get("examples", {}))
        for content in self.body.values():
            found |= set(content["examples"])
        return found


class Request:
    """What is sent for a case; samples are replaced at the end."""

    def __init__(self, case):
        op = case.op
        self.method, self.path = op.method.upper(), op.path
        self.headers, self.query = {}, []
        self.media, self.body = op.body_of(case.name)
        self.body = copy.deepcopy(self.body)
        for parameter in op.parameters:
            value = op.parameter(parameter, case.name)
            if value is not None:
                self.set(parameter, str(value))

    def set(self, parameter, value):
        if parameter["in"] == "path":
            self.path = self.path.replace("{" + parameter["name"] + "}", value)
        elif parameter["in"] == "query":
            self.query.append((parameter["name"], value))
        else:
            self.headers[parameter["name"]] = value

    def send(self, site, samples):
        """samples: what stands in for an example's value."""
        path = swap(self.path, samples)
        if self.query:
            path += "?" + urllib.parse.urlencode(
                [(name, swap(value, samples)) for name, value in self.query])
        body, headers = self.body, dict(self.headers)
        if body is None and self.media:
            headers.setdefault("Content-Type", self.media)
        if self.media == "multipart/form-data":
            fields = {name: swap(str(value), samples)
                      for name, value in body.items() if name != "data_file"}
            body, kind = coffer.multipart(fields, body["data_file"].encode())
            headers.setdefault("Content-Type", kind)
        elif isinstance(body, (dict, list)):
            body = swap(json.dumps(body), samples).encode()
            headers.setdefault("Content-Type", self.media)
        return site.request(self.method, path, body, headers)


def swap(text, samples):
    if not samples:
        return text
    pattern = "|".join(map(re.escape, samples))
    return re.sub(pattern, lambda m: samples[m[0]], text)


def capture(example, answer, learn):
    """Tells learn(sample, real) what stands for the ids of an example in a
    real answer."""
    if isinstance(example, dict) and isinstance(answer, dict):
        for name in example.keys() & answer.keys():
            if name in ("exportid", "sessionid") and answer[name]:
                learn(example[name], answer[name])
            capture(example[name], answer[name], learn)
    elif isinstance(example, list) and isinstance(answer, list):
        for one, other in zip(example, answer):
            capture(one, other, learn)
    elif isinstance(example, str) and isinstance(answer, str):
        old, new = UUID.findall(example), UUID.findall(answer)
        if len(old) == len(new):
            for pair in zip(old, new):
                learn(*pair)


def wrong_error(case, answer):
    """An error is word by word that of the example, but for ids and hosts."""
    if case.status < 400:
        return ""
    real, example = (
        json.loads(JOB_HOST.sub("HOST/acme/",
                                UUID.sub("UUID", json.dumps(value))))
        for value in (answer, case.value))
    return "" if real == example else f"{real}, not {example}"


class Book:
    """The document."""

    def __init__(self):
        self.doc = load()
        self.closed = close(self.doc)
        self.validators = {}  # those of the document's schemas, by id()

    def resolve(self, node):
        while "$ref" in node:
            target = self.doc
            for part in node["$ref"][2:].split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def operations(self):
        for path, item in self.doc["paths"].items():
            for method in item:
                if method in METHODS:
                    yield Operation(self, path, method, item[method])

    def wrong(self, schema, value):
        """What is wrong with a value, as text; "" if nothing is."""
        if id(schema) not in self.validators:
            self.validators[id(schema)] = jsonschema.Draft202012Validator(
                close(schema),
                resolver=jsonschema.RefResolver("", self.closed),
                format_checker=jsonschema.FormatChecker())
        validator = self.validators[id(schema)]
        return "; ".join(f"{'/'.join(map(str, fault.absolute_path))}: "
                         f"{fault.message}"[:300]
                         for fault in validator.iter_errors(value))

    def wrong_answer(self, case, reply):
        """What of an answer is not as it is documented, as text."""
        if reply.status != case.status:
            return f"status {reply.status}: {reply.raw[:300]!r}"
        response = dict(case.op.responses())[case.status]
        faults = []
        for name, header in response["headers"].items():
            header = self.resolve(header)
            values = reply.headers.get_all(name) or []
            if len(values) > 1 and name != "Set-Cookie":
                faults.append(f"{name} comes {len(values)} times")
            if not values and header.get("required"):
                faults.append(f"no {name}")
            kind = header["schema"].get("type")
            if values and kind != "integer":
                faults.append(self.wrong(header["schema"], values[0]))
            elif values:
                faults.append(self.wrong(header["schema"], int(values[0])))
        return "; ".join(filter(None, faults + [self.wrong_body(
            case, response, reply)]))

    def wrong_body(self, case, response, reply):
        if case.media is None:
            return "a body" if reply.raw else ""
        kind = reply.headers.get_content_type()
        if kind != case.media:
            return f"it is {kind}"
        schema = response["content"][case.media]["schema"]
        if kind.endswith("json"):
            return self.wrong(schema, reply.json) or \
                wrong_error(case, reply.json)
        return self.wrong(schema, reply.raw.decode())
