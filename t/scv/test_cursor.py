"""Cursors of lists are opaque, of one list alone, and cannot be changed by
hand; also where lists are large, the terms long and the tenants two."""
import base64
import urllib.parse

import coffer
import tap

site = coffer.Site()
site.keep_alive()
shop = site.workspace([{"field_name": "n", "field_type": "string",
                        "searchable": True}])
other = site.workspace([{"field_name": "n", "field_type": "string",
                         "searchable": True}])
again = site.workspace([{"field_name": "n", "field_type": "string",
                         "searchable": True}], account=shop.account)
for place in (shop, other, again):
    place.check([{"n": f"name {i}"} for i in range(9)])
    place.scv("PUT", "/segments/vip")


def get(query, place=shop):
    return place.scv("GET", "/customers?retProps=$customerid&" + query)


def cursor(query, link="next", place=shop):
    url = get(query, place).json["links"][link]
    return urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)[
        "page[after]" if link == "next" else "page[before]"][0]


def is_refused(reply, name, label):
    tap.equal((reply.status, [p["name"] for p in reply.json["invalid-params"]]
               if reply.status == 400 else reply.raw), (400, [name]), label)


LISTS = ["segment=customers", "segment=all", "segment=customers&sort="
         "segmentedDate", "segment=customers&sort=createdDate",
         "segment=customers&sort=-createdDate",
         "segment=customers&sort=updatedDate", "segment=all&sort=createdDate",
         "search[contains]=name", "search[contains]=nam",
         "search[contains]=NAME", "search[contains]=name&sort=createdDate"]


def test_of_one_list():
    cursors = {query: cursor(query + "&page[size]=2") for query in LISTS}
    tap.equal(len(set(cursors.values())), len(LISTS), "each has its own")
    for query, one in cursors.items():
        for use in LISTS + ["segment=vip", "username=x"]:
            for way in ("after", "before")[len(use) % 2:]:
                reply = get(f"{use}&page[{way}]={one}")
                if use == query:
                    tap.equal(reply.status, 200, f"{use}: {way} its cursor")
                else:
                    is_refused(reply, f"page[{way}]",
                               f"{use}: {way} a cursor of {query}")
    for place, label in ((other, "another tenant"), (again,
                                                     "another workspace")):
        for query, one in cursors.items():
            is_refused(get(f"{query}&page[after]={one}", place),
                       "page[after]", f"S12: {label} has no use for it")
    one = cursors["segment=customers"]
    reply = shop.scv("GET", f"/segments?page[after]={one}")
    is_refused(reply, "page[after]", "nor has another list")


def test_by_hand():
    query = "segment=customers&sort=createdDate"
    one = cursor(query + "&page[size]=2")
    raw = base64.urlsafe_b64decode(one + "=" * (-len(one) % 4))
    wrong = [raw[:i] + bytes([raw[i] ^ 1 << i % 8]) + raw[i + 1:]
             for i in range(len(raw))]
    wrong += [raw[:-1], raw + b"\0", raw[16:], b"", b"\0" * len(raw)]
    texts = [base64.urlsafe_b64encode(x).decode().rstrip("=") for x in wrong]
    texts += [one + "=", one[:-1], one + "A", "A" * 5000, "%00", "null",
              "../../x", "'--", "%F0%9F%98%80"]
    for i, text in enumerate(texts):
        if not text:
            continue
        is_refused(get(f"{query}&page[after]={text}"), "page[after]",
                   f"changed by hand, case {i}")
    tap.equal(get(f"{query}&page[after]={one}").status, 200,
              "and as it was it is good")


def test_kept():
    """What a cursor depends on, and what it does not."""
    query = "segment=customers"
    one = cursor(query + "&page[size]=2")
    for more in ("&page[size]=5", "&retAllProps=1"):
        reply = shop.scv("GET", f"/customers?{query}&page[after]={one}{more}")
        tap.equal(reply.status, 200, f"another {more[1:10]}... is no other list")
    site.kill("fcgi", 1)
    tap.equal(get(f"{query}&page[after]={one}").status, 200,
              "cursors outlive processes")
    shop.scv("PUT", "/segments/brief", {"name": "Brief"})
    for customer in [x["$customerid"] for x in get("segment=all").json["data"]]:
        shop.scv("PUT", f"/segments/brief/customers/{customer}")
    old = cursor("segment=brief&page[size]=2")
    shop.scv("DELETE", "/segments/brief")
    shop.scv("PUT", "/segments/brief")
    is_refused(get(f"segment=brief&page[after]={old}"), "page[after]",
               "a segment made anew under the same code is another list")


def test_long_terms():
    """Links hold the term: as long as nginx takes one."""
    term = "é" * 1100
    shop.check([{"n": "é" * 1000} for _ in range(3)])
    query = "search[contains]=" + urllib.parse.quote("é" * 900) + "&page[size]=1"
    first = get(query)
    tap.equal((first.status, len(first.json["data"])), (200, 1), "found")
    start = f"https://localhost:{site.port}/scv"
    second = shop.scv("GET", first.json["links"]["next"][len(start):])
    tap.equal((second.status, len(second.json["data"])), (200, 1), "and on")
    tap.ok(second.json["links"]["prev"] and second.json["links"]["next"],
           "with links both ways")
    none = get("search[contains]=" + urllib.parse.quote(term))
    tap.equal((none.status, none.json["data"]), (200, []), "longer than all")
    tap.ok("%C3%A9%C3%A9" not in site.logs(), "S24: terms are in no log")


tap.run(globals())
