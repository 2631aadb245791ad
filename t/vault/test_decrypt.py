#!/usr/bin/python3
"""Both client-side decryptors read what the server's own code seals.

They read what seal_sample.c has sealed, built in COFFER_BUILD. TAP on stdout.
"""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.join(HERE, "..", "..", "contrib", "decrypt")
WORKSPACE = "6b1f0a0e-52c4-4f5e-9d0a-0d6a1d7f0001"
FIELDS = "email,spend,vip,tags"
WRONG = "wrong key, or not this customer's value"
WANT = [
    {"email": "ann@example.com", "spend": 1500.0, "vip": True,
     "tags": ["a", "b"], "city": "Köln"},
    {"email": "Zoë \"Z\" Nuñez 😀\n", "spend": -0.1, "vip": False,
     "tags": [], "city": "Köln"},
    {"email": "", "spend": 9007199254740993, "vip": None,
     "tags": [1, 2.5], "city": "Köln"},
]

count = failed = 0


def ok(passed, name):
    global count, failed
    count += 1
    failed += not passed
    print(f"{'ok' if passed else 'not ok'} {count} - {name}", flush=True)


def run(tool, folder, page, workspace=WORKSPACE, fields=FIELDS, keys="keys"):
    return subprocess.run(
        [*tool, "--keys", os.path.join(folder, keys), "--workspace",
         workspace, "--fields", fields],
        input=json.dumps(page), capture_output=True, text=True, check=False)


def profiles(result):
    """What came out, or None. A number past 2^53 is exact only in Python."""
    if result.returncode != 0:
        print(f"# {result.stderr.strip()}")
        return None
    return [c["extended_profile"]
            for c in json.loads(result.stdout)["customers"]]


def refuses(result, page, why):
    """Ends with 1, says why, prints nothing else and no value."""
    secret = page["customers"][0]["extended_profile"]["email"]
    return (result.returncode == 1 and not result.stdout
            and why in result.stderr and secret not in result.stderr)


def check(name, tool, folder):
    with open(os.path.join(folder, "page.json"), encoding="utf-8") as f:
        text = f.read()
    want = json.loads(json.dumps(WANT))
    got = profiles(run(tool, folder, json.loads(text)))
    if name == "node":
        want[2]["spend"] = float(want[2]["spend"])
    ok(got == want, f"{name}: every value of three key versions comes back")

    got = profiles(run(tool, folder, json.loads(text), fields="email,absent"))
    ok(got is not None and got[0]["email"] == "ann@example.com"
       and got[0]["spend"]
       == json.loads(text)["customers"][0]["extended_profile"]["spend"],
       f"{name}: fields that are not named stay as they are")

    other = WORKSPACE[:-1] + "2"
    page = json.loads(text)
    ok(refuses(run(tool, folder, page, workspace=other), page, WRONG),
       f"{name}: S19: in another workspace it fails")

    page = json.loads(text)
    page["customers"][0]["customer_id"] = page["customers"][1]["customer_id"]
    ok(refuses(run(tool, folder, page), page, WRONG),
       f"{name}: S19: with another customer it fails")

    page = json.loads(text)
    profile = page["customers"][0]["extended_profile"]
    profile["tags"] = profile["email"]
    ok(refuses(run(tool, folder, page), page, WRONG),
       f"{name}: S19: in another field it fails")

    page = json.loads(text)
    profile = page["customers"][0]["extended_profile"]
    head = "B" if profile["email"][0] == "A" else "A"
    profile["email"] = head + profile["email"][1:]
    ok(refuses(run(tool, folder, page), page, WRONG),
       f"{name}: S18: a changed value fails")

    page = json.loads(text)
    page["customers"][0]["key_version"] = 4
    ok(refuses(run(tool, folder, page), page, "no key of version 4"),
       f"{name}: a version without a key fails")

    with open(os.path.join(folder, "bad"), "w", encoding="utf-8") as f:
        f.write("1 c2hvcnQ=\n")
    page = json.loads(text)
    result = run(tool, folder, page, keys="bad")
    ok(refuses(result, page, "key line") and "c2hvcnQ" not in result.stderr,
       f"{name}: a short key is refused, and not printed")


def main():
    sample = os.path.join(os.environ.get("COFFER_BUILD", "."), "t", "vault",
                          "seal_sample")
    python = ["/usr/bin/python3", os.path.join(TOOLS, "coffer_decrypt.py")]
    node = ["node", os.path.join(TOOLS, "coffer-decrypt.mjs")]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sample, folder], check=True)
        check("python", python, folder)
        check("node", node, folder)
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
