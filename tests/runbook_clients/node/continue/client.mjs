// Continue: the command `cn`, and the adapters that it and the extension speak to servers with.

import { writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { constructLlmApi } from "@continuedev/openai-adapters";

import { CHAT_MODEL, command, EMBED_KEY, EMBED_MODEL, exportedFile, installed, KEY, QUESTION, report, said, streamed } from "../told.mjs";

const CN = installed(import.meta.url, "@continuedev/cli/dist/cn.js");
const messages = [{ role: "user", content: QUESTION }];

function api(apiBase, apiKey = KEY) {
  return constructLlmApi({ provider: "openai", apiBase, apiKey });
}

/** What the command prints, with a configuration file as its documentation has it. */
async function cn(apiBase, apiKey) {
  const config = join(homedir(), "config.yaml");
  const model = { name: "gt", provider: "openai", model: CHAT_MODEL, apiBase, apiKey, roles: ["chat"] };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ name: "gt", version: "0.0.1", schema: "v1", models: [model] }));
  return asked(config);
}

/** What it prints with this file, and with this in its environment. */
async function asked(config, environment = {}) {
  const quiet = { CONTINUE_TELEMETRY_ENABLED: "0", ...environment };
  const { stdout, stderr } = await command(process.execPath, [CN, "--print", QUESTION, "--config", config], quiet);
  return stdout.trim() || stderr;
}

async function stream(base) {
  const pieces = [];
  const body = { model: CHAT_MODEL, messages, stream: true };
  for await (const chunk of api(base).chatCompletionStream(body, new AbortController().signal)) {
    const piece = chunk.choices[0]?.delta.content;
    if (piece) pieces.push(piece);
  }
  return streamed(pieces);
}

await report(async (base) => ({
  models: (await api(base).list()).map((model) => model.id),
  chat: await cn(base, KEY),
  stream: await stream(base),
  not_supported: await said(() => api(base).embed({ model: EMBED_MODEL, input: ["one"] })),
  wrong_scope: await cn(base, EMBED_KEY),
  exported: await asked(exportedFile("config.yaml"), { SIGNALBOX_KEY: KEY }),
}));
