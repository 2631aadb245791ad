#!/usr/bin/python3
"""Decrypts what Coffer's /v1/customer answers, on the client's own side.

Needs python3-cryptography. README.md says how, and what the format is.
"""

import argparse
import base64
import json
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

IV = 12
TAG = 16
KEY = 32


def import_keys(lines):
    """Takes lines "key_version SPACE base64key" (one string, or a list of
    lines) and returns the keys, a dict from version to AESGCM."""
    keys = {}
    for line in lines.splitlines() if isinstance(lines, str) else lines:
        if not line.strip():
            continue
        try:
            version, text = line.split()
            raw = base64.b64decode(text, validate=True)
            if len(raw) != KEY:
                raise ValueError
            keys[int(version)] = AESGCM(raw)
        except ValueError:
            raise ValueError(
                "a key line is not: key_version base64key") from None
    return keys


def decrypt_value(workspace_id, customer_id, field_name, key_version, value,
                  keys):
    """Decrypts one value and returns its JSON text, exactly as it was stored
    ("1500.00" keeps its digits; json.loads makes a value of it)."""
    if key_version not in keys:
        raise ValueError(f"no key of version {key_version}")
    sealed = base64.b64decode(value, validate=True)
    if len(sealed) < IV + TAG:
        raise ValueError("value too short")
    ad = f"{workspace_id}/{customer_id}/{field_name}".encode()
    plain = keys[key_version].decrypt(sealed[:IV], sealed[IV:], ad)
    return plain.decode()


def decrypt_customer(workspace_id, fields, customer, keys, parse=json.loads):
    """Returns a copy of a customer with the PII fields that are named in
    `fields` decrypted; absent and null ones stay as they are. `parse` makes
    a value of a JSON text."""
    customer_id = customer["customer_id"]
    profile = dict(customer["extended_profile"])
    for name in fields:
        value = profile.get(name)
        if value is None:
            continue
        try:
            if not isinstance(value, str):
                raise ValueError("not encrypted")
            profile[name] = parse(decrypt_value(
                workspace_id, customer_id, name, customer["key_version"],
                value, keys))
        except InvalidTag:
            raise ValueError(f"customer {customer_id}, {name}: wrong key, "
                             "or not this customer's value") from None
        except ValueError as e:
            raise ValueError(f"customer {customer_id}, {name}: {e}") from None
    return {**customer, "extended_profile": profile}


def main():
    parser = argparse.ArgumentParser(
        description="Decrypts a /v1/customer answer of Coffer.")
    parser.add_argument("--keys", required=True, metavar="FILE",
                        help="file of lines: key_version SPACE base64key")
    parser.add_argument("--workspace", required=True, metavar="ID")
    parser.add_argument("--fields", required=True, metavar="A,B",
                        help="names of the PII fields")
    parser.add_argument("file", nargs="?", metavar="FILE",
                        help="the answer; standard input if none")
    options = parser.parse_args()
    try:
        with open(options.keys, encoding="utf-8") as f:
            keys = import_keys(f.read())
        with open(options.file or 0, encoding="utf-8") as f:
            page = json.load(f)
        if not isinstance(page, dict) or "customers" not in page:
            raise ValueError(
                "not a /v1/customer answer: no customers in it")
        page["customers"] = [
            decrypt_customer(options.workspace, options.fields.split(","),
                             customer, keys)
            for customer in page["customers"]]
    except (OSError, ValueError) as e:
        sys.exit(f"coffer_decrypt: {e}")
    out = json.dumps(page, ensure_ascii=False, indent=2)
    sys.stdout.buffer.write(out.encode() + b"\n")


if __name__ == "__main__":
    main()
