"""A drill: backup, damage, restore; what is not whole or not ours is refused."""
import gzip
import hashlib
import os
import resource
import subprocess
import time
import coffer
import tap

site = coffer.Site(parts="fcgi nginx")
shop = site.workspace()
OTHER = site.workspace()
SQL = f"{site.dir}/all.sql"
GZ = f"{site.dir}/all.sql.gz"
TABLES = [row[0] for row in site.sql("SHOW TABLES")
          if not row[0].startswith("audit")]


def run(*words):
    return site.ctl(*words, check=False)


def everything():
    """Every row of every table, but for what a restore has to move."""
    rows = {table: sorted(site.sql(f"SELECT * FROM `{table}`"))
            for table in TABLES if table not in ("account", "session",
                                                 "schema_migration",
                                                 "workspace")}
    rows["workspace"] = site.sql(
        "SELECT id, account_id, HEX(uuid), name, created_at, next_field_id,"
        " schema_version, layout, convert_job, schema_words FROM workspace")
    return rows


def accounts():
    return site.sql("SELECT id, code, name, created_at FROM account")


def queued(count, mark):
    """An upload that waits in the queue: no worker runs."""
    reply = shop.upload(coffer.csv_rows(count, mark=mark))
    if reply.status != 202:
        raise RuntimeError(repr(reply))
    return reply.json


def drain():
    done = subprocess.run([f"{coffer.BUILD}/coffer-worker", "--drain",
                           "--config", f"{site.dir}/coffer.ini"],
                          capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)


def test_backup():
    made = shop.check([{"email": "ann@example.org", "phone": "+44 7"}])
    site.ctl("session", "open", "--workspace", shop.id, "--customer",
             made.json["customer_ids"][0])
    OTHER.check([{"email": "bob@example.org"}])
    queued(150, "a")
    done = run("backup", SQL)
    tap.equal((done.returncode, done.stdout.strip()), (0, SQL), "backup")
    tap.ok("keys are not in it" in done.stderr, "it says what is not in it")
    tap.equal(os.stat(SQL).st_mode & 0o777, 0o600, "its mode is 0600")
    with open(SQL, encoding="utf-8") as file:
        text = file.read()
    tap.ok("ann@example.org" not in text, "S24: no personal data is in it")
    with open(f"{site.dir}/keys/master.key", encoding="ascii") as file:
        tap.ok(file.read().strip() not in text, "nor is the master key")
    tap.equal(run("backup", SQL).returncode, 73, "it overwrites nothing")
    with open(SQL, encoding="utf-8") as file:
        tap.ok(file.read() == text, "the first is as it was")
    tap.equal(run("backup", GZ).returncode, 0, "backup, compressed")
    with gzip.open(GZ, "rt", encoding="utf-8") as file:
        packed = file.read().splitlines()
    tap.ok(packed[0] == text.splitlines()[0] and
           packed[-1].split()[:-1] == text.splitlines()[-1].split()[:-1],
           "gzip reads it, from its head to its end")
    tap.equal(run("backup", "/none/x.sql").returncode, 65,
              "no such directory")
    tap.equal([name for name in os.listdir(site.dir) if ".sql." in name
               and name != "all.sql.gz"], [], "nothing half written is left")


def test_full_disk():
    name = f"{site.dir}/full.sql"
    done = subprocess.run(
        [f"{coffer.BUILD}/cofferctl", "--config", f"{site.dir}/coffer.ini",
         "backup", name], capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                              (20000, 20000)))
    tap.equal((done.returncode, "cannot be written" in done.stderr),
              (65, True), "S41: a full disk is a clear error")
    tap.equal([entry for entry in os.listdir(site.dir)
               if entry.startswith("full.sql")], [],
              "S41: nothing half written stays")


def damage():
    site.sql("DELETE FROM customer; DELETE FROM job_queue;"
             "UPDATE account SET name = 'changed';"
             "UPDATE user_role SET role = 'viewer'")


def test_restore():
    for name in (SQL, GZ):
        before, who = everything(), accounts()
        damage()
        done = run("restore", name)
        tap.equal((done.returncode, "--replace" in done.stderr), (73, True),
                  "a database with tables is not restored into")
        tap.equal(site.sql("SELECT COUNT(*) FROM customer"), [["0"]],
                  "and stays as it is")
        done = run("restore", name, "--replace")
        tap.equal(done.returncode, 0, f"restore {os.path.basename(name)}")
        tap.equal(site.sql("SELECT COUNT(*) FROM session"), [["0"]],
                  "S10: no session that was closed since lives again")
        after = everything()
        for table in before:
            if before[table] != after[table]:
                tap.equal(after[table], before[table], table)
        tap.ok(before == after, "every row is as it was")
        tap.equal(accounts(), who, "the accounts too")
    tap.equal(run("check").returncode, 0, "cofferctl check finds all good")
    tap.equal(site.request("GET", "/readyz").status, 200, "the pool is ready")
    epochs = {int(row[0]) for row in
              site.sql("SELECT key_epoch FROM account")}
    tap.ok(min(epochs) > time.time() - 600,
           "no keyring from before the restore is taken for a new one")


def test_queue_goes_on():
    drain()
    tap.equal(site.sql("SELECT state, succeeded FROM job WHERE row_count > 1"),
              [["completed", "150"]], "the queued job is done once")
    page = shop.page().json["customers"]
    tap.equal((len(page), len({row["customer_id"] for row in page})),
              (151, 151), "every customer is there once")
    reply = shop.check({"email": "ann@example.org"})
    tap.equal((reply.status, reply.json["errors"][0]["code"]),
              (400, "unique"), "the index key is the same: Ann is known")


def sealed(raw):
    """The same with the last line that belongs to it."""
    text = raw[:raw.rindex(b"-- Coffer")]
    digest = hashlib.sha256(text).hexdigest()
    return text + f"-- Coffer backup ends SHA-256 {digest}\n".encode()


def test_not_whole():
    before = everything()
    with open(SQL, "rb") as file:
        raw = file.read()
    with open(GZ, "rb") as file:
        packed = file.read()
    middle = raw.index(b"shop", len(raw) // 4) if b"shop" in raw else 5000
    cases = {"cut": raw[:len(raw) // 2], "cut at its last line":
             raw[:raw.rindex(b"-- Coffer")], "one byte short": raw[:-1],
             "a byte altered": raw[:middle] + b"#" + raw[middle + 1:],
             "more behind it": raw + b"DROP TABLE customer;\n",
             "empty": b"", "another dump": b"-- MariaDB dump\n" + raw,
             "gz, cut": packed[:len(packed) // 2]}
    for name, data in cases.items():
        path = f"{site.dir}/bad"
        with open(path, "wb") as file:
            file.write(data)
        done = run("restore", path, "--replace")
        tap.equal((done.returncode, "nothing is changed" in done.stderr),
                  (65, True), f"{name}: refused")
    tap.equal(run("restore", "/none", "--replace").returncode, 65,
              "no such file")
    tap.ok(everything() == before, "nothing has changed")
    newer = sealed(raw.replace(b"schema ", b"schema 9", 1))
    with open(f"{site.dir}/newer", "wb") as file:
        file.write(newer)
    done = run("restore", f"{site.dir}/newer", "--replace")
    tap.equal((done.returncode, "newer version" in done.stderr), (65, True),
              "one of a newer version: refused")


def test_wrong_keys():
    before = everything()
    keys = f"{site.dir}/keys"
    os.rename(f"{keys}/master.key", f"{site.dir}/right.key")
    site.ctl("master-key", "create", f"{keys}/master.key")
    done = run("restore", SQL, "--replace")
    tap.equal((done.returncode, "nothing is changed" in done.stderr),
              (78, True), "S22: restore notices that the keys are not those")
    tap.ok(everything() == before, "before anything has changed")
    os.rename(f"{site.dir}/right.key", f"{keys}/master.key")


def test_after_replacement():
    """A backup from before the master key was replaced."""
    keys = f"{site.dir}/keys"
    new = site.ctl("master-key", "create", f"{site.dir}/new.key")
    site.ctl("master-key", "replace", "--new", new, "--keep-old")
    done = run("restore", SQL, "--replace")
    tap.equal((done.returncode, "master-key replace" in done.stderr),
              (78, True), "with both keys the data come back, and it is said "
              "what to do")
    tap.equal(run("master-key", "replace", "--new",
                  f"{keys}/master.key").returncode, 0, "which helps")
    tap.equal(run("check").returncode, 0, "all is good")
    site.ctl("account", "data-key", shop.account, "--reveal")
    tap.ok(True, "the keys open")


def test_half_restored():
    site.sql("INSERT INTO schema_migration VALUES (4294967295, 'restore', 1)")
    for words in (("check",), ("migrate",)):
        done = run(*words)
        tap.ok(done.returncode and "restore --replace" in done.stderr,
               f"{words[0]}: a restore that was cut short is said")
    tap.equal(site.request("GET", "/readyz").status, 503,
              "the pool is not ready")
    name = f"{site.dir}/fresh.sql.gz"
    site.sql("DELETE FROM schema_migration WHERE version = 4294967295")
    tap.equal(run("backup", name).returncode, 0, "a backup of the new keys")
    process = subprocess.Popen(
        [f"{coffer.BUILD}/cofferctl", "--config", f"{site.dir}/coffer.ini",
         "restore", name, "--replace"], stderr=subprocess.DEVNULL,
        env=dict(os.environ, COFFER_SCHEMA_DIR=f"{coffer.TOP}/schema"))
    time.sleep(0.15)
    process.kill()
    process.wait()
    tap.equal(run("restore", name, "--replace").returncode, 0,
              "after kill -9 it is run again")
    tap.equal(run("check").returncode, 0, "and all is good")


def test_fresh_database():
    site.sql(f"DROP DATABASE `{site.db_name}`", db=None)
    done = run("restore", f"{site.dir}/fresh.sql.gz")
    tap.equal(done.returncode, 0, "into a database that is not there")
    tap.equal(shop.page().status, 200, "and it serves")


def test_no_secrets():
    with open(f"{site.db_dir}/owner.pw", encoding="ascii") as file:
        secret = file.read().strip()
    tap.ok(secret not in site.logs(), "the owner's password is in no log")


tap.run(globals())
