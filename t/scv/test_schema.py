"""GET and PUT /scv/schema: the workspace's fields as a JSON Schema document."""
import copy
import coffer
import tap

site = coffer.Site(**{"worker.poll": 50})
DRAFT = "http://json-schema.org/draft-07/schema#"
# The contract's own document.
DOCUMENT = {
    "$schema": DRAFT, "type": "object", "properties": {
        "email": {"title": "Email", "x-scv-source": "customer.$verifiedEmail"},
        "customerid": {"title": "Customer ID",
                       "x-scv-source": "customer.$customerid"},
        "consented": {"title": "Consented",
                      "x-scv-source": "customer.$consented"},
        "firstName": {"title": "First name", "type": "string", "x-pii": True,
                      "x-scv-searchable": "firstName"},
        "tier": {"title": "Tier", "type": "string", "enum": ["gold", "tin"],
                 "default": "tin"},
        "interests": {"title": "Interests", "type": "array",
                      "items": {"type": "string"}},
        "gpa": {"title": "GPA", "type": "number"}},
    "required": [], "x-scv-permissions": {
        "scv:customer": {"scv:property:firstName": ["read", "write"]}}}


def call(shop, method, body=None, key=None):
    return site.request(method, "/scv/schema", body, {
        "x-dxp-tenant": shop.account, "x-api-key": key or shop.api_key})


def put(shop, properties, **more):
    return call(shop, "PUT", {"properties": properties, **more})


def show(shop):
    return call(shop, "GET").json


def version(shop):
    return site.sql("SELECT schema_version, layout FROM workspace WHERE"
                    f" HEX(uuid) = '{shop.id.replace('-', '')}'")[0]


def fields(shop):
    reply = shop.post("/v1/cpf", {"workspace_id": shop.id})
    return {f["field_name"]: f for f in reply.json["fields"]}


def faults(reply):
    return sorted(p["name"] for p in reply.json["invalid-params"])


def done(shop, reply):
    """The job that a 202 names by its Location."""
    where = reply.headers["Location"]
    return shop.wait({"job_id": where.split("//", 1)[1]})


def values(shop, name):
    return [c["extended_profile"].get(name)
            for c in shop.page().json["customers"]]


def test_document():
    shop = site.workspace(fields=[])
    tap.equal(show(shop), {"$schema": DRAFT, "type": "object",
                           "properties": {}, "required": []},
              "no fields: an empty document")
    reply = call(shop, "PUT", DOCUMENT)
    tap.equal((reply.status, reply.json), (200, DOCUMENT),
              "the contract's document is taken, and comes back so")
    tap.equal(show(shop), DOCUMENT, "and is read so")
    before = version(shop)
    tap.equal(call(shop, "PUT", show(shop)).status, 200, "put again: 200")
    tap.equal(version(shop), before, "and nothing has changed")
    f = fields(shop)
    tap.equal(sorted(f), sorted(set(DOCUMENT["properties"]) - {"customerid"}),
              "the other face has the same fields")
    tap.equal((f["email"]["role"], f["email"]["pii"], f["email"]["unique"]),
              ("verified_email", True, True), "with their roles")
    tap.equal((f["tier"]["field_type"], f["tier"]["options"],
               f["interests"]["field_format"], f["firstName"]["searchable"]),
              ("enum", ["gold", "tin"], "string", True), "and their rules")
    shop.call("PATCH", "/v1/cpf", {"workspace_id": shop.id, "field_name":
                                   "tier", "options": ["gold", "lead"]})
    tap.equal(show(shop)["properties"]["tier"],
              {"title": "Tier", "type": "string", "enum": ["gold", "lead"]},
              "what is changed there shows here; a default that does not fit"
              " goes")
    names = [row[0] for row in site.sql(
        "SELECT action FROM audit WHERE action LIKE 'schema.%' OR action LIKE"
        f" 'field.%'")]
    tap.ok({"schema.change", "field.create", "field.change"} <= set(names),
           "S35: changes are in the audit log")


def test_every_field():
    """Whatever PUT /v1/cpf defines comes out in words that PUT takes."""
    definitions = [
        {"field_type": "date", "field_format": "dd/MM/yyyy", "unique": True},
        {"field_type": "date", "field_format": "yyyy-MM-dd"},
        {"field_type": "currency", "field_format": "EUR", "searchable": True},
        {"field_type": "string", "unique": True, "pii": True,
         "regex": "^[a-z~/]+$", "max_length": 40, "required": True},
        {"field_type": "string", "role": "username", "max_length": 20,
         "searchable": True},
        {"field_type": "boolean", "pii": True, "role": "consented"},
        {"field_type": "string", "role": "consent_document_version"},
        {"field_type": "array"}, {"field_type": "array", "max_length": 9},
        {"field_type": "array", "field_format": "boolean"},
        {"field_type": "array", "field_format": "integer", "max_length": 7},
        {"field_type": "enum", "options": ["a", "b"], "display_name": "E!"},
        {"field_type": "integer", "unique": True, "searchable": True},
        {"field_type": "number", "pii": True}]
    shop = site.workspace(fields=[
        {"field_name": f"f{i}", **d} for i, d in enumerate(definitions)])
    before, was, document = version(shop), fields(shop), show(shop)
    reply = call(shop, "PUT", document)
    tap.equal((reply.status, reply.json), (200, document), "put as it came")
    tap.equal((version(shop), fields(shop)), (before, was),
              "nothing has changed")
    p = document["properties"]
    tap.equal((p["f0"], p["f2"], p["f7"], document["required"]),
              ({"type": "string", "x-coffer-format": "dd/MM/yyyy",
                "x-coffer-unique": True},
               {"type": "number", "x-coffer-format": "EUR",
                "x-scv-searchable": "f2"},
               {"type": "array", "items": {"type": ["string", "number"]}},
               ["f3"]), "in their own words where draft-07 has none")
    del p["f0"]["x-coffer-unique"]
    p["f1"].update(description="A day", default="2024-02-29",
                   title="f1")
    tap.equal(call(shop, "PUT", document).json["properties"]["f1"], p["f1"],
              "description, default and a title that is the name are kept")
    tap.equal(fields(shop), was, "unique is left as it is if not given")
    p["f0"]["x-coffer-unique"] = False
    call(shop, "PUT", document)
    tap.equal(fields(shop)["f0"]["unique"], False, "or as the document says")


def test_arrays():
    shop = site.workspace(fields=[])
    put(shop, {name: {"type": "array", "items": {"type": name[1:]}}
               for name in ("astring", "anumber", "ainteger", "aboolean")})
    good = {"astring": ["a"], "anumber": [1.50, 2], "ainteger": [1, -2],
            "aboolean": [True, False]}
    tap.equal(shop.check(good).status, 200, "arrays of each type")
    tap.equal({n: values(shop, n)[0] for n in good}, good, "are stored")
    for name, value in [("astring", [1]), ("anumber", ["1"]),
                        ("ainteger", [1.5]), ("ainteger", [True]),
                        ("aboolean", [0]), ("aboolean", "true")]:
        reply = shop.check({name: value})
        tap.equal((reply.status, reply.json["errors"][0]["code"]),
                  (400, "type"), f"{name}: {value} is refused")
    tap.equal(put(shop, {"astring": {"type": "array", "items": {
        "type": "number"}}}).status, 400, "stored strings are no numbers")


def test_faults():
    shop = site.workspace(fields=[])
    call(shop, "PUT", DOCUMENT)
    string = {"type": "string"}
    for name, doc, wanted in [
            ("words of draft-07 that no field has", {"properties": {
                "a": {**string, "oneOf": [], "$ref": "#"},
                "b": {"type": "object", "properties": {}},
                "c": {"type": "number", "minimum": 0}}, "anyOf": [],
                "patternProperties": {}},
             ["/anyOf", "/patternProperties", "/properties/a/$ref",
              "/properties/a/oneOf", "/properties/b/properties",
              "/properties/b/type", "/properties/c/minimum"]),
            ("patterns, lengths, formats", {"properties": {
                "a": {**string, "pattern": "(", "maxLength": "5"},
                "b": {**string, "format": "email"},
                "c": {**string, "x-coffer-format": "yyyy"},
                "d": {"type": "number", "x-coffer-format": "EURO"},
                "e": {"type": "array", "items": {"type": "string",
                                                 "maxLength": 0}}}},
             ["/properties/a/maxLength", "/properties/a/pattern",
              "/properties/b/format", "/properties/c/x-coffer-format",
              "/properties/d/x-coffer-format",
              "/properties/e/items/maxLength"]),
            ("arrays and enums", {"properties": {
                "a": {"type": "array"}, "b": {"type": "array", "items": []},
                "c": {"type": "array", "items": {"type": "array"}},
                "d": {"type": "integer", "enum": [1]},
                "e": {**string, "enum": []},
                "f": {**string, "enum": ["x"], "default": "y"}}},
             ["/properties/a/items", "/properties/b/items",
              "/properties/c/items/type", "/properties/d/enum",
              "/properties/e/enum", "/properties/f/default"]),
            ("names", {"properties": {
                "a/b~": string, "$x": string, "row": string,
                "a": {**string, "title": "B"}, "b": string, "c": 5}},
             ["/properties/$x", "/properties/a~1b~0", "/properties/b/title",
              "/properties/c", "/properties/row"]),
            ("sources", {"properties": {
                "a": {"x-scv-source": "customer.$nothing"},
                "b": {"x-scv-source": "customer.$username", "type": "number",
                      "x-pii": False},
                "c": {"x-scv-source": "customer.$username"},
                "d": {"x-scv-source": "customer.$segments", "x-pii": True,
                      "type": "string"},
                "e": {"title": "none"}}},
             ["/properties/a/x-scv-source", "/properties/b/type",
              "/properties/b/x-pii", "/properties/c/x-scv-source",
              "/properties/d/type", "/properties/d/x-pii",
              "/properties/e/type"]),
            ("required and permissions", {"properties": {
                "a": string, "s": {"x-scv-source": "customer.$segments"}},
                "required": ["b", "a", "a", "s", 5], "x-scv-permissions": {
                    "scv:customer": {
                        "scv:property:s": ["read", "write"],
                        "scv:property:$segments": ["write"],
                        "scv:property:b": [], "x": [],
                        "scv:property:a": ["delete", "read", "read"]},
                    "scv:other": {}}},
             ["/required/0", "/required/2", "/required/3", "/required/4",
              "/x-scv-permissions/scv:customer/scv:property:$segments/0",
              "/x-scv-permissions/scv:customer/scv:property:a/0",
              "/x-scv-permissions/scv:customer/scv:property:a/2",
              "/x-scv-permissions/scv:customer/scv:property:b",
              "/x-scv-permissions/scv:customer/scv:property:s/1",
              "/x-scv-permissions/scv:customer/x",
              "/x-scv-permissions/scv:other"]),
            ("the document", {"$schema": "http://json-schema.org/schema#",
                              "type": "array", "title": 5, "required": None,
                              "additionalProperties": True},
             ["/$schema", "/additionalProperties", "/properties", "/required",
              "/title", "/type"]),
            ("null words", {"properties": {"a": {
                "type": "string", "pattern": None, "default": None}}},
             ["/properties/a/default", "/properties/a/pattern"])]:
        reply = call(shop, "PUT", doc)
        tap.equal((reply.status, faults(reply)), (400, sorted(wanted)),
                  f"{name}: each fault by its JSON pointer")
    many = {f"f{i}": string for i in range(501)}
    tap.equal(faults(put(shop, many)), ["/properties"], "501 fields")
    tap.equal(show(shop), DOCUMENT, "nothing was changed by any of them")
    tap.equal(put(shop, dict(list(many.items())[:500])).status, 200,
              "500 are taken")


def test_conversion():
    """Several fields change, come and go by one document and one job."""
    shop = site.workspace(fields=[])
    doc = {"email": {"x-scv-source": "customer.$verifiedEmail"},
           "name": {"type": "string"}, "code": {"type": "string"},
           "age": {"type": "integer"}, "old": {"type": "string"}}
    put(shop, doc)
    shop.check([{"email": f"c{i}@x.org", "name": f"N{i}", "code": f"c{i}",
                 "age": i, "old": "gone"} for i in range(3)])
    site.stop("worker")
    doc["name"]["x-pii"] = True
    doc["code"]["x-coffer-unique"] = True
    doc["age"]["type"] = "string"
    del doc["old"]
    doc["new"] = {"type": "boolean"}
    reply = put(shop, doc)
    tap.equal((reply.status, reply.json["properties"]), (202, doc),
              "202 with the document as it is now")
    profile = shop.page().json["customers"][1]["extended_profile"]
    tap.equal((profile["age"], "old" in profile, len(profile["name"]) > 30),
              ("1", False, True), "reads are right meanwhile")
    before = version(shop)
    tap.equal((put(shop, doc).status, version(shop)), (200, before),
              "the same document meanwhile: nothing to do")
    doc["more"] = {"type": "string", "default": "x"}
    tap.equal(put(shop, doc).status, 200,
              "what needs no conversion may be changed")
    busy = copy.deepcopy(doc)
    busy["more"]["x-pii"] = True
    del busy["email"]
    answer = call(shop, "PUT", {"properties": busy})
    tap.equal((answer.status, faults(answer),
               reply.headers["Location"] in answer.json["title"]),
              (409, ["/properties/email"], True),
              "another conversion meanwhile: 409, and which job runs")
    tap.equal(show(shop)["properties"], doc, "and nothing has changed")
    site.up("worker")
    tap.equal(done(shop, reply)["status"], "completed", "one job does it all")
    tap.equal((values(shop, "age"), values(shop, "code")),
              (["0", "1", "2"], ["c0", "c1", "c2"]), "values are as they were")
    tap.equal(site.sql("SELECT COUNT(*) FROM customer WHERE profile LIKE"
                       " '%gone%' OR profile LIKE '%\"N1\"%'"), [["0"]],
              "no plaintext stays, nor what was deleted")
    tap.equal(shop.check({"code": "C1"}).json["errors"][0]["code"], "unique",
              "and what became unique is")
    wrong = copy.deepcopy(doc)
    wrong["code"]["maxLength"] = 1
    wrong["name"]["pattern"] = "^X"
    wrong["other"] = {"type": "string"}
    answer = put(shop, wrong)
    tap.equal((answer.status, faults(answer)),
              (400, ["/properties/code", "/properties/name"]),
              "stored values that do not fit, each field")
    tap.ok(b"c1" not in answer.raw and b"N1" not in answer.raw,
           "which are not told")
    tap.equal(show(shop)["properties"], doc, "all or nothing")


def test_display_names():
    """A field that goes keeps its name until no customer has it, and no more:
    the contract's document takes a title that it had."""
    shop = site.workspace(fields=[
        {"field_name": "first_name", "display_name": "First name",
         "field_type": "string"},
        {"field_name": "given", "display_name": "GPA",
         "field_type": "string"}])
    shop.check([{"first_name": "Ann", "given": "x"}])
    site.stop("worker")
    reply = call(shop, "PUT", DOCUMENT)
    tap.equal((reply.status, reply.json), (202, DOCUMENT),
              "titles of fields that go are free at once")
    tap.equal(show(shop), DOCUMENT, "and the document comes back")
    header = shop.upload(b"First name,GPA\nBob,2.5\n")
    tap.equal(header.json.get("status"), "completed", header.json)
    kept = {**DOCUMENT["properties"], "given": {"type": "string"}}
    tap.equal(put(shop, kept).status, 409, "their names are not, yet")
    site.up("worker")
    tap.equal(done(shop, reply)["status"], "completed", "the job ends")
    tap.equal((values(shop, "gpa"), values(shop, "first_name")),
              ([None, 2.5], [None, None]), "a header means the new field")


def test_aliases():
    shop = site.workspace(fields=[])
    call(shop, "PUT", DOCUMENT)
    answer = shop.call("PUT", "/v1/cpf", {
        "workspace_id": shop.id, "field_name": "customerid",
        "field_type": "string"})
    tap.equal(answer.status, 409, "an alias' name is no field's")
    doc = copy.deepcopy(DOCUMENT)
    doc["properties"]["firstName"] = {"x-scv-source": "customer.$segments"}
    doc["x-scv-permissions"]["scv:customer"]["scv:property:firstName"] = [
        "read"]
    doc.update(title="Shop", description="Ours", additionalProperties=False)
    reply = call(shop, "PUT", doc)
    tap.equal((reply.status, reply.json), (200, doc),
              "a field becomes an alias, and a title comes")
    doc["properties"]["firstName"] = DOCUMENT["properties"]["firstName"]
    tap.equal(call(shop, "PUT", doc).json, doc, "and back")
    reply = shop.call("DELETE", "/v1/cpf", {"workspace_id": shop.id,
                                            "field_name": "firstName"})
    tap.equal(reply.status, 200, "the field is deleted on the other face")
    shop.call("PUT", "/v1/cpf", {"workspace_id": shop.id, "field_name":
                                 "firstName", "field_type": "string"})
    tap.equal(show(shop)["x-scv-permissions"], {"scv:customer": {}},
              "S14: its permissions went with it")


def test_long_texts():
    """What a document says beside its fields is read with them each time: it
    has a bound, and no document makes its workspace unreadable."""
    shop = site.workspace()
    doc = show(shop)
    doc["properties"]["firstName"] = {
        "type": "string", "description": "\u00e9" * 1000}
    doc["properties"]["id"] = {"x-scv-source": "customer.$customerid",
                               "description": "d" * 1000}
    doc.update(title="t" * 1000, description="d" * 1000)
    tap.equal(call(shop, "PUT", doc).status, 200, "1000 characters are kept")
    tap.equal(show(shop)["description"], "d" * 1000, "whole")
    before = version(shop)
    longer = copy.deepcopy(doc)
    longer.update(title="t" * 1001, description="d" * 1001)
    for name in ("firstName", "id"):
        longer["properties"][name]["description"] = "d" * 1001
    tap.equal(faults(call(shop, "PUT", longer)), [
        "/description", "/properties/firstName/description",
        "/properties/id/description", "/title"], "1001 are not")
    doc["description"] = "d" * 5000000
    tap.equal(faults(call(shop, "PUT", doc)), ["/description"],
              "nor are five million")
    doc["description"] = "d"
    doc["properties"]["many"] = {
        "type": "array", "items": {"type": "string"},
        "default": ["e" * 1000] * 1000}
    tap.equal(faults(call(shop, "PUT", doc)), ["/properties/many/default"],
              "nor is a default of a million bytes")
    tap.equal((version(shop), call(shop, "GET").status), (before, 200),
              "and nothing has changed")


def test_who():
    shop, other = site.workspace(fields=[]), site.workspace(fields=[])
    keys = {name: site.ctl("api-key", "create", "--workspace", shop.id,
                           "--privileges", name)
            for name in ("CUSTOMERS_SCHEMA_READ", "CUSTOMERS_SCHEMA_UPDATE")}
    answers = {name: (call(shop, "GET", key=key).status,
                      call(shop, "PUT", {"properties": {}}, key).status)
               for name, key in keys.items()}
    tap.equal(answers, {"CUSTOMERS_SCHEMA_READ": (200, 403),
                        "CUSTOMERS_SCHEMA_UPDATE": (403, 200)},
              "S13: each privilege opens its own")
    for method in "GET", "PUT":
        reply = call(shop, method, {"properties": {}}, other.api_key)
        tap.equal((reply.status, reply.json), (401,
                  {"message": "Unauthorized"}), f"S12: {method}: a foreign key")
    call(other, "PUT", DOCUMENT)
    tap.equal(show(shop)["properties"], {}, "S12: the other's fields are its")
    reply = call(shop, "PUT", b"", shop.api_key)
    tap.equal(reply.status, 400, "no body: 400")


tap.run(globals())
