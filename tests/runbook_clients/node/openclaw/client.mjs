// OpenClaw: its command for one turn of a model, with a provider of the configuration file.

import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { CHAT_MODEL, command, EMBED_KEY, installed, KEY, QUESTION, report } from "../told.mjs";

const OPENCLAW = installed(import.meta.url, "openclaw/openclaw.mjs");

function configure(baseUrl, apiKey) {
  const model = { id: CHAT_MODEL, name: CHAT_MODEL, contextWindow: 128000, maxTokens: 4096, input: ["text"] };
  const gt = { baseUrl, apiKey, api: "openai-completions", models: [model] };
  const agents = { defaults: { model: { primary: `gt/${CHAT_MODEL}` } } };
  const folder = join(homedir(), ".openclaw");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "openclaw.json"), JSON.stringify({ models: { providers: { gt } }, agents }));
}

async function infer(...args) {
  const { stdout, stderr } = await command(process.execPath, [OPENCLAW, "infer", ...args, "--local", "--json"]);
  return stdout.startsWith("{") ? JSON.parse(stdout) : { error: stdout + stderr };
}

async function chat(base, key) {
  configure(base, key);
  return infer("model", "run", "--model", `gt/${CHAT_MODEL}`, "--prompt", QUESTION);
}

await report(async (base) => {
  const answered = await chat(base, KEY);
  return {
    chat: answered.outputs?.[0].text ?? answered.error,
    wrong_scope: JSON.stringify(await chat(base, EMBED_KEY)),
  };
});
