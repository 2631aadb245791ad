"""/v1/cpf and /v1/cg: definitions made, listed, refused."""
import concurrent.futures
import coffer
import tap

site = coffer.Site(parts="fcgi nginx")
shop = site.workspace([])


def create(**definition):
    return shop.call("PUT", "/v1/cpf", {"workspace_id": shop.id,
                                        **definition})


def test_fields():
    tap.equal(shop.post("/v1/cpf", {"workspace_id": shop.id}).json,
              {"fields": []}, "no fields yet")
    status, body = create(field_name="email", display_name="E-mail",
                          field_type="string", pii=True, unique=True,
                          required=True, regex="@", role="verified_email")
    tap.equal((status, body["field_name"]), (201, "email"), "one is made")
    create(field_name="born", field_type="date", field_format="MMM dd, yyyy")
    create(field_name="price", field_type="currency", field_format="EUR")
    create(field_name="kind", field_type="enum", options=["x", "y"])
    fields = shop.post("/v1/cpf", {"workspace_id": shop.id}).json["fields"]
    tap.equal([f["field_name"] for f in fields],
              ["born", "email", "kind", "price"], "and they are listed")
    email = fields[1]
    tap.equal((email["display_name"], email["pii"], email["unique"],
               email["required"], email["regex"], email["role"]),
              ("E-mail", True, True, True, "@", "verified_email"),
              "with what they were given")
    tap.equal((fields[0]["field_format"], fields[2]["options"]),
              ("MMM dd, yyyy", ["x", "y"]), "formats and options too")


def test_refused():
    bad = {
        "no type": {"field_name": "a"},
        "no name": {"field_type": "string"},
        "a name with a space": {"field_name": "a b", "field_type": "string"},
        "an empty name": {"field_name": "", "field_type": "string"},
        "a name of 65": {"field_name": "a" * 65, "field_type": "string"},
        "a name that is ours": {"field_name": "customer_id",
                                "field_type": "string"},
        "an unknown type": {"field_name": "a", "field_type": "blob"},
        "a date without format": {"field_name": "a", "field_type": "date"},
        "an unknown format": {"field_name": "a", "field_type": "date",
                              "field_format": "d/m/y"},
        "an unknown currency": {"field_name": "a", "field_type": "currency",
                                "field_format": "XXQ"},
        "an enum without options": {"field_name": "a", "field_type": "enum"},
        "a repeated option": {"field_name": "a", "field_type": "enum",
                              "options": ["x", "x"]},
        "a broken regex": {"field_name": "a", "field_type": "string",
                           "regex": "("},
        "an unknown role": {"field_name": "a", "field_type": "string",
                            "role": "king"},
        "pii as text": {"field_name": "a", "field_type": "string",
                        "pii": "yes"},
        "an unknown member": {"field_name": "a", "field_type": "string",
                              "shoe": 1},
        "a length of 0": {"field_name": "a", "field_type": "string",
                          "max_length": 0}}
    for name, definition in bad.items():
        reply = create(**definition)
        if not tap.ok(reply.status == 400 and reply.json["message"],
                      f"{name}: 400"):
            tap.note(reply)
    tap.equal(create(field_name="email", field_type="string").status, 409,
              "a name that is taken: 409")
    tap.equal(create(field_name="mail", display_name=" e-MAIL ",
                     field_type="string").status, 409,
              "a display name that is taken, whatever its case: 409")


def test_rules_bind():
    place = site.workspace([
        {"field_name": "code", "field_type": "string", "regex": "^[A-Z]{3}$",
         "max_length": 3},
        {"field_name": "slow", "field_type": "string",
         "regex": "^(a+)+$"}])
    def codes(**row):
        reply = place.check(row)
        return [e["code"] for e in reply.json.get("errors", [])]
    tap.equal(codes(code="ABC"), [], "a regex lets the right ones in")
    tap.equal(codes(code="abc"), ["regex"], "and no others")
    tap.equal(codes(code="ABCD"), ["length"], "lengths are kept")
    tap.equal(codes(code=7), ["type"], "and types")
    tap.equal(codes(shoe="x"), ["unknown"], "an unknown field is named")
    tap.equal(codes(slow="a" * 900 + "!"), ["regex"],
              "S30: a pattern that would take forever is cut short")


def test_in_parallel():
    """The first fields of a workspace, all at once."""
    for _ in range(5):
        place = site.workspace([])
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            statuses = list(pool.map(lambda n: place.call(
                "PUT", "/v1/cpf", {"workspace_id": place.id,
                                   "field_name": f"f{n}",
                                   "field_type": "string"}).status, range(4)))
        tap.equal(statuses, [201] * 4, "four fields at once")


def test_groups():
    def make(**more):
        return shop.call("PUT", "/v1/cg", {"workspace_id": shop.id, **more})
    status, body = make(name="Gold", code="gold", description="The best")
    tap.equal((status, body["code"], body["name"], body["description"]),
              (201, "gold", "Gold", "The best"), "a group is made")
    tap.equal(make(name="Gold", code="gold").status, 409, "its code is taken")
    tap.equal(make(name="All", code="all").status, 409, "as is all")
    for name, more in {"no name": {"code": "x"}, "no code": {"name": "x"},
                       "a code with a space": {"name": "x", "code": "a b"},
                       "a name that is a number": {"name": 1, "code": "x"},
                       }.items():
        tap.equal(make(**more).status, 400, f"{name}: 400")
    groups = shop.post("/v1/cg", {"workspace_id": shop.id}).json["groups"]
    tap.equal([(g["code"], g["customers"]) for g in groups],
              [("all", 0), ("customers", 0), ("gold", 0)], "groups are listed")


tap.run(globals())
