"""What tests of exports share: the calls of /scv/exports for a workspace."""
import csv
import io
import os
import time


class Exports:
    def __init__(self, shop, key=None):
        self.shop, self.site = shop, shop.site
        self.headers = {"x-dxp-tenant": shop.account,
                        "x-api-key": key or shop.api_key}

    def call(self, method, path="", body=None, headers=None):
        return self.site.request(method, "/scv/exports" + path, body,
                                 {**self.headers, **(headers or {})})

    def start(self, segment="customers", **more):
        """Its exportid."""
        reply = self.call("POST", "", {"segment": segment, **more})
        if reply.status != 202:
            raise RuntimeError(reply)
        return reply.json["exportid"]

    def show(self, exportid):
        return self.call("GET", "/" + exportid).json

    def wait(self, exportid, seconds=60):
        """The record, once it neither waits nor runs."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            record = self.show(exportid)
            if record["status"] not in ("queued", "running"):
                return record
            time.sleep(0.03)
        raise RuntimeError(f"the export has not ended: {record}")

    def make(self, segment="customers", **more):
        return self.wait(self.start(segment, **more))

    def path(self, record):
        """The path and query of its signed URL."""
        return "/" + record["signedURL"].split("/", 3)[3]

    def download(self, record, headers=None):
        return self.site.request("GET", self.path(record), None, headers)

    def rows(self, record):
        """The file, a dictionary a row."""
        reply = self.download(record)
        if reply.status != 200:
            raise RuntimeError(reply)
        text = io.StringIO(reply.raw.decode(), newline="")
        return list(csv.DictReader(text))

    def files(self):
        """Names of all files that there are for the workspace."""
        try:
            return sorted(os.listdir(self.directory()))
        except FileNotFoundError:
            return []

    def directory(self):
        return f"{self.site.dir}/exports/{self.shop.id}"
