"""Single customers: GET by id, create."""
import json
import statistics
import subprocess
import time

import coffer
from rig import FIELDS, ROWS, with_headers


def by_key(bench):
    """The lines of a wrk script that give the API key."""
    return with_headers(x_api_key=bench.shop.api_key,
                        x_dxp_tenant=bench.shop.account)


def gets(bench):
    """Customers by id, at random among those that were uploaded (the values
    of the others are sealed for whom they were copied from); the no-op is
    /healthz, of the same pool."""
    head = by_key(bench)
    ids = bench.ids(f"seq < {ROWS}")
    script = (head + "local ids = {" + ",".join(f'"{i}"' for i in ids) + "}\n"
              "function request() return wrk.format('GET',"
              " '/scv/customers/' .. ids[math.random(#ids)]) end\n")
    for clients in (1, 4):
        got, noop, signed = [], [], []
        for _ in range(bench.args.runs):
            got.append(bench.wrk("/", script, clients, 2))
            noop.append(bench.wrk("/healthz", head, clients, 2))
            signed.append(bench.wrk("/scv/customers/x", head, clients, 2,
                                    refused=True))
        got, noop, signed = (statistics.median(rates)
                             for rates in (got, noop, signed))
        for what, rate in (("no-op of the same pool", noop),
                           ("400 after authentication", signed)):
            bench.report(f"GET by id, {bench.args.rows} stored, {clients} "
                         f"clients / {what}", f"{got:.0f}/s",
                         f"{rate:.0f}/s", got / rate, ">= 0.5")


GROUP = 4000000000  # of insert.c


def inserts(bench, clients, rows):
    """Finished rows inserted and committed one by one, a second: `customer`
    (and its digest), or `all` that a create leaves."""
    seq = bench.next_positions()[0]
    name = f"{bench.site.dir}/profile"
    with open(name, "w") as file:
        file.write(bench.template()[0])
    done = subprocess.run(
        [f"{coffer.BUILD}/insert", f"{bench.site.db_dir}/owner.cnf",
         bench.site.db_name, bench.workspace, str(seq), "3", str(clients),
         name, rows], capture_output=True, text=True, check=True)
    bench.sql(f"DELETE FROM customer_unique WHERE seq >= {seq};"
              f"DELETE FROM customer WHERE seq >= {seq};"
              f"DELETE FROM segment_bucket WHERE segment_id = {GROUP};"
              "DELETE FROM audit WHERE request_id = 'bench'")
    return float(done.stdout)


def creates(bench):
    """Single creates, bare inserts, and inserts of the same rows, by turns."""
    row = dict(zip((field["field_name"] for field in FIELDS),
                   ["EMAIL", "+44 20 00000007", "07/01/1947",
                    "7, High Street\nLondon", "Zoë 7", "O'Brien-7", "VIP",
                    "2017-08-08", "7.07"]))
    turn = 0
    for clients in (1, 4):
        posts, bares, same = [], [], []
        for _ in range(bench.args.runs):
            turn += 1
            head, tail = json.dumps(row).split("EMAIL")
            posts.append(bench.wrk(
                "/scv/customers", by_key(bench)
                + with_headers(Content_Type="application/json")
                + "local n = 0\nfunction request() n = n + 1\n"
                f"return wrk.format('POST', nil, nil, [[{head}]] .. "
                f"'customer.' .. n .. '.{turn}.{time.time()}@example.com'"
                f" .. [[{tail}]]) end\n", clients))
            bares.append(inserts(bench, clients, "customer"))
            same.append(inserts(bench, clients, "all"))
        post = statistics.median(posts)
        for what, rates in (("bare insert and COMMIT", bares),
                            ("the same rows and COMMIT", same)):
            rate = statistics.median(rates)
            bench.report(f"create one, {bench.args.rows} stored, {clients} "
                         f"clients / {what}", f"{post:.0f}/s",
                         f"{rate:.0f}/s", post / rate, ">= 0.5")
