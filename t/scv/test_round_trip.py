"""What GET of a customer answers can be sent back as it is, and changes
nothing: whatever the types and formats of the fields."""
import re
import coffer
import tap

site = coffer.Site(parts="fcgi nginx")


def rows(path):
    with open(f"{coffer.TOP}/src/tbl/{path}", encoding="utf-8") as file:
        return re.findall(r'^X\((.*)\)$', file.read(), re.M)


TYPES = [row.split('"')[1] for row in rows("field_types.h")]
FORMATS = [row.strip('"') for row in rows("date_formats.h")]
# The 3rd of February 2001, of which no two parts can be exchanged unseen.
PARTS = (("yyyy", "2001"), ("yy", "01"), ("MMMM", "February"),
         ("MMM", "Feb"), ("MM", "02"), ("dd", "03"))


def as_format(pattern):
    words = re.findall(r"y+|M+|d+|.", pattern)
    return "".join(dict(PARTS).get(word, word) for word in words)


# By type: definitions, and values that are written otherwise than answered.
VALUES = {
    "string": [({}, "  two  \u00e9 \"words\"\n "), ({"unique": True}, "A@x.org"),
               ({"regex": "^[a-z]+$"}, "abc"), ({}, "")],
    "number": [({}, 1500.5), ({}, "1e3"), ({}, "-0.0")],
    "integer": [({}, 9223372036854775807), ({}, "-12"), ({}, 0)],
    "boolean": [({}, True), ({}, "no"), ({}, 1)],
    "date": [({"field_format": pattern}, as_format(pattern))
             for pattern in FORMATS],
    "currency": [({"field_format": "USD"}, "1500.00"),
                 ({"field_format": "JPY"}, 12),
                 ({"field_format": "KWD"}, "-0.125")],
    "enum": [({"options": ["VIP", "regular"]}, "VIP"),
             ({"options": ["1", "true"]}, "1")],
    "array": [({}, ["a", 1.50, ""]), ({"field_format": "string"}, ["x", "y"]),
              ({"field_format": "number"}, [1, 2.5]), ({}, [])]}


def fields(pii):
    """A field for each case, and the values to write."""
    defined, values = [], {}
    for kind, cases in VALUES.items():
        for i, (more, value) in enumerate(cases):
            name = f"{kind}_{i}"
            defined.append({"field_name": name, "field_type": kind,
                            "pii": pii, **more})
            values[name] = value
    return defined, values


def check(what, pii):
    defined, values = fields(pii)
    shop = site.workspace(defined)
    made = []
    for name, value in values.items():  # each alone, so that each is judged
        reply = shop.scv("POST", "/customers?retAllProps=1", {name: value})
        if reply.status != 201:
            tap.note(f"{name} {value!r}: {reply}")
        made.append((name, reply.status))
    tap.equal([name for name, status in made if status != 201], [],
              f"{what}: every value can be written")
    reply = shop.scv("POST", "/customers", {
        **values, "string_1": "whole@x.org", "$verifiedEmail": "A@B.example",
        "$consented": True, "$consentDocumentVersion": "v 1"})
    path = f"/customers/{reply.json['$customerid']}"
    first = shop.scv("GET", path)
    tap.equal(first.json.keys(), values.keys(),
              f"{what}: all are answered")
    tap.equal({first.json[name] for name in first.json
               if name.startswith("date")}, {"2001-02-03"},
              f"{what}: dates as yyyy-MM-dd")
    before = shop.scv("GET", path + "?retAllProps=1")
    for method, query in (("PATCH", ""), ("PUT", "?mode=merge")):
        reply = shop.scv(method, path + query, first.raw,
                         {"Content-Type": "application/json"})
        tap.equal((reply.status, reply.headers["ETag"]),
                  (200, first.headers["ETag"]),
                  f"{what}: {method} of the same document: no new revision")
    after = shop.scv("GET", path + "?retAllProps=1")
    tap.equal((after.raw, after.headers["ETag"]),
              (before.raw, before.headers["ETag"]), f"{what}: nothing changed")
    reply = shop.scv("POST", "/customers?retAllProps=1", {
        name: value for name, value in first.json.items()
        if name != "string_1"})
    tap.equal({name: reply.json.get(name) for name in first.json
               if name != "string_1"},
              {name: value for name, value in first.json.items()
               if name != "string_1"}, f"{what}: a copy is the same")
    return shop, path, first


def test_types():
    tap.equal(sorted(VALUES), sorted(TYPES), "every type is tried")
    tap.equal(len(FORMATS), 14, "and every format of dates")


def test_plain():
    check("plain", False)


def test_personal():
    shop, path, first = check("personal", True)
    reply = shop.scv("PATCH", path, {"date_1": "2001-02-04"})
    tap.equal((reply.status, shop.scv("GET", path).json["date_1"]),
              (200, "2001-02-04"), "another date as yyyy-MM-dd")
    shop.scv("PATCH", path, {"date_1": "05/02/2001"})
    tap.equal(shop.scv("GET", path).json["date_1"], "2001-02-05",
              "and in the field's format")
    for wrong in ("2001-02-30", "2001-2-3", "02/13/2001", "2001-02-03 ", ""):
        reply = shop.scv("PATCH", path, {"date_1": wrong})
        tap.equal((reply.status, [(p["name"], p["reason"]) for p in
                                  reply.json["invalid-params"]]),
                  (400, [("date_1", "must be a date as dd/MM/yyyy")]),
                  f"{wrong!r} is none")
    reply = shop.check([{"date_1": "2001-02-03"}])
    tap.equal((reply.status, reply.json["errors"][0]["code"]),
              (400, "format"), "an upload is in the field's format alone")


tap.run(globals())
