"""API keys that processes remember (model/key_cache.h): what is remembered
opens nothing any more once it is over, and a read by id costs one statement.

The test has a database server of its own, for it counts statements."""
import concurrent.futures
import gzip
import json
import os
import subprocess
import uuid

import coffer
import tap

os.environ.pop("COFFER_TEST_DB", None)
site = coffer.Site(parts="fcgi nginx", **{"server.processes": 2})
shop = site.workspace()
other = site.workspace()
VALUES = {"email": "ann@example.org", "first_name": "Ann",
          "customer_type": "VIP"}
ID = shop.scv("POST", "/customers", VALUES).json["$customerid"]
PATH = f"/customers/{ID}"
# What requests lead to while their key lives: (path, headers), status.
KINDS = {
    200: (PATH, {}),
    304: (PATH, {"If-None-Match": "*"}),
    400: (PATH + "?retProps=none", {}),
    404: (f"/customers/{uuid.uuid4()}", {}),
}


def get(key=None, status=200, **more):
    path, headers = KINDS[status]
    return shop.scv("GET", path, headers=headers, key=key, **more)


def burst(call, n=12):
    """So many at once that each of the two processes gets some."""
    with concurrent.futures.ThreadPoolExecutor(n) as pool:
        return [f.result() for f in [pool.submit(call) for _ in range(n)]]


def statements():
    return int(site.sql("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'")[0][1])


def cost(call, n=10):
    """Statements of n calls, one after the other."""
    before = statements()
    for _ in range(n):
        call()
    return statements() - before


def warm(key=None, shop=shop):
    """Until both processes remember the key."""
    for _ in range(20):
        burst(lambda: shop.scv("GET", PATH, key=key))
        if cost(lambda: shop.scv("GET", PATH, key=key)) == 10:
            return
    raise RuntimeError("the key is not remembered")


def drain():
    """The audit log, whole."""
    subprocess.run([f"{coffer.BUILD}/coffer-worker", "--config",
                    f"{site.dir}/coffer.ini", "--drain"], check=True,
                   capture_output=True)
    return [json.loads(line)
            for line in site.ctl("audit", "export").splitlines()]


def key_id(key):
    """The id of a key that has just been made."""
    digest = f"UNHEX(SHA2('{key}', 256))"
    raw = site.sql("SELECT HEX(uuid) FROM api_key WHERE digest = " + digest)
    return str(uuid.UUID(raw[0][0]))


def generation(shop=shop):
    return int(site.sql("SELECT generation FROM workspace WHERE uuid = "
                        f"UNHEX('{shop.id.replace('-', '')}')")[0][0])


def test_audit():
    """First of all, for refusals of nobody are noted so often a minute."""
    key = shop.key("CUSTOMER_READ")
    gone = key_id(key)
    warm(key)
    site.ctl("api-key", "revoke", gone)
    burst(lambda: get(key))
    entries = drain()
    end, = (e["time"] for e in entries if e["action"] == "api_key.revoke")
    mine = [e for e in entries
            if (e["detail"] or {}).get("api_key") == gone]
    tap.ok(mine and max(e["time"] for e in mine) <= end,
           "S35: no read is noted for a key that is gone")
    refused = [e["detail"] for e in entries if e["action"] == "refused"
               and e["time"] >= end and not e["workspace_id"]]
    tap.equal([d["route"] for d in refused], ["scv_customer_show"] * 12,
              "S35: but that nobody was refused, each time")


def test_cost():
    warm()
    for status in (200, 304, 404, 400):
        tap.equal([r.status for r in burst(lambda s=status: get(status=s))],
                  [status] * 12, f"{status}, by a key that is remembered")
        tap.equal(cost(lambda s=status: get(status=s)), 10,
                  f"{status}: one statement each")
    tap.equal(cost(lambda: shop.scv("GET", PATH + "?retProps=$segments")), 20,
              "one more where groups are asked for")


def test_strangers():
    """S6: nothing tells a key that is remembered from one that is nobody's."""
    warm()
    unknown = "cfk_" + "x" * 43
    answers = set()
    for name, call in {
            "an unknown key": lambda: get(unknown),
            "a remembered key under another tenant":
                lambda: get(tenant=other.account),
            "under a tenant that nobody has": lambda: get(tenant="nobody"),
            "another tenant's key": lambda: get(other.api_key)}.items():
        replies = burst(call)
        tap.equal([r.status for r in replies], [401] * 12, f"S6: {name}: 401")
        answers |= {(r.raw, r.headers["WWW-Authenticate"]) for r in replies}
        tap.equal(cost(call), 10, f"S6: {name}: one look-up, as ever")
    tap.equal(len(answers), 1, "S6: all in the same words")
    tap.equal({r.status for r in burst(get)}, {200}, "the key lives on")


def test_privilege():
    key = shop.key("CUSTOMERS_READ")
    tap.equal({r.status for r in burst(lambda: get(key))}, {403},
              "S13: no privilege, no read")
    tap.equal({r.status for r in burst(lambda: get(key))}, {403},
              "S13: nor by a key that is remembered")
    tap.equal(cost(lambda: get(key)), 10, "it is looked up each time")
    site.ctl("api-key", "revoke", key_id(key))
    tap.equal({r.status for r in burst(lambda: get(key))}, {401},
              "S5: and 401 once it is revoked")


def test_revoked():
    refusal = get("cfk_" + "x" * 43)
    for status in KINDS:
        key = shop.key("CUSTOMER_READ")
        warm(key)
        tap.equal({r.status for r in burst(lambda k=key, s=status: get(k, s))},
                  {status}, f"{status} by a key that lives")
        site.ctl("api-key", "revoke", key_id(key))
        replies = burst(lambda k=key, s=status: get(k, s))
        tap.equal([r.status for r in replies], [401] * 12,
                  f"S5: revoked, each process: 401 in the place of {status}")
        tap.equal({(r.raw, r.headers["WWW-Authenticate"], r.headers["ETag"])
                   for r in replies},
                  {(refusal.raw, refusal.headers["WWW-Authenticate"], None)},
                  "S5: which tells nothing else")
        tap.equal(cost(lambda k=key: get(k)), 10, "and it is forgotten")


def writes(key=None):
    """What writes, by a key; each makes or changes customers."""
    return {
        "POST": lambda: shop.scv("POST", "/customers", {"first_name": "Cid"},
                                 key=key),
        "PATCH": lambda: shop.scv("PATCH", PATH, {
            "last_name": uuid.uuid4().hex}, key=key),
        "PUT": lambda: shop.scv("PUT", f"/customers/{uuid.uuid4()}?mode=merge",
                                {"first_name": "Cid"}, key=key)}


def stored():
    """What is stored of customers, in a number."""
    return site.sql("SELECT COUNT(*), SUM(revision) FROM customer")[0]


def test_writes():
    """The transaction of a write gives the proof."""
    key = shop.key("CUSTOMER_READ,CUSTOMER_CREATE,CUSTOMER_UPDATE")
    warm(key)
    for method, most in {"POST": 1, "PATCH": 4, "PUT": 4}.items():
        burst(writes(key)[method])
        spent = cost(writes(key)[method], 20)
        tap.ok(spent <= most * 20 + 8, f"{method}: {most} statements, and few "
               "for a new range of seqs now and then")
    before = stored()
    for method in writes():
        key = shop.key("CUSTOMER_READ,CUSTOMER_CREATE,CUSTOMER_UPDATE")
        warm(key)
        site.ctl("api-key", "revoke", key_id(key))
        tap.equal([r.status for r in burst(writes(key)[method])], [401] * 12,
                  f"S5: {method} by a key that was revoked: 401")
    tap.equal(stored(), before, "S5: and nothing is stored")


def test_write_fields():
    """A write is judged by the fields that are, not by those remembered."""
    warm()
    made = [r.status for r in burst(writes()["POST"])]
    site.ctl("field", "create", "--workspace", shop.id, "--json", json.dumps(
        {"field_name": "motto", "field_type": "string"}))
    made += [r.status for r in burst(lambda: shop.scv(
        "POST", "/customers", {"motto": "Carpe diem"}))]
    tap.equal(set(made), {201}, "a new field is taken at once, everywhere")
    shop.call("DELETE", "/v1/cpf", {"workspace_id": shop.id,
                                    "field_name": "motto"})
    drain()
    tap.equal({r.status for r in burst(lambda: shop.scv(
        "POST", "/customers", {"motto": "Carpe diem"}))}, {400},
              "and a deleted one by nobody")
    for words in ((), ("--index",)):
        warm()
        site.ctl("key", "rotate", "--account", shop.account, *words)
        tap.equal({r.status for r in burst(writes()["POST"])}, {201},
                  f"creates go on through {('a rotation',) + words}")
        drain()


def test_fields():
    """What is remembered of fields is no answer either."""
    warm()
    new = shop.scv("GET", PATH + "?retProps=nickname")
    tap.equal(new.status, 400, "a name that is none")
    site.ctl("field", "create", "--workspace", shop.id, "--json", json.dumps(
        {"field_name": "nickname", "field_type": "string"}))
    tap.equal({r.status for r in burst(lambda: shop.scv(
        "GET", PATH + "?retProps=nickname"))}, {200},
              "is one at once, everywhere")
    warm()
    shop.call("DELETE", "/v1/cpf", {"workspace_id": shop.id,
                                    "field_name": "nickname"})
    tap.equal({r.status for r in burst(lambda: shop.scv(
        "GET", PATH + "?retProps=nickname"))}, {400},
              "and none at once when it is deleted")
    drain()
    warm()
    tap.equal(shop.call("DELETE", "/v1/cpf", {
        "workspace_id": shop.id, "field_name": "customer_type"}).status, 202,
              "a field of which there are values is deleted")
    tap.equal({tuple(sorted(r.json)) for r in burst(get)},
              {("email", "first_name")}, "a deleted field is in no answer")
    tap.equal(cost(get), 10, "and the cost is one statement again")


def test_rotation():
    for words in ((), ("--index",)):
        warm()
        site.ctl("key", "rotate", "--account", shop.account, *words)
        drain()
        tap.equal({r.json["email"] for r in burst(get)}, {VALUES["email"]},
                  f"after {('a rotation',) + words} all is read")
        warm()
        tap.equal(cost(get), 10, "by one statement")


def test_converting():
    """A 503 that tells something of the workspace tells it to nobody else."""
    tap.equal(shop.call("PATCH", "/v1/cpf", {
        "workspace_id": shop.id, "field_name": "phone",
        "unique": True}).status, 202, "an index begins to be made")
    key = shop.key("CUSTOMER_READ", "CUSTOMER_CREATE")
    warm(key)

    def create():
        return shop.scv("POST", "/customers", {
            "email": "bob@example.org", "phone": "+44 1"}, key=key).status

    tap.equal(set(burst(create)), {503}, "what needs it has to wait")
    site.ctl("api-key", "revoke", key_id(key))
    tap.equal(set(burst(create)), {401}, "S5: but is 401 by a revoked key")
    drain()


def test_generation():
    """Whatever is remembered and changes, says so."""
    seen = [generation()]
    mine = {"workspace_id": shop.id}

    def moved(name):
        seen.append(generation())
        tap.ok(seen[-1] > seen[-2], f"S5: {name} raises the generation")

    key = shop.key("CUSTOMER_READ")
    moved("a new key")
    site.ctl("api-key", "revoke", key_id(key))
    moved("its revocation")
    shop.call("PUT", "/v1/cpf", {**mine, "field_name": "made",
                                 "field_type": "string"})
    moved("a new field")
    shop.call("PATCH", "/v1/cpf", {**mine, "field_name": "made",
                                   "display_name": "Made"})
    moved("its change")
    tap.equal(shop.call("PATCH", "/v1/cpf", {
        **mine, "field_name": "made", "pii": True}).status, 202,
        "a conversion begins")
    moved("its beginning")
    drain()
    moved("its end")
    schema = shop.scv("GET", "/schema").json
    schema["description"] = "another"
    tap.equal(shop.scv("PUT", "/schema", schema).status // 100, 2,
              "words of the schema change")
    moved("that")
    site.ctl("key", "rotate", "--account", shop.account)
    moved("a rotation")
    drain()
    moved("its end")
    site.ctl("key", "rotate", "--account", shop.account, "--index")
    moved("one of the index key")
    drain()
    moved("its end")
    still = generation(other)
    shop.scv("PATCH", PATH, {"first_name": "Bea"})
    shop.scv("PUT", "/segments/more", {})
    tap.equal(generation(), seen[-1], "customers and groups leave it alone")
    tap.ok(still < seen[0], "and so do other workspaces")


def hold():
    """A writer that holds the workspace's row shared for a second."""
    client = subprocess.Popen(
        ["mariadb", f"--defaults-file={site.db_dir}/owner.cnf", "--batch",
         "--unbuffered", "--skip-column-names", site.db_name],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    client.stdin.write(
        "START TRANSACTION; SELECT generation FROM workspace WHERE uuid = "
        f"UNHEX('{shop.id.replace('-', '')}') LOCK IN SHARE MODE;"
        " DO SLEEP(1); COMMIT;\n")
    client.stdin.close()
    client.stdout.readline()
    return client


def test_held():
    """Who holds the row has the key and the fields for its transaction."""
    key = shop.key("CUSTOMER_READ")
    acts = {"a revocation": ("api-key", "revoke", key_id(key)),
            "a rotation": ("key", "rotate", "--account", shop.account)}
    for name, words in acts.items():
        writer = hold()
        site.ctl(*words)
        tap.ok(writer.poll() is not None or writer.wait(0.2) == 0,
               f"S5: {name} waits for whoever holds the workspace")
        writer.wait()
    drain()


def test_restored():
    """A key of another life of the database, in processes that go on."""
    file = f"{site.dir}/backup.sql.gz"
    site.ctl("backup", file)
    key = shop.key("CUSTOMER_READ")
    warm()
    warm(key)
    latest = generation()
    site.ctl("restore", file, "--replace")
    tap.ok(generation() > latest, "S5: another life has another generation")
    tap.equal({r.status for r in burst(lambda: get(key))}, {401},
              "S5: one that the backup does not know opens nothing")
    tap.equal({r.status for r in burst(get)}, {200}, "one that it knows does")
    file = f"{site.dir}/later.sql.gz"
    site.ctl("backup", file)
    key = shop.key("CUSTOMER_READ")
    warm(key)
    with gzip.open(file, "rt", encoding="utf-8") as text:
        site.sql(text.read())
    tap.equal({r.status for r in burst(lambda: get(key))}, {401},
              "S5: nor where it was brought back by hand")
    tap.equal({r.status for r in burst(get)}, {200}, "which the others survive")


def test_erased():
    warm()
    site.ctl("account", "erase", shop.account, "--yes")
    for status in KINDS:
        tap.equal([r.status for r in burst(lambda s=status: get(status=s))],
                  [401] * 12, f"S5: an account that is gone: 401, not {status}")


tap.run(globals())
