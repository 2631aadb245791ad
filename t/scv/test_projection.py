"""retAllProps and retProps: what an answer has of a customer."""
import re

import coffer
import tap

site = coffer.Site()
shop = site.workspace(coffer.DEFAULT_FIELDS + [
    {"field_name": "tags", "field_type": "array"},
    {"field_name": "gpa", "field_type": "number", "pii": True}])
bare = site.workspace([])
ANN = {"email": "ann@x.org", "first_name": "Ann \"A\" Ön", "gpa": 3.5,
       "lifetime_value": "1500.00", "signup_date": "2024-02-29",
       "tags": ["a", "b"], "$username": "ann"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
(ann,) = shop.check([ANN]).json["customer_ids"]


def get(query="", place=shop, customer=None):
    return place.scv("GET", f"/customers/{customer or ann}{query}")


def test_default():
    reply = get()
    tap.equal((reply.status, reply.json),
              (200, {"email": "ann@x.org", "first_name": "Ann \"A\" Ön",
                     "gpa": 3.5, "lifetime_value": 1500,
                     "signup_date": "2024-02-29", "tags": ["a", "b"]}),
              "neither: the schema's attributes that have a value, in plain")
    tap.ok(b'"lifetime_value":1500.00' in reply.raw, "numbers keep their digits")
    tap.equal(list(reply.json), sorted(reply.json), "in the order of names")
    tap.equal(get("?retAllProps=0").json, reply.json,
              "retAllProps of another value is as good as none")
    tap.equal(get("?retProps=").json, reply.json, "an empty retProps too")
    tap.equal(reply.headers["ETag"], '"1"', "the revision is the ETag")


def test_all():
    got = get("?retAllProps=1").json
    tap.equal(sorted(got), sorted(
        ["$createdDatetime", "$customerid", "$eventLog", "$segments",
         "$updatedDatetime", "$username", "email", "first_name", "gpa",
         "lifetime_value", "signup_date", "tags"]), "everything that has a value")
    tap.equal(got["$customerid"], ann, "its id")
    tap.ok(TIME.fullmatch(got["$createdDatetime"]), "times are ISO 8601")
    (segment,) = got["$segments"]
    tap.equal((segment["code"], bool(TIME.fullmatch(
        segment["segmentedDate"]))), ("customers", True),
        "$segments has the groups but `all`, with segmentedDate")
    (event,) = got["$eventLog"]
    tap.equal((event["event"], event["attributes"]), ("created", []),
              "$eventLog begins with the creation")
    tap.equal(get("?retAllProps=1&retProps=nosuch").json, got,
              "retAllProps=1 goes before retProps")


def test_some():
    tap.equal(get("?retProps=gpa,%24customerid,first_name").json,
              {"$customerid": ann, "first_name": ANN["first_name"],
               "gpa": 3.5}, "those that are named")
    tap.equal(get("?retProps=gpa%2C%20email&retProps=gpa").json,
              {"email": "ann@x.org", "gpa": 3.5},
              "commas encoded, spaces, repeated names and parameters")
    tap.equal(get("?retProps=phone,$consented").json, {},
              "an attribute without a value is left out")
    reply = get("?retProps=nosuch,gpa,$nosuch,GPA,")
    tap.equal((reply.status, [p["name"] for p in reply.json[
        "invalid-params"]]), (400, ["nosuch", "$nosuch", "GPA", "retProps"]),
        "every unknown name is told")
    tap.equal(reply.headers["Content-Type"], "application/problem+json",
              "as a problem")
    reply = get("?retprops=gpa&nosuch")
    tap.equal((reply.status, sorted(p["name"] for p in reply.json[
        "invalid-params"])), (400, ["nosuch", "retprops"]),
        "so is every unknown parameter")
    long = "x" * 3000
    reply = get(f"?retProps={long}")
    tap.equal((reply.status, len(reply.json["invalid-params"][0]["name"])),
              (400, 200), "a long one is cut")


def test_roles():
    site.ctl("field", "create", "--workspace", bare.id, "--json",
             '{"field_name":"mail","field_type":"string",'
             '"role":"verified_email"}')
    (bob,) = bare.check([{"mail": "bob@x.org", "$tertiaryid": "T1"}]).json[
        "customer_ids"]
    tap.equal(get("", bare, bob).json, {"mail": "bob@x.org"},
              "a field with a role stands under its name")
    tap.equal(get("?retProps=$verifiedEmail,mail,$tertiaryid", bare,
                  bob).json,
              {"mail": "bob@x.org", "$verifiedEmail": "bob@x.org",
               "$tertiaryid": "T1"}, "and answers to that of its role")


tap.run(globals())
