#!/usr/bin/env python3
"""A sample client of Coffer, and made-up customers for it.

  sample.py csv --rows N [--seed N]        a CSV of N customers, to stdout
  sample.py upload --env run/env FILE      uploads it and follows the job
  sample.py page --env run/env [--page N]  shows a page of the group

Only Python's standard library. run/env is what contrib/quickstart wrote.
"""
import argparse
import csv
import http.client
import json
import random
import shlex
import ssl
import sys
import time
import uuid
from urllib.parse import urlsplit

FIRST = ("Zoë José Anaïs Björn Łukasz Seán Ángela Chloé Jürgen Søren Nguyễn "
         "Ayşe Dvořák Ming 美咲 Мария Ελένη Ann Bob Carol Daniel Esther Frank "
         "Grace Hugo Ida Jack Kofi Lena Mahmoud Noor Olga Priya Quentin Rosa "
         "Siobhán Tom Ursula Viktor Wanda Xavier Yusuf Zora").split()
LAST = ("O’Brien D'Souza Müller García-López Smith Jones Nuñez Lindström "
        "Kowalski Çelik Nakamura Петров Παπαδόπουλος Okafor Haddad Fernandes "
        "Taylor Dubois Rossi Novák Kim Ivanova Silva Jansen Mbeki Cohen "
        "St.\u00a0John McDonald van\u00a0Dijk Nguyễn").split(" ")
STREETS = ("High Street|Rue de l'Église|Hauptstraße|Calle Mayor|Via Roma|"
           "Łąkowa|Kungsgatan|Rua Direita|Šmartinska cesta|5th Avenue")
CITIES = "London Köln Paris Málaga Roma Kraków Göteborg Porto Oslo Zürich"
INTERESTS = "hiking chess cooking running music gardening sailing".split()
NOTES = ("Prefers \"quiet\" rooms, high floor", "Called twice,\nleft a message",
         "Allergic to nuts; ask first", "He said: \"never, ever\" by phone",
         "Line one\r\nline two\r\nline three", "Très content — à rappeler", "",
         "", "")
HEADER = ["E-mail", "Phone", "Birth date", "Address", "first_name",
          "Last Name", "customer_type", "signup_date", "lifetime_value",
          "newsletter", "interests", "notes"]


def customer(rng, number, mark):
    """One made-up row, in the order of HEADER."""
    first, last = rng.choice(FIRST), rng.choice(LAST)
    street = rng.choice(STREETS.split("|"))
    return [
        f"customer.{number}.{mark}@example.com",
        f"+{rng.randint(1, 99)} {rng.randint(100, 999)} "
        f"{rng.randint(100000, 999999)}",
        f"{rng.randint(1, 28):02}/{rng.randint(1, 12):02}/"
        f"{rng.randint(1930, 2005)}",
        f"{rng.randint(1, 250)}, {street}\n{rng.choice(CITIES.split())}",
        first, last,
        rng.choice(("VIP", "regular", "regular", "prospect")),
        f"{rng.randint(2010, 2026)}-{rng.randint(1, 12):02}-"
        f"{rng.randint(1, 28):02}",
        f"{rng.randint(0, 20000)}.{rng.randint(0, 99):02}",
        rng.choice(("true", "false", "yes", "No", "")),
        json.dumps(rng.sample(INTERESTS, rng.randint(0, 3))),
        rng.choice(NOTES)]


def write_csv(args):
    rng = random.Random(args.seed)
    mark = uuid.uuid4().hex[:8]  # every file brings customers of its own
    out = csv.writer(open(1, "w", encoding="utf-8", newline="", closefd=False),
                     lineterminator="\r\n")
    out.writerow(HEADER)
    for number in range(1, args.rows + 1):
        out.writerow(customer(rng, number, mark))


class Client:
    """Signs in with what run/env says and makes calls."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.env = dict(line.split("=", 1)
                            for line in shlex.split(file.read()))
        self.host = urlsplit(self.env["COFFER_URL"]).netloc
        self.tls = ssl.create_default_context(cafile=self.env["COFFER_CA"])
        self.token = None
        self.sign_in()

    def sign_in(self):
        status, answer = self.call(
            "POST", "/v1/auth",
            {"email": self.env["COFFER_EMAIL"],
             "password": self.env["COFFER_PASSWORD"]},
            {"x-api-key": self.env["COFFER_API_KEY"]})
        self.expect(status, answer, 200)
        self.token = answer["access_token"]

    def call(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        link = http.client.HTTPSConnection(self.host, context=self.tls,
                                           timeout=120)
        try:
            link.request(method, path, body, headers)
            answer = link.getresponse()
            return answer.status, json.loads(answer.read() or "null")
        finally:
            link.close()

    @staticmethod
    def expect(status, answer, *wanted):
        if status not in wanted:
            sys.exit(f"sample.py: the server answered {status}: "
                     f"{json.dumps(answer)[:2000]}")

    def group(self, **more):
        return {"workspace_id": self.env["COFFER_WORKSPACE"],
                "customer_group_id": self.env["COFFER_GROUP"], **more}


def multipart(fields, name, data):
    mark = uuid.uuid4().hex
    parts = [f"--{mark}\r\nContent-Disposition: form-data; name=\"{key}\""
             f"\r\n\r\n{value}\r\n".encode() for key, value in fields.items()]
    parts.append(f"--{mark}\r\nContent-Disposition: form-data; "
                 f"name=\"data_file\"; filename=\"{name}\"\r\n"
                 "Content-Type: text/csv\r\n\r\n".encode() + data)
    parts.append(f"\r\n--{mark}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={mark}"


def upload(args):
    client = Client(args.env)
    with open(args.file, "rb") as file:
        body, kind = multipart(client.group(), "customers.csv", file.read())
    began = time.monotonic()
    status, answer = client.call("POST", "/v1/customer/check", body,
                                 {"Content-Type": kind})
    client.expect(status, answer, 200, 202)
    print(f"{answer['message']}: {answer['rows']} rows, job "
          f"{answer['job_id']}")
    path = "/" + answer["job_id"].split("/", 1)[1]
    while True:
        status, job = client.call("GET", path)
        client.expect(status, job, 200)
        print(f"  {job['status']}: {job['processed']} of {job['rows']}",
              flush=True)
        if job["finished_at"]:
            break
        time.sleep(0.2)
    print(f"{job['succeeded']} customers stored, {job['failed']} refused, in "
          f"{time.monotonic() - began:.2f} s from POST to {job['status']}.")
    sys.exit(0 if job["status"] == "completed" else 1)


def page(args):
    client = Client(args.env)
    status, count = client.call("POST", "/v1/customer/pages", client.group())
    client.expect(status, count, 200)
    status, answer = client.call("POST", "/v1/customer",
                                 client.group(page_number=args.page))
    client.expect(status, answer, 200)
    customers = answer["customers"]
    print(f"{count['customers']} customers on {count['pages']} pages; page "
          f"{answer['page_number']} holds {len(customers)}. The first one, "
          "as it is stored:")
    print(json.dumps(customers[0], indent=2, ensure_ascii=False))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("csv")
    make.add_argument("--rows", type=int, default=10000)
    make.add_argument("--seed", type=int, default=1)
    make.set_defaults(run=write_csv)
    send = commands.add_parser("upload")
    send.add_argument("--env", required=True)
    send.add_argument("file")
    send.set_defaults(run=upload)
    show = commands.add_parser("page")
    show.add_argument("--env", required=True)
    show.add_argument("--page", type=int, default=0)
    show.set_defaults(run=page)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
