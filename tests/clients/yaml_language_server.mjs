// yaml-language-server with the schemas of this repository, over stdio as an editor starts it; prints
// what it makes of texts with a modeline as one JSON object.
//
// Environment: TEXTS, a JSON list of {uri, text, line, character}. For each: what the server finds wrong,
// what it offers at the place, and what it says of it.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const server = require.resolve("yaml-language-server/bin/yaml-language-server");
const child = spawn(process.execPath, [server, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });

const answers = new Map();
const found = new Map();
let lastId = 0;

function send(message) {
  const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
  child.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
  child.stdin.write(body);
}

function tell(method, params) {
  send({ method, params });
}

function ask(method, params) {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    answers.set(id, { resolve, reject });
    send({ id, method, params });
  });
}

function take(message) {
  if (message.method === "textDocument/publishDiagnostics") {
    found.get(message.params.uri)?.(message.params.diagnostics);
  } else if (message.method && message.id !== undefined) {
    // It asks for settings, and to be told of what it does not need.
    const result = message.method === "workspace/configuration" ? message.params.items.map(() => null) : null;
    send({ id: message.id, result });
  } else if (answers.has(message.id)) {
    const { resolve, reject } = answers.get(message.id);
    message.error ? reject(new Error(JSON.stringify(message.error))) : resolve(message.result);
  }
}

let buffer = Buffer.alloc(0);
child.stdout.on("data", (chunk) => {
  buffer = Buffer.concat([buffer, chunk]);
  for (;;) {
    const end = buffer.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(buffer.subarray(0, end).toString())[1]);
    if (buffer.length < end + 4 + length) return;
    const body = buffer.subarray(end + 4, end + 4 + length);
    buffer = buffer.subarray(end + 4 + length);
    take(JSON.parse(body.toString()));
  }
});

async function facts({ uri, text, line, character }) {
  const wrong = new Promise((resolve) => found.set(uri, resolve));
  tell("textDocument/didOpen", { textDocument: { uri, languageId: "yaml", version: 1, text } });
  const place = { textDocument: { uri }, position: { line, character } };
  const offered = await ask("textDocument/completion", place);
  const hover = await ask("textDocument/hover", place);
  return {
    wrong: (await wrong).map(({ message, range }) => ({ message, line: range.start.line })),
    offered: (offered?.items ?? []).map(({ label }) => label).sort(),
    said: hover?.contents?.value ?? null,
  };
}

await ask("initialize", {
  processId: process.pid,
  rootUri: null,
  capabilities: {
    textDocument: {
      completion: { completionItem: { snippetSupport: false } },
      hover: { contentFormat: ["markdown", "plaintext"] },
      publishDiagnostics: { relatedInformation: true },
    },
    workspace: { configuration: false },
  },
});
tell("initialized", {});
// No catalogue of schemas is fetched: the modelines name the ones there are.
tell("workspace/didChangeConfiguration", {
  settings: { yaml: { schemaStore: { enable: false }, validate: true, completion: true, hover: true } },
});
const all = [];
for (const one of JSON.parse(process.env.TEXTS)) all.push(await facts(one));
console.log(JSON.stringify(all));
await ask("shutdown", null);
tell("exit", null);
