#!/usr/bin/python3
"""Renders schema/openapi.yaml for the web server.

    render.py OPENAPI.YAML DIR

writes DIR/openapi.json, for tools, and DIR/docs/index.html, for people: one
page without scripts and without anything from elsewhere.
"""
import json
import os
import sys
import yaml
from markup import code, escape, inline, markdown, slug

METHODS = ("get", "put", "post", "patch", "delete", "options", "head")
KEYWORDS = ("format", "pattern", "default", "minimum", "maximum", "minLength",
            "maxLength", "minItems", "maxItems")


class Page:
    """The page of one document."""

    def __init__(self, doc):
        self.doc = doc
        self.out = []

    def put(self, *text):
        self.out.extend(text)

    def resolve(self, node):
        """What a {"$ref": "#/..."} stands for, or the node itself."""
        while "$ref" in node:
            target = self.doc
            for part in node["$ref"].lstrip("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def operations(self):
        for path, item in self.doc["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method, item[method]

    # Schemas

    def type_of(self, schema):
        """A schema in a line of HTML, with links to those that have names."""
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            return f'<a href="#schema-{slug(name)}">{escape(name)}</a>'
        for word, sep in (("oneOf", " or "), ("anyOf", " or "),
                          ("allOf", " and ")):
            if word in schema:
                return sep.join(self.type_of(s) for s in schema[word])
        if "const" in schema:
            return code(json.dumps(schema["const"]))
        if schema.get("type") == "array":
            return "array of " + self.type_of(schema.get("items", {}))
        kinds = schema.get("type", "any")
        return escape(" or ".join([kinds] if isinstance(kinds, str)
                                  else kinds))

    def notes(self, schema):
        """Its description and bounds, as HTML."""
        text = [inline(schema["description"])] if "description" in schema \
            else []
        if "enum" in schema:
            text.append("One of " + ", ".join(
                code(v if isinstance(v, str) else json.dumps(v))
                for v in schema["enum"]) + ".")
        bounds = "; ".join(f"{word} {code(json.dumps(schema[word]))}"
                           for word in KEYWORDS if word in schema)
        if bounds:
            text.append(bounds[0].upper() + bounds[1:] + ".")
        return " ".join(text)

    def members(self, schema):
        """The table of an object's members; nothing for another schema."""
        if schema.get("type") == "array":
            return self.members(schema.get("items", {}))
        rows = []
        for name, member in schema.get("properties", {}).items():
            must = name in schema.get("required", [])
            rows.append(
                f"<tr><th>{code(name)}{' <b>required</b>' if must else ''}"
                f"</th><td>{self.type_of(member)}</td>"
                f"<td>{self.notes(member)}{self.members(member)}</td></tr>")
        return f'<table class="members">{"".join(rows)}</table>' if rows \
            else ""

    def schema(self, schema, fold="open"):
        """fold: whether the members of one with a name are shown."""
        whole = self.resolve(schema)
        members = self.members(whole)
        self.put(f"<p>{self.type_of(schema)} {self.notes(whole)}</p>")
        if members and "$ref" in schema:
            members = f"<details {fold}><summary>Members</summary>" \
                f"{members}</details>"
        self.put(members)

    # Operations

    def examples(self, examples):
        for name, example in examples.items():
            value = self.resolve(example)["value"]
            text = value if isinstance(value, str) else \
                json.dumps(value, indent=2, ensure_ascii=False)
            about = inline(example.get("summary", ""))
            self.put(f"<details><summary>Example {code(name)} {about}"
                     f"</summary><pre>{escape(text)}</pre></details>")

    def content(self, content, fold):
        for media, body in content.items():
            self.put(f'<p class="media">{code(media)}</p>')
            self.schema(body.get("schema", {}), fold)
            self.examples(body.get("examples", {}))

    def parameters(self, listed):
        if not listed:
            return
        self.put("<h4>Parameters</h4><table>")
        for parameter in map(self.resolve, listed):
            values = ", ".join(
                f"{code(str(e['value']))} ({escape(name)})"
                for name, e in parameter.get("examples", {}).items())
            must = parameter.get("required")
            schema = parameter.get("schema", {})
            notes = self.notes({**self.resolve(schema), "description":
                                parameter.get("description", "")})
            self.put(
                f"<tr><th>{code(parameter['name'])}"
                f"{' <b>required</b>' if must else ''}</th>"
                f"<td>{escape(parameter['in'])}, {self.type_of(schema)}</td>"
                f"<td>{notes}"
                f"{' Examples: ' + values + '.' if values else ''}</td></tr>")
        self.put("</table>")

    def security(self, schemes):
        if not schemes:
            return "no authentication"
        return " or ".join(
            " and ".join(f'<a href="#security-{slug(name)}">{escape(name)}'
                         "</a>" for name in scheme) for scheme in schemes)

    def response(self, status, response):
        response = self.resolve(response)
        self.put(f'<section class="answer s{status[0]}"><h5>{escape(status)}'
                 f'</h5><div>{markdown(response["description"])}</div>')
        headers = ", ".join(map(code, response.get("headers", {})))
        if headers:
            self.put(f'<p class="headers">Headers: {headers}</p>')
        self.content(response.get("content", {}),
                     "open" if status < "300" else "")
        self.put("</section>")

    def operation(self, path, method, op):
        anchor = slug(op["operationId"])
        self.put(
            f'<article id="{anchor}"><h3><a href="#{anchor}">'
            f'{inline(op["summary"])}</a></h3>'
            f'<p class="call"><b class="{method}">{method.upper()}</b> '
            f"{code(path)}</p>", markdown(op["description"]),
            f'<p class="headers">Authentication: '
            f'{self.security(op.get("security", []))}</p>')
        self.parameters(op.get("parameters", []))
        if "requestBody" in op:
            body = self.resolve(op["requestBody"])
            self.put("<h4>Body</h4>", markdown(body.get("description", "")))
            self.content(body["content"], "open")
        self.put("<h4>Answers</h4>")
        for status, response in op["responses"].items():
            self.response(status, response)
        self.put("</article>")

    # The page

    def navigation(self):
        self.put('<nav aria-label="Contents"><ul>',
                 '<li><a href="#about">About</a></li>',
                 '<li><a href="#authentication">Authentication</a></li>')
        for tag in self.doc["tags"]:
            name = tag["name"]
            self.put(f'<li><details><summary>{escape(name)}</summary><ul>')
            for path, method, op in self.operations():
                if name in op["tags"]:
                    self.put(f'<li><a href="#{slug(op["operationId"])}">'
                             f'<b class="{method}">{method.upper()}</b> '
                             f"{escape(path)}</a></li>")
            self.put("</ul></details></li>")
        self.put('<li><a href="#schemas">Schemas</a></li></ul></nav>')

    def schemes(self):
        self.put('<section id="authentication"><h2>Authentication</h2><dl>')
        for name, scheme in \
                self.doc["components"]["securitySchemes"].items():
            where = f"{scheme['in']} {code(scheme['name'])}" \
                if scheme["type"] == "apiKey" else \
                "header " + code("Authorization: Bearer")
            self.put(f'<dt id="security-{slug(name)}">{escape(name)}: '
                     f"{where}</dt><dd>{inline(scheme['description'])}</dd>")
        self.put("</dl></section>")

    def render(self):
        info = self.doc["info"]
        self.put(HEAD.format(title=escape(info["title"]),
                             style=STYLE, summary=escape(info["summary"]),
                             version=escape(info["version"])))
        self.navigation()
        self.put('<main><section id="about">', markdown(info["description"]),
                 "</section>")
        self.schemes()
        for tag in self.doc["tags"]:
            self.put(f'<section id="tag-{slug(tag["name"])}">'
                     f'<h2>{escape(tag["name"])}</h2>',
                     markdown(tag["description"]))
            for path, method, op in self.operations():
                if tag["name"] in op["tags"]:
                    self.operation(path, method, op)
            self.put("</section>")
        self.put('<section id="schemas"><h2>Schemas</h2>')
        for name, schema in self.doc["components"]["schemas"].items():
            self.put(f'<article id="schema-{slug(name)}">'
                     f"<h3>{escape(name)}</h3>")
            self.schema(schema)
            self.put("</article>")
        self.put("</section></main></body></html>\n")
        return "\n".join(self.out)


HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>{title}: HTTP API</title><style>{style}</style></head>
<body><header><h1>{title}</h1><p>{summary} HTTP API, version {version};
for tools: <a href="../openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
</header>"""

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "style.css"), encoding="utf-8") as file:
    STYLE = file.read()


def write(path, text):
    """Whole or not at all."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w", encoding="utf-8") as out:
        out.write(text)
    os.replace(path + ".new", path)


def main(source, directory):
    with open(source, encoding="utf-8") as text:
        doc = yaml.safe_load(text)
    write(os.path.join(directory, "openapi.json"),
          json.dumps(doc, ensure_ascii=False, separators=(",", ":")) + "\n")
    write(os.path.join(directory, "docs", "index.html"), Page(doc).render())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
