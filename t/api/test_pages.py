"""POST /v1/customer/pages and POST /v1/customer: order, edges, shape."""
import re
import coffer
import tap

site = coffer.Site()
shop = site.workspace()


def test_empty_group():
    for path in ("/v1/customer/pages", "/v1/customer"):
        status, body = shop.post(path, shop.group(page_number=0))
        tap.equal((status, body["message"]), (401, "No customers found"),
                  f"{path} of an empty group")


def test_pages():
    body = shop.upload(coffer.csv_rows(2345)).json
    tap.equal(shop.wait(body)["status"], "completed", "2,345 uploaded")
    tap.equal(shop.post("/v1/customer/pages", shop.group()).json,
              {"pages": 3, "page_size": 1000, "customers": 2345},
              "pages are counted")
    pages = [shop.page(n).json for n in range(3)]
    tap.equal([len(p["customers"]) for p in pages], [1000, 1000, 345],
              "pages hold 1000 and the rest")
    tap.equal([(p["page_number"], p["pages"]) for p in pages],
              [(0, 3), (1, 3), (2, 3)], "and say where they are")
    names = [c["extended_profile"]["first_name"]
             for p in pages for c in p["customers"]]
    tap.equal(names, [f"Ann {i}" for i in range(1, 2346)],
              "the order is that of the file")
    ids = {c["customer_id"] for p in pages for c in p["customers"]}
    tap.equal(len(ids), 2345, "nobody twice")
    tap.equal(shop.page(1).raw, shop.page(1).raw, "the same on every call")


def test_shape():
    customer = shop.page().json["customers"][0]
    tap.equal(sorted(customer), ["created_at", "customer_id",
                                 "extended_profile", "key_version",
                                 "updated_at"], "a customer's members")
    tap.ok(re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
                    customer["created_at"]), "times are ISO 8601 UTC")
    profile = customer["extended_profile"]
    tap.equal(list(profile), sorted(profile), "sorted by name")
    tap.ok("@" not in profile["email"] and len(profile["email"]) > 40,
           "PII is ciphertext")
    tap.equal(profile["signup_date"], "2024-02-29", "the rest is not")


def test_past_the_end():
    for number in (3, 99999999, -1):
        tap.equal(shop.page(number).status, 400, f"page {number}: 400")
    for number in ("0", 1.5, None, True):
        body = shop.group(page_number=number)
        tap.equal(shop.post("/v1/customer", body).status, 400,
                  f"page_number {number!r}: 400")


def test_all():
    groups = shop.post("/v1/cg", {"workspace_id": shop.id}).json["groups"]
    tap.equal([(g["code"], g["customers"]) for g in groups],
              [("all", 2345), ("customers", 2345)],
              "the built-in group all is there and counts")
    everyone = groups[0]["customer_group_id"]
    tap.equal(shop.page(2, everyone).json["customers"],
              shop.page(2).json["customers"], "and has the same customers")
    status, body = shop.post("/v1/customer/check", {
        "workspace_id": shop.id, "customer_group_id": everyone,
        "customer_data": {"email": "only.all@example.org"}})
    tap.equal(status, 200, f"customers may be uploaded to all {body}")
    groups = shop.post("/v1/cg", {"workspace_id": shop.id}).json["groups"]
    tap.equal([g["customers"] for g in groups], [2346, 2345],
              "and then are in no other group")


def test_nothing_of_pii_in_the_store():
    """S24 in part: no plaintext in any table, or in a log."""
    tables = [row[0] for row in site.sql("SHOW TABLES")]
    text = "".join("\t".join(row) for table in tables
                   for row in site.sql(f"SELECT * FROM `{table}`"))
    tap.ok("signup_date" in text, "the tables hold the profiles")
    tap.ok("c17@example.org" not in text and "+44 000000017" not in text,
           "S24: and no planted PII")
    tap.ok("@example.org" not in site.logs(), "S24: nor do the logs")


tap.run(globals())
