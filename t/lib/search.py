"""Searches at the level of the model, and what they should find."""
import subprocess
import unicodedata

import coffer


class Searcher:
    """Of a workspace; `key` is the name of a field that is not PII and has
    another value for each customer, by which answers name them."""

    def __init__(self, site, shop, key):
        self.site, self.key = site, key
        self.account, self.workspace = site.sql(
            "SELECT account_id, id FROM workspace WHERE uuid ="
            f" UNHEX(REPLACE('{shop.id}', '-', ''))")[0]
        self.process = None

    def names(self):
        """Customers' keys by seq."""
        return dict(self.site.sql(
            f"SELECT seq, JSON_VALUE(profile, '$.{self.key}') FROM customer"
            f" WHERE workspace_id = {self.workspace}"))

    def seqs(self, text, way="up", start=None, most=10 ** 6):
        if self.process is None:
            self.process = subprocess.Popen(
                [f"{coffer.BUILD}/t/model/search_sample",
                 f"{self.site.dir}/coffer.ini", self.account, self.workspace],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if start is None:
            start = 0 if way == "up" else 2 ** 64 - 1
        self.process.stdin.write(f"{way} {start} {most} {text}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line or line.startswith("error"):
            raise RuntimeError(line)
        return line.split()

    def find(self, text, **more):
        """The keys of those found, sorted."""
        found = self.seqs(text, **more)
        names = self.names()
        return sorted(names.get(seq, f"nobody: {seq}") for seq in found)

    def close(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()


def fold(text):
    text = unicodedata.normalize("NFC", text)
    return unicodedata.normalize("NFC", text.casefold())


def plain(customers, text):
    """The keys of those of {key: [values]} of whom one has the text."""
    return sorted(key for key, values in customers.items()
                  if any(fold(text) in fold(v) for v in values if v))
