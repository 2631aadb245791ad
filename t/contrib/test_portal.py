"""The sample portal in headless Chromium: a customer logs in, sees and changes
the profile, logs out; the other face agrees (S10, S11)."""
import atexit
import os
import re
import subprocess
import sys

import coffer
import tap
import webdriver

PICTURES = os.environ.get("COFFER_TEST_PICTURES")  # a directory, to look
site = coffer.Site(parts="fcgi worker nginx")
shop = site.workspace(fields=[])
KEYED = {"x-dxp-tenant": shop.account, "x-api-key": shop.api_key}
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
    "properties": {
        "email": {"title": "E-mail", "x-scv-source": "customer.$verifiedEmail"},
        "firstName": {"title": "First name", "type": "string", "x-pii": True},
        "lastName": {"title": "Last name", "type": "string"},
        "newsletter": {"title": "Send me the newsletter", "type": "boolean"},
        "interests": {"title": "Interests", "type": "array",
                      "items": {"type": "string"}},
        "gpa": {"title": "Grade point average", "type": "number"},
        "score": {"title": "Score", "type": "number"}}}
OPEN = ("email=read", "firstName=read,write", "lastName=read,write",
        "newsletter=read,write", "interests=read,write", "gpa=read,write",
        "score=")
EMAIL = "bilbo@example.org"


def scv(method, path, body=None):
    reply = site.request(method, path, body, KEYED)
    assert reply.status in (200, 201), reply
    return reply.json


def write_env(key):
    with open(f"{site.dir}/env", "w", encoding="utf-8") as file:
        file.write(f"COFFER_URL='https://localhost:{site.port}'\n"
                   f"COFFER_CA='{site.dir}/tls/ca.pem'\n"
                   f"COFFER_TENANT='{shop.account}'\n"
                   f"COFFER_API_KEY='{key}'\n")


def sample():
    """The schema, a customer, and a key that can open sessions alone."""
    scv("PUT", "/scv/schema", SCHEMA)
    write_env(shop.api_key)
    subprocess.run(["/usr/bin/python3",
                    f"{coffer.TOP}/contrib/portal/permit.py", "--env",
                    f"{site.dir}/env", *OPEN], check=True,
                   stdout=subprocess.DEVNULL)
    made = scv("POST", "/scv/customers", {
        "$verifiedEmail": EMAIL, "firstName": "Bilbo", "lastName": "Baggins",
        "interests": ["maps", "rings"], "gpa": 2.5, "score": 99})
    key = site.ctl("api-key", "create", "--workspace", shop.id,
                   "--privileges", "CUSTOMER_SESSION")
    write_env(key)
    return made["$customerid"], key


class Portal:
    """The backend, as contrib/portal/start starts it."""

    def __init__(self):
        self.log = f"{site.dir}/log/portal.out"
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(
                ["sh", f"{coffer.TOP}/contrib/portal/start", site.dir],
                stdout=out, stderr=subprocess.STDOUT)
        atexit.register(self.end)
        webdriver.Browser.wait(lambda: "/portal/" in self.output(), "portal")

    def output(self):
        with open(self.log, encoding="utf-8") as file:
            return file.read()

    def codes(self):
        return re.findall(r"code is (\d{6})", self.output())

    def end(self):
        self.process.terminate()
        self.process.wait(10)


customer, backend_key = sample()
portal = Portal()
browser = webdriver.Browser(f"{site.dir}/tls/cert.pem")
URL = f"https://localhost:{site.port}/portal/"


def picture(name):
    if PICTURES:
        browser.picture(f"{PICTURES}/{name}.png")


def field(label):
    return browser.labelled(label)


def shows(view):
    browser.wait(lambda: browser.shown(f"#{view}-title"), f"view {view}")


def says(css, text):
    browser.wait(lambda: text in browser.text(css), f"\"{text}\" in {css}")


def stored():
    return scv("GET", f"/scv/customers/{customer}")


def test_log_in():
    """By e-mail and code"""
    browser.go(URL)
    shows("login")
    tap.equal(browser.text("h1"), "Log in", "who comes is asked to log in")
    picture("login")
    browser.click("#login-form button")
    browser.wait(lambda: browser.shown("#email-wrong"), "complaint")
    tap.equal(browser.attribute("#email", "aria-invalid"), "true",
              "an address is needed")
    browser.type("#email", EMAIL)
    browser.click("#login-form button")
    shows("code")
    browser.wait(portal.codes, "code")
    right = portal.codes()[-1]
    wrong = f"{(int(right) + 1) % 1000000:06}"
    browser.type("#digits", wrong)
    browser.click("#code-form button")
    browser.wait(lambda: browser.shown("#digits-wrong"), "complaint")
    tap.ok("not the code" in browser.text("#digits-wrong"),
           "a wrong code is told")
    picture("code")
    browser.type("#digits", right)
    browser.click("#code-form button")
    shows("profile")
    tap.ok(True, "the right one logs in")
    cookies = {c["name"]: c for c in browser.cookies()}
    cookie = cookies["dxp-sessionid"]
    tap.equal((cookie["secure"], cookie["httpOnly"], cookie["sameSite"],
               cookie["path"], cookie["domain"]),
              (True, True, "Lax", "/", "localhost"),
              "S10: the browser has the cookie as it should")
    tap.equal(browser.run("return document.cookie"), "",
              "S10: which no script can read")
    tap.ok(backend_key not in browser.run(
        "return document.documentElement.outerHTML"),
           "the page has no API key")


def test_profile():
    """What the page shows"""
    picture("profile")
    tap.equal(browser.value(field("First name")), "Bilbo", "a first name")
    tap.equal(browser.value(field("Interests")), "maps\nrings", "a list")
    tap.equal(browser.value(field("Grade point average")), "2.5", "a number")
    text = browser.text("#profile-form")
    tap.ok(EMAIL in text, "an attribute that can be read alone")
    tap.ok("Score" not in text and "99" not in text,
           "S14: nothing of a closed one")


def test_change():
    """A first name is changed"""
    browser.type(field("First name"), "Frodo")
    browser.click(field("Send me the newsletter"))
    browser.click("#save")
    says("#status", "Your changes are saved.")
    picture("saved")
    browser.reload()
    shows("profile")
    tap.equal(browser.value(field("First name")), "Frodo",
              "it is there when the page comes again")
    tap.ok(browser.run("return document.querySelector(arguments[0]).checked",
                       field("Send me the newsletter")), "so is a tick")
    tap.equal(browser.value(field("Last name")), "Baggins",
              "the rest has not changed")
    got = stored()
    tap.equal((got["firstName"], got["newsletter"], got["score"]),
              ("Frodo", True, 99), "the backend's view agrees")
    sys.path.insert(0, f"{coffer.TOP}/contrib/decrypt")
    import coffer_decrypt
    keys = coffer_decrypt.import_keys(
        site.ctl("account", "data-key", shop.account, "--reveal"))
    row = shop.call("GET", f"/v1/customer/{customer}"
                    f"?workspace_id={shop.id}").json
    plain = coffer_decrypt.decrypt_customer(
        shop.id, ["firstName"], row, keys)
    tap.equal(plain["extended_profile"]["firstName"], "Frodo",
              "so does /v1, decrypted")


def test_bad_value():
    """What cannot be stored"""
    browser.type(field("Grade point average"), "very good")
    browser.type(field("Last name"), "Gamgee")
    browser.click("#save")
    says("#alert", "not saved")
    wrong = field("Grade point average")
    tap.equal(browser.attribute(wrong, "aria-invalid"), "true",
              "the field is marked")
    tap.ok(browser.text(f"{wrong}-wrong"), "and what is wrong is told there")
    picture("wrong")
    tap.equal(stored()["lastName"], "Baggins", "nothing was stored")
    browser.resize(390, 844)
    tap.ok(browser.run("return document.documentElement.scrollWidth"
                       " <= window.innerWidth"), "it fits on a telephone")
    picture("phone")
    browser.resize(1000, 900)
    browser.type(wrong, "")
    browser.click("#save")
    says("#status", "Your changes are saved.")
    got = stored()
    tap.ok("gpa" not in got and got["lastName"] == "Gamgee",
           "mended, it is stored; an empty field is cleared")


def test_log_out():
    """Logging out"""
    browser.click("#logout")
    shows("login")
    says("#status", "You are logged out.")
    tap.equal([c["name"] for c in browser.cookies()], [],
              "the cookie is gone")
    tap.equal(site.sql("SELECT COUNT(*) FROM session"), [["0"]],
              "S10: so is the session")
    browser.reload()
    shows("login")
    tap.equal(browser.text("h1"), "Log in", "the page asks to log in")


def test_session_over():
    """A session that ends while its page is open"""
    browser.type("#email", EMAIL)
    browser.click("#login-form button")
    shows("code")
    browser.wait(lambda: len(portal.codes()) == 2, "code")
    browser.type("#digits", portal.codes()[-1])
    browser.click("#code-form button")
    shows("profile")
    browser.complaints()
    site.sql("DELETE FROM session")
    browser.type(field("First name"), "Sam")
    browser.click("#save")
    shows("login")
    says("#status", "Your session has ended")
    tap.equal(stored()["firstName"], "Frodo", "nothing was stored")


def test_clean():
    """No script broke, no rule of the page's policy was broken"""
    browser.go(URL)
    shows("login")
    tap.equal([c for c in browser.complaints() if "401" not in c], [],
              "the console is silent")
    log = portal.output()
    tap.ok(EMAIL not in log and backend_key not in log,
           "the backend's log has no address and no key")


tap.run(globals())
