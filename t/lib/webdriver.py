"""A headless Chromium, driven by chromedriver over the WebDriver protocol (W3C
WebDriver, 2018), which trusts one certificate authority beside its own.

    browser = webdriver.Browser(f"{site.dir}/tls/ca.pem")
    browser.go(url)
    browser.type("#email", "ann@example.org")
    browser.click("#send")
    browser.wait(lambda: browser.text("h1") == "Welcome", "the welcome")
"""
import atexit
import base64
import hashlib
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class NoSuchElement(Exception):
    pass


def key_digest(path):
    """The digest of a certificate's public key, by which Chromium is told to
    trust it (RFC 7469, section 2.4)."""
    def openssl(*words, data=None):
        return subprocess.run(("openssl",) + words, input=data, check=True,
                              capture_output=True).stdout
    key = openssl("x509", "-in", path, "-noout", "-pubkey")
    der = openssl("pkey", "-pubin", "-outform", "DER", data=key)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


class Browser:
    """certificate: of the server; no other fault of TLS is passed over."""

    def __init__(self, certificate, width=1000, height=900):
        self.dir = tempfile.mkdtemp(prefix="coffer-browser.")
        atexit.register(self.close)
        self.log = open(f"{self.dir}/log", "w+b")
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=self.log,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env=dict(os.environ, HOME=self.dir, TMPDIR=self.dir,
                     XDG_CONFIG_HOME=self.dir, XDG_CACHE_HOME=self.dir))
        self.session = None
        self.port = self.wait(self.read_port, "chromedriver's port")
        self.session = "/session/" + self.call("POST", "/session", {
            "capabilities": {"alwaysMatch": {
                "browserName": "chrome",
                "goog:chromeOptions": {"args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu",
                    "--disable-dev-shm-usage", "--disable-extensions",
                    "--no-first-run", "--disable-background-networking",
                    "--disable-component-update", "--disable-sync",
                    "--hide-scrollbars", "--lang=en",
                    f"--window-size={width},{height}",
                    f"--user-data-dir={self.dir}/profile",
                    "--ignore-certificate-errors-spki-list="
                    + key_digest(certificate)]},
                "goog:loggingPrefs": {"browser": "ALL"}}}})["sessionId"]

    def read_port(self):
        if self.driver.poll() is not None:
            raise RuntimeError(f"chromedriver has ended: {self.output()}")
        found = re.search(rb"successfully on port (\d+)", self.output())
        return found and int(found.group(1))

    def output(self):
        self.log.flush()
        with open(f"{self.dir}/log", "rb") as file:
            return file.read()

    def close(self):
        if not self.dir:
            return
        try:
            if self.session:
                self.call("DELETE", "")
        except (OSError, RuntimeError, http.client.HTTPException):
            pass  # it is ended below
        self.driver.terminate()
        try:
            self.driver.wait(10)
        except subprocess.TimeoutExpired:
            self.driver.kill()
            self.driver.wait()
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)
        self.dir = None

    def call(self, method, path, body=None):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            link.request(method, (self.session or "") + path,
                         json.dumps(body or {}) if method == "POST" else None,
                         {"Content-Type": "application/json"})
            answer = link.getresponse()
            value = json.loads(answer.read())["value"]
        finally:
            link.close()
        if answer.status == 404 and value["error"] == "no such element":
            raise NoSuchElement(value["message"])
        if answer.status != 200:
            raise RuntimeError(f"{path}: {value['error']}: {value['message']}")
        return value

    @staticmethod
    def wait(condition, what, seconds=30):
        """What a condition gives, once that is something."""
        end = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                raise RuntimeError(f"there was no {what} in {seconds} s")
            time.sleep(0.05)

    def go(self, url):
        self.call("POST", "/url", {"url": url})

    def reload(self):
        self.call("POST", "/refresh")

    def find(self, css):
        return self.call("POST", "/element", {
            "using": "css selector", "value": css})[ELEMENT]

    def labelled(self, text):
        """A CSS selector of the field that a label names."""
        name = self.run(
            "return [...document.querySelectorAll('label')].filter("
            "l => l.textContent.trim() === arguments[0]).map("
            "l => l.htmlFor)[0]", text)
        if not name:
            raise NoSuchElement(f"a label \"{text}\"")
        return "#" + name

    def text(self, css):
        return self.call("GET", f"/element/{self.find(css)}/text")

    def value(self, css):
        return self.call(
            "GET", f"/element/{self.find(css)}/property/value")

    def attribute(self, css, name):
        return self.call(
            "GET", f"/element/{self.find(css)}/attribute/{name}")

    def shown(self, css):
        try:
            return self.call("GET", f"/element/{self.find(css)}/displayed")
        except NoSuchElement:
            return False

    def click(self, css):
        self.call("POST", f"/element/{self.find(css)}/click")

    def type(self, css, text):
        """In place of what stands there."""
        element = self.find(css)
        self.call("POST", f"/element/{element}/clear")
        self.call("POST", f"/element/{element}/value", {"text": text})

    def run(self, script, *args):
        return self.call("POST", "/execute/sync",
                         {"script": script, "args": list(args)})

    def cookies(self):
        return self.call("GET", "/cookie")

    def complaints(self):
        """What its console says is wrong, since it was last asked."""
        return [entry["message"] for entry in
                self.call("POST", "/se/log", {"type": "browser"})
                if entry["level"] in ("WARNING", "SEVERE")]

    def resize(self, width, height):
        self.call("POST", "/window/rect", {"width": width, "height": height})

    def picture(self, path):
        """A PNG of the page."""
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("GET", "/screenshot")))
