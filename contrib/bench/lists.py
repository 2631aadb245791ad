"""Lists of the Single Customer View face, and searches over HTTP."""
import statistics
import time

from rig import FIELDS, ROWS, SEARCHED, make_csv


def fill(bench):
    """bench.face: a workspace of customers that were really uploaded, for those
    who open them (rows that LOAD DATA copies are sealed for others), with a
    hundred of them in the group "small"."""
    fields = [dict(field, searchable=field["field_name"] in SEARCHED)
              for field in FIELDS]
    fields[0]["role"] = "verified_email"
    bench.face, shop = bench.site.workspace(fields), bench.shop
    bench.site.ctl("group", "create", "--workspace", bench.face.id, "--name",
                   "Small", "--code", "small")
    bench.shop = bench.face
    for turn in range(max(1, bench.args.rows // ROWS)):
        if turn == bench.args.rows // ROWS // 2:
            bench.face.check([
                {"email": f"few.{i}@example.com", "first_name": "Xaverius"}
                for i in range(100)])
            for one in fetch(bench, "search[contains]=xaverius&page[size]=100"
                             "&retProps=$customerid")["data"]:
                bench.face.scv("PUT", "/segments/small/customers/"
                               + one["$customerid"])
        bench.upload(make_csv(f"{turn:05}"))
    bench.shop = shop


def fetch(bench, query):
    return follow(bench, "/scv/customers?" + query)


def follow(bench, path):
    return bench.call_key(bench.face, "GET", path)


def times(bench, *paths):
    """Milliseconds of a hundred answers of each path, by turns."""
    took = [[] for _ in paths]
    for turn in range(110):
        for path, out in zip(paths, took):
            began = time.perf_counter()
            follow(bench, path)
            out.append((time.perf_counter() - began) * 1000)
    return [sorted(out[10:]) for out in took]


def p95(bench, queries):
    """Milliseconds that 95 of a hundred answers stay within."""
    took = times(bench, *["/scv/customers?" + query for query in queries])
    return sorted(one for out in took for one in out)[
        95 * len(queries) - 1]


def searches(bench):
    at = f", {bench.args.rows} stored, p95"
    find = "search[contains]="
    bench.limit("search, a page of 50 found" + at, p95(
        bench, [find + t for t in ("Zo%C3%AB+42", "o'BRIEN-7", "%2B44+20+0000",
                                   "e", "00017%40example")]), 20)
    bench.limit("search, found in one place" + at, p95(
        bench, [find + f"customer.{i}.00000%40"
                for i in range(5000, 5020)]), 80)
    bench.limit("search, nobody found" + at, p95(
        bench, [find + t for t in ("nobody", "qqq", "zz%40top")]), 80)
    bench.limit("search of 1 in 97, by date" + at, p95(
        bench, [find + "Zo%C3%AB+42&sort=-createdDate"]), 160)


def deep(bench, query, part=0.9):
    """The path of a page that far into a list."""
    reply = fetch(bench, query + "&retProps=$customerid&page[size]=1000")
    for _ in range(int(bench.args.rows * part) // 1000):
        path = reply["links"]["next"].split("/", 3)[3]
        reply = follow(bench, "/" + path)
    cursor = reply["links"]["next"].split("page%5Bafter%5D=")[1]
    return f"/scv/customers?{query}&page[after]={cursor}"


def pages(bench):
    for query in ("segment=customers", "segment=all",
                  "segment=customers&sort=-segmentedDate",
                  "segment=customers&sort=createdDate",
                  "segment=customers&sort=-updatedDate"):
        first, last = (statistics.median(out) for out in times(
            bench, "/scv/customers?" + query, deep(bench, query)))
        bench.report(f"{query}, page of 50 at 90% / first", f"{last:.1f} ms",
                     f"{first:.1f} ms", last / first, "<= 1.3")
    for sort in ("createdDate", "-updatedDate"):
        bench.limit(f"100 of {bench.args.rows} by {sort}, page of 50, p95",
                    p95(bench, [f"segment=small&sort={sort}"]), 20)
    email = "email=customer.77.00001%40example.com"
    if len(fetch(bench, email)["data"]) != 1:
        raise RuntimeError("nobody has the e-mail")
    bench.limit("one by e-mail, p95", p95(bench, [email]), 20)
    bench.limit("1,000 customers in full, p95", p95(
        bench, ["segment=customers&page[size]=1000&retAllProps=1"]), 200)


def all_of_it(bench):
    fill(bench)
    pages(bench)
    searches(bench)
