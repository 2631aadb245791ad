// A customer's own page: logs in by the portal's backend, then shows and
// changes the profile by Coffer itself, with the cookie that a script never
// sees.
"use strict";

const element = (id) => document.getElementById(id);
const VIEWS = ["login", "code", "profile"];

let api = "";      // where Coffer's frontend calls are, with a slash at the end
let attempt = "";  // this log-in, until it has a session
let fields = [];   // of the profile: {name, kind, input, shown}

class Refusal extends Error {
  constructor(status, body) {
    super(body.title || body.message || `Error ${status}`);
    this.status = status;
    this.params = body["invalid-params"] || [];
  }
}

async function call(method, url, body) {
  const options = { method, credentials: "same-origin", cache: "no-store" };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(url, options);
  } catch (_) {
    throw new Error("The server cannot be reached. Please try again.");
  }
  const text = await answer.text();
  let read = {};
  try {
    read = text ? JSON.parse(text) : {};
  } catch (_) {
    // An error that is not ours has no words for the customer.
  }
  if (!answer.ok) {
    throw new Refusal(answer.status, read);
  }
  return read;
}

// What is said to the customer

function say(text) {
  element("alert").textContent = "";
  element("status").textContent = text;
  element("status").scrollIntoView({ block: "nearest" });
}

function complain(text) {
  element("status").textContent = "";
  element("alert").textContent = text;
  element("alert").scrollIntoView({ block: "nearest" });
}

function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

function words(error) {
  if (!(error instanceof Refusal)) {
    return error.message;
  }
  if (error.status >= 500) {
    return "Something went wrong on our side. Please try again later.";
  }
  if (error.status === 429) {
    return "Too many attempts. Please wait a little and try again.";
  }
  return sentence(error.message);
}

function show(view) {
  for (const id of VIEWS) {
    element(id).hidden = id !== view;
  }
  element("logout").hidden = view !== "profile";
  element(`${view}-title`).focus();
}

// While `work` runs the form cannot be sent again.
async function busy(form, work) {
  const buttons = form.querySelectorAll("button");
  buttons.forEach((button) => { button.disabled = true; });
  try {
    await work();
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) {
      leave("Your session has ended. Please log in again.");
    } else {
      complain(words(error));
    }
  } finally {
    buttons.forEach((button) => { button.disabled = false; });
  }
}

function mark(input, text) {
  const id = `${input.id}-wrong`;
  const old = element(id);
  if (old) {
    old.remove();
  }
  const about = input.dataset.about || "";
  input.toggleAttribute("aria-invalid", false);
  if (!text) {
    describe(input, about);
    return;
  }
  const line = document.createElement("p");
  line.id = id;
  line.className = "wrong";
  line.textContent = text;
  input.closest(".field").append(line);
  input.setAttribute("aria-invalid", "true");
  describe(input, `${about} ${id}`.trim());
}

function describe(input, ids) {
  if (ids) {
    input.setAttribute("aria-describedby", ids);
  } else {
    input.removeAttribute("aria-describedby");
  }
}

// The profile

const KINDS = {
  boolean: {
    make: () => made("input", { type: "checkbox" }),
    put: (input, value) => { input.checked = value === true; },
    get: (input) => input.checked,
  },
  array: {
    about: "One per line.",
    make: () => made("textarea", { rows: 3 }),
    put: (input, value) => { input.value = (value || []).join("\n"); },
    get: (input) => input.value.split("\n").map((line) => line.trim())
      .filter((line) => line),
  },
  number: {
    make: () => made("input", { inputMode: "decimal" }),
    put: (input, value) => { input.value = value ?? ""; },
    // What is no number goes as it is: Coffer says what is wrong with it.
    get: (input) => number(input.value.trim()),
  },
  string: {
    make: () => made("input", {}),
    put: (input, value) => { input.value = value ?? ""; },
    get: (input) => (input.value.trim() === "" ? null : input.value),
  },
};
KINDS.integer = KINDS.number;

function number(text) {
  if (text === "") {
    return null;
  }
  return Number.isFinite(Number(text)) ? Number(text) : text;
}

function made(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

function kindOf(type) {
  const name = [].concat(type).find((word) => word !== "null");
  return KINDS[name] || KINDS.string;
}

function readable(value) {
  if (value === undefined || value === null || value === "") {
    return "not given";
  }
  if (typeof value === "boolean") {
    return value ? "yes" : "no";
  }
  return Array.isArray(value) ? value.join(", ") || "none" : String(value);
}

function addFixed(title, value) {
  const box = made("div", { className: "field" });
  const id = `fixed-${element("fields").children.length}`;
  const out = made("output", { textContent: readable(value) });
  out.setAttribute("aria-labelledby", id);
  out.classList.toggle("none", readable(value) === "not given");
  box.append(made("span", { id, className: "label", textContent: title }), out);
  element("fields").append(box);
}

function addField(name, title, type, value) {
  const kind = kindOf(type);
  const box = made("div", { className: "field" });
  const input = kind.make();
  input.id = `field-${fields.length}`;
  input.name = name;
  kind.put(input, value);
  const label = made("label", { htmlFor: input.id, textContent: title });
  if (input.type === "checkbox") {
    const row = made("div", { className: "tick" });
    row.append(input, label);
    box.append(row);
  } else {
    box.append(label, input);
  }
  if (kind.about) {
    const id = `${input.id}-about`;
    box.append(made("p", { id, className: "about", textContent: kind.about }));
    input.dataset.about = id;
    describe(input, id);
  }
  element("fields").append(box);
  fields.push({ name, kind, input, shown: JSON.stringify(kind.get(input)) });
}

async function load() {
  const answer = await call("GET", `${api}getCustomer?retMetadata=attributes`);
  fields = [];
  element("fields").replaceChildren();
  for (const [name, about] of Object.entries(answer.metadata.attributes)) {
    const value = answer.attributes[name];
    const title = about.title || name;
    if ((about.permissions || []).includes("write")) {
      addField(name, title, about.type, value);
    } else if ((about.permissions || []).includes("read")) {
      addFixed(title, value);
    }
  }
  element("save").hidden = fields.length === 0;
  show("profile");
}

function changes() {
  const changed = {};
  for (const field of fields) {
    const value = field.kind.get(field.input);
    if (JSON.stringify(value) !== field.shown) {
      changed[field.name] = value;
    }
  }
  return changed;
}

async function save() {
  const changed = changes();
  fields.forEach((field) => mark(field.input, ""));
  if (Object.keys(changed).length === 0) {
    say("Nothing was changed.");
    return;
  }
  try {
    await call("PATCH", `${api}customer`, changed);
  } catch (error) {
    if (!(error instanceof Refusal) || error.params.length === 0) {
      throw error;
    }
    markAll(error.params);
    return;
  }
  await load();
  say("Your changes are saved.");
}

function markAll(params) {
  let first = null;
  for (const param of params) {
    const field = fields.find((one) => one.name === param.name);
    if (field) {
      mark(field.input, sentence(param.reason));
      first = first || field.input;
    }
  }
  complain("Your changes are not saved: please look at what is marked.");
  if (first) {
    first.focus();
  }
}

// Coming and going

function leave(text) {
  fields = [];
  element("fields").replaceChildren();
  attempt = "";
  show("login");
  say(text);
}

function required(input, text) {
  mark(input, input.value.trim() ? "" : text);
  if (!input.value.trim()) {
    input.focus();
    return false;
  }
  return true;
}

element("login-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const email = element("email");
  if (!required(email, "Please enter your e-mail address.")) {
    return;
  }
  busy(event.target, async () => {
    attempt = (await call("POST", "login", { email: email.value.trim() }))
      .attempt;
    element("digits").value = "";
    mark(element("digits"), "");
    say("");
    show("code");
    element("digits").focus();
  });
});

element("code-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const digits = element("digits");
  if (!required(digits, "Please enter the code.")) {
    return;
  }
  busy(event.target, async () => {
    try {
      await call("POST", "code", { attempt, code: digits.value.trim() });
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 403) {
        throw error;
      }
      mark(digits, error.message);
      digits.focus();
      return;
    }
    await load();
    say("");
  });
});

element("profile-form").addEventListener("submit", (event) => {
  event.preventDefault();
  busy(event.target, save);
});

element("back").addEventListener("click", () => {
  say("");
  show("login");
});

element("logout").addEventListener("click", async () => {
  try {
    await call("DELETE", `${api}session`);
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 401) {
      complain(words(error));
      return;
    }
  }
  leave("You are logged out.");
});

async function begin() {
  try {
    api = (await call("GET", "config")).api;
    await load();
  } catch (error) {
    show("login");
    if (!(error instanceof Refusal) || error.status !== 401) {
      complain(words(error));
    }
  }
}

begin();
