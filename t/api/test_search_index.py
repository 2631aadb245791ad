"""What is searched is what is stored: after uploads, updates, deletions and
changes of fields, and while a worker has not done its part."""
import json
import os
import signal

import coffer
import tap
from search import Searcher, plain

site = coffer.Site(**{"worker.processes": 1, "worker.search_pending": 20,
                      "worker.poll": 50})
FIELDS = [
    {"field_name": "code", "field_type": "string", "unique": True},
    {"field_name": "email", "field_type": "string", "pii": True,
     "searchable": True, "role": "verified_email"},
    {"field_name": "name", "field_type": "string", "searchable": True},
    {"field_name": "city", "field_type": "string", "pii": True},
    {"field_name": "tags", "field_type": "array", "searchable": True},
    {"field_name": "spent", "field_type": "currency", "searchable": True,
     "field_format": "USD"}]
NAMES = ["Ann", "BOB", "Straße", "Zoë", "Łukasz", "ΣΊΣΥΦΟΣ", "O'Brien", "😀"]
CITIES = ["Wrocław", "London", "ΑΘΉΝΑ", "New York", "Zürich"]


def row(i):
    return {"code": f"K{i}", "email": f"c{i}@Example.org",
            "name": f"{NAMES[i % 8]} {i}", "city": CITIES[i % 5],
            "tags": [f"t{i % 50}", "Red" if i % 2 else "blue"],
            "spent": f"{i}.50"}


def csv(rows):
    def cell(v):
        v = json.dumps(v) if isinstance(v, list) else v
        return '"' + v.replace('"', '""') + '"'
    return "".join(",".join(line) + "\r\n" for line in [list(rows[0])] + [
        [cell(v) for v in r.values()] for r in rows])


class Shop:
    """A workspace, and beside it what its customers have."""

    def __init__(self, count):
        self.api = site.workspace(FIELDS)
        self.searcher = Searcher(site, self.api, "code")
        self.searched = ["email", "name", "tags", "spent"]
        self.rows = {}
        if count:
            self.upload([row(i) for i in range(count)])

    def keep(self, rows):
        for r in rows:
            self.rows.setdefault(r["code"], {}).update(r)

    def upload(self, rows, **more):
        reply = self.api.upload(csv(rows), **more)
        if reply.status == 202:
            self.api.wait(reply.json)
        elif reply.status != 200:
            raise RuntimeError(reply)
        self.keep(rows)

    def patch(self, rows):
        reply = self.api.call("PATCH", "/v1/customer", self.api.group(
            customer_data=rows, match_by="code"))
        if reply.status not in (200, 202):
            raise RuntimeError(reply)
        if reply.status == 202:
            self.api.wait(reply.json)
        self.keep(rows)

    def delete(self, codes):
        ids = {c["extended_profile"]["code"]: c["customer_id"]
               for n in range(self.api.post(
                   "/v1/customer/pages", self.api.group()).json["pages"])
               for c in self.api.page(n).json["customers"]}
        reply = self.api.call("DELETE", "/v1/customer", self.api.group(
            customer_ids=[ids[code] for code in codes]))
        tap.equal(reply.status, 200, f"{len(codes)} are deleted")
        for code in codes:
            del self.rows[code]

    def values(self, r):
        for name in self.searched:
            value = r.get(name)
            yield from value if isinstance(value, list) else [value]

    def check(self, name, *texts):
        customers = {k: list(self.values(r)) for k, r in self.rows.items()}
        wrong = []
        for text in texts or ("ann", "SS", "zoë", "σίσυφος", "@EXAMPLE", "red",
                              "t4", "7.5", "😀 1", "london", "no such", "k1"):
            found = self.searcher.find(text)
            if found != plain(customers, text):
                wrong.append((text, len(found), found[:5],
                              plain(customers, text)[:5]))
        tap.equal(wrong, [], f"{name}: search finds what is stored")


def workers(sig):
    for pid in site.children("worker"):
        os.kill(pid, sig)


def pending(shop):
    return int(site.sql("SELECT COUNT(*) FROM search_pending WHERE"
                        f" workspace_id = {shop.searcher.workspace}")[0][0])


def test_stored():
    shop = Shop(2500)
    shop.check("uploaded")
    shop.upload([row(i) for i in range(3000, 3007)])
    tap.ok(pending(shop), "a few new ones are pending")
    shop.check("a few more")
    shop.patch([{"code": f"K{i}", "name": f"Changed {i}"}
                for i in (3, 1030, 2400)])
    shop.check("a few changed", "changed", "ann", "changed 10", "zoë 3")
    shop.patch([{"code": f"K{i}", "name": None if i % 3 else f"New {i}",
                 "city": "Berlin"} for i in range(700, 1400)])
    shop.check("many changed", "new", "new 10", "ann", "berlin", "700")
    shop.upload([dict(row(i), email=f"other{i}@x.org")
                 for i in range(2490, 2520)], on_existing="update")
    shop.check("updated by an upload", "other", "other251", "@example")
    before = pending(shop)
    shop.patch([{"code": "K5", "city": "Madrid"}])
    tap.equal(pending(shop), before, "a field that is not searched: nothing")
    shop.delete(["K3", "K5", "K1030", "K3001"])
    shop.delete([f"K{i}" for i in range(1000, 1200) if i != 1030])
    shop.check("deleted")
    codes = sorted(shop.rows)
    shop.delete(codes)
    shop.check("all deleted")
    left = site.sql(
        "SELECT (SELECT COUNT(*) FROM search_block WHERE workspace_id ="
        f" {shop.searcher.workspace}), (SELECT COUNT(*) FROM search_pending"
        f" WHERE workspace_id = {shop.searcher.workspace})")
    tap.equal(left, [["0", "0"]], "no searched text is left")


def change(shop, name, method="PATCH", **more):
    return shop.api.call(method, "/v1/cpf", {
        "workspace_id": shop.api.id, "field_name": name, **more})


def test_fields():
    """Before, while and after the worker writes texts anew."""
    shop = Shop(2100)
    steps = [("city", True, {"searchable": True}),
             ("name", False, {"searchable": False}),
             ("tags", False, None),
             ("city", True, {"pii": False})]
    for name, stays, more in steps:
        workers(signal.SIGSTOP)
        reply = change(shop, name, **more) if more is not None else \
            change(shop, name, "DELETE")
        tap.equal(reply.status, 202, f"{name}: a job")
        if stays and name not in shop.searched:
            shop.searched.append(name)
        elif not stays:
            shop.searched.remove(name)
        shop.check(f"{name} {more}, not begun")
        shop.patch([{"code": "K9", "city": "Oslo", "name": "Nine"},
                    {"code": "K1500", "city": "Oslo"}])
        if name == "city":
            tap.equal(change(shop, "email", searchable=False).status, 409,
                      "another change of the kind has to wait")
        workers(signal.SIGCONT)
        shop.check(f"{name} {more}, perhaps half done", "oslo", "ann", "LONDON")
        shop.api.wait(reply.json)
        shop.check(f"{name} {more}, done")
        shop.check(f"{name} {more}, done", "oslo", "nine", "wROCŁAW", "red")


def test_types():
    shop = Shop(60)
    workers(signal.SIGSTOP)
    reply = change(shop, "spent", field_type="string")
    tap.equal(reply.status, 202, "numbers become texts")
    shop.check("not begun", "7.50", "0.5")
    workers(signal.SIGCONT)
    shop.api.wait(reply.json)
    shop.check("done", "7.50", "0.5")


def test_order():
    shop = Shop(1500)
    seqs = [s for s, _ in sorted(shop.searcher.names().items(),
                                 key=lambda item: int(item[0]))]
    at = seqs[700]
    tap.equal(shop.searcher.seqs("@example", "up", at, 50), seqs[700:750],
              "up from a customer on, as many as asked for")
    tap.equal(shop.searcher.seqs("@example", "down", at, 50),
              seqs[700:650:-1], "and down")


tap.run(globals())
