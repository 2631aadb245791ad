#!/usr/bin/env node
// Decrypts what Coffer's /v1/customer answers, on the client's own side.
// WebCrypto alone: works in browsers and in Node 18 or later. README.md says
// how, and what the format is.

const IV = 12;
const TAG = 16;
const KEY = 32;

const utf8 = new TextEncoder();

// node:crypto has WebCrypto where the global is not there yet (Node 18).
async function webcrypto() {
    return globalThis.crypto ?? (await import("node:crypto")).webcrypto;
}

function fromBase64(text) {
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
        .test(text))
        throw new Error("not base64");
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

// Takes lines "key_version SPACE base64key" (one string, or an array of
// lines) and returns the keys, a Map from version to CryptoKey. The keys
// cannot be exported again and can only decrypt.
export async function importKeys(lines) {
    const { subtle } = await webcrypto();
    const keys = new Map();
    for (const line of Array.isArray(lines) ? lines : lines.split("\n")) {
        if (!line.trim())
            continue;
        const [, version, text] = /^\s*(\d+) +(\S+)\s*$/.exec(line) ?? [];
        const raw = text === undefined ? [] : fromBase64(text);
        if (raw.length !== KEY)
            throw new Error("a key line is not: key_version base64key");
        keys.set(Number(version),
            await subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]));
    }
    return keys;
}

// Decrypts one value and returns its JSON text, exactly as it was stored
// ("1500.00" keeps its digits; JSON.parse makes a value of it).
export async function decryptValue(
    { workspace_id, customer_id, field_name, key_version, value }, keys) {
    const { subtle } = await webcrypto();
    const key = keys.get(key_version);
    if (!key)
        throw new Error(`no key of version ${key_version}`);
    const sealed = fromBase64(value);
    if (sealed.length < IV + TAG)
        throw new Error("value too short");
    const plain = await subtle.decrypt({
        name: "AES-GCM",
        iv: sealed.subarray(0, IV),
        additionalData:
            utf8.encode(`${workspace_id}/${customer_id}/${field_name}`),
        tagLength: 8 * TAG,
    }, key, sealed.subarray(IV));
    return new TextDecoder("utf-8", { fatal: true }).decode(plain);
}

// In our words: a SyntaxError's own would quote the plaintext.
const REASONS = {
    OperationError: "wrong key, or not this customer's value",
    SyntaxError: "not JSON",
};

// Returns a copy of a customer with the PII fields that are named in
// `fields` decrypted; absent and null ones stay as they are. `parse` makes a
// value of a JSON text.
export async function decryptCustomer(
    { workspace_id, fields, customer }, keys, parse = JSON.parse) {
    const { customer_id, key_version } = customer;
    const extended_profile = { ...customer.extended_profile };
    for (const field_name of fields) {
        if (!Object.hasOwn(extended_profile, field_name))
            continue;
        const value = extended_profile[field_name];
        if (value === null)
            continue;
        try {
            if (typeof value !== "string")
                throw new Error("not encrypted");
            extended_profile[field_name] = parse(await decryptValue(
                { workspace_id, customer_id, field_name, key_version, value },
                keys));
        } catch (e) {
            const why = REASONS[e.name] ?? e.message;
            throw new Error(`customer ${customer_id}, ${field_name}: ${why}`);
        }
    }
    return { ...customer, extended_profile };
}

const USAGE = "usage: coffer-decrypt.mjs --keys FILE --workspace ID " +
    "--fields a,b [FILE]\n" +
    "  --keys    file of lines: key_version SPACE base64key\n" +
    "  --fields  names of the PII fields\n" +
    "  FILE      a /v1/customer answer; standard input if none\n";

// The text of a file, or of standard input.
async function read(path) {
    const { createReadStream } = await import("node:fs");
    const parts = [];
    for await (const part of path ? createReadStream(path) : process.stdin)
        parts.push(part);
    return Buffer.concat(parts).toString("utf8");
}

async function main(argv) {
    const { parseArgs } = await import("node:util");
    let options, files;
    try {
        ({ values: options, positionals: files } = parseArgs({
            args: argv,
            allowPositionals: true,
            options: {
                keys: { type: "string" },
                workspace: { type: "string" },
                fields: { type: "string" },
                help: { type: "boolean", short: "h" },
            },
        }));
    } catch (e) {
        process.stderr.write(`${e.message}\n${USAGE}`);
        return 2;
    }
    if (options.help) {
        process.stdout.write(USAGE);
        return 0;
    }
    if (!options.keys || !options.workspace || !options.fields ||
        files.length > 1) {
        process.stderr.write(USAGE);
        return 2;
    }
    const keys = await importKeys(await read(options.keys));
    const page = JSON.parse(await read(files[0]));
    const fields = options.fields.split(",");
    if (!Array.isArray(page.customers))
        throw new Error("not a /v1/customer answer: no customers in it");
    const customers = [];
    for (const customer of page.customers)
        customers.push(await decryptCustomer(
            { workspace_id: options.workspace, fields, customer }, keys));
    const out = JSON.stringify({ ...page, customers }, null, 2);
    await new Promise((done) => process.stdout.write(out + "\n", done));
    return 0;
}

// True if Node was started with this file, not if it is imported.
async function isProgram() {
    if (typeof process === "undefined" || !process.argv?.[1])
        return false;
    const { realpathSync } = await import("node:fs");
    const { pathToFileURL } = await import("node:url");
    const started = pathToFileURL(realpathSync(process.argv[1]));
    return import.meta.url === started.href;
}

if (await isProgram()) {
    try {
        process.exitCode = await main(process.argv.slice(2));
    } catch (e) {
        process.stderr.write(`coffer-decrypt: ${e.message}\n`);
        process.exitCode = 1;
    }
}
