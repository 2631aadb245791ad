"""S25: an account is erased: for its users at once, in every backup too."""
import base64
import os
import random
import signal
import subprocess
import threading
import time
import coffer
import tap
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

site = coffer.Site(**{"server.processes": 2, "worker.lease": 1000})
gone = site.workspace()   # acc1, to be erased
stays = site.workspace()  # acc2
KEYS = f"{site.dir}/keys"
BACKUP = f"{site.dir}/before.sql"


def run(*words):
    return site.ctl(*words, check=False)


def tenant_rows(code_id, workspaces):
    """The rows that name the account or one of its workspaces, by table."""
    found = {}
    for table, column in site.sql(
            "SELECT table_name, column_name FROM information_schema.columns"
            f" WHERE table_schema = '{site.db_name}'"
            " AND column_name IN ('account_id', 'workspace_id')"
            " AND table_name NOT LIKE 'audit%'"):
        ids = [code_id] if column == "account_id" else workspaces
        count = site.sql(f"SELECT COUNT(*) FROM `{table}` WHERE {column} IN"
                         f" ({','.join(ids)})")[0][0]
        if count != "0":
            found[table] = int(count)
    return found


def ids_of(code):
    account = site.sql(f"SELECT id FROM account WHERE code = '{code}'")[0][0]
    return account, [row[0] for row in site.sql(
        f"SELECT id FROM workspace WHERE account_id = {account}")]


def data_key(shop):
    lines = site.ctl("account", "data-key", shop.account, "--reveal")
    return base64.b64decode(lines.split()[1])


def email_of(shop, row, key):
    """The e-mail of a customer of a page, decrypted as a client does."""
    sealed = base64.b64decode(row["extended_profile"]["email"])
    data = f"{shop.id}/{row['customer_id']}/email".encode()
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], data)


def test_without_yes():
    for shop in (gone, stays):
        shop.wait(shop.upload(coffer.csv_rows(120)).json)
    gone.check([{"email": "c1@example.org"}])
    done = run("account", "erase", gone.account)
    tap.equal((done.returncode, "120 customers" in done.stderr,
               "--yes" in done.stderr), (65, True, True),
              "without --yes it says what would be lost")
    tap.equal((len(gone.page().json["customers"]),
               os.path.exists(f"{KEYS}/salt/{gone.account}")), (120, True),
              "and nothing is")
    tap.equal(run("account", "erase", "nobody", "--yes").returncode, 65,
              "an account that is not there")


def test_backup():
    key = data_key(gone)
    tap.equal(email_of(gone, gone.page().json["customers"][0], key),
              b'"c1@example.org"', "before: the data key opens the data")
    tap.equal(run("backup", BACKUP).returncode, 0, "a backup is made")


class Hold:
    """Keeps a row locked, so that an erasure does not get past it."""

    def __init__(self, sql):
        self.client = subprocess.Popen(
            ["mariadb", f"--defaults-file={site.db_dir}/owner.cnf", "-N",
             "--unbuffered", site.db_name], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.client.stdin.write(f"BEGIN; {sql};\n")
        self.client.stdin.flush()
        self.client.stdout.readline()

    def release(self):
        self.client.communicate()


class Load:
    """One who uploads and one who reads, up to the end of their account."""

    def __init__(self, shop):
        self.shop, self.stop, self.answers = shop, False, []
        self.threads = [threading.Thread(target=self.work, args=(call,),
                                         daemon=True)
                        for call in (shop.page, self.upload)]
        for thread in self.threads:
            thread.start()

    def upload(self):
        return self.shop.check([{"email": f"u{random.random()}@example.org"}])

    def work(self, call):
        while not self.stop:
            reply = call()
            self.answers.append((reply.status, reply.raw))

    def end(self):
        self.stop = True
        for thread in self.threads:
            thread.join()


def test_erase():
    account, workspaces = ids_of(gone.account)
    tap.ok(len(tenant_rows(account, workspaces)) > 8, "it has rows in tables")
    load = Load(gone)
    other = Load(stays)
    time.sleep(0.3)
    hold = Hold("SELECT 'held' FROM field WHERE workspace_id = "
                f"{workspaces[0]} FOR UPDATE")
    killed = 0
    for _ in range(2):  # cut short, and gone on with
        with subprocess.Popen(
                [f"{coffer.BUILD}/cofferctl", "--config",
                 f"{site.dir}/coffer.ini", "account", "erase", gone.account,
                 "--yes"], stderr=subprocess.PIPE, text=True) as process:
            process.stderr.readline()  # it is marked
            process.send_signal(signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
        refused = gone.page()
        tap.equal(refused.status, 403, "from the first moment nobody reads")
        login = site.request(
            "POST", "/v1/auth", {"email": gone.email,
                                 "password": "correct horse battery"},
            {"x-api-key": gone.api_key})
        unknown = site.request(
            "POST", "/v1/auth", {"email": gone.email,
                                 "password": "correct horse battery"},
            {"x-api-key": "cfk_" + "A" * 43})
        tap.equal((login.status, login.raw), (unknown.status, unknown.raw),
                  "nobody signs in: the key is as one that never was")
    tap.equal(killed, 2, "kill -9 in the midst")
    tap.equal(run("account", "create", gone.account, "--name", "x").returncode,
              73, "the code is not given again while rows are left")
    tap.ok(gone.account in run("check").stderr, "check says what to do")
    hold.release()
    done = run("account", "erase", gone.account, "--yes")
    tap.equal((done.returncode, "going on" in done.stderr), (0, True),
              "run again it goes on to its end")
    load.end()
    other.end()
    late = [answer for answer in load.answers if answer[0] not in
            (200, 202, 403)]
    tap.equal(late, [], "who was at work was served or refused")
    tap.equal({answer[0] for answer in other.answers} - {200, 202}, set(),
              "the other account was served all the while")
    tap.equal(tenant_rows(account, workspaces), {}, "no table has a row of it")
    tap.equal(site.sql(f"SELECT * FROM account WHERE id = {account}"), [],
              "nor is the account there")
    tap.equal([name for name in os.listdir(f"{KEYS}/salt")
               if name.startswith(gone.account)], [], "its salt is gone")
    tap.equal(run("check").returncode, 0, "cofferctl check finds all good")


def test_code_again():
    tap.equal(run("account", "create", gone.account,
                  "--name", "New").returncode, 0, "the code may be given again")
    tap.equal(gone.page().status, 403, "an old token does not fit it")
    tap.equal(run("account", "erase", gone.account, "--yes").returncode, 0,
              "and it can be erased again")


def test_restore_the_backup():
    pid = site.pid("worker")
    site.kill("worker", signal.SIGTERM)
    coffer.wait_until(lambda: not os.path.exists(f"/proc/{pid}"))
    done = run("restore", BACKUP, "--replace")
    tap.equal((done.returncode, f"account {gone.account} has no salt" in
               done.stderr), (0, True),
              "the backup is restored; what is erased is said")
    done = run("account", "data-key", gone.account, "--reveal")
    tap.equal((done.returncode, done.stdout), (78, ""),
              "S25: its keys do not open, master key or not")
    page = gone.page().json["customers"]
    tap.ok(page and "example.org" not in str(page),
           "S25: its pages hold ciphertext alone")
    tap.equal(gone.check([{"email": "new@example.org"}]).status, 500,
              "S25: nothing can be sealed for it either")
    key = data_key(stays)
    tap.equal(email_of(stays, stays.page().json["customers"][0], key),
              b'"c1@example.org"', "the other account reads well")
    tap.equal(run("account", "erase", gone.account, "--yes").returncode, 0,
              "what came back is erased again")
    tap.ok("has no salt" not in run("check").stderr, "and check is content")


tap.run(globals())
