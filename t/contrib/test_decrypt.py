"""contrib/decrypt: both clients read what the server wrote, with the keys that
cofferctl account data-key prints."""
import json
import os
import subprocess
import coffer
import tap

site = coffer.Site(parts="fcgi nginx")
shop = site.workspace([
    {"field_name": "email", "field_type": "string", "pii": True,
     "unique": True},
    {"field_name": "amount", "field_type": "number", "pii": True},
    {"field_name": "flag", "field_type": "boolean", "pii": True},
    {"field_name": "tags", "field_type": "array", "pii": True},
    {"field_name": "plain", "field_type": "string"}])
DECRYPT = f"{coffer.TOP}/contrib/decrypt"
ROWS = [{"email": f"zoë{i}@example.org", "amount": 1500.5, "flag": True,
         "tags": ["x", "\"y\"\n"], "plain": "p"} for i in range(3)]
CLIENTS = {"Python": ["/usr/bin/python3", f"{DECRYPT}/coffer_decrypt.py"],
           "JavaScript": ["node", f"{DECRYPT}/coffer-decrypt.mjs"]}

shop.check(ROWS)
PAGE = shop.page().raw
KEYS = f"{site.dir}/data.keys"
with open(KEYS, "w", encoding="ascii") as file:
    os.chmod(KEYS, 0o600)
    file.write(site.ctl("account", "data-key", shop.account, "--reveal")
               + "\n")


def run(client, page, keys=KEYS, workspace=None):
    return subprocess.run(
        CLIENTS[client] + ["--keys", keys, "--workspace",
                           workspace or shop.id, "--fields",
                           "email,amount,flag,tags"],
        input=page, capture_output=True)


def test_reveal_is_asked_for():
    done = site.ctl("account", "data-key", shop.account, check=False)
    tap.ok(done.returncode == 64 and not done.stdout,
           "data-key without --reveal prints no key")
    tap.ok("--reveal" in done.stderr, "and says what to do")


def test_read():
    for client in CLIENTS:
        done = run(client, PAGE)
        tap.equal(done.returncode, 0, f"{client}: ends well")
        if done.returncode:
            tap.note(done.stderr.decode())
            continue
        found = json.loads(done.stdout)
        customers = found.get("customers", found) \
            if isinstance(found, dict) else found
        tap.equal([c["extended_profile"] for c in customers], ROWS,
                  f"{client}: reads what the server wrote")


def test_wrong():
    for client in CLIENTS:
        moved = json.loads(PAGE)
        one, two = moved["customers"][0], moved["customers"][1]
        one["extended_profile"], two["extended_profile"] = \
            two["extended_profile"], one["extended_profile"]
        tap.ok(run(client, json.dumps(moved).encode()).returncode != 0,
               f"S19: {client}: a value of another customer is refused")
        other = site.ctl("workspace", "create", "--account", shop.account,
                         "--name", "x")
        tap.ok(run(client, PAGE, workspace=other).returncode != 0,
               f"S19: {client}: so is one of another workspace")
        done = run(client, PAGE, keys="/dev/null")
        tap.ok(done.returncode != 0 and b"Traceback" not in done.stderr,
               f"{client}: no key: a clear error")


tap.run(globals())
